//! A future with a deadline.

use super::Sleep;
use crate::config::Config;
use crate::machine::parts::{Begin, BeginWhole, Begun, InParts, StorageOf, Whole};
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

// SAFETY: reads the deadline, which nobody else borrows; the future tells of itself.
unsafe impl<C: Config, F: Tells> Tells for Timeout<C, F> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the timeout is there.
        let deadline = unsafe { (*this).sleep.deadline };
        walk.waits_until("a timeout", deadline);
        // SAFETY: as above.
        let future = unsafe { &raw mut (*this).future };
        // SAFETY: the caller's promise.
        unsafe { F::tell(future, walk) };
    }
}
says!([C: Config, F: Tells] Timeout<C, F>);

/// Around a future that does not tell: what is told of the inner one is its type.
impl<C: Config, F: Future> BeginWhole for Begin<Timeout<C, F>> {
    type Placed = StorageOf<Timeout<C, Whole<F>>>;
    type Part = Timeout<C, Whole<F>>;

    #[inline(always)]
    unsafe fn __bespoke_begin(self, place: *mut Self::Placed, head: *mut ()) -> Begun {
        // SAFETY: the caller's promise.
        let timeout = unsafe { self.__bespoke_part() };
        // SAFETY: as above; what lies in parts is transparent, and its head holds nothing.
        unsafe { timeout.part(place.cast(), head.cast()) };
        // SAFETY: it is, in parts.
        unsafe { Begun::promise() }
    }

    #[inline(always)]
    unsafe fn __bespoke_part(self) -> Self::Part {
        // SAFETY: the caller's promise.
        let Timeout { future, sleep } = unsafe { self.take() };
        Timeout { future: Whole(future), sleep }
    }
}

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
