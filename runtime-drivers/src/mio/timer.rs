//! Ends a sleep to the nanosecond: a `timerfd` in the poll.

use super::poller::TIMER;
use crate::sys;
use bespoke_core::driver::Errno;
use bespoke_core::roles::Nanos;
use core::cell::Cell;
use core::time::Duration;
use mio::unix::SourceFd;
use mio::{Interest, Registry};
use std::time::Instant;

/// The timer of one poll. The descriptor is made with the first sleep that has an end: a runtime without timers has
/// none.
#[derive(Debug)]
pub(super) struct Timer {
    fd: Cell<Option<i32>>,
    /// When it will ring, if it is armed.
    rings: Cell<Option<Instant>>,
    /// The system refused it, for another reason than that it has none left: it will not be asked again.
    denied: Cell<bool>,
}

impl Timer {
    pub(super) const fn new() -> Self {
        Timer { fd: Cell::new(None), rings: Cell::new(None), denied: Cell::new(false) }
    }

    /// Sees to it that the timer rings in `wait`, or earlier. Returns the timeout of the poll: none, unless there is no
    /// descriptor for the timer.
    #[expect(clippy::disallowed_methods, reason = "the same clock as the timer's, to know when it rings")]
    pub(super) fn arm(&self, registry: &Registry, wait: Nanos) -> Result<Option<Duration>, Errno> {
        let now = Instant::now();
        let Some(end) = now.checked_add(Duration::from_nanos(wait.0)) else { return Ok(None) };
        // Armed to ring before: it stays, and the turn that it ends arms anew. That is one early turn against a system call
        // for each time that the earliest deadline moves back.
        if self.rings.get().is_none_or(|rings| rings > end || rings <= now) {
            let Some(fd) = self.fd(registry) else {
                // Denied, or no descriptor left, maybe for a while only: the poll's own timeout, which rounds up to a
                // millisecond.
                return Ok(Some(Duration::from_nanos(wait.0)));
            };
            sys::timerfd::arm_after(fd, wait.0)?;
            self.rings.set(Some(end));
        }
        Ok(None)
    }

    /// The descriptor; made at the first call that finds one free.
    fn fd(&self, registry: &Registry) -> Option<i32> {
        if let Some(fd) = self.fd.get() {
            return Some(fd);
        }
        if self.denied.get() {
            return None;
        }
        let fd = match sys::timerfd::create() {
            Ok(fd) => fd,
            Err(errno) => {
                self.denied.set(!sys::out_of_resources(errno));
                return None;
            }
        };
        if registry.register(&mut SourceFd(&fd), TIMER, Interest::READABLE).is_err() {
            let _ = sys::fd::close(fd);
            return None;
        }
        self.fd.set(Some(fd));
        Some(fd)
    }

    /// It rang. Edge-triggered, so it need not be read: arming resets it.
    pub(super) fn rang(&self) {
        self.rings.set(None);
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(fd) = self.fd.get() {
            let _ = sys::fd::close(fd);
        }
    }
}
