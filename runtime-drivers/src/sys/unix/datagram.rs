//! Datagrams in and out of a socket, and the options that only such sockets have. `udp(7)`, `unix(7)`, `ip(7)`, `ipv6(7)`.
//!
//! Poll-time memory: the kernel touches it during the call and not after. A datagram that is longer than the memory is cut,
//! and the rest of it is gone; one that is empty is a datagram like any other.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use bespoke_core::driver::Errno;

use super::address::{self, SockAddr};
use super::call::{check, count, retry};
use super::options::{OptionValue, get, get_bool, set, set_bool};
use super::socket;
use super::transfer::{NO_SIGNAL, cut, dont_wait};

/// A new UDP socket of the family of `address`. `socket(2)`.
///
/// # Errors
/// As [`stream_socket`](socket::stream_socket).
pub(crate) fn udp_socket(address: &SocketAddr, nonblocking: bool) -> Result<i32, Errno> {
    socket::made(address::domain(address), libc::SOCK_DGRAM, nonblocking)
}

/// Takes the next datagram, or leaves it for the next call; its length as far as it found room. `recv(2)`.
///
/// # Errors
/// [`would_block`](super::would_block); on a connected socket what the network said of a datagram that was sent before:
/// `ECONNREFUSED`.
///
/// # Safety
/// - `pointer` is valid for writes of `len` bytes during the call.
/// - Nothing else reads or writes these bytes during the call.
pub(crate) unsafe fn recv(
    fd: i32,
    pointer: *mut u8,
    len: usize,
    peek: bool,
    nonblocking: bool,
) -> Result<usize, Errno> {
    let flags = dont_wait(nonblocking) | if peek { libc::MSG_PEEK } else { 0 };
    retry(|| {
        // SAFETY: the caller's promise; the length is only ever cut.
        let got = unsafe { libc::recv(fd, pointer.cast(), cut(len), flags) };
        count(got)
    })
}

/// As [`recv`], with the address of the sender. `recvfrom(2)`.
///
/// # Safety
/// As [`recv`].
pub(crate) unsafe fn recv_from(
    fd: i32,
    pointer: *mut u8,
    len: usize,
    peek: bool,
    nonblocking: bool,
) -> Result<(usize, SockAddr), Errno> {
    let flags = dont_wait(nonblocking) | if peek { libc::MSG_PEEK } else { 0 };
    let mut sender = SockAddr::empty();
    let got = retry(|| {
        let (name, name_len) = sender.as_raw_mut();
        // SAFETY: the caller's promise; the length is only ever cut. `sender` is live and writable during the call, and
        // `name_len` says how long it is.
        let got = unsafe { libc::recvfrom(fd, pointer.cast(), cut(len), flags, name, name_len) };
        count(got)
    })?;
    Ok((got, sender))
}

/// Sends `len` bytes at `pointer` as one datagram: to `to`, or to whom the socket is connected. Whole or not at all.
/// `sendto(2)`, `MSG_NOSIGNAL`.
///
/// # Errors
/// [`would_block`](super::would_block); `EMSGSIZE`; `EDESTADDRREQ` without an address; `EISCONN` on some systems with one;
/// on a connected socket `ECONNREFUSED`, of a datagram before; `EACCES` to a broadcast address without
/// [`broadcast`].
///
/// # Safety
/// - `pointer` is valid for reads of `len` initialised bytes during the call.
/// - Nothing writes these bytes during the call.
pub(crate) unsafe fn send(
    fd: i32,
    pointer: *const u8,
    len: usize,
    to: Option<&SockAddr>,
    nonblocking: bool,
) -> Result<usize, Errno> {
    let flags = dont_wait(nonblocking) | NO_SIGNAL;
    let (name, name_len) = to.map_or((core::ptr::null(), 0), SockAddr::as_raw);
    retry(|| {
        // SAFETY: the caller's promise; `to` is live during the call and `name_len` bytes of it are initialised, or it is
        // null, which stands for the peer.
        let sent = unsafe { libc::sendto(fd, pointer.cast(), len, flags, name, name_len) };
        count(sent)
    })
}

/// Gives the socket a peer: what it sends goes there, and only what comes from there is received. Does not wait.
/// `connect(2)`.
pub(crate) fn connect(fd: i32, address: &SockAddr) -> Result<(), Errno> {
    let (pointer, len) = address.as_raw();
    retry(|| {
        // SAFETY: `address` is live during the call, and `len` bytes of it are initialised.
        let connected = unsafe { libc::connect(fd, pointer, len) };
        check(connected).map(drop)
    })
}

/// Whether datagrams may be sent to broadcast addresses. `SO_BROADCAST`.
pub(crate) fn broadcast(fd: i32) -> Result<bool, Errno> {
    get_bool(fd, libc::SOL_SOCKET, libc::SO_BROADCAST)
}

