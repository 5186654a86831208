//! From the return value of a call to a `Result`, and between the system's sockets and our numbers.

use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use windows_sys::Win32::Foundation::{ERROR_INVALID_HANDLE, ERROR_NOT_ENOUGH_MEMORY};
use windows_sys::Win32::Networking::WinSock::{
    INVALID_SOCKET, SOCKET, SOCKET_ERROR, WSAEMFILE, WSAENOBUFS, WSAEWOULDBLOCK, WSAGetLastError, closesocket,
};

/// The error of the last call that failed on this thread. `WSAGetLastError`.
///
/// # Panics
/// If it is 0: no call that reports a failure leaves it so.
#[cold]
fn last_error() -> Errno {
    // SAFETY: takes nothing, and is there for every thread.
    let code = unsafe { WSAGetLastError() };
    Errno::new(code).expect("a system call failed without an error number")
}

/// An `Errno` from one of the system's constants, at compile time.
pub(super) const fn errno(code: i32) -> Errno {
    match Errno::new(code) {
        Some(errno) => errno,
        None => panic!("an error number is not zero"),
    }
}

/// Reads the result of a call that returns `SOCKET_ERROR` or a value.
pub(super) fn check(returned: i32) -> Result<i32, Errno> {
    if returned == SOCKET_ERROR { Err(last_error()) } else { Ok(returned) }
}

/// Reads the result of a call that returns 0 or a value.
pub(super) fn check_nonzero(returned: i32) -> Result<(), Errno> {
    if returned == 0 { Err(last_error()) } else { Ok(()) }
}

/// The system's name of the socket.
#[inline]
pub(super) const fn socket(raw: RawResource) -> SOCKET {
    // Handles are sign-extended from 32 to 64 bits.
    raw as isize as SOCKET
}

/// Our number of the socket, unless it has more than 32 significant bits.
pub(super) const fn number(socket: SOCKET) -> Option<RawResource> {
    let raw = socket as RawResource;
    if self::socket(raw) == socket { Some(raw) } else { None }
}

/// Reads the result of a call that makes a socket. One that has no number here is closed again.
///
/// # Errors
/// That of the call; `ERROR_INVALID_HANDLE` for a socket without a number.
pub(super) fn made(made: SOCKET) -> Result<RawResource, Errno> {
    if made == INVALID_SOCKET {
        return Err(last_error());
    }
    number(made).ok_or_else(|| {
        // SAFETY: the socket was just made and is known to nobody else.
        unsafe { closesocket(made) };
        errno(ERROR_INVALID_HANDLE as i32)
    })
}

/// Whether the call found nothing to do. `WSAEWOULDBLOCK`.
pub(crate) const fn would_block(errno: Errno) -> bool {
    errno.code() == WSAEWOULDBLOCK
}

/// Whether the process or the machine is out of sockets or their memory: `WSAEMFILE`, `WSAENOBUFS`.
///
/// `accept` fails so at once and every time, with the connection left in the queue: who retries must wait first.
pub(crate) const fn out_of_resources(errno: Errno) -> bool {
    const NO_MEMORY: i32 = ERROR_NOT_ENOUGH_MEMORY as i32;
    matches!(errno.code(), WSAEMFILE | WSAENOBUFS | NO_MEMORY)
}

/// Of a socket that was to be watched: whether the system watches no more for this user. There is no such limit here.
pub(crate) const fn out_of_watches(_errno: Errno) -> bool {
    false
}
