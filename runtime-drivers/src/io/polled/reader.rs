//! # Invariants
//! 1. `idle` holds reader and buffer exactly while no read is under way; else the future in `reading` has both.
//! 2. `start ≤ end ≤ buffer.len()` of the buffer in `idle`; the bytes in between were read and taken by nobody. While a read is
//!    under way there are none.

use super::super::Reads;
use super::super::reused::Reused;
use super::BUFFER;
use core::fmt;
use core::task::{Context, Poll, ready};
use std::io;
use std::vec;
use std::vec::Vec;

/// A reader as a function that polls.
///
/// It reads into a buffer of its own, of 8 KiB, since a read that is under way outlives the call that began it; each byte is
/// copied once more than with [`Reads`]. Three allocations when it is made, none after. Implements tokio's `AsyncRead` and
/// `AsyncBufRead` with the feature `tokio-io`, those of futures-io with `futures-io`.
///
/// # Cancel safety
/// Lossless: a poll that is not repeated leaves its read under way, and the next poll, of whomever, goes on with it.
pub struct PollReader<R> {
    idle: Option<Idle<R>>,
    reading: Reused<Idle<R>, (Idle<R>, io::Result<usize>)>,
    start: usize,
    end: usize,
}

/// The reader, and the buffer that it reads into.
type Idle<R> = (R, Vec<u8>);

impl<R: Reads + 'static> PollReader<R> {
    /// With a buffer of 8 KiB.
    pub fn new(reader: R) -> Self {
        Self::with_capacity(BUFFER, reader)
    }

    /// With a buffer of `bytes`.
    ///
    /// # Panics
    /// If `bytes` is 0.
    pub fn with_capacity(bytes: usize, reader: R) -> Self {
        assert!(bytes > 0, "a reader needs a buffer of at least one byte");
        let reading = Reused::new(|(mut reader, mut buffer): Idle<R>| async move {
            let read = reader.read(&mut buffer).await;
            ((reader, buffer), read)
        });
        PollReader { idle: Some((reader, vec![0; bytes])), reading, start: 0, end: 0 }
    }

    /// What is in the buffer; if that is nothing, what comes next. Empty: the end. [`consume`](Self::consume) takes it.
    ///
    /// # Errors
    /// Those of the reader below.
    pub fn poll_fill_buf(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.start == self.end {
            if let Some(idle) = self.idle.take() {
                (self.start, self.end) = (0, 0);
                self.reading.start(idle);
            }
            let (idle, read) = ready!(self.reading.poll(cx));
            self.idle = Some(idle);
            self.end = read?;
        }
        Poll::Ready(Ok(self.buffer()))
    }

    /// Reads what is in the buffer, or else what comes next; at most as much as `to` holds. 0: the end, or `to` is empty.
    ///
    /// # Errors
    /// Those of the reader below.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        if to.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let there = ready!(self.poll_fill_buf(cx))?;
        let taken = there.len().min(to.len());
        to[..taken].copy_from_slice(&there[..taken]);
        self.consume(taken);
        Poll::Ready(Ok(taken))
    }
}

impl<R> PollReader<R> {
    /// What was read and not yet taken.
    pub fn buffer(&self) -> &[u8] {
        match &self.idle {
            Some((_, buffer)) => &buffer[self.start..self.end],
            None => &[],
        }
    }

    /// Takes the first `bytes` of [`buffer`](Self::buffer).
    ///
    /// # Panics
    /// If there are fewer.
    pub fn consume(&mut self, bytes: usize) {
        let there = self.buffer().len();
        assert!(bytes <= there, "{bytes} bytes were consumed of a buffer that holds {there}");
        self.start += bytes;
    }

    /// The reader below. `None` while a read is under way: it has the reader.
    pub fn get_ref(&self) -> Option<&R> {
        self.idle.as_ref().map(|(reader, _)| reader)
    }

    /// The reader below; what is in the buffer is dropped.
    ///
    /// # Errors
    /// Itself, while a read is under way: it has the reader.
    pub fn into_inner(mut self) -> Result<R, Self> {
        self.idle.take().map(|(reader, _)| reader).ok_or(self)
    }
}

/// Nothing in it is ever pointed at: a read pins the box that it is in.
impl<R> Unpin for PollReader<R> {}

impl<R: fmt::Debug> fmt::Debug for PollReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollReader")
            .field("inner", &self.get_ref())
            .field("held", &(self.end - self.start))
            .finish_non_exhaustive()
    }
}
