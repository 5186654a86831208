//! A TCP socket that is neither connected nor listening yet.

use super::connecting::Attempt;
use super::listener::TcpListener;
use super::options::{inet_options, socket_options, tcp_options};
use super::{TcpStream, io_error, tried};
use crate::op::{Keepalive, Net, Sockets};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::roles::Kind;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::panic::Location;
use core::time::Duration;
use std::io;

/// A TCP socket that is neither connected nor listening yet: for what has to be said before, its own address, say, or the size
/// of its buffers. [`TcpStream::connect`] and [`TcpListener::bind_with`] do the usual things in one call.
///
/// # Example
/// ```
/// use bespoke::net::{TcpListener, TcpSocket};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let server = TcpListener::bind("127.0.0.1:0").await?;
/// # let address = server.local_addr()?;
/// let socket = TcpSocket::new_v4()?;
/// socket.set_recv_buffer_size(1 << 20)?; // before connecting: the window of the connection follows it
/// socket.bind("127.0.0.1:0".parse().expect("an address"))?; // from this interface
/// let stream = socket.connect(address).await?;
/// # assert_eq!(stream.peer_addr()?, address);
/// # Ok(())
/// # }
/// ```
pub struct TcpSocket<C: Config> {
    pub(super) resource: OwnedResource<C>,
}

impl<C: Config> TcpSocket<C> {
    /// An IPv4 socket.
    ///
    /// # Errors
    /// The process is out of descriptors or memory.
    ///
    /// # Panics
    /// Without a runtime of `C` on the thread; the message names the line of this call. A driver whose operations block
    /// needs none.
    ///
    /// # Example
    /// See the [type](Self).
    #[track_caller]
    pub fn new_v4() -> io::Result<Self>
    where
        C::Driver: Net,
    {
        Self::new((Ipv4Addr::UNSPECIFIED, 0).into(), Location::caller())
    }

    /// An IPv6 socket.
    ///
    /// # Errors
    /// As [`new_v4`](Self::new_v4); the machine lacks IPv6.
    ///
    /// # Panics
    /// As [`new_v4`](Self::new_v4).
    #[track_caller]
    pub fn new_v6() -> io::Result<Self>
    where
        C::Driver: Net,
    {
        Self::new((Ipv6Addr::UNSPECIFIED, 0).into(), Location::caller())
    }

    fn new(family: SocketAddr, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Net,
    {
        let told = tried("cannot make a TCP socket");
        let raw = <C::Driver as Sockets>::socket(family).map_err(told)?;
        super::adopt(raw, Kind::Unconnected, at).map(|resource| TcpSocket { resource }).map_err(told)
    }

    /// Gives the socket its own address; port 0 takes a free one. `bind(2)`.
    ///
    /// # Errors
    /// [`AddrInUse`](io::ErrorKind::AddrInUse), [`AddrNotAvailable`](io::ErrorKind::AddrNotAvailable),
    /// [`PermissionDenied`](io::ErrorKind::PermissionDenied), [`InvalidInput`](io::ErrorKind::InvalidInput): it has one. The
    /// message names the address.
    pub fn bind(&self, address: SocketAddr) -> io::Result<()>
    where
        C::Driver: Net,
    {
        super::ask(&self.resource, |raw| <C::Driver as Sockets>::bind(raw, address))
            .map_err(|error| in_context(error, format_args!("cannot bind {address}")))
    }

    /// Connects it.
    ///
    /// # Errors
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) and the other codes of `connect(2)`, with the address: a
    /// [`ConnectError`](super::ConnectError) is inside. The socket is closed then.
    ///
    /// # Cancel safety
    /// Cancel safe: the connection is given up and the socket closed.
    ///
    /// # Example
    /// See the [type](Self).
    pub fn connect(self, address: SocketAddr) -> impl Future<Output = io::Result<TcpStream<C>>> + Send
    where
        C::Driver: Net,
    {
        Attempt::on(TcpStream { resource: self.resource }, address).run()
    }

