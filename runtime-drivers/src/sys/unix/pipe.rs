//! Bytes in and out of what is no socket: a pipe, a terminal.
//!
//! There is no flag that makes one call on them nonblocking, as `MSG_DONTWAIT` does for sockets. So the open file is made
//! nonblocking if nobody else has it, and looked at first if somebody has: a `read(2)` that follows a `poll(2)` waits
//! only if another process takes in between what was there.
//!
//! Poll-time memory: the kernel touches it during the call and not after.

use super::call::{check, count, errno, retry};
use super::poll::{Interest, poll_ready};
use bespoke_core::driver::Errno;
use core::time::Duration;

/// Reads at most `len` bytes to `to`; 0 is the end, or `len` was 0. `read(2)`.
///
/// `shared`: the open file is somebody else's, too, and may be one that blocks.
///
/// # Errors
/// [`would_block`](super::would_block); `EIO` of a terminal whose session is in the background.
///
/// # Safety
/// - `to` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn read(fd: i32, to: *mut u8, len: usize, shared: bool) -> Result<usize, Errno> {
    if shared && !poll_ready(fd, Interest::Read, Some(Duration::ZERO))? {
        return Err(errno(libc::EAGAIN));
    }
    retry(|| {
        // SAFETY: the caller's promise; the length is only ever cut.
        let got = unsafe { libc::read(fd, to.cast(), cut(len)) };
        count(got)
    })
}

/// Writes at most `len` bytes from `from`. `write(2)`.
///
/// # Errors
/// [`would_block`](super::would_block); `EPIPE` when nobody reads, and `SIGPIPE` before it in a program that does not ignore
/// that. Rust programs do.
///
/// # Safety
/// - `from` is valid for reads of `len` initialised bytes during the call.
/// - Nothing writes these bytes during the call.
pub(crate) unsafe fn write(fd: i32, from: *const u8, len: usize) -> Result<usize, Errno> {
    retry(|| {
        // SAFETY: the caller's promise; the length is only ever cut.
        let sent = unsafe { libc::write(fd, from.cast(), cut(len)) };
        count(sent)
    })
}

/// Some systems refuse lengths above `i32::MAX`.
fn cut(len: usize) -> usize {
    len.min(i32::MAX as usize)
}

/// The standard input as an open file of our own, nonblocking: that of the pipe or the terminal opened a second time.
/// `proc_pid_fd(5)`.
///
/// # Errors
/// `ENXIO` for a socket; `ENOENT` without `/proc`; `EACCES` where the terminal is another user's. Other systems than Linux
/// cannot do this: `/dev/fd/0` is a duplicate there.
pub(crate) fn open_stdin() -> Result<i32, Errno> {
    if !cfg!(any(target_os = "linux", target_os = "android")) {
        return Err(errno(libc::ENOSYS));
    }
    retry(|| {
        let flags = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
        // SAFETY: the path is a C string that lives for ever.
        let fd = unsafe { libc::open(c"/proc/self/fd/0".as_ptr(), flags) };
        check(fd)
    })
}
