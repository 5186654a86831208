//! A future with a deadline.

use super::Sleep;
use crate::config::Config;
use crate::machine::trace::{Tells, Walk, says};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Waits for a future, but no longer than a deadline. Made by `timeout` and `timeout_at`.
///
/// The future is polled first, so one that is ready wins also after the deadline.
///
/// # Cancel safety
/// As the future's. When the time is up the future is dropped with the `Timeout`, not before.
#[must_use = "a timeout does nothing unless it is awaited"]
pub struct Timeout<C: Config, F> {
    future: F,
    sleep: Sleep<C>,
}

impl<C: Config, F> Timeout<C, F> {
    pub(crate) fn new(future: F, sleep: Sleep<C>) -> Self {
        Timeout { future, sleep }
    }

    /// The future.
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<C: Config, F: Future> Future for Timeout<C, F> {
    type Output = Result<F::Output, Elapsed>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: `future` is pinned structurally: it is never moved out of a pinned `Timeout`. `sleep` is `Unpin`.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: as above.
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        if let Poll::Ready(output) = future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(&mut this.sleep).poll(cx).map(|()| Err(Elapsed(())))
    }
}

// SAFETY: reads the deadline, which nobody else borrows.
unsafe impl<C: Config, F: Future> Tells for Timeout<C, F> {
    unsafe fn tell(this: *const Self, walk: &mut Walk<'_>) {
        // SAFETY: the timeout is there.
        let deadline = unsafe { (*this).sleep.deadline };
        walk.waits_until("a timeout", deadline, core::any::type_name::<F>());
    }
}
says!([C: Config, F: Future] Timeout<C, F>);

impl<C: Config, F> fmt::Debug for Timeout<C, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("sleep", &self.sleep).finish_non_exhaustive()
    }
}

/// The time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl core::error::Error for Elapsed {}

#[cfg(feature = "std")]
impl From<Elapsed> for std::io::Error {
    fn from(_: Elapsed) -> Self {
        std::io::ErrorKind::TimedOut.into()
    }
}
