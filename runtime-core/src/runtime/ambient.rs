//! The runtime, from inside a task, in code that is generic over the config.

use super::YieldNow;
use super::admit::{Pinned, spawn_unchecked};
#[cfg(feature = "std")]
use super::await_fn::await_fn;
use super::handle::{self, Handle};
use super::place;
use super::static_task::{PoolFull, StaticTask, spawn_task_near};
use super::traced::At;
use crate::config::Config;
use crate::instant::Instant;
use crate::roles::Scheduler;
#[cfg(feature = "std")]
use crate::roles::{Class, Classed, Cores, HandsOver, StartsThreads};
#[cfg(feature = "std")]
use crate::scheduler::stealing::in_place;
use crate::sharing::Local;
use crate::task::JoinHandle;
use crate::task::places::Pool;
use crate::time::{Interval, Manual, Sleep, Timeout};
use crate::worker::{ambient, spawn};
#[cfg(feature = "std")]
use alloc::vec::Vec;
use core::time::Duration;

/// What every config can do inside a task: `C::spawn`, `C::sleep`, … in code that is generic over `C`.
///
/// `spawn`, `spawn_named`, `spawn_with`, `try_spawn`, `spawn_task`, `spawn_pinned`, `spawn_on`, `spawn_on_each`,
/// `spawn_least_loaded`, `least_loaded`, `spawn_blocking` and `handle` work on the blocking threads of the runtime, too.
///
/// # Panics
/// Without a runtime of `C` on this thread, which the message names, and where it was asked for: every function here but
/// `yield_now`, `await_fn` and `block_in_place`, which then does what it does elsewhere. What spawns and yields no `Result`
/// panics where the memory strategy has no memory for the task.
pub trait Ambient: Config {
    /// Spawns a task on the runtime that this task runs in.
    ///
    /// Here the scheduler is not known, so the future must be `Send`. With `C: LocalConfig`, or on a concrete config, see
    /// there.
    #[track_caller]
    #[inline]
    fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + 'static,
        F: Send, // `C` may be work-stealing. To spawn futures that are not `Send`: `C: LocalConfig`
    {
        spawn_near::<Self, F>(future)
    }

    /// As [`spawn`](Self::spawn), with a name for traces.
    #[track_caller]
    fn spawn_named<F>(name: &'static str, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + 'static,
        F: Send, // `C` may be work-stealing. To spawn futures that are not `Send`: `C: LocalConfig`
    {
        let named = spawn::Named::here(name);
        match ambient::try_worker::<Self>() {
            // SAFETY: the ambient worker is this thread's own; `Send` futures are admitted by every sharing.
            Some(worker) => unsafe { place::spawn_named(worker, named, future, At::caller()) },
            None => handle::spawn_served::<Self, F, _>(future, named, At::caller()),
        }
    }

    /// As [`spawn`](Self::spawn); gives the future back when the memory strategy has no memory for the task.
    ///
    /// # Errors
    /// The future.
    #[track_caller]
    fn try_spawn<F>(future: F) -> Result<JoinHandle<F::Output>, F>
    where
        F: Future<Output: Send> + 'static,
        F: Send, // `C` may be work-stealing. To spawn futures that are not `Send`: `C: LocalConfig`
    {
        match ambient::try_worker::<Self>() {
            // SAFETY: as in `spawn_named`.
            Some(worker) => unsafe { place::try_spawn(worker, future, (), At::caller()) },
            // SAFETY: the thread holds the home that it works for; the bounds say `Send`.
            None => unsafe { place::try_spawn_foreign(ambient::served::<Self>(), future, (), At::caller()) },
        }
    }

    /// Spawns a task of a function under `#[task(pool = N)]`, in a place of its pool: nothing is allocated.
    ///
    /// A local scheduler takes a place with one locked instruction, as the pool is the whole program's. The runtime's table of
    /// tasks and its queue grow to as many as there were at a time, once; `ThreadPerTask` makes a worker for the task, as always.
    ///
    /// # Errors
    /// All places are taken; the task is in the error.
    ///
    /// # Panics
    /// Under `ThreadPerTask`, if there is no memory for the task's worker.
    #[track_caller]
    fn spawn_task<F, P: Pool>(task: StaticTask<F, P>) -> Result<JoinHandle<F::Output>, PoolFull<F, P>>
    where
        F: Future<Output: Send> + 'static,
        F: Send, // `C` may be work-stealing. To spawn futures that are not `Send`: a config of your own, `App::spawn_task`
    {
        spawn_task_near::<Self, F, P>(task)
    }

    /// Makes a future on a worker and keeps it there: the closure is `Send`, the future need not be. On every scheduler.
    #[track_caller]
    fn spawn_pinned<T: Send + 'static>(make: impl AsyncFnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let future = Pinned::new(make);
        match ambient::try_worker::<Self>() {
            // SAFETY: the ambient worker is this thread's own; the closure is `Send`, and so is what it yields.
            Some(worker) => unsafe { place::spawn_kept(worker, future, At::caller()) },
            None => handle::spawn_served::<Self, _, _>(future, spawn::Kept, At::caller()),
        }
    }

