//! The operations on sockets of datagrams, and what is asked of such a socket without waiting.
//!
//! A datagram goes whole or not at all, and any number of tasks may receive from one socket, or send by it, at once.

use super::Sockets;
use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::{RawResource, Resource};
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

/// An address of the system's, as operations name it: plain data that owns nothing.
pub trait Address: Send + Sync + Clone + 'static + sealed::Sealed {}

pub(super) mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for SocketAddr {}
impl Address for SocketAddr {}

/// Takes the next datagram, and says how long it is, as far as it found room; the rest of it is gone. `recv(2)`.
///
/// Poll-time memory: `to` is touched inside `poll` only. A wait: dropping it loses no datagram.
#[derive(Debug, Clone, Copy)]
pub struct RecvDatagram {
    /// The socket.
    pub socket: Resource,
    /// Where to.
    pub to: *mut u8,
    /// How many bytes there is room for.
    pub len: usize,
    /// Leave the datagram where it is (`MSG_PEEK`)?
    pub peek: bool,
}

// SAFETY: `to` is touched by the driver in `poll`, by whoever polls; the value owns nothing.
unsafe impl Send for RecvDatagram {}
// SAFETY: as above.
unsafe impl Op for RecvDatagram {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "recv_datagram";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.socket)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        !matches!(output, Ok(1..))
    }
}

/// As [`RecvDatagram`], with the address of the sender. `recvfrom(2)`.
#[derive(Debug)]
pub struct RecvFrom<A: Address = SocketAddr> {
    /// What to receive.
    pub datagram: RecvDatagram,
    /// The family of the socket's addresses.
    pub family: core::marker::PhantomData<fn() -> A>,
}

// SAFETY: as of `RecvDatagram`.
unsafe impl<A: Address> Op for RecvFrom<A> {
    type Output = Result<(usize, A), Errno>;
    const NAME: &'static str = "recv_from";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.datagram.socket)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        !matches!(output, Ok((1.., _)))
    }
}

/// Sends one datagram. `sendto(2)`.
///
/// Kernel-time memory: a driver may read `from` until the operation is over. Dropped: the datagram was sent or was not, and
/// nobody can tell, as of any datagram.
#[derive(Debug)]
pub struct SendDatagram<A: Address = SocketAddr> {
    /// The socket.
    pub socket: Resource,
    /// Where the bytes are.
    pub from: *const u8,
    /// How many.
    pub len: usize,
    /// Where to send them; `None`: to whom the socket is connected.
    pub to: Option<A>,
}

// SAFETY: `from` is read by the driver only, and `K` keeps it alive; the value owns nothing.
unsafe impl<A: Address> Send for SendDatagram<A> {}
// SAFETY: as above.
unsafe impl<A: Address> Op for SendDatagram<A> {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "send_datagram";
    const LATE: Late = Late::Forget;
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

/// How a UDP socket is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UdpOptions {
    /// May several sockets take the address (`SO_REUSEADDR`)? What is sent to a group comes to each of them.
    pub reuse_address: bool,
    /// May several sockets share the address (`SO_REUSEPORT`)? Linux spreads what comes over them.
    pub reuse_port: bool,
    /// An IPv6 socket: without IPv4? `None` leaves the system's value.
    pub only_v6: Option<bool>,
}

/// What is asked of a UDP socket without waiting, beside what [`Sockets`] says. Errors are the system's codes.
#[expect(clippy::missing_errors_doc, reason = "every function here fails with the system's code, as the trait says")]
pub trait Datagrams: Sockets {
    /// A socket on `address`. `socket(2)`, `bind(2)`.
    fn bind_udp(address: SocketAddr, options: UdpOptions) -> Result<RawResource, Errno>;
    /// Gives the socket a peer. `connect(2)`, which does not wait.
    fn connect_udp(socket: RawResource, peer: SocketAddr) -> Result<(), Errno>;
    /// `SO_BROADCAST`.
    fn broadcast(socket: RawResource) -> Result<bool, Errno>;
    /// `SO_BROADCAST`.
    fn set_broadcast(socket: RawResource, on: bool) -> Result<(), Errno>;
    /// `IP_MULTICAST_LOOP`.
    fn multicast_loop_v4(socket: RawResource) -> Result<bool, Errno>;
    /// `IP_MULTICAST_LOOP`.
    fn set_multicast_loop_v4(socket: RawResource, on: bool) -> Result<(), Errno>;
    /// `IPV6_MULTICAST_LOOP`.
    fn multicast_loop_v6(socket: RawResource) -> Result<bool, Errno>;
    /// `IPV6_MULTICAST_LOOP`.
    fn set_multicast_loop_v6(socket: RawResource, on: bool) -> Result<(), Errno>;
    /// `IP_MULTICAST_TTL`.
    fn multicast_ttl_v4(socket: RawResource) -> Result<u32, Errno>;
    /// `IP_MULTICAST_TTL`.
    fn set_multicast_ttl_v4(socket: RawResource, hops: u32) -> Result<(), Errno>;
    /// `IP_ADD_MEMBERSHIP`.
    fn join_multicast_v4(socket: RawResource, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), Errno>;
    /// `IP_DROP_MEMBERSHIP`.
    fn leave_multicast_v4(socket: RawResource, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), Errno>;
    /// `IPV6_JOIN_GROUP`.
    fn join_multicast_v6(socket: RawResource, group: Ipv6Addr, interface: u32) -> Result<(), Errno>;
    /// `IPV6_LEAVE_GROUP`.
    fn leave_multicast_v6(socket: RawResource, group: Ipv6Addr, interface: u32) -> Result<(), Errno>;
}

