//! What reads and what writes. Why they are as they are: `docs/decisions/0006-reads-and-writes.md`.

#[cfg(unix)]
use crate::net::UnixStream;
use crate::net::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, Splits, TcpStream, WriteHalf};
use crate::op::Net;
use bespoke_core::config::Config;
use bespoke_core::io::IoBuf;
use core::future::ready;
use std::io;
use std::net::Shutdown;

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

    /// Ends this direction, after all that was written: whoever reads at the other end reads the end.
    ///
    /// # Errors
    /// Those of the implementation; see [`TcpStream::shutdown`].
    ///
    /// # Cancel safety
    /// Cancel safe: it is called again.
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send;
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
