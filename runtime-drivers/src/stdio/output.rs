//! The standard output and the standard error.

use crate::fs::io_error;
use crate::io::Writes;
use crate::op::{Call, Fs};
use bespoke_core::config::Config;
use bespoke_core::driver::Operation;
use bespoke_core::io::{IntoIoBuf, IoBuf};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::boxed::Box;
use std::io::{self, Write as _};
use std::vec::Vec;

/// How many bytes are handed to a thread at once. They are copied: whose write is dropped has its buffer back, and the
/// memory is used again.
const PIECE: usize = 64 * 1024;

/// A piece of output, on its way or back.
struct Piece {
    bytes: Vec<u8>,
    write: fn(&[u8]) -> io::Result<()>,
    written: io::Result<()>,
}

/// Writes a piece.
///
/// # Safety
/// `on` is a `Piece` that nobody else uses.
unsafe fn run(on: *mut ()) {
    // SAFETY: as the caller.
    let piece = unsafe { &mut *on.cast::<Piece>() };
    piece.written = (piece.write)(&piece.bytes);
}

/// A stream of output.
struct Output<C: Config<Driver: Fs>> {
    /// The piece on its way. It stays here when the future is dropped, and the next write waits for it: so pieces are in order.
    on_its_way: Option<Operation<C, Call, Box<Piece>>>,
    /// The piece that is used again.
    idle: Option<Box<Piece>>,
    write: fn(&[u8]) -> io::Result<()>,
}

impl<C: Config<Driver: Fs>> Output<C> {
    fn to(write: fn(&[u8]) -> io::Result<()>) -> Self {
        Output { on_its_way: None, idle: None, write }
    }

    /// Sends a piece on its way. None is.
    fn send(&mut self, bytes: &[u8]) {
        let new = || Box::new(Piece { bytes: Vec::new(), write: self.write, written: Ok(()) });
        let mut piece = self.idle.take().unwrap_or_else(new);
        piece.bytes.clear();
        piece.bytes.extend_from_slice(bytes);
        let op = |piece: &mut Box<Piece>| Call { run, on: (&raw mut **piece).cast(), file: None };
        // SAFETY: the piece is in a box, which goes along; `run` is for pieces.
        self.on_its_way = Some(unsafe { Operation::new(piece, op) });
    }

    /// Ready when no piece is on its way: how the last one ended.
    fn poll_arrival(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(operation) = &mut self.on_its_way else { return Poll::Ready(Ok(())) };
        let (ran, mut piece) = ready!(Pin::new(operation).poll(cx));
        self.on_its_way = None;
        let written = core::mem::replace(&mut piece.written, Ok(()));
        self.idle = Some(piece);
        Poll::Ready(ran.map_err(io_error).and(written))
    }
}

/// Writes a whole buffer. Made by [`Stdout::write_all`] and [`Stderr::write_all`]; see there.
#[must_use = "a write does nothing unless it is awaited"]
pub struct WriteOut<'a, C: Config<Driver: Fs>, B: IoBuf> {
    output: &'a mut Output<C>,
    buffer: Option<B>,
    /// Bytes that were written.
    done: usize,
    /// Bytes of the buffer that are on their way.
    sent: usize,
    /// One piece, and no more?
    once: bool,
}

impl<'a, C: Config<Driver: Fs>, B: IoBuf> WriteOut<'a, C, B> {
    fn new(output: &'a mut Output<C>, buffer: B, once: bool) -> Self {
        WriteOut { output, buffer: Some(buffer), done: 0, sent: 0, once }
    }
}

// Nothing in it is pinned: the buffer is moved.
impl<C: Config<Driver: Fs>, B: IoBuf> Unpin for WriteOut<'_, C, B> {}

