//! A UDP socket.

use super::addresses::{ToSocketAddrs, first_of};
use super::datagrams::{Receive, ReceiveFrom, SendDatagram};
use super::io_error;
use crate::op::{Datagrams, Udp, UdpOptions};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::io::{IntoIoBuf, IoBuf};
use bespoke_core::roles::Kind;
use core::fmt;
use core::net::SocketAddr;
use core::panic::Location;
use std::io;

/// How the examples of the docs begin, hidden: two sockets and their addresses.
macro_rules! two_sockets {
    () => {
        "```\n\
         # use bespoke::net::UdpSocket;\n\
         # #[bespoke::main]\n\
         # async fn main() -> std::io::Result<()> {\n\
         # let socket = UdpSocket::bind(\"127.0.0.1:0\").await?;\n\
         # let other = UdpSocket::bind(\"127.0.0.1:0\").await?;\n\
         # let (ours, theirs) = (socket.local_addr()?, other.local_addr()?);"
    };
}
pub(super) use two_sockets;

/// A UDP socket: datagrams, each of which arrives whole, or not at all, or twice, in any order. Dropping it closes it.
///
/// Its methods take `&self`, and any number of tasks may receive and send at once: share it by reference or in an `Arc`.
/// Each datagram goes to one of those who receive.
///
/// # Example
/// ```
/// use bespoke::net::UdpSocket;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let address = server.local_addr()?;
/// bespoke::spawn(async move {
///     let mut buffer = [0; 1500];
///     loop {
///         let (n, peer) = server.recv_from(&mut buffer).await?;
///         server.send_to(buffer[..n].to_vec(), peer).await.0?;
///     }
///     # #[allow(unreachable_code)]
///     # std::io::Result::Ok(())
/// });
///
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.connect(address).await?;
/// client.send("tea").await.0?;
/// let mut buffer = [0; 16];
/// let n = client.recv(&mut buffer).await?;
/// assert_eq!(&buffer[..n], b"tea");
/// # Ok(())
/// # }
/// ```
///
/// # Platform
/// Unix, for now.
pub struct UdpSocket<C: Config> {
    pub(super) resource: OwnedResource<C>,
}

impl<C: Config> UdpSocket<C> {
    /// A socket on the first of the addresses that can be bound, with [`UdpOptions::default`]. Port 0 takes a free one: see
    /// [`local_addr`](Self::local_addr). A client binds `"0.0.0.0:0"`, or `"[::]:0"` for peers with IPv6 addresses.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not an address. [`AddrInUse`](io::ErrorKind::AddrInUse),
    /// [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable), [`PermissionDenied`](io::ErrorKind::PermissionDenied): as
    /// `bind(2)`. The message names the address.
    ///
    /// # Cancel safety
    /// Cancel safe: nothing is bound, or it is closed.
    ///
    /// # Panics
    /// When polled without a runtime of `C` on the thread; the message names the line of this call. A driver whose
    /// operations block needs none, but to look a name up.
    ///
    /// # Example
    /// ```
    /// use bespoke::net::UdpSocket;
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// assert_ne!(socket.local_addr()?.port(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind(addresses: impl ToSocketAddrs) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Udp,
    {
        Self::bind_with(addresses, UdpOptions::default())
    }

