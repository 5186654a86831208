//! The first of several futures of one output.

use super::select::first;
use crate::machine::trace::{Tells, Walk, says};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

mod sealed {
    pub trait Sealed {}
}

/// What [`race`] takes: a tuple of up to twelve futures with one type of output, or an array of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple or an array of futures with one type of output",
    label = "expected up to twelve futures in a tuple, or an array of futures, all with the same output",
    note = "for futures whose outputs differ there is `select!`"
)]
pub trait Racers: sealed::Sealed + Sized {
    /// What each of them gives.
    type Output;
    #[doc(hidden)]
    const COUNT: usize;
    #[doc(hidden)]
    fn poll_at(racers: Pin<&mut Self>, at: usize, cx: &mut Context<'_>) -> Poll<Self::Output>;
}

/// [`Racers`] that say what they wait for.
///
/// # Safety
/// `tell_at` keeps the invariants of traces.
#[doc(hidden)]
pub unsafe trait RacersThatTell: Racers {
    /// Tells of one of them.
    ///
    /// # Safety
    /// That of [`Tells::tell`].
    unsafe fn tell_at(this: *mut Self, at: usize, walk: &mut Walk<'_>);
}

/// Waits for the first of several futures with one type of output, a tuple or an array of them, and gives its value. The
/// macro `race!` is this and an `await`.
///
/// Every poll begins with another one, so that none is preferred for ever: which one, says the seed of the worker
/// (`Config::Entropy`), as it does for `select!`, so that a run can be repeated. Futures whose outputs differ, patterns,
/// conditions and an order of one's own are for `select!`.
///
/// An array without futures would wait for ever, and does not compile.
///
/// # Cancel safety
/// The others are dropped with this future, which an `.await` does before it gives the value: they lose what they had begun,
/// unless they are cancel safe. Dropped before, it drops them all. A race on `&mut future` leaves that one as it is.
///
/// # Panics
/// If the future that it polls does. The others are not polled then, and dropped with this future.
///
/// ```
/// use bespoke_core::future::race;
/// use std::future::{pending, ready};
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let mut first = pin!(race((pending(), ready(2))));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(first.as_mut().poll(&mut cx), Poll::Ready(2));
/// let mut first = pin!(race([ready(1), ready(1)]));
/// assert_eq!(first.as_mut().poll(&mut cx), Poll::Ready(1));
/// ```
pub fn race<R: Racers>(racers: R) -> Race<R> {
    const { assert!(R::COUNT > 0, "a race of no futures would wait for ever") };
    Race { racers }
}

/// Waits for the first of several futures; see [`race`].
#[must_use = "futures do nothing unless they are polled"]
pub struct Race<R> {
    /// Pinned with this.
    racers: R,
}

impl<R: Racers> Future for Race<R> {
    type Output = R::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<R::Output> {
        // SAFETY: pinned with this.
        let mut racers = unsafe { self.map_unchecked_mut(|race| &mut race.racers) };
        let first = first(R::COUNT);
        for step in 0..R::COUNT {
            let at = if first + step < R::COUNT { first + step } else { first + step - R::COUNT };
            if let Poll::Ready(output) = R::poll_at(racers.as_mut(), at, cx) {
                return Poll::Ready(output);
            }
        }
        Poll::Pending
    }
}

// SAFETY: the futures tell of themselves.
unsafe impl<R: RacersThatTell> Tells for Race<R> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the race is there.
        let racers = unsafe { &raw mut (*this).racers };
        // SAFETY: the caller's promise, of each future.
        walk.has_branches(R::COUNT, &mut |at, walk| unsafe { R::tell_at(racers, at, walk) });
    }
}
says!([R: RacersThatTell] Race<R>);

impl<R: Racers> fmt::Debug for Race<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Race").field("futures", &R::COUNT).finish_non_exhaustive()
    }
}

impl<F: Future, const N: usize> sealed::Sealed for [F; N] {}

impl<F: Future, const N: usize> Racers for [F; N] {
    type Output = F::Output;
    const COUNT: usize = N;

