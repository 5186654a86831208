//! A block that is written when it comes and checked when it goes.

use bespoke_core::roles::{Allocate, Memory};
use bespoke_core::sharing::Local;
use core::alloc::Layout;
use core::ptr::NonNull;
use std::sync::Arc;

pub(crate) type LiveOf<M> = <M as Memory>::Live<Local>;

/// A strategy in its place.
pub(crate) fn start<M: Memory>() -> Arc<LiveOf<M>> {
    Arc::new(M::start::<Local>().expect("the strategy starts"))
}

pub(crate) fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).expect("a layout")
}

/// How often to do something: less under an interpreter.
pub(crate) fn times(count: usize) -> usize {
    if cfg!(miri) { count / 1000 } else { count }
}

/// A block that is filled with one byte.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) at: NonNull<u8>,
    pub(crate) layout: Layout,
    fill: u8,
}

// SAFETY: a block is memory; who holds it uses it alone.
unsafe impl Send for Block {}

impl Block {
    /// The block at `at`, which nobody else may use; checks what can be checked and fills it.
    fn new(at: NonNull<u8>, layout: Layout, fill: u8) -> Block {
        assert_eq!(at.addr().get() % layout.align(), 0, "{layout:?} at {at:?}");
        // SAFETY: the strategy says that the block has this size and is ours.
        unsafe { at.write_bytes(fill, layout.size()) };
        Block { at, layout, fill }
    }

    pub(crate) fn end(&self) -> usize {
        self.at.addr().get() + self.layout.size()
    }

    /// Whether the block still holds what was written.
    fn check(&self) {
        // SAFETY: the block is ours and was filled.
        let bytes = unsafe { core::slice::from_raw_parts(self.at.as_ptr(), self.layout.size()) };
        // The first byte is right, and each is the same as the next.
        let intact = bytes[0] == self.fill && bytes[1..] == bytes[..bytes.len() - 1];
        assert!(intact, "{self:?} was written by somebody else: {bytes:?}");
    }

    /// An own block. The caller is the owner.
    pub(crate) fn own(live: &impl Allocate, layout: Layout, fill: u8) -> Option<Block> {
        // SAFETY: the tests call this from one thread per strategy.
        unsafe { live.alloc(layout) }.map(|at| Block::new(at, layout, fill))
    }

    pub(crate) fn free(self, live: &impl Allocate) {
        self.check();
        // SAFETY: an own block of this strategy; the tests call this from the thread that called `own`.
        unsafe { live.dealloc(self.at, self.layout) }
    }

    pub(crate) fn free_foreign(self, live: &impl Allocate) {
        self.check();
        // SAFETY: an own block of this strategy.
        unsafe { live.dealloc_foreign(self.at, self.layout) }
    }

    pub(crate) fn foreign(live: &impl Allocate, layout: Layout, fill: u8) -> Option<Block> {
        live.alloc_foreign(layout).map(|at| Block::new(at, layout, fill))
    }

    pub(crate) fn release_foreign(self, live: &impl Allocate) {
        self.check();
        // SAFETY: a foreign block of this strategy.
        unsafe { live.release_foreign(self.at, self.layout) }
    }
}

/// Numbers that look drawn by chance and are the same in each run (a linear congruence, Knuth's MMIX).
pub(crate) struct Draw(pub(crate) u64);

impl Draw {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end
    }

    /// A layout as programs have them: most of one or two hundred bytes, some larger or aligned to more.
    pub(crate) fn layout(&mut self) -> Layout {
        let size = 1 + match self.below(16) {
            0 => self.below(2048),
            1..4 => self.below(600),
            _ => self.below(160),
        };
        let align = if self.below(16) == 0 { 1 << self.below(9) } else { 8 };
        layout(size, align)
    }
}
