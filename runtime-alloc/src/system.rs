//! The global allocator: every block from it, from any thread.
//!
//! *Architecture Invariant:* this is the only file of the crate that calls it. (The lint that sees to it knows the calls
//! by their names in `std` and is silent in a build without, so it is allowed here and cannot be expected.)

use bespoke_core::error::Error;
use bespoke_core::roles::{Allocate, Memory};
use bespoke_core::sharing::Sharing;
use core::alloc::Layout;
use core::ptr::NonNull;

/// Every block comes from the global allocator of the program. The strategy to compare the others with, and the right
/// one where the program brings an allocator of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Memory for System {
    const NAME: &'static str = "system";
    type Live<S: Sharing> = System;

    fn start<S: Sharing>() -> Result<System, Error> {
        Ok(System)
    }
}

// SAFETY: the global allocator keeps both promises: its blocks are whole and exclusive, and it may be called from any
// thread.
unsafe impl Allocate for System {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        allocate(layout)
    }

    #[inline]
    unsafe fn dealloc(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: `block` came from `alloc`, that is `allocate`, with `layout`, and is not used again (contract).
        unsafe { release(block, layout) }
    }

    #[inline]
    unsafe fn dealloc_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: as in `dealloc`; the global allocator takes a block back on any thread.
        unsafe { release(block, layout) }
    }

    #[inline]
    fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>> {
        allocate(layout)
    }

    #[inline]
    unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: `block` came from `alloc_foreign`, that is `allocate`, with `layout`, and is not used again (contract).
        unsafe { release(block, layout) }
    }
}

/// A block of the global allocator; `None` when it has none. `layout` has a size above 0.
#[inline]
#[allow(clippy::disallowed_methods, reason = "the strategy that the lint asks to go through")]
pub(crate) fn allocate(layout: Layout) -> Option<NonNull<u8>> {
    if layout.size() == 0 {
        // Outside the contract of every caller; the global allocator would be undefined here, so this is the answer.
        return None;
    }
    // SAFETY: the size is above 0.
    NonNull::new(unsafe { alloc::alloc::alloc(layout) })
}

/// Gives a block of [`allocate`] back.
///
/// # Safety
/// `block` came from `allocate` with `layout`, and is not used again.
#[inline]
#[allow(clippy::disallowed_methods, reason = "the strategy that the lint asks to go through")]
pub(crate) unsafe fn release(block: NonNull<u8>, layout: Layout) {
    // SAFETY: contract of this function.
    unsafe { alloc::alloc::dealloc(block.as_ptr(), layout) }
}
