//! The operations on the sockets between processes of one machine, and what is asked of such a socket without waiting.

use super::Sockets;
use super::datagrams::{Address, sealed};
use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::{RawResource, Resource};
pub use std::os::unix::net::SocketAddr as UnixAddr;

impl sealed::Sealed for UnixAddr {}
impl Address for UnixAddr {}

/// Takes the next connection of a listener: its descriptor, which is the caller's, and the peer's address. `accept(2)`.
///
/// A wait: nothing in the driver belongs to the future, and dropping it loses no connection.
#[derive(Debug, Clone, Copy)]
pub struct AcceptUnix {
    /// The listener.
    pub listener: Resource,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for AcceptUnix {
    type Output = Result<(RawResource, UnixAddr), Errno>;
    const NAME: &'static str = "accept";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.listener)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        output.is_err()
    }
}

/// Connects a new socket. `connect(2)`.
///
/// Dropped: the handle of the socket, which is the caller's, closes it.
#[derive(Debug, Clone)]
pub struct ConnectUnix {
    /// The socket.
    pub socket: Resource,
    /// The peer.
    pub address: UnixAddr,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for ConnectUnix {
    type Output = Result<(), Errno>;
    const NAME: &'static str = "connect";
    const LATE: Late = Late::CloseResource;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.socket)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        output.is_err()
    }
}

/// Who is at the other end of a Unix socket, as the kernel saw it when the connection was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user's number (`uid`).
    pub user: u32,
    /// The group's number (`gid`).
    pub group: u32,
    /// The process's number (`pid`), where the system tells it: Linux.
    pub process: Option<i32>,
}

/// What is asked of a Unix socket without waiting, beside what [`Sockets`] says. Errors are the system's codes.
#[expect(clippy::missing_errors_doc, reason = "every function here fails with the system's code, as the trait says")]
pub trait UnixSockets: Sockets {
    /// A listener at `address`. `socket(2)`, `bind(2)`, `listen(2)`.
    fn listen_unix(address: &UnixAddr, backlog: i32) -> Result<RawResource, Errno>;
    /// A socket that can be connected.
    fn unix_socket() -> Result<RawResource, Errno>;
    /// Two sockets that are connected to each other. `socketpair(2)`.
    fn unix_pair() -> Result<(RawResource, RawResource), Errno>;
    /// A socket of datagrams, at an address or without one. `socket(2)`, `bind(2)`.
    fn unix_datagram(address: Option<&UnixAddr>) -> Result<RawResource, Errno>;
    /// Two sockets of datagrams that are connected to each other. `socketpair(2)`.
    fn unix_datagram_pair() -> Result<(RawResource, RawResource), Errno>;
    /// Gives a socket of datagrams a peer. `connect(2)`, which does not wait.
    fn connect_unix_datagram(socket: RawResource, peer: &UnixAddr) -> Result<(), Errno>;
    /// The address of this end.
    fn local_unix(socket: RawResource) -> Result<UnixAddr, Errno>;
    /// The address of the other end.
    fn peer_unix(socket: RawResource) -> Result<UnixAddr, Errno>;
    /// Who is at the other end. `SO_PEERCRED`, `getpeereid(3)`.
    fn peer_credentials(socket: RawResource) -> Result<Credentials, Errno>;
}

/// Implements [`UnixSockets`] by the operating system's. `nonblocking`: the mode in which the driver wants them.
macro_rules! os_unix_sockets {
    ($({$($generics:tt)*})? $driver:ty, nonblocking = $nonblocking:literal) => {
        impl$(<$($generics)*>)? $crate::op::UnixSockets for $driver {
            fn listen_unix(address: &UnixAddr, backlog: i32) -> Result<RawResource, Errno> {
                unix_socket::listen(address, backlog, $nonblocking)
            }
            fn unix_socket() -> Result<RawResource, Errno> {
                unix_socket::stream_socket($nonblocking)
            }
            fn unix_pair() -> Result<(RawResource, RawResource), Errno> {
                unix_socket::pair($nonblocking)
            }
            fn unix_datagram(address: Option<&UnixAddr>) -> Result<RawResource, Errno> {
                unix_socket::datagram(address, $nonblocking)
            }
            fn unix_datagram_pair() -> Result<(RawResource, RawResource), Errno> {
                unix_socket::datagram_pair($nonblocking)
            }
            fn connect_unix_datagram(socket: RawResource, peer: &UnixAddr) -> Result<(), Errno> {
                datagram::connect(socket, &peer.into())
            }
            fn local_unix(socket: RawResource) -> Result<UnixAddr, Errno> {
                unix_socket::local_addr(socket)
            }
            fn peer_unix(socket: RawResource) -> Result<UnixAddr, Errno> {
                unix_socket::peer_addr(socket)
            }
            fn peer_credentials(socket: RawResource) -> Result<Credentials, Errno> {
                unix_socket::peer_credentials(socket)
            }
        }
    };
}

use crate::sys::{datagram, unix_socket};

os_unix_sockets!({P: crate::Poller} crate::Mio<P>, nonblocking = true);
os_unix_sockets!(crate::Blocking, nonblocking = false);
// An entry waits in the kernel only for a socket that blocks.
#[cfg(target_os = "linux")]
os_unix_sockets!({const ENTRIES: u32, O: crate::RingOptions} crate::IoUring<ENTRIES, O>, nonblocking = false);
// Which driver they are for is not known yet: what wants another mode sets it when it is given one.
#[cfg(target_os = "linux")]
os_unix_sockets!({A: UnixSockets, B: UnixSockets, T: crate::OnFallback} crate::Fallback<A, B, T>, nonblocking = false);
