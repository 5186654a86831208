//! ```text
//!           a read, a write, a flush, a close, a seek (1)       it is done, or failed (2)
//!   Idle ──────────────────────────────────────────────► Busy ──────────────────────────► Idle
//! ```
//! 1 `begin`, 2 `poll_end`.
//!
//! # Invariants
//! 1. While something is under way, the future in `working` has what `held` lacks.
//! 2. The file's cursor is behind what was read ahead, the caller's before it.
//! 3. A seek that is `wanted` is carried out before anything else is begun.
//! 4. What was taken was begun with the budget that it takes: it is the driver's, not a later poll's.

use super::super::reused::Reused;
use super::super::{Reads, Seeks, Writes};
use super::BUFFER;
use super::held::{Held, Idle};
use bespoke_core::driver::as_one_operation;
use bespoke_core::io::IoBuf as _;
use core::fmt;
use core::task::{Context, Poll, ready};
use std::io::{self, SeekFrom};

/// A file as functions that poll: one cursor for reads and writes, which can be moved.
///
/// Reads and writes go through one buffer, of 8 KiB. What was read ahead is given back by a seek before the next write, so
/// the file has to have positions: a pipe or a terminal that is written after it was read fails with
/// [`NotSeekable`](io::ErrorKind::NotSeekable), and is better a [`PollReader`](super::PollReader) and a
/// [`PollWriter`](super::PollWriter). A write says how many bytes it took; they are written when a flush is done, or
/// whatever else was polled after it. Three allocations when it is made, none after but those of the file. Implements
/// tokio's `AsyncRead`, `AsyncBufRead`, `AsyncWrite` and `AsyncSeek` with the feature `tokio-io`, those of futures-io with
/// `futures-io`.
///
/// # Errors
/// Of each function: those of the file, also of what an earlier call began and nobody waited for. Each is told once.
///
/// # Cancel safety
/// A poll that is not repeated leaves its operation under way, and the next poll, of whomever, goes on with it: reads lose
/// nothing, and bytes that were taken are written once and in order. A seek that is not repeated may be done.
///
/// ```ignore-windows
/// use bespoke::fs::{self, OpenOptions};
/// use bespoke::io::PollFile;
/// use std::future::poll_fn;
/// use std::io::SeekFrom;
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("bespoke-poll-file-{}", std::process::id()));
/// let file = OpenOptions::new().read(true).write(true).create(true).open(&path).await?;
/// let mut file = PollFile::new(file);
/// poll_fn(|cx| file.poll_write(cx, b"0123456789")).await?;
/// assert_eq!(poll_fn(|cx| file.poll_seek(cx, SeekFrom::End(-3))).await?, 7);
/// let mut buffer = [0; 8];
/// assert_eq!(poll_fn(|cx| file.poll_read(cx, &mut buffer)).await?, 3);
/// assert_eq!(&buffer[..3], b"789");
/// # fs::remove_file(&path).await
/// # }
/// ```
pub struct PollFile<F> {
    held: Held<F>,
    working: Reused<(Idle<F>, Work), Ended<F>>,
    under_way: Work,
    wanted: Option<SeekFrom>,
    /// The seek that the next poll of it repeats.
    asked: Option<SeekFrom>,
    /// Where the last seek led.
    at: u64,
}

/// What is left of work: of a read how many bytes, of a seek where it led.
type Ended<F> = (Idle<F>, io::Result<u64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    Read,
    /// So many bytes of the buffer.
    Write(usize),
    Flush,
    Close,
    Seek(SeekFrom),
}