    /// Listens, with at most `backlog` connections that wait to be accepted. `listen(2)`.
    ///
    /// # Errors
    /// [`AddrInUse`](io::ErrorKind::AddrInUse): somebody listens there already.
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed. The socket is closed then.
    ///
    /// # Panics
    /// On another worker than the socket's.
    ///
    /// # Example
    /// ```
    /// use bespoke::net::TcpSocket;
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let socket = TcpSocket::new_v4()?;
    /// socket.set_reuseaddr(true)?;
    /// socket.bind("127.0.0.1:0".parse().expect("an address"))?;
    /// let listener = socket.listen(128)?;
    /// # let client = bespoke::net::TcpStream::connect(listener.local_addr()?).await?;
    /// # assert_eq!(listener.accept().await?.1, client.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener<C>>
    where
        C::Driver: Net,
    {
        let at = Location::caller();
        let backlog = i32::try_from(backlog).unwrap_or(i32::MAX);
        super::ask(&self.resource, |raw| {
            <C::Driver as Sockets>::enter(raw)?;
            <C::Driver as Sockets>::listen_on(raw, backlog)
        })?;
        // The driver waits for a listener in another way than for a socket that is to be connected.
        let relisted = |raw| super::adopt(raw, Kind::Listener, at);
        let resource = self.resource.release().and_then(relisted).map_err(io_error)?;
        Ok(TcpListener { resource, back_off: Default::default() })
    }

    #[inline]
    fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }

    fn ask<R>(&self, call: impl FnOnce(i32) -> Result<R, Errno>) -> io::Result<R> {
        super::ask(&self.resource, call)
    }
}

socket_options!(TcpSocket);
inet_options!(TcpSocket);
tcp_options!(TcpSocket);

/// Calls that do not wait, on any thread. Each fails with the system's code, and with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
#[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
impl<C: Config> TcpSocket<C> {
    /// Its own address; one without a port before [`bind`](Self::bind).
    pub fn local_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Net,
    {
        self.ask(<C::Driver as Sockets>::local_addr)
    }

    /// May the address be one that a closed connection still holds? Not by default; on Windows always, unless it is forbidden.
    pub fn reuseaddr(&self) -> io::Result<bool>
    where
        C::Driver: Net,
    {
        self.ask(<C::Driver as Sockets>::reuse_address)
    }

    /// As [`reuseaddr`](Self::reuseaddr), before [`bind`](Self::bind). `SO_REUSEADDR`; on Windows `false` is
    /// `SO_EXCLUSIVEADDRUSE`.
    pub fn set_reuseaddr(&self, on: bool) -> io::Result<()>
    where
        C::Driver: Net,
    {
        self.ask(|raw| <C::Driver as Sockets>::set_reuse_address(raw, on))
    }

    /// May several sockets share the address? Not by default.
    pub fn reuseport(&self) -> io::Result<bool>
    where
        C::Driver: Net,
    {
        self.ask(<C::Driver as Sockets>::reuse_port)
    }

    /// As [`reuseport`](Self::reuseport), before [`bind`](Self::bind), on each of them. `SO_REUSEPORT`; Windows cannot do that:
    /// [`Unsupported`](io::ErrorKind::Unsupported).
    pub fn set_reuseport(&self, on: bool) -> io::Result<()>
    where
        C::Driver: Net,
    {
        self.ask(|raw| <C::Driver as Sockets>::set_reuse_port(raw, on))
    }

    /// As [`TcpStream::set_zero_linger`].
    pub fn set_zero_linger(&self) -> io::Result<()>
    where
        C::Driver: Net,
    {
        self.set_linger(Some(Duration::ZERO))
    }
}

impl<C: Config> fmt::Debug for TcpSocket<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpSocket").field(&self.resource.raw()).finish()
    }
}
