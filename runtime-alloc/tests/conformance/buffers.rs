//! What holds for pools of buffers: they ask the global allocator once, and give everything back.

use crate::counting;
use bespoke_alloc::{BufferPool, PoolBuffer};
use std::vec::Vec;

fn use_all(pool: &BufferPool, out: &mut Vec<PoolBuffer>) {
    for len in [1, 5000, 70_000, 4096, 1] {
        out.push(pool.get(len).expect("there is room"));
    }
    assert!(pool.get(256 << 10).is_err() && pool.get(1 << 30).is_err());
    out.clear();
}

#[test]
fn getting_and_giving_back_ask_for_nothing() {
    let pool = BufferPool::new(256 << 10).expect("memory");
    let mut out = Vec::with_capacity(8);
    let before = counting::taken();
    for _ in 0..100 {
        use_all(&pool, &mut out);
    }
    assert_eq!(counting::taken(), before);
}

#[test]
fn the_last_buffer_gives_everything_back() {
    let before = counting::live_bytes();
    let pool = BufferPool::new(256 << 10).expect("memory");
    let buffer = pool.get(1).expect("it is new");
    drop(pool);
    assert!(counting::live_bytes() >= before + (256 << 10));
    drop(buffer);
    assert_eq!(counting::live_bytes(), before);
}

#[test]
fn a_pool_without_memory_says_so() {
    let before = counting::live_bytes();
    // The map, the block, the count: what is small may not fail.
    for (left, is_made) in [(1, false), (3, true)] {
        let made = counting::with_left(left, || BufferPool::new(1 << 20));
        assert_eq!(made.is_ok(), is_made);
        drop(made);
        assert_eq!(counting::live_bytes(), before);
    }
}
