//! Reading: each method is written once, with its contract, for the stream and the halves that read.

use super::futures::Read;
use crate::op::Recv;
use bespoke_core::config::Config;
use bespoke_core::driver::{OwnedResource, Submit};
use std::io;

/// How an example makes a `reader` of `client`.
macro_rules! reader {
    (UnixStream) => {
        "# let mut reader = client;"
    };
    (TcpStream) => {
        "# let mut reader = client;"
    };
    (ReadHalf) => {
        "let (mut reader, _) = client.split();"
    };
    (OwnedReadHalf) => {
        "let (mut reader, _writer) = client.into_split();"
    };
}
pub(super) use reader;

/// The methods of a type that has a `resource()`.
macro_rules! reading {
    ($name:ident $(<$life:lifetime>)? $(of $stream:ident)?) => {
        impl<$($life,)? C: Config $(, $stream: Splits<C>)?> $name<$($life,)? C $(, $stream)?> {
            /// Reads what has come, at most as much as the buffer holds. 0: the peer has ended its direction, or the buffer
            /// is empty.
            ///
            /// # Errors
            /// What `recv(2)` says: [`ConnectionReset`](std::io::ErrorKind::ConnectionReset), say.
            ///
            /// # Cancel safety
            /// Cancel safe, lossless, and free to drop: bytes that nobody took stay for the next read.
            ///
            /// # Example
            #[doc = connected!($name)]
            /// # peer.write_all("tea").await.0?;
            #[doc = reader!($name)]
            /// let mut buffer = [0; 64];
            /// let n = reader.read(&mut buffer).await?;
            /// assert_eq!(&buffer[..n], b"tea");
            ///
            /// drop(peer);
            /// assert_eq!(reader.read(&mut buffer).await?, 0); // the end
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn read<'r>(&'r mut self, buffer: &'r mut [u8]) -> Read<'r, C>
            where
                C::Driver: Net,
            {
                Read::new(self.resource(), buffer, false)
            }

            /// As [`read`](Self::read), but leaves the bytes for the next read.
            ///
            /// # Errors
            /// As [`read`](Self::read).
            ///
            /// # Cancel safety
            /// As [`read`](Self::read).
            ///
            /// # Example
            #[doc = connected!($name)]
            /// # peer.write_all("tea").await.0?;
            #[doc = reader!($name)]
            /// let mut first = [0; 1];
            /// reader.peek(&mut first).await?;
            /// reader.read(&mut first).await?; // the same byte
            /// assert_eq!(&first, b"t");
            /// # Ok(())
            /// # }
            /// ```
            pub fn peek<'r>(&'r mut self, buffer: &'r mut [u8]) -> Peek<'r, C>
            where
                C::Driver: Net,
            {
                Read::new(self.resource(), buffer, true)
            }

            /// Reads what has come into a buffer that it owns, from its beginning, at most its whole capacity: a `Vec` needs
            /// no zeroes, and is as long afterwards as what was read. Yields how much, and the buffer. 0: the peer has ended
            /// its direction, or the buffer has no capacity.
            ///
            /// # Errors
            /// As [`read`](Self::read); the buffer comes back as it was.
            ///
            /// # Cancel safety
            /// Cancel safe and lossless: bytes that nobody took stay for the next read. The buffer goes with the future.
            ///
            /// # Example
            #[doc = connected!($name)]
            /// # peer.write_all("tea").await.0?;
            #[doc = reader!($name)]
            /// let (read, buffer) = reader.read_into(Vec::with_capacity(4096)).await;
            /// assert_eq!((read?, &*buffer), (3, &b"tea"[..]));
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn read_into<B: IoBufMut>(&mut self, buffer: B) -> ReadInto<'_, C, B>
            where
                C::Driver: Net,
            {
                ReadInto::new(self.resource(), buffer)
            }

            /// Reads what has come, in a buffer that the driver lends, which goes home when the
            /// [`Lease`](bespoke_core::driver::Lease) is dropped. Empty: the peer has ended its direction. A lease is a buffer to
            /// write from: `write_all(lease)` copies nothing.
            ///
            /// A stream that waits holds no buffer, unless the driver blocks: it is taken when bytes are there. A lease holds
            /// at most [`LEASE_BYTES`](bespoke_core::roles::Driver::LEASE_BYTES) of the driver, 4096 for those of this crate.
            /// The driver keeps what came home for the next leases; a driver without state allocates and frees each.
            ///
            /// # Errors
            /// As [`read`](Self::read); [`OutOfMemory`](std::io::ErrorKind::OutOfMemory) without a buffer, and then the bytes
            /// stay.
            ///
            /// # Cancel safety
            /// As [`read`](Self::read).
            ///
            /// # Example
            #[doc = connected!($name)]
            /// # peer.write_all("tea").await.0?;
            #[doc = reader!($name)]
            /// let lease = reader.read_lease().await?;
            /// assert_eq!(&*lease, b"tea");
            /// peer.write_all(lease).await.0?; // to another stream: no copy
            ///
            /// drop(peer);
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn read_lease(&mut self) -> ReadLease<'_, C>
            where
                C::Driver: Net,
            {
                ReadLease::new(self.resource())
            }

            /// As [`read`](Self::read), into several buffers: each is filled before the next. One call uses the first 1024
            /// of them. `recvmsg(2)`.
            ///
            /// # Errors
            /// As [`read`](Self::read).
            ///
            /// # Cancel safety
            /// As [`read`](Self::read).
            ///
            /// # Example
            #[doc = connected!($name)]
            /// # peer.write_all("3:tea").await.0?;
            #[doc = reader!($name)]
            /// let (mut head, mut body) = ([0; 2], [0; 64]);
            /// let mut parts = [std::io::IoSliceMut::new(&mut head), std::io::IoSliceMut::new(&mut body)];
            /// let n = reader.read_vectored(&mut parts).await?;
            /// assert_eq!((&head, &body[..n - 2]), (b"3:", &b"tea"[..]));
            /// # Ok(())
            /// # }
            /// ```
            #[inline]
            pub fn read_vectored<'r>(&'r mut self, buffers: &'r mut [IoSliceMut<'_>]) -> ReadVectored<'r, C>
            where
                C::Driver: Net,
            {
                ReadVectored::new(self.resource(), buffers)
            }

            /// Reads until the buffer is full.
            ///
            /// # Errors
            /// [`UnexpectedEof`](std::io::ErrorKind::UnexpectedEof) when the peer ends before; as [`read`](Self::read) else.
            ///
            /// # Cancel safety
            /// **Not** cancel safe: how much of the buffer was filled is lost with the future.
            ///
            /// # Example
            #[doc = connected!($name)]
            /// # peer.write_all("tea for two").await.0?;
            #[doc = reader!($name)]
            /// let mut head = [0; 3];
            /// reader.read_exact(&mut head).await?;
            /// assert_eq!(&head, b"tea");
            /// # Ok(())
            /// # }
            /// ```
            pub async fn read_exact(&mut self, buffer: &mut [u8]) -> io::Result<()>
            where
                C::Driver: Net,
            {
                read_exact(self.resource(), buffer).await
            }
        }
    };
}
pub(super) use reading;

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
