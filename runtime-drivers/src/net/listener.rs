//! A socket that accepts connections.

use super::addresses::{ToSocketAddrs, first_of};
use super::{TcpStream, io_error};
use crate::io::Incoming;
use crate::op::{Accept, Net, Sockets, TcpOptions};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::{ErrorKind, in_context};
use bespoke_core::roles::Kind;
use bespoke_core::runtime::Ambient;
use bespoke_core::time::Instant;
use core::fmt;
use core::net::SocketAddr;
use core::panic::Location;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;

/// How long an accept waits after the process ran out of descriptors, or the system of watches: at most 100 attempts a second,
/// instead of a loop that takes a whole processor.
const BACK_OFF: Duration = Duration::from_millis(10);

/// A TCP socket that accepts connections. Dropping it closes it, and resets the connections that nobody accepted.
///
/// Any number of tasks may [`accept`](Self::accept) at once; of a runtime with several workers, those of one worker: elsewhere an
/// `accept` fails with [`ResourceBusy`](io::ErrorKind::ResourceBusy) while somebody waits in one. What is accepted belongs to the
/// worker that uses it first.
///
/// # Example
/// ```
/// # use bespoke::net::{TcpListener, TcpStream};
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// use bespoke::io::copy;
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let address = listener.local_addr()?;
/// # let client = bespoke::spawn(async move {
/// #     let mut stream = TcpStream::connect(address).await?;
/// #     stream.write_all("tea").await.0?;
/// #     stream.shutdown(std::net::Shutdown::Write)?;
/// #     let mut echo = [0; 3];
/// #     stream.read_exact(&mut echo).await?;
/// #     assert_eq!(&echo, b"tea");
/// #     std::io::Result::Ok(())
/// # });
/// loop {
///     let (stream, peer) = listener.accept().await?;
///     println!("{peer} is here");
///     bespoke::spawn(async move {
///         let (mut read, mut write) = stream.into_split();
///         copy(&mut read, &mut write).await // an echo
///     });
/// #   break;
/// }
/// # client.await??;
/// # Ok(())
/// # }
/// ```
pub struct TcpListener<C: Config> {
    pub(super) resource: OwnedResource<C>,
    pub(super) back_off: BackOff,
}

/// The last accept found no descriptor: the next attempt is at this time, in nanoseconds. 0: at once. A time and not a
/// wait, so that callers who give up before it is over do not put the attempt off for ever.
#[derive(Default)]
pub(super) struct BackOff(AtomicU64);

impl BackOff {
    /// Waits for the time of the next attempt.
    pub(super) async fn before<C: Config>(&self, resource: &OwnedResource<C>) -> io::Result<()> {
        let next_attempt = self.0.load(Ordering::Relaxed);
        // Elsewhere the operation says that this is the wrong place.
        if next_attempt != 0 && resource.is_here() {
            resource.check_open().map_err(io_error)?;
            C::sleep_until(Instant::from_nanos(next_attempt)).await;
            self.0.store(0, Ordering::Relaxed);
        }
        Ok(())
    }

    /// An attempt failed: says why, and when the next one is.
    pub(super) fn after<C: Config>(&self, resource: &OwnedResource<C>, errno: Errno) -> io::Error {
        if crate::sys::out_of_resources(errno) {
            self.begin(resource);
        }
        io_error(errno)
    }

    /// A connection came, and the driver was refused to watch it, so that it is closed: says why, and when the next attempt is.
    /// The connection after it would fare no better at once.
    #[cold]
    pub(super) fn after_refusal<C: Config>(&self, resource: &OwnedResource<C>, errno: Errno) -> io::Error {
        let mut why = "cannot wait for a connection, which is closed";
        if crate::sys::out_of_watches(errno) {
            self.begin(resource);
            why = "cannot wait for a connection, which is closed: no more descriptors are watched for this user \
                   (`fs.epoll.max_user_watches`)";
        } else if crate::sys::out_of_resources(errno) {
            self.begin(resource);
        }
        in_context(io_error(errno), why)
    }

    fn begin<C: Config>(&self, resource: &OwnedResource<C>) {
        if resource.is_here() {
            self.0.store((C::now() + BACK_OFF).as_nanos(), Ordering::Relaxed);
        }
    }
}

