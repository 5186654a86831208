//! The bits of the state word and its named transitions. See the [module](super) for who may make them.
//!
//! Those of the join protocol take the word alone: blocking jobs follow it, too.

use super::header::Header;
use crate::loom::{Plant, planted};
use crate::sharing::{Sharing, StateWord};

/// Not `RUNNING`: in a queue or on its way there, and this pins the memory. `RUNNING`: woken while polled.
pub(crate) const NOTIFIED: usize = 1;
/// The exclusive right to the stage.
pub(crate) const RUNNING: usize = 2;
/// The future is gone, the result is published.
pub(crate) const COMPLETE: usize = 4;
/// Abort was asked for.
pub(crate) const CANCELLED: usize = 8;
/// A join handle exists.
pub(crate) const JOIN: usize = 16;
/// The waker slot is filled.
pub(crate) const JWAKER: usize = 32;
/// The stage holds a failure.
pub(crate) const FAILED: usize = 64;
/// `Local`: the runtime closed, the remote word is the one count.
pub(crate) const MERGED: usize = 128;
/// `Shared`: the task was popped while a close held `RUNNING`: the pin of the queue is the close's.
pub(crate) const UNQUEUED: usize = 128;
/// One reference.
pub(crate) const REF: usize = 256;

/// [1] Somebody woke the task. `true`: the caller must queue it.
///
/// `Local`: the owner. `Shared`: anyone; the step is made even if the task was woken already, because it publishes what
/// the caller wrote before the wake.
#[inline(always)]
pub(crate) fn notify<S: Sharing>(task: &Header<S>) -> bool {
    task.state.update(|s| {
        if s & COMPLETE != 0 {
            return (None, false);
        }
        if (!S::SHARED || planted(Plant::WakeWithoutPublication)) && s & NOTIFIED != 0 {
            return (None, false);
        }
        (Some(s | NOTIFIED), s & (NOTIFIED | RUNNING) == 0)
    })
}

/// What to do with a task that was popped.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Poll it; `RUNNING` is the caller's.
    Poll,
    /// Cancel it; `RUNNING` is the caller's.
    Cancel,
    /// It is complete: give up the pin.
    Complete,
    /// A close is about to cancel it, and has the pin now: the task is not the caller's any more.
    Taken,
}

/// [2] The task was popped from a queue.
#[inline(always)]
pub(crate) fn start<S: Sharing>(task: &Header<S>) -> Start {
    task.state.update(|s| {
        if s & COMPLETE != 0 {
            return (None, Start::Complete);
        }
        if S::SHARED && s & RUNNING != 0 && !planted(Plant::PoppedWhileSeized) {
            return (Some(s & !NOTIFIED | UNQUEUED), Start::Taken);
        }
        let next = if s & CANCELLED != 0 { Start::Cancel } else { Start::Poll };
        (Some(s & !NOTIFIED | RUNNING), next)
    })
}

/// What to do with a task that is not ready.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Idle {
    /// Nothing: it waits for a wake.
    Parked,
    /// Queue it: it was woken while it was polled.
    Queue,
    /// Cancel it; `RUNNING` is still the caller's.
    Cancel,
}

/// [3] The poll said pending.
#[inline(always)]
pub(crate) fn idle<S: Sharing>(task: &Header<S>) -> Idle {
    task.state.update(|s| {
        if s & CANCELLED != 0 && !planted(Plant::CancelUnseen) {
            return (None, Idle::Cancel);
        }
        let next = if s & NOTIFIED != 0 { Idle::Queue } else { Idle::Parked };
        (Some(s & !RUNNING), next)
    })
}

/// [4] The stage is final. Returns the word before. `keep_pin`: the task lay in a queue, and the pin is the queue's, unless it
/// was popped meanwhile.
#[inline(always)]
pub(crate) fn complete(word: &impl StateWord, failed: bool, keep_pin: bool) -> usize {
    let set = if failed { COMPLETE | FAILED } else { COMPLETE };
    word.update(|s| {
        let keeps = keep_pin && s & UNQUEUED == 0 && !planted(Plant::QueuedPinGivenUp);
        let clear = if keeps { RUNNING } else { RUNNING | NOTIFIED };
        (Some(s & !clear | set), s)
    })
}

/// Abort was asked for. `true`: the caller must queue the task, so that whoever pops it drops the future.
#[inline(always)]
pub(crate) fn abort<S: Sharing>(task: &Header<S>) -> bool {
    let early = planted(Plant::AbortInTwoSteps).then(|| task.state.load());
    task.state.update(|s| {
        if s & (COMPLETE | CANCELLED) != 0 {
            return (None, false);
        }
        (Some(s | CANCELLED | NOTIFIED), early.unwrap_or(s) & (NOTIFIED | RUNNING) == 0)
    })
}

/// At close: takes `RUNNING` from a task that neither runs nor is complete. `Some(queued)`: taken, and it lies in a queue.
pub(crate) fn seize<S: Sharing>(task: &Header<S>) -> Option<bool> {
    task.state.update(|s| {
        if s & (COMPLETE | RUNNING) != 0 {
            return (None, None);
        }
        (Some(s | RUNNING), Some(s & NOTIFIED != 0))
    })
}

/// As [`seize`], of a task that may be running on another worker: that one is told to cancel it when the poll ends.
pub(crate) fn seize_or_tell<S: Sharing>(task: &Header<S>) -> Option<bool> {
    task.state.update(|s| {
        if s & COMPLETE != 0 {
            return (None, None);
        }
        if s & RUNNING != 0 {
            return (Some(s | CANCELLED), None);
        }
        (Some(s | RUNNING), Some(s & NOTIFIED != 0))
    })
}

/// The join handle filled the slot. `false`: the task is complete, the slot is still the handle's.
#[inline(always)]
pub(crate) fn set_join_waker(word: &impl StateWord) -> bool {
    let early = planted(Plant::JoinInTwoSteps).then(|| word.load());
    word.update(|s| if early.unwrap_or(s) & COMPLETE != 0 { (None, false) } else { (Some(s | JWAKER), true) })
}

/// The join handle wants the slot back. `false`: the task is complete, and the slot is the completer's.
#[inline(always)]
pub(crate) fn clear_join_waker(word: &impl StateWord) -> bool {
    word.update(|s| if s & COMPLETE != 0 { (None, false) } else { (Some(s & !JWAKER), true) })
}

/// The join handle goes. Returns the word before: `COMPLETE` → the output is the caller's to drop; else `JWAKER` → the
/// waker in the slot is.
#[inline(always)]
pub(crate) fn drop_join(word: &impl StateWord) -> usize {
    let early = planted(Plant::HandleGoesInTwoSteps).then(|| word.load());
    word.update(|s| (Some(s & !JOIN & if s & COMPLETE == 0 { !JWAKER } else { !0 }), early.unwrap_or(s)))
}
