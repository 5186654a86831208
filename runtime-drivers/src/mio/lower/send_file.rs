//! Sending a file: `sendfile(2)` to a socket that does not wait, of bytes that are in memory.
//!
//! The call waits for the disk where the bytes are not in memory, and there is no flag against that. So a stretch of the file is
//! asked for first, by reads of its first and its last byte that do not wait; if one of them would, a job of the blocking pool
//! brings the stretch in. The job touches the file alone: the socket is written by the worker, in a poll, so nothing is ever
//! on its way to a stream whose future is gone.
//!
//! What was found in memory may be gone when the call comes, and then the worker waits for that page. After a job nothing is
//! asked again, so it goes on under any pressure. A config without blocking threads has no jobs: there the call waits.

use super::attempt;
use crate::mio::{Mio, Poller, Side};
use crate::op::{Blocks, SendFile, Taken};
use crate::pooled::{self, OnThePool};
use crate::sys::send_file;
use crate::theirs::let_go;
use bespoke_core::driver::{Errno, Late, MaybeDangling, Op, Served, Submit};
use bespoke_core::roles::Resource;
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};
use std::boxed::Box;

/// What is asked for, brought in and sent at once: what Linux reads ahead, if nobody has said otherwise.
const STRETCH: usize = 128 << 10;

/// After so many stretches others have their turn, however fast the peer is.
const STRETCHES_MAX: usize = 8;

/// How far it is.
#[derive(Debug, Default)]
pub struct Sending {
    /// Of the bytes, so many were taken. 0, and no job: dropping it is free.
    taken: usize,
    /// So many were found in memory, or brought in.
    at_hand: usize,
    bringing: OnThePool<Bring>,
    /// Of the stream's source; see [`Progress`](super::writes::Progress).
    generation: u32,
}

/// Brings bytes of a file into memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bring {
    file: Resource,
    at: u64,
    len: usize,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Bring {
    type Output = ();
    const NAME: &'static str = "bring";
    const LATE: Late = Late::Forget;
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.file)
    }
    fn refused(_: Errno) {}
}

impl Blocks for Bring {
    unsafe fn run_blocking(&mut self) {
        send_file::bring(self.file.raw, self.at, self.len);
    }
    fn file(&self) -> Option<Resource> {
        Some(self.file)
    }
}

impl<P: Poller> Submit<SendFile> for Mio<P> {
    type InFlight<S: Sharing> = Sending;

    const SERVED: Served = Served::ReadinessOrPool;

    fn poll_op<S: Sharing>(
        live: &Self::Live<S>,
        op: &mut SendFile,
        state: &mut Sending,
        cx: &mut Context<'_>,
    ) -> Poll<<SendFile as Op>::Output> {
        let key = op.stream.key;
        for _ in 0..STRETCHES_MAX {
            if state.taken == op.len {
                return Poll::Ready((core::mem::take(state).taken, Ok(())));
            }
            let at = op.at.saturating_add(state.taken as u64);
            if state.at_hand == state.taken {
                let len = (op.len - state.taken).min(STRETCH);
                if state.bringing.is_started() || !send_file::are_at_hand(op.file.raw, at, len) {
                    let bring = Bring { file: op.file, at, len };
                    if pooled::poll::<Bring>(live, &bring, &mut state.bringing, cx).is_pending() {
                        return Poll::Pending;
                    }
                }
                state.at_hand += len;
            }
            let sent = attempt(live, key, Side::Write, cx, || {
                send_file::send(op.stream.raw, op.file.raw, at, state.at_hand - state.taken)
            });
            match sent {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(n)) if n > 0 => {
                    state.taken += n;
                    state.generation = live.with_source(key, |source| source.generation);
                }
                // The file ends.
                Poll::Ready(ended) => return Poll::Ready((core::mem::take(state).taken, ended.map(drop))),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    #[inline(always)]
    fn in_flight<S: Sharing>(state: &Sending) -> bool {
        state.taken > 0 || state.bringing.is_started()
    }

    fn abandon<S: Sharing, K: Send + 'static>(
        live: &Self::Live<S>,
        op: &mut SendFile,
        state: &mut Sending,
        keep: MaybeDangling<K>,
    ) {
        let Sending { taken, mut bringing, generation, .. } = core::mem::take(state);
        bringing.abandon(());
        if taken == 0 {
            return let_go(keep);
        }
        let taken = Taken { bytes: taken, kept: Box::new(keep.into_inner()) };
        let old = live.with_source(op.stream.key, |source| {
            if source.generation == generation { source.more().interrupted.replace(taken) } else { Some(taken) }
        });
        let_go(old);
    }
}
