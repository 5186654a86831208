//! The lists of the wheel: first in, first out, linked by slot index through the nodes.
//!
//! # Invariants
//! 1. A list is doubly linked from `head` to `tail`; both are [`NONE`] iff it is empty.
//! 2. Bit `s` of `occupied[l]` is set iff list `l * SLOTS + s` is not empty; bit `l` of `levels` iff `occupied[l]` is
//!    not zero, and [`OVERDUE_BIT`] iff `OVERDUE` is not empty.
//! 3. `least` of a list is at most the least deadline in it, and `u64::MAX` when it is empty. It is too low only after
//!    an unlink.
//! 4. Every slot that [`Lists::alloc`] returned has an initialised node in `nodes`. (A slot whose node got no memory is
//!    free and was never returned.)
//! 5. `lists` is empty, or holds all of them, for good: [`Lists::alloc`] makes them before it returns the first slot.

use super::entry::{Entry, Place, Watch};
use super::geometry::{BUCKETS, LEVELS, LISTS, OVERDUE, SLOTS, list_of};
use crate::util::prefetch::prefetch;
use crate::util::slab::{ChunkSlab, Chunks, NONE};
use alloc::vec::Vec;

pub(super) struct Lists {
    entries: ChunkSlab<Entry>,
    /// The node of entry `i` is node `i`.
    nodes: Chunks<Place>,
    levels: u16,
    /// Some entry of `OVERDUE` has a lower deadline than one before it.
    unsorted: bool,
    occupied: [u64; LEVELS],
    lists: Vec<List>,
}

/// The ends of a list.
#[derive(Clone, Copy)]
pub(super) struct List {
    /// At most the least deadline of the list (inv. 3).
    pub(super) least: u64,
    pub(super) head: u32,
    pub(super) tail: u32,
}

/// Lists of levels that are dealt out when most of their timers are about to fire: those of up to 17 ms.
const SOON: usize = 4 * SLOTS;

/// How many places at either end of a list are looked at before it is dealt out: as many as the second cache holds, with room
/// to spare.
const APPROACHED: usize = 4096;

const EMPTY: List = List { least: u64::MAX, head: NONE, tail: NONE };

pub(super) const BYTES: usize = LISTS * size_of::<List>();

/// In `levels`, beside the bits of the levels.
const OVERDUE_BIT: u16 = 1 << 15;
const _: () = assert!(LEVELS < 15);

impl Lists {
    pub(super) const fn new() -> Self {
        Self {
            entries: ChunkSlab::new(),
            nodes: Chunks::new(),
            levels: 0,
            unsorted: false,
            occupied: [0; LEVELS],
            lists: Vec::new(),
        }
    }

    /// Takes a slot for a timer, in no list yet. `None`: no memory.
    #[inline]
    pub(super) fn alloc(&mut self) -> Option<u32> {
        if self.lists.is_empty() && !self.make() {
            return None;
        }
        let slot = self.entries.alloc()?;
        if !self.nodes.reach(slot) {
            // SAFETY: handed out just now.
            unsafe { self.entries.free(slot) };
            return None;
        }
        // SAFETY: the place is reached, and a node needs no drop.
        unsafe { self.nodes.get(slot).write(Place { deadline: 0, prev: slot, next: slot }) };
        Some(slot)
    }

    /// Makes the lists, for the first timer: 10.5 KiB, which a worker without timers does not need. `false`: no memory.
    #[cold]
    fn make(&mut self) -> bool {
        if self.lists.try_reserve_exact(LISTS).is_err() {
            return false;
        }
        self.lists.resize(LISTS, EMPTY);
        true
    }

    /// Gives a slot back.
    ///
    /// # Safety
    /// - `alloc` returned `slot`, and it was not freed since.
    #[inline]
    pub(super) unsafe fn free(&mut self, slot: u32) {
        // SAFETY: the caller's promise.
        unsafe { self.entries.free(slot) };
    }

    /// The slots, for questions.
    #[inline]
    pub(super) fn entries(&self) -> &ChunkSlab<Entry> {
        &self.entries
    }

    /// The address of the slots, which any thread may know.
    ///
    /// # Safety
    /// - `this` is live.
    #[inline]
    pub(super) unsafe fn entries_foreign(this: *const Self) -> *const ChunkSlab<Entry> {
        // SAFETY: `this` is live; this only computes an address.
        unsafe { &raw const (*this).entries }
    }

