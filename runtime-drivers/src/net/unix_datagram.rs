//! Datagrams between the processes of one machine.

use super::datagrams::{Receive, ReceiveFrom, SendDatagram};
use super::options::socket_options;
use super::passing::{RecvFromWithFds, RecvWithFds, SendWithFds};
use super::tried;
use super::unix::{no_address, shown};
use crate::op::{Credentials, Descriptors, Net, Sockets, Unix, UnixAddr, UnixSockets};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::io::{IntoIoBuf, IoBuf};
use bespoke_core::roles::{Kind, RawResource};
use core::fmt;
use core::panic::Location;
use std::io;
use std::net::Shutdown;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::Path;

/// How the examples of the docs begin, hidden: two sockets that are connected to each other.
macro_rules! two_datagram_sockets {
    () => {
        "```\n\
         # use bespoke::net::UnixDatagram;\n\
         # #[bespoke::main]\n\
         # async fn main() -> std::io::Result<()> {\n\
         # let (socket, other) = UnixDatagram::pair()?;"
    };
}

/// A socket of datagrams between processes of one machine: each arrives whole, once, and in order; a sender waits for room with
/// the receiver. Dropping it closes it; its file, if [`bind`](Self::bind) made one, stays, and is the program's to remove.
///
/// Its methods take `&self`, and any number of tasks may receive and send at once: share it by reference or in an `Arc`.
/// Each datagram goes to one of those who receive.
///
/// # Example
/// ```
/// use bespoke::net::UnixDatagram;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("bespoke-doc-datagram-{}", std::process::id()));
/// let log = UnixDatagram::bind(&path)?;
/// let client = UnixDatagram::unbound()?; // it has no address: nobody can answer
/// client.send_to("tea is ready", &path).await.0?;
///
/// let mut line = [0; 1024];
/// let (n, sender) = log.recv_from(&mut line).await?;
/// assert_eq!(&line[..n], b"tea is ready");
/// assert!(sender.is_unnamed());
/// # std::fs::remove_file(&path)
/// # }
/// ```
///
/// # Platform
/// Unix. Where a receiver has no room, Linux lets the sender wait; Apple systems and the BSDs say so, by `ENOBUFS`.
pub struct UnixDatagram<C: Config> {
    pub(super) resource: OwnedResource<C>,
}

impl<C: Config> UnixDatagram<C> {
    fn adopt(raw: RawResource, at: &'static Location<'static>) -> Result<Self, Errno>
    where
        C::Driver: Unix,
    {
        super::adopt(raw, Kind::Datagram, at).map(|resource| UnixDatagram { resource })
    }

    /// A socket at a path, which must not exist.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the path is too long (107 bytes on Linux), or has a zero in it.
    /// [`AddrInUse`](io::ErrorKind::AddrInUse): it exists, perhaps left by a program that is gone. What `bind(2)` says else.
    /// The message names the path.
    ///
    /// # Panics
    /// Without a runtime of `C` on the thread; the message names the line of this call. A driver whose operations block
    /// needs none.
    ///
    /// # Example
    /// See the [type](Self).
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<Self>
    where
        C::Driver: Unix,
    {
        let path = path.as_ref();
        let address = UnixAddr::from_pathname(path).map_err(|error| no_address(path, &error))?;
        Self::bind_addr(&address)
    }

    /// As [`bind`](Self::bind), at an address: one without a file, say (`SocketAddr::from_abstract_name`, Linux).
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    ///
    /// # Panics
    /// As [`bind`](Self::bind).
    #[track_caller]
    pub fn bind_addr(address: &UnixAddr) -> io::Result<Self>
    where
        C::Driver: Unix,
    {
        let told = |errno: Errno| in_context(errno.into(), format_args!("cannot bind {}", shown(address)));
        let raw = <C::Driver as UnixSockets>::unix_datagram(Some(address)).map_err(told)?;
        Self::adopt(raw, Location::caller()).map_err(told)
    }

