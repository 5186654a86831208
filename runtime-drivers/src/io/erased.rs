//! Streams whose type is forgotten: which one it is, is known when the program runs.

use super::lends::lends;
use super::{Duplex, DuplexStream, PollReader, PollStream, PollWriter, Reads, Writes};
use crate::net::TcpStream;
#[cfg(unix)]
use crate::net::UnixStream;
use crate::op::Net;
use bespoke_core::config::Config;
use bespoke_core::io::IoBuf;
use core::fmt;
use core::future::poll_fn;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io;

/// A stream that was chosen while the program runs: TCP here, a Unix socket there, a layer above one, a script in a test. Reads
/// and writes as any other, and has no type parameter.
///
/// Where the choice can be made when the program is compiled, a type parameter (`S: Duplex`) costs nothing, and this does:
/// *per stream*, two buffers of 8 KiB and six small allocations, and one for the halves of a socket; *per read or write*, a copy
/// of its bytes through such a buffer, two calls through a table for each poll, and no allocation. A read or write is of 8 KiB at
/// most. A request of 64 bytes and its answer take a client a third more instructions in user space: `echo-erased` beside `echo`
/// in `cargo bench --bench instructions`.
///
/// # Cancel safety
/// Reads are cancel safe and lossless. What a dropped write took is its beginning, and goes out with the next write, flush or
/// end.
///
/// # Example
/// ```
/// use bespoke::io::{ErasedIo, Writes};
/// use bespoke::net::TcpStream;
///
/// /// To a port of this machine, or to nobody.
/// async fn log(to: Option<u16>) -> std::io::Result<ErasedIo> {
///     Ok(match to {
///         Some(port) => TcpStream::connect(("127.0.0.1", port)).await?.into(),
///         None => ErasedIo::new(bespoke::io::empty(), bespoke::io::sink()),
///     })
/// }
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let listener = bespoke::net::TcpListener::bind("127.0.0.1:0").await?;
/// # for to in [None, Some(listener.local_addr()?.port())] {
/// let mut log = log(to).await?;
/// log.write_all("started\n".to_string()).await.0?;
/// # }
/// # Ok(())
/// # }
/// ```
pub struct ErasedIo {
    reader: ErasedReader,
    writer: ErasedWriter,
}

/// The half of an [`ErasedIo`] that reads; or a reader alone.
pub struct ErasedReader(Box<dyn PollsReads + Send>);

/// The half of an [`ErasedIo`] that writes; or a writer alone.
pub struct ErasedWriter(Box<dyn PollsWrites + Send>);

trait PollsReads {
    fn poll_read(&mut self, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>>;
}

trait PollsWrites {
    fn poll_write(&mut self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>>;
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;
}

impl<R: Reads + 'static> PollsReads for PollReader<R> {
    fn poll_read(&mut self, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        PollReader::poll_read(self, cx, to)
    }
}

impl<W: Writes + 'static> PollsWrites for PollWriter<W> {
    fn poll_write(&mut self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        PollWriter::poll_write(self, cx, from)
    }
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        PollWriter::poll_sent(self, cx)
    }
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        PollWriter::poll_flush(self, cx)
    }
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        PollWriter::poll_close(self, cx)
    }
}

impl ErasedReader {
    /// The reader, without its type.
    pub fn new(reader: impl Reads + 'static) -> Self {
        PollReader::new(reader).into()
    }
}

impl ErasedWriter {
    /// The writer, without its type.
    pub fn new(writer: impl Writes + 'static) -> Self {
        PollWriter::new(writer).into()
    }
}

impl ErasedIo {
    /// A reader and a writer, without their types. For streams: `ErasedIo::from(stream)`.
    pub fn new(reader: impl Reads + 'static, writer: impl Writes + 'static) -> Self {
        ErasedIo { reader: ErasedReader::new(reader), writer: ErasedWriter::new(writer) }
    }

    /// Its halves, each its own.
    pub fn into_split(self) -> (ErasedReader, ErasedWriter) {
        (self.reader, self.writer)
    }
}

impl<R: Reads + 'static> From<PollReader<R>> for ErasedReader {
    fn from(reader: PollReader<R>) -> Self {
        ErasedReader(Box::new(reader))
    }
}

impl<W: Writes + 'static> From<PollWriter<W>> for ErasedWriter {
    fn from(writer: PollWriter<W>) -> Self {
        ErasedWriter(Box::new(writer))
    }
}

impl<R: Reads + 'static, W: Writes + 'static> From<PollStream<R, W>> for ErasedIo {
    fn from(stream: PollStream<R, W>) -> Self {
        let (reader, writer) = stream.into_split();
        ErasedIo { reader: reader.into(), writer: writer.into() }
    }
}

impl<C: Config<Driver: Net>> From<TcpStream<C>> for ErasedIo {
    fn from(stream: TcpStream<C>) -> Self {
        PollStream::from(stream).into()
    }
}

#[cfg(unix)]
impl<C: Config<Driver: Net>> From<UnixStream<C>> for ErasedIo {
    fn from(stream: UnixStream<C>) -> Self {
        PollStream::from(stream).into()
    }
}

impl From<DuplexStream> for ErasedIo {
    fn from(stream: DuplexStream) -> Self {
        PollStream::from(stream).into()
    }
}

impl Reads for ErasedReader {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        poll_fn(|cx| self.0.poll_read(cx, buffer))
    }
}

impl Writes for ErasedWriter {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        let mut taken = None;
        lends(buffer, move |cx, bytes| {
            let bytes = match taken {
                Some(bytes) => bytes,
                None => *taken.insert(ready!(self.0.poll_write(cx, bytes))?),
            };
            // Ready when the stream has them, and not when their copy is made: nobody may poll this writer again.
            ready!(self.0.poll_sent(cx))?;
            Poll::Ready(Ok(bytes))
        })
    }
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        poll_fn(|cx| self.0.poll_flush(cx))
    }
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        poll_fn(|cx| self.0.poll_close(cx))
    }
}

impl Reads for ErasedIo {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.reader.read(buffer)
    }
}

impl Writes for ErasedIo {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        self.writer.write(buffer)
    }
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.writer.flush()
    }
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.writer.end_writes()
    }
}

impl Duplex for ErasedIo {
    type Reader<'a> = &'a mut ErasedReader;
    type Writer<'a> = &'a mut ErasedWriter;

    fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        (&mut self.reader, &mut self.writer)
    }
}

macro_rules! debug {
    ($($name:ident),*) => { $(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )* };
}
debug!(ErasedIo, ErasedReader, ErasedWriter);

#[cfg(test)]
mod tests;
