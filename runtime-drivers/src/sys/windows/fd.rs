//! Sockets as such: closing them, and whether their calls wait.

use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use std::os::windows::io::{FromRawSocket as _, IntoRawSocket as _, RawSocket};
use windows_sys::Win32::Networking::WinSock::{FIONBIO, SOCKET, closesocket, ioctlsocket};

use super::call::{check, made, socket};

/// The socket under the name that the standard library has for it.
pub(crate) const fn as_os(fd: RawResource) -> RawSocket {
    socket(fd) as RawSocket
}

/// A socket that its value closes, in the standard library.
pub(crate) use std::os::windows::io::OwnedSocket as Owned;

/// The number of a socket, which is the caller's to close from now on.
///
/// # Errors
/// `ERROR_INVALID_HANDLE` for a socket that has no number here; it is closed.
pub(crate) fn number_of(owned: Owned) -> Result<RawResource, Errno> {
    made(owned.into_raw_socket() as SOCKET)
}

/// A socket for the standard library to close.
///
/// # Safety
/// `fd` is open, and the caller's to give away.
pub(crate) unsafe fn owned(fd: RawResource) -> Owned {
    // SAFETY: the caller's promise.
    unsafe { Owned::from_raw_socket(as_os(fd)) }
}

/// Gives the socket back. `closesocket`.
///
/// # Errors
/// `WSAENOTSOCK`.
pub(crate) fn close(fd: RawResource) -> Result<(), Errno> {
    // SAFETY: reads no memory of ours.
    let closed = unsafe { closesocket(socket(fd)) };
    check(closed).map(drop)
}

/// Says whether the calls on the socket wait. `ioctlsocket`, `FIONBIO`.
pub(crate) fn set_nonblocking(fd: RawResource, nonblocking: bool) -> Result<(), Errno> {
    let mut on = u32::from(nonblocking);
    // SAFETY: `on` is live and writable, and of the type that the command takes.
    let set = unsafe { ioctlsocket(socket(fd), FIONBIO, &raw mut on) };
    check(set).map(drop)
}