    /// A socket without an address: it can send, and receive when it is one of a pair.
    ///
    /// # Errors
    /// The process is out of descriptors or memory.
    ///
    /// # Panics
    /// As [`bind`](Self::bind).
    ///
    /// # Example
    /// See the [type](Self).
    #[track_caller]
    pub fn unbound() -> io::Result<Self>
    where
        C::Driver: Unix,
    {
        let told = tried("cannot make a Unix datagram socket");
        let raw = <C::Driver as UnixSockets>::unix_datagram(None).map_err(told)?;
        Self::adopt(raw, Location::caller()).map_err(told)
    }

    /// Two sockets that are connected to each other; a process that is started may be given one of them. `socketpair(2)`.
    ///
    /// # Errors
    /// The process is out of descriptors or memory.
    ///
    /// # Panics
    /// As [`bind`](Self::bind).
    ///
    /// # Example
    #[doc = two_datagram_sockets!()]
    /// socket.send("tea").await.0?;
    /// assert_eq!(other.recv(&mut [0; 16]).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn pair() -> io::Result<(Self, Self)>
    where
        C::Driver: Unix,
    {
        let at = Location::caller();
        let told = tried("cannot make a pair of Unix datagram sockets");
        let both = <C::Driver as UnixSockets>::unix_datagram_pair().map_err(told)?;
        let (one, other) = super::adopt_pair(both, Kind::Datagram, at).map_err(told)?;
        Ok((UnixDatagram { resource: one }, UnixDatagram { resource: other }))
    }

