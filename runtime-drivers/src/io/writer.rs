//! A writer with a buffer.
//!
//! # Invariants
//! 1. `buffer` holds what was written and not yet sent on, in order, unless `sending`.
//! 2. `sending` exactly while a future has `buffer`: it is set before the first `await` and cleared after the last. So a call
//!    that finds it set knows that such a future was dropped, and that nobody can say how much of the buffer is on its way.

use super::{Reads, Writes};
use bespoke_core::error::{Error, ErrorKind};
use bespoke_core::io::IoBuf;
use core::fmt;
use std::io;
use std::vec::Vec;

/// Writes to `W` through a buffer, so that small writes cost no system call each.
///
/// [`flush`](Writes::flush) sends the buffer on; so does a write that it has no room for, and
/// [`end_writes`](Writes::end_writes). **Dropping the writer does not**: a drop cannot wait. The buffer is allocated once.
///
/// # Cancel safety
/// A write that fits the buffer never waits. A call that is dropped while it sends the buffer takes the buffer with it, and how
/// much of it is on its way is unknown: every call from then on fails, with
/// [`ErrorKind::Cancelled`](bespoke_core::error::ErrorKind::Cancelled), rather than leave a gap that nobody sees. The writer
/// below is whole; [`into_inner`](Self::into_inner) gives it.
///
/// # Example
/// ```
/// use bespoke::io::{BufWriter, Writes};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let stream = Vec::new();
/// let mut writer = BufWriter::new(stream);
/// for word in ["small ", "pieces ", "go ", "out ", "together"] {
///     writer.write_all(word.to_string()).await.0?;
/// }
/// writer.flush().await?;
/// # assert_eq!(writer.into_inner(), b"small pieces go out together");
/// # Ok(())
/// # }
/// ```
pub struct BufWriter<W> {
    inner: W,
    buffer: Vec<u8>,
    max: usize,
    sending: bool,
}

impl<W> BufWriter<W> {
    /// With a buffer of 8 KiB.
    pub fn new(inner: W) -> Self {
        Self::with_capacity(8 << 10, inner)
    }

    /// With a buffer of `bytes`.
    ///
    /// # Panics
    /// If `bytes` is 0.
    pub fn with_capacity(bytes: usize, inner: W) -> Self {
        assert!(bytes > 0, "a writer needs a buffer of at least one byte");
        BufWriter { inner, buffer: Vec::with_capacity(bytes), max: bytes, sending: false }
    }

    /// What was written and not yet sent on.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer
    }

    /// The writer below. What is written to it passes what is in the buffer.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.inner
    }

    /// The writer below.
    pub fn get_ref(&self) -> &W {
        &self.inner
    }

    /// The writer below; what is in the buffer is dropped.
    pub fn into_inner(self) -> W {
        self.inner
    }

    fn room(&self) -> usize {
        self.max - self.buffer.len()
    }
}

impl<W: Writes> BufWriter<W> {
    /// Sends the buffer on. After an error, what was not sent is in the buffer.
    async fn send(&mut self) -> io::Result<()> {
        if self.sending {
            let why = "a write was dropped while it sent the buffer: how much of it was sent is unknown";
            return Err(Error::new(ErrorKind::Cancelled).saying(why));
        }
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.sending = true;
        let (mut buffer, mut sent) = (core::mem::take(&mut self.buffer), 0);
        let ended = loop {
            let (written, rest) = self.inner.write(buffer.slice(sent..)).await;
            buffer = rest.into_inner();
            match written {
                Ok(0) => {
                    let why = std::format!("the writer took {sent} of {} bytes and no more", buffer.len());
                    break Err(io::Error::new(io::ErrorKind::WriteZero, why));
                }
                Ok(n) => sent += n,
                Err(error) => break Err(error),
            }
            if sent == buffer.len() {
                break Ok(());
            }
        };
        buffer.drain(..sent);
        self.buffer = buffer;
        self.sending = false;
        ended
    }

    /// Makes room for `bytes`, or as much as there ever is.
    async fn make_room(&mut self, bytes: usize) -> io::Result<()> {
        if bytes > self.room() || self.sending { self.send().await } else { Ok(()) }
    }
}

impl<W: Writes> Writes for BufWriter<W> {
    async fn write<B: IoBuf>(&mut self, buffer: B) -> (io::Result<usize>, B) {
        if let Err(error) = self.make_room(buffer.len()).await {
            return (Err(error), buffer);
        }
        if buffer.len() >= self.max {
            return self.inner.write(buffer).await; // no use copying it
        }
        self.buffer.extend_from_slice(buffer.as_bytes());
        (Ok(buffer.len()), buffer)
    }

    async fn write_all<B: IoBuf>(&mut self, buffer: B) -> (io::Result<()>, B) {
        if let Err(error) = self.make_room(buffer.len()).await {
            return (Err(error), buffer);
        }
        if buffer.len() >= self.max {
            return self.inner.write_all(buffer).await;
        }
        self.buffer.extend_from_slice(buffer.as_bytes());
        (Ok(()), buffer)
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.send().await?;
        self.inner.flush().await
    }

    async fn end_writes(&mut self) -> io::Result<()> {
        self.send().await?;
        self.inner.end_writes().await
    }
}

/// Reads go to the stream below.
impl<W: Writes + Reads> Reads for BufWriter<W> {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.inner.read(buffer)
    }
}

impl<W: fmt::Debug> fmt::Debug for BufWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufWriter")
            .field("inner", &self.inner)
            .field("held", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
