//! Memory that a driver is lent for longer than one operation.

use super::driver::Under;
#[cfg(feature = "alloc")]
use crate::loom::AtomicU8;
use crate::sharing::Sharing;
#[cfg(feature = "alloc")]
use alloc::{boxed::Box, sync::Arc};
#[cfg(feature = "alloc")]
use core::fmt;
use core::ptr::NonNull;
#[cfg(feature = "alloc")]
use core::sync::atomic::Ordering;

/// Memory that may be registered with a driver: a pool of buffers.
///
/// # Safety
/// The [`len`](Self::len) bytes from [`start`](Self::start) on are one stretch of memory that may be read and written. It stays
/// where it is, and mapped, as long as the value or a clone of it lives; both functions say the same every time.
pub unsafe trait Region: Clone + Send + Sync + 'static {
    /// Where it begins.
    fn start(&self) -> NonNull<u8>;

    /// How many bytes it has.
    fn len(&self) -> usize;

    /// Has it none?
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Drivers with which memory may be registered by whoever runs a worker whose tasks are `S`. What those do with it that gain
/// nothing by it: nothing, and they say so.
#[diagnostic::on_unimplemented(
    message = "memory cannot be registered with the driver `{Self}` under a scheduler whose tasks are `{S}`",
    label = "a ring knows what its own thread registered, and a task that moves is polled on any",
    note = "rings take memory under `SingleThread` and `PerCore<N>`, where each worker registers it for itself; under \
            `WorkStealing<N>` choose `Mio`, or leave the registration out: reads and writes mean the same without"
)]
pub trait Regions<S: Sharing>: Under<S> {}

/// Memory that is lent to a driver, until the registration that stands for that is dropped and nothing is on its way there.
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub struct Lent {
    start: NonNull<u8>,
    len: usize,
    given_up: AtomicU8,
    /// What the memory belongs to.
    _region: Box<dyn Send + Sync>,
}

// SAFETY: the pointer is an address that is told to the system: nothing is read or written by it here. The region is `Send`.
#[cfg(feature = "alloc")]
unsafe impl Send for Lent {}
// SAFETY: as above, and the region is `Sync`.
#[cfg(feature = "alloc")]
unsafe impl Sync for Lent {}

#[cfg(feature = "alloc")]
impl Lent {
    /// All of `region`, which lives as long as this.
    pub fn of(region: &impl Region) -> Arc<Self> {
        let (start, len) = (region.start(), region.len());
        Arc::new(Lent { start, len, given_up: AtomicU8::new(0), _region: Box::new(region.clone()) })
    }

    /// Where it begins.
    #[must_use]
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.len
    }

    /// From now on no operation is to use it. From any thread; whoever calls it wakes the driver then.
    pub fn give_up(&self) {
        // Release: pairs with the look; who has seen it sees what was done before.
        self.given_up.store(1, Ordering::Release);
    }

    /// Was it given up?
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        // Acquire: pairs with `give_up`.
        self.given_up.load(Ordering::Acquire) != 0
    }
}

#[cfg(feature = "alloc")]
impl fmt::Debug for Lent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lent").field("start", &self.start).field("len", &self.len).finish_non_exhaustive()
    }
}
