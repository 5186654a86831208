//! Writes: what the system took is counted, also when the future is dropped.

use super::{attempt, wait};
use crate::mio::{LiveMio, Mio, Poller, Side};
use crate::op::{Interrupted, Stretches, Taken, Transmit, TransmitVectored};
use crate::sys::transfer::{self, IoVec};
use crate::theirs::let_go;
use bespoke_core::driver::{Errno, MaybeDangling, Op, Served, Submit};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};
use std::boxed::Box;

/// How much of a write was taken. 0: nothing, so dropping it is free.
#[derive(Debug, Default)]
pub struct Progress {
    taken: usize,
    /// Of the source. A write that another thread drops may be told to the driver later: its stream may be closed by then, and
    /// the key may be that of another.
    generation: u32,
}

impl<P: Poller> Submit<Transmit> for Mio<P> {
    type InFlight<S: Sharing> = Progress;

    const SERVED: Served = Served::Readiness;

    #[inline]
    fn poll_op<S: Sharing>(
        live: &Self::Live<S>,
        op: &mut Transmit,
        state: &mut Progress,
        cx: &mut Context<'_>,
    ) -> Poll<<Transmit as Op>::Output> {
        let (key, raw) = (op.stream.key, op.stream.raw);
        loop {
            let sent = attempt(live, key, Side::Write, cx, || {
                // SAFETY: in bounds: at most `len` bytes were taken.
                let from = unsafe { op.from.add(state.taken) };
                // SAFETY: whoever made the operation keeps `from` readable for `len` bytes until it is over.
                unsafe { transfer::send(raw, from, op.len - state.taken, true) }
            });
            match sent {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(errno)) => {
                    let taken = core::mem::take(&mut state.taken);
                    return Poll::Ready((taken, Err(errno)));
                }
                Poll::Ready(Ok(n)) => {
                    state.taken += n;
                    if state.taken >= op.len || !op.all {
                        let taken = core::mem::take(&mut state.taken);
                        return Poll::Ready((taken, Ok(())));
                    }
                    state.generation = live.with_source(key, |source| source.generation);
                }
            }
        }
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Progress) -> bool {
        state.taken > 0
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &Self::Live<S>,
        op: &mut Transmit,
        state: &mut Progress,
        keep: MaybeDangling<K>,
    ) {
        let taken = Taken { bytes: core::mem::take(&mut state.taken), kept: Box::new(keep.into_inner()) };
        let generation = state.generation;
        let old = live.with_source(op.stream.key, |source| {
            if source.generation == generation { source.more().interrupted.replace(taken) } else { Some(taken) }
        });
        let_go(old);
    }
}

wait!(TransmitVectored, |live, op, cx| transmit_vectored(live, op, cx));

/// One send: nothing is taken before the operation is over, so dropping it leaves nothing behind.
fn transmit_vectored<P: Poller, S: Sharing>(
    live: &LiveMio<P, S>,
    op: &TransmitVectored,
    cx: &mut Context<'_>,
) -> Poll<Result<usize, Errno>> {
    let mut list = [IoVec::new(core::ptr::null_mut(), 0); Stretches::MAX];
    let from = op.from.as_slice();
    for (to, (pointer, len)) in list.iter_mut().zip(from) {
        *to = IoVec::new(pointer.cast_mut(), *len);
    }
    attempt(live, op.stream.key, Side::Write, cx, || {
        // SAFETY: whoever made the operation keeps every stretch readable until it is over.
        unsafe { transfer::send_vectored(op.stream.raw, &list[..from.len()], true) }
    })
}

wait!(Interrupted, AtHand, |live, op, _cx| Poll::Ready(
    live.with_source(op.stream.key, |source| source.take_interrupted())
));
