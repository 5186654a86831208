//! Sending files: written once, with its contract, for the stream and the halves that write.

use super::io_error;
use crate::fs::File;
use crate::op;
use bespoke_core::config::Config;
use bespoke_core::driver::{Beside, Borrows, Operation, OwnedResource, Submit};
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use std::io;

/// Sends bytes of a file. Made by [`TcpStream::send_file`](super::TcpStream::send_file); see there.
#[must_use = "a transfer does nothing unless it is awaited"]
pub struct SendFile<'a, C: Config>
where
    C::Driver: Submit<op::SendFile>,
{
    // Before the file: what it has on its way is told of while that is held.
    operation: Operation<C, op::SendFile>,
    file: Beside<'a, C>,
    _borrowed: Borrows<'a>,
}

impl<'a, C: Config> SendFile<'a, C>
where
    C::Driver: Submit<op::SendFile>,
{
    pub(super) fn new(stream: &'a OwnedResource<C>, file: &'a File<C>, at: u64, len: usize) -> Self {
        let op = op::SendFile { stream: stream.resource(), file: file.resource.resource(), at, len };
        // SAFETY: points at no memory, and the future borrows both resources as long as it lives.
        let operation = unsafe { stream.operation(op, ()) };
        SendFile { operation, file: Beside::new(&file.resource, stream), _borrowed: Borrows::default() }
    }
}

impl<C: Config> Future for SendFile<'_, C>
where
    C::Driver: Submit<op::SendFile>,
{
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        // What is under way holds both resources where they are, and is polled there or not at all.
        if !this.operation.is_under_way() {
            let file = ready!(this.file.poll_here("a file", cx)).map_err(io_error)?;
            // SAFETY: it is not under way, and points at no memory.
            unsafe { this.operation.op_mut() }.file = file;
        }
        let ((taken, result), ()) = ready!(Pin::new(&mut this.operation).poll(cx));
        Poll::Ready(match result {
            Err(errno) if taken == 0 => Err(io_error(errno)),
            // What was taken is on its way; the next call tells of the error.
            _ => Ok(taken),
        })
    }
}

impl<C: Config> fmt::Debug for SendFile<'_, C>
where
    C::Driver: Submit<op::SendFile>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendFile").field("operation", &self.operation).field("file", &self.file).finish()
    }
}

/// The method of a type that has a `resource()`.
macro_rules! sending {
    ($name:ident $(<$life:lifetime>)? $(of $stream:ident)?) => {
        impl<$($life,)? C: Config $(, $stream: Splits<C>)?> $name<$($life,)? C $(, $stream)?> {
            /// Sends `len` bytes of a file, from `at` on, without a copy in the program's memory. Yields how many the stream
            /// took: fewer where the file ends before, or where the connection or the disk fails, of which the next
            /// call tells. `sendfile(2)`; on a ring, `splice(2)` through a pipe.
            ///
            /// The file's own cursor is not used, and stays. Bytes that a [`BufWriter`](crate::io::BufWriter) over the stream
            /// keeps are not sent before these: flush it.
            ///
            /// The system sends the pages of the file as they are **when they leave**, and again if they are lost on the
            /// way: what is written to the file before the peer has the bytes may be among them, also after this is ready. A
            /// file that is cut meanwhile ends there; so a length that was announced may not come, and the connection has
            /// to end.
            ///
            /// Small files: on a ring this is two hand-overs to threads of the system's for each part of 256 KiB. A file of
            /// some pages is read and written faster there.
            ///
            /// # Errors
            /// As [`write`](Self::write), and as [`File::read_at`](crate::fs::File::read_at):
            /// [`NotSeekable`](std::io::ErrorKind::NotSeekable), a pipe;
            /// [`InvalidInput`](std::io::ErrorKind::InvalidInput), no file of bytes.
            ///
            /// Where sockets and files move between workers, both are brought to the one that polls:
            /// [`ResourceBusy`](std::io::ErrorKind::ResourceBusy), another uses one of them.
            ///
            /// # Panics
            /// When polled on another worker than the one on which it is under way; where sockets and files do not move, on
            /// another than that of either.
            ///
            /// # Cancel safety
            /// *Accounted*, as [`write`](Self::write): what the peer gets is a beginning of the bytes, and
            /// [`take_interrupted`](Self::take_interrupted) tells how many were taken. What is kept there is `()`.
            ///
            /// # Platform
            /// Linux. In a program that does not ignore `SIGPIPE`, as Rust programs do, a peer that is gone raises it.
            ///
            /// # Example
            #[doc = connected!($name)]
            #[doc = concat!("# let name = format!(\"bespoke-", stringify!($name), "-{}\", std::process::id());")]
            /// # let path = std::env::temp_dir().join(name);
            #[doc = writer!($name)]
            /// use bespoke::fs::{self, File};
            ///
            /// fs::write(&path, "a page, and a line").await.0?;
            /// let file = File::open(&path).await?;
            /// assert_eq!(writer.send_file(&file, 8, 100).await?, 10); // the file ends there
            /// # fs::remove_file(&path).await?;
            /// # let mut got = [0; 10];
            /// # peer.read_exact(&mut got).await?;
            /// # assert_eq!(&got, b"and a line");
            /// # Ok(())
            /// # }
            /// ```
            pub fn send_file<'send>(
                &'send mut self,
                file: &'send $crate::fs::File<C>,
                at: u64,
                len: usize,
            ) -> $crate::net::SendFile<'send, C>
            where
                C::Driver: $crate::op::ZeroCopy,
            {
                $crate::net::SendFile::new(self.resource(), file, at, len)
            }
        }
    };
}
pub(super) use sending;
