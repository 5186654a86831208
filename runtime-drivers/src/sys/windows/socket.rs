//! Stream sockets: made, bound, connected, accepted, shut down.

use core::mem::MaybeUninit;
use core::net::SocketAddr;
use core::time::Duration;
use std::net::Shutdown;
use std::sync::OnceLock;

use bespoke_core::driver::Errno;
use bespoke_core::roles::RawResource;
use windows_sys::Win32::Foundation::{HANDLE, HANDLE_FLAG_INHERIT, SetHandleInformation};
use windows_sys::Win32::Networking::WinSock::{
    self as winsock, SD_BOTH, SD_RECEIVE, SD_SEND, SO_ERROR, SOCK_STREAM, SOL_SOCKET, WSA_FLAG_NO_HANDLE_INHERIT,
    WSA_FLAG_OVERLAPPED, WSADATA, WSAECONNRESET, WSAEWOULDBLOCK, WSASocketW, WSAStartup,
};
use windows_sys::Win32::System::IO::CancelIoEx;

use super::address::{self, SockAddr};
use super::call::{check, check_nonzero, made, socket};
use super::{fd, options};

/// Whether a connect is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a connect in progress is neither made nor failed yet"]
pub(crate) enum Connect {
    /// The connection stands.
    Connected,
    /// Wait until the socket is writable, then ask [`take_error`].
    InProgress,
}

/// Starts Windows Sockets, once for the process; it stays. `WSAStartup`, which counts its calls: the standard library makes
/// its own.
fn started() -> Result<(), Errno> {
    static STARTED: OnceLock<Option<Errno>> = OnceLock::new();
    let refused = STARTED.get_or_init(|| {
        let mut data = MaybeUninit::<WSADATA>::uninit();
        // SAFETY: `data` is live and writable, and of the type that the call fills. 0x202 is version 2.2.
        Errno::new(unsafe { WSAStartup(0x202, data.as_mut_ptr()) })
    });
    refused.map_or(Ok(()), Err)
}

/// A new TCP socket of the family of `address`. `WSASocketW`.
///
/// # Errors
/// `WSAEMFILE`, `WSAENOBUFS`; `WSAEAFNOSUPPORT` where the machine lacks IPv6; why Windows Sockets does not start.
pub(crate) fn stream_socket(address: &SocketAddr, nonblocking: bool) -> Result<RawResource, Errno> {
    started()?;
    let flags = WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT;
    // SAFETY: takes integers, and null says that no other socket is the model.
    let raw = made(unsafe { WSASocketW(address::domain(address), SOCK_STREAM, 0, core::ptr::null(), 0, flags) })?;
    if nonblocking {
        or_close(raw, fd::set_nonblocking(raw, true))?;
    }
    Ok(raw)
}

/// Gives a socket that was made elsewhere the mode that [`stream_socket`] gives its own.
pub(crate) fn enter(fd: RawResource, nonblocking: Option<bool>) -> Result<(), Errno> {
    nonblocking.map_or(Ok(()), |nonblocking| fd::set_nonblocking(fd, nonblocking))
}

/// Closes `fd` if the step after its making failed; that step's error counts, whatever `close` says.
fn or_close<T>(fd: RawResource, step: Result<T, Errno>) -> Result<T, Errno> {
    step.inspect_err(|_| {
        let _ = fd::close(fd);
    })
}

/// Gives the socket its own address; port 0 lets the system choose. `bind`.
///
/// # Errors
/// `WSAEADDRINUSE`, `WSAEADDRNOTAVAIL`, `WSAEACCES`, `WSAEINVAL` (already bound).
pub(crate) fn bind(fd: RawResource, address: &SockAddr) -> Result<(), Errno> {
    let (pointer, len) = address.as_raw();
    // SAFETY: `address` is live during the call, and `len` bytes of it are initialised.
    let bound = unsafe { winsock::bind(socket(fd), pointer, len) };
    check(bound).map(drop)
}

/// Begins to take connections, up to `backlog` of them before they are accepted. `listen`.
///
/// The system cuts `backlog` to its own limit without saying so.
pub(crate) fn listen(fd: RawResource, backlog: i32) -> Result<(), Errno> {
    // SAFETY: takes integers only.
    let listening = unsafe { winsock::listen(socket(fd), backlog) };
    check(listening).map(drop)
}

/// The next waiting connection and the address of its peer. `accept`.
///
/// `nonblocking` is about the new socket, which has the mode of its listener when it is born; whether this call waits is
/// the listener's mode.
///
/// # Errors
/// [`would_block`](super::would_block); [`out_of_resources`](super::out_of_resources), where the connection stays in the
/// queue; [`connection_lost`], where it is gone and the next one may be fine; `WSAEINVAL` (not listening).
pub(crate) fn accept(fd: RawResource, nonblocking: bool) -> Result<(RawResource, SocketAddr), Errno> {
    let mut peer = SockAddr::empty();
    let (pointer, len) = peer.as_raw_mut();
    // SAFETY: `peer` is live and writable during the call, and `len` says how long it is.
    let stream = made(unsafe { winsock::accept(socket(fd), pointer, len) })?;
    or_close(stream, do_not_inherit(stream))?;
    or_close(stream, fd::set_nonblocking(stream, nonblocking))?;
    let peer = or_close(stream, peer.to_socket_addr())?;
    Ok((stream, peer))
}

