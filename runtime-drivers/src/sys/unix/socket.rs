//! Sockets: made, bound, connected, accepted, shut down. `socket(7)`, `tcp(7)`.

use core::net::SocketAddr;
use core::time::Duration;
use std::net::Shutdown;

use bespoke_core::driver::Errno;

use super::address::{self, SockAddr};
#[cfg(any(test, target_vendor = "apple"))]
use super::call::errno;
use super::call::{check, retry};
#[cfg(any(test, target_vendor = "apple"))]
use super::fd::{set_close_on_exec, set_nonblocking};
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

/// A new TCP socket of the family of `address`. `socket(2)`.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`; `EAFNOSUPPORT` where the machine lacks IPv6.
pub(crate) fn stream_socket(address: &SocketAddr, nonblocking: bool) -> Result<i32, Errno> {
    made(address::domain(address), libc::SOCK_STREAM, nonblocking)
}

/// A new socket of any family and kind.
pub(super) fn made(domain: libc::c_int, kind: libc::c_int, nonblocking: bool) -> Result<i32, Errno> {
    #[cfg(target_vendor = "apple")]
    return socket_then_flags(domain, kind, nonblocking);
    #[cfg(not(target_vendor = "apple"))]
    socket_with_flags(domain, kind, nonblocking)
}

#[cfg(not(target_vendor = "apple"))]
fn socket_with_flags(domain: libc::c_int, kind: libc::c_int, nonblocking: bool) -> Result<i32, Errno> {
    let kind = kind | libc::SOCK_CLOEXEC | if nonblocking { libc::SOCK_NONBLOCK } else { 0 };
    // SAFETY: takes integers only.
    let fd = unsafe { libc::socket(domain, kind, 0) };
    check(fd)
}

/// For systems whose `socket` takes no flags; also compiled for tests.
#[cfg(any(test, target_vendor = "apple"))]
pub(super) fn socket_then_flags(domain: libc::c_int, kind: libc::c_int, nonblocking: bool) -> Result<i32, Errno> {
    // SAFETY: takes integers only.
    let fd = unsafe { libc::socket(domain, kind, 0) };
    let fd = check(fd)?;
    or_close(fd, set_flags(fd, nonblocking))?;
    Ok(fd)
}

/// What `SOCK_CLOEXEC`, `SOCK_NONBLOCK` and `MSG_NOSIGNAL` do elsewhere.
///
/// `O_NONBLOCK` is cleared, too, if asked: on Apple systems an accepted socket has it from its listener.
#[cfg(any(test, target_vendor = "apple"))]
pub(super) fn set_flags(fd: i32, nonblocking: bool) -> Result<(), Errno> {
    set_close_on_exec(fd)?;
    set_nonblocking(fd, nonblocking)?;
    #[cfg(target_vendor = "apple")]
    options::set_no_sigpipe(fd)?;
    Ok(())
}

/// Gives a socket that was made elsewhere what [`stream_socket`] gives its own: the mode, if one is named, and that no call on
/// it raises `SIGPIPE`.
pub(crate) fn enter(fd: i32, nonblocking: Option<bool>) -> Result<(), Errno> {
    if let Some(nonblocking) = nonblocking {
        fd::set_nonblocking(fd, nonblocking)?;
    }
    #[cfg(target_vendor = "apple")]
    options::set_no_sigpipe(fd)?;
    Ok(())
}

/// Closes `fd` if the step after its making failed; that step's error counts, whatever `close` says.
pub(super) fn or_close<T>(fd: i32, step: Result<T, Errno>) -> Result<T, Errno> {
    step.inspect_err(|_| {
        let _ = fd::close(fd);
    })
}

/// Gives the socket its own address; port 0 lets the system choose. `bind(2)`.
///
/// # Errors
/// `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EINVAL` (already bound).
pub(crate) fn bind(fd: i32, address: &SockAddr) -> Result<(), Errno> {
    let (pointer, len) = address.as_raw();
    // SAFETY: `address` is live during the call, and `len` bytes of it are initialised.
    let bound = unsafe { libc::bind(fd, pointer, len) };
    check(bound).map(drop)
}

