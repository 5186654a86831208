//! Who keeps a task alive, and the foreign path of `Local`.
//!
//! Under `Shared` the state word holds the one count. Under `Local` the number of references is the owner's local count
//! (in the state word, plain) plus the remote delta (in the remote word, atomic, signed); see the [module](super), rules 4
//! and 7 to 8. The remote word: `R_QUEUED 1` in the inbox or on its way there, pins · `R_WAKE 2` · `R_ABORT 4` ·
//! `R_MERGED 8` · `R_DETACH 16` the join handle was dropped by another thread · the signed delta from bit 8.
//!
//! 1. After each step of the owner: local count ≥ 1 if any reference exists. So a foreign drop that leaves the delta at 0
//!    or above needs no visit.
//! 2. delta < 0 implies `R_QUEUED` (rule 8 of the module), and only the visit clears `R_QUEUED`.
//! 3. The pin, not the count, covers a pusher between its step and its push.

use super::header::{Task, Untyped};
use super::home::{Closed, Home, post_task};
use super::owned::NO_SLOT;
use super::state::{self, CANCELLED, COMPLETE, FAILED, JWAKER, MERGED, NOTIFIED, REF};
use super::{run, waker};
use crate::loom::{AtomicUsize, Ordering, Plant, planted};
use crate::sharing::{Lock, RemoteWord, Sharing, StateWord};

pub(crate) use self::{
    __bespoke_cold_foreign as foreign, __bespoke_cold_foreign_acquire as foreign_acquire,
    __bespoke_cold_foreign_detach as foreign_detach,
};

pub(crate) const R_QUEUED: usize = 1;
pub(crate) const R_WAKE: usize = 2;
pub(crate) const R_ABORT: usize = 4;
pub(crate) const R_MERGED: usize = 8;
pub(crate) const R_DETACH: usize = 16;
pub(crate) const R_ONE: usize = 256;
const R_FLAGS: usize = R_ONE - 1;

/// From this word on, the owner's count (24 bits) moves references to the delta.
const SPILL_AT: usize = 0xC000_0000;
/// How many references move at once.
const SPILL: usize = 1 << 22;

/// The signed delta of a remote word.
#[inline(always)]
fn delta(word: usize) -> isize {
    (word as isize) >> 8
}

fn word<S: Sharing>(task: &Task<S>) -> &AtomicUsize {
    // SAFETY: whoever names a task here holds a reference or a pin.
    unsafe { task.as_ref() }.remote.word()
}

/// Is this thread running the task's home now?
///
/// # Safety
/// The caller holds a reference or the pin.
#[inline(always)]
pub(crate) unsafe fn on_owner<S: Sharing>(task: Task<S>) -> bool {
    // SAFETY: the caller's reference keeps the header alive.
    Home::is_current(unsafe { task.as_ref() }.home)
}

/// One reference more; `Local`: by the owner.
///
/// # Safety
/// The caller holds a reference; under `Local` it is the owner.
#[inline(always)]
pub(crate) unsafe fn acquire<S: Sharing>(task: Task<S>) {
    // SAFETY: the caller's reference.
    let before = unsafe { task.as_ref() }.state.add(REF);
    if S::SHARED {
        if before > isize::MAX as usize {
            crate::util::abort("more wakers of one task than can be counted");
        }
    } else if before + REF >= SPILL_AT {
        __bespoke_cold_spill(task);
    }
}

/// The local count nears its 24 bits: moves references to the delta.
#[cold]
#[inline(never)]
fn __bespoke_cold_spill<S: Sharing>(task: Task<S>) {
    add_delta(task, SPILL);
    // SAFETY: the caller's reference.
    unsafe { task.as_ref() }.state.sub(REF * SPILL);
}

/// Adds references to the delta, and ends the process before it overflows.
fn add_delta<S: Sharing>(task: Task<S>, n: usize) {
    let before = word(&task).fetch_add(R_ONE * n, Ordering::Relaxed);
    if delta(before) > (isize::MAX >> 9) - n as isize {
        crate::util::abort("more wakers of one task than can be counted");
    }
}

/// One reference less; `Local`: by the owner, before the merge.
///
/// # Safety
/// The caller gives up a reference; under `Local` it is the owner.
#[inline(always)]
pub(crate) unsafe fn release<S: Sharing>(task: Task<S>) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    header.life.touch();
    let after = header.state.sub(REF);
    if after < REF {
        if !S::SHARED {
            // SAFETY: the owner's count is 0.
            unsafe { maybe_free(task) }
        } else if after & NOTIFIED == 0 {
            // SAFETY: no reference and no pin is left.
            unsafe { free(task, true) }
        }
    }
}

