//! The place of one worker in its crew: its queues, and which task it runs next.
//!
//! 1. `queue` and `lifo` are filled by the worker's thread alone, while it is [`Seated`]: it owns the queue. Everything in a
//!    `Cell` is its alone.
//! 2. `polls` counts the polls of the worker, so that the watcher sees whether it is still inside the same one.
//! 3. `tally` is written by that thread alone.
//! 4. `crew` is the first field, whatever the type of the queue: a thread that runs a worker of one crew may be asked about
//!    another crew, whose queues are of another type, and must find out.

mod classes;
mod takes;

use super::helm::Helm;
use super::idle::{Risen, Sleep};
use super::injector::Injector;
use super::ring::Ring;
use super::tally::{Tally, Timed};
use super::{Crew, Knobs, is_latency, lanes, seated};
use crate::loom::{AtomicPtr, AtomicUsize, Ordering, Plant, planted};
use crate::roles::{Entry, Lanes, LiveQueue};
use crate::sharing::Moving;
use crate::task::header::{Header, Task};
use crate::task::home::Home;
use crate::topology::{Level, Near};
use core::cell::Cell;
use core::ptr::{NonNull, null, null_mut};
use core::time::Duration;

/// The place of one worker.
///
/// Aligned to two cache lines, which processors fetch together: what a worker writes at each poll is not beside what another
/// reads.
#[repr(C, align(128))]
pub(crate) struct Seat<Q = Ring> {
    /// Written before other threads know the seat, and so are those of its node.
    crew: Cell<*const Crew<Q>>,
    injector: Cell<*const Injector>,
    express: Cell<*const Injector>,
    index: usize,
    home: NonNull<Home<Moving>>,
    knobs: Knobs,
    near: Near,
    pub(super) queue: Q,
    lifo: AtomicPtr<Header<Moving>>,
    polls: AtomicUsize,
    /// `polls` when the watcher looked last; the watcher's.
    seen: AtomicUsize,
    /// Tasks in a row that came from the slot.
    lifo_runs: Cell<u32>,
    /// Tasks since one came from the injector first.
    turn: Cell<u32>,
    /// Times that one was to come from the injector first, of either class: `Throughput`, `Latency`.
    // Not one for both: where they take turns, one class would get all the turns at which other nodes are looked at.
    injected_turns: [Cell<u32>; 2],
    /// The last turn on which there was a kept task was its.
    kept_last: Cell<bool>,
    /// This worker counts as one that searches.
    searches: Cell<bool>,
    /// It was the watcher when it rose last, and has found nothing since: before it begins to work it finds another.
    watched: Cell<bool>,
    /// It has said that it sleeps, and has not risen; or it has no thread yet.
    sleeps: Cell<bool>,
    /// Where its next search begins.
    random: Cell<u32>,
    /// The loop of the worker is between two polls, in the middle of its own work.
    between: Cell<bool>,
    tally: Tally,
    pub(crate) helm: Helm,
}

// Invariant 4.
const _: () = assert!(core::mem::offset_of!(Seat, crew) == 0);

// SAFETY: the home is a name that any thread may use that holds the team; the cells are the worker's own (invariant 1).
unsafe impl<Q: Lanes> Send for Seat<Q> {}
// SAFETY: as above.
unsafe impl<Q: Lanes> Sync for Seat<Q> {}

/// What a worker of a crew finds to run.
#[derive(Debug)]
pub(crate) enum Found {
    /// A task that moves, with its pin.
    Task(Task<Moving>),
    /// The next is that of the home's own queue, if there is one.
    Kept,
    /// Nothing, and there is nothing that it could take from others: sleep, and at most so long.
    Nothing(Option<Duration>),
}

impl<Q: Lanes> Seat<Q> {
    pub(super) fn new(index: usize, home: NonNull<Home<Moving>>, near: Near, knobs: Knobs) -> Self {
        Seat {
            index,
            home,
            crew: Cell::new(null()),
            injector: Cell::new(null()),
            express: Cell::new(null()),
            injected_turns: [const { Cell::new(0) }; 2],
            knobs,
            near,
            queue: Q::new(knobs.capacity),
            lifo: AtomicPtr::new(null_mut()),
            polls: AtomicUsize::new(0),
            seen: AtomicUsize::new(0),
            tally: Tally::default(),
            lifo_runs: Cell::new(0),
            turn: Cell::new(0),
            kept_last: Cell::new(false),
            searches: Cell::new(false),
            watched: Cell::new(false),
            sleeps: Cell::new(knobs.policy.on_demand),
            random: Cell::new(index as u32),
            between: Cell::new(false),
            helm: Helm::new(),
        }
    }

