//! Where a spawned task goes: [`Placement`], decided when the program is compiled, so that a scheduler pays for no other.

#[cfg(feature = "std")]
use super::admit::Pinned;
use super::traced::{self, At};
use crate::config::Config;
#[cfg(feature = "std")]
use crate::config::SharingOf;
use crate::roles::{Memory, Placement, Scheduler};
#[cfg(feature = "std")]
use crate::scheduler::{own_thread, per_core, stealing};
#[cfg(feature = "std")]
use crate::sharing::Sharing;
use crate::task::JoinHandle;
use crate::worker::spawn::Extra;
use crate::worker::{Worker, spawn};
#[cfg(feature = "std")]
use alloc::vec::Vec;
use core::ptr::NonNull;

/// Where the tasks of `C` go.
#[inline(always)]
pub(super) const fn placement<C: Config>() -> Placement {
    <C::Scheduler as Scheduler>::PLACEMENT
}

/// Has the runtime of `C` workers of its own, each with a thread?
#[cfg(feature = "std")]
pub(super) const fn has_team<C: Config>() -> bool {
    matches!(placement::<C>(), Placement::InTurn | Placement::AnyWorker)
}

/// May a task of `C` go elsewhere than to the worker that spawns it? Then futures are `Send`, and any thread may spawn.
#[inline(always)]
pub(super) const fn elsewhere<C: Config>() -> bool {
    !matches!(placement::<C>(), Placement::ThisWorker)
}

/// Spawns a task from the thread that runs `worker`.
///
/// # Safety
/// The caller is the owner of `worker`, before its close is over. The sharing of `C` admits `F`.
///
/// # Panics
/// If the memory strategy has no memory.
#[inline(always)]
pub(super) unsafe fn spawn<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    future: F,
    at: At,
) -> JoinHandle<F::Output> {
    #[cfg(feature = "std")]
    if const { elsewhere::<C>() } {
        // SAFETY: `Shared` admits futures that are `Send`, with such an output; the worker is alive.
        return unsafe { try_elsewhere(worker, future, (), at) }.unwrap_or_else(|_| no_memory::<C>());
    }
    let (future, birth) = traced::wrap(future, None, at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::spawn(worker, future) };
    birth.of(&handle);
    handle
}

/// As [`spawn`], of a future that stays on the worker where it is polled first.
///
/// # Safety
/// As [`spawn`]; until its first poll the future is `Send`.
///
/// # Panics
/// As [`spawn`].
pub(super) unsafe fn spawn_kept<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    future: F,
    at: At,
) -> JoinHandle<F::Output> {
    #[cfg(feature = "std")]
    if const { elsewhere::<C>() } {
        // SAFETY: as in `spawn`.
        return unsafe { try_elsewhere(worker, future, spawn::Kept, at) }.unwrap_or_else(|_| no_memory::<C>());
    }
    // SAFETY: as the caller. Where tasks stay with who spawns them, all are kept.
    unsafe { spawn(worker, future, at) }
}

/// As [`spawn`], with a name.
///
/// # Safety
/// As [`spawn`].
///
/// # Panics
/// As [`spawn`].
pub(super) unsafe fn spawn_named<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    named: spawn::Named,
    future: F,
    at: At,
) -> JoinHandle<F::Output> {
    #[cfg(feature = "std")]
    if const { elsewhere::<C>() } {
        // SAFETY: as in `spawn`.
        return unsafe { try_elsewhere(worker, future, named, at) }.unwrap_or_else(|_| no_memory::<C>());
    }
    let (future, birth) = traced::wrap(future, named.name(), at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::spawn_named(worker, named, future) };
    birth.of(&handle);
    handle
}

