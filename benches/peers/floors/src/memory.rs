//! What does the memory of a small task cost?
//!
//! Measured: 128 bytes allocated and freed while 100 others live, oldest first, which is what `spawn-batch` asks of an allocator.
//! Each block is written, so that its page is there. Not measured: other sizes, threads, fragmentation.
//! Sketch: 10 to 20 ns a pair by the C library, 5 to 10 by the others.

use core::alloc::{GlobalAlloc, Layout};
use core::marker::PhantomData;
use std::alloc::System;

use harness::clock::now;
use harness::{Refusal, Row, Runner, Sampled, Work, rows};

/// Bytes of a block.
const BLOCK: Layout = Layout::new::<[u64; 16]>();
/// Blocks alive at once.
const LIVE: usize = 100;

/// An allocator that is called by name.
pub(crate) trait Allocator: 'static {
    /// It.
    const IT: Self::It;
    /// Its type.
    type It: GlobalAlloc;
}

/// The C library's.
pub(crate) struct Malloc;
/// mimalloc.
pub(crate) struct Mimalloc;
/// jemalloc.
pub(crate) struct Jemalloc;

impl Allocator for Malloc {
    const IT: System = System;
    type It = System;
}

impl Allocator for Mimalloc {
    const IT: mimalloc::MiMalloc = mimalloc::MiMalloc;
    type It = mimalloc::MiMalloc;
}

impl Allocator for Jemalloc {
    const IT: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
    type It = tikv_jemallocator::Jemalloc;
}

struct Memory<A>(PhantomData<A>);

pub(crate) fn start<A: Allocator>() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Memory::<A>(PhantomData)))
}

/// A block of `A`.
struct Block<A: Allocator>(*mut u8, PhantomData<A>);

impl<A: Allocator> Block<A> {
    fn new(value: u64) -> Result<Self, Refusal> {
        // SAFETY: the layout is not empty.
        let block = unsafe { A::IT.alloc(BLOCK) };
        if block.is_null() {
            return Err(Refusal::Failed("out of memory".into()));
        }
        // SAFETY: the block was just given, is long enough and aligned for a word.
        unsafe { block.cast::<u64>().write(value) };
        Ok(Self(block, PhantomData))
    }

    fn value(&self) -> u64 {
        // SAFETY: written by `new`, and freed by `drop` alone.
        unsafe { self.0.cast::<u64>().read() }
    }
}

impl<A: Allocator> Drop for Block<A> {
    fn drop(&mut self) {
        // SAFETY: it came from this allocator with this layout, and nobody uses it any more.
        unsafe { A::IT.dealloc(self.0, BLOCK) };
    }
}

impl<A: Allocator> Runner for Memory<A> {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        if row.work != Work::Allocate {
            return Err(Refusal::Absent);
        }
        let mut live = (0..LIVE as u64).map(Block::<A>::new).collect::<Result<Vec<_>, _>>()?;
        let begin = now();
        for op in 0..amount {
            // Slot `op % LIVE` holds what was put there LIVE operations ago.
            let slot = op as usize % LIVE;
            let value = op + LIVE as u64;
            let old = core::mem::replace(&mut live[slot], Block::new(value)?);
            if old.value() != op {
                return Err(Refusal::Failed("a block was given twice".into()));
            }
        }
        rows::per_op(begin.elapsed(), amount).unwrap_or(Err(Refusal::Absent))
    }
}