/// `Local`: the owner's count is 0. Frees the task if nothing else holds it.
///
/// # Safety
/// The caller is the owner, before the merge.
#[inline(always)]
unsafe fn maybe_free<S: Sharing>(task: Task<S>) {
    // Acquire pairs with the release of the foreign thread that made the word 0. A plain load: no locked instruction.
    if word(&task).load(Ordering::Acquire) == 0 {
        // SAFETY: the owner; the sum is 0.
        return unsafe { free_unless_queued(task) };
    }
    // SAFETY: as the caller.
    unsafe { __bespoke_cold_pull(task) }
}

/// `Local`: the sum is 0 and the inbox does not pin. Frees the task unless the run queue pins it: then the pop comes back.
///
/// # Safety
/// The caller is the owner, before the merge; the local count and the remote word are 0.
#[inline(always)]
unsafe fn free_unless_queued<S: Sharing>(task: Task<S>) {
    // SAFETY: nothing freed it: only the owner does, here.
    if unsafe { task.as_ref() }.state.load() & NOTIFIED == 0 {
        // SAFETY: the sum is 0 and nothing pins (rule 7).
        unsafe { free(task, false) }
    }
}

/// `Local`: the owner's count is 0 and the remote word is not: adopts the delta, at once, also of a task in the inbox or in
/// the run queue: otherwise the next drop by the owner would take 0 to -1.
#[cold]
#[inline(never)]
unsafe fn __bespoke_cold_pull<S: Sharing>(task: Task<S>) {
    let remote = word(&task);
    let mut now = remote.load(Ordering::Acquire);
    loop {
        if now == 0 {
            // SAFETY: the owner; the sum is 0.
            return unsafe { free_unless_queued(task) };
        }
        if planted(Plant::PullSkipsQueued) && now & R_QUEUED != 0 {
            return;
        }
        match remote.compare_exchange(now, now & R_FLAGS, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => break,
            Err(other) => now = other,
        }
    }
    give(task, delta(now));
    // A delta of 0 with the pin: the visit frees it. Without the pin the word was 0.
}

/// Owner: adds a delta that was taken from the remote word to the local count.
fn give<S: Sharing>(task: Task<S>, mut taken: isize) {
    // SAFETY: the pin or the count holds it.
    let state = &unsafe { task.as_ref() }.state;
    let count = (state.load() >> 8) as isize;
    if count + taken > SPILL as isize {
        let back = count + taken - SPILL as isize;
        add_delta(task, back as usize);
        taken -= back;
    }
    debug_assert!(count + taken >= 0, "more references were dropped than made");
    state.add((taken as usize) << 8);
}

/// Frees the task.
///
/// # Safety
/// No reference and no pin is left. `any_thread`: the caller may not be the owner, or the runtime is closed.
#[inline(always)]
pub(crate) unsafe fn free<S: Sharing>(task: Task<S>, any_thread: bool) {
    // SAFETY: freed here and nowhere else.
    let header = unsafe { task.as_ref() };
    header.life.touch();
    let (home, table, idx) = (header.home, header.table, header.idx.get());
    let holds_home = if S::SHARED {
        let owned = &header.home().owned;
        let remove = |owned: &mut super::owned::Owned<S>| {
            owned.remove(idx);
            header.home().lists(owned);
            // Once out of the table, the task no longer holds up the close: what gives its block back needs the home.
            if !owned.closed {
                header.home().acquire();
            }
        };
        // SAFETY: a real lock; nothing re-enters.
        unsafe { owned.with(remove) };
        true
    } else if any_thread {
        true // merged: the table is the husk's, nobody reads it any more
    } else {
        // SAFETY: the owner; nothing re-enters.
        unsafe { header.home().owned.with(|owned| owned.remove(idx)) };
        false
    };
    // SAFETY: the stage is gone, and nobody names the task any more.
    unsafe { (table.dealloc)(task.cast(), any_thread) };
    if holds_home {
        // SAFETY: the reference that close took for this task (rule 10), or the one taken above.
        unsafe { Home::release(home) };
    }
}

/// `Local`: one reference more, by a foreign thread, or outside the runtime's context.
///
/// # Safety
/// The caller holds a reference.
#[cold]
#[inline(never)]
pub(crate) unsafe fn __bespoke_cold_foreign_acquire<S: Sharing>(task: Task<S>) {
    // SAFETY: the caller's reference.
    unsafe { task.as_ref() }.life.touch();
    add_delta(task, 1);
}

