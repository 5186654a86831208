//! The driver without a driver: each operation is its system call, which blocks the thread until it is done.
//!
//! Nothing stands between a task and the system: no state, no registration, no look at the thread's worker. An operation is
//! ready at its first poll, so an `async fn` compiles to the loop of calls that one would write by hand. What other tasks
//! do meanwhile is the business of the scheduler: each has a thread of its own.
//!
//! # What follows from that
//! - An operation that waits cannot be cancelled: a `timeout` around it is late, it ends when the operation does; so is an
//!   abort. [`Connect`](crate::op::Connect), [`Ready`](crate::op::Ready) and [`Timeout`](bespoke_core::driver::Timeout) are
//!   the exceptions: they wait in slices, see `lower/slices`.
//! - A future that polls two operations waits for the first before it begins the second.
//! - When the runtime closes, open sockets are shut down (`shutdown(2)`), which ends what blocks on them; the tasks are then
//!   cancelled as under any other driver. On systems where that does not wake an `accept` (Apple's), a thread that waits
//!   for a connection is left behind, and counted.
//!
//! # Sleep
//! A worker sleeps on a condition variable. It does so when its task waits for something that is not an operation: a timer,
//! another task, a channel.

#[cfg(unix)]
mod files;
mod lower;

use crate::bell::Bell;
use crate::op::LEASE_BYTES;
use crate::sys;
use bespoke_core::driver::{Buffer, Errno};
use bespoke_core::error::Error;
use bespoke_core::roles::{
    Caps, Drained, Driver, DriverReport, Kind, Live, Nanos, Park, RawResource, Regions, Resource, StartCx, Under,
    Unpark,
};
use bespoke_core::sharing::{Shared, Sharing};
use bespoke_core::util::link::Node;
use core::ptr::NonNull;
use core::time::Duration;
use std::sync::Arc;

/// Plain system calls that block the thread; for [`ThreadPerTask`](bespoke_core::scheduler::ThreadPerTask).
///
/// | | |
/// |---|---|
/// | needs | nothing |
/// | system calls | per request: `recv` and `send` |
/// | threads | one per task |
/// | cancelling | when the operation is over; `timeout` is late |
#[derive(Debug, Clone, Copy)]
pub struct Blocking;

impl Driver for Blocking {
    type Live<S: Sharing> = LiveBlocking;
    const NAME: &'static str = "blocking";
    const CAPS: Caps = Caps::BLOCKING;
    const LEASE_BYTES: usize = LEASE_BYTES;
    const STATELESS: bool = true;

    fn end_writes(stream: RawResource) {
        // A peer that is gone already makes this fail, which changes nothing.
        let _ = sys::socket::shutdown(stream, std::net::Shutdown::Write);
    }

    fn interrupt(resource: RawResource) {
        sys::socket::interrupt(resource);
    }

    #[cfg(unix)]
    #[inline]
    fn forks() -> u32 {
        sys::fork::forks()
    }

    const INTERRUPT_AGAIN: Option<Duration> = sys::socket::INTERRUPT_AGAIN;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;
}

impl Under<Shared> for Blocking {
    unsafe fn with<R>(_: impl FnOnce() -> NonNull<LiveBlocking>, f: impl FnOnce(&LiveBlocking) -> R) -> R {
        f(&NOBODY)
    }
}

/// Nothing is done with it: the system calls name the memory each time.
impl Regions<Shared> for Blocking {}

/// What stands for the driver where no worker is asked for: operations and `close` use nothing of it.
static NOBODY: LiveBlocking = LiveBlocking(None);

/// The running driver of one worker: what its thread sleeps on.
#[derive(Debug)]
pub struct LiveBlocking(Option<Arc<Bell>>);

/// Ends the park of a [`LiveBlocking`].
#[derive(Clone, Debug)]
pub struct BlockingUnparker(Option<Arc<Bell>>);

impl Unpark for BlockingUnparker {
    fn unpark(&self) {
        if let Some(bell) = &self.0 {
            bell.ring();
        }
    }
}

impl Live for LiveBlocking {
    const ARRIVES: bool = false;
    type Unparker = BlockingUnparker;

    fn start(_: StartCx) -> Result<Self, Error> {
        #[cfg(unix)]
        sys::fork::watch().map_err(Error::from)?;
        Ok(LiveBlocking(Some(Arc::default())))
    }

    fn report(&self) -> DriverReport {
        DriverReport::named(Blocking::NAME, "system calls that block their thread")
    }

    /// Never called: resources belong to no worker.
    fn register(&self, _: Resource, _: Kind) -> Result<(), Errno> {
        Ok(())
    }

    fn close(&self, resource: Resource) {
        // The descriptor is gone whatever it says; an error of an earlier write was told by that write.
        let _ = sys::fd::close(resource.raw);
    }

    /// Never called: resources belong to no worker.
    fn release(&self, _: Resource) -> Result<(), Errno> {
        Ok(())
    }

    fn park(&self, park: Park) -> Result<(), Errno> {
        let Some(bell) = &self.0 else { unreachable!("nobody parks") };
        bell.wait(park);
        Ok(())
    }

    fn has_work(&self) -> bool {
        false
    }

    fn unparker(&self) -> BlockingUnparker {
        BlockingUnparker(self.0.clone())
    }

    fn drain(&self, _: Nanos) -> Drained {
        // What is in flight is in flight on a thread: the registry of threads waits for it.
        Drained::default()
    }

    unsafe fn free_buffer(buffer: NonNull<Node>) {
        // SAFETY: as the caller; `lower` lends no others.
        drop(unsafe { Buffer::<LEASE_BYTES>::of(buffer) });
    }
}