    /// Makes a future on worker `core` of the runtime, counted from 0, and keeps it there: the closure is `Send`, the future need
    /// not be. [`Handle::workers`] says how many workers there are. Of one that has ended, or of a runtime that closes, the
    /// handle says that the task was cancelled.
    ///
    /// # Panics
    /// If there is no such worker; if the memory strategy has no memory for the task.
    #[cfg(feature = "std")]
    #[track_caller]
    fn spawn_on<T: Send + 'static>(core: usize, make: impl AsyncFnOnce() -> T + Send + 'static) -> JoinHandle<T>
    where
        Self::Scheduler: Cores,
    {
        // SAFETY: this thread runs the worker, or works for it, so the runtime is alive.
        unsafe { place::spawn_on(ambient::near::<Self>(), core, make, At::caller()) }
    }

    /// Makes a future on every worker of the runtime and keeps it there: a clone of `make` is called on each, with the worker's
    /// number. `make` need not be `Sync`, and what it makes need not be `Send`.
    ///
    /// The handles are in the order of the numbers. Each worker begins when it comes to it; none waits for another. On a worker
    /// that ended before its runtime the task is cancelled at once, as by [`spawn_on`](Self::spawn_on), and its handle says
    /// so; and all are, if the runtime is closed.
    ///
    /// # Panics
    /// If the memory strategy has no memory for a task; those that were made before run on. If the clone of `make` panics: then
    /// none was made.
    #[cfg(feature = "std")]
    #[track_caller]
    fn spawn_on_each<T: Send + 'static>(
        make: impl AsyncFnOnce(usize) -> T + Clone + Send + 'static,
    ) -> Vec<JoinHandle<T>>
    where
        Self::Scheduler: Cores,
    {
        // SAFETY: this thread runs the worker, or works for it, so the runtime is alive.
        unsafe { place::spawn_on_each(ambient::near::<Self>(), make, At::caller()) }
    }

    /// Spawns a task on the worker that has [least to do](Self::least_loaded), where it stays. For what lives long: a connection
    /// that was accepted, say, whose socket goes along with the task that uses it first.
    ///
    /// Choosing looks at every worker. What lives shortly is spread as well by [`spawn`](Self::spawn), in turn, for less.
    ///
    /// # Panics
    /// If the memory strategy has no memory for the task.
    #[cfg(feature = "std")]
    #[track_caller]
    fn spawn_least_loaded<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
        Self::Scheduler: Cores,
    {
        // SAFETY: this thread runs the worker, or works for it, so the runtime is alive; the bounds say `Send`.
        unsafe { place::spawn_least_loaded(ambient::near::<Self>(), future, At::caller()) }
    }

    /// The number of the worker that has least to do: for [`spawn_on`](Self::spawn_on), whose futures need not be `Send`.
    ///
    /// What counts is how many of its tasks are not freed, how many sockets and files are open on it, and how many tasks were
    /// queued when it last looked around ([`EVENT_INTERVAL`](Config::EVENT_INTERVAL)): all added up, as far as this thread knows.
    /// Equal ones are chosen in turn. A worker that ended before its runtime is not chosen; nor is that of a `block_on`.
    ///
    /// A number that is not used at once is soon wrong, and so is one that many take before any of them places something.
    #[cfg(feature = "std")]
    #[track_caller]
    fn least_loaded() -> usize
    where
        Self::Scheduler: Cores,
    {
        // SAFETY: this thread runs the worker, or works for it, so the runtime is alive.
        unsafe { place::least_loaded(ambient::near::<Self>()) }
    }

    /// Spawns a task that stays on the worker of this thread: any `'static` future, and what it yields, need not be `Send`.
    ///
    /// Inside `block_on` that is the worker of the caller, which ends when `block_on` returns: the task is cancelled then.
    ///
    /// # Panics
    /// On a blocking thread; if the memory strategy has no memory for the task.
    #[cfg(feature = "std")]
    #[track_caller]
    fn spawn_here<F: Future + 'static>(future: F) -> JoinHandle<F::Output>
    where
        Self::Scheduler: Cores,
    {
        // SAFETY: the ambient worker is this thread's own; schedulers with `Cores` keep tasks where they are placed.
        unsafe { place::spawn_here(ambient::spawner::<Self>(), future, At::caller()) }
    }

    /// As [`spawn`](Self::spawn), in a class: the task runs before, or after, those of the other class that are ready. See
    /// [`Classes`](crate::scheduler::Classes). With a name as well: `spawn_with(Latency.named("answer"), …)`.
    #[cfg(feature = "std")]
    #[track_caller]
    fn spawn_with<K: Class, F>(class: K, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
        Self::Scheduler: Classed,
    {
        spawn_with::<Self, K, F>(class, future, At::caller())
    }

    /// Runs `closure` on a thread of the blocking pool: for what would hold up a worker, a system call that blocks or a long
    /// computation. The handle may be awaited anywhere.
    ///
    /// At most [`BLOCKING_THREADS_MAX`](Config::BLOCKING_THREADS_MAX) threads run jobs, and at most
    /// [`BLOCKING_QUEUE_MAX`](Config::BLOCKING_QUEUE_MAX) jobs wait for one; one more is *rejected*: see
    /// [`JoinError::is_rejected`](crate::task::JoinError::is_rejected). Aborting a job that waits cancels it at once; its
    /// place in the queue is free when a thread comes to it. A job that runs cannot be stopped. Dropping the handle stops
    /// nothing.
    ///
    /// Inside, [`handle`](Self::handle), [`spawn`](Self::spawn) and `spawn_blocking` find this runtime.
    #[cfg(feature = "std")]
    #[track_caller]
    fn spawn_blocking<T: Send + 'static>(closure: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T>
    where
        Self::Threads: StartsThreads,
    {
        let worker = ambient::near::<Self>();
        // SAFETY: this thread runs the worker, or works for it: it is alive.
        unsafe { handle::spawn_blocking(worker, closure, At::caller()) }
    }

    /// Runs `closure` here, on this thread, where it may block: another thread runs this worker until it returns. For code in
    /// the middle of a task that cannot be moved to [`spawn_blocking`](Self::spawn_blocking), as it borrows what the task
    /// has.
    ///
    /// The other tasks of the worker go on, with all that they wait for: its queue, the task that would have run next, its
    /// timers, its sockets, what other threads send it. So `closure` may wait for any of them, by a channel of the standard
    /// library, say. *Except what is pinned*: a task of [`spawn_pinned`](Self::spawn_pinned) stays on its thread, and if that
    /// is this one, it runs when `closure` has returned. Nothing that `closure` waits for may depend on it.
    ///
    /// Inside, this thread is as one of the blocking pool: [`handle`](Self::handle), [`spawn`](Self::spawn),
    /// [`await_fn`](Self::await_fn) and another runtime's `block_on` work, and a nested `block_in_place` runs its closure.
    /// What needs a worker, as the poll of a sleep or of a socket by hand, panics. A panic of `closure` goes on in the
    /// caller.
    ///
    /// When `closure` returns, the thread gets its worker back at the end of the poll that this is in. To hand it over takes
    /// a thread, which is kept for the next time for [`BLOCKING_KEEP_ALIVE`](Config::BLOCKING_KEEP_ALIVE). There is no limit
    /// to how many there are: one for each worker, and one for each closure that runs.
    ///
    /// Where nothing has to be handed over, it just runs `closure`: on a thread that runs no worker of this runtime, on a
    /// blocking thread, and in the future of a `block_on`, which has a worker for itself. So it does in a waker, or in a
    /// `Drop`, that the runtime calls between two polls; that worker is held up.
    ///
    /// A shutdown waits for `closure`, as long as it was told. What `closure` waits for in a task of this runtime is
    /// cancelled meanwhile.
    ///
    /// # Platform
    /// A ring of `IoUring` stays on its thread (`IORING_SETUP_SINGLE_ISSUER`), where nothing completes while `closure` runs. So
    /// all that the kernel has for the worker is cancelled first, and goes on at a ring of the other thread, without a loss; and
    /// back, when `closure` has returned. That is a moment for each socket that waits, and a ring for each call that lasts.
    /// What no cancel ends is told when `closure` has returned: a disk that takes longer than a second, and with
    /// `RingOptions::ZERO_COPY` sends whose bytes the peer has not acknowledged; `closure` is not to wait for these. With
    /// `RingOptions::MOVABLE` or `SQ_POLL` the ring goes along instead.
    ///
    /// # Panics
    /// If the system has no thread to be had, or no ring for it, before `closure` runs; in a child that was forked after the
    /// start of the runtime.
    #[cfg(feature = "std")]
    #[track_caller]
    fn block_in_place<T>(closure: impl FnOnce() -> T) -> T
    where
        Self::Scheduler: HandsOver,
    {
        in_place::block_in_place::<Self, T>(closure)
    }

    /// Waits for an asynchronous function in code that is not: the thread sleeps until it has the value.
    ///
    /// On a blocking thread of the runtime (see [`spawn_blocking`](Self::spawn_blocking)) the function runs as a task of the
    /// runtime, with all that belongs to it: sleeps, sockets, files. Inside of `block_in_place` it runs there, as in a
    /// `block_on`. On a thread without a runtime it runs there, and may wait for what needs none: channels, `Notify`, futures of
    /// other crates.
    ///
    /// A blocking thread that waits is one of [`BLOCKING_THREADS_MAX`](Config::BLOCKING_THREADS_MAX): if all of them wait for
    /// functions that need one, none goes on.
    ///
    /// # Panics
    /// On a worker, where it would hold up every task: there is `.await`. If the function panics, with its panic. If the runtime
    /// closes meanwhile.
    #[cfg(feature = "std")]
    #[track_caller]
    fn await_fn<T: Send + 'static>(function: impl AsyncFnOnce() -> T + Send + 'static) -> T {
        await_fn::<Self, T>(function)
    }

    /// Waits for `duration`.
    #[track_caller]
    fn sleep(duration: Duration) -> Sleep<Self> {
        Sleep::after(duration)
    }

    /// Waits until `deadline`.
    #[track_caller]
    fn sleep_until(deadline: Instant) -> Sleep<Self> {
        ambient::worker::<Self>();
        Sleep::until(deadline)
    }

    /// Waits for `future`, but no longer than `duration`.
    #[track_caller]
    fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<Self, F> {
        Timeout::new(future, Sleep::after(duration))
    }

    /// Waits for `future`, but no longer than until `deadline`.
    #[track_caller]
    fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<Self, F> {
        ambient::worker::<Self>();
        Timeout::new(future, Sleep::until(deadline))
    }

    /// Ticks every `period`, from now on.
    ///
    /// # Panics
    /// If `period` is zero.
    #[track_caller]
    fn interval(period: Duration) -> Interval<Self> {
        Interval::new(Self::now(), period)
    }

    /// Ticks every `period`, from `start` on.
    ///
    /// # Panics
    /// If `period` is zero.
    #[track_caller]
    fn interval_at(start: Instant, period: Duration) -> Interval<Self> {
        ambient::worker::<Self>();
        Interval::new(start, period)
    }

    /// Lets the other tasks that are ready now run first: where there are several workers, those in the queue of this one.
    fn yield_now() -> YieldNow {
        YieldNow::new()
    }

    /// The time now, by the clock of the runtime.
    #[track_caller]
    fn now() -> Instant {
        // SAFETY: the ambient worker is alive.
        unsafe { ambient::worker::<Self>().as_ref() }.now()
    }

    /// Moves a [`Manual`] clock forward. Timers that are due then fire when this task next waits.
    #[track_caller]
    fn advance<const AUTO_ADVANCE: bool>(by: Duration)
    where
        Self: Config<Clock = Manual<AUTO_ADVANCE>>,
    {
        // SAFETY: the ambient worker is alive.
        unsafe { ambient::worker::<Self>().as_ref() }.common.clock.advance(by);
    }

    /// A random number from the worker's generator: for spreading load, not for secrets.
    #[track_caller]
    fn random() -> u64 {
        // SAFETY: the ambient worker is this thread's own.
        unsafe { ambient::worker::<Self>().as_ref() }.random()
    }

    /// The runtime for other threads.
    #[track_caller]
    fn handle() -> Handle<Self> {
        // SAFETY: this thread runs the worker, or works for it: it is alive.
        unsafe { Handle::new(ambient::near::<Self>()) }
    }
}

