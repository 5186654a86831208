//! What is asked of a UDP socket without waiting: its addresses, its options, its groups.

use super::UdpSocket;
use super::options::{inet_options, socket_options};
use super::udp::two_sockets;
use crate::op::{Datagrams, Net, Sockets, Udp};
use bespoke_core::config::Config;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::io;

socket_options!(UdpSocket);
inet_options!(UdpSocket);

/// Calls that do not wait, on any thread. Each fails with the system's code, and with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
#[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
impl<C: Config> UdpSocket<C> {
    /// The address of this socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), <C::Driver as Sockets>::local_addr)
    }

    /// The peer, if [`connect`](Self::connect) gave it one; [`NotConnected`](io::ErrorKind::NotConnected) else.
    pub fn peer_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), <C::Driver as Sockets>::peer_addr)
    }

    /// May it send to broadcast addresses? Not by default.
    pub fn broadcast(&self) -> io::Result<bool>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), <C::Driver as Datagrams>::broadcast)
    }

    /// Allows it to send to broadcast addresses, or does not. `SO_BROADCAST`.
    ///
    /// # Example
    #[doc = two_sockets!()]
    /// socket.set_broadcast(true)?;
    /// assert!(socket.broadcast()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_broadcast(&self, on: bool) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::set_broadcast(raw, on))
    }

    /// Receives what is sent to the group `group`, on the interface that has the address `interface`;
    /// [`Ipv4Addr::UNSPECIFIED`]: one that the system chooses. `IP_ADD_MEMBERSHIP`.
    ///
    /// # Example
    /// ```no_run
    /// use bespoke::net::{UdpOptions, UdpSocket};
    /// use std::net::Ipv4Addr;
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let options = UdpOptions { reuse_address: true, ..UdpOptions::default() }; // others listen, too
    /// let socket = UdpSocket::bind_with("0.0.0.0:5353", options).await?;
    /// socket.join_multicast_v4(Ipv4Addr::new(224, 0, 0, 251), Ipv4Addr::UNSPECIFIED)?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn join_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::join_multicast_v4(raw, group, interface))
    }

    /// Ends [`join_multicast_v4`](Self::join_multicast_v4).
    pub fn leave_multicast_v4(&self, group: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::leave_multicast_v4(raw, group, interface))
    }

    /// As [`join_multicast_v4`](Self::join_multicast_v4), on the interface with the index `interface`; 0: one that the
    /// system chooses. `IPV6_JOIN_GROUP`.
    pub fn join_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::join_multicast_v6(raw, group, interface))
    }

    /// Ends [`join_multicast_v6`](Self::join_multicast_v6).
    pub fn leave_multicast_v6(&self, group: Ipv6Addr, interface: u32) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::leave_multicast_v6(raw, group, interface))
    }

    /// Does what it sends to IPv4 groups come to this machine, too? Yes by default.
    pub fn multicast_loop_v4(&self) -> io::Result<bool>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), <C::Driver as Datagrams>::multicast_loop_v4)
    }

    /// Sets [`multicast_loop_v4`](Self::multicast_loop_v4).
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::set_multicast_loop_v4(raw, on))
    }

    /// Does what it sends to IPv6 groups come to this machine, too? Yes by default.
    pub fn multicast_loop_v6(&self) -> io::Result<bool>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), <C::Driver as Datagrams>::multicast_loop_v6)
    }

    /// Sets [`multicast_loop_v6`](Self::multicast_loop_v6).
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::set_multicast_loop_v6(raw, on))
    }

    /// How many routers a datagram to an IPv4 group may pass: 1 by default, so none leaves the local network.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), <C::Driver as Datagrams>::multicast_ttl_v4)
    }

    /// Sets [`multicast_ttl_v4`](Self::multicast_ttl_v4): 0 to 255.
    pub fn set_multicast_ttl_v4(&self, hops: u32) -> io::Result<()>
    where
        C::Driver: Udp,
    {
        super::ask(self.resource(), |raw| <C::Driver as Datagrams>::set_multicast_ttl_v4(raw, hops))
    }
}
