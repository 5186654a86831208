//! The halves of a stream: one reads, one writes.

use super::futures::{Read, ReadInto, Write, WriteAll};
use super::vectored::{ReadVectored, WriteVectored};
use super::{TcpStream, io_error};
use crate::op::{Interrupted, Net, Recv, Sockets, Taken};
use bespoke_core::config::Config;
use bespoke_core::driver::{OwnedResource, Submit};
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut, IoBufs};
use bespoke_core::roles::Driver;
use core::fmt;
use std::io;
use std::net::Shutdown;
use std::sync::Arc;

/// The half of a stream that reads; borrows the stream. See [`TcpStream::split`].
pub struct ReadHalf<'a, C: Config> {
    resource: &'a OwnedResource<C>,
}

/// The half of a stream that writes; borrows the stream. See [`TcpStream::split`].
pub struct WriteHalf<'a, C: Config> {
    resource: &'a OwnedResource<C>,
}

/// The half of a stream that reads; owns the stream with the other half. See [`TcpStream::into_split`].
pub struct OwnedReadHalf<C: Config> {
    resource: Arc<OwnedResource<C>>,
}

/// The half of a stream that writes; owns the stream with the other half. Dropping it ends this direction: the peer reads
/// the end of the stream. See [`TcpStream::into_split`].
pub struct OwnedWriteHalf<C: Config> {
    resource: Arc<OwnedResource<C>>,
    /// Leave the direction open when dropped.
    forget: bool,
}

pub(super) fn borrow<C: Config>(resource: &OwnedResource<C>) -> (ReadHalf<'_, C>, WriteHalf<'_, C>) {
    (ReadHalf { resource }, WriteHalf { resource })
}

pub(super) fn own<C: Config>(resource: OwnedResource<C>) -> (OwnedReadHalf<C>, OwnedWriteHalf<C>) {
    let resource = Arc::new(resource);
    (OwnedReadHalf { resource: resource.clone() }, OwnedWriteHalf { resource, forget: false })
}

pub(super) async fn read_exact<C: Config>(resource: &OwnedResource<C>, buffer: &mut [u8]) -> io::Result<()>
where
    C::Driver: Submit<Recv>,
{
    let mut filled = 0;
    while filled < buffer.len() {
        match Read::new(resource, &mut buffer[filled..], false).await? {
            0 => {
                let why = std::format!("the stream ended after {filled} of {} bytes", buffer.len());
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
            }
            n => filled += n,
        }
    }
    Ok(())
}

macro_rules! reads {
    ([$($life:lifetime)?] $half:ident) => {
        impl<$($life,)? C: Config> $half<$($life,)? C> {
            /// As [`TcpStream::read`].
            ///
            /// # Errors
            /// As there.
            ///
            /// # Cancel safety
            /// As there.
            #[inline]
            pub fn read<'b>(&'b mut self, buffer: &'b mut [u8]) -> Read<'b, C>
            where
                C::Driver: Net,
            {
                Read::new(&self.resource, buffer, false)
            }

            /// As [`TcpStream::read_into`].
            ///
            /// # Errors
            /// As there.
            ///
            /// # Cancel safety
            /// As there.
            #[inline]
            pub fn read_into<B: IoBufMut>(&mut self, buffer: B) -> ReadInto<'_, C, B>
            where
                C::Driver: Net,
            {
                ReadInto::new(&self.resource, buffer)
            }

            /// As [`TcpStream::read_vectored`].
            ///
            /// # Errors
            /// As there.
            ///
            /// # Cancel safety
            /// As there.
            #[inline]
            pub fn read_vectored<'b>(&'b mut self, buffers: &'b mut [io::IoSliceMut<'_>]) -> ReadVectored<'b, C>
            where
                C::Driver: Net,
            {
                ReadVectored::new(&self.resource, buffers)
            }

            /// As [`TcpStream::read_exact`].
            ///
            /// # Errors
            /// As there.
            ///
            /// # Cancel safety
            /// As there: not cancel safe.
            pub async fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()>
            where
                C::Driver: Net,
            {
                read_exact(&self.resource, buffer).await
            }
        }
    };
}

