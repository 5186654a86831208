//! Sockets between the processes of one machine.

use super::futures::{Peek, Read, ReadInto, ReadLease, ReadVectored, Write, WriteAll, WriteVectored};
use super::listener::BackOff;
use super::options::socket_options;
use super::passing::{receives_fds, sends_fds};
use super::reading::{read_exact, reader, reading};
use super::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, Splits, WriteHalf};
use super::writing::{take_interrupted, writer, writing};
use super::{io_error, tried};
use crate::io::Incoming;
use crate::op::{AcceptUnix, ConnectUnix, Credentials, Net, Sockets, Taken, Unix, UnixAddr, UnixSockets};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::{ErrorKind, in_context};
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs};
use bespoke_core::roles::Kind;
use core::fmt;
use core::panic::Location;
use std::io::{self, IoSliceMut};
use std::net::Shutdown;
use std::path::Path;

/// Connections that wait to be accepted, at most.
const BACKLOG: i32 = 1024;

/// A stream between two processes of one machine, or within one. Dropping it closes it;
/// [`shutdown`](Self::shutdown) ends one direction.
///
/// Reads, writes and halves are those of [`TcpStream`](super::TcpStream).
///
/// # Example
/// ```
/// use bespoke::net::UnixStream;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut one, mut other) = UnixStream::pair()?;
/// one.write_all("tea").await.0?;
/// let mut got = [0; 3];
/// other.read_exact(&mut got).await?;
/// assert_eq!(&got, b"tea");
/// # Ok(())
/// # }
/// ```
///
/// # Platform
/// Unix.
pub struct UnixStream<C: Config> {
    pub(super) resource: OwnedResource<C>,
}

pub(super) fn no_address(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, std::format!("`{}` is no socket's path: {error}", path.display()))
}

/// How messages name an address.
pub(super) fn shown(address: &UnixAddr) -> std::string::String {
    match address.as_pathname() {
        Some(path) => std::format!("`{}`", path.display()),
        None => std::format!("{address:?}"),
    }
}

