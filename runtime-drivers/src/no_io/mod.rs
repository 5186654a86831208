//! The driver without I/O: a worker sleeps until a timer is due or somebody wakes it.
//!
//! For programs that compute, wait, and talk through channels, and do their I/O on blocking threads. Since there is nothing
//! that a worker could open, no task is bound to one, under any scheduler.
//!
//! # Sleep
//! A worker sleeps on a condition variable.

mod lower;

use crate::bell::Bell;
#[cfg(unix)]
use crate::sys;
use bespoke_core::driver::Errno;
use bespoke_core::error::{Error, ErrorKind};
use bespoke_core::roles::{
    Caps, Drained, Driver, DriverReport, Kind, Live, Nanos, Park, Regions, Resource, StartCx, Under, Unpark,
};
use bespoke_core::sharing::{Local, Moving, Shared, Sharing};
use std::sync::Arc;

/// No I/O: timers, channels and blocking jobs are all there is to wait for.
///
/// | | |
/// |---|---|
/// | needs | nothing |
/// | system calls | to sleep, and to wake who sleeps |
/// | tasks | may move: [`WorkStealing`](bespoke_core::scheduler::WorkStealing) |
/// | sockets, files, processes | none: what asks for them does not compile |
#[derive(Debug, Clone, Copy)]
pub struct NoIo;

impl Driver for NoIo {
    type Live<S: Sharing> = LiveNoIo;
    const NAME: &'static str = "no-io";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: bespoke_core::roles::Sealed = bespoke_core::roles::Sealed::OURS;

    #[cfg(unix)]
    #[inline]
    fn forks() -> u32 {
        sys::fork::forks()
    }
}

impl Under<Local> for NoIo {}

impl Under<Shared> for NoIo {}

impl Under<Moving> for NoIo {}

/// Nothing is done with it.
impl<S: Sharing> Regions<S> for NoIo where NoIo: Under<S> {}

/// The running driver of one worker: what its thread sleeps on.
#[derive(Debug)]
pub struct LiveNoIo(Arc<Bell>);

/// Ends the park of a [`LiveNoIo`].
#[derive(Clone, Debug)]
pub struct NoIoUnparker(Arc<Bell>);

impl Unpark for NoIoUnparker {
    fn unpark(&self) {
        self.0.ring();
    }
}

impl Live for LiveNoIo {
    const ARRIVES: bool = false;
    type Unparker = NoIoUnparker;

    fn start(_: StartCx) -> Result<Self, Error> {
        #[cfg(unix)]
        sys::fork::watch().map_err(Error::from)?;
        Ok(LiveNoIo(Arc::default()))
    }

    fn report(&self) -> DriverReport {
        DriverReport::named(NoIo::NAME, "a condition variable")
    }

    /// Nothing is opened here: whoever adopts a descriptor keeps it.
    fn register(&self, _: Resource, _: Kind) -> Result<(), Errno> {
        Err(Errno::of(ErrorKind::Unsupported))
    }

    /// Never called: nothing is opened.
    fn close(&self, _: Resource) {
        unreachable!("a driver without I/O is given a resource")
    }

    /// Never called: nothing is opened.
    fn release(&self, _: Resource) -> Result<(), Errno> {
        unreachable!("a driver without I/O is given a resource")
    }

    fn park(&self, park: Park) -> Result<(), Errno> {
        self.0.wait(park);
        Ok(())
    }

    fn has_work(&self) -> bool {
        false
    }

    fn unparker(&self) -> NoIoUnparker {
        NoIoUnparker(self.0.clone())
    }

    fn drain(&self, _: Nanos) -> Drained {
        Drained::default()
    }
}