/// As [`spawn`]; gives the future back when there is no memory.
///
/// # Safety
/// As [`spawn`].
#[inline(always)]
pub(super) unsafe fn try_spawn<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
    at: At,
) -> Result<JoinHandle<F::Output>, F> {
    #[cfg(feature = "std")]
    if const { elsewhere::<C>() } {
        // SAFETY: as in `spawn`.
        return unsafe { try_elsewhere(worker, future, extra, at) };
    }
    let (future, birth) = traced::wrap(future, extra.name(), at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::try_spawn_with(worker, future, extra) }.map_err(traced::unwrap)?;
    birth.of(&handle);
    Ok(handle)
}

/// Spawns a task from any thread; gives the future back when there is no memory.
///
/// # Safety
/// The caller holds a reference of the home of `worker`. `F` and its output are `Send`.
pub(super) unsafe fn try_spawn_foreign<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
    at: At,
) -> Result<JoinHandle<F::Output>, F> {
    // SAFETY: alive (contract).
    unsafe { worker.as_ref() }.common.assert_no_copy();
    #[cfg(feature = "std")]
    if const { elsewhere::<C>() } {
        // SAFETY: as the caller.
        return unsafe { try_elsewhere(worker, future, extra, at) };
    }
    let (future, birth) = traced::wrap(future, extra.name(), at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::spawn_foreign(worker, future, extra) }.map_err(traced::unwrap)?;
    birth.of(&handle);
    Ok(handle)
}

/// # Safety
/// `worker` is alive, and so is its runtime, as for [`Worker::anchor`]. `F` and its output are `Send`.
#[cfg(feature = "std")]
unsafe fn try_elsewhere<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
    at: At,
) -> Result<JoinHandle<F::Output>, F> {
    // A constant, but not a `const` block: this is compiled, and never called, for other schedulers, too.
    assert!(<SharingOf<C> as Sharing>::SHARED, "a scheduler that places tasks elsewhere shares them");
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    let (future, birth) = traced::wrap(future, extra.name(), at);
    let spawned = if matches!(placement::<C>(), Placement::OwnThread) {
        // SAFETY: as the caller.
        unsafe { own_thread::try_spawn(common, future, extra) }
    } else if matches!(placement::<C>(), Placement::AnyWorker) && !X::KEPT {
        // SAFETY: as the caller.
        unsafe { stealing::try_spawn(common, future, extra) }
    } else {
        match per_core::next(common) {
            // SAFETY: whoever holds the runtime may name its team; the bounds are the caller's.
            Ok(worker) => unsafe { per_core::try_spawn(worker, future, extra) },
            // SAFETY: as above.
            Err(unserved) => unsafe { spawn::spawn_unserved(unserved.worker, future, extra, unserved.why()) },
        }
    };
    let handle = spawned.map_err(traced::unwrap)?;
    birth.of(&handle);
    Ok(handle)
}

/// Makes a future on worker `core` of the runtime of `worker`, from any thread.
///
/// # Safety
/// `worker` is alive, and so is its runtime, as for [`Worker::anchor`]. The scheduler of `C` keeps tasks where they are placed.
///
/// # Panics
/// If there is no such worker; if there is no memory.
#[cfg(feature = "std")]
#[track_caller]
pub(super) unsafe fn spawn_on<C: Config, T: Send + 'static>(
    worker: NonNull<Worker<C>>,
    core: usize,
    make: impl AsyncFnOnce() -> T + Send + 'static,
    at: At,
) -> JoinHandle<T> {
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    common.assert_no_copy();
    let Some(member) = common.cores.members().get(core) else { no_such_worker(C::NAME, core, common.workers()) };
    // SAFETY: whoever holds the runtime may name its team.
    unsafe { spawn_at(member.worker, Pinned::new(make), spawn::Kept, at) }
}