    fn poll_at(racers: Pin<&mut Self>, at: usize, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: the futures are pinned with the array.
        unsafe { racers.map_unchecked_mut(|racers| &mut racers[at]) }.poll(cx)
    }
}

// SAFETY: each tells of itself.
unsafe impl<F: Tells, const N: usize> RacersThatTell for [F; N] {
    unsafe fn tell_at(this: *mut Self, at: usize, walk: &mut Walk<'_>) {
        // SAFETY: the array is there.
        let racer = unsafe { &raw mut (*this)[at] };
        // SAFETY: the caller's promise.
        unsafe { F::tell(racer, walk) };
    }
}

macro_rules! tuples {
    ($($(($future:ident $at:tt))+;)+) => {$(
        impl<Output, $($future: Future<Output = Output>),+> sealed::Sealed for ($($future,)+) {}

        impl<Output, $($future: Future<Output = Output>),+> Racers for ($($future,)+) {
            type Output = Output;
            const COUNT: usize = [$($at),+].len();

            fn poll_at(racers: Pin<&mut Self>, at: usize, cx: &mut Context<'_>) -> Poll<Output> {
                match at {
                    $(
                        // SAFETY: the future is pinned with the tuple.
                        $at => unsafe { racers.map_unchecked_mut(|racers| &mut racers.$at) }.poll(cx),
                    )+
                    _ => unreachable!("there are {} futures", Self::COUNT),
                }
            }
        }

        // SAFETY: each tells of itself.
        unsafe impl<Output, $($future: Tells + Future<Output = Output>),+> RacersThatTell for ($($future,)+) {
            unsafe fn tell_at(this: *mut Self, at: usize, walk: &mut Walk<'_>) {
                match at {
                    $($at => {
                        // SAFETY: the tuple is there.
                        let racer = unsafe { &raw mut (*this).$at };
                        // SAFETY: the caller's promise.
                        unsafe { $future::tell(racer, walk) };
                    })+
                    _ => unreachable!("there are {} futures", Self::COUNT),
                }
            }
        }
    )+};
}

tuples! {
    (A 0);
    (A 0) (B 1);
    (A 0) (B 1) (C 2);
    (A 0) (B 1) (C 2) (D 3);
    (A 0) (B 1) (C 2) (D 3) (E 4);
    (A 0) (B 1) (C 2) (D 3) (E 4) (F 5);
    (A 0) (B 1) (C 2) (D 3) (E 4) (F 5) (G 6);
    (A 0) (B 1) (C 2) (D 3) (E 4) (F 5) (G 6) (H 7);
    (A 0) (B 1) (C 2) (D 3) (E 4) (F 5) (G 6) (H 7) (I 8);
    (A 0) (B 1) (C 2) (D 3) (E 4) (F 5) (G 6) (H 7) (I 8) (J 9);
    (A 0) (B 1) (C 2) (D 3) (E 4) (F 5) (G 6) (H 7) (I 8) (J 9) (K 10);
    (A 0) (B 1) (C 2) (D 3) (E 4) (F 5) (G 6) (H 7) (I 8) (J 9) (K 10) (L 11);
}

/// Waits for the first of several futures with one type of output, up to twelve, and gives its value; the others are dropped.
/// Nothing is allocated.
///
/// ```
/// # use bespoke_core::race;
/// # use std::future::{Future, pending, ready};
/// # let first = async {
/// let first = race!(pending(), async { 2 }, pending());
/// # first };
/// # let mut first = std::pin::pin!(first);
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert_eq!(first.as_mut().poll(&mut cx), std::task::Poll::Ready(2));
/// ```
///
/// It is [`race`](fn@crate::future::race) and an `await`: which one is polled first, cancel safety and panics are said there.
#[macro_export]
macro_rules! race {
    ($($future:expr),+ $(,)?) => {
        $crate::future::race(($(::core::future::IntoFuture::into_future($future),)+)).await
    };
    (__bespoke_macro $_known:ident) => {
        $crate::future::machines::__bespoke_Race
    };
}
