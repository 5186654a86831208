//! How the operations on files are expressed here. A poll knows no files: they are always ready, and block. So each
//! operation is a job of the blocking pool.
//!
//! # Invariants
//! 1. A descriptor of a file is closed when the last [`OpenFile`] reference is gone: the source holds one from `register`
//!    to `close`, and each job that uses the descriptor one of its own until it ends. So no job acts on another file that
//!    got the number in the meantime.
//! 2. Memory that an operation points at: see [`Offloaded`].

use super::{LiveMio, Mio, Poller};
use crate::op::Blocks;
use crate::op::files::for_each_file_op;
use crate::op::{
    Call, JoinPaths, MakeDir, Open, ReadAt, ReadVectoredAt, Remove, SetLen, Statx, Sync, WriteAt, WriteVectoredAt,
};
use bespoke_core::driver::{Errno, MaybeDangling, Offloaded, Served, Submit};
use bespoke_core::roles::{RawResource, Under};
use bespoke_core::sharing::Sharing;
use core::task::{Context, Poll};
use std::sync::Arc;

/// A descriptor of a file, closed on drop (invariant 1).
#[derive(Debug)]
pub(super) struct OpenFile(pub(super) RawResource);

impl Drop for OpenFile {
    fn drop(&mut self) {
        // The descriptor is gone whatever it says: `sync_all` is there for who wants to know.
        let _ = crate::sys::fd::close(self.0);
    }
}

/// What an operation came to. Dropped untaken, it acts as the operation says of late results.
pub struct Outcome<O: Blocks>(Option<O::Output>);

impl<O: Blocks> core::fmt::Debug for Outcome<O> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Outcome").field(&O::NAME).finish()
    }
}

impl<O: Blocks> Drop for Outcome<O> {
    fn drop(&mut self) {
        if let Some(output) = self.0.take() {
            O::late(output);
        }
    }
}

/// What the future of an operation holds.
type OnThePool<O> = Offloaded<Outcome<O>>;

impl<P: Poller> LiveMio<P> {
    /// The open file of a source, for a job.
    fn open_file(&self, key: u32) -> Option<Arc<OpenFile>> {
        self.with_source(key, |source| source.file.clone())
    }
}

/// Submits at the first poll, then waits for the job.
fn poll<S: Sharing, O: Blocks, P: Poller>(
    live: &LiveMio<P>,
    op: &O,
    state: &mut OnThePool<O>,
    cx: &mut Context<'_>,
) -> Poll<O::Output> {
    if !state.is_started() {
        let file = op.file().map(|file| live.open_file(file.key));
        let mut op = *op;
        let call = move || {
            // SAFETY: what the operation points at stays until this job is over: that is what `Offloaded` is for. A file
            // is open (invariant 1).
            let output = unsafe { op.run_blocking() };
            drop(file);
            Outcome(Some(output))
        };
        // SAFETY: this is a poll of an operation, on its worker. What the call points at is kept by the future, which gives
        // it up through `abandon` alone.
        if let Err(errno) = unsafe { state.start::<S>(call) } {
            return Poll::Ready(O::refused(errno));
        }
    }
    state.poll(cx).map(|ended| taken(ended.unwrap_or(Err(Errno::RUNTIME_CLOSED))))
}

fn taken<O: Blocks>(ended: Result<Outcome<O>, Errno>) -> O::Output {
    match ended {
        Ok(mut outcome) => outcome.0.take().expect("an outcome is taken once"),
        Err(errno) => O::refused(errno),
    }
}

macro_rules! pool {
    ($($op:ty),+) => { $(
        impl<P: Poller> Submit<$op> for Mio<P> {
            type InFlight<S: Sharing> = OnThePool<$op>;

            const SERVED: Served = Served::Pool;

            fn poll_op<S: Sharing>(
                live: &<Self as Under<S>>::Live,
                op: &mut $op,
                state: &mut OnThePool<$op>,
                cx: &mut Context<'_>,
            ) -> Poll<<$op as bespoke_core::driver::Op>::Output>
            where
                Self: Under<S>,
            {
                poll::<S, $op, P>(super::lower::of::<S, P>(live), op, state, cx)
            }

            fn in_flight<S: Sharing>(state: &OnThePool<$op>) -> bool {
                state.is_started()
            }

            fn abandon<S: Sharing, K: Send + 'static>(
                _live: &<Self as Under<S>>::Live,
                _op: &mut $op,
                state: &mut OnThePool<$op>,
                keep: MaybeDangling<K>,
            ) where
                Self: Under<S>,
            {
                state.abandon(keep);
            }

            fn poll_closed<S: Sharing>(
                state: &mut OnThePool<$op>,
                cx: &mut Context<'_>,
            ) -> Poll<Option<<$op as bespoke_core::driver::Op>::Output>> {
                state.poll(cx).map(|ended| ended.map(taken))
            }

            fn abandon_closed<S: Sharing, K: Send + 'static>(_op: &mut $op, state: &mut OnThePool<$op>, keep: MaybeDangling<K>) {
                state.abandon(keep);
            }
        }
    )+ };
}
for_each_file_op!(pool);
