//! # Invariants
//! 1. While a read is under way, the future in `reading` has what `held` lacks, and nothing is read ahead.

use super::super::Reads;
use super::super::reused::Reused;
use super::BUFFER;
use super::held::{Held, Idle};
use core::fmt;
use core::task::{Context, Poll, ready};
use std::io;

/// A reader as a function that polls.
///
/// It reads into a buffer of its own, of 8 KiB, since a read that is under way outlives the call that began it; each byte is
/// copied once more than with [`Reads`]. Three allocations when it is made, none after. Implements tokio's `AsyncRead` and
/// `AsyncBufRead` with the feature `tokio-io`, those of futures-io with `futures-io`.
///
/// # Cancel safety
/// Lossless: a poll that is not repeated leaves its read under way, and the next poll, of whomever, goes on with it.
pub struct PollReader<R> {
    held: Held<R>,
    reading: Reused<Idle<R>, (Idle<R>, io::Result<usize>)>,
}

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
        PollReader { held: Held::new(reader, bytes), reading }
    }

    /// What is in the buffer; if that is nothing, what comes next. Empty: the end. [`consume`](Self::consume) takes it.
    ///
    /// # Errors
    /// Those of the reader below.
    pub fn poll_fill_buf(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        if self.held.ahead() == 0 {
            if let Some(idle) = self.held.take() {
                self.reading.start(idle);
            }
            let (idle, read) = ready!(self.reading.poll(cx));
            self.held.put(idle);
            self.held.filled(read?);
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
        ready!(self.poll_fill_buf(cx))?;
        Poll::Ready(Ok(self.held.take_into(to)))
    }
}

impl<R> PollReader<R> {
    /// What was read and not yet taken.
    pub fn buffer(&self) -> &[u8] {
        self.held.buffer()
    }

    /// Takes the first `bytes` of [`buffer`](Self::buffer).
    ///
    /// # Panics
    /// If there are fewer.
    pub fn consume(&mut self, bytes: usize) {
        self.held.consume(bytes);
    }

    /// The reader below. `None` while a read is under way: it has the reader.
    pub fn get_ref(&self) -> Option<&R> {
        self.held.get_ref()
    }

    /// The reader below; what is in the buffer is dropped.
    ///
    /// # Errors
    /// Itself, while a read is under way: it has the reader.
    pub fn into_inner(mut self) -> Result<R, Self> {
        self.held.take().map(|(reader, _)| reader).ok_or(self)
    }
}

/// Nothing in it is ever pointed at: a read pins the box that it is in.
impl<R> Unpin for PollReader<R> {}

impl<R: fmt::Debug> fmt::Debug for PollReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollReader")
            .field("inner", &self.get_ref())
            .field("held", &self.held.ahead())
            .finish_non_exhaustive()
    }
}