    /// As [`bind`](Self::bind), with options.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    ///
    /// # Cancel safety
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    /// As [`bind`](Self::bind).
    ///
    /// # Example
    /// ```
    /// use bespoke::net::{UdpOptions, UdpSocket};
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let options = UdpOptions { reuse_port: true, ..UdpOptions::default() };
    /// let first = UdpSocket::bind_with("127.0.0.1:0", options).await?;
    /// let second = UdpSocket::bind_with(first.local_addr()?, options).await?;
    /// assert_eq!(first.local_addr()?, second.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind_with(
        addresses: impl ToSocketAddrs,
        options: UdpOptions,
    ) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Udp,
    {
        let (found, at) = (addresses.to_addrs(), Location::caller());
        first_of::<C, _, _>(found, at, move |address| async move { Self::bind_to(address, options, at) })
    }

    fn bind_to(address: SocketAddr, options: UdpOptions, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Udp,
    {
        let told = |errno: Errno| {
            let error = io_error(errno);
            in_context(error, format_args!("cannot bind {address}"))
        };
        let raw = <C::Driver as Datagrams>::bind_udp(address, options).map_err(told)?;
        super::adopt(raw, Kind::Datagram, at).map(|resource| UdpSocket { resource }).map_err(told)
    }

    /// Gives the socket a peer, the first of the addresses that the system takes: [`send`](Self::send) sends there, and only
    /// what comes from there is received. Nothing is sent; whether somebody is there, the network may tell a later call,
    /// by [`ConnectionRefused`](io::ErrorKind::ConnectionRefused). `connect(2)`.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not an address. What `connect(2)` says, with the address.
    ///
    /// # Cancel safety
    /// Cancel safe: the peer is the new one, or the old.
    ///
    /// # Panics
    /// Without a runtime of `C` on the thread, to look a name up; the message names the line of this call.
    ///
    /// # Example
    #[doc = two_sockets!()]
    /// socket.connect(theirs).await?;
    /// assert_eq!(socket.peer_addr()?, theirs);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect(&self, addresses: impl ToSocketAddrs) -> impl Future<Output = io::Result<()>> + Send
    where
        C::Driver: Udp,
    {
        let (found, at) = (addresses.to_addrs(), Location::caller());
        first_of::<C, _, _>(found, at, move |peer| async move {
            super::ask(&self.resource, |raw| <C::Driver as Datagrams>::connect_udp(raw, peer))
                .map_err(|error| in_context(error, format_args!("cannot connect to {peer}")))
        })
    }

    /// Receives a datagram: how long it is, as far as the buffer has room; **the rest of it is gone**. 0 is an empty
    /// datagram.
    ///
    /// # Errors
    /// What `recv(2)` says. Of a socket with a peer: [`ConnectionRefused`](io::ErrorKind::ConnectionRefused), if nobody took
    /// what was sent there before.
    ///
    /// # Cancel safety
    /// Cancel safe, lossless, and free to drop: a datagram that nobody took stays for the next call.
    ///
    /// # Example
    #[doc = two_sockets!()]
    /// # socket.send_to("a long story", theirs).await.0?;
    /// let mut buffer = [0; 6];
    /// assert_eq!(other.recv(&mut buffer).await?, 6);
    /// assert_eq!(&buffer, b"a long"); // the rest is gone
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn recv<'r>(&'r self, buffer: &'r mut [u8]) -> Receive<'r, C>
    where
        C::Driver: Udp,
    {
        Receive::new(&self.resource, buffer, false)
    }

    /// As [`recv`](Self::recv), with the address of the sender. `recvfrom(2)`.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    ///
    /// # Example
    #[doc = two_sockets!()]
    /// # socket.send_to("tea", theirs).await.0?;
    /// let mut buffer = [0; 16];
    /// let (n, sender) = other.recv_from(&mut buffer).await?;
    /// assert_eq!((&buffer[..n], sender), (&b"tea"[..], ours));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn recv_from<'r>(&'r self, buffer: &'r mut [u8]) -> ReceiveFrom<'r, C>
    where
        C::Driver: Udp,
    {
        ReceiveFrom::new(&self.resource, buffer, false)
    }

    /// As [`recv`](Self::recv), but leaves the datagram for the next call.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    #[inline]
    pub fn peek<'r>(&'r self, buffer: &'r mut [u8]) -> Receive<'r, C>
    where
        C::Driver: Udp,
    {
        Receive::new(&self.resource, buffer, true)
    }

    /// As [`recv_from`](Self::recv_from), but leaves the datagram for the next call.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    ///
    /// # Example
    #[doc = two_sockets!()]
    /// # socket.send_to("tea", theirs).await.0?;
    /// let (_, sender) = other.peek_from(&mut []).await?; // who is it?
    /// assert_eq!(sender, ours);
    /// assert_eq!(other.recv(&mut [0; 16]).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn peek_from<'r>(&'r self, buffer: &'r mut [u8]) -> ReceiveFrom<'r, C>
    where
        C::Driver: Udp,
    {
        ReceiveFrom::new(&self.resource, buffer, true)
    }

    /// Sends the buffer as one datagram to the peer. Yields its length, and the buffer.
    ///
    /// # Errors
    /// What `send(2)` says: the datagram is too long (`EMSGSIZE`), the socket has no peer (`EDESTADDRREQ`), nobody took an
    /// earlier one ([`ConnectionRefused`](io::ErrorKind::ConnectionRefused)).
    ///
    /// # Cancel safety
    /// The datagram is sent whole, or not at all; a dropped call may have sent it. The buffer goes with the future.
    ///
    /// # Example
    #[doc = two_sockets!()]
    /// socket.connect(theirs).await?;
    /// let (sent, buffer) = socket.send(vec![b'.'; 100]).await;
    /// assert_eq!((sent?, buffer.len()), (100, 100));
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn send<B: IoBuf>(&self, buffer: impl IntoIoBuf<Buf = B>) -> SendDatagram<'_, C, B>
    where
        C::Driver: Udp,
    {
        SendDatagram::new(&self.resource, buffer.into_io_buf(), None)
    }

    /// As [`send`](Self::send), to `to`: also of a socket without a peer.
    ///
    /// # Errors
    /// As [`send`](Self::send). To a broadcast address: [`PermissionDenied`](io::ErrorKind::PermissionDenied), unless
    /// [`set_broadcast`](Self::set_broadcast) allows it.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    ///
    /// # Example
    #[doc = two_sockets!()]
    /// socket.send_to("tea", theirs).await.0?;
    /// assert_eq!(other.recv(&mut [0; 16]).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn send_to<B: IoBuf>(&self, buffer: impl IntoIoBuf<Buf = B>, to: SocketAddr) -> SendDatagram<'_, C, B>
    where
        C::Driver: Udp,
    {
        SendDatagram::new(&self.resource, buffer.into_io_buf(), Some(to))
    }

    #[inline]
    pub(super) fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }
}

impl<C: Config> fmt::Debug for UdpSocket<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UdpSocket").field(&self.resource.raw()).finish()
    }
}
