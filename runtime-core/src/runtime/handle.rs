//! The runtime, from any thread.

use super::place;
use super::static_task::{self, PoolFull, StaticTask};
#[cfg(feature = "std")]
use super::traced;
use super::traced::At;
#[cfg(feature = "std")]
use crate::blocking;
#[cfg(feature = "std")]
use crate::check;
use crate::config::Config;
use crate::roles::Driver;
#[cfg(feature = "std")]
use crate::roles::{Class, Classed, Cores, Placement, StartsThreads};
use crate::task::JoinHandle;
use crate::task::home::Home;
use crate::task::places::Pool;
#[cfg(feature = "std")]
use crate::worker::pool::{self, Held};
#[cfg(feature = "std")]
use crate::worker::spawn::OfClass;
use crate::worker::spawn::{Extra, Kept};
use crate::worker::{Worker, ambient};
#[cfg(feature = "std")]
use alloc::vec::Vec;
use core::fmt;
use core::panic::Location;
use core::ptr::NonNull;

/// The runtime, from any thread: counted, `Send` and `Sync`. It keeps no task alive and stops no shutdown.
///
/// Its `spawn` wants `Send` futures under every scheduler: it may be called on another thread.
pub struct Handle<C: Config> {
    worker: NonNull<Worker<C>>,
}

// SAFETY: it holds a reference of the home, and every verb may be called from any thread.
unsafe impl<C: Config> Send for Handle<C> {}
// SAFETY: as above.
unsafe impl<C: Config> Sync for Handle<C> {}

impl<C: Config> Handle<C> {
    /// # Safety
    /// As [`Worker::anchor`].
    pub(crate) unsafe fn new(worker: NonNull<Worker<C>>) -> Self {
        // SAFETY: as the caller.
        let worker = unsafe { Worker::anchor(worker) };
        // SAFETY: alive (contract).
        unsafe { worker.as_ref() }.home.acquire();
        Handle { worker }
    }

    /// Held by this handle.
    #[cfg(feature = "std")]
    pub(super) fn worker(&self) -> NonNull<Worker<C>> {
        self.worker
    }

