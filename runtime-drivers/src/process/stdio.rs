//! The ends of a child's pipes that its parent has.

use super::pipe::{Pipe, Writing, ended};
use crate::io::{Reads, Writes};
use crate::net::lends_its_fd;
use crate::op::Process;
use bespoke_core::config::Config;
use bespoke_core::io::{IntoIoBuf, IoBuf, IoBufMut};
use core::fmt;
use core::future::ready;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::vec::Vec;

macro_rules! end {
    ($(#[$doc:meta])* $end:ident($pipe:ty), |$made:ident| $wrap:expr, |$this:ident| $unwrap:expr) => {
        $(#[$doc])*
        ///
        /// Under a local scheduler it belongs to the worker that made it, as a socket does: it may be moved and dropped
        /// anywhere, and is used on its worker. It may outlive its runtime: every call then says that the runtime is closed.
        pub struct $end<C: Config>($pipe);

        impl<C: Config<Driver: Process>> $end<C> {
            pub(super) fn adopt(fd: OwnedFd, at: &'static Location<'static>) -> io::Result<Self> {
                let $made = Pipe::adopt(fd, false, at)?;
                Ok($end($wrap))
            }

            /// Takes charge of the end that the standard library made. It becomes nonblocking.
            ///
            /// # Errors
            /// What the driver was refused; the end is closed then.
            ///
            /// # Panics
            /// Without a runtime of `C` on this thread.
            #[track_caller]
            pub fn from_std(end: std::process::$end) -> io::Result<Self> {
                Self::adopt(end.into(), Location::caller())
            }

            /// The descriptor, which blocks from now on.
            ///
            /// # Errors
            /// The runtime is closed, and the descriptor with it.
            ///
            /// # Panics
            /// On another worker than the one that has it, under a local scheduler.
            pub fn into_owned_fd(self) -> io::Result<OwnedFd> {
                let $this = self;
                let pipe: Pipe<C> = $unwrap;
                pipe.into_owned_fd()
            }
        }

        /// As the standard stream of another child.
        impl<C: Config<Driver: Process>> TryFrom<$end<C>> for Stdio {
            type Error = io::Error;
            fn try_from(end: $end<C>) -> io::Result<Stdio> {
                end.into_owned_fd().map(Stdio::from)
            }
        }

        impl<C: Config> fmt::Debug for $end<C> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($end)).field(&self.0).finish()
            }
        }
    };
}

end! {
    /// The end from which a child's standard input is written. Dropping it ends the input.
    ChildStdin(Option<Pipe<C>>), |pipe| Some(pipe), |this| this.0.ok_or_else(ended)?
}
end! {
    /// The end at which a child's standard output is read.
    ChildStdout(Pipe<C>), |pipe| pipe, |this| this.0
}
end! {
    /// The end at which a child's standard error is read.
    ChildStderr(Pipe<C>), |pipe| pipe, |this| this.0
}

lends_its_fd!(ChildStdin: |this| this.0.as_ref().ok_or_else(ended)?.resource());
lends_its_fd!(ChildStdout: |this| this.0.resource());
lends_its_fd!(ChildStderr: |this| this.0.resource());

macro_rules! reads {
    ($($end:ident),+) => { $(
        impl<C: Config<Driver: Process>> $end<C> {
            /// Reads what has come, at most as much as the buffer holds. 0: the child and whoever else had the other end
            /// have closed it; or the buffer is empty.
            ///
            /// # Errors
            /// [`BrokenPipe`](io::ErrorKind::BrokenPipe): the runtime is closed.
            ///
            /// # Cancel safety
            /// Cancel safe and lossless: a dropped read has taken no byte.
            pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0.read(buffer).await
            }

            /// As [`read`](Self::read), to a buffer that the operation owns, up to its capacity. Yields the buffer, whose
            /// length is then what was read.
            ///
            /// # Errors
            /// As [`read`](Self::read).
            ///
            /// # Cancel safety
            /// As [`read`](Self::read); the buffer is dropped with the future.
            pub async fn read_into<B: IoBufMut>(&mut self, buffer: B) -> (io::Result<usize>, B) {
                self.0.read_into(buffer).await
            }

            /// Reads to the end, behind what `bytes` holds already. Yields how many bytes that were.
            ///
            /// # Errors
            /// As [`read`](Self::read); out of memory. What was read before is there.
            ///
            /// # Cancel safety
            /// Cancel safe and lossless: what was read is in `bytes`.
            pub async fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
                self.0.read_to_end(bytes).await
            }
        }

        impl<C: Config<Driver: Process>> Reads for $end<C> {
            fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> impl Future<Output = io::Result<usize>> + Send {
                self.0.read(buffer)
            }
        }
    )+ };
}
reads!(ChildStdout, ChildStderr);

