//! The stack of returned blocks under loom: what the last user of a block wrote is seen by the owner, and no block is lost
//! or taken twice.

use super::*;
use crate::loom::plants::finds;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use std::boxed::Box;
use std::vec::Vec;

/// A block: room for a node, then a cell in which loom sees accesses that race.
#[repr(C, align(16))]
struct Block {
    node: core::mem::MaybeUninit<[u8; UNIT]>,
    used: UnsafeCell<u32>,
}

fn block() -> NonNull<u8> {
    let block = Box::new(Block { node: core::mem::MaybeUninit::uninit(), used: UnsafeCell::new(0) });
    NonNull::from(Box::leak(block)).cast()
}

/// A user writes the block as `value`.
fn write(block: NonNull<u8>, value: u32) {
    // SAFETY: each block of the model is a `Block` and freed at its end.
    let used = unsafe { &(*block.cast::<Block>().as_ptr()).used };
    // SAFETY: loom checks that no other access is at the same time.
    used.with_mut(|used| unsafe { *used = value });
}

/// The next owner of the block reads it and frees it.
fn free(block: NonNull<u8>) -> u32 {
    // SAFETY: made by `block`, and taken off the stack once: a second time would be found as a double free.
    let block = unsafe { Box::from_raw(block.cast::<Block>().as_ptr()) };
    // SAFETY: loom checks that no other access is at the same time.
    block.used.with(|used| unsafe { *used })
}

/// Two threads push two blocks each while the owner takes three times; in the end each block was there once.
fn blocks_come_back_whole_and_once() {
    let stack = Arc::new(Returned::new());
    let class = Class::of_size(64);
    let users: Vec<_> = [[1, 2], [3, 4]]
        .into_iter()
        .map(|values| {
            let stack = stack.clone();
            let blocks = values.map(|value| (value, Send(block())));
            thread::spawn(move || {
                for (value, block) in blocks {
                    let Send(block) = block;
                    write(block, value);
                    // SAFETY: the block is ours and large enough.
                    unsafe { stack.push(block, class) };
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    let mut take = || {
        for (block, found) in stack.take() {
            assert_eq!(found, class);
            seen.push(free(block));
        }
    };
    take();
    take();
    for user in users {
        user.join().expect("a user");
    }
    take();
    seen.sort_unstable();
    assert_eq!(seen, [1, 2, 3, 4]);
}

struct Send(NonNull<u8>);

// SAFETY: the model hands a block to one thread.
unsafe impl core::marker::Send for Send {}

#[test]
fn loom_blocks_come_back_whole_and_once() {
    assert!(!finds(None, blocks_come_back_whole_and_once));
}

#[test]
fn loom_finds_a_push_that_publishes_nothing() {
    assert!(finds(Some(Plant::RelaxedPush), blocks_come_back_whole_and_once));
}

#[test]
fn loom_finds_a_take_in_two_steps() {
    assert!(finds(Some(Plant::TakeInTwoSteps), blocks_come_back_whole_and_once));
}
