//! Operations on files as jobs of the blocking pool: what drivers do that have no better way.
//!
//! A driver's `files.rs` names the operations, and says how it finds the open file of a source.
//!
//! # Invariants
//! 1. A descriptor of a file is closed when the last [`OpenFile`] reference is gone: the source holds one from `register`
//!    to `close`, or longer if the driver has requests of its own for the file, and each job that uses the descriptor one of
//!    its own until it ends. So no job acts on another file that got the number in the meantime.
//! 2. Memory that an operation points at: see [`Offloaded`].

use crate::op::{AtHand, Blocks};
use bespoke_core::driver::{Errno, Offloaded};
use bespoke_core::roles::RawResource;
use core::task::{Context, Poll};
use std::sync::Arc;

/// A descriptor of a file, closed on drop (invariant 1).
#[derive(Debug)]
pub(crate) struct OpenFile {
    raw: RawResource,
    pub(crate) at_hand: AtHand,
}

impl OpenFile {
    /// The descriptor is this value's to close.
    pub(crate) fn new(raw: RawResource) -> Self {
        OpenFile { raw, at_hand: AtHand::default() }
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn raw(&self) -> RawResource {
        self.raw
    }

    /// The descriptor, which is the caller's to close from now on.
    #[cfg(target_os = "linux")]
    pub(crate) fn into_raw(self) -> RawResource {
        core::mem::ManuallyDrop::new(self).raw
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        // The descriptor is gone whatever it says: `sync_all` is there for who wants to know.
        let _ = crate::sys::fd::close(self.raw);
    }
}

/// Finds the open file of a source, by its key. `None`: the source is of something else.
pub(crate) trait OpenFiles {
    /// Shows it to `look`, which calls neither the driver nor what is the user's.
    fn with_file<R>(&self, key: u32, look: impl FnOnce(&Arc<OpenFile>) -> R) -> Option<R>;

    /// A name of it.
    fn open_file(&self, key: u32) -> Option<Arc<OpenFile>> {
        self.with_file(key, Arc::clone)
    }
}

/// Does what memory has for an operation, if that is worth a try. `Err`: so many bytes were moved.
///
/// # Safety
/// What the operation points at, and what it is about, stays until this returns.
#[inline]
pub(crate) unsafe fn at_hand<O: Blocks>(files: &impl OpenFiles, op: &O) -> Result<O::Output, usize> {
    let Some(of) = op.file().filter(|_| O::TRIED) else { return Err(0) };
    if files.with_file(of.key, |file| op.is_worth_a_try(&file.at_hand)) != Some(true) {
        return Err(0);
    }
    // SAFETY: the caller's promise; the file is open as long as its source is.
    let tried = unsafe { op.run_at_hand() };
    files.with_file(of.key, |file| file.at_hand.note(tried.is_ok()));
    tried
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
pub(crate) type OnThePool<O> = Offloaded<Outcome<O>>;

/// Submits at the first poll, then waits for the job.
pub(crate) fn poll<O: Blocks>(
    files: &impl OpenFiles,
    op: &O,
    state: &mut OnThePool<O>,
    cx: &mut Context<'_>,
) -> Poll<O::Output> {
    if !state.is_started() {
        // Without threads there are no files, in memory or not.
        // SAFETY: this is a poll of an operation, on a worker of its runtime.
        if O::TRIED && unsafe { OnThePool::<O>::can_start() } {
            // SAFETY: both are there while the operation is polled.
            if let Ok(output) = unsafe { at_hand(files, op) } {
                return Poll::Ready(output);
            }
        }
        let file = op.file().and_then(|of| files.open_file(of.key));
        let mut op = *op;
        let call = move || {
            // SAFETY: what the operation points at stays until this job is over: that is what `Offloaded` is for. A file
            // is open (invariant 1).
            let output = unsafe { op.run_blocking() };
            drop(file);
            Outcome(Some(output))
        };
        // SAFETY: this is a poll of an operation, on a worker of its runtime. What the call points at is kept by the future,
        // which gives it up through `abandon` alone.
        if let Err(errno) = unsafe { state.start(call) } {
            return Poll::Ready(O::refused(errno));
        }
    }
    state.poll(cx).map(|ended| taken(ended.unwrap_or(Err(Errno::RUNTIME_CLOSED))))
}

pub(crate) fn taken<O: Blocks>(ended: Result<Outcome<O>, Errno>) -> O::Output {
    match ended {
        Ok(mut outcome) => outcome.0.take().expect("an outcome is taken once"),
        Err(errno) => O::refused(errno),
    }
}

/// Implements [`Submit`](bespoke_core::driver::Submit) for operations by jobs of the pool. `$generics` are the
/// parameters of the driver, with their bounds.
macro_rules! pooled {
    ($({$($generics:tt)*})? $driver:ty: $op:ty) => {
        impl$(<$($generics)*>)? bespoke_core::driver::Submit<$op> for $driver {
            type InFlight<S: bespoke_core::sharing::Sharing> = $crate::pooled::OnThePool<$op>;

            const SERVED: bespoke_core::driver::Served = bespoke_core::driver::Served::Pool;

            fn poll_op<S: bespoke_core::sharing::Sharing>(
                live: &Self::Live<S>,
                op: &mut $op,
                state: &mut $crate::pooled::OnThePool<$op>,
                cx: &mut core::task::Context<'_>,
            ) -> core::task::Poll<<$op as bespoke_core::driver::Op>::Output> {
                $crate::pooled::poll::<$op>(live, op, state, cx)
            }

            fn in_flight<S: bespoke_core::sharing::Sharing>(state: &$crate::pooled::OnThePool<$op>) -> bool {
                state.is_started()
            }

            fn abandon<S: bespoke_core::sharing::Sharing, K: Send + 'static>(
                _live: &Self::Live<S>,
                _op: &mut $op,
                state: &mut $crate::pooled::OnThePool<$op>,
                keep: bespoke_core::driver::MaybeDangling<K>,
            ) {
                state.abandon(keep);
            }

            fn poll_closed<S: bespoke_core::sharing::Sharing>(
                state: &mut $crate::pooled::OnThePool<$op>,
                cx: &mut core::task::Context<'_>,
            ) -> core::task::Poll<Option<<$op as bespoke_core::driver::Op>::Output>> {
                state.poll(cx).map(|ended| ended.map($crate::pooled::taken))
            }

            fn abandon_closed<S: bespoke_core::sharing::Sharing, K: Send + 'static>(
                _op: &mut $op,
                state: &mut $crate::pooled::OnThePool<$op>,
                keep: bespoke_core::driver::MaybeDangling<K>,
            ) {
                state.abandon(keep);
            }
        }
    };
}
pub(crate) use pooled;
