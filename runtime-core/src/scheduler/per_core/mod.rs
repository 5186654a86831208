//! What [`PerCore`](super::PerCore) does: several workers, each on a thread of its own, each with its driver, its wheel and its
//! memory. Tasks stay where they were placed, so their loop is that of one worker, and all that workers have to do with each
//! other goes through their inboxes: tasks, wakes, and the request to end.
//!
//! | file | holds |
//! |---|---|
//! | `start` | making the workers and their threads, and what is undone if one cannot be made |
//! | `thread` | what each thread does from its start to its end |
//!
//! Here: where a task goes, and the shutdown.
//!
//! # Start
//! 1. The thread that starts the runtime makes every worker, memory and driver with it: what the system refuses is the error of
//!    `Runtime::new`, and the workers made before are closed there and then.
//! 2. It makes a team of them ([`Home::follow`](crate::task::home::Home::follow)) and writes the list of members. *Before*
//!    there is any thread: one that ran already could place a task on a worker that is not in the list yet, or free its own
//!    memory, counted by itself, while another one names it.
//! 3. It starts a thread for each, which claims its worker. *Claims*: a source of threads may report a failure for a thread that
//!    runs all the same, and both would close the worker.
//! 4. Each thread pins itself, if the config asks, and arrives in its driver; then it says whether it can run. The starter waits
//!    for all of them, unless none of this can fail. *Waits*: `Runtime::new` would otherwise yield a runtime with a worker that
//!    never polls what it is given.
//! 5. If anything was refused, the runtime is shut down as below, workers without a thread are closed by the starter, and the
//!    error is what was refused first.
//!
//! # Threads on demand
//! Where the policy of a stealing scheduler says so, steps 3 and 4 are not of the start, nor is what step 1 says of drivers, but
//! for that of the first worker: see [`demand`](crate::worker::demand).
//!
//! # Shutdown
//! Steps 2 to 9 of the end of a runtime, which stands as a whole in `scheduler/README.md`, counted by themselves:
//! 1. The runtime says that it is closed and until when workers may wait for operations. *Before* anybody is asked to end: a
//!    worker that closes asks for the time.
//! 2. It posts the request to end into the inbox of each worker ([`Worker::stop`]). *Into the inbox*: a flag that is set
//!    between a worker's last look and its sleep would never be seen, and a push is what ends a sleep. Behind whatever was
//!    posted before, so a task that another thread spawned before the shutdown is at least cancelled by its worker. A worker
//!    without a thread it closes itself, as in 3. and 4. *After step 1*: nobody starts a thread for it any more.
//! 3. Each thread leaves its loop and closes its worker by the steps of [`close`](crate::worker::close), all of them at the
//!    same time. What a task drops there may spawn: a worker that closes itself takes it, and cancels it at once; one that
//!    is still open takes it, and cancels it when it closes; and one that has closed its inbox lets the spawner cancel it.
//!    *A team*: the memory of a worker that has closed stays while any other may still name it.
//! 4. The thread leaves its seat ([`Cores::leave`](crate::worker::cores::Cores::leave)). *After* the close of its worker:
//!    the seat says what was drained, and whoever joins a thread that has left must not wait for it longer than was said.
//!    *Under the lock*: a thread that leaves between the look of who waits and its sleep would not be heard.
//! 5. The runtime waits until all have left, at most so long, and joins their threads; where one can be joined within a time
//!    ([`JoinThread::join_within`](crate::roles::JoinThread::join_within)), that is the wait. A thread that is still inside a
//!    poll then is left alone: it hears the request when the poll returns, closes its worker, and ends. A runtime that is
//!    dropped by a task of its own does not wait for that task's worker; and one that is dropped by what a task left with a
//!    driver, by a waker, say, waits for none.
//! 6. The runtime gives back its reference of the team. *After step 5*: a thread that closes its worker names it. The memory
//!    of all workers goes with the last one: that of a handle, a waker, a resource, or a thread that was left alone.
//!
//! # A worker that ends before its runtime
//! A panic outside of the tasks ends one worker: it gets no more tasks in turn, and closes itself; it waits for operations as
//! long as a shutdown does, since others wait for what its driver has on its way. Its tasks are cancelled, and their handles
//! say by what (not of a task that moves and runs elsewhere meanwhile, which that worker cancels); operations on its resources
//! say that they are closed;
//! what is placed there by name is cancelled at once, as its inbox is closed. Nothing of the other workers is touched.

