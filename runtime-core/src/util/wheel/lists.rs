//! The lists of the wheel: first in, first out, linked by slot index through the entries.
//!
//! # Invariants
//! 1. A list is doubly linked from `head` to `tail`; both are [`NONE`] iff it is empty. Its entries name it as `home`.
//! 2. Bit `s` of `occupied[l]` is set iff list `l * SLOTS + s` is not empty; bit `l` of `levels` iff `occupied[l]` is
//!    not zero.
//! 3. `least` of a list is at most the least deadline in it, and `u64::MAX` when it is empty. It is too low only after
//!    an unlink.
//! 4. Every index in a list was handed out by `entries`.

use super::entry::{Entry, Timer};
use super::geometry::{BUCKETS, LEVELS, LISTS, OVERDUE, SLOTS};
use crate::util::slab::{ChunkSlab, NONE};

pub(super) struct Lists {
    pub(super) entries: ChunkSlab<Entry>,
    levels: u16,
    /// Some entry of `OVERDUE` has a lower deadline than one before it.
    unsorted: bool,
    occupied: [u64; LEVELS],
    lists: [List; LISTS],
}

#[derive(Clone, Copy)]
struct List {
    least: u64,
    head: u32,
    tail: u32,
}

const EMPTY: List = List { least: u64::MAX, head: NONE, tail: NONE };

impl Lists {
    pub(super) const fn new() -> Self {
        Self { entries: ChunkSlab::new(), levels: 0, unsorted: false, occupied: [0; LEVELS], lists: [EMPTY; LISTS] }
    }

    /// The owner's part of an entry.
    #[inline]
    pub(super) fn timer(&mut self, slot: u32) -> &mut Timer {
        debug_assert!(self.entries.was_handed_out(slot), "wheel: slot {slot} was never handed out");
        let entry = self.entries.get(slot).cast_mut();
        // SAFETY: callers pass indexes that were handed out (inv. 4, or checked), so the entry is initialised and stays
        // where it is. `&mut self` and the module being the only user of `timer` make the borrow unique; it leaves out
        // `remote`, which foreign threads use.
        unsafe { &mut (*entry).timer }
    }

    /// Appends an entry, which is in no list.
    #[inline]
    pub(super) fn append(&mut self, list: usize, slot: u32) {
        let List { least, tail, .. } = self.lists[list];
        let timer = self.timer(slot);
        timer.prev = tail;
        timer.next = NONE;
        timer.home = list as u16;
        let deadline = timer.deadline;
        if tail == NONE {
            self.lists[list].head = slot;
            self.mark(list);
        } else {
            let last = self.timer(tail);
            last.next = slot;
            if list == OVERDUE && last.deadline > deadline {
                self.unsorted = true;
            }
        }
        self.lists[list].tail = slot;
        self.lists[list].least = least.min(deadline);
    }

    /// Takes an entry out of the list that it names. `home` is left to the caller.
    #[inline]
    pub(super) fn unlink(&mut self, slot: u32) {
        let &mut Timer { prev, next, home, .. } = self.timer(slot);
        let list = home as usize;
        match prev {
            NONE => self.lists[list].head = next,
            prev => self.timer(prev).next = next,
        }
        match next {
            NONE => self.lists[list].tail = prev,
            next => self.timer(next).prev = prev,
        }
        if self.lists[list].head == NONE {
            self.empty(list);
        }
    }

    /// Empties a list and returns its first entry; the rest hang on `next`.
    pub(super) fn take(&mut self, list: usize) -> u32 {
        let head = self.lists[list].head;
        self.empty(list);
        head
    }

    /// The list with the earliest deadlines, if any timer waits that can ever fire.
    #[inline]
    pub(super) fn first(&self) -> Option<usize> {
        if self.lists[OVERDUE].head != NONE {
            return Some(OVERDUE);
        }
        if self.levels == 0 {
            return None;
        }
        let level = self.levels.trailing_zeros() as usize;
        Some(level * SLOTS + self.occupied[level].trailing_zeros() as usize)
    }

    #[inline]
    pub(super) fn head(&self, list: usize) -> u32 {
        self.lists[list].head
    }

    /// Whether the list has exactly one entry, given that it has any.
    #[inline]
    pub(super) fn is_single(&self, list: usize) -> bool {
        self.lists[list].head == self.lists[list].tail
    }

    /// At most the least deadline of the list (inv. 3).
    #[inline]
    pub(super) fn least(&self, list: usize) -> u64 {
        self.lists[list].least
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
            rest = core::mem::replace(&mut self.timer(run).next, NONE);
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
            let next = self.timer(sorted).next;
            self.append(OVERDUE, sorted);
            sorted = next;
        }
        self.unsorted = false;
    }

    /// Merges two chains of `next`; of equal deadlines those in `a` come first.
    fn merge(&mut self, mut a: u32, mut b: u32) -> u32 {
        let mut head = NONE;
        let mut tail = NONE;
        while a != NONE && b != NONE {
            let first = if self.timer(b).deadline < self.timer(a).deadline { &mut b } else { &mut a };
            let slot = *first;
            *first = self.timer(slot).next;
            match tail {
                NONE => head = slot,
                tail => self.timer(tail).next = slot,
            }
            tail = slot;
        }
        let rest = if a == NONE { b } else { a };
        match tail {
            NONE => rest,
            tail => {
                self.timer(tail).next = rest;
                head
            }
        }
    }

    #[inline]
    fn mark(&mut self, list: usize) {
        if list < BUCKETS {
            self.occupied[list / SLOTS] |= 1 << (list % SLOTS);
            self.levels |= 1 << (list / SLOTS);
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
            self.unsorted = false;
        }
    }
}
