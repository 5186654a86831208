//! Bytes that a driver lends.
//!
//! A [`Lease`] is a buffer of the driver's with what has come in it. It goes home when it is dropped: on the worker of the
//! driver at once, by [`Live::take_back`], and so from any thread where tasks move; else from another thread through the worker's
//! inbox, by the node that the driver keeps for the buffer, so without memory. When the runtime is closed the driver is gone, and
//! whoever drops the lease frees the buffer: [`Live::free_buffer`]. That is so from the start under a driver without state.
//!
//! # Invariants
//! 1. A lease of a driver with state is a guest of the worker (see [`guests`](crate::worker::guests)) from its making on.
//! 2. The bytes are initialised, and nobody writes to them, while the lease lives.

use super::resource::OwnedResource;
use crate::config::{Config, LiveOf};
use crate::io::IoBuf;
use crate::loom::{Plant, planted};
use crate::roles::{Driver, Live};
use crate::task::home::{Closed, Home};
use crate::task::inbox::NodeKind;
use crate::util::link::Node;
use crate::worker::Worker;
use crate::worker::guests::{self, roams};
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

/// What a driver lends, as the output of an operation: plain data, from which the typed layer makes a [`Lease`]. Dropped
/// without that, the buffer is lost.
#[derive(Debug)]
#[must_use = "the buffer is lost unless a `Lease` is made of this"]
pub struct Leased {
    node: NonNull<Node>,
    bytes: NonNull<u8>,
    len: usize,
}

// SAFETY: the only name of a buffer, whose bytes are plain memory.
unsafe impl Send for Leased {}
// SAFETY: a shared reference reads bytes that nobody writes.
unsafe impl Sync for Leased {}

impl Leased {
    /// `len` bytes at `bytes`.
    ///
    /// # Safety
    /// They are initialised, and nobody writes to them until the buffer has come home. `node` is that buffer's, and in use
    /// for nothing else; it has the provenance that the driver needs to find the buffer by it.
    pub unsafe fn new(node: NonNull<Node>, bytes: NonNull<u8>, len: usize) -> Self {
        Leased { node, bytes, len }
    }

    /// By what the driver knows the buffer.
    #[must_use]
    pub fn node(&self) -> NonNull<Node> {
        self.node
    }

    /// The bytes.
    #[inline(always)]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: initialised and unchanged (contract of `new`).
        unsafe { core::slice::from_raw_parts(self.bytes.as_ptr(), self.len) }
    }
}

/// Bytes in a buffer of the driver's, which goes home when this is dropped. Empty at the end of the stream.
///
/// It is a buffer to write from, so a lease that was read is sent without a copy. It may be held, moved and dropped anywhere,
/// also after its runtime closed. How many are held at once is how much memory they take: the driver keeps the buffers for
/// the next leases, as many as were ever out at once, each driver its own.
pub struct Lease<C: Config> {
    /// `None`: the end of the stream.
    leased: Option<Leased>,
    /// `None`: the driver has no state, or there is no buffer.
    worker: Option<NonNull<Worker<C>>>,
    _config: PhantomData<fn() -> C>,
}

// SAFETY: the bytes are read only; the drop goes through the worker check, or posts to the worker's inbox, or frees, which
// any thread may do.
unsafe impl<C: Config> Send for Lease<C> {}
// SAFETY: a shared reference reads bytes that nobody writes (invariant 2).
unsafe impl<C: Config> Sync for Lease<C> {}

impl<C: Config> OwnedResource<C> {
    /// The lease of what an operation on this resource was lent; an empty one of `None`.
    ///
    /// # Safety
    /// An operation on this resource yielded `leased` on this thread, and the worker has not closed since, unless tasks move.
    #[inline]
    #[must_use]
    pub unsafe fn lease(&self, leased: Option<Leased>) -> Lease<C> {
        match (leased, self.worker()) {
            // SAFETY: the operation was polled on the worker's thread, which is this one; or tasks move, and this borrows the
            // resource.
            (Some(leased), Some(worker)) => unsafe { Lease::of(worker, leased) },
            (leased, _) => Lease { leased, worker: None, _config: PhantomData },
        }
    }
}

