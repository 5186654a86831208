//! Bytes in and out of a stream socket.
//!
//! Poll-time memory: the system touches it during the call and not after. All four directions may move fewer bytes than
//! asked. Whether they wait is the socket's own mode: `nonblocking` says what the caller has made it (contract, 6).

use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use windows_sys::Win32::Foundation::ERROR_NO_DATA;
use windows_sys::Win32::Networking::WinSock::{self as winsock, MSG_PEEK, WSABUF, WSAESHUTDOWN, WSARecv, WSASend};

use super::call::{check, errno, socket};

/// Reads at most `len` bytes to `pointer`; 0 is the end of the stream, or `len` was 0. `recv`.
///
/// # Errors
/// [`would_block`](super::would_block); `WSAECONNRESET`, again and again; `WSAETIMEDOUT`; `WSAENOTCONN`.
///
/// # Safety
/// - `pointer` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn recv(fd: RawResource, pointer: *mut u8, len: usize, _nonblocking: bool) -> Result<usize, Errno> {
    // SAFETY: the caller's promise; the length is only ever cut.
    received(unsafe { winsock::recv(socket(fd), pointer, cut(len), 0) })
}

/// As [`recv`], but what is read stays there for the next read. `recv`, `MSG_PEEK`.
///
/// # Safety
/// - `pointer` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn peek(fd: RawResource, pointer: *mut u8, len: usize, _nonblocking: bool) -> Result<usize, Errno> {
    // SAFETY: the caller's promise; the length is only ever cut.
    received(unsafe { winsock::recv(socket(fd), pointer, cut(len), MSG_PEEK) })
}

/// Writes at most `len` bytes from `pointer`. `send`.
///
/// # Errors
/// [`would_block`](super::would_block); `ERROR_NO_DATA` after one's own shutdown; `WSAECONNRESET`, `WSAECONNABORTED`,
/// `WSAENOTCONN`.
///
/// # Safety
/// - `pointer` is valid for reads of `len` initialised bytes during the call.
/// - Nothing writes these bytes during the call.
pub(crate) unsafe fn send(fd: RawResource, pointer: *const u8, len: usize, _nonblocking: bool) -> Result<usize, Errno> {
    // SAFETY: the caller's promise; the length is only ever cut.
    sent(unsafe { winsock::send(socket(fd), pointer, cut(len), 0) })
}

/// One stretch of memory in a list of them; the system's own `WSABUF`, byte for byte, and so that of an `IoSliceMut`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct IoVec(WSABUF);

impl IoVec {
    /// The stretch of `len` bytes at `pointer`, the first 4 GiB of it. For a write, cast a `*const`.
    pub(crate) const fn new(pointer: *mut u8, len: usize) -> Self {
        let len = if len > u32::MAX as usize { u32::MAX } else { len as u32 };
        Self(WSABUF { len, buf: pointer })
    }
}

/// Reads into several stretches, each filled before the next. `WSARecv`.
///
/// # Errors
/// As [`recv`].
///
/// # Safety
/// For each of `stretches`:
/// - its pointer is valid for writes of its length during the call, and
/// - nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn recv_vectored(fd: RawResource, stretches: &[IoVec], _nonblocking: bool) -> Result<usize, Errno> {
    let (list, count) = list(stretches);
    let (mut read, mut flags) = (0, 0);
    // SAFETY: `list` is `count` stretches, which the caller vouches for; the two numbers are live and writable; without an
    // overlapped structure the call is over when it returns.
    let returned =
        unsafe { WSARecv(socket(fd), list, count, &raw mut read, &raw mut flags, core::ptr::null_mut(), None) };
    received(returned).map(|_| read as usize)
}

/// Writes several stretches, one after the other. `WSASend`.
///
/// # Errors
/// As [`send`].
///
/// # Safety
/// For each of `stretches`:
/// - its pointer is valid for reads of its length in initialised bytes during the call, and
/// - nothing writes these bytes during the call.
pub(crate) unsafe fn send_vectored(fd: RawResource, stretches: &[IoVec], _nonblocking: bool) -> Result<usize, Errno> {
    let (list, count) = list(stretches);
    let mut taken = 0;
    // SAFETY: `list` is `count` stretches, which the caller vouches for; `taken` is live and writable; without an overlapped
    // structure the call is over when it returns.
    let returned = unsafe { WSASend(socket(fd), list, count, &raw mut taken, 0, core::ptr::null_mut(), None) };
    sent(returned).map(|_| taken as usize)
}

/// `IoVec` is transparent over `WSABUF`.
fn list(stretches: &[IoVec]) -> (*const WSABUF, u32) {
    (stretches.as_ptr().cast(), u32::try_from(stretches.len()).unwrap_or(u32::MAX))
}

fn received(returned: i32) -> Result<usize, Errno> {
    match check(returned) {
        // This direction was ended here: there is nothing more to come (contract, 3).
        Err(e) if e.code() == WSAESHUTDOWN => Ok(0),
        result => result.map(|read| read.unsigned_abs() as usize),
    }
}

fn sent(returned: i32) -> Result<usize, Errno> {
    match check(returned) {
        // Contract, 3.
        Err(e) if e.code() == WSAESHUTDOWN => Err(errno(ERROR_NO_DATA as i32)),
        result => result.map(|sent| sent.unsigned_abs() as usize),
    }
}

/// Cuts a length to what one call takes.
const fn cut(len: usize) -> i32 {
    if len > i32::MAX as usize { i32::MAX } else { len as i32 }
}