/// `Local`: wakes, aborts or lets go, by a foreign thread, or outside the runtime's context. `bits`: what to tell the
/// owner; `drop`: gives up one reference as well.
///
/// # Safety
/// The caller holds a reference, and gives it up if `drop`.
#[cold]
#[inline(never)]
pub(crate) unsafe fn __bespoke_cold_foreign<S: Sharing>(task: Task<S>, bits: usize, drop: bool) {
    // SAFETY: the caller's reference.
    unsafe { task.as_ref() }.life.touch();
    let remote = word(&task);
    let mut now = remote.load(Ordering::Relaxed);
    loop {
        let mut next = if drop { now.wrapping_sub(R_ONE) } else { now };
        if now & R_MERGED != 0 {
            if !drop {
                return;
            }
            let order = if planted(Plant::RelaxedMergedDrop) { Ordering::Relaxed } else { Ordering::AcqRel };
            match remote.compare_exchange_weak(now, next, order, Ordering::Relaxed) {
                Ok(_) => {
                    if delta(next) == 0 && next & R_QUEUED == 0 {
                        // SAFETY: the merged count is 0 and nothing pins.
                        unsafe { free(task, true) }
                    }
                    return;
                }
                Err(other) => {
                    now = other;
                    continue;
                }
            }
        }
        let pins = delta(next) < 0 && !planted(Plant::NegativeDeltaUnpinned);
        if bits != 0 || pins {
            next |= bits | R_QUEUED;
        }
        if planted(Plant::WakeWithoutPublication) && next == now {
            return;
        }
        // The step is made even if it changes nothing: it publishes what the caller wrote before the wake.
        match remote.compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => {
                if next & R_QUEUED != 0 && now & R_QUEUED == 0 {
                    // SAFETY: we turned the pin on.
                    if let Err(Closed) = unsafe { post_task(task) } {
                        // SAFETY: the pin is still ours.
                        unsafe { unpin(task) }
                    }
                }
                return;
            }
            Err(other) => now = other,
        }
    }
}

/// `Local`: drops the join handle, by a foreign thread, or outside the runtime's context.
///
/// # Safety
/// The caller is the join handle, and gives it up.
#[cold]
#[inline(never)]
pub(crate) unsafe fn __bespoke_cold_foreign_detach<S: Sharing>(task: Task<S>) {
    // SAFETY: the handle's reference.
    unsafe { task.as_ref() }.life.touch();
    let remote = word(&task);
    let mut now = remote.load(Ordering::Acquire);
    loop {
        if now & R_MERGED != 0 {
            // SAFETY: after the merge the state word is the join handle's (rule 3), and we hold its reference.
            unsafe { drop_join_handle(task) };
            // SAFETY: the handle's reference.
            return unsafe { foreign(task, 0, true) };
        }
        let next = now.wrapping_sub(R_ONE) | R_DETACH | R_QUEUED;
        match remote.compare_exchange_weak(now, next, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => {
                if now & R_QUEUED == 0 {
                    // SAFETY: we turned the pin on.
                    if let Err(Closed) = unsafe { post_task(task) } {
                        // SAFETY: the pin is still ours. `R_DETACH` stays for the merge, which does our part.
                        unsafe { unpin(task) }
                    }
                }
                return;
            }
            Err(other) => now = other,
        }
    }
}

/// Gives up the pin of a task that a closed inbox did not take. What else the word says is left to the merge.
///
/// # Safety
/// The pin is the caller's.
pub(crate) unsafe fn unpin<S: Sharing>(task: Task<S>) {
    if S::SHARED {
        // SAFETY: the pin keeps it alive.
        let last = unsafe { task.as_ref() }.state.update(|s| (Some(s & !NOTIFIED), s < REF));
        if last {
            // SAFETY: no reference and no pin is left.
            unsafe { free(task, true) }
        }
        return;
    }
    let before = word(&task).fetch_and(!(R_QUEUED | R_WAKE | R_ABORT), Ordering::AcqRel);
    if before & R_MERGED != 0 && delta(before) == 0 {
        // SAFETY: the merged count is 0 and the pin is gone.
        unsafe { free(task, true) }
    }
}

/// Gives up the pin of a complete task that was popped: by its owner, or, of a task that moves, by any thread.
///
/// # Safety
/// The caller popped it.
#[cold]
#[inline(never)]
pub(crate) unsafe fn unpin_popped<S: Sharing>(task: Task<S>) {
    // SAFETY: the pin keeps it alive.
    let last = unsafe { task.as_ref() }.state.update(|s| (Some(s & !NOTIFIED), s < REF));
    if last {
        if S::SHARED {
            // SAFETY: no reference and no pin is left.
            unsafe { free(task, true) }
        } else {
            // SAFETY: the owner's count is 0.
            unsafe { maybe_free(task) }
        }
    }
}

