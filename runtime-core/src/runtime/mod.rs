//! The runtime: what owns the workers, and how code finds it.
//!
//! | file | holds |
//! |---|---|
//! | `mod` | [`Runtime`] |
//! | `handle` | [`Handle`]: the runtime from any thread |
//! | `ambient` | [`Ambient`], [`LocalConfig`]: the runtime from inside a task |
//! | `admit` | [`Admits`], [`Spawnable`]: what may be spawned where |
//! | `await_fn` | waiting for an asynchronous function in code that is not |
//! | `into_set` | [`SpawnInto`], and what `JoinSet::spawn` takes |
//! | `place` | where a spawned task goes |
//! | `dump` | [`Dump`]: what every task is doing |
//! | `metrics` | [`Metrics`]: what the workers have done, in numbers |
//! | `static_task` | [`StaticTask`]: tasks whose memory is part of the program |
//! | `shutdown` | [`Shutdown`]: what was still going on when a runtime closed |
//! | `yields` | [`YieldNow`] |

mod admit;
mod ambient;
#[cfg(feature = "std")]
mod await_fn;
#[cfg(feature = "std")]
mod dump;
mod handle;
mod into_set;
#[cfg(feature = "std")]
mod metrics;
mod place;
mod shutdown;
mod static_task;
#[cfg(all(test, not(loom)))]
mod tests;
mod traced;
mod yields;

pub use admit::{Admits, Spawnable, spawn_unchecked};
#[cfg(feature = "std")]
#[doc(hidden)]
pub use admit::{
    block_in_place_unasked, spawn_here_unasked, spawn_least_loaded_unasked, spawn_on_each_unasked, spawn_on_unasked,
    spawn_with_unasked,
};
pub use ambient::{Ambient, LocalAmbient, LocalConfig};
#[cfg(feature = "std")]
pub use dump::Dump;
pub use handle::Handle;
#[doc(hidden)]
pub use handle::{assert_inside, assert_on_worker, is_on_worker};
#[cfg(feature = "std")]
#[doc(hidden)]
pub use handle::{spawn_blocking_if_any, spawn_blocking_unchecked};
pub use into_set::SpawnInto;
#[cfg(feature = "std")]
pub use metrics::{BlockingMetrics, Metrics, Prometheus, StealingMetrics, Stolen, WorkerMetrics};
#[cfg(all(test, not(loom)))]
pub(crate) use metrics::{all_sleep, passed_over};
pub use static_task::{PoolFull, StaticTask};
#[doc(hidden)]
pub use static_task::{StartTask, align_of, bytes_of};
pub use yields::YieldNow;

pub use owner::Runtime;
pub use shutdown::Shutdown;

mod owner {
    use super::traced::{self, At};
    #[cfg(feature = "std")]
    use super::{Dump, dump};
    use super::{Handle, Shutdown, place};
    use crate::check;
    use crate::config::{Config, SharingOf};
    use crate::error::Error;
    use crate::info::{Advice, Info, Model};
    #[cfg(feature = "std")]
    use crate::roles::{Driver, Placement, StartsThreads, Watchdog};
    use crate::roles::{DriverReport, Nanos, Scheduler};
    use crate::scheduler::single;
    #[cfg(feature = "std")]
    use crate::scheduler::{caller, own_thread, per_core};
    use crate::sharing::{LeavesItsThread, Local, Sharing, Threaded};
    use crate::task::JoinHandle;
    #[cfg(feature = "std")]
    use crate::task::home::Home;
    #[cfg(feature = "std")]
    use crate::worker::watchdog::Ended;
    use crate::worker::{Common, Worker, close};
    #[cfg(not(feature = "std"))]
    use crate::{driver::elsewhere, roles::Board, roles::OnBoard, util::flow};
    use core::fmt;
    use core::marker::PhantomData;
    use core::ptr::NonNull;
    use core::sync::atomic::{AtomicBool, Ordering};
    use core::time::Duration;

