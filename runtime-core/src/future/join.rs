//! All of several futures.

use super::slot::Slot;
use crate::machine::trace::{Tells, Walk, says};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll};

mod sealed {
    pub trait Sealed {}
}

/// What [`join`] takes: a tuple of up to twelve futures, or an array of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple or an array of futures",
    label = "expected up to twelve futures in a tuple, or an array of futures",
    note = "a number that is not known when it is compiled is for a `JoinSet`: each a task of its own"
)]
pub trait Parts: sealed::Sealed + Sized {
    /// Their outputs, in their order.
    type Output;
    #[doc(hidden)]
    type Slots;
    #[doc(hidden)]
    const COUNT: usize;
    #[doc(hidden)]
    fn slots(self) -> Self::Slots;
    #[doc(hidden)]
    fn poll_at(slots: Pin<&mut Self::Slots>, at: usize, cx: &mut Context<'_>) -> bool;
    #[doc(hidden)]
    fn take(slots: Pin<&mut Self::Slots>) -> Self::Output;
}

/// What [`try_join`] takes: [`Parts`] whose outputs are results with one type of error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a tuple or an array of futures that may fail",
    label = "expected up to twelve futures in a tuple, or an array of futures, of results with one type of error",
    note = "for futures that cannot fail there is `join`"
)]
pub trait TryParts: Parts {
    /// Their values, in their order.
    type Values;
    /// Why one failed.
    type Error;
    #[doc(hidden)]
    fn error_at(slots: Pin<&mut Self::Slots>, at: usize) -> Option<Self::Error>;
    #[doc(hidden)]
    fn values(outputs: Self::Output) -> Self::Values;
}

/// [`Parts`] that say what they wait for.
///
/// # Safety
/// `tell_at` keeps the invariants of traces.
#[doc(hidden)]
pub unsafe trait PartsThatTell: Parts {
    /// Tells of one of them.
    ///
    /// # Safety
    /// That of [`Tells::tell`], of the slots.
    unsafe fn tell_at(slots: *mut Self::Slots, at: usize, walk: &mut Walk<'_>);
}

/// Waits for all: a tuple or an array of futures, polled by this task, in turns. The macro `join!` is this and an `await`.
///
/// Every poll polls all that are not done, beginning with another one each time. A few futures of one task; many, or such as
/// should run on other workers, are tasks of a `JoinSet`.
///
/// # Cancel safety
/// Dropped, it drops those that wait, and the outputs of those that are done.
///
/// ```
/// use bespoke_core::future::join;
/// use std::future::ready;
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
///
/// let mut all = pin!(join((ready(1), async { "two" })));
/// let mut cx = Context::from_waker(Waker::noop());
/// assert_eq!(all.as_mut().poll(&mut cx), Poll::Ready((1, "two")));
/// let mut all = pin!(join([ready(1), ready(2)]));
/// assert_eq!(all.as_mut().poll(&mut cx), Poll::Ready([1, 2]));
/// ```
pub fn join<P: Parts>(parts: P) -> Join<P> {
    Join { slots: parts.slots(), first: 0 }
}

/// Waits for all, or for the first error: as [`join`], for futures that may fail. The macro `try_join!` is this and an
/// `await`.
///
/// # Errors
/// That of the first future that fails; the others are dropped with this future.
///
/// # Cancel safety
/// As [`join`].
pub fn try_join<P: TryParts>(parts: P) -> TryJoin<P> {
    TryJoin { join: join(parts) }
}

/// Waits for all of several futures; see [`join`].
#[must_use = "futures do nothing unless they are polled"]
pub struct Join<P: Parts> {
    /// Pinned with this.
    slots: P::Slots,
    /// Which is polled first the next time.
    first: usize,
}

impl<P: Parts> Join<P> {
    /// Polls all that are not done; `ended` says whether one of them ends the wait. Are all done?
    fn poll_all<B>(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut ended: impl FnMut(Pin<&mut P::Slots>, usize) -> Option<B>,
    ) -> Result<bool, B> {
        // SAFETY: `slots` is pinned again at once, and `first` is not pinned.
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: pinned with this.
        let mut slots = unsafe { Pin::new_unchecked(&mut this.slots) };
        let first = this.first;
        this.first = if first + 1 < P::COUNT { first + 1 } else { 0 };
        let mut all = true;
        for step in 0..P::COUNT {
            let at = if first + step < P::COUNT { first + step } else { first + step - P::COUNT };
            if !P::poll_at(slots.as_mut(), at, cx) {
                all = false;
            } else if let Some(end) = ended(slots.as_mut(), at) {
                return Err(end);
            }
        }
        Ok(all)
    }