impl<C: Config> UnixStream<C> {
    /// Connects to the listener at a path.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the path is too long (107 bytes on Linux), or has a zero in it.
    /// [`NotFound`](io::ErrorKind::NotFound); [`ConnectionRefused`](io::ErrorKind::ConnectionRefused): nobody listens there.
    /// The message names the path.
    ///
    /// A listener whose queue is full is waited for: on Linux the system does not tell when it has room, so it is asked each
    /// millisecond.
    ///
    /// # Cancel safety
    /// Cancel safe: a connection under way is given up and its socket closed.
    ///
    /// # Panics
    /// When polled without a runtime of `C` on the thread; the message names the line of this call. A driver whose
    /// operations block needs none.
    ///
    /// # Example
    /// ```
    /// use bespoke::net::{UnixListener, UnixStream};
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("bespoke-doc-connect-{}", std::process::id()));
    /// let listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect(&path).await?;
    /// assert_eq!(stream.peer_addr()?.as_pathname(), Some(&*path));
    /// # drop(listener);
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    #[track_caller]
    pub fn connect(path: impl AsRef<Path>) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Unix,
    {
        let path = path.as_ref();
        let address = UnixAddr::from_pathname(path).map_err(|error| no_address(path, &error));
        let at = Location::caller();
        async move { Self::connect_to(address?, at).await }
    }

    /// As [`connect`](Self::connect), to an address: one without a file, say (`SocketAddr::from_abstract_name`, Linux).
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    /// As [`connect`](Self::connect).
    #[track_caller]
    pub fn connect_addr(address: &UnixAddr) -> impl Future<Output = io::Result<Self>> + Send + use<C>
    where
        C::Driver: Unix,
    {
        Self::connect_to(address.clone(), Location::caller())
    }

    async fn connect_to(address: UnixAddr, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Unix,
    {
        let name = address.clone();
        let told = |errno: Errno| {
            let error = io_error(errno);
            in_context(error, format_args!("cannot connect to {}", shown(&name)))
        };
        let raw = <C::Driver as UnixSockets>::unix_socket().map_err(told)?;
        let stream = UnixStream { resource: super::adopt(raw, Kind::Unconnected, at).map_err(told)? };
        let op = ConnectUnix { socket: stream.resource.resource(), address };
        // SAFETY: the operation points at no memory, and the stream outlives it.
        let (connected, ()) = unsafe { stream.resource.operation(op, ()) }.await;
        connected.map_err(told)?;
        Ok(stream)
    }

    /// Two streams that are connected to each other; a process that is started may be given one of them. `socketpair(2)`.
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
    pub fn pair() -> io::Result<(Self, Self)>
    where
        C::Driver: Unix,
    {
        let at = Location::caller();
        let told = tried("cannot make a pair of Unix sockets");
        let both = <C::Driver as UnixSockets>::unix_pair().map_err(told)?;
        let (one, other) = super::adopt_pair(both, Kind::UnixStream, at).map_err(told)?;
        Ok((UnixStream { resource: one }, UnixStream { resource: other }))
    }

    /// Two halves that borrow the stream. As [`TcpStream::split`](super::TcpStream::split).
    pub fn split(&mut self) -> (ReadHalf<'_, C, Self>, WriteHalf<'_, C, Self>) {
        split::borrow(self)
    }

    /// Two halves that own the stream together: for two tasks. As [`TcpStream::into_split`](super::TcpStream::into_split). A
    /// config's module has short names for their types in `net::unix`.
    ///
    /// # Example
    /// ```
    /// use bespoke::net::UnixStream;
    /// use bespoke::net::unix::{OwnedReadHalf, OwnedWriteHalf};
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// let (mut read, mut write): (OwnedReadHalf, OwnedWriteHalf) = stream.into_split();
    /// let reader = bespoke::spawn(async move {
    ///     let mut got = [0; 3];
    ///     read.read_exact(&mut got).await.map(|()| got)
    /// });
    /// write.write_all("one").await.0?;
    /// peer.write_all("two").await.0?;
    /// assert_eq!(&reader.await??, b"two");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf<C, Self>, OwnedWriteHalf<C, Self>) {
        split::own(self)
    }

    #[inline]
    pub(super) fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }
}

impl<C: Config> Splits<C> for UnixStream<C> {}
impl<C: Config> split::sealed::Sealed<C> for UnixStream<C> {
    #[inline]
    fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }
}

reading!(UnixStream);
writing!(UnixStream);
#[cfg(target_os = "linux")]
super::sending::sending!(UnixStream);
receives_fds!(UnixStream);
sends_fds!(UnixStream);
socket_options!(UnixStream);

/// Calls that do not wait, on any thread. Each fails with the system's code, and with
/// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
#[expect(clippy::missing_errors_doc, reason = "the same for all, said above")]
impl<C: Config> UnixStream<C> {
    /// Ends one direction or both. As [`TcpStream::shutdown`](super::TcpStream::shutdown).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()>
    where
        C::Driver: Net,
    {
        super::ask(&self.resource, |raw| <C::Driver as Sockets>::shutdown(raw, how))
    }

    /// The address of this end: that of the listener, on its side; none on the other, as a rule.
    pub fn local_addr(&self) -> io::Result<UnixAddr>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, <C::Driver as UnixSockets>::local_unix)
    }

    /// The address of the peer.
    pub fn peer_addr(&self) -> io::Result<UnixAddr>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, <C::Driver as UnixSockets>::peer_unix)
    }

    /// Who made the connection at the other end, as the kernel saw it then: nothing that the peer says.
    ///
    /// # Example
    #[doc = connected!(UnixStream)]
    /// # use std::os::unix::fs::MetadataExt;
    /// let peer = client.peer_credentials()?;
    /// # assert_eq!(peer.user, std::fs::metadata("/proc/self").map_or(peer.user, |own| own.uid()));
    /// if cfg!(target_os = "linux") {
    ///     assert_eq!(peer.process, Some(std::process::id() as i32));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn peer_credentials(&self) -> io::Result<Credentials>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, <C::Driver as UnixSockets>::peer_credentials)
    }
}

