//! The traits of futures-io.

use super::super::lends::lends;
use super::super::{Duplex, PollFile, PollReader, PollStream, PollWriter, Reads, Seeks, Writes};
use super::foreign;
use bespoke_core::io::IoBuf;
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use futures_io::{AsyncBufRead, AsyncRead, AsyncSeek, AsyncWrite};
use std::io::{self, SeekFrom};
use std::sync::{Mutex, MutexGuard, PoisonError};

macro_rules! reads {
    ($name:ident<$($part:ident: $bound:ident $(+ $more:ident)*),*>) => {
        impl<$($part: $bound $(+ $more)* + 'static),*> AsyncRead for $name<$($part),*> {
            fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
                $name::poll_read(self.get_mut(), cx, to)
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
            fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                $name::poll_close(self.get_mut(), cx)
            }
        }
    };
}
writes!(PollWriter<W: Writes>);
writes!(PollStream<R: Reads, W: Writes>);
writes!(PollFile<F: Reads + Writes + Seeks>);

impl<F: Reads + Writes + Seeks + 'static> AsyncSeek for PollFile<F> {
    fn poll_seek(self: Pin<&mut Self>, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        PollFile::poll_seek(self.get_mut(), cx, to)
    }
}

impl<T: AsyncSeek + Unpin + Send> Seeks for FromFutures<T> {
    fn seek(&mut self, to: SeekFrom) -> impl Future<Output = io::Result<u64>> + Send {
        poll_fn(move |cx| Pin::new(self.get_mut()).poll_seek(cx, to))
    }
}

foreign! {
    /// A stream of futures-io's traits as ours: [`Reads`] where it reads, [`Writes`] where it writes, [`Duplex`] where it does
    /// both.
    FromFutures, FromFuturesHalf, AsyncRead, AsyncWrite,
    read: |of, cx, to| of.poll_read(cx, to),
    write: |of, cx, from| of.poll_write(cx, from),
    flush: AsyncWrite::poll_flush,
    close: AsyncWrite::poll_close,
}
