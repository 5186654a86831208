//! The map of units under loom: a unit has one owner at a time, who sees all that the one before did; and what a failed
//! claim touched is free again.

use super::*;
use crate::loom::plants::finds;
use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

/// Two words of units, and a cell for each of four of them around the border, in which loom sees accesses that race.
struct World {
    words: [AtomicUsize; 2],
    used: [UnsafeCell<u32>; 4],
}

/// The first unit that has a cell, and the first that is free.
const FIRST: usize = WORD - 2;
const UNITS: usize = WORD + 2;

impl World {
    fn new() -> Arc<World> {
        let world = World { words: core::array::from_fn(|_| AtomicUsize::new(0)), used: Default::default() };
        world.map().set(0, FIRST).expect("a new map is free");
        Arc::new(world)
    }

    fn map(&self) -> Bitmap<'_> {
        Bitmap::new(&self.words, UNITS)
    }

    /// Claims, uses and releases `count` units; false if there are none.
    fn one_turn(&self, count: usize) -> bool {
        let Some((at, _)) = self.map().claim(count, 1, 0, FIRST) else { return false };
        for cell in &self.used[at - FIRST..at - FIRST + count] {
            // SAFETY: loom checks that no other access is at the same time.
            cell.with_mut(|used| unsafe { *used += 1 });
        }
        self.map().release(at, count);
        true
    }
}

/// Three units of four for two threads: whichever three, they meet on both words.
fn runs_over_the_border_have_one_owner() {
    let world = World::new();
    let other = {
        let world = world.clone();
        thread::spawn(move || world.one_turn(3))
    };
    let mine = world.one_turn(3);
    let others = other.join().expect("the other");
    assert!(mine || others, "each took from the other and neither got anything");
    assert_eq!(world.map().claim(4, 1, 0, FIRST), Some((FIRST, UNITS)), "what came back is not free");
}

/// One thread wants all four units, the other the two of the second word, so that the first may have half when it fails.
fn half_a_claim_is_taken_back() {
    let world = World::new();
    let other = {
        let world = world.clone();
        thread::spawn(move || {
            let taken = world.map().set(WORD, 2);
            if taken.is_ok() {
                world.map().release(WORD, 2);
            }
        })
    };
    world.one_turn(4);
    other.join().expect("the other");
    assert_eq!(world.map().claim(4, 1, 0, FIRST), Some((FIRST, UNITS)), "what came back is not free");
}

#[test]
fn loom_runs_over_the_border_have_one_owner() {
    assert!(!finds(None, runs_over_the_border_have_one_owner));
}

#[test]
fn loom_finds_a_release_that_publishes_nothing() {
    assert!(finds(Some(Plant::RelaxedRelease), runs_over_the_border_have_one_owner));
}

#[test]
fn loom_half_a_claim_is_taken_back() {
    assert!(!finds(None, half_a_claim_is_taken_back));
}

#[test]
fn loom_finds_a_claim_that_keeps_half() {
    assert!(finds(Some(Plant::ClaimKeepsHalf), half_a_claim_is_taken_back));
}
