//! A reader with a buffer, and lines.
//!
//! A line that has come in part stays in the buffer until all of it is there, and is taken in one step after the last
//! `await`. So every call here is cancel safe without keeping anything beside the buffer.
//!
//! # Invariants
//! 1. `start ≤ end ≤ buffer.len()`; the bytes in between were read from `inner` and taken by nobody.
//! 2. `buffer.len()` exceeds what it was at first only while a line needs it, up to `max_line`.

use super::{Reads, Writes, to_end};
use bespoke_core::io::IoBuf;
use core::fmt;
use std::io;
use std::string::String;
use std::vec;
use std::vec::Vec;

/// Reads from `R` through a buffer, so that small reads and lines cost no system call each.
///
/// The buffer is allocated once, and grows when a line is longer than it, up to [`max_line`](Self::max_line); it does not
/// shrink again.
pub struct BufReader<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    max_line: usize,
}

impl<R> BufReader<R> {
    /// With a buffer of 8 KiB.
    pub fn new(inner: R) -> Self {
        Self::with_capacity(8 << 10, inner)
    }

    /// With a buffer of `bytes`.
    ///
    /// # Panics
    /// If `bytes` is 0.
    pub fn with_capacity(bytes: usize, inner: R) -> Self {
        assert!(bytes > 0, "a reader needs a buffer of at least one byte");
        BufReader { inner, buffer: vec![0; bytes], start: 0, end: 0, max_line: usize::MAX }
    }

    /// Refuses lines of more than `bytes`, their end included. Without this a peer that sends no end of a line fills the
    /// memory: say it for every peer that is not trusted.
    ///
    /// # Panics
    /// If `bytes` is 0.
    #[must_use]
    pub fn max_line(mut self, bytes: usize) -> Self {
        assert!(bytes > 0, "a line has at least one byte, its end");
        self.max_line = bytes;
        self
    }

    /// What was read and not yet taken.
    pub fn buffer(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Takes the first `bytes` of [`buffer`](Self::buffer).
    ///
    /// # Panics
    /// If there are fewer.
    pub fn consume(&mut self, bytes: usize) {
        let there = self.end - self.start;
        assert!(bytes <= there, "{bytes} bytes were consumed of a buffer that holds {there}");
        self.start += bytes;
    }

    /// The reader below. Reading from it passes over what is in the buffer.
    pub fn get_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The reader below.
    pub fn get_ref(&self) -> &R {
        &self.inner
    }

    /// The reader below; what is in the buffer is dropped.
    pub fn into_inner(self) -> R {
        self.inner
    }

    /// Line after line.
    pub fn lines(self) -> Lines<R> {
        Lines { reader: self }
    }

    /// Makes room behind what is there.
    fn make_room(&mut self) -> io::Result<()> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
        if self.end < self.buffer.len() {
            return Ok(());
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            return Ok(());
        }
        let len = self.buffer.len();
        let grown = len.saturating_mul(2).min(self.max_line.max(len + 1));
        self.buffer.try_reserve_exact(grown - len)?;
        self.buffer.resize(grown, 0);
        Ok(())
    }

    fn too_long(&self) -> io::Error {
        let why = std::format!("the line is longer than the {} bytes that `max_line` allows", self.max_line);
        io::Error::new(io::ErrorKind::InvalidData, why)
    }

    /// The first `len` bytes of the buffer as text.
    fn text(&self, len: usize) -> io::Result<&str> {
        core::str::from_utf8(&self.buffer()[..len]).map_err(not_text)
    }
}

fn not_text(error: core::str::Utf8Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, std::format!("the line is not UTF-8: {error}"))
}

impl<R: Reads> BufReader<R> {
    /// Reads more behind what is there. 0: the end.
    async fn more(&mut self) -> io::Result<usize> {
        self.make_room()?;
        let read = self.inner.read(&mut self.buffer[self.end..]).await?;
        self.end += read;
        Ok(read)
    }

