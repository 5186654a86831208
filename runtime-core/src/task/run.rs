//! One turn of one task.

use super::header::{Polled, Task};
use super::home::Home;
use super::join::{Failure, Rejected};
use super::refs;
use super::state::{self, FAILED, Idle, JOIN, JWAKER, Start};
#[cfg(feature = "std")]
use super::steal;
use super::waker::borrowed;
use crate::roles::LocalQueue;
#[cfg(feature = "std")]
use crate::sharing::SeatWord;
use crate::sharing::Sharing;
use alloc::boxed::Box;
use core::task::Context;

#[cfg(feature = "std")]
pub(crate) use self::__bespoke_cold_drop_panic as drop_panic;

/// Runs a task that was popped from the queue of `home`.
///
/// # Safety
/// The caller is the owner of `home`, and popped `task` there, with its pin. The task is of a config whose queues are `Q`. If it
/// [moves](super::steal), `home` has a seat in its crew.
#[inline(always)]
pub(crate) unsafe fn run<S: Sharing, Q: LocalQueue>(task: Task<S>, home: &Home<S>) {
    // SAFETY: the pin keeps it alive.
    let header = unsafe { task.as_ref() };
    header.life.touch();
    match state::start(header) {
        Start::Poll => {}
        // SAFETY: RUNNING is ours.
        Start::Cancel => return unsafe { cancel(task, false) },
        // SAFETY: we popped it.
        Start::Complete => return unsafe { refs::unpin_popped(task) },
        Start::Taken => return,
    }
    #[cfg(feature = "std")]
    let moves = header.table.moves;
    // SAFETY: RUNNING keeps the runtime's reference in place over the poll.
    let waker = unsafe { borrowed::<S, Q>(task) };
    // SAFETY: RUNNING is ours, the future is there.
    match unsafe { (header.table.poll)(task.cast(), &mut Context::from_waker(&waker)) } {
        Polled::Pending => {}
        // SAFETY: RUNNING is ours, the stage is final.
        Polled::Output => return unsafe { complete(task, false, false) },
        // SAFETY: as above.
        Polled::Failure => return unsafe { complete(task, true, false) },
    }
    match state::idle(header) {
        Idle::Parked => {}
        #[cfg(feature = "std")]
        // SAFETY: this thread runs the worker of `home`, which has a seat; the queues of its crew are those of the config; the
        // pin is ours.
        Idle::Queue if S::MOVING && moves => unsafe { steal::yields::<Q::Live>(task.cast(), home.seat.get()) },
        // SAFETY: the owner; the pin is the queue's.
        Idle::Queue => unsafe { home.queue_push(task) },
        // SAFETY: RUNNING is still ours.
        Idle::Cancel => unsafe { cancel(task, false) },
    }
}

/// Drops the future and completes the task as cancelled. `keep_pin`: the task lies in a queue.
///
/// # Safety
/// The caller holds `RUNNING`. It is the owner, or the task is `Shared` and its future `Send`.
#[inline]
pub(crate) unsafe fn cancel<S: Sharing>(task: Task<S>, keep_pin: bool) {
    // SAFETY: as the caller.
    unsafe { cancel_because(task, keep_pin, None) }
}

/// As [`cancel`]; the handle says `why`, if there is more to say than that the task was cancelled.
///
/// # Safety
/// As [`cancel`].
#[cold]
#[inline(never)]
pub(crate) unsafe fn cancel_because<S: Sharing>(task: Task<S>, keep_pin: bool, why: Option<Rejected>) {
    // SAFETY: RUNNING is ours.
    let table = unsafe { task.as_ref() }.table;
    // SAFETY: RUNNING is ours, the future is there.
    unsafe { (table.cancel)(task.cast()) };
    if let Some(why) = why {
        // SAFETY: the stage is at this offset of the block.
        let failure = unsafe { task.byte_add(table.stage) }.cast::<Failure>();
        // SAFETY: `cancel` left a failure in the stage, which is ours.
        let failure = unsafe { &mut *failure.as_ptr() };
        // A panic while the future was dropped is told rather than this: nothing else would tell it.
        if failure.is_none() {
            *failure = Some(Box::new(Box::new(why)));
        }
    }
    // SAFETY: RUNNING is ours, the stage is final.
    unsafe { complete(task, true, keep_pin) }
}

/// Cancels a task unless it is complete: one that another thread spawned may have been aborted by its owner, and so queued
/// or even run, before its first visit.
///
/// # Safety
/// The caller is the owner, or under `Shared` the spawner of a task that never came there; it holds a reference or the pin. The
/// task is not running.
pub(crate) unsafe fn cancel_unstarted<S: Sharing>(task: Task<S>) {
    // SAFETY: the caller's reference.
    if let Some(queued) = state::seize(unsafe { task.as_ref() }) {
        // SAFETY: RUNNING is ours.
        unsafe { cancel(task, queued) }
    }
}

/// Publishes the result, wakes who waits for it, and gives up the runtime's reference.
///
/// # Safety
/// As [`cancel`]; the stage is final.
#[inline(always)]
pub(crate) unsafe fn complete<S: Sharing>(task: Task<S>, failed: bool, keep_pin: bool) {
    // SAFETY: the runtime's reference.
    let header = unsafe { task.as_ref() };
    let before = state::complete(&header.state, failed, keep_pin);
    if before & JOIN == 0 {
        // SAFETY: no handle, so the output is ours (rule 1).
        unsafe { (header.table.drop_output)(task.cast(), failed) }
    } else if before & JWAKER != 0 {
        // SAFETY: ours since COMPLETE (rule 2): the handle can no longer take it back.
        let waker = unsafe { header.take_join_waker() };
        guard(|| waker.wake());
    }
    debug_assert!(before & FAILED == 0);
    // SAFETY: the runtime's reference.
    unsafe { refs::release(task) }
}

/// Runs code that is not the runtime's and may panic where a panic has nobody to go to: in a drop or in a foreign waker.
/// The panic hook has told of it already.
#[inline(always)]
pub(crate) fn guard(f: impl FnOnce()) {
    #[cfg(feature = "std")]
    {
        if let Err(panic) = std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)) {
            drop_panic(panic);
        }
    }
    #[cfg(not(feature = "std"))]
    {
        let bomb = crate::util::AbortOnUnwind;
        f();
        core::mem::forget(bomb);
    }
}

/// Drops what something panicked with. The drop may panic, with a value whose drop may panic, and so on for ever: after a
/// few the next is leaked.
#[cfg(feature = "std")]
#[cold]
#[inline(never)]
pub(crate) fn __bespoke_cold_drop_panic(mut panic: alloc::boxed::Box<dyn core::any::Any + Send>) {
    for _ in 0..8 {
        let drop_it = core::panic::AssertUnwindSafe(|| drop(panic));
        match std::panic::catch_unwind(drop_it) {
            Ok(()) => return,
            Err(next) => panic = next,
        }
    }
    core::mem::forget(panic);
}