    pub(super) fn joins(&self, crew: &Crew<Q>) {
        self.crew.set(core::ptr::from_ref(crew));
        self.injector.set(crew.injectors.of(self.node(), false));
        self.express.set(crew.injectors.of(self.node(), Q::COUNT > 1));
    }

    #[inline(always)]
    pub(super) fn crew(&self) -> &Crew<Q> {
        // SAFETY: a crew holds its seats, and is set before other threads know them.
        unsafe { &*self.crew.get() }
    }

    pub(super) fn home(&self) -> NonNull<Home<Moving>> {
        self.home
    }

    pub(super) fn index(&self) -> usize {
        self.index
    }

    /// Do all workers of its crew sleep, or have no thread?
    #[cfg(all(test, not(loom)))]
    pub(crate) fn all_sleep(&self) -> bool {
        self.crew().idle.all_sleep()
    }

    /// The worker has no thread, and is about to get one.
    #[cold]
    pub(crate) fn is_called(&self) {
        self.crew().idle.calls(self.index);
    }

    /// The worker was woken, and its thread is about to be asked for.
    #[cold]
    pub(crate) fn is_asked_for(&self) {
        self.crew().idle.is_asked_for(self.index);
    }

    /// The worker's thread has started.
    pub(crate) fn has_thread(&self) {
        self.crew().idle.has_thread();
    }

    /// The worker was woken, and has no thread, as the system refused it: the number of another one, which the caller wakes to
    /// do what it was woken for.
    #[cold]
    #[must_use]
    pub(crate) fn refused(&self) -> Option<usize> {
        let crew = self.crew();
        match crew.idle.refused(self.index) {
            Risen::Searching if planted(Plant::RefusalForgotten) => None,
            Risen::Searching => {
                let wanted = crew.idle.ends_search() && crew.idle.wants_one();
                if wanted { crew.idle.choose(|| crew.has_any_work()) } else { None }
            }
            Risen::Watcher => {
                if crew.idle.wants_watcher() {
                    crew.idle.choose_watcher()
                } else {
                    None
                }
            }
            Risen::ByItself => None,
        }
    }

    /// Was the worker, whose thread was refused, woken since that was told? Then it neither sleeps nor is among the refused.
    #[cold]
    pub(crate) fn was_woken_again(&self) -> bool {
        self.crew().idle.is_up(self.index)
    }

    pub(super) fn has_entries(&self) -> bool {
        !self.queue.lane(false).is_empty() || lanes::more::<Q>() && !self.queue.lane(true).is_empty()
    }

    /// What its worker has taken and given away.
    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    /// How often its worker has polled.
    pub(crate) fn polls_made(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }

    /// How many tasks wait for any worker.
    pub(crate) fn injected(&self) -> usize {
        self.crew().injectors.all().map(Injector::len).sum()
    }

    /// The memory node of its worker.
    pub(super) fn node(&self) -> usize {
        self.near.node()
    }

    /// That of its node.
    #[inline(always)]
    fn injector(&self, latency: bool) -> &Injector {
        let injector = if Q::COUNT > 1 && latency { self.express.get() } else { self.injector.get() };
        // SAFETY: the crew's, which holds its seats; set before other threads know them.
        unsafe { &*injector }
    }

    /// How many tasks are in its queue and its slot.
    pub(crate) fn queued(&self) -> usize {
        let express = if Q::COUNT > 1 { self.queue.lane(true).len() } else { 0 };
        self.queue.lane(false).len() + express + usize::from(!self.lifo.load(Ordering::Relaxed).is_null())
    }

