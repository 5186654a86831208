//! The waker of a task: `Send + Sync` under every sharing. Each call compares the ambient word with the task's home: the
//! owner takes the plain path, everyone else the atomic one.

use super::header::{Header, Task};
use super::home::{Closed, post_task};
use super::refs::{self, R_WAKE, on_owner};
use super::state;
#[cfg(feature = "std")]
use super::steal;
use crate::roles::LocalQueue;
use crate::sharing::Sharing;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;
use core::task::{RawWaker, RawWakerVTable, Waker};

/// Owner: wakes a task that does not move.
///
/// # Safety
/// The caller is the owner and holds a reference or the pin. The task is kept, or `Local`.
#[inline(always)]
pub(crate) unsafe fn wake_by_owner<S: Sharing>(task: Task<S>) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    debug_assert!(!header.table.moves, "a task that moves is queued with its crew");
    if state::notify(header) {
        // SAFETY: the owner; the new pin is the queue's.
        unsafe { header.home().queue_push(task) }
    }
}

/// Owner of the home: wakes the task.
///
/// # Safety
/// The caller is the owner and holds a reference or the pin. The task is of a config whose queues are `Q`.
#[inline(always)]
unsafe fn wake_on_owner<S: Sharing, Q: LocalQueue>(task: Task<S>) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    if state::notify(header) {
        #[cfg(feature = "std")]
        if S::MOVING && header.table.moves {
            // SAFETY: we turned the pin on, and hold the task; the queues of its crew are those of its config.
            return unsafe { steal::schedule::<Q::Live>(task.cast()) };
        }
        // SAFETY: the owner; the new pin is the queue's.
        unsafe { header.home().queue_push(task) }
    }
}

/// Not under `Local`: wakes the task from a thread that does not run its home.
///
/// # Safety
/// The caller holds a reference. The task is of a config whose queues are `Q`.
#[cold]
unsafe fn wake_shared<S: Sharing, Q: LocalQueue>(task: Task<S>) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    header.life.touch();
    if state::notify(header) {
        #[cfg(feature = "std")]
        if S::MOVING && header.table.moves {
            // SAFETY: we turned the pin on, and hold the task; the queues of its crew are those of its config.
            return unsafe { steal::schedule::<Q::Live>(task.cast()) };
        }
        // SAFETY: we turned the pin on.
        if let Err(Closed) = unsafe { post_task(task) } {
            // SAFETY: the pin is still ours.
            unsafe { refs::unpin(task) }
        }
    }
}

/// Of tasks under `S` of a config whose queues are `Q`.
struct Table<S, Q>(PhantomData<(S, Q)>);

impl<S: Sharing, Q: LocalQueue> Table<S, Q> {
    const TABLE: &'static RawWakerVTable = &RawWakerVTable::new(Self::clone, Self::wake, Self::wake_by_ref, Self::drop);

    #[inline(always)]
    fn task(data: *const ()) -> Task<S> {
        // SAFETY: `raw` made the waker from a non-null pointer.
        unsafe { NonNull::new_unchecked(data.cast_mut()) }.cast()
    }

    unsafe fn clone(data: *const ()) -> RawWaker {
        let task = Self::task(data);
        #[cfg(bespoke_planted_fetch_add)]
        planted_fetch_add();
        // SAFETY: the waker holds a reference.
        if !S::SHARED && !unsafe { on_owner(task) } {
            // SAFETY: as above.
            unsafe { refs::foreign_acquire(task) }
        } else {
            // SAFETY: as above, and on the owner under `Local`.
            unsafe { refs::acquire(task) }
        }
        RawWaker::new(data, Self::TABLE)
    }

    unsafe fn wake(data: *const ()) {
        let task = Self::task(data);
        // SAFETY: the waker holds a reference.
        if unsafe { on_owner(task) } {
            // SAFETY: the owner; the table is that of the task's config.
            unsafe { wake_on_owner::<S, Q>(task) };
            // SAFETY: the waker's reference.
            unsafe { refs::release(task) }
        } else if !S::SHARED {
            // SAFETY: the waker's reference.
            unsafe { refs::foreign(task, R_WAKE, true) }
        } else {
            // SAFETY: the waker's reference.
            unsafe { wake_shared::<S, Q>(task) };
            // SAFETY: the waker's reference.
            unsafe { refs::release(task) }
        }
    }

    unsafe fn wake_by_ref(data: *const ()) {
        let task = Self::task(data);
        // SAFETY: the waker holds a reference.
        if unsafe { on_owner(task) } {
            // SAFETY: the owner; the table is that of the task's config.
            unsafe { wake_on_owner::<S, Q>(task) }
        } else if !S::SHARED {
            // SAFETY: the waker's reference stays.
            unsafe { refs::foreign(task, R_WAKE, false) }
        } else {
            // SAFETY: the waker's reference stays.
            unsafe { wake_shared::<S, Q>(task) }
        }
    }

    unsafe fn drop(data: *const ()) {
        let task = Self::task(data);
        // SAFETY: the waker holds a reference.
        if !S::SHARED && !unsafe { on_owner(task) } {
            // SAFETY: the waker's reference.
            unsafe { refs::foreign(task, 0, true) }
        } else {
            // SAFETY: the waker's reference.
            unsafe { refs::release(task) }
        }
    }
}

/// A waker that holds no reference of its own, for one poll.
///
/// # Safety
/// The task is of a config whose queues are `Q`. It stays alive while the waker is used; `ManuallyDrop` keeps that from giving
/// up a reference that it has not.
#[inline(always)]
pub(crate) unsafe fn borrowed<S: Sharing, Q: LocalQueue>(task: NonNull<Header<S>>) -> ManuallyDrop<Waker> {
    let raw = RawWaker::new(task.as_ptr().cast_const().cast(), Table::<S, Q>::TABLE);
    // SAFETY: the table keeps the waker's contract; clones take references of their own.
    ManuallyDrop::new(unsafe { Waker::from_raw(raw) })
}

/// What the walk over the binary must find: a locked instruction on the local path. See `tests/no_locked_instructions.rs`.
#[cfg(bespoke_planted_fetch_add)]
#[inline(always)]
fn planted_fetch_add() {
    use core::sync::atomic::{AtomicUsize, Ordering};
    static CLONES: AtomicUsize = AtomicUsize::new(0);
    CLONES.fetch_add(1, Ordering::Relaxed);
}