    /// The owner's part of an entry.
    ///
    /// # Safety
    /// - `entries` handed out `slot` before; it may be free.
    #[inline]
    pub(super) unsafe fn watch(&mut self, slot: u32) -> &mut Watch {
        debug_assert!(self.entries.was_handed_out(slot), "wheel: slot {slot} was never handed out");
        let entry = self.entries.get(slot).cast_mut();
        // SAFETY: the slot was handed out, so the entry is initialised and stays where it is. `&mut self` makes the
        // borrow unique; it leaves out `remote`, which foreign threads use.
        unsafe { &mut (*entry).watch }
    }

    /// The place of a timer in time.
    ///
    /// # Safety
    /// - `alloc` returned `slot` before, freed since or not.
    #[inline]
    pub(super) unsafe fn node(&mut self, slot: u32) -> &mut Place {
        debug_assert!(self.entries.was_handed_out(slot), "wheel: slot {slot} was never handed out");
        // SAFETY: as the caller.
        unsafe { Self::place(&mut self.nodes, slot) }
    }

    /// As [`node`](Self::node), beside a list.
    ///
    /// # Safety
    /// As `node`; `nodes` are those of these lists.
    #[inline]
    unsafe fn place(nodes: &mut Chunks<Place>, slot: u32) -> &mut Place {
        // SAFETY: `alloc` returned the slot, so the node is initialised (inv. 4); `&mut` makes the borrow unique.
        unsafe { &mut *nodes.get(slot) }
    }

    /// The node of a slot that a list or another node names.
    #[inline]
    fn linked(&mut self, slot: u32) -> &mut Place {
        // SAFETY: only handed-out slots get into a list: the callers of `append` promise it.
        unsafe { self.node(slot) }
    }

    /// Appends a timer, which is in no list.
    ///
    /// # Safety
    /// - `alloc` returned `slot`, and it was not freed since.
    #[inline]
    pub(super) unsafe fn append(&mut self, list: usize, slot: u32, deadline: u64) {
        debug_assert!(self.entries.was_handed_out(slot), "wheel: slot {slot} was never handed out");
        let ends = &mut self.lists[list];
        let tail = core::mem::replace(&mut ends.tail, slot);
        ends.least = ends.least.min(deadline);
        // SAFETY: as the caller.
        *unsafe { Self::place(&mut self.nodes, slot) } = Place { deadline, prev: tail, next: NONE };
        if tail == NONE {
            ends.head = slot;
            self.mark(list);
        } else {
            let last = self.linked(tail);
            last.next = slot;
            if list == OVERDUE && last.deadline > deadline {
                self.unsorted = true;
            }
        }
    }

    /// Takes a timer out of its list, if it is in one. `elapsed` is the time of the wheel.
    ///
    /// # Safety
    /// - `alloc` returned `slot`, and it was not freed since.
    #[inline]
    pub(super) unsafe fn unlink(&mut self, elapsed: u64, slot: u32) {
        let node = self.linked(slot);
        let Place { deadline, prev, next } = *node;
        if next == slot {
            return;
        }
        node.next = slot;
        if prev != NONE && next != NONE {
            self.linked(prev).next = next;
            self.linked(next).prev = prev;
        } else {
            self.unlink_end(list_of(elapsed, deadline), prev, next);
        }
    }

    /// Takes its first timer out of a list.
    ///
    /// # Safety
    /// - `head` is the first timer of `list`, which has one.
    #[inline]
    pub(super) unsafe fn pop(&mut self, list: usize, head: u32) {
        let node = self.linked(head);
        let next = core::mem::replace(&mut node.next, head);
        self.unlink_end(list, NONE, next);
    }

    /// Closes the gap between `prev` and `next`, one of which is the list's end.
    #[inline]
    fn unlink_end(&mut self, list: usize, prev: u32, next: u32) {
        let ends = &mut self.lists[list];
        match prev {
            NONE => ends.head = next,
            // SAFETY: only handed-out slots get into a list: the callers of `append` promise it.
            prev => unsafe { Self::place(&mut self.nodes, prev) }.next = next,
        }
        match next {
            NONE => ends.tail = prev,
            // SAFETY: as above.
            next => unsafe { Self::place(&mut self.nodes, next) }.prev = prev,
        }
        if ends.head == NONE {
            self.empty(list);
        }
    }

    /// Moves the timers of a list to the lists where they belong when the wheel stands at `elapsed`, in their order.
    #[cold]
    pub(super) fn deal(&mut self, list: usize, elapsed: u64) {
        self.approach(list);
        let soon = list < SOON;
        let mut slot = self.take(list);
        while slot != NONE {
            let Place { next, deadline, .. } = *self.linked(slot);
            if soon {
                prefetch(self.entries.get(slot));
            }
            // SAFETY: timers in a list are not freed.
            unsafe { self.append(list_of(elapsed, deadline), slot, deadline) };
            slot = next;
        }
    }

