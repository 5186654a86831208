//! Sockets between processes of one machine. `unix(7)`.

use std::os::unix::net::SocketAddr as UnixAddr;

use bespoke_core::driver::Errno;

use super::address::SockAddr;
use super::call::check;
use super::socket;

/// A new stream socket. `socket(2)`.
pub(crate) fn stream_socket(nonblocking: bool) -> Result<i32, Errno> {
    socket::made(libc::AF_UNIX, libc::SOCK_STREAM, nonblocking)
}

/// A stream socket that takes connections at `address`. `socket(2)`, `bind(2)`, `listen(2)`.
///
/// # Errors
/// `EADDRINUSE`: the path exists, whatever it is. `ENOENT`, `ENOTDIR`, `EACCES`, `EROFS`: as for a new file.
pub(crate) fn listen(address: &UnixAddr, backlog: i32, nonblocking: bool) -> Result<i32, Errno> {
    let raw = stream_socket(nonblocking)?;
    socket::or_close(raw, socket::bind(raw, &address.into()))?;
    socket::or_close(raw, socket::listen(raw, backlog))?;
    Ok(raw)
}

/// Two stream sockets that are connected to each other. `socketpair(2)`.
pub(crate) fn pair(nonblocking: bool) -> Result<(i32, i32), Errno> {
    pair_of(libc::SOCK_STREAM, nonblocking)
}

/// A socket of datagrams, at `address` or without one. `socket(2)`, `bind(2)`.
///
/// # Errors
/// As [`listen`].
pub(crate) fn datagram(address: Option<&UnixAddr>, nonblocking: bool) -> Result<i32, Errno> {
    let raw = socket::made(libc::AF_UNIX, libc::SOCK_DGRAM, nonblocking)?;
    if let Some(address) = address {
        socket::or_close(raw, socket::bind(raw, &address.into()))?;
    }
    Ok(raw)
}

/// Two sockets of datagrams that are connected to each other. `socketpair(2)`.
pub(crate) fn datagram_pair(nonblocking: bool) -> Result<(i32, i32), Errno> {
    pair_of(libc::SOCK_DGRAM, nonblocking)
}

fn pair_of(kind: libc::c_int, nonblocking: bool) -> Result<(i32, i32), Errno> {
    let mut both = [0; 2];
    #[cfg(not(target_vendor = "apple"))]
    let kind = kind | libc::SOCK_CLOEXEC | if nonblocking { libc::SOCK_NONBLOCK } else { 0 };
    // SAFETY: `both` is live and writable, and has room for two.
    let made = unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, both.as_mut_ptr()) };
    check(made)?;
    let [one, other] = both;
    #[cfg(target_vendor = "apple")]
    for end in both {
        let flags = socket::set_flags(end, nonblocking);
        socket::or_close(one, socket::or_close(other, flags))?;
    }
    Ok((one, other))
}

/// The next waiting connection and the address of its peer; as [`socket::accept`].
pub(crate) fn accept(fd: i32, nonblocking: bool) -> Result<(i32, UnixAddr), Errno> {
    socket::accept_as(fd, nonblocking, SockAddr::to_unix_peer)
}

/// The socket's own address. `getsockname(2)`.
pub(crate) fn local_addr(fd: i32) -> Result<UnixAddr, Errno> {
    socket::raw_local_addr(fd)?.to_unix_addr()
}

/// The address of the other end, which has none as a rule. `getpeername(2)`.
pub(crate) fn peer_addr(fd: i32) -> Result<UnixAddr, Errno> {
    socket::raw_peer_addr(fd)?.to_unix_addr()
}

pub(crate) use crate::op::Credentials;

/// Who made the connection at the other end, as the kernel saw it then. `SO_PEERCRED`, `unix(7)`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn peer_credentials(fd: i32) -> Result<Credentials, Errno> {
    let peer: libc::ucred = super::options::get(fd, libc::SOL_SOCKET, libc::SO_PEERCRED)?;
    Ok(Credentials { user: peer.uid, group: peer.gid, process: Some(peer.pid) })
}

// SAFETY: three integers of four bytes each.
#[cfg(any(target_os = "linux", target_os = "android"))]
unsafe impl super::options::OptionValue for libc::ucred {}

/// Who made the connection at the other end, as the kernel saw it then. `getpeereid(3)`.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn peer_credentials(fd: i32) -> Result<Credentials, Errno> {
    let (mut user, mut group) = (0, 0);
    // SAFETY: both are live and writable.
    let got = unsafe { libc::getpeereid(fd, &raw mut user, &raw mut group) };
    check(got)?;
    Ok(Credentials { user, group, process: None })
}
