//! The loop of [`SingleThread`](super::SingleThread): one FIFO queue, and a look around every `EVENT_INTERVAL` polls.
//!
//! The future of `block_on` is an entry of the same queue (the *root*, a task without a future of its own), so that it is
//! never polled out of turn, and nobody starves.

use crate::config::{Config, QueueOf};
use crate::roles::Live;
use crate::sharing::StateWord;
use crate::task::current::Entered;
use crate::task::run::run;
use crate::task::state::NOTIFIED;
use crate::task::waker::{borrowed, wake_by_owner};
use crate::worker::Worker;
use crate::worker::shown::Shown;
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// Runs the worker until `future` is ready.
///
/// # Safety
/// The caller is the owner; the worker is not running and not closed.
#[inline(never)]
pub(crate) unsafe fn block_on<C: Config, F: Future>(worker: NonNull<Worker<C>>, future: F) -> F::Output {
    // SAFETY: the owner.
    let this = unsafe { worker.as_ref() };
    let home = &this.home;
    let _context = Entered::new(worker.as_ptr().cast_const().cast());
    // SAFETY: the owner; the driver is there.
    if let Err(error) = unsafe { Worker::driver(worker) }.arrive() {
        panic!("the I/O driver cannot run on this thread: {error}");
    }
    // SAFETY: the owner, until this returns.
    let shown = unsafe { Shown::with_root::<F>(worker) };
    // Dropped before that: its drop is a part of its last poll.
    let mut future = pin!(future);
    let Some(root) = this.root() else { unreachable!("a worker that is not closed has a root") };
    // What other threads left while nobody ran comes first.
    // SAFETY: the owner, between polls.
    unsafe { Worker::visit_inbox(worker) };
    // SAFETY: the owner; the runtime holds the root.
    unsafe { wake_by_owner(root) };
    let mut until_look = Worker::<C>::LOOK_INTERVAL;
    loop {
        // SAFETY: the owner.
        match unsafe { home.queue_pop() } {
            Some(task) if task == root => {
                // SAFETY: the runtime holds the root.
                unsafe { root.as_ref() }.state.update(|s| (Some(s & !NOTIFIED), ()));
                Worker::<C>::grant_budget(home);
                // SAFETY: the root outlives the poll.
                let waker = unsafe { borrowed::<_, QueueOf<C>>(root) };
                shown.begins_root();
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    // SAFETY: the owner.
                    unsafe { this.counts(Worker::<C>::LOOK_INTERVAL - until_look + 1) };
                    return output;
                }
                shown.ends();
            }
            Some(task) => {
                Worker::<C>::grant_budget(home);
                // SAFETY: popped here, with its pin.
                unsafe { shown.begins(task) };
                // SAFETY: the owner; popped here.
                unsafe { run::<_, QueueOf<C>>(task, home) };
                shown.ends();
            }
            None => {
                // SAFETY: the owner, between polls.
                unsafe { Worker::__bespoke_cold_idle(worker, Worker::<C>::LOOK_INTERVAL - until_look) };
                until_look = Worker::<C>::LOOK_INTERVAL;
                continue;
            }
        }
        until_look -= 1;
        if until_look == 0 {
            until_look = Worker::<C>::LOOK_INTERVAL;
            // SAFETY: the owner, between polls.
            unsafe { Worker::__bespoke_cold_look_around(worker, Worker::<C>::LOOK_INTERVAL) };
        }
    }
}

/// What `block_on` inside its own runtime says.
pub(crate) struct Inside(pub(crate) &'static str);

impl core::fmt::Display for Inside {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "`block_on` was called inside the runtime `{}` that it would run; await the future instead", self.0)
    }
}