    /// Owns the workers of `C`. Under a local scheduler it stays on its thread, which is why its
    /// [`spawn`](Runtime::spawn) takes any future. Under a shared one it is `Send + Sync`, and takes `Send` futures.
    ///
    /// Dropping it closes it: blocking jobs that wait are cancelled, every task is cancelled and dropped on its worker, open
    /// resources are closed, and operations that the system still holds and blocking jobs that run are waited for, for at
    /// most [`Config::SHUTDOWN_TIMEOUT`] together; operations that are left then are leaked, jobs run on until they end. A drop
    /// does not say what was left: [`shutdown_timeout`](Runtime::shutdown_timeout) does.
    /// Wakers, handles and resources may outlive it: they do nothing then.
    ///
    /// # Invariants
    /// 1. `worker` is the runtime's, from `new` to `close`. Whoever set `running` owns it, until that is cleared; so does
    ///    whoever holds the runtime alone. Under a scheduler that gives every task a thread it never runs. Under one with several
    ///    workers it leads the team, its own thread runs and closes it, and the runtime has a reference of the team.
    /// 2. `closed` is set once, by whoever holds the runtime alone.
    pub struct Runtime<C, S = SharingOf<C>>
    where
        // The compiler shows this line to who names none.
        C: Config, // which config? `Runtime::<bespoke::preset::Default>::new()`, or one of your own
        S: Sharing,
    {
        worker: NonNull<Worker<C>>,
        running: AtomicBool,
        closed: bool,
        _confine: PhantomData<S::Confine>,
    }

    // SAFETY: nothing here is bound to a thread under `Shared`: the worker's driver is `Send` (`Live`), its
    // memory and its tasks are by the bounds of their traits, and it has one owner at a time (invariant 1).
    // Under `Local` the bound is not met; it is a bound of ours so that the compiler says what to do instead.
    unsafe impl<C: Config, S: Sharing> Send for Runtime<C, S> where S::Confine: LeavesItsThread {}
    // SAFETY: a shared reference gives `block_on`, which owns the worker while it runs (invariant 1) or makes one of its
    // own, and what any thread may do that holds the home.
    unsafe impl<C: Config, S: Sharing> Sync for Runtime<C, S> where S::Confine: LeavesItsThread {}

    impl<C: Config> Runtime<C> {
        /// What this runtime is made of.
        pub const INFO: Info = Info::of::<C>();
        /// What this runtime is expected to do: a model from measured coefficients, not a promise.
        pub const MODEL: Model = Model::of::<C>();
        /// What is legal and odd about this config; empty, for most.
        pub const ADVICE: Advice = Advice::of::<C>();

        /// Starts the runtime.
        ///
        /// # Errors
        /// - What the system refused: a descriptor for the driver, a thread for a worker, or the processor that it is to be
        ///   pinned to.
        /// - [`OutOfMemory`](crate::error::ErrorKind::OutOfMemory): the memory strategy has no room for the task that stands
        ///   for the future of [`block_on`](Self::block_on); where workers have threads, each call makes its own.
        #[cfg(feature = "std")]
        pub fn new() -> Result<Self, Error> {
            const { check::all::<C>() }
            let worker =
                if const { place::has_team::<C>() } { per_core::start()? } else { Worker::start(Common::start(), 0)? };
            let runtime = Self::of(worker);
            // Behind what it watches: dropping the runtime undoes all of that.
            if const { is_watched::<C>() } {
                runtime.common().watch()?;
            }
            // Last: it runs the program's code, and if that panics, the runtime is whole and closes.
            if const { <C::Driver as Driver>::TELLS }
                && let Some(report) = runtime.driver_reports().find(|report| report.fell_back)
            {
                <C::Driver as Driver>::tell(&report);
            }
            Ok(runtime)
        }