impl<C: Config> fmt::Debug for UnixStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixStream").field(&self.resource.raw()).finish()
    }
}

/// A Unix socket that accepts connections. Dropping it closes it; its file stays, and is the program's to remove.
///
/// Any number of tasks may [`accept`](Self::accept) at once.
///
/// # Example
/// ```
/// use bespoke::net::{UnixListener, UnixStream};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("bespoke-doc-listener-{}", std::process::id()));
/// let listener = UnixListener::bind(&path)?;
/// let mut client = UnixStream::connect(&path).await?;
/// let (mut stream, _) = listener.accept().await?;
/// stream.write_all("welcome").await.0?;
/// assert_eq!(client.read(&mut [0; 16]).await?, 7);
/// # std::fs::remove_file(&path)
/// # }
/// ```
///
/// # Platform
/// Unix.
pub struct UnixListener<C: Config> {
    pub(super) resource: OwnedResource<C>,
    pub(super) back_off: BackOff,
}

impl<C: Config> UnixListener<C> {
    /// Listens at a path, which must not exist.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): the path is too long (107 bytes on Linux), or has a zero in it.
    /// [`AddrInUse`](io::ErrorKind::AddrInUse): it exists, perhaps left by a program that is gone. What `bind(2)` says else. The
    /// message names the path.
    ///
    /// # Panics
    /// Without a runtime of `C` on the thread; the message names the line of this call. A driver whose operations block
    /// needs none.
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
        let told = |errno: Errno| {
            let error = io_error(errno);
            in_context(error, format_args!("cannot listen on {}", shown(address)))
        };
        let raw = <C::Driver as UnixSockets>::listen_unix(address, BACKLOG).map_err(told)?;
        let resource = super::adopt(raw, Kind::Listener, Location::caller()).map_err(told)?;
        Ok(UnixListener { resource, back_off: BackOff::default() })
    }

    /// Waits for the next connection: the stream and the peer's address, which has no name as a rule.
    ///
    /// # Errors
    /// What `accept(2)` says. When the process has no descriptor left: as
    /// [`TcpListener::accept`](super::TcpListener::accept).
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: a connection that nobody took stays in the listener's queue.
    pub async fn accept(&self) -> io::Result<(UnixStream<C>, UnixAddr)>
    where
        C::Driver: Unix,
    {
        self.back_off.before(&self.resource).await?;
        let op = AcceptUnix { listener: self.resource.resource() };
        // SAFETY: the operation points at no memory, and this call borrows the listener.
        let (accepted, ()) = unsafe { self.resource.operation(op, ()) }.await;
        let (raw, peer) = accepted.map_err(|errno| self.back_off.after(&self.resource, errno))?;
        // By the worker that accepted it: this cannot be without a runtime.
        let resource = super::adopt_accepted(raw, Kind::UnixStream, Location::caller())
            .map_err(|errno| self.back_off.after_refusal(&self.resource, errno))?;
        Ok((UnixStream { resource }, peer))
    }

    /// The connections, one after another, as a stream of items: what [`accept`](Self::accept) yields, until the runtime is
    /// closed. See [`Incoming`]; with the feature `futures-core` it is a `Stream`.
    #[must_use]
    pub fn into_incoming(self) -> Incoming<Self, io::Result<(UnixStream<C>, UnixAddr)>>
    where
        C::Driver: Unix,
    {
        Incoming::new(self, |listener| async move {
            let accepted = listener.accept().await;
            let closed = accepted.as_ref().is_err_and(|error| ErrorKind::from(error) == ErrorKind::RuntimeClosed);
            (listener, (!closed).then_some(accepted))
        })
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// What `getsockname(2)` says; [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
    pub fn local_addr(&self) -> io::Result<UnixAddr>
    where
        C::Driver: Unix,
    {
        super::ask(&self.resource, <C::Driver as UnixSockets>::local_unix)
    }
}

impl<C: Config> fmt::Debug for UnixListener<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnixListener").field(&self.resource.raw()).finish()
    }
}
