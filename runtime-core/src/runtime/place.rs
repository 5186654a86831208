//! Where a spawned task goes: [`Placement`], decided when the program is compiled, so that a scheduler pays for no other.

use super::traced::{self, At};
use crate::config::Config;
#[cfg(feature = "std")]
use crate::config::SharingOf;
use crate::roles::{Memory, Placement, Scheduler};
#[cfg(feature = "std")]
use crate::scheduler::own_thread;
#[cfg(feature = "std")]
use crate::sharing::Sharing;
use crate::task::JoinHandle;
use crate::worker::spawn::Extra;
use crate::worker::{Worker, spawn};
use core::ptr::NonNull;

/// Does every task of `C` get a thread of its own?
#[inline(always)]
pub(super) const fn own_thread<C: Config>() -> bool {
    matches!(<C::Scheduler as Scheduler>::PLACEMENT, Placement::OwnThread)
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
    if const { own_thread::<C>() } {
        // SAFETY: `Shared` admits futures that are `Send`, with such an output; the worker is alive.
        return unsafe { on_own_thread(worker, future, (), at) }.unwrap_or_else(|_| no_memory::<C>());
    }
    let (future, birth) = traced::wrap(future, None, at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::spawn(worker, future) };
    birth.of(&handle);
    handle
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
    name: &'static str,
    future: F,
    at: At,
) -> JoinHandle<F::Output> {
    #[cfg(feature = "std")]
    if const { own_thread::<C>() } {
        // SAFETY: as in `spawn`.
        return unsafe { on_own_thread(worker, future, spawn::Named(name), at) }.unwrap_or_else(|_| no_memory::<C>());
    }
    let (future, birth) = traced::wrap(future, Some(name), at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::spawn_named(worker, name, future) };
    birth.of(&handle);
    handle
}

/// As [`spawn`]; gives the future back when there is no memory.
///
/// # Safety
/// As [`spawn`].
#[inline(always)]
pub(super) unsafe fn try_spawn<C: Config, F: Future + 'static>(
    worker: NonNull<Worker<C>>,
    future: F,
    at: At,
) -> Result<JoinHandle<F::Output>, F> {
    #[cfg(feature = "std")]
    if const { own_thread::<C>() } {
        // SAFETY: as in `spawn`.
        return unsafe { on_own_thread(worker, future, (), at) };
    }
    let (future, birth) = traced::wrap(future, None, at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::try_spawn(worker, future) }.map_err(traced::unwrap)?;
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
    if const { own_thread::<C>() } {
        // SAFETY: as the caller.
        return unsafe { on_own_thread(worker, future, extra, at) };
    }
    let (future, birth) = traced::wrap(future, extra.name(), at);
    // SAFETY: as the caller.
    let handle = unsafe { spawn::spawn_foreign(worker, future, extra) }.map_err(traced::unwrap)?;
    birth.of(&handle);
    Ok(handle)
}

/// # Safety
/// `worker` is alive. `F` and its output are `Send`.
#[cfg(feature = "std")]
unsafe fn on_own_thread<C: Config, F: Future + 'static, X: Extra>(
    worker: NonNull<Worker<C>>,
    future: F,
    extra: X,
    at: At,
) -> Result<JoinHandle<F::Output>, F> {
    // A constant, but not a `const` block: this is compiled, and never called, for other schedulers, too.
    assert!(<SharingOf<C> as Sharing>::SHARED, "a scheduler that gives every task a thread shares tasks");
    // SAFETY: alive (contract).
    let common = unsafe { &worker.as_ref().common };
    let (future, birth) = traced::wrap(future, extra.name(), at);
    // SAFETY: as the caller.
    let handle = unsafe { own_thread::try_spawn(common, future, extra) }.map_err(traced::unwrap)?;
    birth.of(&handle);
    Ok(handle)
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