/// Spawns on the runtime that this thread runs or works for.
#[track_caller]
#[inline]
fn spawn_near<C: Config, F: Future<Output: Send> + Send + 'static>(future: F) -> JoinHandle<F::Output> {
    match ambient::try_worker::<C>() {
        // SAFETY: the ambient worker is this thread's own; `Send` futures are admitted by every sharing.
        Some(worker) => unsafe { place::spawn(worker, future, At::caller()) },
        None => handle::spawn_served::<C, F, _>(future, (), At::caller()),
    }
}

/// Spawns in a class on the runtime that this thread runs or works for.
///
/// # Panics
/// Without a runtime of `C` on this thread; if its memory strategy has no memory.
#[cfg(feature = "std")]
#[track_caller]
pub(super) fn spawn_with<C: Config, K: Class, F: Future<Output: Send> + Send + 'static>(
    class: K,
    future: F,
    at: At,
) -> JoinHandle<F::Output> {
    let extra = spawn::OfClass(class);
    let Some(worker) = ambient::try_worker::<C>() else { return handle::spawn_served::<C, F, _>(future, extra, at) };
    // SAFETY: the ambient worker is this thread's own; `Send` futures are admitted by every sharing.
    unsafe { place::try_spawn(worker, future, extra, at) }.unwrap_or_else(|_| place::no_memory::<C>())
}

