//! The operations on streams that are no sockets: pipes, terminals.

use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::Resource;
#[cfg(unix)]
use core::task::Poll;

/// Reads what has come, at most `len` bytes; 0 at the end, or if `len` is 0. `read(2)`.
///
/// Poll-time memory: `to` is touched inside `poll` only. A wait: dropping it loses no byte.
#[derive(Debug, Clone, Copy)]
pub struct ReadPipe {
    /// The pipe; foreign to the driver, as other descriptors may name the same open file.
    pub pipe: Resource,
    /// Where to.
    pub to: *mut u8,
    /// How many at most.
    pub len: usize,
    /// May the open file block, as it is somebody else's? If not, it is nonblocking.
    pub shared: bool,
}

// SAFETY: `to` is touched by the driver in `poll`, on the worker of the pipe; the value owns nothing.
unsafe impl Send for ReadPipe {}
// SAFETY: as above.
unsafe impl Op for ReadPipe {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "read_pipe";
    const LATE: Late = Late::Wait;
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}

/// Writes bytes: what one call takes, or all. `write(2)`.
///
/// Kernel-time memory: a driver may read `from` until the operation is over. Dropped: what the system took is on its way, in
/// order; how much that was is not kept.
#[derive(Debug, Clone, Copy)]
pub struct WritePipe {
    /// The pipe, nonblocking.
    pub pipe: Resource,
    /// Where the bytes are.
    pub from: *const u8,
    /// How many.
    pub len: usize,
    /// Go on until all are taken?
    pub all: bool,
}

// SAFETY: `from` is read by the driver only, and `K` keeps it alive; the value owns nothing.
unsafe impl Send for WritePipe {}
// SAFETY: as above.
unsafe impl Op for WritePipe {
    /// How many bytes were taken, and why not all, if so.
    type Output = (usize, Result<(), Errno>);
    const NAME: &'static str = "write_pipe";
    const LATE: Late = Late::Forget;
    fn refused(errno: Errno) -> Self::Output {
        (0, Err(errno))
    }
}

impl WritePipe {
    /// Makes one call after the other, for what was not taken yet, as long as there is something to take: `call` is given
    /// where it begins and how many bytes are left. How all of it ended, unless a call is pending.
    #[cfg(unix)]
    pub(crate) fn advance(
        &self,
        taken: &mut usize,
        mut call: impl FnMut(*const u8, usize) -> Poll<Result<usize, Errno>>,
    ) -> Poll<(usize, Result<(), Errno>)> {
        while *taken < self.len {
            // In bounds: less than `len` bytes were taken.
            let from = self.from.wrapping_add(*taken);
            match call(from, self.len - *taken) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(errno)) => return Poll::Ready((*taken, Err(errno))),
                Poll::Ready(Ok(n)) => *taken += n,
            }
            if !self.all {
                break;
            }
        }
        Poll::Ready((*taken, Ok(())))
    }
}