mod start;
#[cfg(all(test, not(loom)))]
mod tests;
mod thread;

pub(crate) use start::start;
pub(super) use thread::outside_of_tasks;

use super::stealing::in_place;
use crate::config::Config;
use crate::roles::Drained;
use crate::task::JoinHandle;
use crate::task::home::Home;
use crate::worker::demand::{self, Unserved};
use crate::worker::spawn::{self, Extra};
use crate::worker::{Common, Worker, ambient};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ptr::NonNull;
use core::time::Duration;
use std::time::Instant;

/// The worker that gets the next task: that whose turn it is; or this one, while it closes, which cancels the task at once.
#[inline]
///
/// # Errors
/// There is no thread to run it, and the system starts none; then the worker does not run what it is given.
pub(crate) fn next<C: Config>(common: &Arc<Common<C>>) -> Result<NonNull<Worker<C>>, Unserved<C>> {
    match ambient::worker_in(common) {
        // SAFETY: this thread is running the worker.
        Some(here) if unsafe { here.as_ref() }.home.closing.get() => Ok(here),
        _ => demand::in_turn(common),
    }
}

/// The worker that has least to do; or this one, while it closes, as in [`next`].
///
/// # Safety
/// The caller may name the team (invariant 1 of [`cores`](crate::worker::cores)).
pub(crate) unsafe fn least_loaded<C: Config>(common: &Arc<Common<C>>) -> NonNull<Worker<C>> {
    match ambient::worker_in(common) {
        // SAFETY: this thread is running the worker.
        Some(here) if unsafe { here.as_ref() }.home.closing.get() => here,
        // SAFETY: as the caller.
        _ => unsafe { common.cores.least_loaded() },
    }
}

/// Spawns a task on `worker`, from any thread; gives the future back when there is no memory for it.
///
/// # Safety
/// The caller may name `worker` (invariant 1 of [`cores`](crate::worker::cores)). `F` and its output are `Send`, or this thread
/// is running `worker`.
#[inline]
pub(crate) unsafe fn try_spawn<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
) -> Result<JoinHandle<F::Output>, F> {
    if Home::is_current(Worker::home_of(worker)) {
        // SAFETY: this thread is running it; its tasks never move.
        unsafe { spawn::try_spawn_with(worker, future, extra) }
    } else {
        // SAFETY: as the caller.
        unsafe { spawn::spawn_foreign(worker, future, extra) }
    }
}

/// Steps 1 to 5 of the shutdown: which workers are still running, and what the others drained.
pub(crate) fn stop<C: Config>(common: &Arc<Common<C>>, start: Instant, timeout: Duration) -> (Box<[usize]>, Drained) {
    // 1.
    common.cores.close(Some((start, timeout)));
    // 2.
    ask_to_end(common);
    demand::close_the_others(common);
    // 5.
    let is_own = |home| Home::is_current(home) || in_place::is_away_from(home.as_ptr().cast_const().cast());
    let own = common.cores.members().iter().position(|member| is_own(Worker::home_of(member.worker)));
    // Inside a gate, a worker that closes waits for this thread.
    let timeout = if crate::worker::gate::is_inside() { Duration::ZERO } else { timeout };
    let left = || timeout.saturating_sub(start.elapsed());
    let (running, drained) = common.cores.wait(left, own);
    if running.is_empty() {
        common.cores.end_stand_ins(left());
    }
    (running, drained)
}

/// Asks every worker to end.
fn ask_to_end<C: Config>(common: &Common<C>) {
    for member in common.cores.members() {
        // SAFETY: the caller starts or closes the runtime, and holds its reference of the team.
        unsafe { Worker::stop(member.worker) };
    }
}
