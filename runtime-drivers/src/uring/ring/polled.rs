//! Turns of a ring whose entries a thread of the kernel's takes: [`RingOptions::SQ_POLL`](super::super::RingOptions::SQ_POLL).
//!
//! The thread looks at the queue, and sleeps when it has found nothing for a while. Then it sets a flag, and looks once more; we
//! queue, and then look at the flag. Both sides order the two by a full fence, so one of them sees the other
//! (`io_uring_setup(2)`, `IORING_SQ_NEED_WAKEUP`); ours is in the crate's `need_wakeup`.
//!
//! What it has done lies in the queue of completions without a call of ours. So a turn calls for three reasons: the thread
//! sleeps and there are entries, the kernel keeps completions for which there was no room, or the worker sleeps.

use super::{Call, Ring};
use crate::sys::ring::{self as calls, Wait};
use bespoke_core::driver::Errno;
use core::time::Duration;

impl Ring {
    /// As [`turn`](Self::turn), which moved what fits of the backlog into the queue.
    pub(super) fn turn_of_thread(&mut self, wait: Option<Duration>) -> Result<Option<Call>, Errno> {
        let there = !self.aside.is_empty() || !self.queues.completion().is_empty();
        let wait = match wait {
            _ if there => Wait::LOOK,
            Some(Duration::ZERO) => Wait::LOOK,
            // There will be room when the thread has taken some, which nothing tells of: it completes nothing by that.
            wait if !self.backlog.is_empty() => {
                Wait { want: 1, most: Some(wait.map_or(ROOM_AFTER, |wait| wait.min(ROOM_AFTER))), least_us: 0 }
            }
            most => Wait { want: 1, most, least_us: 0 },
        };
        if wait == Wait::LOOK && !self.overflowed() {
            return self.wake_for_entries().map(|()| None);
        }
        Ok(Some(self.call_of_thread(wait)))
    }

    /// A turn of its own, which waits until something has completed, but not for long; what was put off is not it. Not `early`:
    /// completions of others have ended such turns, so this one lasts.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    pub(super) fn turn_between(&mut self, early: bool) -> Result<(), Errno> {
        self.flush_to_thread();
        if early {
            self.settle();
        }
        if early && !self.queues.completion().is_empty() {
            return Ok(());
        }
        let want = if early { 1 } else { self.completions() };
        self.wait_for_thread(Wait { want, most: Some(BETWEEN), least_us: 0 })
    }

    /// Moves what fits of the backlog into the queue, and sees to it that there will be room for the rest.
    #[cold]
    pub(super) fn flush_to_thread(&mut self) {
        self.fill();
        // The next park tells of what is wrong.
        let _ = self.wake_for_entries();
    }

    /// Waits until the thread has taken what is queued, and what is behind the queue; not for ever, as a busy machine may leave
    /// it no processor.
    #[cold]
    pub(super) fn settle(&mut self) {
        // So many completions are not waited for: what ends the wait is its time.
        let wait = Wait { want: self.completions(), most: Some(SETTLES_AFTER), least_us: 0 };
        for _ in 0..SETTLE_TURNS {
            self.fill();
            if (self.backlog.is_empty() && self.has_taken_all()) || self.wait_for_thread(wait).is_err() {
                return;
            }
        }
    }

    /// Has the thread taken all that is queued? It goes on with what it has not (invariant 5 of the ring).
    pub(super) fn has_taken_all(&mut self) -> bool {
        #[cfg(test)]
        if self.is_stuck {
            return false;
        }
        self.queues.submission().is_empty()
    }

    /// Could a turn that does not wait find anything by a call?
    pub(super) fn needs_a_call(&mut self) -> bool {
        self.overflowed() || self.thread_must_be_woken()
    }

    /// Does the kernel keep completions for which there was no room? A call has it write them.
    fn overflowed(&mut self) -> bool {
        self.queues.submission().cq_overflow()
    }

    /// Are there entries, and does the thread sleep?
    fn thread_must_be_woken(&mut self) -> bool {
        let queue = self.queues.submission();
        // In this order: what was queued is seen by the thread, or its flag by us.
        !queue.is_empty() && queue.need_wakeup()
    }

    fn wake_for_entries(&mut self) -> Result<(), Errno> {
        if !self.thread_must_be_woken() {
            return Ok(());
        }
        self.enters += 1;
        calls::wake_thread(self.name)
    }

    /// Nothing is submitted by the call; told a number, it would return that in the place of an error.
    fn call_of_thread(&mut self, wait: Wait) -> Call {
        self.fresh = false;
        let wakes = self.thread_must_be_woken();
        self.enters += 1;
        Call { name: self.name, submit: 0, wait, wakes, again: 0 }
    }

    fn wait_for_thread(&mut self, wait: Wait) -> Result<(), Errno> {
        let call = self.call_of_thread(wait);
        self.told(&call, call.make()).map(drop)
    }
}

/// After so long a turn looks again whether there is room in the queue.
const ROOM_AFTER: Duration = Duration::from_micros(100);

/// So long a turn of its own waits at most.
const BETWEEN: Duration = Duration::from_micros(500);

/// How often, and how long each time, the thread is waited for that is to take what is queued: a tenth of a second in all.
const SETTLE_TURNS: u32 = 1_000;
const SETTLES_AFTER: Duration = Duration::from_micros(50);