    fn slots(self: Pin<&mut Self>) -> Pin<&mut P::Slots> {
        // SAFETY: pinned with this.
        unsafe { self.map_unchecked_mut(|this| &mut this.slots) }
    }
}

impl<P: Parts> Future for Join<P> {
    type Output = P::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<P::Output> {
        match self.as_mut().poll_all::<core::convert::Infallible>(cx, |_, _| None) {
            Ok(true) => Poll::Ready(P::take(self.slots())),
            Ok(false) => Poll::Pending,
        }
    }
}

// SAFETY: the parts tell of themselves.
unsafe impl<P: PartsThatTell> Tells for Join<P> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the join is there.
        let slots = unsafe { &raw mut (*this).slots };
        // SAFETY: the caller's promise, of each slot.
        walk.has_branches(P::COUNT, &mut |at, walk| unsafe { P::tell_at(slots, at, walk) });
    }
}
says!([P: PartsThatTell] Join<P>);

impl<P: Parts> fmt::Debug for Join<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("futures", &P::COUNT).finish_non_exhaustive()
    }
}

/// Waits for all of several futures, or the first error; see [`try_join`].
#[must_use = "futures do nothing unless they are polled"]
pub struct TryJoin<P: TryParts> {
    /// Pinned with this.
    join: Join<P>,
}

impl<P: TryParts> Future for TryJoin<P> {
    type Output = Result<P::Values, P::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: pinned with this.
        let mut join = unsafe { self.map_unchecked_mut(|this| &mut this.join) };
        match join.as_mut().poll_all(cx, P::error_at) {
            Err(error) => Poll::Ready(Err(error)),
            Ok(true) => Poll::Ready(Ok(P::values(P::take(join.slots())))),
            Ok(false) => Poll::Pending,
        }
    }
}

// SAFETY: the parts tell of themselves.
unsafe impl<P: TryParts + PartsThatTell> Tells for TryJoin<P> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: it is there.
        let join = unsafe { &raw mut (*this).join };
        // SAFETY: the caller's promise.
        unsafe { Tells::tell(join, walk) };
    }
}
says!([P: TryParts + PartsThatTell] TryJoin<P>);

impl<P: TryParts> fmt::Debug for TryJoin<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryJoin").field("futures", &P::COUNT).finish_non_exhaustive()
    }
}

/// Takes the error out of a slot, if there is one. The slot is not used again: the wait is over.
fn error<T, E, F: Future<Output = Result<T, E>>>(mut slot: Pin<&mut Slot<F>>) -> Option<E> {
    if !slot.as_mut().output().is_some_and(|output| output.is_err()) {
        return None;
    }
    slot.take().err()
}

/// The value of a future that did not fail: an error would have ended the wait.
fn value<T, E>(output: Result<T, E>) -> T {
    match output {
        Ok(value) => value,
        Err(_) => unreachable!("an error ends the wait"),
    }
}

impl<F: Future, const N: usize> sealed::Sealed for [F; N] {}

impl<F: Future, const N: usize> Parts for [F; N] {
    type Output = [F::Output; N];
    type Slots = Slots<F, N>;
    const COUNT: usize = N;

    fn slots(self) -> Slots<F, N> {
        Slots(self.map(Slot::Waits))
    }
    fn poll_at(slots: Pin<&mut Slots<F, N>>, at: usize, cx: &mut Context<'_>) -> bool {
        slots.slot(at).poll(cx)
    }
    fn take(mut slots: Pin<&mut Slots<F, N>>) -> [F::Output; N] {
        core::array::from_fn(|at| slots.as_mut().slot(at).take())
    }
}

// SAFETY: each tells of itself.
unsafe impl<F: Tells, const N: usize> PartsThatTell for [F; N] {
    unsafe fn tell_at(slots: *mut Slots<F, N>, at: usize, walk: &mut Walk<'_>) {
        // SAFETY: the slots are there.
        let slot = unsafe { &raw mut (*slots).0[at] };
        // SAFETY: the caller's promise.
        unsafe { Slot::tell(slot, walk) };
    }
}

impl<T, E, F: Future<Output = Result<T, E>>, const N: usize> TryParts for [F; N] {
    type Values = [T; N];
    type Error = E;

    fn error_at(slots: Pin<&mut Slots<F, N>>, at: usize) -> Option<E> {
        error(slots.slot(at))
    }
    fn values(outputs: [Result<T, E>; N]) -> [T; N] {
        outputs.map(value)
    }
}

/// The slots of an array of futures.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "nobody can name it")]
pub struct Slots<F: Future, const N: usize>([Slot<F>; N]);

impl<F: Future, const N: usize> Slots<F, N> {
    fn slot(self: Pin<&mut Self>, at: usize) -> Pin<&mut Slot<F>> {
        // SAFETY: the slots are pinned with the array.
        unsafe { self.map_unchecked_mut(|slots| &mut slots.0[at]) }
    }
}

