//! The shutdown protocol of a worker, on its owner.
//!
//! 1. Enter the context; `closing`: a spawn from now on returns a handle that is cancelled already. What another thread
//!    spawns is cancelled by the walk of step 2 (`Shared`: the thread lists it itself), by its visit, here or in step 6, or, once
//!    the inbox is closed, by that thread.
//! 2. Cancel every task that is not complete, the root among them; take in what lies in the inbox; give up the pins
//!    of the run queue. A task that another worker is running (they take tasks from each other) is cancelled there, when its
//!    poll ends; and this one leaves their crew ([`steal::leave`]). The driver is still current: what tasks drop may use it. So
//!    may the [values](crate::task::worker_locals) of the worker, which are dropped behind the tasks: these may use them.
//! 3. Wake who sleeps outside the tasks, also for ever: a poll after the close says that the runtime is closed, a poll before
//!    is pending. No sleep begins any more. A waker that stayed in the wheel could hold a task of this worker, and so the
//!    wheel itself, for ever.
//! 4. Close the gate, then every open resource; from here on nothing is opened, and an operation that is polled here, by a
//!    waker for one, is pending for good: its resource may be closed, and the number of that another's. *The gate first*: other
//!    threads use the numbers inside it and, where tasks move, other workers the driver. One of those that polls from now on is
//!    pending if the runtime closes; if this worker ends alone, it asks again until step 6, and hears then that it is closed.
//! 5. Drain the driver, at most so long. Leave the context, and drop the driver: what it still holds of the user's, wakers and
//!    what hangs on them, is dropped as on a foreign thread, and finds the inbox instead of a driver that is half gone.
//! 6. Take references of the home for the guests; close the inbox; visit what was in it.
//! 7. Take references of the home for the tasks that are left; under `Local`, merge their counts. The run queue pins nothing
//!    after a merge: nobody pops it any more. (Since step 2, it may have got a task of another thread that was aborted
//!    before its first visit.)
//! 8. Give back the runtime's reference of the home.
//!
//! # It ends, whatever other threads do
//! Nothing here is repeated until the inbox stays empty: threads that spawn for ever could keep it filled. After step 1 the
//! owner lets no task into the table but one that is complete at once, and one that another thread lists under `Shared` comes
//! through the inbox, too, or finds it closed. So one walk over the table, as long as it is when the walk begins, cancels all
//! that were there, and after it no wake queues any of them. The inbox is taken twice, as it is at that moment. So close does
//! as much as there is to do at step 1, and what is pushed until it closes the inbox.

use super::{Worker, guests};
#[cfg(feature = "std")]
use crate::config::LiveQueueOf;
use crate::config::{Config, QueueOf, SharingOf};
use crate::loom::{Plant, planted};
use crate::roles::{Drained, Live, Nanos, steals};
#[cfg(feature = "std")]
use crate::sharing::SeatWord;
use crate::sharing::{Lock, Sharing};
use crate::task::header::Task;
use crate::task::home::Home;
use crate::task::join::Rejected;
use crate::task::owned::Owned;
use crate::task::refs;
use crate::task::run;
use crate::task::state;
#[cfg(feature = "std")]
use crate::task::steal;
use core::ptr::NonNull;

/// Closes `worker`. `by`: how long operations may take that the system still holds.
///
/// # Safety
/// The caller is the owner, is not inside the worker's context, and uses the worker no more.
pub(crate) unsafe fn close<C: Config>(worker: NonNull<Worker<C>>, by: Nanos) -> Drained {
    // SAFETY: as the caller.
    unsafe { close_because(worker, by, None) }
}