    /// Queues a task that was woken or spawned on this worker: it runs next.
    ///
    /// # Safety
    /// This thread runs the worker, and has the pin.
    #[inline]
    pub(super) unsafe fn push(&self, task: Task<Moving>) {
        // SAFETY: the pin is the caller's.
        if self.knobs.policy.lifo_runs_max == 0 || unsafe { is_latency::<Q>(task) } {
            // SAFETY: as the caller.
            unsafe { self.push_local(task) };
            return self.crew().calls_one();
        }
        // AcqRel: publishes the task to whoever takes it, and what was there is ours.
        let before = self.lifo.swap(task.as_ptr(), Ordering::AcqRel);
        if let Some(before) = NonNull::new(before) {
            // SAFETY: as the caller; its pin was the slot's.
            unsafe { self.push_local(before) };
            return self.crew().calls_one();
        }
        // SAFETY: as the caller.
        if unsafe { self.local() } > 0 {
            self.crew().calls_one();
        } else {
            self.calls_watcher();
        }
    }

    /// Queues a task behind what is there.
    ///
    /// # Safety
    /// As [`push`](Self::push); this worker is about to look for its next task.
    #[inline]
    pub(super) unsafe fn push_back(&self, task: Task<Moving>) {
        // SAFETY: as the caller.
        unsafe { self.push_local(task) };
        // One entry is what this worker runs next.
        // SAFETY: as the caller.
        if unsafe { self.local() } > 1 || !self.lifo.load(Ordering::Relaxed).is_null() {
            self.crew().calls_one();
        }
    }

    /// # Safety
    /// As [`push`](Self::push).
    #[inline]
    unsafe fn push_local(&self, task: Task<Moving>) {
        // SAFETY: the pin is the caller's.
        let latency = unsafe { is_latency::<Q>(task) };
        // SAFETY: as the caller.
        if !unsafe { self.queue.lane(latency).push(task.cast()) } {
            // SAFETY: as the caller.
            unsafe { self.overflow(task, latency) };
        }
    }

    /// How many entries are in its queues.
    ///
    /// # Safety
    /// This thread is the owner of the worker, and so of the queues.
    #[inline(always)]
    unsafe fn local(&self) -> usize {
        // SAFETY: as the caller.
        let express = if Q::COUNT > 1 { unsafe { self.queue.lane(true).own_len() } } else { 0 };
        // SAFETY: as the caller.
        express + unsafe { self.queue.lane(false).own_len() }
    }

    /// The oldest entry of a lane.
    ///
    /// # Safety
    /// As [`local`](Self::local).
    #[inline(always)]
    unsafe fn pop_local(&self, latency: bool) -> Option<Task<Moving>> {
        // SAFETY: as the caller.
        unsafe { self.queue.lane(latency).pop() }.map(Entry::cast::<Header<Moving>>)
    }

    /// The queue is full: half of it goes to the injector, and the task behind it. Or it takes nothing now, as this thread is
    /// inside of it: the task alone goes.
    #[cold]
    unsafe fn overflow(&self, task: Task<Moving>, latency: bool) {
        let lane = self.queue.lane(latency);
        // SAFETY: as the caller.
        let mut half = unsafe { lane.shed() }.map(Entry::cast::<Header<Moving>>);
        match half.next() {
            Some(first) => {
                let tasks = core::iter::once(first).chain(half).chain(core::iter::once(task));
                // SAFETY: the pins are ours.
                unsafe { self.give_away(tasks, latency) };
            }
            None if planted(Plant::OverflowForgotten) => {}
            // A thief was faster: there is room.
            // SAFETY: as the caller.
            None if unsafe { lane.push(task.cast()) } => {}
            // SAFETY: the pin is ours.
            None => unsafe { self.give_away(core::iter::once(task), latency) },
        }
    }

    /// # Safety
    /// The caller runs the worker, and has the pins of tasks of one class.
    unsafe fn give_away(&self, tasks: impl Iterator<Item = Task<Moving>>, latency: bool) {
        let tasks = tasks.inspect(|_| self.tally.given.add(1));
        // A worker that has not left keeps the injector open.
        if self.injector(latency).push(tasks).is_err() {
            unreachable!("the injector is closed by the last worker that leaves")
        }
        self.crew().calls_one();
    }

    /// Takes anything that is queued here.
    ///
    /// # Safety
    /// This thread is the owner of the worker.
    pub(super) unsafe fn pop_any(&self) -> Option<Task<Moving>> {
        if Q::COUNT > 1 {
            // SAFETY: as the caller.
            let latency = unsafe { self.pop_local(true) };
            if latency.is_some() {
                return latency;
            }
        }
        // SAFETY: as the caller.
        NonNull::new(self.lifo.swap(null_mut(), Ordering::AcqRel)).or_else(|| unsafe { self.pop_local(false) })
    }