    /// What is in the buffer; if that is nothing, waits for something. Empty: the end. [`consume`](Self::consume) takes it.
    ///
    /// # Errors
    /// Those of the reader below.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless.
    pub async fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.more().await?;
        }
        Ok(self.buffer())
    }

    /// Reads what is in the buffer, or else what has come; at most as much as `to` holds. 0: the end, or `to` is empty.
    ///
    /// # Errors
    /// Those of the reader below.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless.
    pub async fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        if self.start == self.end && to.len() >= self.buffer.len() {
            return self.inner.read(to).await; // no use copying it twice
        }
        let there = self.fill_buf().await?;
        let taken = there.len().min(to.len());
        to[..taken].copy_from_slice(&there[..taken]);
        self.consume(taken);
        Ok(taken)
    }

    /// Reads until `to` is full.
    ///
    /// # Errors
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) when the end comes before; those of the reader below.
    ///
    /// # Cancel safety
    /// **Not** cancel safe: how much of `to` was filled is lost with the future.
    pub async fn read_exact(&mut self, to: &mut [u8]) -> io::Result<()> {
        to_end::read_exact(self, to).await
    }

    /// Waits until the buffer begins with a whole line: how long it is, its end included. At the end of the stream: what is
    /// left, 0 if nothing is.
    async fn line(&mut self, end: u8) -> io::Result<usize> {
        let mut seen = 0;
        loop {
            let there = self.buffer();
            if let Some(at) = there[seen..].iter().position(|byte| *byte == end) {
                let len = seen + at + 1;
                return if len > self.max_line { Err(self.too_long()) } else { Ok(len) };
            }
            seen = there.len();
            if seen >= self.max_line {
                return Err(self.too_long());
            }
            if self.more().await? == 0 {
                return Ok(seen);
            }
        }
    }

    /// Appends all up to the next `end` to `to`, `end` included, or the rest of the stream if it has none. Yields how many
    /// bytes that were; 0 at the end of the stream.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData): longer than [`max_line`](Self::max_line); nothing is taken, so the
    /// reader still holds it. Those of the reader below.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: what has come of it stays in the reader, and `to` is not touched before all is there.
    pub async fn read_until(&mut self, end: u8, to: &mut Vec<u8>) -> io::Result<usize> {
        let len = self.line(end).await?;
        to.extend_from_slice(&self.buffer()[..len]);
        self.consume(len);
        Ok(len)
    }

    /// Appends the next line to `to`, its end (`\n`, `\r\n`) included. Yields how many bytes that were; 0 at the end of the
    /// stream.
    ///
    /// # Errors
    /// [`InvalidData`](io::ErrorKind::InvalidData): longer than [`max_line`](Self::max_line), or not UTF-8. Nothing is taken
    /// then: [`read_until`](Self::read_until) takes a line that is not text, and the other has no end in sight. Those of the
    /// reader below.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless, as [`read_until`](Self::read_until).
    pub async fn read_line(&mut self, to: &mut String) -> io::Result<usize> {
        let len = self.line(b'\n').await?;
        to.push_str(self.text(len)?);
        self.consume(len);
        Ok(len)
    }
}

impl<R: Reads> Reads for BufReader<R> {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        BufReader::read(self, buffer)
    }
}

/// Writes go to the stream below.
impl<R: Reads + Writes> Writes for BufReader<R> {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        self.inner.write(buffer)
    }
    fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
        self.inner.write_all(buffer)
    }
    fn flush(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.inner.flush()
    }
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.inner.end_writes()
    }
}

/// Line after line. Made by [`BufReader::lines`].
#[derive(Debug)]
pub struct Lines<R> {
    reader: BufReader<R>,
}

impl<R> Lines<R> {
    /// The reader of the lines.
    pub fn get_mut(&mut self) -> &mut BufReader<R> {
        &mut self.reader
    }

    /// The reader of the lines, with what it has in its buffer.
    pub fn into_inner(self) -> BufReader<R> {
        self.reader
    }
}

impl<R: Reads> Lines<R> {
    /// The next line without its end (`\n`, `\r\n`); `None` at the end of the stream. It lies in the reader's buffer until
    /// the next call: nothing is allocated or copied.
    ///
    /// # Errors
    /// As [`BufReader::read_line`].
    ///
    /// # Cancel safety
    /// Cancel safe and lossless, as [`BufReader::read_line`].
    pub async fn next_line(&mut self) -> io::Result<Option<&str>> {
        let len = self.reader.line(b'\n').await?;
        if len == 0 {
            return Ok(None);
        }
        // Taken before it is looked at, and still there: only the next read writes over it.
        let start = self.reader.start;
        self.reader.consume(len);
        let line = match core::str::from_utf8(&self.reader.buffer[start..start + len]) {
            Ok(line) => line,
            Err(error) => {
                self.reader.start = start;
                return Err(not_text(error));
            }
        };
        let line = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        Ok(Some(line))
    }
}

impl<R: fmt::Debug> fmt::Debug for BufReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = self.end - self.start;
        f.debug_struct("BufReader").field("inner", &self.inner).field("held", &held).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