macro_rules! writes {
    ([$($life:lifetime)?] $half:ident) => {
        impl<$($life,)? C: Config> $half<$($life,)? C> {
            /// As [`TcpStream::write`].
            ///
            /// # Errors
            /// As there.
            ///
            /// # Cancel safety
            /// As there.
            #[inline]
            pub fn write<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> Write<'_, C, B>
            where
                C::Driver: Net,
            {
                Write::new(&self.resource, buffer.into_io_buf())
            }

            /// As [`TcpStream::write_vectored`].
            ///
            /// # Errors
            /// As there.
            ///
            /// # Cancel safety
            /// As there.
            #[inline]
            pub fn write_vectored<L: IoBufs>(&mut self, buffers: L) -> WriteVectored<'_, C, L>
            where
                C::Driver: Net,
            {
                WriteVectored::new(&self.resource, buffers)
            }

            /// As [`TcpStream::write_all`].
            ///
            /// # Errors
            /// As there.
            ///
            /// # Cancel safety
            /// As there.
            #[inline]
            pub fn write_all<B: IoBuf>(&mut self, buffer: impl IntoIoBuf<Buf = B>) -> WriteAll<'_, C, B>
            where
                C::Driver: Net,
            {
                WriteAll::new(&self.resource, buffer.into_io_buf())
            }

            /// As [`TcpStream::take_interrupted`].
            pub async fn take_interrupted(&mut self) -> Option<Taken>
            where
                C::Driver: Net,
            {
                let op = Interrupted { stream: self.resource.resource() };
                // SAFETY: points at no memory, and this call borrows the half.
                unsafe { self.resource.operation(op, ()) }.await.0
            }

            /// Ends this direction: the peer reads the end of the stream.
            ///
            /// # Errors
            /// What `shutdown(2)` says; when the runtime is closed.
            pub fn shutdown(&self) -> io::Result<()>
            where
                C::Driver: Net,
            {
                self.resource.check_open().map_err(io_error)?;
                <C::Driver as Sockets>::shutdown(self.resource.raw(), Shutdown::Write).map_err(io_error)
            }
        }
    };
}

reads!(['a] ReadHalf);
reads!([] OwnedReadHalf);
writes!(['a] WriteHalf);
writes!([] OwnedWriteHalf);

impl<C: Config> OwnedReadHalf<C> {
    /// Puts the two halves of one stream together again.
    ///
    /// # Errors
    /// Both halves, if they are of two streams.
    pub fn reunite(self, mut write: OwnedWriteHalf<C>) -> Result<TcpStream<C>, ReuniteError<C>> {
        if !Arc::ptr_eq(&self.resource, &write.resource) {
            return Err(ReuniteError(self, write));
        }
        write.forget = true;
        drop(write);
        match Arc::try_unwrap(self.resource) {
            Ok(resource) => Ok(TcpStream::from_resource(resource)),
            Err(_) => unreachable!("a stream has two halves, and one is dropped"),
        }
    }
}

impl<C: Config> Drop for OwnedWriteHalf<C> {
    fn drop(&mut self) {
        if !self.forget && self.resource.check_open().is_ok() {
            <C::Driver as Driver>::end_writes(self.resource.raw());
        }
    }
}

/// The halves were of two streams.
pub struct ReuniteError<C: Config>(pub OwnedReadHalf<C>, pub OwnedWriteHalf<C>);

impl<C: Config> fmt::Display for ReuniteError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves are not of the same stream")
    }
}

impl<C: Config> core::error::Error for ReuniteError<C> {}

impl<C: Config> fmt::Debug for ReuniteError<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReuniteError(..)")
    }
}

macro_rules! debugs {
    ($([$($life:lifetime)?] $half:ident)*) => { $(
        impl<$($life,)? C: Config> fmt::Debug for $half<$($life,)? C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($half)).field(&self.resource.raw()).finish()
            }
        }
    )* };
}
debugs!(['a] ReadHalf ['a] WriteHalf [] OwnedReadHalf [] OwnedWriteHalf);