/// Owner: one task out of the inbox. `closing`: nothing runs any more.
///
/// # Safety
/// The caller is the owner and took the task's node out of the inbox.
pub(crate) unsafe fn visit<S: Sharing>(task: Task<S>, closing: bool) {
    // SAFETY: the pin keeps it alive.
    let header = unsafe { task.as_ref() };
    header.life.touch();
    if S::SHARED {
        if closing {
            // Nobody pops the queue any more once the inbox is closed.
            if !planted(Plant::LateTaskForgotten) {
                // Another thread may have listed it after the walk of close.
                // SAFETY: the pin keeps it alive; nothing runs while the worker closes.
                unsafe { run::cancel_unstarted(task) };
            }
            // SAFETY: taken from the inbox, with its pin.
            return unsafe { unpin_popped(task) };
        }
        // SAFETY: the owner; the pin goes over to the queue.
        return unsafe { header.home().queue_push(task) };
    }
    // Acquire: what the foreign threads wrote before. Release: the next foreign step starts from our view.
    let taken = word(&task).swap(0, Ordering::AcqRel);
    if !planted(Plant::VisitForgetsDelta) {
        give(task, delta(taken));
    }
    let is_new = header.idx.get() == NO_SLOT;
    // A reference of our own over what may run code of the user's, which could drop the last other one.
    let holds = taken & R_DETACH != 0 || (is_new && closing);
    if holds {
        header.state.add(REF);
    }
    if is_new {
        // SAFETY: the owner; nothing re-enters.
        unsafe { header.home().owned.with(|owned| header.idx.set(owned.insert(task))) };
        if closing {
            // SAFETY: the reference of this visit; nothing runs while the worker closes.
            unsafe { run::cancel_unstarted(task) };
        }
    }
    if taken & R_ABORT != 0 {
        header.state.update(|s| (Some(s | CANCELLED), ()));
    }
    if taken & R_DETACH != 0 {
        // SAFETY: the foreign thread gave the join handle to us.
        unsafe { drop_join_handle(task) };
    }
    if taken & R_WAKE != 0 && !closing {
        // SAFETY: a reference exists, or the queue's pin takes over.
        unsafe { waker::wake_by_owner(task) };
    }
    if holds {
        // SAFETY: the reference that this visit made.
        unsafe { release(task) }
    } else if header.state.load() < REF {
        // SAFETY: the owner's count is 0.
        unsafe { maybe_free(task) }
    }
}

/// What dropping a join handle does but for its reference.
///
/// # Safety
/// The caller stands for the join handle, and holds a reference.
pub(crate) unsafe fn drop_join_handle<S: Sharing>(task: Task<S>) {
    // SAFETY: the caller's reference.
    let header = unsafe { task.as_ref() };
    let before = state::drop_join(&header.state);
    if before & COMPLETE != 0 {
        // SAFETY: complete, and the handle was there: the output is ours (rule 1).
        unsafe { (header.table.drop_output)(task.cast::<&'static super::header::VTable>(), before & FAILED != 0) }
    } else if before & JWAKER != 0 {
        // SAFETY: not complete, so the slot is the handle's again (rule 2), and it is filled.
        let waker = unsafe { header.take_join_waker() };
        run::guard(|| drop(waker));
    }
}

/// Owner, `Local`, at close, after the inbox was closed: makes the remote word the one count. The task may be gone
/// afterwards.
///
/// # Safety
/// The caller is the owner; the future is gone; the caller has taken a reference of the home for this task.
pub(crate) unsafe fn merge<S: Sharing>(task: Task<S>) {
    // SAFETY: it is in the table, so it is not freed.
    let header = unsafe { task.as_ref() };
    let local = (header.state.load() >> 8) as isize;
    // First the flag, then the exchange: whoever sees R_MERGED sees a state word that is its own.
    header.state.update(|s| (Some(s & (REF - 1) | MERGED), ()));
    let remote = word(&task);
    let mut now = remote.load(Ordering::Acquire);
    let mut detached = false;
    loop {
        if now & R_DETACH != 0 && !detached && !planted(Plant::DetachForgotten) {
            // Its thread found the inbox closed and left the handle to us. Before the exchange: afterwards anyone may free.
            detached = true;
            // SAFETY: the foreign thread gave the join handle up; the memory is ours until the exchange.
            unsafe { drop_join_handle(task) };
        }
        let total = local + delta(now);
        debug_assert!(total >= 0, "more references were dropped than made");
        if total == 0 && now & R_QUEUED == 0 {
            // SAFETY: no reference and no pin is left.
            return unsafe { free(task, true) };
        }
        let next = (total as usize) << 8 | R_MERGED | now & R_QUEUED;
        match remote.compare_exchange(now, next, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return, // from here on anyone may free it
            Err(other) => now = other,
        }
    }
}

/// `Local`: is the remote word merged, that is, is the runtime closed for this task?
///
/// # Safety
/// The caller holds a reference.
pub(crate) unsafe fn is_merged<S: Sharing>(task: Task<S>) -> bool {
    !S::SHARED && word(&task).load(Ordering::Acquire) & R_MERGED != 0
}

/// The typed pointer behind an untyped one.
#[inline(always)]
pub(crate) fn typed<S: Sharing>(task: Untyped) -> Task<S> {
    task.cast()
}