impl<C: Config> TcpListener<C> {
    /// Listens on the first of the addresses that can be bound, with [`TcpOptions::default`]. Port 0 takes a free one: see
    /// [`local_addr`](Self::local_addr).
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
    /// # use bespoke::net::{TcpListener, TcpStream};
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// assert_ne!(listener.local_addr()?.port(), 0);
    ///
    /// let error = TcpListener::bind(listener.local_addr()?).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind(addresses: impl ToSocketAddrs) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Net,
    {
        Self::bind_with(addresses, TcpOptions::default())
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
    /// # use bespoke::net::{TcpListener, TcpStream};
    /// # #[cfg(not(unix))] fn main() {}
    /// # #[cfg(unix)]
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// use bespoke::net::TcpOptions;
    ///
    /// // Two listeners on one address: the system (Unix) spreads the connections over both.
    /// let options = TcpOptions { reuse_port: true, ..TcpOptions::default() };
    /// let first = TcpListener::bind_with("127.0.0.1:0", options).await?;
    /// let second = TcpListener::bind_with(first.local_addr()?, options).await?;
    /// # assert_eq!(first.local_addr()?, second.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn bind_with(
        addresses: impl ToSocketAddrs,
        options: TcpOptions,
    ) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Net,
    {
        let (found, at) = (addresses.to_addrs(), Location::caller());
        first_of::<C, _, _>(found, at, move |address| async move { Self::listen(address, options, at) })
    }

    fn listen(address: SocketAddr, options: TcpOptions, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Net,
    {
        let told = |errno: Errno| {
            let error = io_error(errno);
            in_context(error, format_args!("cannot listen on {address}"))
        };
        let raw = <C::Driver as Sockets>::listen(address, options).map_err(told)?;
        let resource = super::adopt(raw, Kind::Listener, at).map_err(told)?;
        Ok(TcpListener { resource, back_off: BackOff::default() })
    }

    /// Waits for the next connection: the stream and the peer's address.
    ///
    /// # Errors
    /// What `accept(2)` says. When the process has no descriptor left, this fails once with the system's error, and the next
    /// call waits 10 ms before it tries again: a loop that goes on after an error does not spin, and serves again as soon
    /// as a descriptor is free. So it is when the system watches no more descriptors for the user (Linux,
    /// `fs.epoll.max_user_watches`), but that the connection is closed. (A driver whose operations block may be used without a
    /// runtime; nothing waits there.)
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: a connection that nobody took stays in the listener's queue.
    ///
    /// # Example
    /// ```
    /// # use bespoke::net::{TcpListener, TcpStream};
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (mut stream, peer) = listener.accept().await?;
    /// assert_eq!(peer, client.local_addr()?);
    /// stream.write_all("welcome").await.0?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn accept(&self) -> io::Result<(TcpStream<C>, SocketAddr)>
    where
        C::Driver: Net,
    {
        self.back_off.before(&self.resource).await?;
        let op = Accept { listener: self.resource.resource() };
        // SAFETY: `Accept` points at no memory, and this call borrows the listener.
        let (accepted, ()) = unsafe { self.resource.operation(op, ()) }.await;
        let (raw, peer) = accepted.map_err(|errno| self.back_off.after(&self.resource, errno))?;
        // By the worker that accepted it: this cannot be without a runtime.
        let resource = super::adopt_accepted(raw, Kind::Stream, Location::caller())
            .map_err(|errno| self.back_off.after_refusal(&self.resource, errno))?;
        Ok((TcpStream { resource }, peer))
    }

    /// The connections, one after another, as a stream of items: what [`accept`](Self::accept) yields, until the runtime is
    /// closed. See [`Incoming`]; with the feature `futures-core` it is a `Stream`.
    ///
    /// # Example
    /// ```
    /// # use bespoke::net::{TcpListener, TcpStream};
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut incoming = listener.into_incoming();
    /// while let Some(accepted) = incoming.next().await {
    ///     let (stream, peer) = accepted?;
    /// #   assert_eq!(peer, client.local_addr()?);
    /// #   drop(stream);
    /// #   break;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn into_incoming(self) -> Incoming<Self, io::Result<(TcpStream<C>, SocketAddr)>>
    where
        C::Driver: Net,
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
    ///
    /// # Example
    /// ```
    /// # use bespoke::net::{TcpListener, TcpStream};
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// println!("listens on {}", listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn local_addr(&self) -> io::Result<SocketAddr>
    where
        C::Driver: Net,
    {
        super::ask(&self.resource, <C::Driver as Sockets>::local_addr)
    }
}

impl<C: Config> fmt::Debug for TcpListener<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpListener").field(&self.resource.raw()).finish()
    }
}