/// Makes a future on each worker of the runtime of `worker`, from any thread.
///
/// # Safety
/// As [`spawn_on`].
///
/// # Panics
/// If there is no memory; if the clone of `make` does.
#[cfg(feature = "std")]
#[track_caller]
pub(super) unsafe fn spawn_on_each<C: Config, T: Send + 'static>(
    worker: NonNull<Worker<C>>,
    make: impl AsyncFnOnce(usize) -> T + Clone + Send + 'static,
    at: At,
) -> Vec<JoinHandle<T>> {
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    common.assert_no_copy();
    let members = common.cores.members();
    // All of them first: a clone that panics leaves nothing behind.
    let makes: Vec<_> = core::iter::repeat_n(make, members.len()).enumerate().collect();
    let mut handles = Vec::with_capacity(members.len());
    for (member, (core, make)) in members.iter().zip(makes) {
        let future = Pinned::new(async move || make(core).await);
        // SAFETY: whoever holds the runtime may name its team.
        handles.push(unsafe { spawn_at(member.worker, future, spawn::Kept, at) });
    }
    handles
}

/// Spawns a task on the worker of the runtime of `worker` that has least to do, from any thread.
///
/// # Safety
/// As [`spawn_on`]. `F` and its output are `Send`.
///
/// # Panics
/// If there is no memory.
#[cfg(feature = "std")]
#[track_caller]
pub(super) unsafe fn spawn_least_loaded<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    future: F,
    at: At,
) -> JoinHandle<F::Output> {
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    common.assert_no_copy();
    // SAFETY: whoever holds the runtime may name its team.
    let least = unsafe { per_core::least_loaded(common) };
    // SAFETY: as above; the bounds are the caller's.
    unsafe { spawn_at(least, future, (), at) }
}

/// The number of the worker that has least to do, of the runtime of `worker`.
///
/// # Safety
/// As [`spawn_on`].
#[cfg(feature = "std")]
pub(super) unsafe fn least_loaded<C: Config>(worker: NonNull<Worker<C>>) -> usize {
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    // SAFETY: whoever holds the runtime may name its team.
    let least = unsafe { common.cores.least_loaded() };
    // SAFETY: as above.
    unsafe { least.as_ref() }.home.worker
}

/// # Safety
/// As [`per_core::try_spawn`].
///
/// # Panics
/// If there is no memory.
#[cfg(feature = "std")]
#[track_caller]
unsafe fn spawn_at<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
    at: At,
) -> JoinHandle<F::Output> {
    let (future, birth) = traced::wrap(future, extra.name(), at);
    // SAFETY: as the caller.
    match unsafe { per_core::try_spawn(worker, future, extra) } {
        Ok(handle) => {
            birth.of(&handle);
            handle
        }
        Err(_) => no_memory::<C>(),
    }
}

/// Spawns a task that stays on `worker`, of any future.
///
/// # Safety
/// This thread is running `worker`, before its close is over. The scheduler of `C` keeps tasks where they are placed.
///
/// # Panics
/// If there is no memory.
#[cfg(feature = "std")]
#[track_caller]
pub(super) unsafe fn spawn_here<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    future: F,
    at: At,
) -> JoinHandle<F::Output> {
    let (future, birth) = traced::wrap(future, None, at);
    // SAFETY: the owner. The future is polled and dropped on this worker, and so is what it yields, by whoever completes it or
    // by its handle, which is as `Send` as that is.
    let Ok(handle) = (unsafe { spawn::try_spawn_with(worker, future, spawn::Kept) }) else { no_memory::<C>() };
    birth.of(&handle);
    handle
}

#[cfg(feature = "std")]
#[cold]
#[inline(never)]
#[track_caller]
fn no_such_worker(config: &str, core: usize, workers: usize) -> ! {
    panic!(
        "there is no worker {core} in the runtime `{config}`: it has {workers}, counted from 0 (see `Handle::workers`)"
    )
}

#[cold]
#[track_caller]
pub(super) fn no_memory<C: Config>() -> ! {
    no_memory_left(C::Memory::NAME, C::NAME)
}

/// What a spawn says that found no memory outside its worker.
#[cold]
#[inline(never)]
#[track_caller]
fn no_memory_left(strategy: &str, config: &str) -> ! {
    panic!("the memory strategy `{strategy}` of `{config}` has no memory left for a task of another thread")
}
