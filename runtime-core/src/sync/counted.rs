//! A counted pointer: what several handles of one channel hold.

use crate::loom::{Life, given_up};
use crate::sharing::{Sharing, StateWord};
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::ops::Deref;
use core::ptr::NonNull;

/// As `Rc` under `Local` and as `Arc` under `Shared`, without weak references.
///
/// # Invariants
/// 1. `state` counts the pointers to the block. The last one frees it.
pub(crate) struct Counted<T, S: Sharing> {
    block: NonNull<Block<T, S>>,
    _stays: PhantomData<S::Confine>,
}

struct Block<T, S: Sharing> {
    count: S::State,
    life: Life,
    value: T,
}

/// Above this the count is about to overflow: half of what the smaller of the two words holds.
const COUNT_MAX: usize = u32::MAX as usize / 2;

// SAFETY: under `Shared` it is an `Arc<T>`: the count is atomic, and the value is reached by `&T` from any thread, and dropped
// on any. Under `Local` it is not `Send`, by `S::Confine`.
unsafe impl<T: Send + Sync, S: Sharing> Send for Counted<T, S> where S::Confine: Send {}
// SAFETY: as above.
unsafe impl<T: Send + Sync, S: Sharing> Sync for Counted<T, S> where S::Confine: Sync {}

impl<T, S: Sharing> Counted<T, S> {
    pub(crate) fn new(value: T) -> Self {
        let block = Box::new(Block { count: S::State::new(1), life: Life::new(), value });
        Counted { block: NonNull::from(Box::leak(block)), _stays: PhantomData }
    }

    fn block(&self) -> &Block<T, S> {
        // SAFETY: this pointer is counted, so the block is alive (invariant 1).
        let block = unsafe { self.block.as_ref() };
        block.life.touch();
        block
    }

    /// Do both point to one value?
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.block == other.block
    }
}

impl<T, S: Sharing> Deref for Counted<T, S> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.block().value
    }
}

impl<T, S: Sharing> Clone for Counted<T, S> {
    fn clone(&self) -> Self {
        if self.block().count.add(1) > COUNT_MAX {
            crate::util::abort("more than 2^31 handles of one channel");
        }
        Counted { block: self.block, _stays: PhantomData }
    }
}

impl<T, S: Sharing> Drop for Counted<T, S> {
    #[inline]
    fn drop(&mut self) {
        if given_up() {
            return;
        }
        // `sub` acquires and releases: whoever frees sees every use.
        if self.block().count.sub(1) == 0 {
            #[cfg(loom)]
            self.block().life.end();
            // SAFETY: it was the last pointer (invariant 1), and the block came from a box.
            drop(unsafe { Box::from_raw(self.block.as_ptr()) });
        }
    }
}

impl<T, S: Sharing> fmt::Debug for Counted<T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Counted")
    }
}
