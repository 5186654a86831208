//! The global allocator of these tests: counts what the calling thread asks for, and refuses when it is told to.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use std::alloc::System;

struct Counting;

#[global_allocator]
static GLOBAL: Counting = Counting;

thread_local! {
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    static LIVE_BYTES: Cell<isize> = const { Cell::new(0) };
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// How often this thread has been given a block.
pub(crate) fn taken() -> usize {
    TAKEN.get()
}

/// The bytes that this thread was given, less those that it gave back.
pub(crate) fn live_bytes() -> isize {
    LIVE_BYTES.get()
}

/// Runs `f` with an allocator that refuses this thread after `left` blocks.
pub(crate) fn with_left<R>(left: usize, f: impl FnOnce() -> R) -> R {
    LEFT.set(left);
    let result = f();
    LEFT.set(usize::MAX);
    result
}

// SAFETY: every block is the system's; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let left = LEFT.get();
        if left == 0 {
            return core::ptr::null_mut();
        }
        if left != usize::MAX {
            LEFT.set(left - 1);
        }
        TAKEN.set(TAKEN.get() + 1);
        LIVE_BYTES.set(LIVE_BYTES.get() + layout.size() as isize);
        // SAFETY: the contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        LIVE_BYTES.set(LIVE_BYTES.get() - layout.size() as isize);
        // SAFETY: the contract is the same.
        unsafe { System.dealloc(block, layout) }
    }
}
