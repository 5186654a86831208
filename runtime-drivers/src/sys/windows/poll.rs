//! Waiting for one socket, on the thread that asks.
//!
//! For the blocking driver and for tests. A driver that serves many sockets has its own way to wait.

use core::time::Duration;

use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use windows_sys::Win32::Networking::WinSock::{POLLNVAL, POLLRDNORM, POLLWRNORM, WSAENOTSOCK, WSAPOLLFD, WSAPoll};

use super::call::{check, errno, socket};

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Bytes to read, a connection to accept, or the end of the stream.
    Read,
    /// Room to write, or the end of a connect, good or bad.
    Write,
}

/// Waits until `fd` is ready or `timeout` has passed; whether it is ready. `WSAPoll`.
///
/// `None` waits for ever, zero only looks. The wait is in milliseconds, rounded up. An error or a hang-up counts as ready:
/// the next call on the socket tells which. Before Windows 10 2004 a connect that fails is not told.
///
/// # Errors
/// `WSAENOTSOCK`.
pub(crate) fn poll_ready(fd: RawResource, interest: Interest, timeout: Option<Duration>) -> Result<bool, Errno> {
    let Some(timeout) = timeout else {
        return poll_once(fd, interest, -1);
    };
    let mut left_ms = timeout.as_nanos().div_ceil(1_000_000);
    loop {
        // No call waits longer than its argument says, and nothing ends it early.
        let wait_ms = i32::try_from(left_ms).unwrap_or(i32::MAX);
        left_ms -= u128::from(wait_ms.unsigned_abs());
        if poll_once(fd, interest, wait_ms)? {
            return Ok(true);
        }
        if left_ms == 0 {
            return Ok(false);
        }
    }
}

fn poll_once(fd: RawResource, interest: Interest, wait_ms: i32) -> Result<bool, Errno> {
    let events = match interest {
        Interest::Read => POLLRDNORM,
        Interest::Write => POLLWRNORM,
    };
    let mut entry = WSAPOLLFD { fd: socket(fd), events, revents: 0 };
    // SAFETY: points to one live, writable entry, and says one.
    let ready = unsafe { WSAPoll(&raw mut entry, 1, wait_ms) };
    let ready = check(ready)? > 0;
    if entry.revents & POLLNVAL != 0 { Err(errno(WSAENOTSOCK)) } else { Ok(ready) }
}
