//! Which task runs next, and on which thread.

use super::queue::{BATCH_MAX, LocalQueue};
use crate::sharing::{Moving, Sharing};
use core::time::Duration;

/// Decides which task runs next and on which thread.
///
/// A scheduler is a *name*: the queues live in the workers of a running runtime. Until 1.0 schedulers are the project's own:
/// the trait can be named in bounds, and not implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a scheduler",
    label = "expected a scheduler",
    note = "schedulers: `SingleThread`, `PerCore<N>`, `WorkStealing<N>`, `ThreadPerTask`"
)]
pub trait Scheduler: 'static {
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints the name as advice")]
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: super::Sealed;

    /// May tasks move between threads? This decides what `spawn` admits.
    type Sharing: Sharing;
    /// The name in `INFO`, in reports and in messages.
    const NAME: &'static str;
    /// Upper bound of the workers; at least 1.
    const WORKERS: usize;
    /// Do workers take tasks from each other?
    const STEALS: bool = Self::STEALING.is_some();
    /// How they do it, if they do.
    #[doc(hidden)]
    const STEALING: Option<Stealing> = None;
    /// What its workers keep queued tasks in, if they take tasks from each other; of no meaning else.
    #[doc(hidden)]
    type Queue: LocalQueue;
    /// Does it start the threads of its workers, so that they can be pinned?
    const PINS: bool = false;
    /// Where a spawned task runs.
    const PLACEMENT: Placement;
}

/// Do the workers of `S` take tasks from each other? Asked here and not of [`Scheduler::STEALS`], which a scheduler may say as it
/// likes: tasks move between the threads of a team only, and only where they are `Send`.
#[cfg(feature = "alloc")]
pub(crate) const fn steals<S: Scheduler>() -> bool {
    S::STEALING.is_some() && <S::Sharing as Sharing>::MOVING && matches!(S::PLACEMENT, Placement::AnyWorker)
}

/// Do the threads of `S`'s workers start when there is something for them?
#[cfg(feature = "std")]
pub(crate) const fn on_demand<S: Scheduler>() -> bool {
    match S::STEALING {
        Some(stealing) => stealing.on_demand && steals::<S>(),
        None => false,
    }
}

/// Where a spawned task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// In the queue of the worker that spawned it.
    ThisWorker,
    /// On a thread of its own: for drivers whose operations block.
    OwnThread,
    /// In the queue of one of the runtime's workers, each in its turn; it stays there.
    InTurn,
    /// In the queue of whichever worker wakes it; any other one may take it from there.
    AnyWorker,
}

/// How workers take tasks from each other: the numbers of [`WorkStealing<N, P>`](crate::scheduler::WorkStealing). Each has a
/// usual value; a type of one's own changes what it names.
///
/// The capacity of a worker's queue is [`LOCAL_QUEUE`](crate::config::Config::LOCAL_QUEUE), the number of polls between two looks
/// at the driver [`EVENT_INTERVAL`](crate::config::Config::EVENT_INTERVAL).
pub trait Policy: 'static {
    /// The task that was woken last runs next, before those that were queued earlier, so often in a row. Good for tasks that hand
    /// something to and fro. 0: the queue is first in, first out.
    const LIFO_RUNS_MAX: u32 = 3;
    /// After so many tasks a worker takes one that was woken outside of the workers, however many it has of its own. At least 1.
    const INJECTOR_INTERVAL: u32 = 61;
    /// How often a worker without work looks into the queues of all others before it sleeps. At least 1. More: less latency, for
    /// more processor time.
    const SEARCH_ROUNDS: u32 = 3;
    /// `false`: the threads of all workers start with the runtime, and if the system refuses one, that is the error of
    /// `Runtime::new`. `true`: a worker gets its driver and its thread when there is more to run than those that have one
    /// run next, the first one with the first spawn or what is opened first; a runtime that does nothing has no thread, and
    /// one driver. A refusal comes late then: while one worker runs, the others are left out
    /// ([`Metrics::threads`](crate::runtime::Metrics::threads) counts those that run, and
    /// [`Metrics::refused`](crate::runtime::Metrics::refused) says why another does not); if none does, the task is
    /// cancelled, and its handle says why, and what is opened is refused with the code of the system.
    const ON_DEMAND: bool = false;
    /// How many hints that it waits (`core::hint::spin_loop`) a worker gives between two looks of
    /// [`SEARCH_ROUNDS`](Self::SEARCH_ROUNDS). More: a task that comes meanwhile needs no system call to be found.
    const SPIN: u32 = 1;
    /// Where a look at the others begins.
    const ORDER: Order = Order::Nearest;
    /// How many tasks a worker takes at once at most, from another one or from the queue of all. 1 to 128. Fewer spread better
    /// over many workers, more are taken less often.
    const STEAL_BATCH: usize = BATCH_MAX;
    /// How often one of the workers that sleep looks whether another does not come back from a poll, and takes the newest task
    /// of one that does not, while anybody is awake. That task waits for at most two of these, if any worker sleeps. Not zero.
    const WATCH: Duration = Duration::from_millis(5);
    /// Is the time counted for which workers search? It is two looks at the clock of the system for each search. Where it is not,
    /// no code for it is in the program, and no look at the clock; the word of each worker that would count it stays, and
    /// [`StealingMetrics::searching`](crate::runtime::StealingMetrics) is `None`.
    const TIMES_SEARCHES: bool = false;
}