/// Sets [`broadcast`].
pub(crate) fn set_broadcast(fd: i32, on: bool) -> Result<(), Errno> {
    set_bool(fd, libc::SOL_SOCKET, libc::SO_BROADCAST, on)
}

/// Whether what is sent to a group comes back to this machine. `IP_MULTICAST_LOOP`.
pub(crate) fn multicast_loop_v4(fd: i32) -> Result<bool, Errno> {
    get::<Octet>(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP).map(|on| on != 0)
}

/// Sets [`multicast_loop_v4`].
pub(crate) fn set_multicast_loop_v4(fd: i32, on: bool) -> Result<(), Errno> {
    set(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP, Octet::from(on))
}

/// As [`multicast_loop_v4`], of an IPv6 socket. `IPV6_MULTICAST_LOOP`.
pub(crate) fn multicast_loop_v6(fd: i32) -> Result<bool, Errno> {
    get_bool(fd, libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP)
}

/// Sets [`multicast_loop_v6`].
pub(crate) fn set_multicast_loop_v6(fd: i32, on: bool) -> Result<(), Errno> {
    set_bool(fd, libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP, on)
}

/// How many routers a datagram to a group may pass. `IP_MULTICAST_TTL`.
pub(crate) fn multicast_ttl_v4(fd: i32) -> Result<u32, Errno> {
    get::<Octet>(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_TTL).map(u32::from)
}

/// Sets [`multicast_ttl_v4`], from 0 to 255. `EINVAL` beyond.
pub(crate) fn set_multicast_ttl_v4(fd: i32, hops: u32) -> Result<(), Errno> {
    let hops = u8::try_from(hops).map_err(|_| super::call::errno(libc::EINVAL))?;
    set(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_TTL, hops)
}

/// Receives what is sent to `group` on the interface with the address `interface`; unspecified: one that the system chooses.
/// `IP_ADD_MEMBERSHIP`.
pub(crate) fn join_v4(fd: i32, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), Errno> {
    set(fd, libc::IPPROTO_IP, libc::IP_ADD_MEMBERSHIP, membership_v4(group, interface))
}

/// Ends [`join_v4`]. `IP_DROP_MEMBERSHIP`.
pub(crate) fn leave_v4(fd: i32, group: Ipv4Addr, interface: Ipv4Addr) -> Result<(), Errno> {
    set(fd, libc::IPPROTO_IP, libc::IP_DROP_MEMBERSHIP, membership_v4(group, interface))
}

/// Receives what is sent to `group` on the interface with the index `interface`; 0: one that the system chooses.
/// `IPV6_JOIN_GROUP`.
pub(crate) fn join_v6(fd: i32, group: Ipv6Addr, interface: u32) -> Result<(), Errno> {
    set(fd, libc::IPPROTO_IPV6, JOIN_V6, membership_v6(group, interface))
}

/// Ends [`join_v6`]. `IPV6_LEAVE_GROUP`.
pub(crate) fn leave_v6(fd: i32, group: Ipv6Addr, interface: u32) -> Result<(), Errno> {
    set(fd, libc::IPPROTO_IPV6, LEAVE_V6, membership_v6(group, interface))
}

fn membership_v4(group: Ipv4Addr, interface: Ipv4Addr) -> libc::ip_mreq {
    let raw = |ip: Ipv4Addr| libc::in_addr { s_addr: ip.to_bits().to_be() };
    libc::ip_mreq { imr_multiaddr: raw(group), imr_interface: raw(interface) }
}

fn membership_v6(group: Ipv6Addr, interface: u32) -> libc::ipv6_mreq {
    let group = libc::in6_addr { s6_addr: group.octets() };
    libc::ipv6_mreq { ipv6mr_multiaddr: group, ipv6mr_interface: interface as _ }
}

/// The options of IPv4 groups are one byte long: Linux takes an int as well, the BSDs and Apple systems do not.
type Octet = u8;

// SAFETY: an integer.
unsafe impl OptionValue for u8 {}

// SAFETY: two addresses, of four bytes each.
unsafe impl OptionValue for libc::ip_mreq {}

// SAFETY: an address of sixteen bytes, and an int.
unsafe impl OptionValue for libc::ipv6_mreq {}

#[cfg(any(target_os = "linux", target_os = "android"))]
const JOIN_V6: libc::c_int = libc::IPV6_ADD_MEMBERSHIP;
#[cfg(any(target_os = "linux", target_os = "android"))]
const LEAVE_V6: libc::c_int = libc::IPV6_DROP_MEMBERSHIP;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const JOIN_V6: libc::c_int = libc::IPV6_JOIN_GROUP;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const LEAVE_V6: libc::c_int = libc::IPV6_LEAVE_GROUP;
