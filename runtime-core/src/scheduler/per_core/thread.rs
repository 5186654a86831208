//! What the thread of a worker does from its start to its end: the numbers are those of the [module](super).

use super::super::claim::Claim;
use super::super::{stealing, turns::turns_until};
use crate::config::Config;
use crate::error::Error;
use crate::roles::{Live, Nanos, Topology, steals};
use crate::task::current::Entered;
use crate::task::join::Rejected;
use crate::worker::{Common, Worker, close};
use alloc::sync::Arc;
use core::ptr::NonNull;

/// A worker on its way to its thread.
pub(super) struct Handed<C: Config> {
    pub(super) worker: NonNull<Worker<C>>,
    pub(super) index: usize,
    pub(super) common: Arc<Common<C>>,
    pub(super) claim: Arc<Claim>,
}

// SAFETY: who wins the claim is the worker's only owner. What the worker holds may be used by another thread than made it:
// the driver is `Send` (`Live`), memory and tasks are by the bounds of their traits.
unsafe impl<C: Config> Send for Handed<C> {}

impl<C: Config> Handed<C> {
    /// From the start of the thread to its end.
    pub(super) fn run(self) {
        // 3.
        if !self.claim.win() {
            return; // its start was reported as failed, and the starter has closed the worker
        }
        let (by, why) = match outside_of_tasks(|| self.work()) {
            // The starter has heard of it, and the runtime closes; or nobody waits to hear it.
            Ok(Err(error)) => {
                self.common.cores.loses(self.index);
                (Nanos(0), Some(Rejected::NoThread(error)))
            }
            Ok(Ok(())) => (Nanos::of(self.common.cores.time_left()), None),
            Err(Panicked) => {
                self.common.cores.loses(self.index);
                let why = Rejected::WorkerGone { config: C::NAME, worker: self.index };
                if steals::<C::Scheduler>() {
                    // SAFETY: the claim was won, and this thread runs no turns any more.
                    unsafe { stealing::in_place::until_all_are_back(self.worker, why) };
                }
                // Others wait for what this driver has on its way: they hear once the system has let go of it. One that
                // cannot ask the system any more says so at once.
                let cores = &self.common.cores;
                let limit = if cores.is_closed() { cores.time_left() } else { C::SHUTDOWN_TIMEOUT };
                (Nanos::of(limit), Some(why))
            }
        };
        // 3. of the shutdown.
        // SAFETY: the claim was won, and the context was left.
        let drained = unsafe { close::close_because(self.worker, by, why) };
        // 4.
        self.common.cores.leave(self.index, drained);
    }

    /// # Errors
    /// This thread cannot run the worker.
    fn work(&self) -> Result<(), Error> {
        let _context = Entered::new(self.worker.as_ptr().cast_const().cast());
        let arrived = self.arrive();
        // 4.
        self.common.cores.says(self.index, arrived);
        arrived?;
        // SAFETY: the claim was won.
        let stopping = unsafe { &self.worker.as_ref().home.stopping };
        if steals::<C::Scheduler>() {
            // SAFETY: the claim was won, and this is the worker's context; it is of a crew.
            unsafe { stealing::turns(self.worker) };
        } else {
            // SAFETY: the claim was won, and this is the worker's context.
            unsafe { turns_until(self.worker, || stopping.get()) };
        }
        Ok(())
    }

    /// Makes this thread the one that the worker runs on.
    fn arrive(&self) -> Result<(), Error> {
        if let Some(cpu) = self.common.cores.members()[self.index].cpu {
            C::Topology::pin(&[cpu])?;
        }
        // SAFETY: the claim was won; the driver is there.
        unsafe { Worker::driver(self.worker) }.arrive()
    }
}

/// A worker panicked outside of its tasks. The panic hook has told of it.
pub(in crate::scheduler) struct Panicked;

/// Under loom nothing is caught: the panic would be that of the model.
pub(in crate::scheduler) fn outside_of_tasks<R>(work: impl FnOnce() -> R) -> Result<R, Panicked> {
    #[cfg(not(loom))]
    {
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(work)).map_err(|panic| {
            crate::task::run::drop_panic(panic);
            Panicked
        })
    }
    #[cfg(loom)]
    {
        Ok(work())
    }
}
