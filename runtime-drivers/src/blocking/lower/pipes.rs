//! Reads and writes of pipes, in slices: a pipe has nothing that a shutdown of the runtime could interrupt.

use super::slices::SLICE;
use crate::blocking::Blocking;
use crate::op::lower::leaves_nothing;
use crate::op::{ReadPipe, WritePipe};
use crate::sys::poll::{Interest, poll_ready};
use crate::sys::{pipe, would_block};
use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use core::task::{Context, Poll};

leaves_nothing!(Blocking, ReadPipe, (), Slices, |_, op, _, cx| read_a_slice(op, cx));

/// The wait comes first: of a FIFO that nobody has opened to write yet a read says that it is at its end. The wait is also the
/// look that an open file which may block asks for.
fn read_a_slice(op: &ReadPipe, cx: &mut Context<'_>) -> Poll<Result<usize, Errno>> {
    if op.len == 0 {
        return Poll::Ready(Ok(0));
    }
    if poll_ready(op.pipe.raw, Interest::Read, Some(SLICE))? {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        match unsafe { pipe::read(op.pipe.raw, op.to, op.len, false) } {
            Err(errno) if would_block(errno) => {} // somebody else was faster
            read => return Poll::Ready(read),
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

leaves_nothing!(Blocking, WritePipe, usize, Slices, |_, op, taken, cx| op.advance(taken, |from, len| {
    // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
    write_a_slice(op.pipe.raw, cx, || unsafe { pipe::write(op.pipe.raw, from, len) })
}));

/// Tries `call`, which does not block; waits a slice if it would, and tries once more.
fn write_a_slice(
    raw: RawResource,
    cx: &mut Context<'_>,
    call: impl Fn() -> Result<usize, Errno>,
) -> Poll<Result<usize, Errno>> {
    let mut result = call();
    if result.is_err_and(would_block) && poll_ready(raw, Interest::Write, Some(SLICE))? {
        result = call();
    }
    if result.is_err_and(would_block) {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    Poll::Ready(result)
}