    /// Gives the socket a peer, the one at the path: [`send`](Self::send) sends there, and only what comes from there is
    /// received. `connect(2)`, which does not wait.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): no socket's path. What `connect(2)` says, with the path:
    /// [`NotFound`](io::ErrorKind::NotFound), or [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) for a file whose
    /// socket is closed. [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
    ///
    /// # Example
    /// ```
    /// use bespoke::net::UnixDatagram;
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("bespoke-doc-datagram-to-{}", std::process::id()));
    /// # let log = UnixDatagram::bind(&path)?;
    /// let client = UnixDatagram::unbound()?;
    /// client.connect(&path)?;
    /// client.send("tea is ready").await.0?;
    /// # assert_eq!(log.recv(&mut [0; 16]).await?, 12);
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()>
    where
        C::Driver: Unix,
    {
        let path = path.as_ref();
        self.connect_addr(&UnixAddr::from_pathname(path).map_err(|error| no_address(path, &error))?)
    }

    /// As [`connect`](Self::connect), to an address.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_addr(&self, peer: &UnixAddr) -> io::Result<()>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, |raw| <C::Driver as UnixSockets>::connect_unix_datagram(raw, peer))
            .map_err(|error| in_context(error, format_args!("cannot connect to {}", shown(peer))))
    }

    /// Receives a datagram: how long it is, as far as the buffer has room; **the rest of it is gone**. 0 is an empty
    /// datagram.
    ///
    /// # Errors
    /// What `recv(2)` says: [`ConnectionReset`](io::ErrorKind::ConnectionReset), say, when the peer is closed.
    ///
    /// # Cancel safety
    /// Cancel safe, lossless, and free to drop: a datagram that nobody took stays for the next call.
    ///
    /// # Example
    #[doc = two_datagram_sockets!()]
    /// # socket.send("a long story").await.0?;
    /// let mut buffer = [0; 6];
    /// assert_eq!(other.recv(&mut buffer).await?, 6);
    /// assert_eq!(&buffer, b"a long"); // the rest is gone
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn recv<'r>(&'r self, buffer: &'r mut [u8]) -> Receive<'r, C>
    where
        C::Driver: Unix,
    {
        Receive::new(&self.resource, buffer, false)
    }

    /// As [`recv`](Self::recv), with the address of the sender, which is unnamed unless it was bound. `recvfrom(2)`.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv).
    ///
    /// # Example
    /// See the [type](Self).
    #[inline]
    pub fn recv_from<'r>(&'r self, buffer: &'r mut [u8]) -> ReceiveFrom<'r, C, UnixAddr>
    where
        C::Driver: Unix,
    {
        ReceiveFrom::new(&self.resource, buffer, false)
    }

    /// Sends the buffer as one datagram to the peer; waits while the peer has no room. Yields its length, and the buffer.
    ///
    /// # Errors
    /// What `send(2)` says: the datagram is too long (`EMSGSIZE`), the socket has no peer
    /// ([`NotConnected`](io::ErrorKind::NotConnected)), the peer is closed
    /// ([`ConnectionRefused`](io::ErrorKind::ConnectionRefused)).
    ///
    /// # Cancel safety
    /// The datagram is sent whole, or not at all; a dropped call may have sent it. The buffer goes with the future.
    ///
    /// # Example
    #[doc = two_datagram_sockets!()]
    /// let (sent, buffer) = socket.send(vec![b'.'; 100]).await;
    /// assert_eq!((sent?, buffer.len()), (100, 100));
    /// # assert_eq!(other.recv(&mut [0; 128]).await?, 100);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn send<B: IoBuf>(&self, buffer: impl IntoIoBuf<Buf = B>) -> SendDatagram<'_, C, B, UnixAddr>
    where
        C::Driver: Unix,
    {
        SendDatagram::new(&self.resource, buffer.into_io_buf(), None)
    }

    /// As [`send`](Self::send), to the socket at a path.
    ///
    /// # Errors
    /// As [`send`](Self::send). [`InvalidInput`](io::ErrorKind::InvalidInput): no socket's path.
    /// [`NotFound`](io::ErrorKind::NotFound): nothing is there.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    ///
    /// # Example
    /// See the [type](Self).
    pub fn send_to<B: IoBuf, T: IntoIoBuf<Buf = B>, P: AsRef<Path>>(
        &self,
        buffer: T,
        path: P,
    ) -> impl Future<Output = (io::Result<usize>, B)> + Send + use<'_, C, B, T, P>
    where
        C::Driver: Unix,
    {
        let path = path.as_ref();
        let address = UnixAddr::from_pathname(path).map_err(|error| no_address(path, &error));
        let buffer = buffer.into_io_buf();
        async move {
            match address {
                Ok(to) => SendDatagram::new(&self.resource, buffer, Some(to)).await,
                Err(error) => (Err(error), buffer),
            }
        }
    }

    /// As [`send_to`](Self::send_to), to an address: that of a sender, say.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub fn send_to_addr<B: IoBuf>(
        &self,
        buffer: impl IntoIoBuf<Buf = B>,
        to: &UnixAddr,
    ) -> SendDatagram<'_, C, B, UnixAddr>
    where
        C::Driver: Unix,
    {
        SendDatagram::new(&self.resource, buffer.into_io_buf(), Some(to.clone()))
    }

    /// As [`send`](Self::send), with descriptors. The receiver gets descriptors of its own, which name the same open files: these
    /// here may be closed.
    ///
    /// # Errors
    /// As [`send`](Self::send). [`InvalidInput`](io::ErrorKind::InvalidInput): more than 253 descriptors. `ETOOMANYREFS`: too
    /// many are on their way already.
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    ///
    /// # Example
    #[doc = two_datagram_sockets!()]
    /// use std::os::fd::AsFd;
    ///
    /// let file = std::fs::File::open("Cargo.toml")?;
    /// socket.send_with_fds("a file", &[file.as_fd()]).await.0?;
    ///
    /// let mut fds = [None];
    /// assert_eq!(other.recv_with_fds(&mut [0; 64], &mut fds).await?, (6, 1));
    /// assert!(fds[0].is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_with_fds<'s, B: IoBuf>(
        &'s self,
        buffer: impl IntoIoBuf<Buf = B>,
        fds: &'s [BorrowedFd<'s>],
    ) -> SendWithFds<'s, C, B>
    where
        C::Driver: Descriptors,
    {
        SendWithFds::new(&self.resource, buffer.into_io_buf(), fds, Some(None))
    }

    /// As [`send_with_fds`](Self::send_with_fds), to an address.
    ///
    /// # Errors
    /// As [`send_with_fds`](Self::send_with_fds) and [`send_to`](Self::send_to).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub fn send_to_addr_with_fds<'s, B: IoBuf>(
        &'s self,
        buffer: impl IntoIoBuf<Buf = B>,
        to: &UnixAddr,
        fds: &'s [BorrowedFd<'s>],
    ) -> SendWithFds<'s, C, B>
    where
        C::Driver: Descriptors,
    {
        SendWithFds::new(&self.resource, buffer.into_io_buf(), fds, Some(Some(to.clone())))
    }

    /// As [`recv`](Self::recv), with the descriptors that were sent with the datagram: how long it is, and how many descriptors.
    /// Those are in the first places, each close-on-exec; what was in the places is closed. A plain receive closes what
    /// descriptors came.
    ///
    /// # Errors
    /// As [`recv`](Self::recv). [`InvalidData`](io::ErrorKind::InvalidData) with [`FdsLost`](super::FdsLost): there were too few
    /// places. All that came are closed; the datagram is in the buffer.
    ///
    /// # Cancel safety
    /// As [`recv`](Self::recv): a datagram that nobody took stays, with its descriptors.
    ///
    /// # Example
    /// See [`send_with_fds`](Self::send_with_fds).
    pub fn recv_with_fds<'r>(&'r self, buffer: &'r mut [u8], fds: &'r mut [Option<OwnedFd>]) -> RecvWithFds<'r, C>
    where
        C::Driver: Descriptors,
    {
        RecvWithFds::new(&self.resource, buffer, fds, true)
    }

    /// As [`recv_with_fds`](Self::recv_with_fds), with the address of the sender.
    ///
    /// # Errors
    /// As [`recv_with_fds`](Self::recv_with_fds).
    ///
    /// # Cancel safety
    /// As [`recv_with_fds`](Self::recv_with_fds).
    pub fn recv_from_with_fds<'r>(
        &'r self,
        buffer: &'r mut [u8],
        fds: &'r mut [Option<OwnedFd>],
    ) -> RecvFromWithFds<'r, C>
    where
        C::Driver: Descriptors,
    {
        RecvFromWithFds::new(&self.resource, buffer, fds)
    }

    #[inline]
    fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }
}

socket_options!(UnixDatagram);

/// Calls that do not wait, on any thread. Each fails with the system's code, and with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
#[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
impl<C: Config> UnixDatagram<C> {
    /// Ends one direction or both: this end cannot send any more, or nobody can send to it. Who receives learns nothing of it: a
    /// datagram has no end, and Linux says of a receive that does not wait that nothing has come. `shutdown(2)`.
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, |raw| <C::Driver as Sockets>::shutdown(raw, how))
    }

    /// The address of this socket, which is unnamed unless it was bound.
    pub fn local_addr(&self) -> io::Result<UnixAddr>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, <C::Driver as UnixSockets>::local_unix)
    }

    /// The address of the peer; [`NotConnected`](io::ErrorKind::NotConnected) without one.
    pub fn peer_addr(&self) -> io::Result<UnixAddr>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, <C::Driver as UnixSockets>::peer_unix)
    }

    /// Who made the pair of which this socket is one, as the kernel saw it then. Of another socket the system does not say it.
    pub fn peer_credentials(&self) -> io::Result<Credentials>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, <C::Driver as UnixSockets>::peer_credentials)
    }
}

impl<C: Config> fmt::Debug for UnixDatagram<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixDatagram").field(&self.resource.raw()).finish()
    }
}