impl<C: Config> Lease<C> {
    /// The lease of what the driver of `worker` lent.
    ///
    /// # Safety
    /// This thread is running the worker or, where tasks move, uses a resource of it; its driver lent it.
    #[inline]
    pub(crate) unsafe fn of(worker: NonNull<Worker<C>>, leased: Leased) -> Self {
        // SAFETY: the worker is alive.
        let home = unsafe { &worker.as_ref().home };
        // SAFETY: the owner or, where tasks move, whoever uses the resource (invariant 1).
        unsafe { home.caller_comes() };
        Lease { leased: Some(leased), worker: Some(worker), _config: PhantomData }
    }

    /// The lease is dropped off its worker.
    #[cold]
    #[inline(never)]
    fn __bespoke_cold_leave(worker: NonNull<Worker<C>>, node: NonNull<Node>) {
        let home = Worker::home_of(worker);
        // SAFETY: the lease was the node's pin, and a guest.
        if let Err(Closed) = unsafe { Home::post(home, node, NodeKind::Lease) } {
            if !planted(Plant::LeaseForgotten) {
                // SAFETY: the driver is gone, and so is the lease.
                unsafe { LiveOf::<C>::free_buffer(node) };
            }
            // SAFETY: the reference that close took for this guest.
            unsafe { Home::release(home) };
        }
    }
}

impl<C: Config> Drop for Lease<C> {
    #[inline]
    fn drop(&mut self) {
        let Some(leased) = self.leased.take() else { return };
        if <C::Driver as Driver>::STATELESS {
            // SAFETY: the lease is gone.
            return unsafe { LiveOf::<C>::free_buffer(leased.node) };
        }
        let Some(worker) = self.worker else { unreachable!("a buffer that was lent has a worker to go home to") };
        // SAFETY: the lease is a guest of the worker.
        if const { roams::<C>() } && unsafe { worker.as_ref() }.common.is_copy() {
            // A thread that is missing here may hold the driver's lock: the buffer is lost to the child.
            // SAFETY: the guest's reference.
            return unsafe { Home::caller_goes(Worker::home_of(worker)) };
        }
        if !Home::is_current(Worker::home_of(worker)) {
            if const { roams::<C>() } {
                // SAFETY: inside; the driver is there.
                let driver = || unsafe { Worker::driver(worker) };
                // SAFETY: it lent the buffer, and the lease is gone.
                let take_back = || unsafe { driver().take_back(leased.node) };
                // SAFETY: the lease is a guest.
                if unsafe { guests::inside(worker, take_back) }.is_some() {
                    if planted(Plant::LeaseKeepsHome) {
                        return;
                    }
                    // SAFETY: the guest's reference.
                    return unsafe { Home::caller_goes(Worker::home_of(worker)) };
                }
            }
            return Self::__bespoke_cold_leave(worker, leased.node);
        }
        // SAFETY: the owner, whose driver is there while it is current.
        let driver = unsafe { Worker::driver(worker) };
        // SAFETY: this driver lent the buffer, and the lease is gone.
        unsafe { driver.take_back(leased.node) };
        // SAFETY: the owner; the lease was a guest.
        unsafe { Home::caller_goes(Worker::home_of(worker)) };
    }
}

impl<C: Config> core::ops::Deref for Lease<C> {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        self.leased.as_ref().map_or(&[], Leased::as_bytes)
    }
}

impl<C: Config> AsRef<[u8]> for Lease<C> {
    #[inline(always)]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

// SAFETY: the bytes lie in a buffer of the driver's, initialised and unchanged, and stay there when the lease moves
// (invariant 2).
unsafe impl<C: Config> IoBuf for Lease<C> {
    #[inline(always)]
    fn as_ptr(&self) -> *const u8 {
        (**self).as_ptr()
    }
    #[inline(always)]
    fn len(&self) -> usize {
        (**self).len()
    }
}

impl<C: Config> fmt::Debug for Lease<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("len", &(**self).len()).finish_non_exhaustive()
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