impl<C: Config<Driver: Fs>, B: IoBuf> Future for WriteOut<'_, C, B> {
    type Output = (io::Result<()>, B);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        const TAKEN: &str = "a write is polled until it is ready, and not after";
        let this = &mut *self;
        loop {
            let arrived = ready!(this.output.poll_arrival(cx));
            // If this write sent nothing yet, it was the piece of a write that was dropped: nobody hears of it.
            let sent = core::mem::take(&mut this.sent);
            if sent > 0
                && let Err(error) = arrived
            {
                return Poll::Ready((Err(error), this.buffer.take().expect(TAKEN)));
            }
            this.done += sent;
            let bytes = this.buffer.as_ref().expect(TAKEN).as_bytes();
            if this.done == bytes.len() || (this.once && this.done > 0) {
                return Poll::Ready((Ok(()), this.buffer.take().expect(TAKEN)));
            }
            this.sent = (bytes.len() - this.done).min(PIECE);
            this.output.send(&bytes[this.done..this.done + this.sent]);
        }
    }
}

impl<C: Config<Driver: Fs>, B: IoBuf> fmt::Debug for WriteOut<'_, C, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteOut").field("done", &self.done).finish_non_exhaustive()
    }
}

macro_rules! output {
    ($(#[$doc:meta])* $stream:ident, $(#[$make_doc:meta])* $make:ident) => {
        $(#[$doc])*
        ///
        /// A write goes through the stream of the standard library, on a blocking thread, and is over when the system has
        /// taken the bytes: nothing has to be flushed, and what `print!` left in the library's buffer goes out before. Several
        /// handles may write; each piece of up to 64 KiB is written as a whole.
        ///
        /// Under a local scheduler it belongs to the worker that polls its writes.
        pub struct $stream<C: Config<Driver: Fs>>(Output<C>);

        $(#[$make_doc])*
        #[must_use]
        pub fn $make<C: Config>() -> $stream<C>
        where
            C::Driver: Fs,
        {
            $stream(Output::to(|bytes| {
                let mut stream = io::$make().lock();
                stream.write_all(bytes)?;
                stream.flush()
            }))
        }

        impl<C: Config<Driver: Fs>> $stream<C> {
            /// Writes the whole buffer. Yields the buffer.
            ///
            /// # Errors
            /// [`BrokenPipe`](io::ErrorKind::BrokenPipe): nobody reads any more, or the runtime is closed. Some of the buffer
            /// may have been written. [`Unsupported`](io::ErrorKind::Unsupported): this config has no blocking threads.
            ///
            /// # Cancel safety
            /// The buffer is written up to a multiple of 64 KiB, or to its end; how far is lost with the future. What is
            /// written next comes after that. What was on its way when this handle is dropped may be written or not.
            ///
            /// # Panics
            /// Without a runtime of `C` on the thread, when polled.
            pub fn write_all<B: IoBuf>(
                &mut self,
                // The compiler shows this line to who passes a borrowed slice.
                buffer: impl IntoIoBuf<Buf = B>, // owned, or a literal: for a borrowed part, `part.to_vec()`
            ) -> WriteOut<'_, C, B> {
                WriteOut::new(&mut self.0, buffer.into_io_buf(), false)
            }
        }

        impl<C: Config<Driver: Fs>> Writes for $stream<C> {
            async fn write<B: IoBuf>(&mut self, buffer: B) -> (io::Result<usize>, B) {
                let mut write = WriteOut::new(&mut self.0, buffer, true);
                let (result, buffer) = (&mut write).await;
                (result.map(|()| write.done), buffer)
            }
            fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
                $stream::write_all(self, buffer)
            }
            /// Waits for what a dropped write has left on its way. There is nothing else to flush.
            async fn flush(&mut self) -> io::Result<()> {
                core::future::poll_fn(|cx| self.0.poll_arrival(cx)).await
            }
            /// As [`flush`](Writes::flush): the stream of the process stays open.
            async fn end_writes(&mut self) -> io::Result<()> {
                self.flush().await
            }
        }

        impl<C: Config<Driver: Fs>> fmt::Debug for $stream<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($stream)).finish_non_exhaustive()
            }
        }
    };
}

output! {
    /// The standard output of the process. Made by [`stdout`].
    Stdout,
    /// The standard output, for this process and this runtime.
    stdout
}
output! {
    /// The standard error of the process. Made by [`stderr`].
    Stderr,
    /// The standard error, for this process and this runtime.
    stderr
}
