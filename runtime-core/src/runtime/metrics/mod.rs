//! What a runtime has done so far, in numbers: [`Metrics`].
//!
//! Workers count where they look around and sleep, and not at a poll or a wake, but where operations block: there each poll is
//! followed by a look. Numbers are read without asking anybody: each is one moment's, and two of them may be of two moments.

mod prometheus;
#[cfg(all(test, not(loom)))]
mod tests;

use super::{Handle, Runtime, place};
use crate::blocking::Load;
use crate::config::{Config, LiveQueueOf, SharingOf};
use crate::error::Error;
use crate::roles::{Driver, Lanes, Placement};
use crate::scheduler::stealing::times_searches;
use crate::sharing::{SeatWord, Sharing};
use crate::task::home::Home;
use crate::task::steal::Seat;
use crate::topology::Level;
use crate::worker::{Common, Worker};
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::time::Duration;
pub use prometheus::Prometheus;

/// What a runtime has done since its start, and what it has to do now.
///
/// Counts are of the workers that run the tasks. A worker that a `block_on` has for itself counts for nobody, and under
/// `ThreadPerTask` there are no others.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// The name of the config.
    pub config: &'static str,
    /// Tasks that are not freed, as [`Runtime::live_tasks`]. Under a local scheduler a [`Handle`] knows the number of the
    /// worker's last look around, but inside of the runtime; once it is closed, 0.
    pub tasks: usize,
    /// Open resources: sockets, listeners, files.
    pub resources: usize,
    /// Tasks in the queue of all workers, under a scheduler that has one.
    pub queued: usize,
    /// The workers, in the order of their numbers.
    pub workers: Vec<WorkerMetrics>,
    /// How many of them a thread was started for: all, but where threads start on demand
    /// ([`Policy::ON_DEMAND`](crate::roles::Policy::ON_DEMAND)); 0 where the runtime starts none for its workers.
    pub threads: usize,
    /// How often the system refused such a thread that was asked for on demand. It is asked again, ever more rarely while it
    /// refuses.
    pub threads_refused: usize,
    /// Why the system refused a worker its thread, or the driver for it, when it last did; where threads start on demand.
    pub refused: Option<Error>,
    /// The blocking pool.
    pub blocking: BlockingMetrics,
}

/// What one worker has done. On targets of 32 bits counts begin again at 0 after `u32::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerMetrics {
    /// Turns of tasks, and of the future of a `block_on` that runs here; one of a task that was cancelled in the queue, too. A
    /// worker that keeps its tasks counts them when it looks around, at most
    /// [`EVENT_INTERVAL`](Config::EVENT_INTERVAL) turns later.
    pub polls: u64,
    /// Looks around between polls: inbox, timers, driver.
    pub looks: u64,
    /// How often it had nothing to run, and waited in its driver.
    pub parks: u64,
    /// Timers whose deadline came, and that woke somebody.
    pub timers: u64,
    /// Polls that the watchdog has reported; 0 without one. See [`BlockedAfter`](crate::roles::BlockedAfter).
    pub blocked: u64,
    /// Sockets and files that are open on it. A driver without state has none of them on a worker.
    pub resources: usize,
    /// What passes between workers that take tasks from each other; `None` under other schedulers.
    pub stealing: Option<StealingMetrics>,
}

/// Steals of all workers from one while a nearer one had something.
#[cfg(all(test, not(loom)))]
pub(crate) fn passed_over<C: Config>(runtime: &Runtime<C>) -> usize {
    // SAFETY: the runtime holds its home.
    let common = unsafe { &runtime.any_worker().as_ref().common };
    let of = |worker: NonNull<Worker<C>>| {
        // SAFETY: the runtime holds the team.
        let worker = unsafe { worker.as_ref() };
        seat(worker).map_or(0, |seat| seat.tally().passed_over.get())
    };
    common.cores.members().iter().map(|member| of(member.worker)).sum()
}

/// Do all workers sleep, or have no thread?
#[cfg(all(test, not(loom)))]
pub(crate) fn all_sleep<C: Config>(runtime: &Runtime<C>) -> bool {
    // SAFETY: the runtime holds its home.
    let common = unsafe { &runtime.any_worker().as_ref().common };
    let first = common.cores.members()[0].worker;
    // SAFETY: the runtime holds the team.
    seat(unsafe { first.as_ref() }).is_some_and(Seat::all_sleep)
}

/// What passes between a worker and the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StealingMetrics {
    /// Tasks in its queue, the one that runs next included, those that stay on this worker not.
    pub queued: usize,
    /// Searches for work, in vain or not.
    pub searches: u64,
    /// The time of all searches, if the policy [wants to know](crate::roles::Policy::TIMES_SEARCHES). On targets of 32 bits it
    /// begins again at 0 after 4.29 seconds.
    pub searching: Option<Duration>,
    /// How often it slept, or was about to, and was chosen because there was work.
    pub woken: u64,
    /// From workers on the same core, or the same processor.
    pub from_core: Stolen,
    /// From workers on another core of the same last cache.
    pub from_cache: Stolen,
    /// From workers on the same memory node, under another cache.
    pub from_node: Stolen,
    /// From workers on another node; from all, if they are not [pinned](Config::PIN_WORKERS).
    pub from_machine: Stolen,
    /// Tasks that it took from the queue of all.
    pub taken: u64,
    /// Tasks that it gave to the queue of all, as its own was full.
    pub given: u64,
    /// How often its thread blocked in place, and another one ran it.
    pub handed_over: u64,
}

/// What a worker took from others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stolen {
    /// How often.
    pub steals: u64,
    /// How many tasks, all times together. Exact where queues are `Ring`. On queues `Deque` at least so many: what a third worker
    /// took of them before they were counted is missing.
    pub tasks: u64,
}