/// Keeps the socket from child processes. `SetHandleInformation`.
fn do_not_inherit(fd: RawResource) -> Result<(), Errno> {
    // SAFETY: takes integers only; the socket is a handle of the system.
    check_nonzero(unsafe { SetHandleInformation(socket(fd) as HANDLE, HANDLE_FLAG_INHERIT, 0) })
}

/// Whether `accept` failed because of that one connection, so that it may be called again at once: `WSAECONNRESET`, the
/// peer was gone before it was accepted.
pub(crate) const fn connection_lost(errno: Errno) -> bool {
    errno.code() == WSAECONNRESET
}

/// Begins to connect; on a blocking socket, connects. `connect`.
///
/// # Errors
/// `WSAECONNREFUSED`, `WSAENETUNREACH`, `WSAEADDRNOTAVAIL`, `WSAETIMEDOUT`; `WSAEISCONN`, `WSAEALREADY`.
pub(crate) fn connect_start(fd: RawResource, address: &SockAddr) -> Result<Connect, Errno> {
    let (pointer, len) = address.as_raw();
    // SAFETY: `address` is live during the call, and `len` bytes of it are initialised.
    let connected = unsafe { winsock::connect(socket(fd), pointer, len) };
    match check(connected) {
        Ok(_) => Ok(Connect::Connected),
        Err(e) if e.code() == WSAEWOULDBLOCK => Ok(Connect::InProgress),
        Err(e) => Err(e),
    }
}

/// Takes the error that is pending on the socket: how a connect ended, for one. `SO_ERROR`.
///
/// `Ok(None)`: nothing is pending. `Err`: the question itself failed.
pub(crate) fn take_error(fd: RawResource) -> Result<Option<Errno>, Errno> {
    options::get(fd, SOL_SOCKET, SO_ERROR).map(Errno::new)
}

/// Ends one or both directions. `shutdown`.
///
/// # Errors
/// `WSAENOTCONN`, also when the peer has reset the connection.
pub(crate) fn shutdown(fd: RawResource, how: Shutdown) -> Result<(), Errno> {
    let how = match how {
        Shutdown::Read => SD_RECEIVE,
        Shutdown::Write => SD_SEND,
        Shutdown::Both => SD_BOTH,
    };
    // SAFETY: takes integers only.
    let done = unsafe { winsock::shutdown(socket(fd), how) };
    check(done).map(drop)
}

/// Ends the calls that wait on the socket in other threads, and makes later ones fail or find the end: `shutdown`, which
/// frees nobody here; nonblocking from now on; `CancelIoEx` for who waits already, and is told `ERROR_OPERATION_ABORTED`.
///
/// A thread between its look at the socket's mode and its wait is missed: hence [`INTERRUPT_AGAIN`].
pub(crate) fn interrupt(fd: RawResource) {
    // Each fails for a socket in a state in which it has nothing to end: not connected, no call under way.
    let _ = shutdown(fd, Shutdown::Both);
    let _ = fd::set_nonblocking(fd, true);
    // SAFETY: null stands for every call under way; those of this process keep their memory until they return.
    unsafe { CancelIoEx(socket(fd) as HANDLE, core::ptr::null()) };
}

/// How soon to interrupt again who has not come back.
pub(crate) const INTERRUPT_AGAIN: Option<Duration> = Some(Duration::from_millis(10));

/// The socket's own address. `getsockname`.
///
/// # Errors
/// `WSAEINVAL`: it is neither bound nor connected.
pub(crate) fn local_addr(fd: RawResource) -> Result<SocketAddr, Errno> {
    let mut address = SockAddr::empty();
    let (pointer, len) = address.as_raw_mut();
    // SAFETY: `address` is live and writable during the call, and `len` says how long it is.
    let got = unsafe { winsock::getsockname(socket(fd), pointer, len) };
    check(got)?;
    address.to_socket_addr()
}

/// The address of the other end. `getpeername`.
///
/// # Errors
/// `WSAENOTCONN`.
pub(crate) fn peer_addr(fd: RawResource) -> Result<SocketAddr, Errno> {
    let mut address = SockAddr::empty();
    let (pointer, len) = address.as_raw_mut();
    // SAFETY: `address` is live and writable during the call, and `len` says how long it is.
    let got = unsafe { winsock::getpeername(socket(fd), pointer, len) };
    check(got)?;
    address.to_socket_addr()
}