/// The implementations for tuples: type parameters of futures and of values, places, and the name of the slots.
macro_rules! tuples {
    ($($slots:ident: $(($future:ident $value:ident $at:tt))+;)+) => {$(
        /// The slots of a tuple of futures.
        #[doc(hidden)]
        #[allow(missing_debug_implementations, reason = "nobody can name it")]
        pub struct $slots<$($future: Future),+>($(Slot<$future>),+);

        impl<$($future: Future),+> sealed::Sealed for ($($future,)+) {}

        impl<$($future: Future),+> Parts for ($($future,)+) {
            type Output = ($($future::Output,)+);
            type Slots = $slots<$($future),+>;
            const COUNT: usize = [$($at),+].len();

            fn slots(self) -> Self::Slots {
                $slots($(Slot::Waits(self.$at)),+)
            }
            fn poll_at(slots: Pin<&mut Self::Slots>, at: usize, cx: &mut Context<'_>) -> bool {
                match at {
                    $(
                        // SAFETY: the slot is pinned with the tuple.
                        $at => unsafe { slots.map_unchecked_mut(|slots| &mut slots.$at) }.poll(cx),
                    )+
                    _ => unreachable!("there are {} futures", Self::COUNT),
                }
            }
            fn take(mut slots: Pin<&mut Self::Slots>) -> Self::Output {
                ($(
                    // SAFETY: the slot is pinned with the tuple.
                    unsafe { slots.as_mut().map_unchecked_mut(|slots| &mut slots.$at) }.take(),
                )+)
            }
        }

        // SAFETY: each tells of itself.
        unsafe impl<$($future: Tells),+> PartsThatTell for ($($future,)+) {
            unsafe fn tell_at(slots: *mut Self::Slots, at: usize, walk: &mut Walk<'_>) {
                match at {
                    $($at => {
                        // SAFETY: the slots are there.
                        let slot = unsafe { &raw mut (*slots).$at };
                        // SAFETY: the caller's promise.
                        unsafe { Slot::tell(slot, walk) };
                    })+
                    _ => unreachable!("there are {} futures", Self::COUNT),
                }
            }
        }

        impl<Error, $($value, $future: Future<Output = Result<$value, Error>>),+> TryParts for ($($future,)+) {
            type Values = ($($value,)+);
            type Error = Error;

            fn error_at(slots: Pin<&mut Self::Slots>, at: usize) -> Option<Error> {
                match at {
                    $(
                        // SAFETY: the slot is pinned with the tuple.
                        $at => error(unsafe { slots.map_unchecked_mut(|slots| &mut slots.$at) }),
                    )+
                    _ => unreachable!("there are {} futures", Self::COUNT),
                }
            }
            fn values(outputs: Self::Output) -> Self::Values {
                ($(value(outputs.$at),)+)
            }
        }
    )+};
}

tuples! {
    Slots1: (A Va 0);
    Slots2: (A Va 0) (B Vb 1);
    Slots3: (A Va 0) (B Vb 1) (C Vc 2);
    Slots4: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3);
    Slots5: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4);
    Slots6: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4) (F Vf 5);
    Slots7: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4) (F Vf 5) (G Vg 6);
    Slots8: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4) (F Vf 5) (G Vg 6) (H Vh 7);
    Slots9: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4) (F Vf 5) (G Vg 6) (H Vh 7) (I Vi 8);
    Slots10: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4) (F Vf 5) (G Vg 6) (H Vh 7) (I Vi 8) (J Vj 9);
    Slots11: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4) (F Vf 5) (G Vg 6) (H Vh 7) (I Vi 8) (J Vj 9) (K Vk 10);
    Slots12: (A Va 0) (B Vb 1) (C Vc 2) (D Vd 3) (E Ve 4) (F Vf 5) (G Vg 6) (H Vh 7) (I Vi 8) (J Vj 9) (K Vk 10) (L Vl 11);
}

/// Waits for all of several futures, up to twelve, and gives their outputs as a tuple. Nothing is allocated.
///
/// ```
/// # use bespoke_core::join;
/// # use std::future::{IntoFuture, Future, ready};
/// # let both = async {
/// let (one, two) = join!(async { 1 }, ready("two"));
/// # (one, two) };
/// # let mut both = std::pin::pin!(both);
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert_eq!(both.as_mut().poll(&mut cx), std::task::Poll::Ready((1, "two")));
/// ```
///
/// It is [`join`](fn@crate::future::join) and an `await`.
#[macro_export]
macro_rules! join {
    ($($future:expr),+ $(,)?) => {
        $crate::future::join(($(::core::future::IntoFuture::into_future($future),)+)).await
    };
    (__bespoke_macro $_known:ident) => {
        $crate::future::machines::__bespoke_Join
    };
}

/// Waits for all of several futures that may fail, up to twelve, or for the first error. Nothing is allocated.
///
/// ```
/// # use bespoke_core::try_join;
/// # use std::future::{Future, ready, pending};
/// # let both = async {
/// let failed: Result<(u8, u8), &str> = try_join!(pending(), ready(Err("no")));
/// # failed };
/// # let mut both = std::pin::pin!(both);
/// # let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
/// # assert_eq!(both.as_mut().poll(&mut cx), std::task::Poll::Ready(Err("no")));
/// ```
///
/// It is [`try_join`](fn@crate::future::try_join) and an `await`.
#[macro_export]
macro_rules! try_join {
    ($($future:expr),+ $(,)?) => {
        $crate::future::try_join(($(::core::future::IntoFuture::into_future($future),)+)).await
    };
    (__bespoke_macro $_known:ident) => {
        $crate::future::machines::__bespoke_TryJoin
    };
}