/// Begins to take connections, up to `backlog` of them before they are accepted. `listen(2)`.
///
/// The system cuts `backlog` to its own limit without saying so (Linux: `net.core.somaxconn`).
pub(crate) fn listen(fd: i32, backlog: i32) -> Result<(), Errno> {
    // SAFETY: takes integers only.
    let listening = unsafe { libc::listen(fd, backlog) };
    check(listening).map(drop)
}

/// The next waiting connection and the address of its peer. `accept4(2)`; `accept(2)` on Apple systems.
///
/// `nonblocking` is about the new socket; whether this call waits is the listener's own flag.
///
/// # Errors
/// [`would_block`](super::would_block); [`out_of_resources`](super::out_of_resources), where the connection stays in the
/// queue; [`connection_lost`], where it is gone and the next one may be fine; `EINVAL` (not listening).
pub(crate) fn accept(fd: i32, nonblocking: bool) -> Result<(i32, SocketAddr), Errno> {
    accept_as(fd, nonblocking, SockAddr::to_socket_addr)
}

/// As [`accept`], of any family: `told` reads the peer's address.
pub(super) fn accept_as<A>(
    fd: i32,
    nonblocking: bool,
    told: fn(SockAddr) -> Result<A, Errno>,
) -> Result<(i32, A), Errno> {
    #[cfg(target_vendor = "apple")]
    return accept_then_flags(fd, nonblocking, told);
    #[cfg(not(target_vendor = "apple"))]
    accept_with_flags(fd, nonblocking, told)
}

#[cfg(not(target_vendor = "apple"))]
fn accept_with_flags<A>(fd: i32, nonblocking: bool, told: fn(SockAddr) -> Result<A, Errno>) -> Result<(i32, A), Errno> {
    let flags = libc::SOCK_CLOEXEC | if nonblocking { libc::SOCK_NONBLOCK } else { 0 };
    let mut peer = SockAddr::empty();
    let stream = retry(|| {
        let (pointer, len) = peer.as_raw_mut();
        // SAFETY: `peer` is live and writable during the call, and `len` says how long it is.
        let stream = unsafe { libc::accept4(fd, pointer, len, flags) };
        check(stream)
    })?;
    let peer = or_close(stream, told(peer))?;
    Ok((stream, peer))
}

/// For systems without `accept4`; also compiled for tests.
///
/// There a connection that its peer has reset can still be accepted: it has no address, and takes no option (`EINVAL`).
/// Both are told as `ECONNABORTED`, as Linux does.
#[cfg(any(test, target_vendor = "apple"))]
pub(super) fn accept_then_flags<A>(
    fd: i32,
    nonblocking: bool,
    told: fn(SockAddr) -> Result<A, Errno>,
) -> Result<(i32, A), Errno> {
    let mut peer = SockAddr::empty();
    let stream = retry(|| {
        let (pointer, len) = peer.as_raw_mut();
        // SAFETY: `peer` is live and writable during the call, and `len` says how long it is.
        let stream = unsafe { libc::accept(fd, pointer, len) };
        check(stream)
    })?;
    let gone = |e: Errno| if e.code() == libc::EINVAL { errno(libc::ECONNABORTED) } else { e };
    or_close(stream, set_flags(stream, nonblocking).map_err(gone))?;
    let unnamed = |e: Errno| if peer.family() == libc::AF_UNSPEC { errno(libc::ECONNABORTED) } else { e };
    let peer = or_close(stream, told(peer).map_err(unnamed))?;
    Ok((stream, peer))
}

/// Whether `accept` failed because of that one connection, so that it may be called again at once.
///
/// Linux hands on errors that were already pending on the connection, and asks to take them like `EAGAIN`: `accept(2)`,
/// "Error handling".
pub(crate) const fn connection_lost(errno: Errno) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if errno.code() == libc::ENONET {
        return true;
    }
    matches!(
        errno.code(),
        libc::ECONNABORTED
            | libc::ECONNRESET
            | libc::EPROTO
            | libc::ENOPROTOOPT
            | libc::ENETDOWN
            | libc::ENETUNREACH
            | libc::EHOSTDOWN
            | libc::EHOSTUNREACH
            | libc::ETIMEDOUT
    )
}