    /// What to run next. `kept`: there is something in the home's own queue.
    ///
    /// # Safety
    /// This thread runs the worker, between polls.
    // Always: out of line, it costs each poll 25 instructions more.
    #[inline(always)]
    pub(crate) unsafe fn next(&self, kept: bool) -> Option<Found> {
        // SAFETY: as the caller.
        let found = unsafe { self.pick(kept) }?;
        self.begins_work();
        Some(found)
    }

    /// The worker searches no more, and watches no more. If it was the last that searched, there may be more where its work came
    /// from.
    #[inline(always)]
    pub(crate) fn begins_work(&self) {
        // One that was not told that it rose is told here.
        if self.sleeps.replace(false) {
            self.says_it_rose();
        }
        if self.searches.replace(false) && self.crew().idle.ends_search() {
            self.crew().calls_one();
        }
        if self.watched.replace(false) {
            self.calls_watcher();
        }
    }

    /// Sees to it that somebody watches, if anybody sleeps.
    #[inline]
    fn calls_watcher(&self) {
        let crew = self.crew();
        if crew.idle.wants_watcher() {
            crew.wake(crew.idle.choose_watcher());
        }
    }

    /// # Safety
    /// As [`next`](Self::next).
    #[inline(always)]
    unsafe fn pick(&self, kept: bool) -> Option<Found> {
        match self.queue.turns() {
            // SAFETY: as the caller.
            None => unsafe { self.pick_in_line(kept) },
            // SAFETY: as the caller.
            Some(turns) => unsafe { self.pick_by_class(turns, kept) },
        }
    }

    /// What runs next where there is one class; of two, the next of `Throughput`, or of what is kept.
    ///
    /// # Safety
    /// As [`next`](Self::next).
    #[inline(always)]
    unsafe fn pick_in_line(&self, kept: bool) -> Option<Found> {
        let turn = self.turn.get() + 1;
        self.turn.set(turn);
        if turn >= self.knobs.policy.injector_interval {
            self.turn.set(0);
            // SAFETY: as the caller.
            if let Some(task) = unsafe { self.take_in_turn(false) } {
                self.lifo_runs.set(0);
                return Some(Found::Task(task));
            }
        }
        if kept && !self.kept_last.replace(!self.kept_last.get()) {
            // It may run long, and what else is here is not what runs next.
            // SAFETY: as the caller.
            if unsafe { self.local() } > 0 {
                self.crew().calls_one();
            }
            return Some(Found::Kept);
        }
        let in_slot = !self.lifo.load(Ordering::Relaxed).is_null();
        if in_slot && self.lifo_runs.get() < self.knobs.policy.lifo_runs_max {
            self.lifo_runs.set(self.lifo_runs.get() + 1);
            if let Some(task) = NonNull::new(self.lifo.swap(null_mut(), Ordering::AcqRel)) {
                return Some(Found::Task(task));
            }
        }
        self.lifo_runs.set(0);
        // SAFETY: as the caller.
        if let Some(task) = unsafe { self.pop_oldest() } {
            return Some(Found::Task(task));
        }
        if kept {
            return Some(Found::Kept);
        }
        // SAFETY: as the caller.
        unsafe { self.take_injected(false) }.map(Found::Task)
    }

    /// # Safety
    /// As [`next`](Self::next).
    #[inline]
    unsafe fn pop_oldest(&self) -> Option<Task<Moving>> {
        // SAFETY: as the caller.
        let oldest = unsafe { self.pop_local(false) };
        if let (Some(turns), Some(_)) = (self.queue.turns(), oldest) {
            turns.passed.set(0);
        }
        oldest.or_else(|| NonNull::new(self.lifo.swap(null_mut(), Ordering::AcqRel)))
    }