    /// Spawns a future on the runtime. On a closed runtime the future is dropped here, and the handle yields a cancelled
    /// error.
    ///
    /// Under a local scheduler the handle may be dropped and aborted on this thread, and **not** awaited: only the task's own
    /// worker may wait for it. To get the result here, have the future send it through a channel of the standard library; or
    /// give the handle to a task of that runtime, which awaits it.
    ///
    /// # Panics
    /// If the memory strategy has no memory for the task.
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) -> JoinHandle<F::Output> {
        self.spawn_extra(future, (), At::caller())
    }

    /// As [`spawn`](Self::spawn), in a class; see [`Ambient::spawn_with`](super::Ambient::spawn_with).
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn).
    #[cfg(feature = "std")]
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn spawn_with<K: Class, F>(&self, class: K, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
        C::Scheduler: Classed,
    {
        self.spawn_extra(future, OfClass(class), At::caller())
    }

    #[inline]
    fn spawn_extra<F: Future<Output: Send> + Send + 'static, X: Extra>(
        &self,
        future: F,
        extra: X,
        at: At,
    ) -> JoinHandle<F::Output> {
        let spawned = if Home::is_current(Worker::home_of(self.worker)) {
            // SAFETY: this thread owns the worker.
            unsafe { place::try_spawn(self.worker, future, extra, at) }
        } else {
            // SAFETY: the handle holds the home; the bounds say `Send`.
            unsafe { place::try_spawn_foreign(self.worker, future, extra, at) }
        };
        match spawned {
            Ok(handle) => handle,
            Err(_) => place::no_memory::<C>(),
        }
    }

    /// Spawns a task of a function under `#[task(pool = N)]`, in a place of its pool; see
    /// [`Ambient::spawn_task`](super::Ambient::spawn_task). The handle is as one of [`spawn`](Self::spawn).
    ///
    /// # Errors
    /// All places are taken; the task is in the error.
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn spawn_task<F: Future<Output: Send> + Send + 'static, P: Pool>(
        &self,
        task: StaticTask<F, P>,
    ) -> Result<JoinHandle<F::Output>, PoolFull<F, P>> {
        // SAFETY: the handle holds the home.
        unsafe { static_task::spawn_task_at(self.worker, task, At::caller()) }
    }

    /// Makes a future over there and keeps it there: the closure is `Send`, the future need not be.
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn).
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn spawn_pinned<T: Send + 'static>(&self, make: impl AsyncFnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let future = crate::runtime::admit::Pinned::new(make);
        let spawned = if Home::is_current(Worker::home_of(self.worker)) {
            // SAFETY: this thread owns the worker.
            Ok(unsafe { place::spawn_kept(self.worker, future, At::caller()) })
        } else {
            // SAFETY: the handle holds the home; the closure is `Send`, and so is what it yields.
            unsafe { place::try_spawn_foreign(self.worker, future, Kept, At::caller()) }
        };
        match spawned {
            Ok(handle) => handle,
            Err(_) => place::no_memory::<C>(),
        }
    }

    /// As [`spawn_pinned`](Self::spawn_pinned), on worker `core`, counted from 0.
    ///
    /// # Panics
    /// If the runtime has not so many [`workers`](Self::workers); and as [`spawn`](Self::spawn).
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn spawn_on<T: Send + 'static>(
        &self,
        core: usize,
        make: impl AsyncFnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T>
    where
        C::Scheduler: Cores,
    {
        // SAFETY: the handle holds the home, of the team.
        unsafe { place::spawn_on(self.worker, core, make, At::caller()) }
    }

    /// As [`spawn_on`](Self::spawn_on), on every worker: a clone of `make` is called on each, with its number. The handles are in
    /// the order of the numbers; see [`Ambient::spawn_on_each`](super::Ambient::spawn_on_each).
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn); the tasks that were made before run on. And if the clone of `make` does: then none was made.
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn spawn_on_each<T: Send + 'static>(
        &self,
        make: impl AsyncFnOnce(usize) -> T + Clone + Send + 'static,
    ) -> Vec<JoinHandle<T>>
    where
        C::Scheduler: Cores,
    {
        // SAFETY: the handle holds the home, of the team.
        unsafe { place::spawn_on_each(self.worker, make, At::caller()) }
    }

    /// As [`spawn`](Self::spawn), on the worker that has least to do; see
    /// [`Ambient::spawn_least_loaded`](super::Ambient::spawn_least_loaded).
    ///
    /// # Panics
    /// As [`spawn`](Self::spawn).
    #[cfg(feature = "std")]
    #[track_caller]
    pub fn spawn_least_loaded<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
        C::Scheduler: Cores,
    {
        // SAFETY: the handle holds the home, of the team; the bounds say `Send`.
        unsafe { place::spawn_least_loaded(self.worker, future, At::caller()) }
    }

    /// The number of the worker that has least to do; see [`Ambient::least_loaded`](super::Ambient::least_loaded).
    #[cfg(feature = "std")]
    #[must_use]
    pub fn least_loaded(&self) -> usize
    where
        C::Scheduler: Cores,
    {
        // SAFETY: the handle holds the home, of the team.
        unsafe { place::least_loaded(self.worker) }
    }

    /// Runs `closure` on a thread of the blocking pool; see [`Ambient::spawn_blocking`](super::Ambient::spawn_blocking). On
    /// a closed runtime the closure is dropped here, and the handle yields a cancelled error.
    #[cfg(feature = "std")]
    #[cfg_attr(feature = "tracing", track_caller)]
    pub fn spawn_blocking<T: Send + 'static>(&self, closure: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T>
    where
        C::Threads: StartsThreads,
    {
        // SAFETY: the handle holds the home.
        unsafe { spawn_blocking(self.worker, closure, At::caller()) }
    }

    /// Is the runtime closed? Once `true`, it stays so.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // SAFETY: the handle holds the home.
        let worker = unsafe { self.worker.as_ref() };
        #[cfg(feature = "std")]
        match const { place::placement::<C>() } {
            // The worker may be that of a task which is over.
            Placement::OwnThread => return worker.common.task_threads.is_closed(),
            // One worker may end before the others.
            Placement::InTurn | Placement::AnyWorker => return worker.common.cores.is_closed(),
            Placement::ThisWorker => {}
        }
        worker.home.inbox.is_closed()
    }

    /// How many workers run the tasks of the runtime: those that were started, which may be fewer than the scheduler may have.
    #[must_use]
    pub fn workers(&self) -> usize {
        // SAFETY: the handle holds the home.
        unsafe { self.worker.as_ref() }.common.workers()
    }
}

/// Gives `closure` to the blocking pool of `worker`.
///
/// # Safety
/// `worker` is alive over the call.
#[cfg(feature = "std")]
pub(super) unsafe fn spawn_blocking<C: Config, F: FnOnce() -> T + Send + 'static, T: Send + 'static>(
    worker: NonNull<Worker<C>>,
    closure: F,
    at: At,
) -> JoinHandle<T> {
    const { check::blocking::<C>() };
    // SAFETY: as the caller.
    unsafe { give_to_pool(worker, closure, at) }
}

