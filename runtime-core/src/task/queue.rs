//! The run queue of a worker: a power-of-two ring of task pointers, first in, first out. Owner only.
//!
//! A ring costs 8 bytes per queued task and none per parked one; an intrusive list would add a word to every header.
//! It grows by doubling and gives the memory back when the worker goes idle (see [`RunQueue::shrink`]).
//!
//! 1. `head` and `tail` count for ever (wrapping); `tail - head` entries are queued, at most `mask + 1`.
//! 2. The entries `head..tail`, masked, are initialised.

use super::header::Header;
use crate::sharing::Sharing;
use alloc::boxed::Box;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

type Entry<S> = MaybeUninit<NonNull<Header<S>>>;

/// A growing ring of task pointers.
pub(crate) struct RunQueue<S: Sharing> {
    entries: Box<[Entry<S>]>,
    mask: usize,
    head: usize,
    tail: usize,
    /// The capacity that it starts with and shrinks to.
    base: usize,
}

impl<S: Sharing> RunQueue<S> {
    /// `capacity` is a power of two.
    pub(crate) fn new(capacity: usize) -> Self {
        debug_assert!(capacity.is_power_of_two());
        RunQueue { entries: Box::new_uninit_slice(capacity), mask: capacity - 1, head: 0, tail: 0, base: capacity }
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.head == self.tail
    }

    pub(crate) fn len(&self) -> usize {
        self.tail.wrapping_sub(self.head)
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, task: NonNull<Header<S>>) {
        if self.len() > self.mask {
            self.resize((self.mask + 1) * 2);
        }
        let at = self.tail & self.mask;
        // SAFETY: `at` is masked, and `entries` has `mask + 1` elements.
        unsafe { self.entries.get_unchecked_mut(at) }.write(task);
        self.tail = self.tail.wrapping_add(1);
    }

    #[inline(always)]
    pub(crate) fn pop(&mut self) -> Option<NonNull<Header<S>>> {
        if self.is_empty() {
            return None;
        }
        let at = self.head & self.mask;
        // SAFETY: `at` is masked, and `entries` has `mask + 1` elements.
        let entry = unsafe { self.entries.get_unchecked(at) };
        // SAFETY: it lies in `head..tail` (invariant 2).
        let task = unsafe { entry.assume_init() };
        self.head = self.head.wrapping_add(1);
        Some(task)
    }

    /// Gives memory back that a burst took: when empty, a ring far above its base returns to it.
    #[cold]
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() && self.mask + 1 > self.base * 4 {
            self.resize(self.base);
        }
    }

    /// Is there memory to give back?
    #[inline(always)]
    pub(crate) fn is_large(&self) -> bool {
        self.mask + 1 > self.base * 4
    }

    #[cold]
    #[inline(never)]
    fn resize(&mut self, capacity: usize) {
        let mut entries: Box<[Entry<S>]> = Box::new_uninit_slice(capacity);
        let len = self.len();
        for (i, entry) in entries.iter_mut().take(len).enumerate() {
            *entry = self.entries[self.head.wrapping_add(i) & self.mask];
        }
        self.entries = entries;
        self.mask = capacity - 1;
        self.head = 0;
        self.tail = len;
    }
}

impl<S: Sharing> core::fmt::Debug for RunQueue<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RunQueue").field("len", &self.len()).field("capacity", &(self.mask + 1)).finish()
    }
}
