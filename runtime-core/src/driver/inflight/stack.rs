//! The way home: a stack of slots that other threads push on and the owner takes whole, in one word with "the owner sleeps".
//!
//! There is no pop abroad, so no ABA: a push compares with what it read, and the owner swaps all out at once.

use super::slot::Slot;
use crate::loom::{AtomicPtr, Ordering, Plant, planted};
use crate::sharing::Sharing;
use core::ptr::{self, NonNull};

/// The head: the top slot, and in the lowest bit "the owner sleeps". Under `Local` the bit is not used: a push that must
/// wake says so always, so that the owner parks without a read-modify-write instruction.
pub(super) struct Stack<S: Sharing> {
    head: AtomicPtr<Slot<S>>,
}

/// In the lowest bit of the head, which is free: a slot is aligned to a pointer.
const SLEEPS: usize = 1;

/// Does a push have to end the owner's sleep?
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Urgency {
    /// No: the slot only waits to be free.
    Lazy,
    /// Yes: something is to be cancelled.
    Nudging,
}

impl<S: Sharing> Stack<S> {
    pub(super) fn new() -> Self {
        Stack { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Pushes `slot` on the stack of its owner. `true`: the owner sleeps and the caller is the one to nudge it.
    ///
    /// Takes pointers, not references: with the exchange the slot and the stack may be freed at any moment.
    ///
    /// # Safety
    /// The caller gives `slot` up, whose ticket or whose `ORPHAN` it holds (invariants 1 and 5), and `stack` is that of the
    /// slot's owner.
    pub(super) unsafe fn push(stack: NonNull<Stack<S>>, slot: NonNull<Slot<S>>, urgency: Urgency) -> bool {
        // SAFETY: the slot is in use until the exchange below succeeds, so the home is allocated (invariant 1).
        let mut head = unsafe { stack.as_ref() }.head.load(Ordering::Relaxed);
        loop {
            // SAFETY: as above.
            let node = unsafe { slot.as_ref() };
            // SAFETY: the link is ours until the exchange succeeds (invariant 5).
            unsafe { node.set_link(head.map_addr(|a| a & !SLEEPS)) };
            let sleeps = head.addr() & SLEEPS;
            let kept_bit = if urgency == Urgency::Lazy { sleeps } else { 0 };
            let new = slot.as_ptr().map_addr(|a| a | kept_bit);
            // Releases the slot to `take_all`.
            let order = if planted(Plant::SlotRelaxedPush) { Ordering::Relaxed } else { Ordering::Release };
            // SAFETY: as above.
            match unsafe { stack.as_ref() }.head.compare_exchange_weak(head, new, order, Ordering::Relaxed) {
                Ok(_) if planted(Plant::SlotNudgeForgotten) => return false,
                Ok(_) => return urgency == Urgency::Nudging && (!S::SHARED || sleeps != 0),
                Err(other) => head = other,
            }
        }
    }

    /// Takes all slots, last pushed first, and ends the sleep. Owner only.
    #[inline(always)]
    pub(super) fn take_all(&self) -> *mut Slot<S> {
        // A look first: most turns find nothing, and that costs a plain load.
        if self.head.load(Ordering::Relaxed).is_null() {
            return ptr::null_mut();
        }
        // Acquires every slot that was pushed: each exchange continues the release sequence of those before.
        self.head.swap(ptr::null_mut(), Ordering::Acquire).map_addr(|a| a & !SLEEPS)
    }

    /// Says that the owner sleeps. `false`: there are slots to take first. Owner only.
    pub(super) fn sleep(&self) -> bool {
        if !S::SHARED {
            return self.head.load(Ordering::Relaxed).is_null();
        }
        let asleep = ptr::without_provenance_mut(SLEEPS);
        if planted(Plant::SlotParkInTwoSteps) {
            let empty = self.head.load(Ordering::Relaxed).is_null();
            if empty {
                self.head.store(asleep, Ordering::Relaxed);
            }
            return empty;
        }
        // Orders nothing: pusher and owner meet in this word alone, and the nudge has an ordering of its own.
        match self.head.compare_exchange(ptr::null_mut(), asleep, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => true,
            Err(head) => head == asleep,
        }
    }
}
