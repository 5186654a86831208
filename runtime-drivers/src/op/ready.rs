//! The operation on resources of which the driver knows nothing but when they are ready.

use bespoke_core::driver::{Errno, Late, Op};
use bespoke_core::roles::Resource;

/// Which direction of a resource an operation waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Something can be read, or there is nothing more to come.
    Read,
    /// There is room to write.
    Write,
}

/// Waits until a resource is ready, or was since this was last asked: each edge is told once. `epoll(7)`, `EPOLLET`.
///
/// A resource counts as ready when it is new to the driver. Whoever is told so goes on until its own call would block, or
/// until what it compares has not changed, and only then asks again: what came before is not told a second time. It may
/// also be told once too often.
///
/// A wait: nothing in the driver belongs to the future, and dropping it loses no edge.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    /// The resource.
    pub resource: Resource,
    /// For what.
    pub direction: Direction,
    /// A call found it not ready since it was last told so: what is found ready now is new. Without that it may be told late, as
    /// a driver that is told of states and not of changes cannot tell the two apart.
    pub would_block: bool,
}

// SAFETY: points at no memory and owns nothing.
unsafe impl Op for Ready {
    type Output = Result<(), Errno>;
    const NAME: &'static str = "ready";
    const LATE: Late = Late::Wait;
    #[inline(always)]
    fn about(&mut self) -> Option<&mut Resource> {
        Some(&mut self.resource)
    }
    fn refused(errno: Errno) -> Self::Output {
        Err(errno)
    }
}