impl<C: Config<Driver: Process>> ChildStdin<C> {
    /// Writes what the pipe takes, at least one byte unless there is none. Yields how much, and the buffer.
    ///
    /// # Errors
    /// [`BrokenPipe`](io::ErrorKind::BrokenPipe): nobody reads any more, the input was [ended](Writes::end_writes), or the
    /// runtime is closed. A program that does not ignore `SIGPIPE`, as Rust programs do, gets that signal when nobody reads.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: a write that is dropped has put nothing into the pipe.
    pub fn write<B: IoBuf>(
        &mut self,
        // The compiler shows this line to who passes a borrowed slice.
        buffer: impl IntoIoBuf<Buf = B>, // owned, or a literal: for a borrowed part, `part.to_vec()`
    ) -> WriteStdin<'_, C, B> {
        WriteStdin(Writing::new(self.0.as_mut(), buffer.into_io_buf(), false))
    }

    /// Writes the whole buffer. Yields the buffer.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    ///
    /// # Cancel safety
    /// **Not** cancel safe. A call that is dropped may have put a beginning of the buffer into the pipe, in order, and does
    /// not say how much; another call begins with the first byte of its buffer. Who drops writes calls
    /// [`write`](Self::write) until all is taken.
    pub fn write_all<B: IoBuf>(
        &mut self,
        // As in `write`.
        buffer: impl IntoIoBuf<Buf = B>, // owned, or a literal: for a borrowed part, `part.to_vec()`
    ) -> WriteStdinAll<'_, C, B> {
        WriteStdinAll(Writing::new(self.0.as_mut(), buffer.into_io_buf(), true))
    }
}

impl<C: Config<Driver: Process>> Writes for ChildStdin<C> {
    fn write<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<usize>, B)> + Send {
        ChildStdin::write(self, buffer)
    }
    fn write_all<B: IoBuf>(&mut self, buffer: B) -> impl Future<Output = (io::Result<()>, B)> + Send {
        ChildStdin::write_all(self, buffer)
    }
    /// Closes the pipe: there is no other way to end it. Whatever is written later is refused.
    fn end_writes(&mut self) -> impl Future<Output = io::Result<()>> + Send {
        self.0 = None;
        ready(Ok(()))
    }
}

macro_rules! writing {
    ($(#[$doc:meta])* $write:ident => $output:ty: |$told:pat_param| $answer:expr) => {
        $(#[$doc])*
        #[must_use = "a write does nothing unless it is awaited"]
        pub struct $write<'a, C: Config<Driver: Process>, B: IoBuf>(Writing<'a, C, B>);

        // Nothing in it is pinned: the operation is not, and the buffer is moved.
        impl<C: Config<Driver: Process>, B: IoBuf> Unpin for $write<'_, C, B> {}

        impl<C: Config<Driver: Process>, B: IoBuf> Future for $write<'_, C, B> {
            type Output = (io::Result<$output>, B);

            fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
                self.0.poll(cx).map(|($told, buffer)| ($answer, buffer))
            }
        }

        impl<C: Config<Driver: Process>, B: IoBuf> fmt::Debug for $write<'_, C, B> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($write)).finish_non_exhaustive()
            }
        }
    };
}

writing! {
    /// Writes what the pipe takes. Made by [`ChildStdin::write`]; see there.
    WriteStdin => usize: |(taken, result)| result.map(|()| taken)
}
writing! {
    /// Writes a whole buffer. Made by [`ChildStdin::write_all`]; see there.
    WriteStdinAll => (): |(_, result)| result
}
