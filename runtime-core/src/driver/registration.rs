//! Memory that is registered with the driver of a worker.
//!
//! The driver is lent the memory by [`Live::register_memory`], and keeps what that belongs to ([`Lent`]) until the
//! registration was dropped, on whatever thread, and the last operation that uses the memory there has ended. The drop
//! says so by a flag and wakes the worker, whose next turn sees to it; so a registration is no guest, and may outlive its
//! runtime.

use crate::config::{Config, LiveOf, SharingOf};
use crate::error::Error;
use crate::roles::{Lent, Live, Region, Regions, Under, Unpark};
use crate::worker::{Worker, ambient};
use alloc::sync::Arc;
use core::fmt;
use core::panic::Location;

/// Memory that the driver of one worker knows, until this is dropped.
///
/// On io_uring the system then looks the memory up once instead of at each operation: reads and writes of files at
/// buffers that lie inside of it go that way, whatever type those have. Elsewhere it means nothing, and
/// [`is_fixed`](Self::is_fixed) says so.
///
/// What is registered is one worker's. Under `PerCore<N>` each worker registers a pool for itself, where it is to know
/// it; under `WorkStealing<N>` rings take none, which is a compile error.
///
/// Dropped, on any thread, also after the runtime closed, the memory is unregistered by one of the next turns of the
/// worker: when no operation uses it any more. The memory lives until then.
///
/// # Platform
/// Linux 5.15 and newer, with `IoUring`. `io_uring_register_buffers(3)`.
#[must_use = "dropped, the memory is unregistered"]
pub struct Registration<C: Config> {
    /// `None`: the driver does nothing with memory.
    held: Option<(Arc<Lent>, <LiveOf<C> as Live>::Unparker)>,
}

impl<C: Config> Registration<C> {
    /// Registers `region` with the driver of the worker that this task runs on.
    ///
    /// Costs a call of the system that touches and locks each page: for what is used often, at the start.
    ///
    /// # Errors
    /// The system's, and why ([`Error::why`]): the memory counts as locked, and the process may lock no more
    /// ([`OutOfMemory`](crate::error::ErrorKind::OutOfMemory)); more than 1 GiB
    /// ([`InvalidInput`](crate::error::ErrorKind::InvalidInput)); more than 16 regions at a time with one worker
    /// ([`Full`](crate::error::ErrorKind::Full)). Nothing is registered then.
    ///
    /// # Panics
    /// Outside of a task of a runtime of `C`.
    #[track_caller]
    pub fn of(region: &impl Region) -> Result<Self, Error>
    where
        C::Driver: Regions<SharingOf<C>>,
    {
        let worker = ambient::worker_for::<C>(Location::caller());
        let lent = Lent::of(region);
        // SAFETY: this thread is running the worker; the reference ends with the call.
        let live = || unsafe { Worker::live(worker) };
        let register = |live: &LiveOf<C>| live.register_memory(&lent).map(|fixed| fixed.then(|| live.unparker()));
        // SAFETY: as above.
        let unparker = unsafe { <C::Driver as Under<SharingOf<C>>>::with(live, register) }?;
        Ok(Registration { held: unparker.map(|unparker| (lent, unparker)) })
    }

    /// Does the driver do anything with it? `false`: operations go on as they do without.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.held.is_some()
    }
}

impl<C: Config> Drop for Registration<C> {
    fn drop(&mut self) {
        if let Some((lent, unparker)) = &self.held {
            lent.give_up();
            unparker.unpark();
        }
    }
}

impl<C: Config> fmt::Debug for Registration<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lent = self.held.as_ref().map(|(lent, _)| lent);
        f.debug_struct("Registration").field("lent", &lent).finish_non_exhaustive()
    }
}
