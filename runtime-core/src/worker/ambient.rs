//! Finding the worker of this thread. The look-up is one thread-local word and one comparison; what is said when it fails
//! is written once, untyped.

use super::Worker;
use crate::config::Config;
use crate::sharing::Local;
use crate::task::current::current;
use crate::task::home::{Home, Tag};
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
    match try_worker::<C>() {
        Some(worker) => worker,
        None => fail(C::NAME, Location::caller()),
    }
}

/// Equal addresses mean equal contents; constants may be duplicated, so unequal ones mean nothing.
#[inline(always)]
fn is_of(found: &'static Tag, wanted: &'static Tag) -> bool {
    core::ptr::eq(found, wanted) || found.id == wanted.id
}

/// The tag of a home whose sharing is not known: it stands at the same place under each.
#[inline(always)]
pub(crate) fn tag_of(home: NonNull<Home<Local>>) -> &'static Tag {
    const {
        assert!(core::mem::offset_of!(Home<Local>, tag) == core::mem::offset_of!(Home<crate::sharing::Shared>, tag));
    }
    // SAFETY: the ambient word names a living home; only the tag is read, whose place does not depend on the sharing.
    unsafe { (&raw const (*home.as_ptr()).tag).read() }
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
