//! The usual local queue of a worker: a bounded ring of entries, first in, first out, from which other workers take half.
//!
//! ```text
//!            head                  tail
//!    … free │ queued … queued … │ free …          both count for ever (wrapping); an entry's place is its number,
//!    masked
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
//! What it promises is in [`LiveQueue`]. No verb runs code of others, so none is ever entered twice.
//!
//! The counters are words: on a machine of 32 bits a thief that sleeps between its look and its exchange while exactly 2³²
//! entries pass would take some twice. They pass in minutes, and the thief would have to sleep to the entry.
//!
//! Source: the ring of the Go scheduler (`runtime/proc.go`, `runqgrab`), by D. Vyukov, for the idea of a thief that reads first.

use crate::loom::{AtomicPtr, AtomicUsize, Ordering, Plant, planted};
use crate::roles::{BATCH_MAX, Entry, LiveQueue, Stolen};
use alloc::boxed::Box;
use core::ptr::{NonNull, null_mut};

/// The ring of one worker.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "the hidden type of `LocalQueue` names it")]
pub struct Ring {
    head: AtomicUsize,
    tail: AtomicUsize,
    entries: Box<[AtomicPtr<()>]>,
}

/// Entries that were taken out of a ring.
pub(super) struct Batch {
    entries: [*mut (); BATCH_MAX],
    len: usize,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Oldest first.
    pub(super) fn into_entries(self) -> impl Iterator<Item = Entry> {
        self.entries.into_iter().take(self.len).filter_map(NonNull::new)
    }
}

impl Ring {
    #[inline(always)]
    fn entry(&self, at: usize) -> &AtomicPtr<()> {
        &self.entries[at & (self.entries.len() - 1)]
    }

    /// Takes the older half, at least one entry and at most [`BATCH_MAX`], with their pins; nothing if the ring is empty, or
    /// somebody else was faster. Any thread.
    pub(super) fn take_half(&self) -> Option<Batch> {
        self.take_up_to(BATCH_MAX)
    }

    /// As [`take_half`](Self::take_half), and no more than `most`, which is at least 1.
    fn take_up_to(&self, most: usize) -> Option<Batch> {
        let head = self.head.load(Ordering::Acquire);
        // Acquire: the entries, and the tasks.
        let len = self.tail.load(Ordering::Acquire).wrapping_sub(head);
        // A head that was read long ago may be more than the ring away: then the exchange below would fail.
        if len == 0 || len > self.entries.len() {
            return None;
        }
        let len = len.div_ceil(2).min(BATCH_MAX).min(most);
        let mut batch = Batch { entries: [null_mut(); BATCH_MAX], len };
        for (i, entry) in batch.entries[..len].iter_mut().enumerate() {
            *entry = self.entry(head.wrapping_add(i)).load(Ordering::Relaxed);
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

// SAFETY: of the invariants of the trait: once, by 1 and 2 here; in order, as both ends only grow; published, by the release of
// `tail` and the acquire of who takes; bounded, by 2; `len` reads `head` before `tail`, so it leaves out no entry before the
// `tail` that this thread sees, and fences order the store of `tail` and its load; 6 and 7: no verb calls anything or loops
// but `pop`, which tries again only when a thief has got something.
unsafe impl LiveQueue for Ring {
    fn new(capacity: usize) -> Self {
        debug_assert!(capacity.is_power_of_two());
        let entries = (0..capacity).map(|_| AtomicPtr::new(null_mut())).collect();
        Ring { head: AtomicUsize::new(0), tail: AtomicUsize::new(0), entries }
    }

    #[inline(always)]
    fn len(&self) -> usize {
        // The head first: it never passes the tail.
        let head = self.head.load(Ordering::Acquire);
        self.tail.load(Ordering::Acquire).wrapping_sub(head)
    }

    #[inline]
    unsafe fn push(&self, entry: Entry) -> bool {
        let tail = self.tail.load(Ordering::Relaxed);
        // Acquire: whoever took the entries has read them (invariant 2).
        if tail.wrapping_sub(self.head.load(Ordering::Acquire)) >= self.entries.len() {
            return false;
        }
        self.entry(tail).store(entry.as_ptr(), Ordering::Relaxed);
        // Release: publishes the entry and the task to a thief.
        let order = if planted(Plant::RingRelaxedPush) { Ordering::Relaxed } else { Ordering::Release };
        self.tail.store(tail.wrapping_add(1), order);
        true
    }

    #[inline]
    unsafe fn pop(&self) -> Option<Entry> {
        let tail = self.tail.load(Ordering::Relaxed);
        let mut head = self.head.load(Ordering::Acquire);
        while head != tail {
            let entry = self.entry(head).load(Ordering::Relaxed);
            if planted(Plant::RingPopInTwoSteps) {
                self.head.store(head.wrapping_add(1), Ordering::Release);
                return NonNull::new(entry);
            }
            // Release: a thief that sees this head sees the tail as well.
            match self.head.compare_exchange(head, head.wrapping_add(1), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return NonNull::new(entry),
                Err(now) => head = now,
            }
        }
        None
    }

    unsafe fn steal(&self, own: &Self, most: usize) -> Option<Stolen> {
        // Others only take from there, so there will be as much room.
        let room = own.entries.len() - own.len();
        let batch = self.take_up_to(most.min(room + 1))?;
        let tasks = batch.len();
        let mut entries = batch.into_entries();
        let first = entries.next()?;
        for entry in entries {
            // SAFETY: the caller owns it.
            let fits = unsafe { own.push(entry) };
            assert!(fits, "a thief takes no more than it has room for");
        }
        Some(Stolen { first, tasks })
    }

    unsafe fn shed(&self) -> impl Iterator<Item = Entry> {
        self.take_half().into_iter().flat_map(Batch::into_entries)
    }
}