/// Whom a worker looks at first that has nothing to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// Those with whom it shares the most: a core, a cache, a memory node; among equals one at random. Where workers are not
    /// [pinned](crate::config::Config::PIN_WORKERS) nobody knows who is near, and this is the same as `AtRandom`.
    Nearest,
    /// One at random, however far, and from that one on: where tasks have little data, and few workers make all of them. Then
    /// all workers are one memory node, also if they are pinned: one queue of all is for all of them.
    AtRandom,
}

/// The usual [`Policy`].
#[derive(Debug, Clone, Copy)]
pub struct Balanced;

impl Policy for Balanced {}

/// A [`Policy`] as numbers.
#[doc(hidden)]
#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "checked here, and read by workers that have threads"))]
#[derive(Debug, Clone, Copy)]
pub struct Stealing {
    pub(crate) lifo_runs_max: u32,
    pub(crate) injector_interval: u32,
    pub(crate) search_rounds: u32,
    pub(crate) on_demand: bool,
    pub(crate) spin: u32,
    pub(crate) order: Order,
    pub(crate) steal_batch: usize,
    pub(crate) watch: Duration,
    pub(crate) times_searches: bool,
}

impl Stealing {
    pub(crate) const fn of<P: Policy>() -> Self {
        assert!(
            P::INJECTOR_INTERVAL > 0,
            "INJECTOR_INTERVAL of the policy is 0; use 1 to take every task from there first"
        );
        assert!(
            P::SEARCH_ROUNDS > 0,
            "SEARCH_ROUNDS of the policy is 0, so nothing would ever be taken; use 1 for one look"
        );
        assert!(
            P::STEAL_BATCH > 0 && P::STEAL_BATCH <= BATCH_MAX,
            "STEAL_BATCH of the policy is none of 1 to 128; use 1 to take one task at a time"
        );
        assert!(!P::WATCH.is_zero(), "WATCH of the policy is zero, so one worker would never sleep; use a millisecond");
        Stealing {
            lifo_runs_max: P::LIFO_RUNS_MAX,
            injector_interval: P::INJECTOR_INTERVAL,
            search_rounds: P::SEARCH_ROUNDS,
            on_demand: P::ON_DEMAND,
            spin: P::SPIN,
            order: P::ORDER,
            steal_batch: P::STEAL_BATCH,
            watch: P::WATCH,
            times_searches: P::TIMES_SEARCHES,
        }
    }
}

/// A scheduler with several workers on which a task can be placed, and which keep the tasks that they have: what `spawn_on`,
/// `spawn_on_each`, `spawn_least_loaded` and `spawn_here` ask for.
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` has no workers to choose from",
    label = "this asks for workers that keep their tasks",
    note = "`PerCore<N>` has them; `spawn_pinned` keeps a future where it was made on every scheduler"
)]
pub trait Cores: Scheduler {}

/// A scheduler whose workers another thread can run while their own one blocks: what `block_in_place` asks for.
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` cannot hand a worker over to another thread",
    label = "`block_in_place` asks for workers whose tasks may run on any thread",
    note = "`WorkStealing<N>` has them; `spawn_blocking` runs a closure on a thread of its own under every scheduler"
)]
pub trait HandsOver: Scheduler<Sharing = Moving> {}
