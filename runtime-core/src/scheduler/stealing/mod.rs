//! What [`WorkStealing`](super::WorkStealing) does: several workers, each on a thread of its own, that take tasks from each
//! other. Queues and who sleeps are in [`steal`](crate::task::steal); here is the loop of a worker, and where a new task goes.
//! What becomes of a worker whose thread blocks is in [`in_place`].
//!
//! Start and shutdown are those of [`per_core`](super::per_core), with the same threads, seats and claims, and what follows.
//!
//! # A turn
//! 1. What runs next: each so many tasks one of the injector; else the task in the LIFO slot, unless so many came from there in a
//!    row; else the oldest of the local queue; else one that is kept, which also comes every second turn; else the worker's
//!    share of the injector. The injector is that of the worker's memory node. Of two classes: `lanes` in
//!    [`steal`](crate::task::steal).
//! 2. It runs. Every `EVENT_INTERVAL` polls the worker looks at its inbox, its timers and its driver.
//! 3. Nothing to run: the worker takes in what came and fires timers, then searches, if not half of the workers do already.
//! 4. Nothing found: it says that it sleeps, looks at all queues once more, and sleeps in its driver, until its next deadline at
//!    most. *Says so before it looks*: see [`idle`](crate::task::steal).
//! 5. It rises: takes in what came, and if it was chosen for new work, it searches on.
//!
//! # Shutdown
//! As the steps 1 to 6 of [`per_core`](super::per_core). Within step 3, each worker that closes:
//! 1. Says in its table, under the lock, that the walk begins. *Before the walk*: a task that a foreign thread lists after it was
//!    missed is cancelled by that thread.
//! 2. Walks over the tasks that were spawned on it. One that is parked or queued, wherever that is, it cancels here; who pops it
//!    later finds it complete, or seized, and leaves it. One that another worker is running it marks: that worker cancels it
//!    when its poll ends, so its future is dropped before that worker leaves. *Not waiting for it*: a poll that does not end
//!    holds up its own worker only.
//! 3. Empties its queues: what is there and not complete is of a worker that has not walked yet, and is cancelled here.
//!    *After the walk*: a task of its own that it had queued meanwhile would be left in a queue that nobody pops from.
//! 4. Leaves the crew. The last one closes the injectors and empties them. *The last*: until then another worker may wake a task
//!    into it. What is pushed later is of a task that is complete: all have walked.
//!
//! A worker from which threads are [away](in_place) does not close until they are back. Until then it goes on, but for the tasks
//! that it has cancelled as in 2.
//!
//! A worker that ends before its runtime hands its queue to the injector instead (3.), and cancels the tasks that were spawned
//! on it: their memory, and the timers of those that wait there, are its own.

use crate::config::{Config, LiveQueueOf, QueueOf};
use crate::roles::{Scheduler, on_demand};
use crate::sharing::{SeatWord, Sharing};
use crate::task::JoinHandle;
use crate::task::header::Task;
use crate::task::run;
use crate::task::steal::{Found, Seat, Seated};
use crate::worker::demand;
use crate::worker::shown::Shown;
use crate::worker::spawn::{self, Extra};
use crate::worker::{Common, Worker, ambient};
use alloc::sync::Arc;
use core::ptr::NonNull;

pub(crate) mod in_place;
#[cfg(all(test, not(loom)))]
mod tests;

/// Spawns a task that moves, from any thread: on the worker that this thread runs, or on the one whose turn it is. Gives the
/// future back when there is no memory for it.
///
/// # Safety
/// The caller holds the runtime, or runs a worker of it. `F` and its output are `Send`.
#[inline]
pub(crate) unsafe fn try_spawn<C: Config, F: Future + 'static, X: Extra>(
    common: &Arc<Common<C>>,
    future: F,
    extra: X,
) -> Result<JoinHandle<F::Output>, F> {
    if let Some(here) = ambient::worker_in(common) {
        // SAFETY: this thread is running the worker.
        let home = unsafe { &here.as_ref().home };
        // That of a `block_on` is of no crew; while it closes, it cancels the task at once.
        if !home.seat.get().is_null() || home.closing.get() {
            // SAFETY: this thread is running it; the future is `Send`.
            return unsafe { spawn::try_spawn_with(here, future, extra) };
        }
    }
    match demand::in_turn(common) {
        // SAFETY: whoever holds the runtime may name its team; the bounds are the caller's.
        Ok(worker) => unsafe { spawn::spawn_foreign(worker, future, extra) },
        // SAFETY: as above.
        Err(unserved) => unsafe { spawn::spawn_unserved(unserved.worker, future, extra, unserved.why()) },
    }
}

