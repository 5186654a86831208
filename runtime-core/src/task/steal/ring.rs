//! The local queue of a worker: a bounded ring of task pointers, first in, first out, from which other workers take half.
//!
//! ```text
//!            head                  tail
//!    … free │ queued … queued … │ free …          both count for ever (wrapping); an entry's place is its number, masked
//! ```
//!
//! 1. `tail` is written by the owner alone. `head` is moved by a compare-exchange, by the owner or by a thief, who thereby gets
//!    the entries that it passes. It only grows, so an exchange that succeeds means that nobody moved it since it was read.
//! 2. The owner writes the entry `tail`, and only if `tail - head` is less than the capacity. So an entry that was read before an
//!    exchange from `head` that succeeds was not overwritten in between: its place is used again only after that exchange, which
//!    the writer has read.
//! 3. Entries are atomics, since a thief reads some that it then does not get: those that were overwritten meanwhile.
//! 4. Each entry has the pin of its task, which goes to whoever takes the entry.
//!
//! The counters are words: on a machine of 32 bits a thief that sleeps between its look and its exchange while exactly 2³²
//! entries pass would take some twice. They pass in minutes, and the thief would have to sleep to the entry.
//!
//! Source: the ring of the Go scheduler (`runtime/proc.go`, `runqgrab`), by D. Vyukov, for the idea of a thief that reads first.

use crate::loom::{AtomicPtr, AtomicUsize, Ordering, Plant, planted};
use crate::sharing::Shared;
use crate::task::header::{Header, Task};
use alloc::boxed::Box;
use core::ptr::{NonNull, null_mut};

/// What moves at once at most: from one ring to another, or to the injector and back.
pub(super) const BATCH_MAX: usize = 128;

/// The ring of one worker.
#[derive(Debug)]
pub(super) struct Ring {
    head: AtomicUsize,
    tail: AtomicUsize,
    entries: Box<[AtomicPtr<Header<Shared>>]>,
}

/// Entries that were taken out of a ring.
pub(super) struct Batch {
    tasks: [*mut Header<Shared>; BATCH_MAX],
    len: usize,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Task<Shared>> {
        self.tasks[..self.len].iter().filter_map(|task| NonNull::new(*task))
    }
}

impl Ring {
    /// `capacity` is a power of two.
    pub(super) fn new(capacity: usize) -> Self {
        debug_assert!(capacity.is_power_of_two());
        let entries = (0..capacity).map(|_| AtomicPtr::new(null_mut())).collect();
        Ring { head: AtomicUsize::new(0), tail: AtomicUsize::new(0), entries }
    }

    #[inline(always)]
    fn entry(&self, at: usize) -> &AtomicPtr<Header<Shared>> {
        &self.entries[at & (self.entries.len() - 1)]
    }

    /// How many entries there are; by another thread than the owner's, were a moment ago.
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        // The head first: it never passes the tail.
        let head = self.head.load(Ordering::Acquire);
        self.tail.load(Ordering::Acquire).wrapping_sub(head)
    }

    /// Queues a task. `false`: the ring is full, and nothing was done.
    ///
    /// # Safety
    /// The caller is the owner, and gives the pin of the task.
    #[inline]
    pub(super) unsafe fn push(&self, task: Task<Shared>) -> bool {
        let tail = self.tail.load(Ordering::Relaxed);
        // Acquire: whoever took the entries has read them (invariant 2).
        if tail.wrapping_sub(self.head.load(Ordering::Acquire)) >= self.entries.len() {
            return false;
        }
        self.entry(tail).store(task.as_ptr(), Ordering::Relaxed);
        // Release: publishes the entry and the task to a thief.
        let order = if planted(Plant::RingRelaxedPush) { Ordering::Relaxed } else { Ordering::Release };
        self.tail.store(tail.wrapping_add(1), order);
        true
    }

    /// Takes the oldest entry, with its pin.
    ///
    /// # Safety
    /// The caller is the owner.
    #[inline]
    pub(super) unsafe fn pop(&self) -> Option<Task<Shared>> {
        let tail = self.tail.load(Ordering::Relaxed);
        let mut head = self.head.load(Ordering::Acquire);
        while head != tail {
            let task = self.entry(head).load(Ordering::Relaxed);
            if planted(Plant::RingPopInTwoSteps) {
                self.head.store(head.wrapping_add(1), Ordering::Release);
                return NonNull::new(task);
            }
            // Release: a thief that sees this head sees the tail as well.
            match self.head.compare_exchange(head, head.wrapping_add(1), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return NonNull::new(task),
                Err(now) => head = now,
            }
        }
        None
    }

    /// Takes the older half, at least one entry and at most [`BATCH_MAX`], with their pins; nothing if the ring is empty, or
    /// somebody else was faster. Any thread.
    pub(super) fn take_half(&self) -> Option<Batch> {
        let head = self.head.load(Ordering::Acquire);
        // Acquire: the entries, and the tasks.
        let len = self.tail.load(Ordering::Acquire).wrapping_sub(head);
        // A head that was read long ago may be more than the ring away: then the exchange below would fail.
        if len == 0 || len > self.entries.len() {
            return None;
        }
        let len = len.div_ceil(2).min(BATCH_MAX);
        let mut batch = Batch { tasks: [null_mut(); BATCH_MAX], len };
        for (i, task) in batch.tasks[..len].iter_mut().enumerate() {
            *task = self.entry(head.wrapping_add(i)).load(Ordering::Relaxed);
        }
        if planted(Plant::RingTakeInTwoSteps) {
            self.head.store(head.wrapping_add(len), Ordering::Release);
            return Some(batch);
        }
        // Release: the owner overwrites these places only after it has seen this (invariant 2).
        let next = head.wrapping_add(len);
        self.head.compare_exchange(head, next, Ordering::AcqRel, Ordering::Relaxed).ok().map(|_| batch)
    }
}