    /// Looks at the places of a list from both ends, so that those who come after find them in the cache. Each place names the
    /// next one, and no cache knows where that is: two walks that do not wait for each other take half of the time of one.
    fn approach(&mut self, list: usize) {
        let List { head: mut forth, tail: mut back, .. } = self.lists[list];
        for _ in 0..APPROACHED {
            if forth == back {
                return;
            }
            forth = self.linked(forth).next;
            if forth == back {
                return;
            }
            back = self.linked(back).prev;
        }
    }

    /// Empties a list and returns its first entry; the rest hang on `next`.
    fn take(&mut self, list: usize) -> u32 {
        let head = self.lists[list].head;
        self.empty(list);
        head
    }

    /// The list with the earliest deadlines, if any timer waits that can ever fire.
    #[inline]
    pub(super) fn first(&self) -> Option<usize> {
        if self.levels == 0 {
            return None;
        }
        if self.levels & OVERDUE_BIT != 0 {
            return Some(OVERDUE);
        }
        let level = self.levels.trailing_zeros() as usize;
        Some(level * SLOTS + self.occupied[level].trailing_zeros() as usize)
    }

    /// Whether no timer is in the list.
    pub(super) fn is_empty(&self, list: usize) -> bool {
        self.lists.get(list).is_none_or(|list| list.head == NONE)
    }

    /// The deadline of a timer.
    ///
    /// # Safety
    /// - `alloc` returned `slot` before, freed since or not.
    #[inline]
    pub(super) unsafe fn deadline(&mut self, slot: u32) -> u64 {
        // SAFETY: as the caller.
        unsafe { self.node(slot) }.deadline
    }

    /// The ends of a list; some timer was handed out before.
    #[inline]
    pub(super) fn ends(&self, list: usize) -> List {
        self.lists[list]
    }

    /// Says that `least` is exact.
    #[inline]
    pub(super) fn set_least(&mut self, list: usize, least: u64) {
        self.lists[list].least = least;
    }

    /// Sorts `OVERDUE` by deadline, entries of the same deadline in their order, unless it is sorted.
    ///
    /// A merge sort from the bottom up: `runs[i]` holds a sorted run of 2^i entries or nothing; earlier runs lie higher.
    pub(super) fn sort_overdue(&mut self) {
        if !self.unsorted {
            return;
        }
        let mut runs = [NONE; u32::BITS as usize];
        let mut rest = self.take(OVERDUE);
        while rest != NONE {
            let mut run = rest;
            rest = core::mem::replace(&mut self.linked(run).next, NONE);
            let mut i = 0;
            while runs[i] != NONE {
                run = self.merge(core::mem::replace(&mut runs[i], NONE), run);
                i += 1;
            }
            runs[i] = run;
        }
        let mut sorted = NONE;
        for run in runs {
            sorted = self.merge(run, sorted);
        }
        while sorted != NONE {
            let Place { next, deadline, .. } = *self.linked(sorted);
            // SAFETY: timers in a list are not freed.
            unsafe { self.append(OVERDUE, sorted, deadline) };
            sorted = next;
        }
        self.unsorted = false;
    }

    /// Merges two chains of `next`; of equal deadlines those in `a` come first.
    fn merge(&mut self, mut a: u32, mut b: u32) -> u32 {
        let mut head = NONE;
        let mut tail = NONE;
        while a != NONE && b != NONE {
            let first = if self.linked(b).deadline < self.linked(a).deadline { &mut b } else { &mut a };
            let slot = *first;
            *first = self.linked(slot).next;
            match tail {
                NONE => head = slot,
                tail => self.linked(tail).next = slot,
            }
            tail = slot;
        }
        let rest = if a == NONE { b } else { a };
        match tail {
            NONE => rest,
            tail => {
                self.linked(tail).next = rest;
                head
            }
        }
    }

    #[inline]
    fn mark(&mut self, list: usize) {
        if list < BUCKETS {
            self.occupied[list / SLOTS] |= 1 << (list % SLOTS);
            self.levels |= 1 << (list / SLOTS);
        } else if list == OVERDUE {
            self.levels |= OVERDUE_BIT;
        }
    }

    #[inline]
    fn empty(&mut self, list: usize) {
        self.lists[list] = EMPTY;
        if list < BUCKETS {
            let level = list / SLOTS;
            self.occupied[level] &= !(1 << (list % SLOTS));
            if self.occupied[level] == 0 {
                self.levels &= !(1 << level);
            }
        } else if list == OVERDUE {
            self.levels &= !OVERDUE_BIT;
            self.unsorted = false;
        }
    }
}
