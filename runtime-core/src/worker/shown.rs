//! What a loop shows of its polls to whoever watches, of a config with a watchdog; for the others it is nothing, here as in the
//! binary.

use super::Worker;
use crate::config::{Config, SharingOf};
use crate::task::header::Task;
#[cfg(feature = "std")]
use crate::{roles::Watchdog, task::line};
use core::ptr::NonNull;

/// A worker runs, from the making of this to its drop.
///
/// # Invariant
/// It is made by the owner of the worker, which is alive as long as this is.
#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "nobody watches without threads"))]
pub(crate) struct Shown<C: Config>(NonNull<Worker<C>>);

impl<C: Config> Shown<C> {
    /// # Safety
    /// The caller is the owner, in its context, and leaves the worker no earlier than this is dropped.
    #[inline(always)]
    pub(crate) unsafe fn new(worker: NonNull<Worker<C>>) -> Self {
        let shown = Shown(worker);
        #[cfg(feature = "std")]
        shown.worker().enters();
        shown
    }

    /// For a thread that runs a worker which another one has entered, and leaves.
    ///
    /// # Safety
    /// The caller is the owner, in its context, as long as it uses this.
    #[cfg(feature = "std")]
    #[inline(always)]
    pub(crate) unsafe fn of_another(worker: NonNull<Worker<C>>) -> core::mem::ManuallyDrop<Self> {
        core::mem::ManuallyDrop::new(Shown(worker))
    }

    /// As [`new`](Self::new), of a worker that polls an `F` as its root.
    ///
    /// # Safety
    /// As [`new`](Self::new).
    #[inline(always)]
    pub(crate) unsafe fn with_root<F: Future>(worker: NonNull<Worker<C>>) -> Self {
        // SAFETY: as the caller.
        let shown = unsafe { Self::new(worker) };
        #[cfg(feature = "std")]
        if let Some(line) = shown.line() {
            line.is_under(line::Root::of::<F>());
        }
        shown
    }

    /// A turn of `task` begins.
    ///
    /// # Safety
    /// The task is alive.
    #[inline(always)]
    pub(crate) unsafe fn begins(&self, task: Task<SharingOf<C>>) {
        #[cfg(feature = "std")]
        if let Some(line) = self.line() {
            // SAFETY: alive (contract).
            let table = unsafe { task.as_ref() }.table;
            line.begins(table, task.addr().get());
        }
        let _ = task;
    }

    /// A poll of the root begins.
    #[inline(always)]
    pub(crate) fn begins_root(&self) {
        #[cfg(feature = "std")]
        if let Some(line) = self.line() {
            line.begins_root();
        }
    }

    /// What began is over.
    #[inline(always)]
    pub(crate) fn ends(&self) {
        #[cfg(feature = "std")]
        if let Some(line) = self.line() {
            line.ends();
        }
    }

    #[cfg(feature = "std")]
    #[inline(always)]
    fn line(&self) -> Option<&line::Line> {
        C::Watchdog::kept(&self.worker().watched).map(|watched| &watched.line)
    }

    #[cfg(feature = "std")]
    #[inline(always)]
    fn worker(&self) -> &Worker<C> {
        // SAFETY: alive (the invariant).
        unsafe { self.0.as_ref() }
    }
}

impl<C: Config> Drop for Shown<C> {
    #[inline(always)]
    fn drop(&mut self) {
        #[cfg(feature = "std")]
        self.worker().leaves();
    }
}
