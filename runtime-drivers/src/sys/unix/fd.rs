//! Descriptors as such: closing, copying, and running out of them.

use std::os::fd::{FromRawFd as _, IntoRawFd as _};

use bespoke_core::driver::Errno;

use super::call::{check, retry};

/// Somebody is still using it. `EBUSY`.
pub(crate) const BUSY: Errno = super::call::errno(libc::EBUSY);

/// A descriptor that its value closes, in the standard library.
pub(crate) use std::os::fd::OwnedFd as Owned;

/// The number of a descriptor, which is the caller's to close from now on.
#[expect(clippy::unnecessary_wraps, reason = "on Windows not every socket has a number")]
pub(crate) fn number_of(owned: Owned) -> Result<i32, Errno> {
    Ok(owned.into_raw_fd())
}

/// A descriptor for the standard library to close.
///
/// # Safety
/// `fd` is open, and the caller's to give away.
pub(crate) unsafe fn owned(fd: i32) -> Owned {
    // SAFETY: the caller's promise.
    unsafe { Owned::from_raw_fd(fd) }
}

/// Gives the descriptor back. `close(2)`.
///
/// Not retried on `EINTR`, and `EINTR` is success: Linux, Apple systems and FreeBSD free the number before anything that
/// can be interrupted, so a second call could close what another thread has opened since. `EINPROGRESS`, which newer
/// POSIX has for the same case, likewise.
///
/// # Errors
/// `EBADF`; `EIO`, `ENOSPC`, `EDQUOT` for a file whose late writes failed. The descriptor is free after these, too.
pub(crate) fn close(fd: i32) -> Result<(), Errno> {
    // SAFETY: reads no memory of ours.
    let closed = unsafe { libc::close(fd) };
    match check(closed) {
        Err(e) if !matches!(e.code(), libc::EINTR | libc::EINPROGRESS) => Err(e),
        _ => Ok(()),
    }
}

/// A second descriptor of the same open file, close-on-exec. `fcntl(2)`, `F_DUPFD_CLOEXEC`.
///
/// At least 3, so that it never takes the place of a closed standard stream.
///
/// # Errors
/// `EBADF`, `EMFILE`.
pub(crate) fn duplicate(fd: i32) -> Result<i32, Errno> {
    retry(|| {
        // SAFETY: the command takes an int and touches no memory of ours.
        let copy = unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 3 as libc::c_int) };
        check(copy)
    })
}

/// Has the number `at`, which is open and the caller's, name what `fd` names; what it named before is closed. Nobody finds the
/// number closed in between. `dup3(2)`.
///
/// # Errors
/// `EBADF`; `at` is as it was.
#[cfg(target_os = "linux")]
pub(crate) fn redirect(at: i32, fd: i32) -> Result<(), Errno> {
    retry(|| {
        // SAFETY: takes integers only; the number is the caller's.
        let same = unsafe { libc::dup3(fd, at, libc::O_CLOEXEC) };
        check(same).map(drop)
    })
}

/// Is there no such descriptor? `EBADF`.
pub(crate) const fn is_closed(errno: Errno) -> bool {
    errno.code() == libc::EBADF
}

/// Sets or clears `O_NONBLOCK` on the open file, so for all its descriptors. `fcntl(2)`, `F_SETFL`.
pub(crate) fn set_nonblocking(fd: i32, nonblocking: bool) -> Result<(), Errno> {
    // SAFETY: the command takes no argument and touches no memory of ours.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    let old = check(flags)?;
    let new = if nonblocking { old | libc::O_NONBLOCK } else { old & !libc::O_NONBLOCK };
    if new == old {
        return Ok(());
    }
    // SAFETY: the command takes an int and touches no memory of ours.
    let set = unsafe { libc::fcntl(fd, libc::F_SETFL, new) };
    check(set).map(drop)
}

/// Marks the descriptor close-on-exec. `fcntl(2)`, `F_SETFD`.
///
/// A thread that forks and executes between the making of the descriptor and this call leaks it to the child; hence only
/// for systems that cannot make it close-on-exec from its birth.
#[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
pub(super) fn set_close_on_exec(fd: i32) -> Result<(), Errno> {
    // SAFETY: the command takes an int and touches no memory of ours.
    let set = unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    check(set).map(drop)
}

/// A descriptor to hold in reserve: `/dev/null`. `open(2)`.
///
/// When `accept` fails with `EMFILE`, closing this one makes room to accept the waiting connection and close it, so that
/// its peer learns of the failure instead of waiting.
pub(crate) fn spare_fd() -> Result<i32, Errno> {
    retry(|| {
        // SAFETY: the path is a C string that lives for ever.
        let fd = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
        check(fd)
    })
}

/// How many descriptors the process may have open. `getrlimit(2)`, `RLIMIT_NOFILE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DescriptorLimit {
    /// Opening one more fails with `EMFILE`. `u64::MAX`: no limit.
    pub(crate) soft: u64,
    /// How far `soft` may be raised without privilege. `u64::MAX`: no limit.
    pub(crate) hard: u64,
}

/// The process's present limit of descriptors. `getrlimit(2)`.
pub(crate) fn nofile_limit() -> Result<DescriptorLimit, Errno> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is live and writable, and of the type that the call fills.
    let got = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
    check(got)?;
    Ok(DescriptorLimit { soft: limited(limit.rlim_cur), hard: limited(limit.rlim_max) })
}

/// "No limit" is not the greatest number of its type on every system.
fn limited(limit: libc::rlim_t) -> u64 {
    if limit == libc::RLIM_INFINITY { u64::MAX } else { limit }
}
