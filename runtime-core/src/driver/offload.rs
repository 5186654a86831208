//! Operations that a driver has no better way for than a thread that blocks.
//!
//! The operation is a job of the blocking pool: its closure holds the operation's data, and the future holds the job's
//! handle in place of a state of its own. One allocation, the job; no state word but that of every job.
//!
//! # Who owns what the operation points at
//! 1. From the submit to the end of the job, the future's `keep`: it stays where it is, whether the future moves or is
//!    forgotten. A future that is polled after its runtime closed waits for the job all the same.
//! 2. Of a future that is dropped before that, the job itself: [`Offloaded::abandon`] aborts it, and if it runs already,
//!    leaves the kept value to be dropped by the thread that ends it.

use crate::blocking::job::Job;
use crate::config::PanicPolicy;
use crate::error::{Errno, ErrorKind};
use crate::task::current::current;
use crate::task::home::offload_of;
use crate::task::join::Rejected;
use crate::task::{JoinError, JoinHandle};
use alloc::sync::Arc;
use alloc::task::Wake;
use core::fmt;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};
use std::sync::{Mutex, PoisonError};

/// An operation on the blocking pool, or none: what a future holds of it.
///
/// Dropping it cancels nothing and waits for nothing; the output is dropped where the job ends.
pub struct Offloaded<T>(Option<JoinHandle<T>>);

impl<T: Send + 'static> Offloaded<T> {
    /// Gives `call` to the blocking pool of the runtime that this thread works for. A panic in it goes on in
    /// [`poll`](Self::poll).
    ///
    /// # Errors
    /// [`Errno::NO_THREADS`]: the config has no blocking threads.
    ///
    /// # Safety
    /// - This thread runs a worker: so it is in [`Submit::poll_op`](super::Submit::poll_op).
    /// - What `call` uses stays until `poll` is ready, or until what keeps it is dropped by [`abandon`](Self::abandon).
    pub unsafe fn start(&mut self, call: impl FnOnce() -> T + Send + 'static) -> Result<(), Errno> {
        let Some(home) = NonNull::new(current().cast_mut()) else {
            unreachable!("operations are polled inside their runtime")
        };
        // SAFETY: the worker of this thread is alive (contract).
        let Some(give) = (unsafe { offload_of(home) }) else { return Err(Errno::NO_THREADS) };
        let (job, handle) = Job::new(call, PanicPolicy::Catch);
        self.0 = Some(handle);
        // SAFETY: the worker of this thread holds its home; the job is given away.
        unsafe { give(home, job.into_untyped()) };
        Ok(())
    }

    /// Has the runtime that this thread works for blocking threads, or may it start some?
    ///
    /// # Safety
    /// As [`start`](Self::start): this thread runs a worker.
    #[must_use]
    pub unsafe fn can_start() -> bool {
        let home = NonNull::new(current().cast_mut());
        // SAFETY: the worker of this thread is alive (contract).
        home.is_some_and(|home| unsafe { offload_of(home) }.is_some())
    }

    /// Is there an operation?
    #[must_use]
    pub fn is_started(&self) -> bool {
        self.0.is_some()
    }

    /// What the call returned, or why it never began. On any thread, also after the runtime closed. `None`: there is no
    /// operation.
    ///
    /// # Panics
    /// With what the call panicked with.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, Errno>>> {
        let Some(handle) = &mut self.0 else { return Poll::Ready(None) };
        let Poll::Ready(result) = Pin::new(handle).poll(cx) else { return Poll::Pending };
        self.0 = None;
        Poll::Ready(Some(result.map_err(refused)))
    }

    /// Gives the operation up: a call that has not begun never will, and `keep` is dropped here. Else the thread that ends
    /// the call drops what it returned and `keep`, which takes an allocation.
    pub fn abandon<K: Send + 'static>(&mut self, keep: K) {
        let Some(mut handle) = self.0.take() else { return drop(keep) };
        handle.abort();
        // The poll, and not a look: it orders the end of the call before the drop of what the call used.
        if Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            Left::leave(handle, keep);
        }
    }
}

/// Why the call returned nothing.
#[cold]
fn refused(error: JoinError) -> Errno {
    match error.rejected() {
        Some(Rejected::QueueFull { .. }) => Errno::QUEUE_FULL,
        Some(Rejected::NoThread(why)) => match why.code().and_then(Errno::new) {
            Some(errno) => errno,
            None if why.kind() == ErrorKind::OutOfMemory => Errno::OUT_OF_MEMORY,
            None => Errno::NO_THREADS,
        },
        // Jobs have no worker.
        Some(Rejected::WorkerGone { .. }) => Errno::RUNTIME_CLOSED,
        None => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Cancelled: nobody aborts a job whose future lives but the shutdown.
            Err(_) => Errno::RUNTIME_CLOSED,
        },
    }
}

/// What a dropped future leaves for the end of its job: the waker of the job's handle. The job owns the waker, the waker
/// this, and this the handle: a circle that the end of the job breaks, and every job ends once.
struct Left<T, K>(Mutex<Option<(JoinHandle<T>, K)>>);

impl<T: Send + 'static, K: Send + 'static> Left<T, K> {
    fn leave(handle: JoinHandle<T>, keep: K) {
        let left = Arc::new(Left(Mutex::new(Some((handle, keep)))));
        let waker = Waker::from(left.clone());
        let mut place = left.lock();
        // Under the lock: a job that ends now finds what to drop only after its waker is in place, or not at all.
        let over =
            place.as_mut().is_none_or(|(handle, _)| Pin::new(handle).poll(&mut Context::from_waker(&waker)).is_ready());
        let over = if over { place.take() } else { None };
        drop(place);
        drop(over);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(JoinHandle<T>, K)>> {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send + 'static, K: Send + 'static> Wake for Left<T, K> {
    /// The job is over.
    fn wake(self: Arc<Self>) {
        // Two steps: the drops run after the lock is given back.
        let left = self.lock().take();
        drop(left);
    }
}

impl<T> Default for Offloaded<T> {
    fn default() -> Self {
        Offloaded(None)
    }
}

impl<T> fmt::Debug for Offloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Offloaded").field(&self.0).finish()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