/// What the blocking pool is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockingMetrics {
    /// Threads, those that are about to start included.
    pub threads: usize,
    /// Threads that wait for a job.
    pub idle: usize,
    /// Jobs that wait for a thread.
    pub queued: usize,
    /// Jobs that run.
    pub running: usize,
}

impl Metrics {
    /// The numbers as text for Prometheus. Of several runtimes: [`Prometheus::of`].
    #[must_use]
    pub fn prometheus(&self) -> Prometheus<'_> {
        Prometheus::of(core::slice::from_ref(self))
    }
}

impl<C: Config> Handle<C> {
    /// What the runtime has done so far, in numbers. From any thread; asks no worker. Where threads share tasks it takes the
    /// locks that a spawn takes, one after the other. In a forked child, which has no workers, the numbers of tasks, resources
    /// and jobs are 0.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let owner = Home::is_current(Worker::home_of(self.worker()));
        // SAFETY: the handle holds the home.
        unsafe { of(self.worker(), owner) }
    }
}

impl<C: Config> Runtime<C> {
    /// What the runtime has done so far, in numbers; see [`Handle::metrics`].
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        // SAFETY: the runtime holds its home, and a local one is on the thread that owns the worker.
        unsafe { of(self.any_worker(), true) }
    }
}

/// # Safety
/// The caller holds the home of `worker`. `owner`: under a local scheduler this thread owns it.
unsafe fn of<C: Config>(worker: NonNull<Worker<C>>, owner: bool) -> Metrics {
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    let by_threads = const { matches!(place::placement::<C>(), Placement::OwnThread) };
    let mut workers: Vec<_> = common.cores.members().iter().map(|member| member.worker).collect();
    if workers.is_empty() && !by_threads {
        workers.push(worker);
    }
    // SAFETY: the members live as long as the home that the caller holds.
    let workers: Vec<&Worker<C>> = workers.iter().map(|worker| unsafe { worker.as_ref() }).collect();
    // SAFETY: as the caller.
    let tasks = |worker: &&Worker<C>| unsafe { tasks(worker, owner) };
    let seen = Metrics {
        config: C::NAME,
        tasks: 0,
        resources: 0,
        queued: workers.first().and_then(|worker| seat(worker)).map_or(0, |seat| seat.injected()),
        workers: workers.iter().map(|worker| metrics(worker)).collect(),
        threads: common.cores.members().iter().filter(|member| member.runs()).count(),
        threads_refused: common.cores.refusals(),
        refused: None,
        blocking: BlockingMetrics::default(),
    };
    if common.is_copy() {
        return seen; // a lock may have been another thread's when the process was forked
    }
    Metrics {
        tasks: if by_threads { common.task_threads.len() } else { workers.iter().map(tasks).sum() },
        resources: resources(common, &workers),
        refused: common.cores.last_refusal(),
        blocking: common.pool.load().into(),
        ..seen
    }
}

fn resources<C: Config>(common: &Common<C>, workers: &[&Worker<C>]) -> usize {
    if <C::Driver as Driver>::STATELESS {
        return common.open.len();
    }
    workers.iter().map(|worker| worker.open_resources()).sum()
}

/// Tasks of a worker that are not freed, but for the root.
///
/// # Safety
/// As [`of`].
unsafe fn tasks<C: Config>(worker: &Worker<C>, owner: bool) -> usize {
    if owner || <SharingOf<C> as Sharing>::SHARED {
        // SAFETY: the owner, or a real lock; nothing re-enters.
        unsafe { worker.live_tasks() }
    } else {
        worker.tally.tasks.get()
    }
}

/// The place of the worker among those that take tasks from each other.
fn seat<C: Config>(worker: &Worker<C>) -> Option<&Seat<LiveQueueOf<C>>> {
    // SAFETY: written before other threads know the home; a seat lives as long as the crew, which the home's team holds.
    unsafe { worker.home.seat.get().cast::<Seat<LiveQueueOf<C>>>().as_ref() }
}

fn metrics<C: Config>(worker: &Worker<C>) -> WorkerMetrics {
    let (tally, seat) = (&worker.tally, seat(worker));
    WorkerMetrics {
        polls: seat.map_or_else(|| tally.polls.get(), Seat::polls_made) as u64,
        looks: tally.looks.get() as u64,
        parks: tally.parks.get() as u64,
        timers: tally.timers.get() as u64,
        blocked: worker.blocked_polls() as u64,
        resources: worker.open_resources(),
        stealing: seat.map(|seat| stealing(seat, const { times_searches::<C>() })),
    }
}

fn stealing<Q: Lanes>(seat: &Seat<Q>, timed: bool) -> StealingMetrics {
    let tally = seat.tally();
    let from = |level| {
        let (steals, tasks) = tally.from(level);
        Stolen { steals: steals as u64, tasks: tasks as u64 }
    };
    StealingMetrics {
        queued: seat.queued(),
        searches: tally.searches.get() as u64,
        searching: timed.then(|| Duration::from_nanos(tally.searching.get() as u64)),
        woken: tally.woken.get() as u64,
        from_core: from(Level::Core),
        from_cache: from(Level::Cache),
        from_node: from(Level::Node),
        from_machine: from(Level::Machine),
        taken: tally.taken.get() as u64,
        given: tally.given.get() as u64,
        handed_over: tally.handed_over.get() as u64,
    }
}

impl From<Load> for BlockingMetrics {
    fn from(load: Load) -> Self {
        let Load { threads, idle, queued, running } = load;
        BlockingMetrics { threads, idle, queued, running }
    }
}
