//! The operations on sockets.

use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::{RawResource, Resource};
use core::any::Any;
use core::net::SocketAddr;
use std::boxed::Box;

/// Takes the next connection of a listener: its descriptor, which is the caller's, and the peer's address. `accept(2)`.
///
/// A wait: nothing in the driver belongs to the future, and dropping it loses no connection.
#[derive(Debug, Clone, Copy)]
pub struct Accept {
    /// The listener.
    pub listener: Resource,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Accept {
    type Output = Result<(RawResource, SocketAddr), Errno>;
    const NAME: &'static str = "accept";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.listener)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        output.is_err()
    }
}

/// Connects a new socket. `connect(2)`.
///
/// Dropped: the handle of the socket, which is the caller's, closes it.
#[derive(Debug, Clone, Copy)]
pub struct Connect {
    /// The socket.
    pub socket: Resource,
    /// The peer.
    pub address: SocketAddr,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Connect {
    type Output = Result<(), Errno>;
    const NAME: &'static str = "connect";
    const LATE: Late = Late::CloseResource;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.socket)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
    #[inline(always)]
    fn ended(output: &Self::Output) -> bool {
        output.is_err()
    }
}

/// Reads what has come, at most `len` bytes; 0 at the end of the stream, or if `len` is 0. `recv(2)`.
///
/// Poll-time memory: `to` is touched inside `poll` only. A wait: dropping it loses no byte.
#[derive(Debug, Clone, Copy)]
pub struct Recv {
    /// The stream.
    pub stream: Resource,
    /// Where to.
    pub to: *mut u8,
    /// How many at most.
    pub len: usize,
    /// Leave the bytes where they are (`MSG_PEEK`)?
    pub peek: bool,
}

// SAFETY: `to` is touched by the driver in `poll`, by whoever polls; the value owns nothing.
unsafe impl Send for Recv {}
// SAFETY: as above.
unsafe impl Op for Recv {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "recv";
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
        !matches!(output, Ok(1..))
    }
}

/// Reads what has come to a buffer that it owns, at most `len` bytes; 0 at the end of the stream, or if `len` is 0. `recv(2)`.
///
/// Kernel-time memory: a driver may write to `to` until the operation is over. Dropped: bytes that arrive in the buffer all
/// the same are kept for the next read.
#[derive(Debug, Clone, Copy)]
pub struct RecvInto {
    /// The stream.
    pub stream: Resource,
    /// Where to.
    pub to: *mut u8,
    /// How many at most.
    pub len: usize,
}

// SAFETY: `to` is written by the driver only, and `K` keeps it alive; the value owns nothing.
unsafe impl Send for RecvInto {}
// SAFETY: as above.
unsafe impl Op for RecvInto {
    type Output = Result<usize, Errno>;
    const NAME: &'static str = "recv_into";
    const LATE: Late = Late::KeepBytes;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}

/// Writes bytes to a stream: what one send takes, or all. `send(2)`.
///
/// Kernel-time memory: a driver may read `from` until the operation is over. Dropped: what the system took is on its way,
/// in order; the driver keeps how much that was, and the buffer, for [`Interrupted`].
#[derive(Debug, Clone, Copy)]
pub struct Transmit {
    /// The stream.
    pub stream: Resource,
    /// Where the bytes are.
    pub from: *const u8,
    /// How many.
    pub len: usize,
    /// Go on until all are taken?
    pub all: bool,
}

// SAFETY: `from` is read by the driver only, and `K` keeps it alive; the value owns nothing.
unsafe impl Send for Transmit {}
// SAFETY: as above.
unsafe impl Op for Transmit {
    /// How many bytes were taken, and why not all, if so.
    type Output = (usize, Result<(), Errno>);
    const NAME: &'static str = "send";
    const LATE: Late = Late::CountWritten;
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

/// What a dropped [`Transmit`] came to: how many bytes were taken, and the buffer.
pub struct Taken {
    /// Bytes that the system took.
    pub bytes: usize,
    /// What was kept for the operation.
    pub kept: Box<dyn Any + Send>,
}

impl core::fmt::Debug for Taken {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Taken").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// Asks what became of the last write of a stream that was dropped under way; waits until that is known. `None`: no write
/// was interrupted since the last question, or none that had begun.
#[derive(Debug, Clone, Copy)]
pub struct Interrupted {
    /// The stream.
    pub stream: Resource,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Interrupted {
    type Output = Option<Taken>;
    const NAME: &'static str = "interrupted";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.stream)
    }
    fn refused(_: Errno) -> Self::Output {
        None
    }
}
