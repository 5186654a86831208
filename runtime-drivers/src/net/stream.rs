//! A TCP connection.

use super::addresses::ToSocketAddrs;
use super::connecting;
use super::futures::{Peek, Read, ReadInto, ReadLease, ReadVectored, Write, WriteAll, WriteVectored};
use super::reading::{read_exact, reader, reading};
use super::split::{self, OwnedReadHalf, OwnedWriteHalf, ReadHalf, WriteHalf};
use super::writing::{take_interrupted, writer, writing};
use crate::op::{Net, Taken};
use bespoke_core::config::Config;
use bespoke_core::driver::{Errno, OwnedResource};
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs};
use bespoke_core::roles::RawResource;
use core::fmt;
use core::panic::Location;
use core::time::Duration;
use std::io::{self, IoSliceMut};

/// A TCP connection. Dropping it closes it; [`shutdown`](Self::shutdown) ends one direction.
///
/// Reads and writes take `&mut self`: one read and one write at a time. [`split`](Self::split) and
/// [`into_split`](Self::into_split) let two tasks read and write at once.
///
/// Where a runtime has several workers, the stream belongs to the one that used it last, and its first use on another one
/// [brings it there](Self::rehome). An operation that is under way stays where it began: two halves are used on one worker, else
/// whoever comes second is told [`ResourceBusy`](io::ErrorKind::ResourceBusy) while the other one waits.
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
    pub(super) resource: OwnedResource<C>,
}

impl<C: Config> TcpStream<C> {
    /// Connects to the first of the addresses that answers.
    ///
    /// Several addresses, of a name or a list, are tried in their order, but those of IPv6 and IPv4 in turn. An attempt has
    /// 250 ms for itself; then the next begins beside it, or at once when one fails. The first connection wins, and the other
    /// attempts are given up: an address that does not answer costs a quarter of a second, and not minutes. That is "Happy
    /// Eyeballs", RFC 8305.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): not an address. [`ConnectionRefused`](io::ErrorKind::ConnectionRefused)
    /// and the other codes of `connect(2)`: a [`ConnectError`](super::ConnectError) is inside, which has those of all the
    /// addresses, and so has the message. A name that is not found.
    ///
    /// # Cancel safety
    /// Cancel safe: what is under way is given up and its sockets closed.
    ///
    /// # Panics
    /// When polled without a runtime of `C` on the thread; the message names the line of this call. A driver whose
    /// operations block needs none, but to look a name up; without one it tries one address after the other.
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
        connecting::connect::<C>(addresses.to_addrs(), Location::caller())
    }

    /// As [`connect`](Self::connect), but gives up when `time` is over, however far it is: with looking a name up, with an
    /// address that does not answer, or with all of them.
    ///
    /// # Errors
    /// As [`connect`](Self::connect); [`TimedOut`](io::ErrorKind::TimedOut), with a [`ConnectError`](super::ConnectError)
    /// that says what has failed until then, and who has not answered.
    ///
    /// # Cancel safety
    /// As [`connect`](Self::connect).
    ///
    /// # Panics
    /// When polled without a runtime of `C` on the thread, on every driver: the time is the runtime's.
    ///
    /// # Example
    /// ```
    /// # use bespoke::net::{TcpListener, TcpStream};
    /// use bespoke::time::Duration;
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// let server = listener.local_addr()?;
    /// let stream = TcpStream::connect_timeout(server, Duration::from_secs(5)).await?;
    /// # assert_eq!(stream.peer_addr()?, server);
    /// # Ok(())
    /// # }
    /// ```
    #[track_caller]
    pub fn connect_timeout(
        addresses: impl ToSocketAddrs,
        time: Duration,
    ) -> impl Future<Output = io::Result<Self>> + Send
    where
        C::Driver: Net,
    {
        connecting::connect_within::<C>(addresses.to_addrs(), time, Location::caller())
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
#[cfg(target_os = "linux")]
super::sending::sending!(TcpStream);

impl<C: Config> fmt::Debug for TcpStream<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpStream").field(&self.resource.raw()).finish()
    }
}
