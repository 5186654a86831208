//! Reads and writes of pipes. A short read is no sign that nothing is left: a terminal gives a line at a time.

use super::{attempt, wait};
use crate::mio::{Mio, Poller, Side};
use crate::op::lower::leaves_nothing;
use crate::op::{ReadPipe, WritePipe};
use crate::sys::pipe;
use core::task::Poll;

wait!(ReadPipe, |live, op, cx| {
    if op.len == 0 {
        return Poll::Ready(Ok(0));
    }
    attempt(live, op.pipe.key, Side::Read, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { pipe::read(op.pipe.raw, op.to, op.len, op.shared) }
    })
});

leaves_nothing!({P: Poller} Mio<P>, WritePipe, usize, Readiness, |live, op, taken, cx| {
    let pipe = op.pipe;
    op.advance(taken, |from, len| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        attempt(live, pipe.key, Side::Write, cx, || unsafe { pipe::write(pipe.raw, from, len) })
    })
});
