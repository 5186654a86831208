//! What reads and what writes. Why they are as they are: `docs/decisions/0006-reads-and-writes.md`.

use super::combined::{Chain, Take};
use super::to_end;
#[cfg(unix)]
use crate::net::UnixStream;
use crate::net::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, Splits, TcpStream, WriteHalf};
use crate::op::Net;
use bespoke_core::config::Config;
use bespoke_core::io::IoBuf;
use core::future::ready;
use std::io::{self, SeekFrom};
use std::net::Shutdown;
use std::string::String;
use std::vec::Vec;

/// Something that bytes are read from. Open: a layer of one's own (encryption, a limit, a test's script) implements it.
///
/// The future is `Send`, so that code which is generic over the reader can be spawned on any scheduler.
pub trait Reads: Send {
    /// Reads what has come, at most as much as the buffer holds. 0: the end, or the buffer is empty.
    ///
    /// # Errors
    /// Those of the implementation; see [`TcpStream::read`].
    ///
    /// # Cancel safety
    /// Implementers promise: cancel safe and lossless. A dropped read has taken no byte.
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;

    /// Reads until the buffer is full.
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the end comes before; as [`read`](Self::read).
    ///
    /// # Cancel safety
    /// **Not** cancel safe: how much of the buffer was filled is lost with the future.
    fn read_exact<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<()>> + Send {
        to_end::read_exact(self, buffer)
    }

    /// Appends all that comes until the end to `to`. Yields how many bytes that were.
    ///
    /// Nothing bounds it: from a peer that is not trusted, [`take`](Self::take) a part. What `to` has room for is read without
    /// growing it.
    ///
    /// # Errors
    /// As [`read`](Self::read); what was read before is in `to`. [`OutOfMemory`](io::ErrorKind::OutOfMemory): so are all but the
    /// last bytes, 32 at most.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: what was read is in `to`, and a second call goes on.
    ///
    /// # Example
    /// ```
    /// use bespoke::io::{Reads, repeat};
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// let mut head = Vec::new();
    /// assert_eq!(repeat(b'.').take(1000).read_to_end(&mut head).await?, 1000);
    /// assert_eq!(head, [b'.'; 1000]);
    /// # Ok(())
    /// # }
    /// ```
    fn read_to_end<'a>(&'a mut self, to: &'a mut Vec<u8>) -> impl Future<Output = io::Result<usize>> + Send {
        to_end::read_to_end(self, to)
    }

    /// Appends all that comes until the end to `to`, which is text. Yields how many bytes that were. As bounded as
    /// [`read_to_end`](Self::read_to_end).
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData) if it is not UTF-8; as [`read_to_end`](Self::read_to_end). `to` is then as it
    /// was, and what was read is lost.
    ///
    /// # Cancel safety
    /// **Not** cancel safe: what was read is lost with the future, and `to` is as it was.
    fn read_to_string<'a>(&'a mut self, to: &'a mut String) -> impl Future<Output = io::Result<usize>> + Send {
        to_end::read_to_string(self, to)
    }

    /// A reader that ends after `bytes`, at the latest. `&mut reader` stays usable after it.
    fn take(self, bytes: u64) -> Take<Self>
    where
        Self: Sized,
    {
        Take::new(self, bytes)
    }

    /// A reader that goes on with `next` when this one ends.
    ///
    /// ```
    /// use bespoke::io::Reads;
    ///
    /// # #[bespoke::main]
    /// # async fn main() -> std::io::Result<()> {
    /// # let stream = &b"more"[..];
    /// let seen = b"looked at, and "; // before it was clear who should read it
    /// let mut text = String::new();
    /// seen.as_slice().chain(stream).read_to_string(&mut text).await?;
    /// assert_eq!(text, "looked at, and more");
    /// # Ok(())
    /// # }
    /// ```
    fn chain<R: Reads>(self, next: R) -> Chain<Self, R>
    where
        Self: Sized,
    {
        Chain::new(self, next)
    }
}

