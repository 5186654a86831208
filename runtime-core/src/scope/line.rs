//! The queues of a set: of its tasks that are over, and of its blocking jobs that are.

use super::done::{Done, Note};
#[cfg(feature = "std")]
use crate::sharing::Shared;
use crate::sharing::Sharing;
use crate::sync::waiters;
#[cfg(feature = "std")]
use core::mem::ManuallyDrop;
use core::task::{Poll, Waker};

/// A queue of those that are over.
pub(super) struct Line<S: Sharing> {
    done: Done<S>,
    /// How many numbers it has room for.
    room: usize,
}

impl<S: Sharing> Line<S> {
    pub(super) fn new() -> Self {
        Line { done: Done::new(), room: 0 }
    }

    /// The note of `number`, of a set with so many slots.
    pub(super) fn note(&mut self, number: u32, slots: usize) -> Note<S> {
        if slots > self.room {
            self.room = self.done.make_room(slots);
        }
        self.done.note(number)
    }

    /// The number of one that is over. Without a waker, nothing waits.
    pub(super) fn next(&self, waker: Option<&Waker>) -> Poll<u32> {
        match waker {
            Some(_) => waiters::poll(waker, |hand| self.done.look(hand)),
            None => self.done.next().map_or(Poll::Pending, Poll::Ready),
        }
    }

    /// Nobody waits any more.
    pub(super) fn forget_waker(&self) {
        self.done.forget_waker();
    }
}

/// The queue of blocking jobs, from the first job on. They end on threads of the pool, also after the runtime: so their notes
/// are for any thread, whatever the sharing.
///
/// What touches the queue is cold, its drop as well: the path of tasks under a local scheduler has no locked instruction.
#[cfg(feature = "std")]
pub(super) struct Jobs(ManuallyDrop<Option<Line<Shared>>>);

#[cfg(feature = "std")]
impl Jobs {
    pub(super) const fn new() -> Self {
        Jobs(ManuallyDrop::new(None))
    }

    /// Was there a job?
    #[inline(always)]
    pub(super) fn were_any(&self) -> bool {
        self.0.is_some()
    }

    /// As [`Line::note`].
    pub(super) fn note(&mut self, number: u32, slots: usize) -> Note<Shared> {
        self.0.get_or_insert_with(Line::new).note(number, slots)
    }

    /// As [`Line::next`].
    #[inline(always)]
    pub(super) fn next(&self, waker: Option<&Waker>) -> Poll<u32> {
        if self.were_any() { __bespoke_cold_next_job(self, waker) } else { Poll::Pending }
    }

    /// As [`Line::forget_waker`].
    #[inline(always)]
    pub(super) fn forget_waker(&self) {
        if self.were_any() {
            __bespoke_cold_forget_waker_of_jobs(self);
        }
    }
}

#[cfg(feature = "std")]
impl Drop for Jobs {
    #[inline(always)]
    fn drop(&mut self) {
        if self.were_any() {
            __bespoke_cold_drop_jobs(self);
        }
    }
}

#[cfg(feature = "std")]
#[cold]
#[inline(never)]
fn __bespoke_cold_next_job(jobs: &Jobs, waker: Option<&Waker>) -> Poll<u32> {
    jobs.0.as_ref().map_or(Poll::Pending, |line| line.next(waker))
}

#[cfg(feature = "std")]
#[cold]
#[inline(never)]
fn __bespoke_cold_forget_waker_of_jobs(jobs: &Jobs) {
    if let Some(line) = &*jobs.0 {
        line.forget_waker();
    }
}

#[cfg(feature = "std")]
#[cold]
#[inline(never)]
fn __bespoke_cold_drop_jobs(jobs: &mut Jobs) {
    drop(jobs.0.take());
}
