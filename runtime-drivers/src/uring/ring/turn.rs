//! A turn in parts: calls, between which nothing of the ring is borrowed.

use super::{FINISHED_BY_A_CALL, Ring};
use crate::sys::fd;
use crate::sys::ring::{self as calls, RingName, Wait, code};
use bespoke_core::driver::Errno;
use core::time::Duration;

/// A call of a turn.
#[derive(Debug)]
pub(in crate::uring) struct Call {
    pub(super) name: RingName,
    /// So many entries are queued.
    pub(super) submit: u32,
    pub(super) wait: Wait,
    /// Does it wake the thread of the kernel's?
    pub(super) wakes: bool,
    /// So many more calls of this turn have the kernel finish what is ready.
    pub(super) again: u32,
}

impl Call {
    /// Asks the kernel. On the thread that enters the ring.
    pub(in crate::uring) fn make(&self) -> Result<u32, Errno> {
        calls::submit_and_wait(self.name, self.submit, self.wait, self.wakes)
    }

    /// Does it wait?
    pub(in crate::uring) fn sleeps(&self) -> bool {
        self.wait != Wait::LOOK
    }
}

impl Ring {
    /// Submits all, then waits for a completion, at most for `wait`. `Some(0)`: does not wait, but has the kernel finish
    /// all that is ready, of which one call does a part (see the module's page).
    ///
    /// # Errors
    /// The system's code; an interrupted wait is not one. The ring is the parent's of this process.
    pub(in crate::uring) fn enter(&mut self, wait: Option<Duration>) -> Result<(), Errno> {
        let mut next = self.turn(wait)?;
        while let Some(call) = next {
            next = self.told(&call, call.make())?;
        }
        Ok(())
    }

    /// The same in parts: the first call of such a turn, which the caller [makes](Call::make) and whose answer it
    /// [tells](Self::told). `None`: there is nothing to call for. In between the ring is nobody's.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    #[inline]
    pub(in crate::uring) fn turn(&mut self, wait: Option<Duration>) -> Result<Option<Call>, Errno> {
        if self.is_copy() {
            return Err(fd::BUSY);
        }
        if !self.backlog.is_empty() {
            self.flush();
        }
        if self.flags.sq_poll {
            return self.turn_of_thread(wait);
        }
        let idle = self.aside.is_empty() && self.backlog.is_empty();
        // To wait for no time is to set a timer that is over and to sleep until it fires: microseconds, on a virtual machine.
        let looks = !idle || wait == Some(Duration::ZERO);
        let wait = if looks { Wait::LOOK } else { self.asleep(wait) };
        // A sleep ends with as many as one call finishes, too. What else is ready goes with them: what their tasks queue then is
        // submitted by one call, which is one word to a disk and not two.
        Ok(Some(self.call(wait, self.completions().div_ceil(FINISHED_BY_A_CALL))))
    }

    #[inline]
    fn call(&mut self, wait: Wait, again: u32) -> Call {
        self.fresh = false;
        self.enters += 1;
        let submit = self.queues.submission().len() as u32;
        Call { name: self.name, submit, wait, wakes: false, again: again.saturating_sub(1) }
    }

    /// What the kernel said to a call of this turn; the next one.
    ///
    /// # Errors
    /// As [`enter`](Self::enter).
    #[inline]
    pub(in crate::uring) fn told(&mut self, call: &Call, told: Result<u32, Errno>) -> Result<Option<Call>, Errno> {
        let wait = match told {
            // A kernel without `SUBMIT_ALL` stops behind an entry that it calls invalid, and does not wait then.
            Ok(taken) if taken < call.submit && taken > 0 => call.wait,
            Ok(_) if call.again > 0 && self.has_more() => Wait::LOOK,
            Ok(_) => return Ok(None),
            Err(errno) => match errno.code() {
                code::INTERRUPTED | code::AGAIN | code::BUSY => return Ok(None),
                _ => return Err(errno),
            },
        };
        Ok(Some(self.call(wait, call.again)))
    }
}
