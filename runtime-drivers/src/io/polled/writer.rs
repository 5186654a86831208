//! ```text
//!           poll_write: some bytes (1)        they are sent, or fail (2)
//!   Idle ──────────────────────────────► Busy ──────────────────────────► Idle
//!           poll_flush, poll_close (1)        done, or failed (2)
//! ```
//! 1 `begin`, 2 `poll_end`.
//!
//! # Invariants
//! 1. `idle` holds writer and buffer exactly while nothing is under way; else the future in `working` has both.
//! 2. What is under way began after everything before it ended, so bytes arrive in the order of the writes.
//! 3. What was taken was begun with the budget that it takes: it is the driver's, not a later poll's.
//! 4. `waiting` is the waker of whoever was last told to wait by a function of this type; `None` once nobody waits. A reader that
//!    drives the writer does not take its place.

use super::super::Writes;
use super::super::reused::Reused;
use super::BUFFER;
use bespoke_core::driver::as_one_operation;
use core::fmt;
use core::task::{Context, Poll, Waker, ready};
use std::io;
use std::vec::Vec;

/// A writer as functions that poll.
///
/// A write is copied to a buffer, of 8 KiB, and given to the driver from there at once; what the system had no room for is sent
/// by the polls that follow: of another write, of a flush, of the close, and of a read where reader and writer are one
/// [`PollStream`](super::PollStream). So a program that writes and then waits for something else **flushes** first, and so does
/// one that drops the writer. A write for which the poll has no
/// [budget](bespoke_core::config::Config::POLL_BUDGET) left takes nothing, and is woken for the next poll. Three
/// allocations when it is made, none after. Implements tokio's `AsyncWrite` with the feature `tokio-io`, that of futures-io with
/// `futures-io`.
///
/// # Cancel safety
/// What a poll took is sent once and in order, whoever polls next. What is under way when the writer is dropped is lost in
/// part, as with a dropped [`Writes::write`].
pub struct PollWriter<W> {
    idle: Option<Idle<W>>,
    working: Reused<(Idle<W>, Work), Ended<W>>,
    under_way: Work,
    waiting: Option<Waker>,
    /// Of what ended while a reader drove it.
    failed: Option<io::Error>,
    max: usize,
    flushed: bool,
    closed: bool,
}

/// The writer, and the buffer that it writes from.
type Idle<W> = (W, Vec<u8>);
/// What is left of work.
type Ended<W> = (Idle<W>, io::Result<()>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Write,
    Flush,
    Close,
}

impl<W: Writes + 'static> PollWriter<W> {
    /// With a buffer of 8 KiB.
    pub fn new(writer: W) -> Self {
        Self::with_capacity(BUFFER, writer)
    }

    /// With a buffer of `bytes`.
    ///
    /// # Panics
    /// If `bytes` is 0.
    pub fn with_capacity(bytes: usize, writer: W) -> Self {
        assert!(bytes > 0, "a writer needs a buffer of at least one byte");
        let working = Reused::new(|((mut writer, buffer), work): (Idle<W>, Work)| async move {
            match work {
                Work::Write => {
                    let (written, buffer) = writer.write_all(buffer).await;
                    ((writer, buffer), written)
                }
                Work::Flush => {
                    let flushed = writer.flush().await;
                    ((writer, buffer), flushed)
                }
                Work::Close => {
                    let closed = writer.end_writes().await;
                    ((writer, buffer), closed)
                }
            }
        });
        PollWriter {
            idle: Some((writer, Vec::with_capacity(bytes))),
            working,
            under_way: Work::Write,
            waiting: None,
            failed: None,
            max: bytes,
            flushed: true,
            closed: false,
        }
    }

    /// Takes some bytes, at least one unless there are none. Yields how many.
    ///
    /// # Errors
    /// Those of the writer below; also for bytes that an earlier call took.
    pub fn poll_write(&mut self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if from.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_idle(cx))?;
        let taken = from.len().min(self.max);
        // Invariant 3: nothing is taken for which the poll has no budget.
        let ended = ready!(as_one_operation(cx, |cx| {
            if let Some((_, buffer)) = &mut self.idle {
                buffer.clear();
                buffer.extend_from_slice(&from[..taken]);
            }
            self.begin(Work::Write);
            self.poll_end(cx)
        }));
        match ended {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // Taken. Whoever polls next goes on with it.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    /// Sends all that was taken, and what the writer below keeps.
    ///
    /// # Errors
    /// Those of the writer below; also for bytes that an earlier call took.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_idle(cx))?;
        if self.flushed {
            return Poll::Ready(Ok(()));
        }
        self.begin(Work::Flush);
        self.poll_idle(cx)
    }

    /// Sends all that was taken, and ends this direction. Once done, it is done for later calls, too.
    ///
    /// # Errors
    /// Those of the writer below; also for bytes that an earlier call took.
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_idle(cx))?;
        if self.closed {
            return Poll::Ready(Ok(()));
        }
        self.begin(Work::Close);
        self.poll_idle(cx)
    }

    /// Waits until the writer below has all that was taken. Flushes nothing.
    pub(in crate::io) fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_idle(cx)
    }

    /// Goes on with what is under way, for whoever waits for something else. Takes no one's place (invariant 4).
    pub(super) fn drive(&mut self, cx: &mut Context<'_>) {
        if self.idle.is_some() {
            return;
        }
        let waiting = self.waiting.take();
        let ended = match &waiting {
            Some(waker) => self.poll_end(&mut Context::from_waker(waker)),
            None => self.poll_end(cx),
        };
        match (ended, waiting) {
            (Poll::Pending, waiting) => self.waiting = waiting,
            (Poll::Ready(ended), waiting) => {
                self.failed = ended.err();
                if let Some(waker) = waiting {
                    waker.wake();
                }
            }
        }
    }

    /// Waits until nothing is under way.
    fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Some(error) = self.failed.take() {
            return Poll::Ready(Err(error));
        }
        if self.idle.is_some() {
            return Poll::Ready(Ok(()));
        }
        let ended = self.poll_end(cx);
        self.waiting = ended.is_pending().then(|| cx.waker().clone());
        ended
    }

    fn begin(&mut self, work: Work) {
        let idle = self.idle.take().expect("nothing is under way");
        self.under_way = work;
        self.flushed &= work != Work::Write;
        self.working.start((idle, work));
    }

    /// Polls what is under way.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (idle, ended) = ready!(self.working.poll(cx));
        self.idle = Some(idle);
        self.flushed |= ended.is_ok() && self.under_way != Work::Write;
        self.closed |= ended.is_ok() && self.under_way == Work::Close;
        Poll::Ready(ended)
    }
}

impl<W> PollWriter<W> {
    /// The writer below. `None` while a write is under way: it has the writer.
    pub fn get_ref(&self) -> Option<&W> {
        self.idle.as_ref().map(|(writer, _)| writer)
    }

    /// The writer below.
    ///
    /// # Errors
    /// Itself, while a write is under way: it has the writer. Flush first.
    pub fn into_inner(mut self) -> Result<W, Self> {
        self.idle.take().map(|(writer, _)| writer).ok_or(self)
    }
}

/// As [`PollReader`](super::PollReader).
impl<W> Unpin for PollWriter<W> {}

impl<W: fmt::Debug> fmt::Debug for PollWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollWriter").field("inner", &self.get_ref()).finish_non_exhaustive()
    }
}
