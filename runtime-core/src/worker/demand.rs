//! Threads on demand ([`Policy::ON_DEMAND`](crate::roles::Policy::ON_DEMAND)): a worker is made with its runtime, and gets its
//! driver and its thread when there is something for it. The first worker has its driver from the start, so that what the system
//! refuses to all is heard there.
//!
//! 1. A worker without a thread counts as one that sleeps, whose first wake starts the thread: who queues work wakes a sleeper by
//!    the rules of [`idle`](crate::task::steal); those with threads are chosen first.
//! 2. A task gets its home, and what is opened its watcher, among those that have a thread; if none does, the first gets one.
//!    *Among those*: nothing lies in the inbox of a worker without a thread, so none has to be started for what comes from
//!    any thread at any time: a wake, a drop, an abort.
//! 3. One thread at most is asked for by worker: who takes its seat asks, under the lock ([`take`](super::cores::Cores::take)). A
//!    runtime that closes takes the seats that are left in the same way, and closes their workers.
//! 4. A thread that is refused, or the driver, which who asks for the thread makes before it: the crew is told, then the seat is
//!    free again, or, if the runtime closes meanwhile, who took it closes the worker. *First told*: who takes the seat next calls
//!    the worker, which is taken back by nobody then. What the worker was woken for is another's ([`Seat::refused`]): one more
//!    that has no thread, say, which is tried in the same way, one after the other. One that was refused is tried again by a
//!    wake for which nobody else sleeps, ever more rarely while the system refuses; while no worker has a thread, each spawn
//!    tries the first that has none. *Made before*: what has its home with a worker, or is watched by it, comes when that
//!    runs, and would be lost with a driver that its own thread could not make.
//! 5. A thread that was granted and cannot run, since it cannot be pinned, say, ends its worker alone.

use super::cores::Cores;
use super::{Common, Worker, close};
use crate::config::{Config, LiveQueueOf};
use crate::error::{Errno, Error};
use crate::roles::{Nanos, on_demand};
use crate::sharing::SeatWord;
use crate::task::join::Rejected;
use crate::task::steal::Seat;
use alloc::sync::Arc;
use core::ptr::NonNull;

/// No worker has a thread.
pub(crate) struct Unserved<C: Config> {
    /// One of the team.
    pub(crate) worker: NonNull<Worker<C>>,
    /// Why it has none.
    pub(crate) error: Error,
}

impl<C: Config> Unserved<C> {
    /// What an operation says that has no worker.
    pub(crate) fn errno(&self) -> Errno {
        self.error.code().and_then(Errno::new).unwrap_or(Errno::of(self.error.kind()))
    }

    /// What the handle of a task says that was spawned then.
    pub(crate) fn why(&self) -> Rejected {
        Rejected::NoThread(self.error)
    }
}

/// The worker whose turn it is to get a task. There is a team.
///
/// # Errors
/// There is no thread to run it, and the system starts none.
#[inline]
pub(crate) fn in_turn<C: Config>(common: &Arc<Common<C>>) -> Result<NonNull<Worker<C>>, Unserved<C>> {
    served(common, Cores::in_turn)
}

/// The worker whose turn it is to watch a resource. There is a team.
///
/// # Errors
/// As [`in_turn`].
#[inline]
pub(crate) fn watches_in_turn<C: Config>(common: &Arc<Common<C>>) -> Result<NonNull<Worker<C>>, Unserved<C>> {
    served(common, Cores::watches_in_turn)
}

/// The worker that `turn` names, among those that have a thread; the first gets one, if none has.
#[inline(always)]
fn served<C: Config>(
    common: &Arc<Common<C>>,
    turn: impl FnOnce(&Cores<C>) -> NonNull<Worker<C>>,
) -> Result<NonNull<Worker<C>>, Unserved<C>> {
    match common.cores.first_to_start() {
        Some(first) => start_first(common, first),
        None => Ok(turn(&common.cores)),
    }
}

#[cold]
#[inline(never)]
fn start_first<C: Config>(common: &Arc<Common<C>>, first: usize) -> Result<NonNull<Worker<C>>, Unserved<C>> {
    let worker = common.cores.members()[first].worker;
    // A forked child starts nothing of its parent's.
    if !common.is_copy() && common.cores.take_or_wait(first) {
        // Before who spawns looks for somebody to wake.
        seat(common, first).is_called();
        if let Err((error, instead)) = start_taken(common, first) {
            rouse_one(common, instead);
            return Err(Unserved { worker, error });
        }
    }
    // It runs. Or the runtime closes, or is a copy: then one that has a driver says so, as the first always does.
    let members = common.cores.members();
    Ok(if members[first].runs() { worker } else { members[0].worker })
}

