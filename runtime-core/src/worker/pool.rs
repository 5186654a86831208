//! The worker and the blocking pool of its runtime: what a thread of the pool holds, and how a job gets there.

use super::Worker;
use crate::blocking::job::Job;
use crate::blocking::{Keep, Pool};
use crate::config::Config;
use crate::roles::{Threads, Topology};
use crate::task::header::Untyped;
use crate::task::home::Home;
use core::ptr::NonNull;

/// A thread of the pool holds the home of the worker that started it, as a handle does; of a team, its lead.
pub(crate) struct Held<C: Config>(NonNull<Worker<C>>);

// SAFETY: it holds a reference of the home, and what it gives may be used from any thread.
unsafe impl<C: Config> Send for Held<C> {}

impl<C: Config> Held<C> {
    /// # Safety
    /// As [`Worker::anchor`].
    pub(crate) unsafe fn new(worker: NonNull<Worker<C>>) -> Self {
        // SAFETY: as the caller.
        let worker = unsafe { Worker::anchor(worker) };
        // SAFETY: alive (contract).
        unsafe { worker.as_ref() }.home.acquire();
        Held(worker)
    }

    /// What the workers of its runtime share.
    pub(crate) fn common(&self) -> &super::Common<C> {
        // SAFETY: this holds the home.
        &unsafe { self.0.as_ref() }.common
    }
}

impl<C: Config> Keep<C::Threads> for Held<C> {
    fn pool(&self) -> &Pool<C::Threads> {
        &self.common().pool
    }
    fn home(&self) -> *const () {
        self.0.as_ptr().cast_const().cast()
    }
    fn begins(&self) {
        if C::PIN_WORKERS {
            // It was started by a pinned worker, and inherited its one processor.
            let mut cpus = alloc::vec::Vec::new();
            C::Topology::for_each_cpu(|cpu| cpus.push(cpu));
            // Refused only if all of these processors went just now: then it runs where the system put it.
            let _ = C::Topology::pin(&cpus);
        }
    }
}

impl<C: Config> Drop for Held<C> {
    fn drop(&mut self) {
        // SAFETY: the reference that `new` took.
        unsafe { Home::release(Worker::home_of(self.0)) };
    }
}

/// May the runtimes of `C` run blocking jobs?
pub(crate) const fn any<C: Config>() -> bool {
    C::BLOCKING_THREADS_MAX > 0 && <C::Threads as Threads>::MAY_START
}

/// Gives a job to the pool, for who does not know `C`: an entry of the table of homes.
///
/// # Safety
/// The caller holds `home`, which is of a worker of `C`; `job` came from [`Job::into_untyped`], and is not used again.
pub(super) unsafe fn offload<C: Config>(home: NonNull<()>, job: Untyped) {
    let worker = home.cast::<Worker<C>>();
    // SAFETY: as the caller.
    let job = unsafe { Job::from_untyped(job) };
    // SAFETY: the caller holds the home.
    let pool = &unsafe { worker.as_ref() }.common.pool;
    // SAFETY: as above: called before this returns.
    pool.submit(job, || unsafe { Held::new(worker) });
}
