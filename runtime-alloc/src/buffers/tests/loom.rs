//! The pool under loom: who gets what came back sees all that its last user did, whoever brought the parts of it.

use super::*;
use crate::loom::Plant;
use crate::loom::plants::finds;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

const UNIT: usize = 4096;

/// A pool of `UNITS` units whose largest class is all of it, and a cell for each in which loom sees accesses that race.
struct World<const UNITS: usize> {
    pool: BufferPool,
    used: [UnsafeCell<u32>; UNITS],
}

impl<const UNITS: usize> World<UNITS> {
    fn new(pool: BufferPool) -> Arc<Self> {
        Arc::new(World { pool, used: core::array::from_fn(|_| UnsafeCell::new(0)) })
    }

    /// Uses the units `from..` of a buffer, as many as it has.
    fn write(&self, from: usize, buffer: &PoolBuffer) {
        for used in &self.used[from..from + buffer.capacity() / UNIT] {
            // SAFETY: loom checks that no other access is at the same time.
            used.with_mut(|used| unsafe { *used += 1 });
        }
    }
}

/// A buffer is dropped on another thread while this one asks for it.
fn what_came_back_is_seen_whole() {
    let world = World::<1>::new(BufferPool::with_classes::<UNIT, UNIT>(UNIT).expect("memory"));
    let out = world.pool.get(1).expect("it is new");
    let other = {
        let world = world.clone();
        thread::spawn(move || {
            world.write(0, &out);
            drop(out);
        })
    };
    if let Ok(buffer) = world.pool.get(1) {
        world.write(0, &buffer);
    }
    other.join().expect("the other");
    let buffer = world.pool.get(1).expect("both are back");
    world.write(0, &buffer);
}

/// Two halves come back from two threads, and a third asks for the whole.
fn halves_are_one_again() {
    let world = World::<2>::new(BufferPool::with_classes::<UNIT, { 2 * UNIT }>(2 * UNIT).expect("memory"));
    let others = [0, 1].map(|half| {
        let (world, out) = (world.clone(), world.pool.get(UNIT).expect("it is new"));
        thread::spawn(move || {
            world.write(half, &out);
            drop(out);
        })
    });
    if let Ok(whole) = world.pool.get(2 * UNIT) {
        world.write(0, &whole);
    }
    others.map(|other| other.join().expect("the other"));
    let whole = world.pool.get(2 * UNIT).expect("both are back");
    world.write(0, &whole);
}

#[test]
fn loom_what_came_back_is_seen_whole() {
    assert!(!finds(None, what_came_back_is_seen_whole));
}

#[test]
fn loom_finds_a_return_that_publishes_nothing() {
    assert!(finds(Some(Plant::RelaxedRelease), what_came_back_is_seen_whole));
}

#[test]
fn loom_halves_are_one_again() {
    assert!(!finds(None, halves_are_one_again));
}

#[test]
fn loom_finds_a_half_that_publishes_nothing() {
    assert!(finds(Some(Plant::RelaxedRelease), halves_are_one_again));
}
