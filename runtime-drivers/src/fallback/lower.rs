//! How each operation is expressed here: as the driver does that runs.

use super::{Fallback, LiveFallback, OnFallback};
use crate::op::Sockets;
use bespoke_core::driver::{MaybeDangling, Op, Served, Submit};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};

/// What the future of an operation holds (invariants 2 and 3).
#[derive(Debug, Default)]
pub enum Either<A, B> {
    /// It was not polled yet.
    #[default]
    New,
    /// The first choice's.
    First(A),
    /// The second's.
    Second(B),
}

/// A state without a size has one value, which is that of an operation that was not polled yet: such an operation is never in
/// flight, and its state need not be kept.
const fn is_kept<T>() -> bool {
    size_of::<T>() != 0
}

impl<A: Default, B> Either<A, B> {
    /// The state of the first choice, or `none` in its place. `in_flight`: of the second's.
    #[inline(always)]
    fn first<'a>(&'a mut self, none: &'a mut A, in_flight: impl FnOnce(&B) -> bool) -> &'a mut A {
        if !is_kept::<A>() {
            return none;
        }
        if !matches!(self, Either::First(_)) {
            if matches!(self, Either::Second(state) if in_flight(state)) {
                in_flight_with_another_driver();
            }
            *self = Either::First(A::default());
        }
        let Either::First(state) = self else { unreachable!("written above") };
        state
    }
}

impl<A, B: Default> Either<A, B> {
    /// The state of the second, or `none` in its place. `in_flight`: of the first's.
    #[inline(always)]
    fn second<'a>(&'a mut self, none: &'a mut B, in_flight: impl FnOnce(&A) -> bool) -> &'a mut B {
        if !is_kept::<B>() {
            return none;
        }
        if !matches!(self, Either::Second(_)) {
            if matches!(self, Either::First(state) if in_flight(state)) {
                in_flight_with_another_driver();
            }
            *self = Either::Second(B::default());
        }
        let Either::Second(state) = self else { unreachable!("written above") };
        state
    }
}

#[cold]
#[inline(never)]
fn in_flight_with_another_driver() -> ! {
    unreachable!("an operation in flight is polled with the driver of its worker")
}

impl<O, A, B, T> Submit<O> for Fallback<A, B, T>
where
    O: Op,
    A: Submit<O> + Sockets,
    B: Submit<O> + Sockets,
    T: OnFallback,
{
    type InFlight<S: Sharing> = Either<A::InFlight<S>, B::InFlight<S>>;

    const SERVED: Served = if A::SERVED as u8 == B::SERVED as u8 { A::SERVED } else { Served::Either };

    // As what each of the two does is: else the choice would be a call more than what it chooses. No closure either, which the
    // compiler would make one.
    #[inline(always)]
    fn poll_op<S: Sharing>(
        live: &Self::Live<S>,
        op: &mut O,
        state: &mut Self::InFlight<S>,
        cx: &mut Context<'_>,
    ) -> Poll<O::Output> {
        match live {
            LiveFallback::First(live) => {
                let mut none = Default::default();
                A::poll_op::<S>(live, op, state.first(&mut none, B::in_flight::<S>), cx)
            }
            LiveFallback::Second(live, _) => {
                let mut none = Default::default();
                B::poll_op::<S>(live, op, state.second(&mut none, A::in_flight::<S>), cx)
            }
        }
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Self::InFlight<S>) -> bool {
        match state {
            Either::New => false,
            Either::First(state) => A::in_flight::<S>(state),
            Either::Second(state) => B::in_flight::<S>(state),
        }
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &Self::Live<S>,
        op: &mut O,
        state: &mut Self::InFlight<S>,
        keep: MaybeDangling<K>,
    ) {
        match live {
            LiveFallback::First(live) => {
                let mut none = Default::default();
                A::abandon::<S, K>(live, op, state.first(&mut none, B::in_flight::<S>), keep);
            }
            LiveFallback::Second(live, _) => {
                let mut none = Default::default();
                B::abandon::<S, K>(live, op, state.second(&mut none, A::in_flight::<S>), keep);
            }
        }
    }

    fn poll_closed<S: Sharing>(state: &mut Self::InFlight<S>, cx: &mut Context<'_>) -> Poll<Option<O::Output>> {
        match state {
            Either::New => Poll::Ready(None),
            Either::First(state) => A::poll_closed::<S>(state, cx),
            Either::Second(state) => B::poll_closed::<S>(state, cx),
        }
    }

    fn abandon_closed<S: Sharing, K: Send + 'static>(
        op: &mut O,
        state: &mut Self::InFlight<S>,
        keep: MaybeDangling<K>,
    ) {
        match state {
            Either::New => drop(keep),
            Either::First(state) => A::abandon_closed::<S, K>(op, state, keep),
            Either::Second(state) => B::abandon_closed::<S, K>(op, state, keep),
        }
    }
}
