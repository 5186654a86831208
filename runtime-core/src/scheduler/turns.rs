//! The loop of a worker that has a thread to itself.

use crate::config::{Config, QueueOf};
use crate::task::run;
use crate::worker::Worker;
use crate::worker::shown::Shown;
use core::ptr::NonNull;

/// Runs the queue until `over`, which is asked before each poll and after each sleep.
///
/// # Safety
/// The caller is the owner, in its context.
pub(super) unsafe fn turns_until<C: Config>(worker: NonNull<Worker<C>>, over: impl Fn() -> bool) {
    // SAFETY: the owner.
    let home = unsafe { &worker.as_ref().home };
    // SAFETY: the owner, until this returns.
    let shown = unsafe { Shown::new(worker) };
    let mut until_look = Worker::<C>::LOOK_INTERVAL;
    while !over() {
        // SAFETY: the owner.
        let Some(next) = (unsafe { home.queue_pop() }) else {
            // SAFETY: the owner, between polls.
            unsafe { Worker::__bespoke_cold_idle(worker, Worker::<C>::LOOK_INTERVAL - until_look) };
            until_look = Worker::<C>::LOOK_INTERVAL;
            continue;
        };
        Worker::<C>::grant_budget(home);
        // SAFETY: popped here, with its pin.
        unsafe { shown.begins(next) };
        // SAFETY: the owner; popped here.
        unsafe { run::run::<_, QueueOf<C>>(next, home) };
        shown.ends();
        until_look -= 1;
        if until_look == 0 {
            until_look = Worker::<C>::LOOK_INTERVAL;
            // SAFETY: the owner, between polls.
            unsafe { Worker::__bespoke_cold_look_around(worker, Worker::<C>::LOOK_INTERVAL) };
        }
    }
    // SAFETY: the owner, between polls.
    let this = unsafe { worker.as_ref() };
    // SAFETY: as above.
    unsafe { this.counts(Worker::<C>::LOOK_INTERVAL - until_look) };
}
