//! Tasks that any worker of their runtime may run: where they are queued, and who takes them.
//!
//! The workers of such a runtime are a *crew*. A task that *moves* ([`VTable::moves`](super::header::VTable)) has a home like
//! every other, the worker that spawned it or was chosen for it: there it is listed, its memory is from there, and that worker's
//! close cancels it. But it is queued, and run, wherever it is woken; a task that is *kept* (a pinned future, the root of
//! `block_on`) goes to its home's own queue and inbox as under every other scheduler.
//!
//! | file | holds |
//! |---|---|
//! | `ring` | the usual local queue of a worker, from which others take half; what every such queue promises is in [`LiveQueue`] |
//! | `deque` | another one, on `crossbeam-deque` |
//! | `lanes` | one queue for all tasks of a worker, or one for each class; how long a task waits for those of the other class |
//! | `injector` | the queues of all: one for each memory node, and for each class |
//! | `helm` | which thread runs a worker, while others of its threads block in the middle of a poll |
//! | `idle` | who sleeps, who searches, who is woken: no lost wake-up |
//! | `seat` | the place of one worker: its queue, its LIFO slot, which task is next |
//! | `seated` | which seat a thread has |
//! | `tally` | what it has taken and given away |
//!
//! # Where a task that is woken goes
//! 1. This thread runs a worker of the crew: into that one's LIFO slot. The task runs next, where its data is warm; what was
//!    in the slot goes to the back of the local queue, and one that is full gives half to the injector. If there is more to run
//!    than what this worker runs next, a sleeper is woken, unless somebody searches.
//! 2. Elsewhere: into the injector, and a sleeper is woken, unless somebody searches.
//! 3. A task that wakes itself while it is polled: to the back of the local queue.
//!
//! # Who may touch what
//! 1. A queue entry (local queue, slot, injector) has the pin of its task, `NOTIFIED`, and nothing else: whoever takes the
//!    entry has the pin, and [`state::start`](super::state::start) says what to do with it.
//! 2. Only the worker of a seat pushes into its queue and its slot, on the thread that runs it, which is [at the helm](helm): it
//!    is the queue's owner.
//! 3. `RUNNING` of a task that moves is set by the worker that popped it, or by the close of its home. A worker that pops a
//!    task which a close has seized leaves it, with the pin (`UNQUEUED`); a close that finds a task running tells that worker, by
//!    `CANCELLED`, which it sees when the poll ends.
//! 4. A crew lives as long as any home of its team ([`Home::follow`](super::home::Home::follow)), so whoever holds a task that
//!    moves may name the crew.
//! 5. Who schedules holds the task beyond the pin, or runs a worker of the crew: after the push others may run and free it.
//! 6. The local queues of a crew are of one type, that of its config ([`LocalQueue`](crate::roles::LocalQueue)). What is
//!    generic over it takes it from the config of the task or the worker that it is about: wakers and verbs by their tables,
//!    spawns and closes from their own parameter.

#[cfg(feature = "crossbeam-deque")]
mod deque;
mod helm;
mod idle;
mod injector;
mod lanes;
mod ring;
mod seat;
mod seated;
mod tally;
#[cfg(all(test, not(shuttle)))]
mod tests;

#[cfg(feature = "crossbeam-deque")]
#[allow(unreachable_pub, reason = "the hidden type of `LocalQueue` names it")]
pub use deque::Deque;
pub(crate) use helm::Turn;
#[allow(unreachable_pub, reason = "the hidden type of `LocalQueue` names it")]
pub use lanes::Two;
#[allow(unreachable_pub, reason = "the hidden type of `LocalQueue` names it")]
pub use ring::Ring;
pub(crate) use seat::{Found, Seat};
pub(crate) use seated::{Reseated, Seated};

use super::header::Task;
use super::home::Home;
use super::state::{Start, start};
use super::{refs, run};
use crate::loom::{Plant, planted};
use crate::roles::{Lanes, Order, Stealing};
use crate::sharing::{Moving, SeatWord, Sharing};
use crate::topology::Near;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::ptr::NonNull;
use idle::Idle;
use injector::Injectors;

/// How a crew works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Knobs {
    /// The capacity of each local queue; a power of two.
    pub(crate) capacity: usize,
    /// The numbers of the policy.
    pub(crate) policy: Stealing,
}

/// The workers of a runtime that take tasks from each other.
pub(crate) struct Crew<Q> {
    seats: Box<[Seat<Q>]>,
    injectors: Injectors,
    idle: Idle,
}

impl<Q: Lanes> Crew<Q> {
    /// A crew of these homes, each of which gets its seat, and sees the others as said.
    ///
    /// # Safety
    /// No other thread knows the homes yet. The crew lives as long as any of them.
    pub(crate) unsafe fn form(
        homes: impl ExactSizeIterator<Item = (NonNull<Home<Moving>>, Near)>,
        knobs: Knobs,
    ) -> Arc<Self> {
        let workers = homes.len();
        let order = |near: Near| if knobs.policy.order == Order::AtRandom { near.in_one_group() } else { near };
        let seats: Box<[_]> =
            homes.enumerate().map(|(index, (home, near))| Seat::new(index, home, order(near), knobs)).collect();
        let nodes = seats.iter().map(|seat: &Seat<Q>| seat.node() + 1).max().unwrap_or(1);
        let injectors = Injectors::new(workers, nodes, Q::COUNT);
        let crew = Arc::new(Crew { seats, injectors, idle: Idle::new(workers, knobs.policy.on_demand) });
        for seat in &crew.seats {
            seat.joins(&crew);
            // SAFETY: the caller's own.
            unsafe { seat.home().as_ref() }.seat.set(core::ptr::from_ref(seat).cast());
        }
        crew
    }

