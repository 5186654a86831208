//! A TCP connection.

use super::addresses::{ToSocketAddrs, first_of};
use super::futures::{Peek, Read, ReadInto, ReadLease, ReadVectored, Write, WriteAll, WriteVectored};
use super::io_error;
use super::reading::{read_exact, reader, reading};
use super::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use super::writing::{take_interrupted, writer, writing};
use crate::op::{Connect, Net, Sockets, Taken};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::error::in_context;
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs};
use bespoke_core::roles::{Kind, RawResource};
use core::fmt;
use core::net::SocketAddr;
use core::panic::Location;
use std::io::{self, IoSliceMut};

/// A TCP connection. Dropping it closes it; [`shutdown`](Self::shutdown) ends one direction.
///
/// Reads and writes take `&mut self`: one read and one write at a time. [`split`](Self::split) and
/// [`into_split`](Self::into_split) let two tasks read and write at once.
///
/// # Example
/// ```
/// # use bespoke::net::{TcpListener, TcpStream};
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let address = listener.local_addr()?;
/// # bespoke::spawn(async move {
/// #     let (mut stream, _) = listener.accept().await?;
/// #     while stream.read(&mut [0; 64]).await? > 0 {}
/// #     stream.write_all("hello, too").await.0
/// # });
/// let mut stream = TcpStream::connect(address).await?;
/// stream.write_all("hello").await.0?;
/// stream.shutdown(std::net::Shutdown::Write)?; // the peer reads the end
///
/// let mut answer = vec![0; 64];
/// let n = stream.read(&mut answer).await?;
/// assert_eq!(&answer[..n], b"hello, too");
/// # Ok(())
/// # }
/// ```
pub struct TcpStream<C: Config> {
    resource: OwnedResource<C>,
}

impl<C: Config> TcpStream<C> {
    pub(super) fn adopt(raw: RawResource, kind: Kind, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Net,
    {
        super::adopt(raw, kind, at).map(|resource| TcpStream { resource }).map_err(io_error)
    }

    /// Connects to the first of the addresses that answers.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not an address. [`ConnectionRefused`](io::ErrorKind::ConnectionRefused)
    /// and the other codes of `connect(2)`; the message names the address. A name that is not found.
    ///
    /// # Cancel safety
    /// Cancel safe: a connection under way is given up and its socket closed.
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
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let stream = TcpStream::connect(listener.local_addr()?).await?; // or "example.org:80", or ("example.org", 80)
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    ///
    /// let error = TcpStream::connect("nowhere").await.unwrap_err();
    /// assert_eq!(error.to_string(), "\"nowhere\" is not an address: write `host:port`, for example `127.0.0.1:8080`");
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect(addresses: impl ToSocketAddrs) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Net,
    {
        let (found, at) = (addresses.to_addrs(), Location::caller());
        first_of::<C, _, _>(found, at, move |address| Self::connect_to(address, at))
    }

    async fn connect_to(address: SocketAddr, at: &'static Location<'static>) -> io::Result<Self>
    where
        C::Driver: Net,
    {
        let told = |errno: Errno| {
            let error = io_error(errno);
            in_context(error, format_args!("cannot connect to {address}"))
        };
        let raw = <C::Driver as Sockets>::socket(address).map_err(told)?;
        let stream = Self::adopt(raw, Kind::Unconnected, at)?;
        let op = Connect { socket: stream.resource.resource(), address };
        // SAFETY: `Connect` points at no memory, and the stream outlives the operation.
        let (connected, ()) = unsafe { stream.resource.operation(op, ()) }.await;
        connected.map_err(told)?;
        Ok(stream)
    }

    /// Two halves that borrow the stream: one reads while the other writes, in one task. Dropping them ends nothing.
    ///
    /// # Example
    #[doc = connected!()]
    /// let (mut reader, mut writer) = client.split();
    /// writer.write_all("2 + 2").await.0?;
    /// # peer.write_all("4").await.0?;
    /// let mut answer = [0; 1];
    /// reader.read_exact(&mut answer).await?;
    /// client.write_all("thanks").await.0?; // the stream is whole again
    /// # Ok(())
    /// # }
    /// ```
    pub fn split(&mut self) -> (ReadHalf<'_, C>, WriteHalf<'_, C>) {
        split::borrow(self)
    }

    /// Two halves that own the stream together: for two tasks. Dropping the write half ends that direction; dropping both
    /// closes the stream. One allocation. [`reunite`](OwnedReadHalf::reunite) makes one of the two again.
    ///
    /// # Example
    #[doc = connected!()]
    /// let (mut reader, mut writer) = client.into_split();
    /// let written = bespoke::spawn(async move {
    ///     writer.write_all("tea").await.0 // dropped with the task: the peer reads the end
    /// });
    /// let mut got = [0; 8];
    /// assert_eq!(peer.read(&mut got).await?, 3);
    /// assert_eq!(peer.read(&mut got).await?, 0);
    ///
    /// peer.write_all("biscuit").await.0?; // the other direction is still open
    /// assert_eq!(reader.read(&mut got).await?, 7);
    /// written.await??;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_split(self) -> (OwnedReadHalf<C>, OwnedWriteHalf<C>) {
        split::own(self)
    }

    #[inline]
    pub(super) fn resource(&self) -> &OwnedResource<C> {
        &self.resource
    }

    /// Asks the driver's sockets for something that does not wait.
    pub(super) fn ask<R>(&self, call: impl FnOnce(RawResource) -> Result<R, Errno>) -> io::Result<R> {
        super::ask(&self.resource, call)
    }
}

reading!(TcpStream);
writing!(TcpStream);

impl<C: Config> fmt::Debug for TcpStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpStream").field(&self.resource.raw()).finish()
    }
}
