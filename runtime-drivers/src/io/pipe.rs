//! A stream in memory: two ends, and a buffer for each direction.
//!
//! # Invariants
//! 1. `bytes.len() ≤ max`; the bytes were written, and nobody has read them.
//! 2. A waker is registered under the lock under which its owner found nothing to do, and whoever changes that takes it under
//!    the lock: no wake is lost. Wakers are cloned, woken and dropped outside of the lock, as they may run code of the program.

use super::lends::lends;
use super::{Duplex, Reads, Writes};
use bespoke_core::io::IoBuf;
use core::fmt;
use core::future::{poll_fn, ready};
use core::task::{Context, Poll, Waker};
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A pair of streams that are connected with each other in memory: what is written to one is read from the other. Each direction
/// holds at most `max` bytes; who writes more waits.
///
/// For tests of what reads and writes, and for layers that run beside each other. Both are `Send` and belong to no runtime. A
/// call takes a lock for as long as it copies.
///
/// # Panics
/// If `max` is 0: nothing could ever be written.
///
/// # Example
/// ```
/// use bespoke::io::{Reads, Writes, duplex};
///
/// # #[bespoke::main]
/// # async fn main() -> std::io::Result<()> {
/// let (mut client, mut server) = duplex(64);
/// client.write_all("ping".to_string()).await.0?;
/// let mut four = [0; 4];
/// server.read_exact(&mut four).await?;
/// assert_eq!(&four, b"ping");
/// drop(server);
/// assert_eq!(client.read(&mut four).await?, 0); // the end
/// # Ok(())
/// # }
/// ```
pub fn duplex(max: usize) -> (DuplexStream, DuplexStream) {
    assert!(max > 0, "a stream in memory needs room for at least one byte");
    let ((here, there), (hither, thither)) = (pipe(max), pipe(max));
    (DuplexStream { reader: hither, writer: there }, DuplexStream { reader: here, writer: thither })
}

fn pipe(max: usize) -> (DuplexReader, DuplexWriter) {
    let pipe = Arc::new(Pipe { state: Mutex::default(), max });
    (DuplexReader(pipe.clone()), DuplexWriter(pipe))
}

/// One end of a stream in memory. Made by [`duplex`].
#[derive(Debug)]
pub struct DuplexStream {
    reader: DuplexReader,
    writer: DuplexWriter,
}

impl DuplexStream {
    /// Its halves, each its own. Dropping the writer ends its direction.
    pub fn into_split(self) -> (DuplexReader, DuplexWriter) {
        (self.reader, self.writer)
    }
}

/// The half of a [`DuplexStream`] that reads. When it is dropped, writes at the other end fail.
pub struct DuplexReader(Arc<Pipe>);

/// The half of a [`DuplexStream`] that writes. When it is dropped, the other end reads the end.
pub struct DuplexWriter(Arc<Pipe>);

struct Pipe {
    state: Mutex<State>,
    max: usize,
}

#[derive(Default)]
struct State {
    bytes: VecDeque<u8>,
    ended: bool,
    unread: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Pipe {
    /// Nothing panics under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn poll_read(&self, cx: &mut Context<'_>, to: &mut [u8]) -> Poll<io::Result<usize>> {
        if to.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if state.bytes.is_empty() && !state.ended {
            let old = state.reader.replace(waker);
            drop(state);
            drop(old);
            return Poll::Pending;
        }
        let read = state.bytes.len().min(to.len());
        let (front, back) = state.bytes.as_slices();
        let of_front = read.min(front.len());
        to[..of_front].copy_from_slice(&front[..of_front]);
        to[of_front..read].copy_from_slice(&back[..read - of_front]);
        state.bytes.drain(..read);
        wake_outside(state, |state| state.writer.take());
        Poll::Ready(Ok(read))
    }

    fn poll_write(&self, cx: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        if from.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let waker = cx.waker().clone();
        let mut state = self.lock();
        if state.ended || state.unread {
            drop(state);
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = (self.max - state.bytes.len()).min(from.len());
        if written == 0 {
            let old = state.writer.replace(waker);
            drop(state);
            drop(old);
            return Poll::Pending;
        }
        state.bytes.extend(&from[..written]);
        wake_outside(state, |state| state.reader.take());
        Poll::Ready(Ok(written))
    }

    fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        wake_outside(state, |state| state.reader.take());
    }
}

/// Takes a waker under the lock and wakes it after.
fn wake_outside(mut state: MutexGuard<'_, State>, waker: impl FnOnce(&mut State) -> Option<Waker>) {
    let waker = waker(&mut state);
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}

impl Reads for DuplexReader {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        poll_fn(|cx| self.0.poll_read(cx, buffer))
    }
}

/// A dropped write has taken nothing.
impl Writes for DuplexWriter {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        lends(buffer, |cx, bytes| self.0.poll_write(cx, bytes))
    }
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.0.end();
        ready(Ok(()))
    }
}

impl Drop for DuplexReader {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.unread = true;
        wake_outside(state, |state| state.writer.take());
    }
}

impl Drop for DuplexWriter {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Reads for DuplexStream {
    fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
        self.reader.read(buffer)
    }
}

impl Writes for DuplexStream {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        self.writer.write(buffer)
    }
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.writer.end_writes()
    }
}

impl Duplex for DuplexStream {
    type Reader<'a> = &'a mut DuplexReader;
    type Writer<'a> = &'a mut DuplexWriter;

    fn halves(&mut self) -> (Self::Reader<'_>, Self::Writer<'_>) {
        (&mut self.reader, &mut self.writer)
    }
}

impl fmt::Debug for DuplexReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexReader").field("held", &self.0.lock().bytes.len()).finish_non_exhaustive()
    }
}

impl fmt::Debug for DuplexWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DuplexWriter").field("held", &self.0.lock().bytes.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