    /// Queues a task of the crew from a thread that runs none of its workers, with its pin.
    fn inject(&self, task: Task<Moving>) {
        // SAFETY: the pin is ours.
        let home = unsafe { task.as_ref() }.home().seat.get().cast::<Seat<Q>>();
        // SAFETY: the home of a task that moves has a seat, of this crew.
        let node = unsafe { &*home }.node();
        // SAFETY: the pin is ours.
        let injector = self.injectors.of(node, unsafe { is_latency::<Q>(task) });
        if injector.push(core::iter::once(task)).is_err() {
            // No worker is left: each has cancelled the tasks of its home.
            // SAFETY: the pin is still ours.
            return unsafe { drop_queued(task) };
        }
        self.calls_one();
    }

    /// There is work that may have to wait: wakes a sleeper, unless somebody searches.
    #[inline]
    fn calls_one(&self) {
        if self.idle.wants_one() && !planted(Plant::PushWakesNobody) {
            self.wake(self.idle.choose(|| self.has_any_work()));
        }
    }

    #[cold]
    fn wake(&self, worker: Option<usize>) {
        let Some(worker) = worker else { return };
        let home = self.seats[worker].home();
        // SAFETY: whoever names the crew holds the team (rule 4).
        let unpark = unsafe { home.as_ref() }.table.unpark;
        // SAFETY: as above.
        unsafe { unpark(home) };
    }

    /// Is there something to take for anybody?
    fn has_any_work(&self) -> bool {
        let injected = self.injectors.all().any(|injector| !injector.is_empty());
        injected || self.seats.iter().any(|seat| seat.has_entries())
    }

    /// Is there something to take for a worker of `node` that searches?
    fn has_work(&self, node: usize) -> bool {
        let injected = self.injectors.before_sleep(node).any(|injector| !injector.is_empty());
        injected || self.seats.iter().any(|seat| seat.has_entries())
    }
}

/// Does the task go to the lane of `Latency`?
///
/// # Safety
/// The caller has the pin, of a task of a crew whose queues are `Q`.
#[inline(always)]
unsafe fn is_latency<Q: Lanes>(task: Task<Moving>) -> bool {
    // SAFETY: the pin keeps it alive.
    Q::COUNT > 1 && unsafe { task.as_ref() }.table.latency
}

/// Queues a task that moves, wherever this thread is. The pin goes with it.
///
/// # Safety
/// The task moves, in a crew whose queues are `Q` (rule 6); the caller turned its pin on, and holds the task beyond that (rule
/// 5).
#[inline]
pub(crate) unsafe fn schedule<Q: Lanes>(task: Task<Moving>) {
    // SAFETY: the caller holds the task.
    let theirs = unsafe { task.as_ref() }.home().seat.get().cast::<Seat<Q>>();
    // SAFETY: the home of a task that moves has a seat, of such a crew, and it lives as long as that (rule 4).
    let crew = unsafe { &*theirs }.crew();
    match seated::current(crew) {
        // SAFETY: this thread runs the worker of the seat.
        Some(seat) => unsafe { seat.push(task) },
        None => crew.inject(task),
    }
}

/// Queues a task that woke itself while `seat` polled it, behind what else is there.
///
/// # Safety
/// This thread runs the worker of the seat, in a crew whose queues are `Q`, and has the pin.
#[inline]
pub(crate) unsafe fn yields<Q: Lanes>(task: Task<Moving>, seat: *const ()) {
    // SAFETY: the worker that runs a task that moves has a seat, and its crew lives.
    let seat = unsafe { &*seat.cast::<Seat<Q>>() };
    // SAFETY: as the caller.
    unsafe { seat.push_back(task) };
}

/// The worker of `seat` closes: gives away what lies in its queues, and leaves the crew. `all_close`: so does the whole runtime,
/// and the pins are given up; else the others get its tasks. Null: a worker that is of no crew.
///
/// # Safety
/// The caller is the owner of the worker, takes nothing from the queues any more, and has begun its close. The queues of its crew
/// are `Q`.
pub(crate) unsafe fn leave<Q: Lanes>(seat: *const (), all_close: bool) {
    // SAFETY: a seat lives as long as its crew, which the worker holds.
    let Some(seat) = (unsafe { seat.cast::<Seat<Q>>().as_ref() }) else { return };
    let crew = seat.crew();
    // SAFETY: the owner.
    while let Some(task) = unsafe { seat.pop_any() } {
        if all_close {
            // SAFETY: popped here.
            unsafe { drop_queued(task) };
        } else {
            // This worker has not left, so the injector is open.
            crew.inject(task);
        }
    }
    seat.begins_work();
    crew.idle.leaves(seat.index());
    for injector in crew.injectors.all() {
        for task in injector.leave() {
            // SAFETY: taken out here.
            unsafe { drop_queued(task) };
        }
    }
}

/// A queued task of a runtime that closes, or one that nobody would pop any more: cancels it, unless a close does, and gives up
/// its pin.
///
/// # Safety
/// The caller has the pin. The task's future is `Send`.
pub(crate) unsafe fn drop_queued<S: Sharing>(task: Task<S>) {
    // SAFETY: the pin keeps it alive.
    match start(unsafe { task.as_ref() }) {
        // SAFETY: RUNNING is ours.
        Start::Poll | Start::Cancel => unsafe { run::cancel(task, false) },
        // SAFETY: the pin is ours.
        Start::Complete => unsafe { refs::unpin_popped(task) },
        Start::Taken => {}
    }
}