/// Something that bytes are written to. Open, as [`Reads`] is; the futures are `Send`, too.
pub trait Writes: Send {
    /// Writes some of the buffer, at least one byte unless it is empty. Yields how much, and the buffer.
    ///
    /// # Errors
    /// Those of the implementation; see [`TcpStream::write`].
    ///
    /// # Cancel safety
    /// Implementers promise: what was taken of the buffer is its beginning, and is on its way in order. How much that was
    /// may be lost with the future.
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send;

    /// Writes the whole buffer. Yields the buffer.
    ///
    /// # Errors
    /// As [`write`](Self::write); [`WriteZero`](io::ErrorKind::WriteZero) when that takes nothing.
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
        async move {
            let (mut buffer, mut done) = (buffer, 0);
            while done < buffer.len() {
                let (written, rest) = self.write(buffer.slice(done..)).await;
                buffer = rest.into_inner();
                match written {
                    Ok(0) => {
                        let why =
                            std::format!("write_all: the writer took {done} of {} bytes and no more", buffer.len());
                        return (Err(io::Error::new(io::ErrorKind::WriteZero, why)), buffer);
                    }
                    Ok(n) => done += n,
                    Err(error) => return (Err(error), buffer),
                }
            }
            (Ok(()), buffer)
        }
    }

    /// Sends on what the writer keeps back, as one with a buffer does. By default nothing: most writers keep nothing.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        ready(Ok(()))
    }

    /// Ends this direction, after all that was written: whoever reads at the other end reads the end.
    ///
    /// # Errors
    /// Those of the implementation; see [`TcpStream::shutdown`].
    ///
    /// # Cancel safety
    /// Cancel safe: it is called again.
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send;
}

/// Something with a cursor that can be moved: a file. Open, as [`Reads`] is; the future is `Send`, too.
pub trait Seeks: Send {
    /// Moves the cursor, at which reads and writes go on. Yields where it is, from the beginning.
    ///
    /// # Errors
    /// [`InvalidInput`](io::ErrorKind::InvalidInput): there is no such position.
    /// [`NotSeekable`](io::ErrorKind::NotSeekable): a pipe, a terminal. Those of the implementation; see `File::seek`.
    ///
    /// # Cancel safety
    /// Implementers promise: a dropped seek has moved the cursor, or not; it can be asked for again.
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = io::Result<u64>> + Send;
}

impl<S: Seeks> Seeks for &mut S {
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = io::Result<u64>> + Send {
        (**self).seek(to)
    }
}

impl<R: Reads> Reads for &mut R {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        (**self).read(buffer)
    }
}

impl<W: Writes> Writes for &mut W {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        (**self).write(buffer)
    }
    fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
        (**self).write_all(buffer)
    }
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        (**self).flush()
    }
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        (**self).end_writes()
    }
}

macro_rules! reads {
    ($([$($life:lifetime)?] $half:ident $(of $stream:ident)?),*) => { $(
        impl<$($life,)? C: Config $(, $stream: Splits<C>)?> Reads for $half<$($life,)? C $(, $stream)?>
        where
            C::Driver: Net,
        {
            #[inline]
            fn read<'r>(&'r mut self, buffer: &'r mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
                $half::read(self, buffer)
            }
        }
    )* };
}

macro_rules! writes {
    ($([$($life:lifetime)?] $half:ident $(of $stream:ident)?, |$this:ident| $end:expr);* $(;)?) => { $(
        impl<$($life,)? C: Config $(, $stream: Splits<C>)?> Writes for $half<$($life,)? C $(, $stream)?>
        where
            C::Driver: Net,
        {
            #[inline]
            fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
                $half::write(self, buffer)
            }
            #[inline]
            fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
                $half::write_all(self, buffer)
            }
            fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
                let $this = self;
                ready($end)
            }
        }
    )* };
}

reads!([] TcpStream, ['a] ReadHalf of T, [] OwnedReadHalf of T);
#[cfg(unix)]
reads!([] UnixStream);
#[cfg(unix)]
writes!([] UnixStream, |this| this.shutdown(Shutdown::Write));
writes!(
    [] TcpStream, |this| this.shutdown(Shutdown::Write);
    ['a] WriteHalf of T, |this| this.shutdown();
    [] OwnedWriteHalf of T, |this| this.shutdown();
);
