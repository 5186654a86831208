//! Both directions.

use super::super::{DuplexReader, DuplexStream, DuplexWriter, Reads, Writes};
use super::{PollReader, PollWriter};
#[cfg(unix)]
use crate::net::UnixStream;
use crate::net::{OwnedReadHalf, OwnedWriteHalf, TcpStream};
use crate::op::Net;
use bespoke_core::config::Config;
use core::task::{Context, Poll};
use std::io;

/// A reader and a writer as functions that poll: what a library takes that asks for "a stream" of tokio's or futures-io's traits.
///
/// Made of a stream (`PollStream::from(stream)`), or of any reader and any writer. A read goes on with a write that is under way,
/// so a program that writes a question and reads the answer needs no flush; one that writes and waits for something else does,
/// and one whose question and answer are in two tasks (`tokio::io::split`).
///
/// **Flush or shut down before the drop**: what the last writes took may still be in the stream's buffer, and is lost with it,
/// while the peer sees a clean end. On a driver of completions (`IoUring`) it always is there.
///
/// See [`PollReader`] and [`PollWriter`] for what it costs, and what is left when polls end.
///
/// ```
/// use bespoke::io::{PollStream, Reads, duplex};
/// use std::future::poll_fn;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let (ours, mut theirs) = duplex(64);
/// let mut stream = PollStream::from(ours);
/// poll_fn(|cx| stream.poll_write(cx, b"ping")).await?;
/// let mut four = [0; 4];
/// theirs.read_exact(&mut four).await?;
/// assert_eq!(&four, b"ping");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PollStream<R, W> {
    reader: PollReader<R>,
    writer: PollWriter<W>,
}

impl<R: Reads + 'static, W: Writes + 'static> PollStream<R, W> {
    /// With a buffer of 8 KiB for each direction.
    pub fn new(reader: R, writer: W) -> Self {
        PollStream { reader: PollReader::new(reader), writer: PollWriter::new(writer) }
    }

    /// With a buffer of `bytes` for each direction.
    ///
    /// # Panics
    /// If `bytes` is 0.
    pub fn with_capacity(bytes: usize, reader: R, writer: W) -> Self {
        let reader = PollReader::with_capacity(bytes, reader);
        PollStream { reader, writer: PollWriter::with_capacity(bytes, writer) }
    }

    /// [`PollReader::poll_fill_buf`].
    ///
    /// # Errors
    /// Those of the reader below.
    pub fn poll_fill_buf(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        self.writer.drive(cx);
        self.reader.poll_fill_buf(cx)
    }

    /// [`PollReader::poll_read`].
    ///
    /// # Errors
    /// Those of the reader below.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        self.writer.drive(cx);
        self.reader.poll_read(cx, to)
    }

    /// [`PollWriter::poll_write`].
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        self.writer.poll_write(cx, from)
    }

    /// [`PollWriter::poll_flush`].
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.poll_flush(cx)
    }

    /// [`PollWriter::poll_close`].
    ///
    /// # Errors
    /// Those of the writer below.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.writer.poll_close(cx)
    }
}

impl<R, W> PollStream<R, W> {
    /// [`PollReader::consume`].
    ///
    /// # Panics
    /// If the buffer holds less.
    pub fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
    }

    /// Both directions.
    pub fn get_ref(&self) -> (&PollReader<R>, &PollWriter<W>) {
        (&self.reader, &self.writer)
    }

    /// Both directions, each its own.
    pub fn into_split(self) -> (PollReader<R>, PollWriter<W>) {
        (self.reader, self.writer)
    }
}

impl<C: Config<Driver: Net>> From<TcpStream<C>> for PollStream<OwnedReadHalf<C>, OwnedWriteHalf<C>> {
    fn from(stream: TcpStream<C>) -> Self {
        let (reader, writer) = stream.into_split();
        PollStream::new(reader, writer)
    }
}

#[cfg(unix)]
impl<C: Config<Driver: Net>> From<UnixStream<C>>
    for PollStream<OwnedReadHalf<C, UnixStream<C>>, OwnedWriteHalf<C, UnixStream<C>>>
{
    fn from(stream: UnixStream<C>) -> Self {
        let (reader, writer) = stream.into_split();
        PollStream::new(reader, writer)
    }
}

impl From<DuplexStream> for PollStream<DuplexReader, DuplexWriter> {
    fn from(stream: DuplexStream) -> Self {
        let (reader, writer) = stream.into_split();
        PollStream::new(reader, writer)
    }
}
