//! The traits of tokio.

use super::super::lends::lends;
use super::super::{Duplex, PollFile, PollReader, PollStream, PollWriter, Reads, Seeks, Writes};
use super::foreign;
use bespoke_core::io::IoBuf;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io::{self, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite, ReadBuf};

macro_rules! reads {
    ($name:ident<$($part:ident: $bound:ident $(+ $more:ident)*),*>) => {
        impl<$($part: $bound $(+ $more)* + 'static),*> AsyncRead for $name<$($part),*> {
            fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
                if to.remaining() == 0 {
                    return Poll::Ready(Ok(()));
                }
                // Not through a slice: `to` need not be initialised.
                let this = self.get_mut();
                let there = ready!($name::poll_fill_buf(this, cx))?;
                let taken = there.len().min(to.remaining());
                to.put_slice(&there[..taken]);
                $name::consume(this, taken);
                Poll::Ready(Ok(()))
            }
        }

        impl<$($part: $bound $(+ $more)* + 'static),*> AsyncBufRead for $name<$($part),*> {
            fn poll_fill_buf(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
                $name::poll_fill_buf(self.get_mut(), cx)
            }
            fn consume(self: Pin<&mut Self>, bytes: usize) {
                $name::consume(self.get_mut(), bytes);
            }
        }
    };
}
reads!(PollReader<R: Reads>);
reads!(PollStream<R: Reads, W: Writes>);
reads!(PollFile<F: Reads + Writes + Seeks>);

macro_rules! writes {
    ($name:ident<$($part:ident: $bound:ident $(+ $more:ident)*),*>) => {
        impl<$($part: $bound $(+ $more)* + 'static),*> AsyncWrite for $name<$($part),*> {
            fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
                $name::poll_write(self.get_mut(), cx, from)
            }
            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                $name::poll_flush(self.get_mut(), cx)
            }
            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                $name::poll_close(self.get_mut(), cx)
            }
        }
    };
}
writes!(PollWriter<W: Writes>);
writes!(PollStream<R: Reads, W: Writes>);
writes!(PollFile<F: Reads + Writes + Seeks>);

impl<F: Reads + Writes + Seeks + 'static> AsyncSeek for PollFile<F> {
    fn start_seek(self: Pin<&mut Self>, to: SeekFrom) -> io::Result<()> {
        self.get_mut().begin_seek(to)
    }
    fn poll_complete(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        self.get_mut().poll_sought(cx)
    }
}

impl<T: AsyncSeek + Unpin + Send> Seeks for FromTokio<T> {
    async fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let file = self.get_mut();
        // One that nobody waited for: theirs may refuse another until it is over.
        poll_fn(|cx| Pin::new(&mut *file).poll_complete(cx)).await?;
        Pin::new(&mut *file).start_seek(to)?;
        poll_fn(|cx| Pin::new(&mut *file).poll_complete(cx)).await
    }
}

foreign! {
    /// A stream of tokio's traits as ours: [`Reads`] where it reads, [`Writes`] where it writes, [`Duplex`] where it does both.
    FromTokio, FromTokioHalf, AsyncRead, AsyncWrite,
    read: |of, cx, to| {
        let mut to = ReadBuf::new(to);
        ready!(of.poll_read(cx, &mut to))?;
        Poll::Ready(Ok(to.filled().len()))
    },
    write: |of, cx, from| of.poll_write(cx, from),
    flush: AsyncWrite::poll_flush,
    close: AsyncWrite::poll_shutdown,
}