/// Implements [`Datagrams`] by the operating system's sockets. `nonblocking`: the mode in which the driver wants them.
macro_rules! os_datagrams {
    ($({$($generics:tt)*})? $driver:ty, nonblocking = $nonblocking:literal) => {
        impl$(<$($generics)*>)? $crate::op::Datagrams for $driver {
            fn bind_udp(address: SocketAddr, options: UdpOptions) -> Result<RawResource, Errno> {
                sys_bind(address, options, $nonblocking)
            }
            fn connect_udp(socket: RawResource, peer: SocketAddr) -> Result<(), Errno> {
                datagram::connect(socket, &peer.into())
            }
            fn broadcast(socket: RawResource) -> Result<bool, Errno> {
                datagram::broadcast(socket)
            }
            fn set_broadcast(socket: RawResource, on: bool) -> Result<(), Errno> {
                datagram::set_broadcast(socket, on)
            }
            fn multicast_loop_v4(socket: RawResource) -> Result<bool, Errno> {
                datagram::multicast_loop_v4(socket)
            }
            fn set_multicast_loop_v4(socket: RawResource, on: bool) -> Result<(), Errno> {
                datagram::set_multicast_loop_v4(socket, on)
            }
            fn multicast_loop_v6(socket: RawResource) -> Result<bool, Errno> {
                datagram::multicast_loop_v6(socket)
            }
            fn set_multicast_loop_v6(socket: RawResource, on: bool) -> Result<(), Errno> {
                datagram::set_multicast_loop_v6(socket, on)
            }
            fn multicast_ttl_v4(socket: RawResource) -> Result<u32, Errno> {
                datagram::multicast_ttl_v4(socket)
            }
            fn set_multicast_ttl_v4(socket: RawResource, hops: u32) -> Result<(), Errno> {
                datagram::set_multicast_ttl_v4(socket, hops)
            }
            fn join_multicast_v4(socket: RawResource, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), Errno> {
                datagram::join_v4(socket, group, interface)
            }
            fn leave_multicast_v4(socket: RawResource, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), Errno> {
                datagram::leave_v4(socket, group, interface)
            }
            fn join_multicast_v6(socket: RawResource, group: Ipv6Addr, interface: u32) -> Result<(), Errno> {
                datagram::join_v6(socket, group, interface)
            }
            fn leave_multicast_v6(socket: RawResource, group: Ipv6Addr, interface: u32) -> Result<(), Errno> {
                datagram::leave_v6(socket, group, interface)
            }
        }
    };
}

use crate::sys::{datagram, fd, options, socket};

fn sys_bind(address: SocketAddr, options: UdpOptions, nonblocking: bool) -> Result<RawResource, Errno> {
    let raw = datagram::udp_socket(&address, nonblocking)?;
    let made = (|| {
        if options.reuse_address {
            options::set_reuse_address(raw, true)?;
        }
        if options.reuse_port {
            options::set_reuse_port(raw, true)?;
        }
        if let (SocketAddr::V6(_), Some(only)) = (address, options.only_v6) {
            options::set_only_v6(raw, only)?;
        }
        socket::bind(raw, &address.into())
    })();
    made.map(|()| raw).inspect_err(|_| {
        // The first error is the one to tell.
        let _ = fd::close(raw);
    })
}

os_datagrams!({P: crate::Poller} crate::Mio<P>, nonblocking = true);
os_datagrams!(crate::Blocking, nonblocking = false);
// An entry waits in the kernel only for a socket that blocks.
#[cfg(target_os = "linux")]
os_datagrams!({const ENTRIES: u32, O: crate::RingOptions} crate::IoUring<ENTRIES, O>, nonblocking = false);
// Which driver they are for is not known yet: what wants another mode sets it when it is given one.
#[cfg(target_os = "linux")]
os_datagrams!({A: Datagrams, B: Datagrams, T: crate::OnFallback} crate::Fallback<A, B, T>, nonblocking = false);