        /// Starts the runtime, on a board.
        ///
        /// # Errors
        /// - [`Unsupported`](crate::error::ErrorKind::Unsupported): this is not where the [board](crate::roles::Board) runs
        ///   tasks, but the handler of an interrupt, say.
        /// - [`OutOfMemory`](crate::error::ErrorKind::OutOfMemory): the memory strategy has no room for the task that stands
        ///   for the future of [`block_on`](Self::block_on); where workers have threads, each call makes its own.
        #[cfg(not(feature = "std"))]
        pub fn new() -> Result<Self, Error>
        where
            C::Driver: OnBoard,
        {
            const { check::all::<C>() }
            const { check::bare::<C>() }
            if <C::Driver as OnBoard>::Board::is_elsewhere() {
                // Before anything takes memory, which the handler of an interrupt may not.
                return Err(elsewhere());
            }
            flow::ask(const { &flow::Says::of::<<C::Driver as OnBoard>::Board>() });
            Ok(Self::of(Worker::start(Common::start(), 0)?))
        }

        fn of(worker: NonNull<Worker<C>>) -> Self {
            let runtime = Runtime { worker, running: AtomicBool::new(false), closed: false, _confine: PhantomData };
            traced::started(C::NAME, &runtime.driver_report());
            runtime
        }

        /// Runs `future` and every spawned task until `future` is ready. Tasks that are not ready then stay, and go on
        /// with the next `block_on`. Under a scheduler with threads of its own, its tasks do not wait for a `block_on`,
        /// and several threads may be inside one at once; what is opened inside ends with it, unless tasks move: then the workers
        /// watch it.
        ///
        /// # Panics
        /// If this runtime is running already: inside one of its own tasks. And with what `future` panics with. Under a
        /// scheduler with threads of its own, also if there is no memory or no driver for one worker more.
        ///
        /// In a child that was forked (`fork(2)`) after the runtime was started: what is there is a copy, without threads and
        /// with the parent's driver. So does whatever waits in it, spawns from elsewhere, or opens something. Dropping it does
        /// nothing: no task is dropped, and the parent goes on unharmed. A new runtime may be started there.
        #[cfg_attr(feature = "tracing", track_caller)]
        pub fn block_on<F: Future>(&self, future: F) -> F::Output {
            self.common().assert_no_copy();
            let future = traced::root(future, At::caller());
            #[cfg(feature = "std")]
            if const { place::elsewhere::<C>() } {
                return caller::block_on(self.common(), future);
            }
            let Some(_running) = self.run() else { panic!("{}", single::Inside(C::NAME)) };
            // SAFETY: `running` was ours to set (invariant 1), and the runtime is not closed.
            unsafe { single::block_on(self.worker, future) }
        }

        /// Which driver runs, what of the system it uses, and why it was chosen. Of several workers: that of the first.
        pub fn driver_report(&self) -> DriverReport {
            let Some(report) = self.worker().report() else { unreachable!("the first worker starts with its driver") };
            report
        }

        /// As [`driver_report`](Self::driver_report), of each worker: a driver that is one of two is chosen by each for itself,
        /// and what the system gives one it may deny the next. Where threads start on demand, of those that have a driver: all
        /// but the first get it when their thread is asked for.
        pub fn driver_reports(&self) -> impl Iterator<Item = DriverReport> {
            self.team().filter_map(Worker::report)
        }

        /// How many workers run the tasks; see [`Handle::workers`].
        #[must_use]
        pub fn workers(&self) -> usize {
            self.common().workers()
        }

        /// Makes this thread the worker's owner, unless one is.
        fn run(&self) -> Option<Running<'_>> {
            let was = if <SharingOf<C> as Sharing>::SHARED {
                // Acquire: pairs with the release of `Running::drop`, by whoever owned the worker before.
                self.running.swap(true, Ordering::Acquire)
            } else {
                // The runtime is on one thread.
                let was = self.running.load(Ordering::Relaxed);
                self.running.store(true, Ordering::Relaxed);
                was
            };
            (!was).then(|| Running(&self.running))
        }

        /// What its workers share.
        pub(crate) fn common(&self) -> &alloc::sync::Arc<Common<C>> {
            &self.worker().common
        }

        /// Its workers: one, but under a scheduler that runs several.
        #[cfg(not(feature = "std"))]
        fn team(&self) -> impl Iterator<Item = &Worker<C>> {
            core::iter::once(self.worker())
        }

