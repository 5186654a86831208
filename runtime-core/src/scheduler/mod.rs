//! The schedulers. A scheduler in a config is a name; what runs is in the module of the same name. So is a queue: what
//! [`Ring`] and its like name is in `task/steal`.
//!
//! | file | holds |
//! |---|---|
//! | `single` | the loop of [`SingleThread`], and of every `block_on` |
//! | `per_core` | [`PerCore`]: start, placing, shutdown |
//! | `stealing` | [`WorkStealing`]: the loop of a worker that takes tasks from others, placing |
//! | `own_thread` | [`ThreadPerTask`]: the life of a task |
//! | `caller` | `block_on` where tasks have threads of their own |
//! | `turns` | the loop of a worker that has a thread to itself |
//! | `claim` | who owns a worker that is handed to a thread |

#[cfg(feature = "std")]
pub(crate) mod caller;
#[cfg(feature = "std")]
mod claim;
#[cfg(feature = "std")]
pub(crate) mod own_thread;
#[cfg(feature = "std")]
pub(crate) mod per_core;
#[cfg(feature = "alloc")]
pub(crate) mod single;
#[cfg(feature = "std")]
pub(crate) mod stealing;
#[cfg(all(test, shuttle))]
mod tests;
#[cfg(feature = "std")]
mod turns;

use crate::roles::{Balanced, Cores, HandsOver, LocalQueue, Placement, Policy, Scheduler, Stealing};
#[cfg(feature = "std")]
use crate::roles::{Classed, LiveQueue};
use crate::sharing::{Local, Moving, Shared};
use core::marker::PhantomData;

/// All tasks on one thread: the thread that calls `block_on`.
///
/// Tasks need not be `Send`, and the runtime uses no locked instruction for them. One FIFO queue; a busy worker looks at
/// its driver every [`EVENT_INTERVAL`](crate::config::Config::EVENT_INTERVAL) polls.
#[derive(Debug, Clone, Copy)]
pub struct SingleThread;