/// # Safety
/// As [`spawn_blocking`].
#[cfg(feature = "std")]
unsafe fn give_to_pool<C: Config, F: FnOnce() -> T + Send + 'static, T: Send + 'static>(
    worker: NonNull<Worker<C>>,
    closure: F,
    at: At,
) -> JoinHandle<T> {
    // SAFETY: alive (contract).
    let common = &unsafe { worker.as_ref() }.common;
    common.assert_no_copy();
    let pool = &common.pool;
    let (closure, birth) = traced::job(closure, at);
    // SAFETY: as above: called before this returns.
    let handle = blocking::spawn(pool, C::PANIC, closure, || unsafe { Held::new(worker) });
    birth.of(&handle);
    handle
}

/// As [`Ambient::spawn_blocking`](super::Ambient::spawn_blocking), for functions of one config, which have asked for threads in
/// another way: so that the compiler shows the call, and not this. Without threads every job would be rejected.
///
/// # Panics
/// Without a runtime of `C` on this thread.
#[cfg(feature = "std")]
#[doc(hidden)]
#[track_caller]
pub fn spawn_blocking_unchecked<C: Config, F: FnOnce() -> T + Send + 'static, T: Send + 'static>(
    closure: F,
) -> JoinHandle<T> {
    // SAFETY: this thread runs the worker, or works for it: it is alive.
    unsafe { give_to_pool(ambient::near::<C>(), closure, At::caller()) }
}

/// For a future that was made at `at` and is polled first now: is it polled inside a runtime of `C`? Drivers without state need
/// none.
///
/// # Panics
/// If it is not; the message says that `at` asks for one.
#[doc(hidden)]
#[inline]
pub fn assert_inside<C: Config>(at: &'static Location<'static>) {
    if !<C::Driver as Driver>::STATELESS {
        ambient::worker_for::<C>(at);
    }
}

/// As [`assert_inside`], for what needs the time of the runtime: under every driver.
///
/// # Panics
/// If this thread runs no worker of `C`; the message says that `at` asks for one.
#[doc(hidden)]
pub fn assert_on_worker<C: Config>(at: &'static Location<'static>) {
    ambient::worker_for::<C>(at);
}

/// Is this thread running a worker of `C`?
#[doc(hidden)]
#[must_use]
pub fn is_on_worker<C: Config>() -> bool {
    ambient::try_worker::<C>().is_some()
}

/// As `spawn_blocking`, for code that can do without: `None` if the config of this thread's runtime has no blocking threads.
///
/// # Panics
/// Without a runtime of `C` on this thread; the message says that `at` asks for one.
#[cfg(feature = "std")]
#[doc(hidden)]
pub fn spawn_blocking_if_any<C: Config, F: FnOnce() -> T + Send + 'static, T: Send + 'static>(
    closure: F,
    at: &'static Location<'static>,
) -> Option<JoinHandle<T>> {
    if !const { pool::any::<C>() } {
        return None;
    }
    // SAFETY: this thread runs the worker, or works for it: it is alive.
    Some(unsafe { give_to_pool(ambient::near_for::<C>(at), closure, At::of(at)) })
}

/// Spawns on the runtime that this blocking thread works for.
///
/// # Panics
/// If it works for none of `C`; if the memory strategy has no memory for the task.
#[cold]
#[inline(never)]
#[track_caller]
pub(super) fn spawn_served<C: Config, F: Future<Output: Send> + Send + 'static, X: Extra>(
    future: F,
    extra: X,
    at: At,
) -> JoinHandle<F::Output> {
    let worker = ambient::served::<C>();
    // SAFETY: the thread holds the home that it works for; the bounds say `Send`.
    match unsafe { place::try_spawn_foreign(worker, future, extra, at) } {
        Ok(handle) => handle,
        Err(_) => place::no_memory::<C>(),
    }
}

impl<C: Config> Clone for Handle<C> {
    fn clone(&self) -> Self {
        // SAFETY: the handle holds the home.
        unsafe { Handle::new(self.worker) }
    }
}

impl<C: Config> Drop for Handle<C> {
    fn drop(&mut self) {
        // SAFETY: the handle's reference.
        unsafe { Home::release(Worker::home_of(self.worker)) };
    }
}

impl<C: Config> fmt::Debug for Handle<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("config", &C::NAME).finish_non_exhaustive()
    }
}