        /// As above.
        #[cfg(feature = "std")]
        fn team(&self) -> impl Iterator<Item = &Worker<C>> {
            let members = self.common().cores.members();
            let alone = members.is_empty().then(|| self.worker());
            // SAFETY: the runtime has a reference of the team.
            alone.into_iter().chain(members.iter().map(|member| unsafe { member.worker.as_ref() }))
        }

        /// The runtime for other threads, and for tasks that outlive this value.
        #[must_use]
        pub fn handle(&self) -> Handle<C> {
            // SAFETY: the runtime holds its home.
            unsafe { Handle::new(self.worker) }
        }

        /// Runs `closure` on a thread of the blocking pool; see
        /// [`Ambient::spawn_blocking`](super::Ambient::spawn_blocking).
        #[cfg(feature = "std")]
        #[cfg_attr(feature = "tracing", track_caller)]
        pub fn spawn_blocking<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T>
        where
            C::Threads: StartsThreads,
        {
            // SAFETY: the runtime holds its home.
            unsafe { super::handle::spawn_blocking(self.worker, closure, At::caller()) }
        }

        /// The tasks that are not freed yet, complete ones whose handle or waker still lives included. Under a scheduler
        /// that gives every task a thread: those whose thread has not ended. Tasks that were spawned to stay inside a `block_on`
        /// are not counted where it has a worker of its own.
        #[must_use]
        pub fn live_tasks(&self) -> usize {
            #[cfg(feature = "std")]
            if const { matches!(place::placement::<C>(), Placement::OwnThread) } {
                return self.common().task_threads.len();
            }
            // SAFETY: the owner, or a real lock; nothing re-enters.
            self.team().map(|worker| unsafe { worker.live_tasks() }).sum()
        }

        /// What every task is doing, and the chain of functions in which it waits. The future of
        /// [`block_on`](Self::block_on) is no task.
        ///
        /// Under a local scheduler it is answered at once. Under a shared one as [`Handle::dump`].
        #[cfg(feature = "std")]
        #[must_use]
        pub fn dump(&self) -> Dump {
            // SAFETY: the runtime holds the home. A local one is on the thread that owns the worker.
            unsafe { dump::of(self.worker, !<SharingOf<C> as Sharing>::SHARED, dump::PATIENCE) }
        }

        /// The resources that are open: sockets, listeners, files. Those that were opened inside a `block_on` are not counted
        /// where it has a worker of its own.
        #[must_use]
        pub fn open_resources(&self) -> usize {
            #[cfg(feature = "std")]
            if <C::Driver as Driver>::STATELESS {
                return self.common().open.len();
            }
            self.team().map(Worker::open_resources).sum()
        }

        /// The one by which it is named.
        #[cfg(feature = "std")]
        pub(super) fn any_worker(&self) -> NonNull<Worker<C>> {
            self.worker
        }

        fn worker(&self) -> &Worker<C> {
            // SAFETY: the runtime holds its home until it is closed, which takes it by value.
            unsafe { self.worker.as_ref() }
        }

        /// Closes the runtime as a drop does, but waits for at most `timeout`; says what was still going on then.
        pub fn shutdown_timeout(mut self, timeout: Duration) -> Shutdown {
            self.close(timeout)
        }

