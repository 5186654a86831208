//! `block_on` under schedulers whose tasks have threads of their own: the caller's thread runs its future alone, on a worker that
//! it starts for it and closes after it.
//!
//! So several threads may be inside one at once, and what is spawned to stay inside, or opened there (unless tasks move), goes
//! when it returns. The runtime is borrowed meanwhile: it is closed after all of these workers.

use super::single::{self, Inside};
use crate::config::Config;
use crate::error::ErrorKind;
use crate::roles::{Driver, Memory, Nanos};
use crate::worker::{Common, Worker, ambient, close, spawn};
use alloc::sync::Arc;
use core::ptr::NonNull;

/// Runs `future` on this thread, on a worker of its own.
///
/// # Panics
/// Inside a task of the same runtime; if there is no worker to be had.
pub(crate) fn block_on<C: Config, F: Future>(common: &Arc<Common<C>>, future: F) -> F::Output {
    assert!(!is_inside(common), "{}", Inside(C::NAME));
    let worker = match Worker::start(common.clone(), common.next_worker()) {
        Ok(worker) => worker,
        Err(error) if error.kind() == ErrorKind::OutOfMemory => panic!(
            "`block_on` of `{}` cannot start a worker: the memory strategy `{}` has no {} bytes left for it",
            C::NAME,
            C::Memory::NAME,
            spawn::root_bytes::<C>()
        ),
        Err(error) => panic!("`block_on` of `{}` cannot start a worker: {error}", C::NAME),
    };
    struct Close<C: Config>(NonNull<Worker<C>>);
    impl<C: Config> Drop for Close<C> {
        fn drop(&mut self) {
            // What is left of a driver without state is over.
            let by = if <C::Driver as Driver>::STATELESS { Nanos(0) } else { Nanos::of(C::SHUTDOWN_TIMEOUT) };
            // SAFETY: this thread started the worker, and has left its context.
            unsafe { close::close(self.0, by) };
        }
    }
    let _close = Close(worker);
    // SAFETY: this thread is the owner of the worker, which is neither running nor closed.
    unsafe { single::block_on(worker, future) }
}

/// Does this thread run a worker of the runtime?
fn is_inside<C: Config>(common: &Arc<Common<C>>) -> bool {
    ambient::worker_in(common).is_some()
}