/// Runs the tasks of the crew until the runtime asks the worker to end.
///
/// # Safety
/// The caller is the owner of `worker`, in its context, and the thread that was started for it; it is of a crew.
pub(crate) unsafe fn turns<C: Config>(worker: NonNull<Worker<C>>) {
    // SAFETY: the owner.
    let home = unsafe { &worker.as_ref().home };
    let seat = home.seat.get();
    // SAFETY: this thread runs the worker until the loop is left, but while it is away.
    let _seated = unsafe { Seated::<LiveQueueOf<C>>::new(seat) };
    // SAFETY: the seat lives as long as the crew, which the worker holds, and is of the config's kind.
    let seat = unsafe { &*seat.cast::<Seat<LiveQueueOf<C>>>() };
    // One whose thread starts on demand counts as asleep until now.
    // SAFETY: this thread runs the worker, between polls.
    unsafe { seat.rises(false) };
    if on_demand::<C::Scheduler>() {
        seat.has_thread();
    }
    // SAFETY: the owner, until this returns.
    let shown = unsafe { Shown::new(worker) };
    let mut until_look = Worker::<C>::LOOK_INTERVAL;
    loop {
        while !home.attends.get() {
            // SAFETY: the owner, between polls.
            unsafe { turn::<C, true>(worker, seat, &shown, &mut until_look, false) };
        }
        // SAFETY: as above.
        if !unsafe { in_place::attends(worker, seat, &shown) } {
            return;
        }
    }
}

/// One turn: a task, or a sleep. `BASE`: by the thread that was started for the worker, which alone runs what is kept there.
/// `attends`: the loop looks whether the worker is to end, or others want to run it, before the next turn.
///
/// # Safety
/// The caller is the owner of `worker`, in its context, between polls; `seat` is its own.
#[inline(always)]
unsafe fn turn<C: Config, const BASE: bool>(
    worker: NonNull<Worker<C>>,
    seat: &Seat<LiveQueueOf<C>>,
    shown: &Shown<C>,
    until_look: &mut u32,
    attends: bool,
) {
    // SAFETY: the owner.
    let home = unsafe { &worker.as_ref().home };
    // SAFETY: the owner, between polls.
    let kept = BASE && !unsafe { home.queue_is_empty() };
    // SAFETY: as above.
    let found = match unsafe { seat.next(kept) } {
        Some(found) => found,
        // SAFETY: as above.
        None => match seat.between(|| unsafe { idle(worker, seat, attends) }) {
            Some(found) => found,
            None => {
                *until_look = Worker::<C>::LOOK_INTERVAL;
                return;
            }
        },
    };
    let task = match found {
        Found::Task(task) => Some(same(task)),
        // SAFETY: the owner.
        Found::Kept => unsafe { home.queue_pop() },
        Found::Nothing(_) => None,
    };
    let Some(task) = task else { return };
    Worker::<C>::grant_budget(home);
    seat.polls();
    // SAFETY: popped here, with its pin.
    unsafe { shown.begins(task) };
    // SAFETY: the owner; popped here, with its pin; the home has a seat.
    unsafe { run::run::<_, QueueOf<C>>(task, home) };
    shown.ends();
    *until_look -= 1;
    if *until_look == 0 {
        *until_look = Worker::<C>::LOOK_INTERVAL;
        // SAFETY: the owner, between polls.
        seat.between(|| unsafe { Worker::__bespoke_cold_look_around(worker, 0) });
    }
}

/// Steps 3 to 5 of a turn: something to run, or `None` after a sleep.
///
/// # Safety
/// As [`turn`].
#[cold]
unsafe fn idle<C: Config>(worker: NonNull<Worker<C>>, seat: &Seat<LiveQueueOf<C>>, attends: bool) -> Option<Found> {
    // 3.
    // SAFETY: the owner, between polls.
    let next = unsafe { Worker::take_in(worker) };
    // What came may be queued here now.
    let may_sleep = if attends {
        // SAFETY: as above.
        unsafe { in_place::may_sleep(worker, seat) }
    } else {
        // SAFETY: as above.
        unsafe { Worker::may_sleep(worker) }
    };
    if !may_sleep {
        return None;
    }
    // SAFETY: as above.
    if let Some(found) = unsafe { seat.next(false) } {
        return Some(found);
    }
    let found = if const { times_searches::<C>() } {
        // SAFETY: as above.
        unsafe { seat.search::<true>() }
    } else {
        // SAFETY: as above.
        unsafe { seat.search::<false>() }
    };
    let most = match found {
        Found::Nothing(most) => most,
        found => return Some(found),
    };
    // 4.
    // SAFETY: as above.
    unsafe { Worker::sleep(worker, next, most) };
    // 5.
    // SAFETY: as above.
    unsafe { seat.rises(most.is_some_and(|most| !most.is_zero())) };
    None
}

/// Does the policy want to know how long workers search?
pub(crate) const fn times_searches<C: Config>() -> bool {
    match <C::Scheduler as Scheduler>::STEALING {
        Some(stealing) => stealing.times_searches,
        None => false,
    }
}

/// The scheduler is of `Moving`, so both are the same type.
fn same<S: Sharing>(task: Task<crate::sharing::Moving>) -> Task<S> {
    assert!(S::SHARED, "tasks that move are shared");
    task.cast()
}