impl<C: Config> Ambient for C {}

/// A config whose tasks stay on the thread that spawned them: `spawn` takes any `'static` future.
#[diagnostic::on_unimplemented(
    message = "the scheduler of `{Self}` moves tasks between threads",
    label = "a `Local` scheduler is needed here",
    note = "`SingleThread` is local; under `PerCore<N>` write `spawn_here`, or `spawn_on`"
)]
pub trait LocalConfig: Config<Scheduler: Scheduler<Sharing = Local>> + LocalAmbient {}

/// What `C: LocalConfig` adds. Not in the prelude on purpose: it is found through the bound, so that it never competes with
/// [`Ambient`].
pub trait LocalAmbient: Config<Scheduler: Scheduler<Sharing = Local>> {
    /// Spawns any `'static` future on this thread.
    ///
    /// # Panics
    /// Without a runtime of this config on this thread. On a blocking thread there is none: use
    /// [`handle`](Ambient::handle) there.
    #[track_caller]
    #[inline]
    fn spawn<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
        // SAFETY: `Local` admits every `'static` future.
        unsafe { spawn_unchecked::<Self, F>(future) }
    }
}

#[diagnostic::do_not_recommend]
impl<C: Config<Scheduler: Scheduler<Sharing = Local>>> LocalAmbient for C {}
#[diagnostic::do_not_recommend]
impl<C: Config<Scheduler: Scheduler<Sharing = Local>>> LocalConfig for C {}
