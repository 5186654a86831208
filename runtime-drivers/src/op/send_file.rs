//! Sending a file without a copy, and which driver can.

use super::{FillPipe, Fs, Net, Sockets, SpillPipe};
use bespoke_core::driver::{Errno, Late, Op, Submit};
use bespoke_core::roles::Resource;

/// Sends bytes of a file to a stream, until all are taken or the file ends, without a copy in the program's memory.
/// `sendfile(2)`, `splice(2)`. Linux.
///
/// Points at no memory of the program's. The system may read the file's bytes as late as when the peer has got them. Dropped:
/// what the system took for the stream is on its way, in order; the driver keeps how much that was for
/// [`Interrupted`](super::Interrupted). Bytes that were on their way to the stream, and no further, are not sent.
#[derive(Debug, Clone, Copy)]
pub struct SendFile {
    /// The stream.
    pub stream: Resource,
    /// The file; of the same worker.
    pub file: Resource,
    /// From where in the file.
    pub at: u64,
    /// How many bytes at most.
    pub len: usize,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for SendFile {
    /// How many bytes the stream took, and why not all, if so. Fewer without an error: the file ended.
    type Output = (usize, Result<(), Errno>);
    const NAME: &'static str = "send_file";
    const LATE: Late = Late::CountWritten;
    /// The stream. The file is brought beside it: [`Beside`](bespoke_core::driver::Beside).
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        (0, Err(errno))
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        output.1.is_err()
    }
}

/// Drivers that move bytes without a copy in the program's memory: of files to streams, and of streams to streams.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` moves no bytes without a copy",
    label = "`ZeroCopy` is not available on this driver",
    note = "in generic code write `C: Config<Driver: ZeroCopy>`; in a config choose a driver with files and sockets, on Linux: \
            `Mio`, `Blocking`; `bespoke::io::copy` copies on every driver"
)]
pub trait ZeroCopy: Net + Fs + Submit<SendFile> + Submit<FillPipe> + Submit<SpillPipe> {}

impl<P: crate::Poller> ZeroCopy for crate::Mio<P> {}
impl ZeroCopy for crate::Blocking {}
impl<const ENTRIES: u32, O: crate::RingOptions> ZeroCopy for crate::IoUring<ENTRIES, O> {}
impl<A: ZeroCopy + Sockets, B: ZeroCopy + Sockets, T: crate::OnFallback> ZeroCopy for crate::Fallback<A, B, T> {}
