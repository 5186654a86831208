//! Bytes in and out of a stream socket.
//!
//! Poll-time memory: the kernel touches it during the call and not after.
//!
//! `nonblocking` makes the one call nonblocking (`MSG_DONTWAIT`), whatever the descriptor's own flag; `false` leaves it to
//! that flag. All four directions may move fewer bytes than asked.

use core::mem::MaybeUninit;

use bespoke_core::driver::Errno;

use super::call::{count, retry};

/// Reads at most `len` bytes to `pointer`; 0 is the end of the stream, or `len` was 0. `recv(2)`.
///
/// # Errors
/// [`would_block`](super::would_block); `ECONNRESET`, once, then the stream is at its end; `ETIMEDOUT`; `ENOTCONN`.
///
/// # Safety
/// - `pointer` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn recv(fd: i32, pointer: *mut u8, len: usize, nonblocking: bool) -> Result<usize, Errno> {
    retry(|| {
        // SAFETY: the caller's promise; the length is only ever cut.
        let got = unsafe { libc::recv(fd, pointer.cast(), cut(len), dont_wait(nonblocking)) };
        count(got)
    })
}

/// As [`recv`], but what is read stays there for the next read. `recv(2)`, `MSG_PEEK`.
///
/// # Safety
/// - `pointer` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn peek(fd: i32, pointer: *mut u8, len: usize, nonblocking: bool) -> Result<usize, Errno> {
    let flags = dont_wait(nonblocking) | libc::MSG_PEEK;
    retry(|| {
        // SAFETY: the caller's promise; the length is only ever cut.
        let got = unsafe { libc::recv(fd, pointer.cast(), cut(len), flags) };
        count(got)
    })
}

/// Writes at most `len` bytes from `pointer`. `send(2)`, `MSG_NOSIGNAL`.
///
/// # Errors
/// [`would_block`](super::would_block); `EPIPE` (never `SIGPIPE`), `ECONNRESET`, `ENOTCONN`.
///
/// # Safety
/// - `pointer` is valid for reads of `len` initialised bytes during the call.
/// - Nothing writes these bytes during the call.
pub(crate) unsafe fn send(fd: i32, pointer: *const u8, len: usize, nonblocking: bool) -> Result<usize, Errno> {
    let flags = dont_wait(nonblocking) | NO_SIGNAL;
    retry(|| {
        // SAFETY: the caller's promise; the length is only ever cut.
        let sent = unsafe { libc::send(fd, pointer.cast(), cut(len), flags) };
        count(sent)
    })
}

/// One stretch of memory in a list of them; the kernel's own `iovec(3type)`, byte for byte.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct IoVec(libc::iovec);

impl IoVec {
    /// The stretch of `len` bytes at `pointer`. For a write, cast a `*const`.
    pub(crate) const fn new(pointer: *mut u8, len: usize) -> Self {
        Self(libc::iovec { iov_base: pointer.cast(), iov_len: len })
    }

    /// Its pointer and its length.
    #[cfg(target_os = "linux")]
    pub(crate) const fn parts(&self) -> (*mut u8, usize) {
        (self.0.iov_base.cast(), self.0.iov_len)
    }
}

/// Reads into several stretches, each filled before the next. `recvmsg(2)`.
///
/// More than 1024 stretches: the first 1024 are used.
///
/// # Errors
/// As [`recv`].
///
/// # Safety
/// For each of `stretches`:
/// - its pointer is valid for writes of its length during the call, and
/// - nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn recv_vectored(fd: i32, stretches: &[IoVec], nonblocking: bool) -> Result<usize, Errno> {
    // SAFETY: the caller's promise.
    unsafe { recv_message(fd, stretches, nonblocking) }.map(|(got, _)| got)
}

/// As [`recv_vectored`], of a Unix stream; `true`: the read may have ended before the bytes did. It ends behind descriptors, and,
/// where the receiver asked for credentials, between senders. Linux then says that what came beside the bytes is lost, as nobody
/// made room for it; of other systems nothing is known. `recvmsg(2)`, `MSG_CTRUNC`; `unix_stream_read_generic` of Linux.
///
/// # Errors
/// As [`recv`].
///
/// # Safety
/// As [`recv_vectored`].
pub(crate) unsafe fn recv_unix(fd: i32, stretches: &[IoVec], nonblocking: bool) -> Result<(usize, bool), Errno> {
    // SAFETY: the caller's promise.
    let (got, flags) = unsafe { recv_message(fd, stretches, nonblocking) }?;
    let tells = cfg!(any(target_os = "linux", target_os = "android"));
    Ok((got, !tells || flags & libc::MSG_CTRUNC != 0))
}

/// The bytes that were read, and the message's flags.
///
/// # Safety
/// As [`recv_vectored`].
unsafe fn recv_message(fd: i32, stretches: &[IoVec], nonblocking: bool) -> Result<(usize, i32), Errno> {
    let mut message = message(stretches);
    let got = retry(|| {
        // SAFETY: `message` lists `stretches`, which the caller vouches for, and has neither name nor control part.
        let got = unsafe { libc::recvmsg(fd, &raw mut message, dont_wait(nonblocking)) };
        count(got)
    })?;
    Ok((got, message.msg_flags))
}

/// Writes several stretches, one after the other. `sendmsg(2)`, `MSG_NOSIGNAL`.
///
/// More than 1024 stretches: the first 1024 are used.
///
/// # Errors
/// As [`send`].
///
/// # Safety
/// For each of `stretches`:
/// - its pointer is valid for reads of its length in initialised bytes during the call, and
/// - nothing writes these bytes during the call.
pub(crate) unsafe fn send_vectored(fd: i32, stretches: &[IoVec], nonblocking: bool) -> Result<usize, Errno> {
    let message = message(stretches);
    let flags = dont_wait(nonblocking) | NO_SIGNAL;
    retry(|| {
        // SAFETY: `message` lists `stretches`, which the caller vouches for, and has neither name nor control part.
        let sent = unsafe { libc::sendmsg(fd, &raw const message, flags) };
        count(sent)
    })
}

/// A message of these stretches, without a name and without control data.
fn message(stretches: &[IoVec]) -> libc::msghdr {
    let message = MaybeUninit::<libc::msghdr>::zeroed();
    // SAFETY: made of integers and raw pointers, for which zero is a value.
    let mut message = unsafe { message.assume_init() };
    // `IoVec` is transparent over `iovec`. The kernel reads the list and does not write it, despite the type.
    message.msg_iov = stretches.as_ptr().cast_mut().cast();
    message.msg_iovlen = stretches.len().min(STRETCHES_MAX) as _;
    message
}

pub(super) const fn dont_wait(nonblocking: bool) -> libc::c_int {
    if nonblocking { libc::MSG_DONTWAIT } else { 0 }
}

/// Cuts a length to what one call takes.
pub(super) const fn cut(len: usize) -> usize {
    // Linux cuts by itself, at 2 GiB less a page. Apple systems refuse more than an `int` with `EINVAL`.
    if cfg!(target_vendor = "apple") && len > libc::c_int::MAX as usize { libc::c_int::MAX as usize } else { len }
}

/// `IOV_MAX` of Linux, Apple systems and the BSDs. A longer list fails as a whole, with `EMSGSIZE` or `EINVAL`.
const STRETCHES_MAX: usize = 1024;

/// Apple systems have no such flag; there the socket has `SO_NOSIGPIPE` since its making.
#[cfg(target_vendor = "apple")]
pub(super) const NO_SIGNAL: libc::c_int = 0;
#[cfg(not(target_vendor = "apple"))]
pub(super) const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
