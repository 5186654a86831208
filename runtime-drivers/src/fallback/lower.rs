//! How each operation is expressed here: as the driver does that runs.

use super::{Fallback, LiveFallback};
use crate::op::Sockets;
use bespoke_core::driver::{MaybeDangling, Op, Served, Submit};
use bespoke_core::roles::Under;
use bespoke_core::sharing::{Local, Sharing};
use core::task::{Context, Poll};

/// What the future of an operation holds (invariant 2).
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

impl<A: Default, B> Either<A, B> {
    fn first(&mut self) -> &mut A {
        if let Either::New = self {
            *self = Either::First(A::default());
        }
        let Either::First(state) = self else { unreachable!("an operation is polled by the driver of its worker") };
        state
    }
}

impl<A, B: Default> Either<A, B> {
    fn second(&mut self) -> &mut B {
        if let Either::New = self {
            *self = Either::Second(B::default());
        }
        let Either::Second(state) = self else { unreachable!("an operation is polled by the driver of its worker") };
        state
    }
}

/// It is the same under every sharing, but a signature that is generic over the sharing does not know that.
#[inline(always)]
fn of<A, B, S: Sharing>(live: &<Fallback<A, B> as Under<S>>::Live) -> &LiveFallback<A, B>
where
    A: Under<Local>,
    B: Under<Local>,
    Fallback<A, B>: Under<S>,
{
    let live: *const <Fallback<A, B> as Under<S>>::Live = live;
    // SAFETY: `Sharing` is sealed, and `Fallback` has the same `Live` under both of its types: `LiveFallback`.
    unsafe { &*live.cast::<LiveFallback<A, B>>() }
}

impl<O, A, B> Submit<O> for Fallback<A, B>
where
    O: Op,
    A: Submit<O> + Sockets + Under<Local>,
    B: Submit<O> + Sockets + Under<Local>,
{
    type InFlight<S: Sharing> = Either<A::InFlight<Local>, B::InFlight<Local>>;

    const SERVED: Served = if A::SERVED as u8 == B::SERVED as u8 { A::SERVED } else { Served::Either };

    #[inline]
    fn poll_op<S: Sharing>(
        live: &<Self as Under<S>>::Live,
        op: &mut O,
        state: &mut Self::InFlight<S>,
        cx: &mut Context<'_>,
    ) -> Poll<O::Output>
    where
        Self: Under<S>,
    {
        match of::<A, B, S>(live) {
            LiveFallback::First(live) => A::poll_op::<Local>(live, op, state.first(), cx),
            LiveFallback::Second(live, _) => B::poll_op::<Local>(live, op, state.second(), cx),
        }
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Self::InFlight<S>) -> bool {
        match state {
            Either::New => false,
            Either::First(state) => A::in_flight::<Local>(state),
            Either::Second(state) => B::in_flight::<Local>(state),
        }
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &<Self as Under<S>>::Live,
        op: &mut O,
        state: &mut Self::InFlight<S>,
        keep: MaybeDangling<K>,
    ) where
        Self: Under<S>,
    {
        match of::<A, B, S>(live) {
            LiveFallback::First(live) => A::abandon::<Local, K>(live, op, state.first(), keep),
            LiveFallback::Second(live, _) => B::abandon::<Local, K>(live, op, state.second(), keep),
        }
    }

    fn poll_closed<S: Sharing>(state: &mut Self::InFlight<S>, cx: &mut Context<'_>) -> Poll<Option<O::Output>> {
        match state {
            Either::New => Poll::Ready(None),
            Either::First(state) => A::poll_closed::<Local>(state, cx),
            Either::Second(state) => B::poll_closed::<Local>(state, cx),
        }
    }

    fn abandon_closed<S: Sharing, K: Send + 'static>(
        op: &mut O,
        state: &mut Self::InFlight<S>,
        keep: MaybeDangling<K>,
    ) {
        match state {
            Either::New => drop(keep),
            Either::First(state) => A::abandon_closed::<Local, K>(op, state, keep),
            Either::Second(state) => B::abandon_closed::<Local, K>(op, state, keep),
        }
    }
}
