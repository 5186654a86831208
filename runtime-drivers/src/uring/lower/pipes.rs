//! Reads and writes of pipes: calls of the poll, as on `Mio`; only the wait is the ring's. What was read ahead of its reader
//! would be missing to whoever else reads from a terminal.

use super::datagrams::attempt;
use super::wait;
use crate::op::{ReadPipe, WritePipe};
use crate::sys::pipe;
use core::task::Poll;

wait!(ReadPipe, Readiness, |live, op, cx| {
    if op.len == 0 {
        return Poll::Ready(Ok(0));
    }
    attempt(live, op.pipe, false, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { pipe::read(op.pipe.raw, op.to, op.len, op.shared) }
    })
});

wait!(WritePipe, usize, Readiness, |live, op, taken, cx| {
    let pipe = op.pipe;
    op.advance(taken, |from, len| {
        // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
        attempt(live, pipe, true, cx, || unsafe { pipe::write(pipe.raw, from, len) })
    })
});