/// `worker` of a crew is woken: its thread starts, if it has none.
///
/// # Safety
/// The caller holds the home of `worker`, which has a seat.
#[inline]
pub(crate) unsafe fn rouse<C: Config>(worker: NonNull<Worker<C>>) {
    // SAFETY: alive (contract).
    let this = unsafe { worker.as_ref() };
    let index = this.home.worker;
    // A forked child runs nothing of its parent's.
    if !this.common.cores.members()[index].runs() && !this.common.is_copy() {
        rouse_one(&this.common, Some(index));
    }
}

/// Starts the thread of worker `index`, or of the one that is chosen in its place, until one is not refused. A loop: a large
/// team may be refused one by one.
#[cold]
#[inline(never)]
fn rouse_one<C: Config>(common: &Arc<Common<C>>, mut index: Option<usize>) {
    while let Some(chosen) = index {
        let member = &common.cores.members()[chosen];
        // Its thread may run already, though who starts it has not said so.
        if member.runs() || !common.cores.take(chosen) {
            // SAFETY: who names the team holds it.
            return unsafe { member.worker.as_ref() }.reach.unpark();
        }
        seat(common, chosen).is_asked_for();
        match start_taken(common, chosen) {
            Ok(()) => return,
            // Told to the crew, which is all that there is to do.
            Err((_, instead)) => index = instead,
        }
    }
}

/// # Errors
/// What the system says, and the number of the worker that is to be woken instead.
#[cold]
#[inline(never)]
fn start_taken<C: Config>(common: &Arc<Common<C>>, index: usize) -> Result<(), (Error, Option<usize>)> {
    let worker = common.cores.members()[index].worker;
    // SAFETY: alive: the caller names the team.
    let worker = unsafe { worker.as_ref() };
    // SAFETY: the seat is ours, and until the worker runs nobody opens anything there.
    let equipped = unsafe { worker.equip() };
    let started = equipped.map_err(|error| (error, false)).and_then(|()| common.cores.start_thread(common, index));
    let Err((error, runs)) = started else { return Ok(()) };
    if runs {
        return Ok(());
    }
    common.cores.count_refusal();
    // 4. While the seat is ours: whoever takes it next calls the worker.
    let instead = seat(common, index).refused();
    if !common.cores.refused(index, error) {
        // SAFETY: the seat is ours.
        unsafe { close_without_thread(common, index) };
    } else if seat(common, index).was_woken_again() {
        // By somebody who found the seat taken, as we had told the crew first.
        rouse_one(common, Some(index));
    }
    Err((error, instead))
}

/// The seat of worker `index`, which there is: threads start on demand under a scheduler that steals.
fn seat<C: Config>(common: &Common<C>, index: usize) -> &Seat<LiveQueueOf<C>> {
    // SAFETY: the team is alive while anybody names its runtime's common part to place something, or to close it.
    let seat = unsafe { common.cores.members()[index].worker.as_ref() }.home.seat.get();
    // SAFETY: such a home has a seat of this kind, which lives as long as the crew, and that as long as the team.
    unsafe { &*seat.cast::<Seat<LiveQueueOf<C>>>() }
}

/// Closes those workers whose threads nobody has asked for. The runtime has said that it closes.
pub(crate) fn close_the_others<C: Config>(common: &Arc<Common<C>>) {
    if on_demand::<C::Scheduler>() {
        for index in common.cores.take_others() {
            // SAFETY: the seat is ours.
            unsafe { close_without_thread(common, index) };
        }
    }
}

/// # Safety
/// The caller has taken the seat of worker `index`, which no thread runs.
unsafe fn close_without_thread<C: Config>(common: &Arc<Common<C>>, index: usize) {
    let (worker, by) = (common.cores.members()[index].worker, Nanos::of(common.cores.time_left()));
    // SAFETY: whoever has the seat is the owner, and is not inside.
    let drained = unsafe { close::close_because(worker, by, None) };
    common.cores.leave(index, drained);
}
