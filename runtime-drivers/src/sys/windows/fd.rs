//! Sockets as such: closing them, and whether their calls wait.

use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use std::os::windows::io::RawSocket;
use windows_sys::Win32::Networking::WinSock::{FIONBIO, closesocket, ioctlsocket};

use super::call::{check, socket};

/// The socket under the name that the standard library has for it.
pub(crate) const fn as_os(fd: RawResource) -> RawSocket {
    socket(fd) as RawSocket
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
