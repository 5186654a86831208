//! The blocking pool: threads for closures that would hold up a worker, and `spawn_blocking`.
//!
//! | file | holds |
//! |---|---|
//! | `job` | a closure with a task's front: state, result, the verbs of its join handle |
//! | `queue` | the jobs that wait |
//! | `seat` | where one idle thread waits |
//! | `pool` | [`Pool`]: which thread takes which job; start, keep-alive, shutdown |
//!
//! A job goes, in this order of preference: to the thread that went idle last (its caches are warm, and those below it get
//! to end); to a new thread, if there are fewer than `BLOCKING_THREADS_MAX`; into the queue, if fewer than
//! `BLOCKING_QUEUE_MAX` wait there; back to the caller, as a handle that says *rejected*. Every job resolves exactly once:
//! it ran, it was aborted before it ran, it was cancelled by shutdown, or it was rejected.
//!
//! *Architecture Invariant:* this room knows no `Config`, no `Home` and no `Worker`. What a thread of the pool keeps alive,
//! and which home it works for, comes in through [`Keep`].
//!
//! *Architecture Invariant:* no code of the user's runs under the pool's lock: closures, their drops and foreign wakers run
//! after it was given back.

pub(crate) mod job;
mod pool;
mod queue;
mod seat;
#[cfg(test)]
mod tests;

pub(crate) use pool::{Limits, Load, Pool};

use crate::config::PanicPolicy;
use crate::roles::Threads;
use crate::task::JoinHandle;

/// What a thread of the pool holds from its start to its end.
pub(crate) trait Keep<T: Threads>: Send + 'static {
    /// The pool, alive as long as this is.
    fn pool(&self) -> &Pool<T>;
    /// The home that the thread works for, alive as long as this is; or null.
    fn home(&self) -> *const ();
    /// The thread begins: the first that it does.
    fn begins(&self) {}
}

/// Makes a job of `closure` and gives it to `pool`. `keep` is called when a thread has to be started.
#[inline]
pub(crate) fn spawn<T: Threads, F, R, K: Keep<T>>(
    pool: &Pool<T>,
    policy: PanicPolicy,
    closure: F,
    keep: impl FnOnce() -> K,
) -> JoinHandle<R>
where
    F: FnOnce() -> R + Send + 'static,
    R: Send + 'static,
{
    let (job, handle) = job::Job::new(closure, policy);
    pool.submit(job, keep);
    handle
}
