//! Out of memory is an answer, and passes.

use crate::block::{Block, LiveOf, layout, start};
use crate::counting::with_left;
use bespoke_alloc::{Fixed, FixedPool, Pooled, System};
use bespoke_core::roles::Memory;
use std::vec::Vec;

type Small = Fixed<4096>;

/// All the blocks of `size` bytes that there are.
fn all_of<M: Memory>(live: &LiveOf<M>, size: usize) -> Vec<Block> {
    core::iter::from_fn(|| Block::own(live, layout(size, 16), size as u8)).collect()
}

#[test]
fn a_fixed_pool_ends_and_recovers() {
    let live = start::<Small>();
    for size in [64, 16, 1000, 4064, 64, 208] {
        let mut blocks = all_of::<Small>(&live, size);
        assert_eq!(blocks.len(), FixedPool::<4096>::capacity() / size.next_multiple_of(16), "blocks of {size}");
        assert!(Block::own(&*live, layout(size, 16), 0).is_none());
        assert!(Block::foreign(&*live, layout(size, 16), 0).is_none());
        blocks.swap_remove(blocks.len() / 2).free(&*live);
        let again = Block::own(&*live, layout(size, 16), 1).expect("one came back");
        assert!(Block::own(&*live, layout(size, 16), 0).is_none());
        again.free_foreign(&*live);
        blocks.into_iter().for_each(|block| block.free(&*live));
    }
}

#[test]
fn a_fixed_pool_has_no_more_than_its_budget() {
    let live = start::<Small>();
    assert!(Block::own(&*live, layout(4097, 1), 0).is_none());
    assert!(Block::own(&*live, layout(isize::MAX as usize, 1), 0).is_none());
    assert!(Block::own(&*live, layout(16, 1 << 20), 0).is_none_or(|block| block.at.addr().get() % (1 << 20) == 0));
}

/// The global allocator refuses after `left` blocks: so many of the strategy's come, then none, then they come again.
fn refused_after<M: Memory>(left: usize, size: usize) -> usize {
    let live = start::<M>();
    let mut blocks = Vec::with_capacity(100_000);
    with_left(left, || {
        while let Some(block) = Block::own(&*live, layout(size, 16), 7) {
            blocks.push(block);
        }
        assert!(live_is_dry::<M>(&live, size), "a strategy that was dry has memory");
    });
    let count = blocks.len();
    blocks.push(Block::own(&*live, layout(size, 16), 8).expect("the allocator has memory again"));
    blocks.into_iter().for_each(|block| block.free(&*live));
    count
}

fn live_is_dry<M: Memory>(live: &LiveOf<M>, size: usize) -> bool {
    Block::own(live, layout(size, 16), 9).is_none()
}

#[test]
fn a_refusal_of_the_system_is_an_answer() {
    for left in 0..4 {
        assert_eq!(refused_after::<System>(left, 64), left);
        // Blocks too large for a list come one by one.
        assert_eq!(refused_after::<Pooled>(left, 2000), left);
    }
}

#[test]
fn a_refused_chunk_is_an_answer() {
    assert_eq!(refused_after::<Pooled>(0, 64), 0);
    assert_eq!(refused_after::<Pooled>(1, 64), 16 * 1024 / 64 - 1);
    assert_eq!(refused_after::<Pooled>(2, 64), 48 * 1024 / 64 - 2);
}