impl<F: Reads + Writes + Seeks + 'static> PollFile<F> {
    /// With a buffer of 8 KiB.
    pub fn new(file: F) -> Self {
        Self::with_capacity(BUFFER, file)
    }

    /// With a buffer of `bytes`.
    ///
    /// # Panics
    /// If `bytes` is 0.
    pub fn with_capacity(bytes: usize, file: F) -> Self {
        assert!(bytes > 0, "a file needs a buffer of at least one byte");
        let working = Reused::new(|((mut file, mut buffer), work): (Idle<F>, Work)| async move {
            let ended = match work {
                Work::Read => file.read(&mut buffer).await.map(|read| read as u64),
                Work::Write(bytes) => {
                    let (written, part) = file.write_all(buffer.slice(..bytes)).await;
                    buffer = part.into_inner();
                    written.map(|()| 0)
                }
                Work::Flush => file.flush().await.map(|()| 0),
                Work::Close => file.end_writes().await.map(|()| 0),
                Work::Seek(to) => file.seek(to).await,
            };
            ((file, buffer), ended)
        });
        PollFile { held: Held::new(file, bytes), working, under_way: Work::Flush, wanted: None, asked: None, at: 0 }
    }

    /// What is in the buffer; if that is nothing, what comes next in the file. Empty: the end. [`consume`](Self::consume)
    /// takes it.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn poll_fill_buf(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<&[u8]>> {
        if !self.goes_on(Work::Read) {
            ready!(self.poll_settled(cx))?;
            if self.held.ahead() > 0 {
                return Poll::Ready(Ok(self.buffer()));
            }
            self.begin(Work::Read);
        }
        ready!(self.poll_end(cx))?;
        Poll::Ready(Ok(self.buffer()))
    }

    /// Reads what is in the buffer, or else what comes next; at most as much as `to` holds. 0: the end, or `to` is empty.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn poll_read(&mut self, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        if to.is_empty() {
            return Poll::Ready(Ok(0));
        }
        ready!(self.poll_fill_buf(cx))?;
        Poll::Ready(Ok(self.held.take_into(to)))
    }

    /// Takes some bytes, at least one unless there are none. Yields how many.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn poll_write(&mut self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if from.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.asked = None;
        ready!(self.poll_settled(cx))?;
        if self.held.ahead() > 0 {
            // The cursor goes back to where the reader is.
            self.wanted = Some(SeekFrom::Current(0));
            ready!(self.poll_settled(cx))?;
        }
        let taken = from.len().min(self.held.spare().len());
        // Invariant 4: nothing is taken for which the poll has no budget.
        let ended = ready!(as_one_operation(cx, |cx| {
            self.held.spare()[..taken].copy_from_slice(&from[..taken]);
            self.begin(Work::Write(taken));
            self.poll_end(cx)
        }));
        match ended {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // Taken. Whoever polls next goes on with it.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    /// Waits until all that was taken is written. On the disk it is after [`File::sync_all`](crate::fs::File::sync_all).
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_work(Work::Flush, cx)
    }

    /// Waits until all that was taken is written. A file ends where it ends, and stays open.
    ///
    /// # Errors
    /// See the [type](Self).
    pub fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_work(Work::Close, cx)
    }

    /// Moves the cursor, as the reader and writer of this type see it. Yields where it is, from the beginning. To be polled
    /// again with the same `to`.
    ///
    /// # Errors
    /// See the [type](Self). [`InvalidInput`](io::ErrorKind::InvalidInput): there is no such position. The cursor is where
    /// it was.
    pub fn poll_seek(&mut self, cx: &mut Context<'_>, to: SeekFrom) -> Poll<io::Result<u64>> {
        if self.asked != Some(to) {
            ready!(self.poll_settled(cx))?;
            self.begin_seek(to)?;
        }
        self.poll_sought(cx)
    }

    /// Asks for a seek, which is carried out before whatever is polled next. [`poll_sought`](Self::poll_sought) waits for it.
    ///
    /// # Errors
    /// [`ResourceBusy`](io::ErrorKind::ResourceBusy): another was asked for, and not begun.
    pub fn begin_seek(&mut self, to: SeekFrom) -> io::Result<()> {
        if self.wanted.is_some() {
            let why = "another seek was asked for and not waited for";
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
        }
        (self.wanted, self.asked) = (Some(to), Some(to));
        Ok(())
    }

    /// Waits for the seek that was asked for, and for what is under way. Yields where the last seek led.
    ///
    /// # Errors
    /// See [`poll_seek`](Self::poll_seek).
    pub fn poll_sought(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        let settled = ready!(self.poll_settled(cx));
        self.asked = None;
        Poll::Ready(settled.map(|()| self.at))
    }

    /// Is `work` under way, and to be followed by no seek? Asked by whoever wants it done, so no seek is repeated any more.
    fn goes_on(&mut self, work: Work) -> bool {
        self.asked = None;
        !self.held.is_idle() && self.under_way == work && self.wanted.is_none()
    }

    fn poll_work(&mut self, work: Work, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.goes_on(work) {
            ready!(self.poll_settled(cx))?;
            self.begin(work);
        }
        self.poll_end(cx)
    }

    /// Waits until nothing is under way and no seek is wanted (invariant 3).
    fn poll_settled(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if !self.held.is_idle() {
                ready!(self.poll_end(cx))?;
            }
            let Some(to) = self.wanted.take() else { return Poll::Ready(Ok(())) };
            let to = self.of_the_file(to)?;
            self.begin(Work::Seek(to));
        }
    }

    /// The same place, as the file says it: its cursor is behind what was read ahead (invariant 2).
    fn of_the_file(&self, to: SeekFrom) -> io::Result<SeekFrom> {
        let SeekFrom::Current(by) = to else { return Ok(to) };
        let ahead = self.held.ahead() as i64;
        by.checked_sub(ahead).map(SeekFrom::Current).ok_or_else(|| {
            let why = std::format!("there is no position {by} bytes from the cursor");
            io::Error::new(io::ErrorKind::InvalidInput, why)
        })
    }

    fn begin(&mut self, work: Work) {
        let idle = self.held.take().expect("nothing is under way");
        self.under_way = work;
        self.working.start((idle, work));
    }

    /// Polls what is under way.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let (idle, ended) = ready!(self.working.poll(cx));
        self.held.put(idle);
        let figure = ended?;
        match self.under_way {
            Work::Read => self.held.filled(figure as usize),
            Work::Seek(_) => {
                self.held.filled(0);
                self.at = figure;
            }
            Work::Write(_) | Work::Flush | Work::Close => {}
        }
        Poll::Ready(Ok(()))
    }
}

impl<F> PollFile<F> {
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

    /// The file below. `None` while an operation is under way: it has the file.
    pub fn get_ref(&self) -> Option<&F> {
        self.held.get_ref()
    }

    /// The file below, whose cursor is behind what is in the buffer; that is dropped.
    ///
    /// # Errors
    /// Itself, while an operation is under way: it has the file. Flush first.
    pub fn into_inner(mut self) -> Result<F, Self> {
        self.held.take().map(|(file, _)| file).ok_or(self)
    }
}

/// Nothing in it is ever pointed at: an operation pins the box that it is in.
impl<F> Unpin for PollFile<F> {}

impl<F: fmt::Debug> fmt::Debug for PollFile<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PollFile")
            .field("inner", &self.get_ref())
            .field("held", &self.held.ahead())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
