//! The runtime, from any thread.

use crate::config::Config;
use crate::task::JoinHandle;
use crate::task::home::Home;
use crate::worker::{Worker, spawn};
use core::fmt;
use core::ptr::NonNull;

/// The runtime, from any thread: counted, `Send` and `Sync`. It keeps no task alive and stops no shutdown.
///
/// Its `spawn` wants `Send` futures under every scheduler: it may be called on another thread.
pub struct Handle<C: Config> {
    worker: NonNull<Worker<C>>,
}

// SAFETY: it holds a reference of the home, and every verb may be called from any thread.
unsafe impl<C: Config> Send for Handle<C> {}
// SAFETY: as above.
unsafe impl<C: Config> Sync for Handle<C> {}

impl<C: Config> Handle<C> {
    /// # Safety
    /// The caller holds a reference of the worker's home.
    pub(crate) unsafe fn new(worker: NonNull<Worker<C>>) -> Self {
        // SAFETY: alive (contract).
        unsafe { worker.as_ref() }.home.acquire();
        Handle { worker }
    }

    /// Spawns a future on the runtime. On a closed runtime the future is dropped here, and the handle yields a cancelled
    /// error.
    ///
    /// # Panics
    /// If the memory strategy has no memory for the task.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        let spawned = if Home::is_current(Worker::home_of(self.worker)) {
            // SAFETY: this thread owns the worker.
            unsafe { spawn::try_spawn(self.worker, future) }
        } else {
            // SAFETY: the handle holds the home; the bounds say `Send`.
            unsafe { spawn::spawn_foreign(self.worker, future) }
        };
        match spawned {
            Ok(handle) => handle,
            Err(_) => panic!("the memory strategy of `{}` has no memory for a task of another thread", C::NAME),
        }
    }

    /// Makes a future over there and keeps it there: the closure is `Send`, the future need not be.
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn).
    pub fn spawn_pinned<T: Send + 'static>(&self, make: impl AsyncFnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        self.spawn(crate::runtime::admit::Pinned::new(make))
    }

    /// Is the runtime closed? Once `true`, it stays so.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // SAFETY: the handle holds the home.
        unsafe { self.worker.as_ref() }.home.inbox.is_closed()
    }
}

impl<C: Config> Clone for Handle<C> {
    fn clone(&self) -> Self {
        // SAFETY: the handle holds the home.
        unsafe { Handle::new(self.worker) }
    }
}

impl<C: Config> Drop for Handle<C> {
    fn drop(&mut self) {
        // SAFETY: the handle's reference.
        unsafe { Home::release(Worker::home_of(self.worker)) };
    }
}

impl<C: Config> fmt::Debug for Handle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("config", &C::NAME).finish_non_exhaustive()
    }
}
