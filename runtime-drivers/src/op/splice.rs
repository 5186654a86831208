//! Moving bytes from a stream to a stream without a copy: through a pipe, in two operations.

use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::{RawResource, Resource};

/// Moves what has come for a stream into a pipe in which nothing is, at most `len` bytes, without a copy in the program's
/// memory; 0 at the end. `splice(2)`. Linux.
///
/// Points at no memory of the program's. A wait: dropping it loses no byte. What a driver has read ahead comes first, as a copy.
#[derive(Debug, Clone, Copy)]
pub struct FillPipe {
    /// The stream.
    pub stream: Resource,
    /// The end of the pipe that is written: nonblocking, and open until the operation is over.
    pub pipe: RawResource,
    /// How many bytes at most; not 0, and not more than the pipe has room for.
    pub len: usize,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for FillPipe {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "fill_pipe";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        matches!(output, Ok(0) | Err(_))
    }
}

/// Moves bytes of a pipe on to a stream, as many as that takes at once, without a copy in the program's memory. `splice(2)`.
/// Linux.
///
/// Points at no memory of the program's. Dropped: what the system took for the stream is on its way, in order, and the rest is
/// in the pipe, which says how much that is once what was kept for the operation is dropped. What is written to the stream next
/// comes behind it.
#[derive(Debug, Clone, Copy)]
pub struct SpillPipe {
    /// The stream.
    pub stream: Resource,
    /// The end of the pipe that is read: open until what is kept for the operation is dropped.
    pub pipe: RawResource,
    /// How many bytes at most; not 0, and not more than are in the pipe.
    pub len: usize,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for SpillPipe {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "spill_pipe";
    /// Not counted beside the stream, as other writes are: the pipe tells.
    const LATE: Late = Late::Forget;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        output.is_err()
    }
}
