//! What ends the sleep of a worker from any thread: a message to its ring, where it takes them, else an eventfd that it polls.
//!
//! A message is a call of its own (`IORING_REGISTER_SEND_MSG_RING`), as a write to an eventfd is. It takes no ring of the
//! sender's, and says at once whether it has arrived. So nothing is owed, whatever the sender does next, and what has failed
//! is told by the eventfd before the call returns.
//!
//! # Invariants
//! 1. The number of a [`Line`] is open as long as the alarm, and is its own. It names the ring that the worker sleeps in, from
//!    `connect` to `disconnect`, and the eventfd otherwise. So a message that comes late, or early, meets a ring of this driver
//!    or none, and never the ring of another that has got the number; and no ring lasts longer for it.
//! 2. A sleep is ended by one of the two: who has not sent a message nudges.
//! 3. The eventfd is polled by the ring whether messages are taken or not.

use super::{kind, named};
use crate::sys::fd;
use crate::sys::nudge::Nudge;
use crate::sys::ring as calls;
use bespoke_core::driver::Errno;
use core::sync::atomic::{AtomicBool, Ordering};
use io_uring::squeue::Entry;
use io_uring::{opcode, types};

/// What a completion is that a message made. Nobody waits for it: that it came is what it says.
const MESSAGE: u64 = named(kind::IGNORED, 0, 0);

/// Ends the sleeps of one worker.
#[derive(Debug)]
pub(super) struct Alarm {
    nudge: Nudge,
    /// `None`: the ring takes no messages.
    line: Option<Line>,
    /// Messages that arrived.
    #[cfg(test)]
    sent: core::sync::atomic::AtomicU64,
}

/// Where messages go.
#[derive(Debug)]
struct Line {
    number: i32,
    /// Does the number name a ring? Without it each wake would ask, until the worker has arrived and after it is gone.
    is_connected: AtomicBool,
}

impl Line {
    /// One that leads to no ring.
    ///
    /// # Errors
    /// `EMFILE`.
    fn new(nudge: &Nudge) -> Result<Self, Errno> {
        Ok(Line { number: fd::duplicate(nudge.fd())?, is_connected: AtomicBool::new(false) })
    }

    fn message(&self) -> Entry {
        message_to(self.number)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // It holds nothing that a failed close could lose.
        let _ = fd::close(self.number);
    }
}

impl Alarm {
    /// One that a ring has to poll. `by_message`: and that sends messages to it once it is [connected](Self::connect).
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub(super) fn new(by_message: bool) -> Result<Self, Errno> {
        let nudge = Nudge::new()?;
        let line = if by_message { Some(Line::new(&nudge)?) } else { None };
        Ok(Alarm {
            nudge,
            line,
            #[cfg(test)]
            sent: core::sync::atomic::AtomicU64::new(0),
        })
    }

    /// What the ring polls for reading.
    pub(super) fn fd(&self) -> i32 {
        self.nudge.fd()
    }

    /// Does it send messages?
    pub(super) fn is_by_message(&self) -> bool {
        self.line.is_some()
    }

    /// The worker sleeps in this ring from now on, which is enabled.
    pub(super) fn connect(&self, ring: i32) {
        if let Some(line) = &self.line {
            let is_connected = fd::redirect(line.number, ring).is_ok();
            // Whoever sees it finds the ring under the number.
            line.is_connected.store(is_connected, Ordering::Release);
        }
    }

    /// The worker goes on in another ring, to which it is connected next.
    pub(super) fn leave_ring(&self) {
        self.disconnect();
        if self.line.is_some() {
            // A message that came there too late for a sleep is to end the next one, which is elsewhere.
            let _ = self.nudge.nudge();
        }
    }

    /// The worker sleeps in no ring any more: who wakes it nudges.
    pub(super) fn disconnect(&self) {
        if let Some(line) = &self.line {
            // First: who sees it spares itself the call. Who does not meets no ring, and nudges, too.
            line.is_connected.store(false, Ordering::Relaxed);
            // Both numbers are open. Where a filter denies it all the same, the ring stays as long as the alarm.
            let _ = fd::redirect(line.number, self.nudge.fd());
        }
    }

    /// Ends the present sleep, or the next one. Any thread, at any time.
    #[inline]
    pub(super) fn sound(&self) {
        // Acquire: pairs with `connect`.
        if let Some(line) = &self.line
            && line.is_connected.load(Ordering::Acquire)
            && calls::send_message(&line.message()).is_ok()
        {
            #[cfg(test)]
            self.sent.fetch_add(1, Ordering::Relaxed);
            return;
        }
        // The ring polls for edges, so the count is never read; it fails when the count is full, and full is nudged.
        let _ = self.nudge.nudge();
    }

    /// How many messages arrived.
    #[cfg(test)]
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Was the eventfd written to since this was asked?
    #[cfg(test)]
    pub(super) fn was_nudged(&self) -> bool {
        self.nudge.drain().expect("it is open")
    }

    /// The number that messages name.
    #[cfg(test)]
    pub(super) fn number(&self) -> Option<i32> {
        self.line.as_ref().map(|line| line.number)
    }

    /// Sends messages from now on whatever the number names.
    #[cfg(test)]
    pub(super) fn pretends_to_be_connected(&self) {
        let line = self.line.as_ref().expect("it sends messages");
        line.is_connected.store(true, Ordering::Release);
    }

    /// From now on no message arrives, and nobody knows it.
    #[cfg(test)]
    pub(super) fn breaks(&self) {
        let line = self.line.as_ref().expect("it sends messages");
        fd::redirect(line.number, self.nudge.fd()).expect("both are open");
    }
}

/// Would a ring that is not enabled yet take messages from the moment when it is? Kernels before 6.13 know no such call.
pub(super) fn takes_messages(disabled: i32) -> bool {
    calls::send_message(&message_to(disabled)).is_err_and(|errno| errno.code() == calls::code::NOT_ENABLED)
}

fn message_to(ring: i32) -> Entry {
    opcode::MsgRingData::new(types::Fd(ring), 0, MESSAGE, None).build()
}
