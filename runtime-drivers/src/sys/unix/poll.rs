//! Waiting for one descriptor, on the thread that asks.
//!
//! For the blocking driver and for tests. A driver that serves many descriptors has its own way to wait.

use core::time::Duration;

use bespoke_core::driver::Errno;

use super::call::{check, errno};

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Bytes to read, a connection to accept, or the end of the stream.
    Read,
    /// Room to write, or the end of a connect, good or bad.
    Write,
}

/// Waits until `fd` is ready or `timeout` has passed; whether it is ready. `poll(2)`.
///
/// `None` waits for ever, zero only looks. The wait is in milliseconds, rounded up: it never ends early. A signal neither
/// ends nor lengthens it. An error or a hang-up on the descriptor counts as ready: the next call on it tells which.
///
/// # Errors
/// `EBADF` if `fd` is not open.
pub(crate) fn poll_ready(fd: i32, interest: Interest, timeout: Option<Duration>) -> Result<bool, Errno> {
    let deadline_ns = timeout.map(|t| monotonic_ns().saturating_add(u64::try_from(t.as_nanos()).unwrap_or(u64::MAX)));
    loop {
        let left_ns = deadline_ns.map(|deadline| deadline.saturating_sub(monotonic_ns()));
        match poll_once(fd, interest, left_ns.map_or(-1, poll_ms)) {
            // Not an answer if a signal came, or if the time left was more than one call can wait.
            Err(e) if e.code() == libc::EINTR => {}
            Ok(false) if deadline_ns.is_none_or(|deadline| monotonic_ns() < deadline) => {}
            result => return result,
        }
    }
}

fn poll_once(fd: i32, interest: Interest, wait_ms: libc::c_int) -> Result<bool, Errno> {
    let events = match interest {
        Interest::Read => libc::POLLIN,
        Interest::Write => libc::POLLOUT,
    };
    let mut entry = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: points to one live, writable `pollfd`, and says one.
    let ready = unsafe { libc::poll(&raw mut entry, 1, wait_ms) };
    let ready = check(ready)? > 0;
    // `poll` itself succeeds on a closed descriptor, and returns at once, every time.
    if entry.revents & libc::POLLNVAL != 0 { Err(errno(libc::EBADF)) } else { Ok(ready) }
}

/// Whole milliseconds, rounded up, as many as one call takes.
pub(super) fn poll_ms(left_ns: u64) -> libc::c_int {
    libc::c_int::try_from(left_ns.div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
}

/// Nanoseconds of the monotonic clock, for the time that is left after an interruption. `clock_gettime(2)`.
///
/// The system's clock, not the Config's: the kernel measures the `poll` by it.
pub(crate) fn monotonic_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is live and writable, and of the type that the call fills.
    let got = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    debug_assert_eq!(got, 0, "the monotonic clock exists on every system we support");
    (now.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(now.tv_nsec as u64)
}