/// As [`close`], of a worker that ends before its runtime does: `why` is what the handles of its tasks say.
///
/// # Safety
/// As [`close`].
pub(crate) unsafe fn close_because<C: Config>(worker: NonNull<Worker<C>>, by: Nanos, why: Option<Rejected>) -> Drained {
    // SAFETY: the owner holds the runtime's reference until step 8.
    let this = unsafe { worker.as_ref() };
    let home = &this.home;
    let mut drained = Drained::default();
    let live;
    {
        // 1.
        let _context = crate::task::current::Entered::new(worker.as_ptr().cast_const().cast());
        home.closing.set(true);
        // SAFETY: the owner, whose driver is there if it was made.
        let driver = || unsafe { Worker::driver_if_any(worker) };
        if let Some(driver) = driver() {
            // One that cannot run here says so again when it drains, by what it leaks.
            if driver.arrive().is_ok() {
                run::guard(|| driver.closes());
            }
        } else {
            // What is dropped here finds none, as behind step 4.
            // SAFETY: the owner, in its context.
            unsafe { shut(worker) };
        }
        // 2.
        // SAFETY: the owner, in its context.
        unsafe { cancel_all(worker, why, true) };
        // SAFETY: the owner took it.
        unsafe { Worker::visit_all(worker, home.inbox.take(), true, false) };
        #[cfg(feature = "std")]
        if steals::<C::Scheduler>() {
            // SAFETY: the owner, which takes no more tasks.
            unsafe { steal::leave::<LiveQueueOf<C>>(home.seat.get(), why.is_none()) };
        }
        #[cfg(feature = "std")]
        {
            // SAFETY: the owner, in its context.
            unsafe { this.locals.close() };
        }
        // SAFETY: the owner.
        while let Some(task) = unsafe { home.queue_pop() } {
            // SAFETY: popped here. Complete, or aborted before its first visit: nothing is polled.
            unsafe { run::run::<_, QueueOf<C>>(task, home) };
        }
        this.root.set(None);
        // 3.
        let wake_next = || {
            // SAFETY: the owner; the waker runs after the borrow.
            let waker = unsafe { this.with_wheel(|wheel| wheel.expire(u64::MAX).or_else(|| wheel.expire_never())) };
            waker.map(|waker| run::guard(|| waker.wake()))
        };
        while wake_next().is_some() {}
        if let Some(driver) = driver() {
            // 4.
            // SAFETY: the owner, in its context.
            unsafe { shut(worker) };
            // 5.
            run::guard(|| drained = driver.drain(by));
        }
        // SAFETY: the owner; no reference to the driver is held.
        live = unsafe { this.take_live() };
    }
    run::guard(|| drop(live));
    // 6.
    home.acquire_many(home.guests.get());
    let rest = home.inbox.close();
    // SAFETY: the owner took it.
    unsafe { Worker::visit_all(worker, rest, true, true) };
    // 7.
    // SAFETY: the owner; nothing re-enters.
    let (slots, live) = unsafe {
        home.owned.with(|owned| {
            owned.closed = true;
            home.acquire_many(owned.live());
            (owned.slots(), owned.live())
        })
    };
    this.tally.tasks.set(0);
    if !<SharingOf<C> as Sharing>::SHARED && live > 0 {
        for index in 0..slots {
            // SAFETY: the owner; nothing re-enters.
            if let Some(task) = unsafe { home.owned.with(|owned| owned.get(index)) } {
                // SAFETY: the owner; step 2 cancelled every future, and a reference of the home counts this task.
                unsafe { refs::merge(task) };
            }
        }
    }
    // 8.
    // SAFETY: the runtime's reference.
    unsafe { Home::release(Worker::home_of(worker)) };
    drained
}

/// Step 4.
///
/// # Safety
/// The caller is the owner, in its context, at its close. Once.
unsafe fn shut<C: Config>(worker: NonNull<Worker<C>>) {
    // What is polled from here on does not reach the driver: its resource may be closed, and its number another's.
    // SAFETY: the owner's worker is alive.
    unsafe { worker.as_ref() }.home.budget.set(0);
    // SAFETY: the owner; the driver is there, if anything is open.
    unsafe { guests::close_resources(worker) };
}

/// Cancels the tasks of a worker that is to close, and cannot yet: as step 2 of close, which does it again for those that come
/// later. `kept`: also those that are kept on the worker. `why`: as for [`close_because`].
///
/// # Safety
/// The caller is the owner, in its context, between polls. `kept`: this is the thread that polls them.
#[cfg(feature = "std")]
pub(crate) unsafe fn cancel_ahead<C: Config>(worker: NonNull<Worker<C>>, why: Option<Rejected>, kept: bool) {
    // SAFETY: as the caller.
    unsafe { cancel_all(worker, why, kept) }
}

/// Cancels every task that is not complete, or, unless `kept`, every one of these that moves. `why`: what their handles say, if
/// the runtime is not closed.
unsafe fn cancel_all<C: Config>(worker: NonNull<Worker<C>>, why: Option<Rejected>, kept: bool) {
    // SAFETY: the owner.
    let home = unsafe { &worker.as_ref().home };
    let begin = |owned: &mut Owned<SharingOf<C>>| {
        if steals::<C::Scheduler>() {
            owned.closing = true;
        }
        owned.slots()
    };
    // SAFETY: the owner; nothing re-enters.
    let slots = unsafe { home.owned.with(begin) };
    for index in 0..slots {
        // By index, in a hold of the table for each: cancelling may spawn.
        let find = |owned: &mut Owned<SharingOf<C>>| {
            let task = owned.get(index)?;
            // SAFETY: in the table, which is held: it is not freed.
            if !kept && !unsafe { task.as_ref() }.table.moves {
                return None;
            }
            if planted(Plant::SeizedOutsideTheTable) {
                return Some((task, None));
            }
            // SAFETY: in the table, which is held.
            Some((task, unsafe { seize(task) }))
        };
        // SAFETY: the owner; nothing re-enters.
        let Some((task, mut queued)) = (unsafe { home.owned.with(find) }) else { continue };
        if planted(Plant::SeizedOutsideTheTable) {
            // SAFETY: planted: it need not be in the table any more.
            queued = unsafe { seize(task) };
        }
        if let Some(queued) = queued {
            // SAFETY: RUNNING is ours; the pin of a queued task is the queue's.
            unsafe { run::cancel_because(task, queued, why) };
        }
    }
}

/// As [`state::seize`], of a task in the table, while the table is held: under `Shared` another thread may free a complete task
/// as soon as it is not. A task that is not complete is the runtime's, also afterwards.
///
/// # Safety
/// The task is in the table, which is held.
unsafe fn seize<S: Sharing>(task: Task<S>) -> Option<bool> {
    // SAFETY: a task leaves the table before it is freed (contract).
    let header = unsafe { task.as_ref() };
    header.life.touch();
    if S::MOVING && header.table.moves { state::seize_or_tell(header) } else { state::seize(header) }
}
