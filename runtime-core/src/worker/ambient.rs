//! Finding the worker of this thread. The look-up is one thread-local word and one comparison; what is said when it fails
//! is written once, untyped.

#[cfg(feature = "std")]
use super::Common;
use super::Worker;
use crate::config::Config;
use crate::sharing::Local;
use crate::task::current::current;
use crate::task::home::{Home, Tag, identity};
#[cfg(feature = "std")]
use alloc::sync::Arc;
use core::panic::Location;
use core::ptr::NonNull;

/// The worker that this thread is running, if it is one of `C`.
#[inline(always)]
pub(crate) fn try_worker<C: Config>() -> Option<NonNull<Worker<C>>> {
    let worker = NonNull::new(current().cast_mut())?.cast::<Worker<C>>();
    is_of(tag_of(worker.cast()), Worker::<C>::tag()).then_some(worker)
}

/// The worker that this thread is running.
///
/// # Panics
/// If there is none, or it is not one of `C`; the message names both and the caller's line.
#[inline(always)]
#[track_caller]
pub(crate) fn worker<C: Config>() -> NonNull<Worker<C>> {
    worker_for(Location::caller())
}

/// As [`worker`], for a call that was made at `at`.
#[inline(always)]
pub(crate) fn worker_for<C: Config>(at: &'static Location<'static>) -> NonNull<Worker<C>> {
    match try_worker::<C>() {
        Some(worker) => worker,
        None => fail(C::NAME, at),
    }
}

/// As [`worker`], for a spawn of what may have to stay on this thread.
#[inline(always)]
#[track_caller]
pub(crate) fn spawner<C: Config>() -> NonNull<Worker<C>> {
    match try_worker::<C>() {
        Some(worker) => worker,
        None => fail_spawn(C::NAME, Worker::<C>::tag(), Location::caller()),
    }
}

/// The worker that this thread is running, if it is one of the runtime of `common`.
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn worker_in<C: Config>(common: &Arc<Common<C>>) -> Option<NonNull<Worker<C>>> {
    // SAFETY: the ambient worker is alive.
    try_worker::<C>().filter(|worker| Arc::ptr_eq(&unsafe { worker.as_ref() }.common, common))
}

/// The worker that this blocking thread works for, if it is one of `C`: alive, and another thread's.
#[cfg(feature = "std")]
#[cold]
#[inline(never)]
pub(crate) fn try_served<C: Config>() -> Option<NonNull<Worker<C>>> {
    Some(served_of(Worker::<C>::tag())?.cast())
}

/// The worker that this thread is running, or works for: alive, and perhaps another thread's.
///
/// # Panics
/// As [`worker`].
#[inline(always)]
#[track_caller]
pub(crate) fn near<C: Config>() -> NonNull<Worker<C>> {
    near_for(Location::caller())
}

/// As [`near`], for a call that was made at `at`.
#[inline(always)]
pub(crate) fn near_for<C: Config>(at: &'static Location<'static>) -> NonNull<Worker<C>> {
    match try_worker::<C>() {
        Some(worker) => worker,
        None => served_for(at),
    }
}

/// The worker that this blocking thread works for.
///
/// # Panics
/// As [`worker`].
#[track_caller]
pub(crate) fn served<C: Config>() -> NonNull<Worker<C>> {
    served_for(Location::caller())
}

fn served_for<C: Config>(at: &'static Location<'static>) -> NonNull<Worker<C>> {
    #[cfg(feature = "std")]
    if let Some(worker) = try_served::<C>() {
        return worker;
    }
    fail(C::NAME, at)
}

#[cfg(feature = "std")]
fn served_of(wanted: &'static Tag) -> Option<NonNull<Home<Local>>> {
    let home = NonNull::new(crate::task::current::served().cast_mut())?.cast::<Home<Local>>();
    is_of(tag_of(home), wanted).then_some(home)
}

#[cold]
#[inline(never)]
#[cfg_attr(not(feature = "std"), expect(unused_variables, reason = "without threads there is no blocking thread"))]
fn fail_spawn(wanted: &'static str, tag: &'static Tag, at: &'static Location<'static>) -> ! {
    #[cfg(feature = "std")]
    if current().is_null() && served_of(tag).is_some() {
        panic!(
            "this is a blocking thread of `{wanted}`, and {}:{} spawns a task that might have to stay on the thread that \
             spawns it; use `{wanted}::handle().spawn(…)`, or `.spawn_pinned(…)` for a future that is not `Send`",
            at.file(),
            at.line()
        );
    }
    fail(wanted, at)
}

/// Equal addresses mean equal contents; constants may be duplicated, so unequal ones mean nothing.
#[inline(always)]
fn is_of(found: &'static Tag, wanted: &'static Tag) -> bool {
    core::ptr::eq(found, wanted) || found.id == wanted.id
}

/// The tag of a home whose sharing is not known: it stands at the same place under each.
#[inline(always)]
pub(crate) fn tag_of(home: NonNull<Home<Local>>) -> &'static Tag {
    // SAFETY: the ambient words name living homes.
    unsafe { identity(home.cast()) }.0
}

#[cold]
#[inline(never)]
fn fail(wanted: &'static str, at: &'static Location<'static>) -> ! {
    match NonNull::new(current().cast_mut()) {
        None => panic!(
            "no runtime on this thread: {}:{} asks for `{wanted}`; call it inside `Runtime::<{wanted}>::block_on` or a \
             spawned task",
            at.file(),
            at.line()
        ),
        Some(home) => panic!(
            "this is a task of the runtime `{}`, but {}:{} asks for `{wanted}`; use the config of the runtime that runs \
             the task",
            tag_of(home.cast()).name,
            at.file(),
            at.line()
        ),
    }
}
