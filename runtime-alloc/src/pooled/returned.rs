//! The stack onto which any thread pushes the blocks that it gives back, and which the owner takes whole.
//!
//! Nobody ever takes a single block off, so there is no ABA: a push compares the head only with what it has just read and
//! does not follow it, and a take swaps the head for nothing. A push is lock-free, a take wait-free. (R. K. Treiber,
//! *Systems Programming: Coping with Parallelism*, IBM RJ 5118, 1986, less its pop.)
//!
//! After the owner stopped nobody takes any more; the blocks lie there until the chunks go.

use super::class::{Class, UNIT};
use crate::loom::{AtomicPtr, Ordering, Plant, planted, unless_planted};
use core::ptr::{self, NonNull};

/// What a returned block holds, at its start.
#[derive(Debug)]
struct Node {
    next: *mut Node,
    class: Class,
}

/// The smallest block holds a node, and is aligned for it.
const _: () = assert!(size_of::<Node>() <= UNIT && align_of::<Node>() <= UNIT);

/// The blocks that other threads gave back.
///
/// # Invariants
/// 1. `head` is null or points to a node; so does each node's `next`. Each node lies at the start of a block of its
///    `class` that nobody uses.
/// 2. A node is written before the compare-exchange that publishes it, and not after.
#[derive(Debug)]
pub(super) struct Returned {
    head: AtomicPtr<Node>,
}

impl Returned {
    pub(super) fn new() -> Self {
        Returned { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Pushes a block, from any thread.
    ///
    /// # Safety
    /// `block` is a block of `class`, aligned to [`UNIT`]; nobody uses it, and it is valid until the stack is dropped or
    /// hands it out.
    pub(super) unsafe fn push(&self, block: NonNull<u8>, class: Class) {
        let node = block.cast::<Node>();
        let mut head = self.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: the block is large and aligned enough (asserted above), ours (contract), and not yet published
            // (inv. 2).
            unsafe { node.write(Node { next: head, class }) };
            // Release: pairs with the acquire swap in `take`; what the last user wrote and the node are seen by the
            // owner. Pushes in between are read-modify-writes and carry the release on.
            let release = unless_planted(Plant::RelaxedPush, Ordering::Release);
            match self.head.compare_exchange_weak(head, node.as_ptr(), release, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => head = other,
            }
        }
    }

    /// Is anything there? A relaxed look, so that a pool that gets nothing back from others pays no locked instruction.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.head.load(Ordering::Relaxed).is_null()
    }

    /// Takes everything. What the taker leaves in the iterator is lost until the chunks go.
    pub(super) fn take(&self) -> Taken {
        if planted(Plant::TakeInTwoSteps) {
            let head = self.head.load(Ordering::Acquire);
            self.head.store(ptr::null_mut(), Ordering::Relaxed);
            return Taken { next: head };
        }
        // Acquire: pairs with the release of every `push` whose node is in the chain.
        Taken { next: self.head.swap(ptr::null_mut(), Ordering::Acquire) }
    }
}

/// A chain that was taken: its blocks are the taker's (inv. 1 holds for `next`).
#[derive(Debug)]
pub(super) struct Taken {
    next: *mut Node,
}

impl Iterator for Taken {
    type Item = (NonNull<u8>, Class);

    #[inline]
    fn next(&mut self) -> Option<(NonNull<u8>, Class)> {
        let block = NonNull::new(self.next)?;
        // SAFETY: the chain is ours alone since `take`, and its nodes were written before they were published (inv. 2).
        let node = unsafe { block.read() };
        self.next = node.next;
        Some((block.cast(), node.class))
    }
}

#[cfg(all(test, loom))]
#[path = "tests/loom.rs"]
mod loom_tests;
