//! The halves of a stream: one reads, one writes.

use super::TcpStream;
#[cfg(unix)]
use super::UnixStream;
use super::futures::{Peek, Read, ReadInto, ReadLease, ReadVectored, Write, WriteAll, WriteVectored};
#[cfg(unix)]
use super::passing::{receives_fds, sends_fds};
use super::reading::{read_exact, reader, reading};
use super::writing::{take_interrupted, writer, writing};
use crate::op::{Net, Sockets, Taken};
use bespoke_core::config::Config;
use bespoke_core::driver::OwnedResource;
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs};
use bespoke_core::roles::Driver;
use core::fmt;
use core::marker::PhantomData;
use core::net::SocketAddr;
use std::io::{self, IoSliceMut};
use std::net::Shutdown;
use std::sync::Arc;

/// A stream that splits into halves: [`TcpStream`], and on Unix `UnixStream`. The halves name theirs as their last
/// parameter.
pub trait Splits<C: Config>: Send + Sync + sealed::Sealed<C> {}

pub(super) mod sealed {
    use bespoke_core::config::Config;
    use bespoke_core::driver::OwnedResource;

    pub trait Sealed<C: Config> {
        fn resource(&self) -> &OwnedResource<C>;
    }
}

impl<C: Config> Splits<C> for TcpStream<C> {}
impl<C: Config> sealed::Sealed<C> for TcpStream<C> {
    #[inline]
    fn resource(&self) -> &OwnedResource<C> {
        self.resource()
    }
}

/// The half of a stream that reads; borrows the stream. Made by [`TcpStream::split`]; see there.
pub struct ReadHalf<'a, C: Config, T: Splits<C> = TcpStream<C>> {
    stream: &'a T,
    _config: PhantomData<fn() -> C>,
}

/// The half of a stream that writes; borrows the stream. Made by [`TcpStream::split`]; see there.
pub struct WriteHalf<'a, C: Config, T: Splits<C> = TcpStream<C>> {
    stream: &'a T,
    _config: PhantomData<fn() -> C>,
}

/// The half of a stream that reads; owns the stream with the other half. Dropping it ends nothing: what comes stays with the
/// stream. Made by [`TcpStream::into_split`]; see there.
pub struct OwnedReadHalf<C: Config, T: Splits<C> = TcpStream<C>> {
    stream: Arc<T>,
    _config: PhantomData<fn() -> C>,
}

/// The half of a stream that writes; owns the stream with the other half. Dropping it ends this direction: the peer reads
/// the end of the stream. Made by [`TcpStream::into_split`]; see there.
pub struct OwnedWriteHalf<C: Config, T: Splits<C> = TcpStream<C>> {
    stream: Arc<T>,
    /// Leave the direction open when dropped.
    forget: bool,
    _config: PhantomData<fn() -> C>,
}

pub(super) fn borrow<C: Config, T: Splits<C>>(stream: &T) -> (ReadHalf<'_, C, T>, WriteHalf<'_, C, T>) {
    (ReadHalf { stream, _config: PhantomData }, WriteHalf { stream, _config: PhantomData })
}

pub(super) fn own<C: Config, T: Splits<C>>(stream: T) -> (OwnedReadHalf<C, T>, OwnedWriteHalf<C, T>) {
    let stream = Arc::new(stream);
    (
        OwnedReadHalf { stream: stream.clone(), _config: PhantomData },
        OwnedWriteHalf { stream, forget: false, _config: PhantomData },
    )
}

/// What the four halves do alike. `$made` makes a `half` of `client` in the example.
macro_rules! half {
    ($name:ident $(<$life:lifetime>)?, $made:literal) => {
        impl<$($life,)? C: Config, T: Splits<C>> $name<$($life,)? C, T> {
            /// The whole stream, for what is neither a read nor a write: its options, its addresses, its
            /// [`shutdown`](TcpStream::shutdown).
            ///
            /// # Example
            #[doc = connected!()]
            #[doc = $made]
            /// half.stream().set_nodelay(true)?;
            /// assert!(half.stream().nodelay()?);
            /// # Ok(())
            /// # }
            /// ```
            #[must_use]
            pub fn stream(&self) -> &T {
                &self.stream
            }

            #[inline]
            pub(super) fn resource(&self) -> &OwnedResource<C> {
                self.stream.resource()
            }
        }

        /// Of TCP; those of other streams are asked of the whole [`stream`](Self::stream).
        impl<$($life,)? C: Config> $name<$($life,)? C> {
            /// The address of this end. [`TcpStream::local_addr`].
            ///
            /// # Errors
            /// What `getsockname(2)` says; [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
            pub fn local_addr(&self) -> io::Result<SocketAddr>
            where
                C::Driver: Net,
            {
                self.stream.local_addr()
            }

            /// The address of the peer. [`TcpStream::peer_addr`].
            ///
            /// # Errors
            /// What `getpeername(2)` says; [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
            pub fn peer_addr(&self) -> io::Result<SocketAddr>
            where
                C::Driver: Net,
            {
                self.stream.peer_addr()
            }

        }

        impl<$($life,)? C: Config, T: Splits<C>> fmt::Debug for $name<$($life,)? C, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.resource().raw()).finish()
            }
        }
    };
}

