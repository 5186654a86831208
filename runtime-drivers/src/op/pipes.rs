//! The operations on streams that are no sockets: pipes, terminals. And what is asked of a pipe without waiting.

#[cfg(unix)]
use crate::sys::{fd, pipe};
use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::Resource;
#[cfg(unix)]
use bespoke_core::roles::{Driver, RawResource};
#[cfg(unix)]
use core::task::Poll;
#[cfg(unix)]
use std::path::Path;

/// Reads what has come, at most `len` bytes; 0 at the end, or if `len` is 0. `read(2)`.
///
/// Poll-time memory: `to` is touched inside `poll` only. A wait: dropping it loses no byte.
#[derive(Debug, Clone, Copy)]
pub struct ReadPipe {
    /// The pipe or the terminal.
    pub pipe: Resource,
    /// Where to.
    pub to: *mut u8,
    /// How many at most.
    pub len: usize,
    /// May the open file block, as it is somebody else's? If not, it is nonblocking.
    pub shared: bool,
}

// SAFETY: `to` is touched by the driver in `poll`, by whoever polls; the value owns nothing.
unsafe impl Send for ReadPipe {}
// SAFETY: as above.
unsafe impl Op for ReadPipe {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "read_pipe";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.pipe)
    }
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
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.pipe)
    }
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

/// What is asked of a pipe without waiting. Errors are the system's codes.
#[cfg(unix)]
#[expect(clippy::missing_errors_doc, reason = "every function here fails with the system's code, as the trait says")]
pub trait PipeCalls: Driver {
    /// The end that is read, and the one that is written. `pipe2(2)`.
    fn pipe() -> Result<(RawResource, RawResource), Errno> {
        pipe::pipe()
    }
    /// Opens a FIFO, without waiting for its other end. `open(2)`.
    fn open_fifo(path: &Path, read: bool, write: bool) -> Result<RawResource, Errno> {
        pipe::open(path, read, write)
    }
    /// Is it a pipe? `fstat(2)`.
    fn is_pipe(end: RawResource) -> Result<bool, Errno> {
        pipe::is_pipe(end)
    }
    /// Can it be read, and can it be written? `fcntl(2)`.
    fn pipe_access(end: RawResource) -> Result<(bool, bool), Errno> {
        pipe::access(end)
    }
    /// Says whether calls on it wait; on every driver they do not while it is the driver's. `fcntl(2)`.
    fn set_pipe_waits(end: RawResource, waits: bool) -> Result<(), Errno> {
        fd::set_nonblocking(end, !waits)
    }
    /// How many bytes it holds. `F_GETPIPE_SZ`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn pipe_capacity(end: RawResource) -> Result<usize, Errno> {
        pipe::capacity(end)
    }
    /// Sets how many bytes it holds. `F_SETPIPE_SZ`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn set_pipe_capacity(end: RawResource, bytes: usize) -> Result<(), Errno> {
        pipe::set_capacity(end, bytes)
    }
    /// Closes an end that no handle owns yet.
    fn discard_pipe(end: RawResource) {
        // A pipe holds no data that a failed close could lose.
        let _ = fd::close(end);
    }
}

#[cfg(unix)]
impl<P: crate::Poller> PipeCalls for crate::Mio<P> {}
#[cfg(unix)]
impl PipeCalls for crate::Blocking {}
#[cfg(target_os = "linux")]
impl<const ENTRIES: u32, O: crate::RingOptions> PipeCalls for crate::IoUring<ENTRIES, O> {}
#[cfg(target_os = "linux")]
impl<A: PipeCalls + super::Sockets, B: PipeCalls + super::Sockets, T: crate::OnFallback> PipeCalls
    for crate::Fallback<A, B, T>
{
}