impl Scheduler for SingleThread {
    type Sharing = Local;
    type Queue = Ring;
    const NAME: &'static str = "single-thread";
    const WORKERS: usize = 1;
    const PLACEMENT: Placement = Placement::ThisWorker;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

/// Several workers, each with a thread, a driver, a timer wheel and memory of its own; a task stays on the worker that it was
/// placed on.
///
/// At most `WORKERS` of them, 1 to 1024: as many as there are processors that the process may use, and as it is given of their
/// time ([`Topology::parallelism`](crate::roles::Topology::parallelism)), or exactly `WORKERS` with
/// [`WORKERS_EXACT`](crate::config::Config::WORKERS_EXACT). Their threads are started with the runtime and end with it.
///
/// | call | the future | where it runs |
/// |---|---|---|
/// | `spawn` | is `Send` | on the workers in turn |
/// | `spawn_least_loaded` | is `Send` | on the worker that has least to do |
/// | `spawn_on(core, async || …)` | is made there by a closure that is `Send` | on that worker |
/// | `spawn_on_each(async |core| …)` | is made there by a clone of a closure that is `Send` | on every worker |
/// | `spawn_here` | need not be `Send` | on the worker that calls it |
///
/// Each worker runs its queue first in, first out, and looks at its driver every
/// [`EVENT_INTERVAL`](crate::config::Config::EVENT_INTERVAL) polls. Nothing is ever stolen: a worker that is busy keeps its tasks
/// waiting, however idle the others are.
///
/// What is opened, a socket or a file, belongs to the worker that used it last. The first use on another one brings it there,
/// with what was read ahead; while somebody waits for it where it is, it stays, and the operation fails with
/// [`ErrorKind::ResourceBusy`](crate::error::ErrorKind::ResourceBusy). So a server accepts on one worker and spawns a task per
/// connection, or opens a listener on each, on one port (`TcpOptions::reuse_port`), and serves by `spawn_here`. Tasks of
/// different workers wake and await each other, and talk through channels. What a worker keeps for itself is a
/// [`WorkerLocal`](crate::task::worker_locals::WorkerLocal).
///
/// `block_on` runs its future on the thread that calls it, on one worker more, which is started for it and closed when it
/// returns, with what was opened and spawned to stay there. Several threads may be inside one at once, and tasks run whether
/// or not anybody is.
///
/// A worker that panics outside of its tasks, since its driver cannot wait any more, say, ends alone: its tasks are
/// cancelled, and their handles say why ([`JoinError`](crate::task::JoinError)); the others go on, and get its share.
#[derive(Debug, Clone, Copy)]
pub struct PerCore<const WORKERS: usize>;

impl<const WORKERS: usize> Scheduler for PerCore<WORKERS> {
    type Sharing = Shared;
    type Queue = Ring;
    const NAME: &'static str = "per-core";
    const WORKERS: usize = WORKERS;
    const PINS: bool = true;
    const PLACEMENT: Placement = Placement::InTurn;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

impl<const WORKERS: usize> Cores for PerCore<WORKERS> {}

/// Several workers, each with a thread, a timer wheel and memory of its own; a task runs on whichever is free.
///
/// At most `WORKERS` of them, as under [`PerCore`]; their threads are started with the runtime and end with it. Tasks are `Send`:
/// between two polls a task may go to another worker, and nobody says which. `spawn_pinned` keeps a future where it was made.
///
/// A task that is woken on a worker runs next there, where its data is warm, at most so many in a row as the policy `P` says;
/// then those that were queued earlier. A worker without work takes half of what another has queued, or its share of what was
/// woken elsewhere; if there is nothing, it sleeps, and is woken when there is. At most half of the workers, rounded up, search
/// at once. A worker that does not come back from a poll holds up its timers, the sockets and files that it watches, and what is
/// pinned to it; the tasks in its queue are taken by others, and the newest one, while another worker sleeps, within some ten
/// milliseconds. A task that has to block says so by `block_in_place`: then
/// another thread runs the worker meanwhile.
///
/// A sleep is kept by the worker that polled it last. `block_on` runs its future on the thread that calls it, as under
/// [`PerCore`]: it does not move; what it spawns goes to the workers, and what it opens is watched by them, also when it has
/// returned.
///
/// A worker that panics outside of its tasks ends alone: the tasks that were spawned on it are cancelled, what else was queued
/// there goes to the others.
///
/// # Driver
/// Each worker has one, waits in it, and watches what was opened in its turn, wherever the task runs that has opened it. Any
/// worker of the runtime may use it: a socket that is ready is read by whoever runs its task, with a system call of that
/// worker's. What they share has a lock. A worker that ends alone takes what it watches with it: operations say that it is
/// closed.
///
/// `Mio` over the system's own poller, `NoIo`, on Linux `IoUring`, and a `Fallback` of these are such drivers; another one is
/// refused when the program is compiled.
///
/// # Queue
/// `Q` is what each worker keeps its queued tasks in: a [`Ring`], unless something else is named. What differs is the cost,
/// and not what happens: every queue is first in, first out, and holds [`LOCAL_QUEUE`](crate::config::Config::LOCAL_QUEUE)
/// tasks; half of a full one goes to the queue of all, which is a list through the tasks themselves under each of them.
/// `Classes` keeps two of them, for tasks that somebody waits for and for the others. Workers that are
/// [pinned](crate::config::Config::PIN_WORKERS) have a queue of all for each memory node; with
/// [`Order::AtRandom`](crate::roles::Order::AtRandom) all of them are one node, and have one.
#[derive(Debug, Clone, Copy)]
pub struct WorkStealing<const WORKERS: usize, P: Policy = Balanced, Q: LocalQueue = Ring>(PhantomData<(P, Q)>);

impl<const WORKERS: usize, P: Policy, Q: LocalQueue> Scheduler for WorkStealing<WORKERS, P, Q> {
    type Sharing = Moving;
    type Queue = Q;
    const NAME: &'static str = "work-stealing";
    const WORKERS: usize = WORKERS;
    const STEALING: Option<Stealing> = Some(Stealing::of::<P>());
    const PINS: bool = true;
    const PLACEMENT: Placement = Placement::AnyWorker;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

impl<const WORKERS: usize, P: Policy, Q: LocalQueue> HandsOver for WorkStealing<WORKERS, P, Q> {}

/// The usual queue of a worker of [`WorkStealing`]: a ring of fixed size, which is made with the worker.
///
/// After that nothing is allocated or freed, neither by who queues a task nor by who takes some.
#[derive(Debug, Clone, Copy)]
pub struct Ring;

impl LocalQueue for Ring {
    const QUEUES_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
    #[cfg(feature = "std")]
    type Live = crate::task::steal::Ring;
}

/// A queue of a worker of [`WorkStealing`] on [`crossbeam-deque`](https://docs.rs/crossbeam-deque), with the feature of that
/// name.
///
/// It begins with room for 64 tasks, grows up to [`LOCAL_QUEUE`](crate::config::Config::LOCAL_QUEUE), and shrinks again: so a
/// worker whose queue is usually short keeps little memory, and one whose queue is now long, now short, allocates. The memory
/// is freed by the collector of `crossbeam-epoch`. What other code of the program has deferred there may run on a worker,
/// between two polls or inside of a wake, a spawn, an abort, or a close. It must not panic: that is caught where a worker's own
/// panics are, and the tasks that were being moved at that moment are lost.
#[cfg(feature = "crossbeam-deque")]
#[derive(Debug, Clone, Copy)]
pub struct Deque;

#[cfg(feature = "crossbeam-deque")]
impl LocalQueue for Deque {
    const QUEUES_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
    type Live = crate::task::steal::Deque;
}

/// Two classes of tasks, each with a queue `Q` of its own on each worker of [`WorkStealing`]: `WorkStealing<N, P, Classes>`.
///
/// `spawn_with(Latency, future)` spawns a task for which somebody waits; every other one is of
/// [`Throughput`](crate::roles::Throughput). A task keeps its class.
///
/// A worker runs what is ready of `Latency` first: of its own queue, and then of what came from outside. After `LATENCY_RUNS_MAX`
/// of them in a row it runs one of `Throughput`, if one is ready. So:
///
/// - The task of `Throughput` that is the front of a worker's queue waits for at most `LATENCY_RUNS_MAX` polls of `Latency`,
///   however many of these are ready; one that was woken last, and so is to run next, for at most twice as many.
/// - `Latency` waits for one poll of `Throughput` at a time; for a few, if a task runs next because it was woken last
///   ([`LIFO_RUNS_MAX`](Policy::LIFO_RUNS_MAX)), some came from outside ([`INJECTOR_INTERVAL`](Policy::INJECTOR_INTERVAL)) or one
///   is pinned. While something of `Latency` is in its queue, or came from outside for its memory node, a worker polls at most
///   `2 * LIFO_RUNS_MAX + 5` others in a row, whatever these numbers are.
///
/// With an `INJECTOR_INTERVAL` of 1 everything that comes from outside goes before the queue of its class, and before what was
/// woken last on the worker: these wait as long as it comes, as they do without classes.
///
/// A worker that has nothing to run takes `Latency` from the others first. One that has something of `Throughput` leaves
/// `Latency` that is queued on another worker there: if that one is busy, it is somebody without work who comes for it.
///
/// The slot of what was woken last is for `Throughput`. A task of `Latency` that is woken goes to the back of its queue, and a
/// worker that sleeps is woken for it. That costs a system call where the same task of `Throughput` would have waited for the
/// poll that woke it.
///
/// Each of the two queues holds [`LOCAL_QUEUE`](crate::config::Config::LOCAL_QUEUE) tasks. `LATENCY_RUNS_MAX` is at least 1.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy)]
pub struct Classes<Q: LocalQueue = Ring, const LATENCY_RUNS_MAX: u32 = 16>(PhantomData<Q>);

#[cfg(feature = "std")]
impl<Q: LocalQueue<Live: LiveQueue>, const LATENCY_RUNS_MAX: u32> LocalQueue for Classes<Q, LATENCY_RUNS_MAX> {
    const QUEUES_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
    type Live = crate::task::steal::Two<Q::Live, LATENCY_RUNS_MAX>;
}

#[cfg(feature = "std")]
impl<const WORKERS: usize, P: Policy, Q: LocalQueue<Live: LiveQueue>, const LATENCY_RUNS_MAX: u32> Classed
    for WorkStealing<WORKERS, P, Classes<Q, LATENCY_RUNS_MAX>>
{
}

/// A thread of [`Config::Threads`](crate::config::Config::Threads) for every spawned task.
///
/// The scheduler of drivers whose operations block: a task that blocks must not hold up the task that it waits for.
/// Tasks are `Send`; a task never moves once it started. Several threads may be inside `block_on` at once; each runs its own
/// future, and tasks run whether or not anybody is.
///
/// When the system has no thread left, the task is *rejected*: see
/// [`JoinError::is_rejected`](crate::task::JoinError::is_rejected).
///
/// An abort takes effect when the task next waits for something else than an operation that blocks. The worker looks at its
/// timers after each poll. Closing the runtime
/// asks every task to end, and ends operations that block on sockets; a thread that is still busy after the timeout is
/// left alone, and counted in `Shutdown::running_tasks`.
#[derive(Debug, Clone, Copy)]
pub struct ThreadPerTask;

impl Scheduler for ThreadPerTask {
    type Sharing = Shared;
    type Queue = Ring;
    const NAME: &'static str = "thread-per-task";
    const WORKERS: usize = 1;
    const PLACEMENT: Placement = Placement::OwnThread;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}
