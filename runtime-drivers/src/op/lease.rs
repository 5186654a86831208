//! The read whose bytes stay in a buffer of the driver's.

use bespoke_core::driver::{Errno, Late, Leased, Op};
use bespoke_core::roles::Resource;

/// How many bytes a lease of the drivers of this crate holds at most: what most requests fit in, and one page beside its
/// header.
pub(crate) const LEASE_BYTES: usize = 4096;

/// Reads what has come, at most [`LEASE_BYTES`](bespoke_core::roles::Driver::LEASE_BYTES) of the driver, into a buffer that
/// the driver lends; `None` at the end of the stream. `recv(2)`.
///
/// No memory of the caller's: an operation that waits holds no buffer, unless the driver blocks. A wait: dropping it loses
/// no byte.
#[derive(Debug, Clone, Copy)]
pub struct RecvLease {
    /// The stream.
    pub stream: Resource,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for RecvLease {
    type Output = Result<Option<Leased>, Errno>;
    const NAME: &'static str = "recv_lease";
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
        !matches!(output, Ok(Some(_)))
    }
}