        /// Closes the runtime without waiting: what the system still holds is leaked, and blocking jobs run on. Says what was
        /// still going on.
        pub fn shutdown_background(mut self) -> Shutdown {
            self.close(Duration::ZERO)
        }
    }

    impl<C: Config, S: Sharing> Runtime<C, S> {
        #[cfg(not(feature = "std"))]
        fn close(&mut self, timeout: Duration) -> Shutdown {
            let mut shutdown = Shutdown::default();
            if !core::mem::replace(&mut self.closed, true) {
                // SAFETY: this flow owns the worker; `closed` keeps everything else away from it.
                let drained = unsafe { close::close(self.worker, Nanos::of(timeout)) };
                (shutdown.cancelled_ops, shutdown.leaked_ops) = (drained.cancelled, drained.leaked);
            }
            shutdown
        }

        #[cfg(feature = "std")]
        fn close(&mut self, timeout: Duration) -> Shutdown {
            if core::mem::replace(&mut self.closed, true) {
                return Shutdown::default();
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "jobs run in the system's time, whatever the clock of `C` says"
            )]
            let start = std::time::Instant::now();
            // SAFETY: this thread owns the worker. The worker may be gone after its close: the pool stays.
            let common = unsafe { self.worker.as_ref() }.common.clone();
            if common.is_copy() {
                return Shutdown::default(); // nothing of it is here, and what is shared is the parent's
            }
            let left = || timeout.saturating_sub(start.elapsed());
            if const { matches!(place::placement::<C>(), Placement::OwnThread) } {
                own_thread::stop(&common);
            }
            common.pool.close();
            let mut shutdown = Shutdown::default();
            let drained = if const { place::has_team::<C>() } {
                let (running, drained) = per_core::stop(&common, start, timeout);
                (shutdown.running_workers, shutdown.workers) = (running.len(), running);
                // SAFETY: the runtime's reference of the team; the worker is not used again.
                unsafe { Home::release(Worker::home_of(self.worker)) };
                drained
            } else {
                // SAFETY: this thread owns the worker; `closed` keeps everything else away from it.
                unsafe { close::close(self.worker, Nanos::of(timeout)) }
            };
            if const { matches!(place::placement::<C>(), Placement::OwnThread) } {
                shutdown.running_tasks = own_thread::wait(&common, left());
            }
            shutdown.running_jobs = common.pool.wait(left());
            if const { is_watched::<C>() } {
                // The last: what holds up the close is reported, too.
                shutdown.running_hooks = usize::from(matches!(common.stop_watching(left()), Ended::Tells));
            }
            (shutdown.cancelled_ops, shutdown.leaked_ops) = (drained.cancelled, drained.leaked);
            shutdown
        }
    }

    impl<C: Config> Runtime<C, Local>
    where
        C: Config<Scheduler: Scheduler<Sharing = Local>>,
    {
        /// Spawns any `'static` future: this value cannot leave the thread that runs it.
        ///
        /// # Panics
        /// If the memory strategy has no memory for the task.
        #[cfg_attr(feature = "tracing", track_caller)]
        pub fn spawn<F: Future + 'static>(&self, future: F) -> JoinHandle<F::Output> {
            // SAFETY: this thread owns the worker.
            unsafe { place::spawn(self.worker, future, At::caller()) }
        }
    }

    impl<C: Config, S: Threaded> Runtime<C, S>
    where
        C: Config<Scheduler: Scheduler<Sharing = S>>,
    {
        /// Spawns a `Send` future, from any thread.
        ///
        /// # Panics
        /// If the memory strategy has no memory for the task.
        #[cfg_attr(feature = "tracing", track_caller)]
        pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
            // SAFETY: the runtime holds the home; the bounds say `Send`.
            unsafe { place::try_spawn_foreign(self.worker, future, (), At::caller()) }
                .unwrap_or_else(|_| place::no_memory::<C>())
        }
    }

    /// Has it a watchdog?
    #[cfg(feature = "std")]
    const fn is_watched<C: Config>() -> bool {
        <C::Watchdog as Watchdog>::BOUND.is_some()
    }

    /// This thread owns the runtime's worker until this is dropped.
    struct Running<'a>(&'a AtomicBool);

    impl Drop for Running<'_> {
        fn drop(&mut self) {
            self.0.store(false, Ordering::Release);
        }
    }

    impl<C: Config, S: Sharing> Drop for Runtime<C, S> {
        fn drop(&mut self) {
            self.close(C::SHUTDOWN_TIMEOUT);
        }
    }

    impl<C: Config, S: Sharing> fmt::Debug for Runtime<C, S> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Runtime").field("config", &C::NAME).finish_non_exhaustive()
        }
    }
}
