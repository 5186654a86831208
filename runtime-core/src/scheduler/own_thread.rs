//! What [`ThreadPerTask`](super::ThreadPerTask) does: a worker and a thread for each task.
//!
//! # The life of a task
//! 1. The spawner starts a worker, puts the task into its queue, and enters both into the registry of the runtime. If that
//!    is closed, the worker is closed at once: the task is cancelled.
//! 2. The spawner starts a thread and hands it the worker. Who wins the `Claim` is the worker's owner from then on:
//!    the thread or, when the system starts none, the spawner, who rejects the task and closes the worker.
//! 3. The thread runs the queue until the task is complete. Nothing else ever comes into it: what the task spawns has
//!    threads of its own.
//! 4. The thread closes the worker and leaves the registry.
//!
//! # Shutdown
//! [`stop`] closes the registry and asks every task to end, then interrupts open resources; [`wait`] waits. In this order: an
//! operation that was interrupted finds its task asked to end, or soon will, and says "pending" rather than what the system
//! said; see [`Operation`](crate::driver::Operation).

use super::claim::Claim;
use super::turns::turns_until;
use crate::config::{Config, SharingOf};
use crate::error::Error;
use crate::roles::{Driver, Nanos, Threads};
use crate::sharing::Sharing;
use crate::task::current::Entered;
use crate::task::header::Task;
use crate::task::join::Rejected;
use crate::task::{AbortHandle, JoinHandle, run, state};
use crate::worker::spawn::Extra;
use crate::worker::{Common, Worker, close, spawn};
use alloc::sync::Arc;
use core::ptr::NonNull;
use core::time::Duration;

/// Spawns a task on a thread of its own. Gives the future back when there is no memory for it or for its worker.
///
/// # Panics
/// If there is no memory for the worker of a task that lies in a place.
///
/// # Safety
/// The scheduler of `C` is `Shared`; `F` and its output are `Send`.
pub(crate) unsafe fn try_spawn<C: Config, F: Future + 'static, X: Extra>(
    common: &Arc<Common<C>>,
    future: F,
    extra: X,
) -> Result<JoinHandle<F::Output>, F> {
    let name = extra.name().unwrap_or("task");
    let Ok(worker) = Worker::start(common.clone(), common.next_worker()) else {
        if X::PLACED {
            no_worker(C::NAME);
        }
        return Err(future);
    };
    // SAFETY: new, so this thread is its owner.
    match unsafe { spawn::try_spawn_with(worker, future, extra) } {
        Ok(handle) => {
            // SAFETY: the worker is ours, and the task is its only one.
            unsafe { start(worker, handle.abort_handle(), name) };
            Ok(handle)
        }
        Err(future) => {
            // SAFETY: the owner, not inside.
            unsafe { close::close(worker, Nanos(0)) };
            Err(future)
        }
    }
}

/// What the spawn of a task in a place says, whose error is that the pool is full.
#[cold]
#[inline(never)]
fn no_worker(config: &str) -> ! {
    panic!("there is no memory for the worker of another task of `{config}`, which gives every task a worker")
}

/// A worker on its way to its thread.
struct Handed<C: Config> {
    worker: NonNull<Worker<C>>,
    id: usize,
    task: AbortHandle,
    common: Arc<Common<C>>,
    claim: Arc<Claim>,
}

// SAFETY: who wins the claim is the worker's only owner. What the worker holds may be used by another thread than made it:
// the driver is `Send` (`Live`), memory and tasks are by the bounds of their traits.
unsafe impl<C: Config> Send for Handed<C> {}

impl<C: Config> Handed<C> {
    /// What the thread does from its start to its end.
    fn run(self) {
        if !self.claim.win() {
            return; // its start was reported as failed
        }
        struct Leave<'a, C: Config>(&'a Handed<C>);
        impl<C: Config> Drop for Leave<'_, C> {
            fn drop(&mut self) {
                // SAFETY: the claim was won, and the context was left.
                unsafe { close::close(self.0.worker, Nanos(0)) };
                self.0.common.task_threads.leave(self.0.id);
            }
        }
        let _leave = Leave(&self);
        let _context = Entered::new(self.worker.as_ptr().cast_const().cast());
        // SAFETY: the claim was won, and this is the worker's context.
        unsafe { turns_until(self.worker, || self.task.is_finished()) };
    }
}

/// Steps 2 to 4 of a task's life.
///
/// # Safety
/// The caller is the owner of `worker`, and gives it up; `task` is the one task in its queue.
unsafe fn start<C: Config>(worker: NonNull<Worker<C>>, task: AbortHandle, name: &str) {
    // SAFETY: the owner.
    let common = unsafe { worker.as_ref() }.common.clone();
    let Some(id) = common.task_threads.enter(&task) else {
        // SAFETY: the owner, not inside.
        unsafe { close::close(worker, Nanos(0)) };
        return;
    };
    let claim = Arc::new(Claim::new());
    let handed = Handed { worker, id, task: task.clone(), common: common.clone(), claim: claim.clone() };
    match C::Threads::start(&alloc::format!("{}-{name}", C::NAME), move || handed.run()) {
        Ok(thread) => common.task_threads.started(id, Some(thread)),
        Err(error) => {
            if claim.win() {
                // SAFETY: the claim was won.
                unsafe { not_started(worker, &task, error) };
                common.task_threads.leave(id);
            }
            common.task_threads.started(id, None);
        }
    }
}

/// The system has no thread: the handle says so.
///
/// # Safety
/// The caller is the owner of `worker`, which never ran, and gives it up; `task` is its task.
#[cold]
unsafe fn not_started<C: Config>(worker: NonNull<Worker<C>>, task: &AbortHandle, error: Error) {
    {
        // The future is dropped as its worker would drop it.
        let _context = Entered::new(worker.as_ptr().cast_const().cast());
        // SAFETY: the abort handle keeps it alive.
        unsafe { reject(task.task::<SharingOf<C>>(), Rejected::NoThread(error)) };
    }
    // SAFETY: the owner, not inside.
    unsafe { close::close(worker, Nanos(0)) };
}

/// Drops the future; the handle says why.
///
/// # Safety
/// The caller is the owner, in its context, and holds a reference of the task, which never ran.
unsafe fn reject<S: Sharing>(task: Task<S>, why: Rejected) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    if let Some(queued) = state::seize(header) {
        // SAFETY: RUNNING is ours, the future is there.
        unsafe { run::cancel_because(task, queued, Some(why)) }
    }
}

/// Asks every task to end, and frees the threads that are blocked in operations. Does not wait.
pub(crate) fn stop<C: Config>(common: &Common<C>) {
    common.task_threads.close();
    interrupt::<C>(common);
}

/// Frees the threads that are blocked in operations.
fn interrupt<C: Config>(common: &Common<C>) {
    if <C::Driver as Driver>::STATELESS {
        common.open.close(<C::Driver as Driver>::interrupt);
    }
}

/// Waits until the threads of all tasks are gone, for at most `timeout`, and frees them again where the driver asks for it;
/// returns how many are left. After [`stop`].
pub(crate) fn wait<C: Config>(common: &Common<C>, timeout: Duration) -> usize {
    let mut left = timeout;
    if let Some(again) = const { <C::Driver as Driver>::INTERRUPT_AGAIN } {
        while left > again && !common.task_threads.are_gone_within(again) {
            left -= again;
            interrupt::<C>(common);
        }
    }
    common.task_threads.wait(left)
}
