//! Letting others run.

use core::pin::Pin;
use core::task::{Context, Poll};

/// Lets the other tasks that are ready now run first: where there are several workers, those in the queue of this one. Made by
/// `yield_now`.
///
/// # Cancel safety
/// Cancel safe.
#[derive(Debug, Default)]
#[must_use = "yielding does nothing unless it is awaited"]
pub struct YieldNow {
    yielded: bool,
}

impl YieldNow {
    pub(crate) fn new() -> Self {
        YieldNow { yielded: false }
    }
}

impl Future for YieldNow {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if core::mem::replace(&mut self.yielded, true) {
            return Poll::Ready(());
        }
        // The queue is first in, first out: woken now means last in line.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
