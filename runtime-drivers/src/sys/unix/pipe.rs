//! Bytes in and out of what is no socket: a pipe, a terminal. And pipes themselves, with a name (a FIFO) or without:
//! `pipe(7)`, `fifo(7)`.
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
use std::os::fd::IntoRawFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Does the error say that nobody has the FIFO open to read? `ENXIO`, `fifo(7)`.
pub(crate) fn nobody_reads(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENXIO)
}

/// Not a pipe, or not one that is open for this direction. `EINVAL`.
const NOT_A_PIPE: Errno = errno(libc::EINVAL);

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

/// A pipe: the end that is read, and the one that is written; neither waits. `pipe2(2)`.
///
/// # Errors
/// `EMFILE`, `ENFILE`.
pub(crate) fn pipe() -> Result<(i32, i32), Errno> {
    let mut ends = [-1; 2];
    #[cfg(not(target_vendor = "apple"))]
    // SAFETY: `ends` is live and writable, and holds the two ints that the call fills.
    let made = unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) };
    #[cfg(target_vendor = "apple")]
    // SAFETY: as above.
    let made = unsafe { libc::pipe(ends.as_mut_ptr()) };
    check(made)?;
    let [read, write] = ends;
    #[cfg(target_vendor = "apple")]
    for end in ends {
        let flags = super::fd::set_close_on_exec(end).and_then(|()| super::fd::set_nonblocking(end, true));
        super::socket::or_close(read, super::socket::or_close(write, flags))?;
    }
    Ok((read, write))
}

/// Opens a FIFO, without waiting for its other end. `open(2)`, `O_NONBLOCK`.
///
/// # Errors
/// `ENOENT`, `EACCES`; `ENXIO`: to write only, and nobody has it open to read.
pub(crate) fn open(path: &Path, read: bool, write: bool) -> Result<i32, Errno> {
    let opened =
        std::fs::OpenOptions::new().read(read).write(write).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    // An error without a number is a path with a zero in it.
    opened
        .map(|file| file.into_raw_fd())
        .map_err(|error| error.raw_os_error().and_then(Errno::new).unwrap_or(NOT_A_PIPE))
}

/// Is it a pipe? `fstat(2)`.
pub(crate) fn is_pipe(fd: i32) -> Result<bool, Errno> {
    let mut stat = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `stat` is live and writable, and of the type that the call fills.
    let got = unsafe { libc::fstat(fd, stat.as_mut_ptr()) };
    check(got)?;
    // SAFETY: zeroed, then filled; made of integers.
    let stat = unsafe { stat.assume_init() };
    Ok(stat.st_mode & libc::S_IFMT == libc::S_IFIFO)
}

/// Can it be read, and can it be written? `fcntl(2)`, `F_GETFL`.
pub(crate) fn access(fd: i32) -> Result<(bool, bool), Errno> {
    // SAFETY: the command takes no argument and touches no memory of ours.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    let mode = check(flags)? & libc::O_ACCMODE;
    Ok((mode != libc::O_WRONLY, mode != libc::O_RDONLY))
}

/// How many bytes the pipe holds. `F_GETPIPE_SZ`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn capacity(fd: i32) -> Result<usize, Errno> {
    // SAFETY: the command takes no argument and touches no memory of ours.
    let bytes = unsafe { libc::fcntl(fd, libc::F_GETPIPE_SZ) };
    // The kernel returns no negative value but -1.
    check(bytes).map(|bytes| usize::try_from(bytes).unwrap_or_default())
}

/// Sets [`capacity`], rounded up to a power of two pages. `F_SETPIPE_SZ`.
///
/// # Errors
/// `EBUSY`: there is more in it; `EPERM`: more than `/proc/sys/fs/pipe-max-size`; `EINVAL`: more than an int.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn set_capacity(fd: i32, bytes: usize) -> Result<(), Errno> {
    let bytes = libc::c_int::try_from(bytes).map_err(|_| NOT_A_PIPE)?;
    // SAFETY: the command takes an int and touches no memory of ours.
    let set = unsafe { libc::fcntl(fd, libc::F_SETPIPE_SZ, bytes) };
    check(set).map(drop)
}
