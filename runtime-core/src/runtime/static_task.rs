//! Tasks whose memory is part of the program: what a function under `#[task(pool = N)]` returns, and how it is spawned.

use super::admit::Admits;
use super::place;
use super::traced::{At, Traced};
use crate::config::{Config, SharingOf};
use crate::machine::size::Makes;
use crate::task::JoinHandle;
use crate::task::home::Home;
use crate::task::places::{Pool, Store};
use crate::worker::spawn::{InPlace, layout_in_place};
use crate::worker::{Worker, ambient};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// A task that is not spawned yet, of a function under `#[bespoke::task(pool = N)]`: the future, and where its memory will come
/// from.
///
/// `spawn_task` takes a place of the pool for it; the last of the task, its join handle and its wakers that goes gives the place
/// back. A place lies in a `static`, so nothing is allocated, and a pool that is full is an [error](PoolFull), not a panic.
///
/// Awaited, it is the future, and takes no place; what takes a future (`timeout`, `select!`) gets it by
/// [`into_future`](IntoFuture::into_future).
#[must_use = "it runs when it is spawned, with `spawn_task`, or awaited"]
pub struct StaticTask<F, P> {
    future: F,
    /// Invariant in both: of another type neither the size of the task nor that of a place is known.
    pool: PhantomData<fn(F, P) -> P>,
}

impl<F: Future + 'static, P: Pool> StaticTask<F, P> {
    /// For expansions of `#[task]`.
    #[doc(hidden)]
    pub const fn new(future: F) -> Self {
        StaticTask { future, pool: PhantomData }
    }
}

/// The bytes of a place for a task of what `function` returns.
#[doc(hidden)]
pub const fn bytes_of<A, F: Makes<A, Made: Future>>(_function: &F) -> usize {
    layout_in_place::<Traced<F::Made>>().size()
}

/// The alignment of such a place.
#[doc(hidden)]
pub const fn align_of<A, F: Makes<A, Made: Future>>(_function: &F) -> usize {
    layout_in_place::<Traced<F::Made>>().align()
}

impl<F: Future, P> IntoFuture for StaticTask<F, P> {
    type Output = F::Output;
    type IntoFuture = F;

    fn into_future(self) -> F {
        self.future
    }
}

impl<F, P: Pool> fmt::Debug for StaticTask<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticTask").field("function", &P::NAME).finish_non_exhaustive()
    }
}

/// All places of a pool are taken: the task could not be spawned, and is in here.
pub struct PoolFull<F, P> {
    task: StaticTask<F, P>,
}

impl<F, P> PoolFull<F, P> {
    fn of(future: F) -> Self {
        PoolFull { task: StaticTask { future, pool: PhantomData } }
    }

    /// The task, which may be spawned later.
    pub fn into_task(self) -> StaticTask<F, P> {
        self.task
    }
}

impl<F, P: Pool> fmt::Debug for PoolFull<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolFull").field("function", &P::NAME).field("places", &P::Store::COUNT).finish()
    }
}

impl<F, P: Pool> fmt::Display for PoolFull<F, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, name) = (P::Store::COUNT, P::NAME);
        match count {
            1 => write!(f, "the pool of `{name}` is full: its one place is taken, and `#[task(pool = N)]` makes N"),
            _ => write!(f, "the pool of `{name}` is full: all of its {count} places are taken"),
        }
    }
}

impl<F, P: Pool> core::error::Error for PoolFull<F, P> {}

// SAFETY: by a reference nothing reaches the task, and so its future: `into_task` takes the value, and the rest speaks of `P`.
unsafe impl<F, P> Sync for PoolFull<F, P> {}

/// A task that the runtime `C` can spawn, decided where `C` is known: what the functions of one config ask for. `C` is a
/// parameter without a bound, so that what is no config is told of once, and not here.
#[doc(hidden)]
pub trait StartTask<C, F: Future, P>: Sized {
    /// Spawns it on the runtime of this thread.
    ///
    /// # Errors
    /// All places of the pool are taken.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread; under a local scheduler also on its blocking threads.
    #[track_caller]
    fn start_task(self) -> Result<JoinHandle<F::Output>, PoolFull<F, P>>;
}

impl<C: Config, F: Future + 'static, P: Pool> StartTask<C, F, P> for StaticTask<F, P>
where
    SharingOf<C>: Admits<F>,
{
    #[track_caller]
    fn start_task(self) -> Result<JoinHandle<F::Output>, PoolFull<F, P>> {
        let (at, extra) = (At::caller(), InPlace::<P>::NEW);
        let spawned = if const { place::elsewhere::<C>() } {
            // SAFETY: this thread runs the worker, or works for it; `Shared` admits only what is `Send`, with such an output.
            unsafe { place::try_spawn_foreign(ambient::near::<C>(), self.future, extra, at) }
        } else {
            // SAFETY: the ambient worker is this thread's own; the sharing admits the future (bound).
            unsafe { place::try_spawn(ambient::spawner::<C>(), self.future, extra, at) }
        };
        spawned.map_err(PoolFull::of)
    }
}

/// Spawns on the runtime of this thread, where the scheduler is not known; on blocking threads, too.
///
/// # Errors
/// All places of the pool are taken.
#[track_caller]
pub(super) fn spawn_task_near<C: Config, F: Future<Output: Send> + Send + 'static, P: Pool>(
    task: StaticTask<F, P>,
) -> Result<JoinHandle<F::Output>, PoolFull<F, P>> {
    let (at, extra) = (At::caller(), InPlace::<P>::NEW);
    let spawned = match ambient::try_worker::<C>() {
        // SAFETY: the ambient worker is this thread's own; `Send` futures are admitted by every sharing.
        Some(worker) => unsafe { place::try_spawn(worker, task.future, extra, at) },
        // SAFETY: the thread holds the home that it works for; the bounds say `Send`.
        None => unsafe { place::try_spawn_foreign(ambient::served::<C>(), task.future, extra, at) },
    };
    spawned.map_err(PoolFull::of)
}

/// As [`Handle::spawn`](super::Handle::spawn).
///
/// # Errors
/// All places of the pool are taken.
///
/// # Safety
/// The caller holds a reference of the home of `worker`.
pub(super) unsafe fn spawn_task_at<C: Config, F: Future<Output: Send> + Send + 'static, P: Pool>(
    worker: NonNull<Worker<C>>,
    task: StaticTask<F, P>,
    at: At,
) -> Result<JoinHandle<F::Output>, PoolFull<F, P>> {
    let extra = InPlace::<P>::NEW;
    let spawned = if Home::is_current(Worker::home_of(worker)) {
        // SAFETY: this thread owns the worker.
        unsafe { place::try_spawn(worker, task.future, extra, at) }
    } else {
        // SAFETY: the caller holds the home; the bounds say `Send`.
        unsafe { place::try_spawn_foreign(worker, task.future, extra, at) }
    };
    spawned.map_err(PoolFull::of)
}
