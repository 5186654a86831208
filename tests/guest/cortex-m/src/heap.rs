//! The strategy without a heap, as the heap.

use crate::random::Random;
use alloc::vec::Vec;
use bespoke_alloc::FixedPool;
use bespoke_core::roles::Allocate as _;
use core::alloc::{GlobalAlloc, Layout};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const BYTES: usize = 1 << 20;

struct Heap {
    pool: FixedPool<BYTES>,
    blocks: AtomicUsize,
    refuses: AtomicBool,
    refused: AtomicUsize,
}

#[global_allocator]
static HEAP: Heap = Heap {
    pool: FixedPool::new(),
    blocks: AtomicUsize::new(0),
    refuses: AtomicBool::new(false),
    refused: AtomicUsize::new(0),
};

// SAFETY: foreign blocks are taken and given back from any place; each with its own layout.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if self.refuses.load(Ordering::Relaxed) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return core::ptr::null_mut();
        }
        match self.pool.alloc_foreign(layout) {
            Some(block) => {
                self.blocks.fetch_add(1, Ordering::Relaxed);
                block.as_ptr()
            }
            None => core::ptr::null_mut(),
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.blocks.fetch_sub(1, Ordering::Relaxed);
        let Some(block) = NonNull::new(block) else { panic!("nothing was given back") };
        // SAFETY: the caller's promise: it came from `alloc` with this layout.
        unsafe { self.pool.release_foreign(block, layout) };
    }
}

/// Everything was given back.
pub(crate) fn assert_empty() {
    assert_eq!(HEAP.blocks.load(Ordering::Relaxed), 0, "blocks are left");
}

/// Refuses every block until `future` is ready; says how many were asked for, and how many more are taken than before.
pub(crate) async fn refusing(future: impl Future<Output = ()>) -> (usize, isize) {
    let (blocks, refused) = (HEAP.blocks.load(Ordering::Relaxed), HEAP.refused.load(Ordering::Relaxed));
    HEAP.refuses.store(true, Ordering::Relaxed);
    future.await;
    HEAP.refuses.store(false, Ordering::Relaxed);
    let taken = HEAP.blocks.load(Ordering::Relaxed).wrapping_sub(blocks).cast_signed();
    (HEAP.refused.load(Ordering::Relaxed) - refused, taken)
}

/// Blocks of all sizes, filled: none lies in another. A pool that is full says so, and is whole again afterwards.
pub(crate) fn check() {
    let mut random = Random::new(0x5EED_0001);
    let mut held: Vec<Vec<u8>> = Vec::with_capacity(200);
    for turn in 0..5_000 {
        if held.len() < 200 && random.below(100) < 55 {
            let len = 1 + random.below(if turn % 16 == 0 { 20_000 } else { 300 }) as usize;
            held.push(alloc::vec![held.len() as u8; len]);
        } else if !held.is_empty() {
            let at = random.below(held.len() as u64) as usize;
            let block = held.swap_remove(at);
            assert!(block.iter().all(|byte| *byte == block[0]), "a block was written to by another's owner");
        }
    }
    drop(held);
    assert_empty();

    static SMALL: FixedPool<1024> = FixedPool::new();
    let Ok(layout) = Layout::from_size_align(64, 32) else { unreachable!("a power of two") };
    for _ in 0..2 {
        let mut blocks = [None; 32];
        let mut count = 0;
        while let Some(block) = SMALL.alloc_foreign(layout) {
            assert_eq!(block.as_ptr().addr() % 32, 0);
            blocks[count] = Some(block);
            count += 1;
        }
        assert!((12..=15).contains(&count), "{count} blocks of 64 in 1024");
        for block in blocks.into_iter().flatten() {
            // SAFETY: made above with this layout, and not used again.
            unsafe { SMALL.release_foreign(block, layout) };
        }
    }
}