/// What a stream does by [`TcpStream::shutdown`], which names the direction.
macro_rules! ending {
    ($name:ident $(<$life:lifetime>)?) => {
        impl<$($life,)? C: Config, T: Splits<C>> $name<$($life,)? C, T> {
            /// Ends this direction: the peer reads the end of the stream. Does not wait: the system sends what was written
            /// first. `shutdown(2)`.
            ///
            /// # Errors
            /// What `shutdown(2)` says: [`NotConnected`](io::ErrorKind::NotConnected), say.
            /// [`BrokenPipe`](io::ErrorKind::BrokenPipe) when the runtime is closed.
            ///
            /// # Example
            #[doc = connected!()]
            #[doc = writer!($name)]
            /// writer.write_all("tea").await.0?;
            /// writer.shutdown()?;
            /// let mut got = [0; 8];
            /// assert_eq!(peer.read(&mut got).await?, 3);
            /// assert_eq!(peer.read(&mut got).await?, 0); // the end
            /// # Ok(())
            /// # }
            /// ```
            pub fn shutdown(&self) -> io::Result<()>
            where
                C::Driver: Net,
            {
                super::ask(self.resource(), |raw| <C::Driver as Sockets>::shutdown(raw, Shutdown::Write))
            }
        }
    };
}

half!(ReadHalf<'a>, "let (half, _) = client.split();");
half!(OwnedReadHalf, "let (half, _writer) = client.into_split();");
half!(WriteHalf<'a>, "let (_, half) = client.split();");
half!(OwnedWriteHalf, "let (_reader, half) = client.into_split();");

reading!(ReadHalf<'a> of T);
reading!(OwnedReadHalf of T);
writing!(WriteHalf<'a> of T);
writing!(OwnedWriteHalf of T);
#[cfg(target_os = "linux")]
super::sending::sending!(WriteHalf<'a> of T);
#[cfg(target_os = "linux")]
super::sending::sending!(OwnedWriteHalf of T);
#[cfg(unix)]
receives_fds!(ReadHalf<'a> of UnixStream);
#[cfg(unix)]
receives_fds!(OwnedReadHalf of UnixStream);
#[cfg(unix)]
sends_fds!(WriteHalf<'a> of UnixStream);
#[cfg(unix)]
sends_fds!(OwnedWriteHalf of UnixStream);
ending!(WriteHalf<'a>);
ending!(OwnedWriteHalf);

impl<C: Config, T: Splits<C>> OwnedReadHalf<C, T> {
    /// Puts the two halves of one stream together again.
    ///
    /// # Errors
    /// [`ReuniteError`]: they are of two streams; it gives both back.
    ///
    /// # Example
    #[doc = connected!()]
    /// let (reader, writer) = client.into_split();
    /// let mut stream = reader.reunite(writer).expect("halves of one stream");
    /// stream.write_all("tea").await.0?; // nothing was ended
    /// # assert_eq!(peer.read(&mut [0; 8]).await?, 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, mut write: OwnedWriteHalf<C, T>) -> Result<T, ReuniteError<C, T>> {
        if !Arc::ptr_eq(&self.stream, &write.stream) {
            return Err(ReuniteError(self, write));
        }
        write.forget = true;
        drop(write);
        match Arc::try_unwrap(self.stream) {
            Ok(stream) => Ok(stream),
            Err(_) => unreachable!("a stream has two halves, and one is dropped"),
        }
    }
}

impl<C: Config, T: Splits<C>> Drop for OwnedWriteHalf<C, T> {
    fn drop(&mut self) {
        if !self.forget {
            // A runtime that is closed has ended both directions.
            let _ = self.resource().while_open(<C::Driver as Driver>::end_writes);
        }
    }
}

/// The halves were of two streams. Made by [`OwnedReadHalf::reunite`]; holds both halves, unharmed.
pub struct ReuniteError<C: Config, T: Splits<C> = TcpStream<C>>(pub OwnedReadHalf<C, T>, pub OwnedWriteHalf<C, T>);

impl<C: Config, T: Splits<C>> fmt::Display for ReuniteError<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of the same stream")
    }
}

impl<C: Config, T: Splits<C>> core::error::Error for ReuniteError<C, T> {}

impl<C: Config, T: Splits<C>> fmt::Debug for ReuniteError<C, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReuniteError(..)")
    }
}