/// Begins to connect; on a blocking socket, connects. `connect(2)`.
///
/// Not retried on `EINTR`: the kernel goes on with the connect, and a second call would fail with `EALREADY`. So `EINTR` is
/// [`Connect::InProgress`], on a blocking socket, too.
///
/// # Errors
/// `ECONNREFUSED`, `ENETUNREACH`, `EADDRNOTAVAIL` (no local port left), `ETIMEDOUT`; `EISCONN`, `EALREADY`.
pub(crate) fn connect_start(fd: i32, address: &SockAddr) -> Result<Connect, Errno> {
    let (pointer, len) = address.as_raw();
    // SAFETY: `address` is live during the call, and `len` bytes of it are initialised.
    let connected = unsafe { libc::connect(fd, pointer, len) };
    match check(connected) {
        Ok(_) => Ok(Connect::Connected),
        Err(e) if matches!(e.code(), libc::EINPROGRESS | libc::EINTR) => Ok(Connect::InProgress),
        Err(e) => Err(e),
    }
}

/// Takes the error that is pending on the socket: how a connect ended, for one. `socket(7)`, `SO_ERROR`.
///
/// `Ok(None)`: nothing is pending. `Err`: the question itself failed.
pub(crate) fn take_error(fd: i32) -> Result<Option<Errno>, Errno> {
    options::get(fd, libc::SOL_SOCKET, libc::SO_ERROR).map(Errno::new)
}

/// Ends one or both directions for every descriptor of this socket. `shutdown(2)`.
///
/// # Errors
/// `ENOTCONN`, also when the peer has reset the connection.
pub(crate) fn shutdown(fd: i32, how: Shutdown) -> Result<(), Errno> {
    let how = match how {
        Shutdown::Read => libc::SHUT_RD,
        Shutdown::Write => libc::SHUT_WR,
        Shutdown::Both => libc::SHUT_RDWR,
    };
    // SAFETY: takes integers only.
    let done = unsafe { libc::shutdown(fd, how) };
    check(done).map(drop)
}

/// Ends the calls that wait on the socket in other threads, and makes later ones fail or find the end. `shutdown(2)`; on
/// Apple systems it does not free an `accept`.
pub(crate) fn interrupt(fd: i32) {
    // It fails for a socket that is not connected, on which nobody waits.
    let _ = shutdown(fd, Shutdown::Both);
}

/// Once is enough: what was shut down stays so, for a thread that comes later as well.
pub(crate) const INTERRUPT_AGAIN: Option<Duration> = None;

/// The socket's own address; of an unbound one, zeros. `getsockname(2)`.
pub(crate) fn local_addr(fd: i32) -> Result<SocketAddr, Errno> {
    raw_local_addr(fd)?.to_socket_addr()
}

/// As [`local_addr`], of any family.
pub(super) fn raw_local_addr(fd: i32) -> Result<SockAddr, Errno> {
    let mut address = SockAddr::empty();
    let (pointer, len) = address.as_raw_mut();
    // SAFETY: `address` is live and writable during the call, and `len` says how long it is.
    let got = unsafe { libc::getsockname(fd, pointer, len) };
    check(got)?;
    Ok(address)
}

/// The address of the other end. `getpeername(2)`.
///
/// # Errors
/// `ENOTCONN`.
pub(crate) fn peer_addr(fd: i32) -> Result<SocketAddr, Errno> {
    raw_peer_addr(fd)?.to_socket_addr()
}

/// As [`peer_addr`], of any family.
pub(crate) fn raw_peer_addr(fd: i32) -> Result<SockAddr, Errno> {
    let mut address = SockAddr::empty();
    let (pointer, len) = address.as_raw_mut();
    // SAFETY: `address` is live and writable during the call, and `len` says how long it is.
    let got = unsafe { libc::getpeername(fd, pointer, len) };
    check(got)?;
    Ok(address)
}
