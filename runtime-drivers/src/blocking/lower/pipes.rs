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

leaves_nothing!(Blocking, ReadPipe, (), Slices, |_, op, _, cx| {
    if op.len == 0 {
        return Poll::Ready(Ok(0));
    }
    in_slices(op.pipe.raw, Interest::Read, cx, || {
        // SAFETY: whoever made the operation promised that `to` is writable for `len` bytes during the poll.
        unsafe { pipe::read(op.pipe.raw, op.to, op.len, op.shared) }
    })
});

leaves_nothing!(Blocking, WritePipe, usize, Slices, |_, op, taken, cx| op.advance(taken, |from, len| {
    // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
    in_slices(op.pipe.raw, Interest::Write, cx, || unsafe { pipe::write(op.pipe.raw, from, len) })
}));

/// Tries `call`, which does not block; waits a slice if it would, and tries once more.
fn in_slices(
    raw: RawResource,
    interest: Interest,
    cx: &mut Context<'_>,
    call: impl Fn() -> Result<usize, Errno>,
) -> Poll<Result<usize, Errno>> {
    let mut result = call();
    if result.is_err_and(would_block) && poll_ready(raw, interest, Some(SLICE))? {
        result = call();
    }
    if result.is_err_and(would_block) {
        cx.waker().wake_by_ref();
        return Poll::Pending;
    }
    Poll::Ready(result)
}