    /// Nothing is queued here: searches, or says that the worker is to sleep. `TIMED`: the time of the search is counted.
    ///
    /// # Safety
    /// This thread runs the worker, between polls. After [`Found::Nothing`] it calls [`rises`](Self::rises), before anything
    /// else.
    #[cold]
    pub(crate) unsafe fn search<const TIMED: bool>(&self) -> Found {
        let crew = self.crew();
        if self.searches.get() || crew.idle.may_search(crew.seats.len()) {
            self.searches.set(true);
            self.tally.searches.add(1);
            let since = TIMED.then(Timed::begins);
            // SAFETY: as the caller.
            let found = unsafe { self.look_rounds() };
            if let Some(since) = since {
                self.tally.searched(&since);
            }
            if let Some(task) = found {
                self.begins_work();
                return Found::Task(task);
            }
        }
        self.sleeps.set(true);
        self.watched.set(false);
        let how = crew.idle.sleeps(self.index, self.searches.replace(false));
        // In its own slot and among those that are kept, too: a steal in vain may have woken a task (invariant 6 of `LiveQueue`).
        let has_kept = || {
            // SAFETY: the home lives as long as the seat.
            let home = unsafe { self.home.as_ref() };
            // SAFETY: this thread is its owner (contract).
            !home.stood_in.get() && !unsafe { home.queue_is_empty() }
        };
        let woken_inside = Q::Lane::RUNS_OTHERS_CODE && (!self.lifo.load(Ordering::Relaxed).is_null() || has_kept());
        if (crew.has_work(self.node()) || woken_inside) && !planted(Plant::SleepsWithoutLook) {
            // It searches no more, and may take a part of it without (rule 3 of `idle`). Whom this chooses may be this worker.
            if !planted(Plant::WorkSeenSilent) {
                crew.calls_one();
            }
            return Found::Nothing(Some(Duration::ZERO));
        }
        // In a model no time passes, and nobody stays in a poll.
        Found::Nothing((how == Sleep::Watch && !cfg!(loom)).then_some(self.knobs.policy.watch))
    }

    /// The worker has slept, or was to sleep and did not. `watches`: for the time of a watcher.
    ///
    /// # Safety
    /// As [`search`](Self::search).
    pub(crate) unsafe fn rises(&self, watches: bool) {
        if !self.sleeps.replace(false) {
            return;
        }
        self.says_it_rose();
        if watches {
            // SAFETY: as the caller.
            unsafe { self.look_at_the_busy() };
        }
    }

    fn says_it_rose(&self) {
        let risen = self.crew().idle.rises(self.index);
        self.searches.set(risen == Risen::Searching);
        self.tally.woken.add(usize::from(risen == Risen::Searching));
        self.watched.set(risen == Risen::Watcher);
        // Filled while it counted as asleep: another one may have gone to sleep for long because of that.
        if !self.lifo.load(Ordering::Relaxed).is_null() {
            self.calls_watcher();
        }
    }

    /// Takes the newest task of each worker that is inside the same poll as at the last look.
    ///
    /// # Safety
    /// As [`search`](Self::search).
    unsafe fn look_at_the_busy(&self) {
        for (level, other) in self.others() {
            let polls = other.polls.load(Ordering::Relaxed);
            if other.seen.load(Ordering::Relaxed) != polls {
                other.seen.store(polls, Ordering::Relaxed);
            } else if !other.lifo.load(Ordering::Relaxed).is_null() {
                let task = NonNull::new(other.lifo.swap(null_mut(), Ordering::AcqRel));
                if task.is_some() {
                    self.tally.steals(level, 1);
                }
                // SAFETY: as the caller; the pin came with the task.
                unsafe { self.keep(task.into_iter()) };
            }
        }
    }

    /// Runs `f`, which is the loop's own work between two polls.
    #[inline(always)]
    pub(crate) fn between<R>(&self, f: impl FnOnce() -> R) -> R {
        self.between.set(true);
        let result = f();
        // Not when it unwinds: then the worker ends.
        self.between.set(false);
        result
    }

    /// Is this thread inside a poll of the loop's, where another thread may begin a loop? By whom it is asked: the worker's
    /// thread.
    pub(crate) fn may_be_left(&self) -> bool {
        core::ptr::addr_eq(seated::word(), self) && !self.between.get() && !self.queue.is_inside()
    }

    /// A poll begins.
    #[inline(always)]
    pub(crate) fn polls(&self) {
        // The worker's own: no locked instruction.
        self.polls.store(self.polls.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }
}
