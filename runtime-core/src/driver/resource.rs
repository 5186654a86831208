//! A resource that its handle owns: what every typed handle (a socket, a listener, a file) is made of.

use super::op::{Op, Submit};
use super::operation::Operation;
use crate::config::{Config, LiveOf, SharingOf};
use crate::error::Errno;
use crate::roles::{Driver, Kind, Live, RawResource, Resource, Under};
use crate::sharing::Sharing;
use crate::task::home::Home;
use crate::task::join::foreign_poll;
use crate::worker::{Worker, ambient, guests};
use core::fmt;
use core::ptr::NonNull;

/// A resource and the worker that it belongs to; closed through the driver when it is dropped, on whatever thread that is.
///
/// It may outlive its runtime: operations on it are refused then with [`Errno::RUNTIME_CLOSED`].
pub struct OwnedResource<C: Config> {
    raw: RawResource,
    key: u32,
    /// `None` iff the driver is stateless: the resource belongs to no worker then, and `key` means nothing.
    worker: Option<NonNull<Worker<C>>>,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    // The size does not depend on `C`: a pointer to a sized type is one word.
    assert!(size_of::<Option<NonNull<u8>>>() + 8 == 16);
};

// SAFETY: every use goes through the worker check, or posts to the worker's inbox, which any thread may do.
unsafe impl<C: Config> Send for OwnedResource<C> {}
// SAFETY: as above.
unsafe impl<C: Config> Sync for OwnedResource<C> {}

impl<C: Config> OwnedResource<C> {
    /// Takes charge of `raw`, on the worker of this thread.
    ///
    /// # Errors
    /// What the driver was refused; `raw` is still the caller's then.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread, unless the driver is stateless.
    #[track_caller]
    pub fn adopt(raw: RawResource, kind: Kind) -> Result<Self, Errno> {
        if <C::Driver as Driver>::STATELESS {
            return Ok(OwnedResource { raw, key: 0, worker: None });
        }
        let worker = ambient::worker::<C>();
        // SAFETY: this thread is running the worker.
        let this = unsafe { worker.as_ref() };
        // SAFETY: the owner; nothing of the user's runs.
        let Some(key) = (unsafe { this.with_resources(|resources| resources.open(raw)) }) else {
            return Err(Errno::OUT_OF_MEMORY);
        };
        let resource = Resource { raw, key };
        // SAFETY: the owner; the driver is there.
        if let Err(errno) = unsafe { Worker::driver(worker) }.register(resource, kind) {
            // SAFETY: the owner; nothing of the user's runs.
            unsafe { this.with_resources(|resources| resources.close(key)) };
            return Err(errno);
        }
        // SAFETY: the owner.
        unsafe { this.home.guest_comes() };
        Ok(OwnedResource { raw, key, worker: Some(worker) })
    }

    /// Its name in operations.
    #[inline]
    #[must_use]
    pub fn resource(&self) -> Resource {
        Resource { raw: self.raw, key: self.key }
    }

    /// What the operating system calls it.
    #[inline]
    #[must_use]
    pub fn raw(&self) -> RawResource {
        self.raw
    }

    /// An operation on this resource.
    ///
    /// # Safety
    /// As [`Operation::new`]; this value outlives the operation.
    #[inline]
    pub unsafe fn operation<O: Op, K: Send + 'static>(&self, op: O, keep: K) -> Operation<C, O, K>
    where
        C::Driver: Submit<O>,
    {
        // SAFETY: as the caller.
        unsafe { Operation::about(self.worker, op, keep) }
    }

    /// Is the resource still open? `Err`: its runtime is closed, and the system's resource with it.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`].
    pub fn check_open(&self) -> Result<(), Errno> {
        match self.worker {
            // SAFETY: this resource, a guest, keeps the worker alive.
            Some(worker) if unsafe { worker.as_ref() }.home.inbox.is_closed() => Err(Errno::RUNTIME_CLOSED),
            _ => Ok(()),
        }
    }

    /// Runs `f` on the driver, for what is neither an operation nor possible without it.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`].
    ///
    /// # Panics
    /// On another worker than the resource's.
    pub fn with_live<R>(&self, f: impl FnOnce(&LiveOf<C>) -> R) -> Result<R, Errno> {
        if let Some(worker) = self.worker
            && !<SharingOf<C> as Sharing>::SHARED
            && !Home::is_current(Worker::home_of(worker))
        {
            self.check_open()?;
            // SAFETY: this resource, a guest, keeps the worker alive.
            foreign_poll("a resource", C::NAME, unsafe { worker.as_ref() }.home.worker);
        }
        let live = || match self.worker {
            // SAFETY: the owner; the driver is there while the runtime is not closed.
            Some(worker) => unsafe { Worker::live(worker) },
            None => unreachable!("a driver without state asks for none"),
        };
        // SAFETY: as above.
        Ok(unsafe { <C::Driver as Under<SharingOf<C>>>::with(live, f) })
    }
}

impl<C: Config> Drop for OwnedResource<C> {
    fn drop(&mut self) {
        let resource = self.resource();
        match self.worker {
            // SAFETY: this is the one handle of the resource.
            Some(worker) => unsafe { guests::drop_resource(worker, resource) },
            None => {
                let live = || -> NonNull<_> { unreachable!("a driver without state asks for none") };
                // SAFETY: `live` is not called.
                unsafe { <C::Driver as Under<SharingOf<C>>>::with(live, |live| live.close(resource)) };
            }
        }
    }
}

impl<C: Config> fmt::Debug for OwnedResource<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedResource").field("raw", &self.raw).field("key", &self.key).finish_non_exhaustive()
    }
}
