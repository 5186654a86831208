//! The local queue of a worker on `crossbeam-deque`: its queue of the flavour first in, first out, held to a capacity.
//!
//! 1. `worker` and `inside` are touched by the owner alone, and `stealer`, which is for all threads, by anybody.
//! 2. The owner pushes only below `capacity`, and a thief takes no more than its own queue has room for; others only take from
//!    there. So there are never more entries than that.
//! 3. `inside`: the owner is in a call that may enter the collector of `crossbeam-epoch`, as one does that grows or shrinks the
//!    buffer, and one that steals. There the collector may run what any code of the program has deferred, and that may wake a
//!    task, which comes back here while the buffer is being copied. So while it is set nothing is pushed, and nothing popped.
//!
//! It starts with room for 64 entries, whatever its capacity; more are a new buffer of twice the size, and a quarter of that
//! one of half the size. The old one is freed by the collector when no thief can be looking at it any more.
//!
//! A thief reads entries that the owner may be writing, and drops what it read if that may have been so. These reads and
//! writes are volatile, and not atomic: a data race by the letter, as the crate says itself. Its atomics are not loom's, and
//! so what is modelled of [`LiveQueue`] is modelled with the [ring](super::ring) alone.

use crate::roles::{BATCH_MAX, Entry, LiveQueue, Stolen};
use core::cell::Cell;
use crossbeam_deque::{Steal, Stealer, Worker};

/// The queue of one worker, on `crossbeam-deque`.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "the hidden type of `LocalQueue` names it")]
pub struct Deque {
    worker: Worker<Entry>,
    stealer: Stealer<Entry>,
    capacity: usize,
    inside: Cell<bool>,
}

// SAFETY: entries are names, which go to the thread that gets them by the contract of the trait; the worker goes to its next
// owner as a whole.
unsafe impl Send for Deque {}
// SAFETY: what is not for all threads is the owner's (invariant 1), who is one thread at a time (rule 1 of the trait).
unsafe impl Sync for Deque {}

/// While it is there the owner is inside of a call.
struct Inside<'a>(&'a Cell<bool>);

impl<'a> Inside<'a> {
    fn enter(inside: &'a Cell<bool>) -> Self {
        inside.set(true);
        Inside(inside)
    }
}

impl Drop for Inside<'_> {
    // What was deferred may panic.
    fn drop(&mut self) {
        self.0.set(false);
    }
}

// SAFETY: of the invariants of the trait: 1 to 3 are those of `crossbeam-deque`, for entries that are pushed and popped by one
// thread at a time and never from within (invariant 3); bounded, by 2; `len` reads the front before the back, with a fence
// between them, and the owner writes the back with each push; an owner that finds its queue empty moves the front and takes
// that back before it does anything else, so no push is between the two; 6: 3; 7: it has no locks, and what fails is not tried
// again.
unsafe impl LiveQueue for Deque {
    const STARTS_WITH: Option<usize> = Some(64);
    const RUNS_OTHERS_CODE: bool = true;

    fn new(capacity: usize) -> Self {
        let worker = Worker::new_fifo();
        let stealer = worker.stealer();
        Deque { worker, stealer, capacity, inside: Cell::new(false) }
    }

    unsafe fn push(&self, entry: Entry) -> bool {
        if self.inside.get() || self.worker.len() >= self.capacity {
            return false;
        }
        let _inside = Inside::enter(&self.inside);
        self.worker.push(entry);
        true
    }

    unsafe fn pop(&self) -> Option<Entry> {
        if self.inside.get() {
            return None;
        }
        let _inside = Inside::enter(&self.inside);
        self.worker.pop()
    }

    unsafe fn steal(&self, own: &Self, most: usize) -> Option<Stolen> {
        let before = own.worker.len();
        let most = (own.capacity - before).saturating_add(1).min(BATCH_MAX).min(most);
        let _inside = Inside::enter(&own.inside);
        let Steal::Success(first) = self.stealer.steal_batch_with_limit_and_pop(&own.worker, most) else { return None };
        // Some of them may be gone again.
        Some(Stolen { first, tasks: 1 + own.worker.len().saturating_sub(before) })
    }

    fn len(&self) -> usize {
        self.stealer.len()
    }

    unsafe fn own_len(&self) -> usize {
        self.worker.len()
    }

    fn is_entered(&self) -> bool {
        self.inside.get()
    }
}

#[cfg(test)]
mod tests {
    use super::{Deque, Inside};
    use crate::roles::{Entry, LiveQueue};
    use core::ptr::NonNull;

    /// As if the collector ran what another part of the program has deferred.
    #[test]
    fn who_comes_back_while_it_is_inside_pushes_and_pops_nothing() {
        let queue = Deque::new(4);
        let [one, two]: [Entry; 2] =
            [64usize, 128].map(|at| NonNull::without_provenance(at.try_into().expect("not 0")));
        // SAFETY: this thread is the owner, as below.
        assert!(unsafe { queue.push(one) });
        let inside = Inside::enter(&queue.inside);
        // SAFETY: as above.
        assert!(!unsafe { queue.push(two) });
        // SAFETY: as above.
        assert_eq!(unsafe { queue.shed() }.count(), 0);
        // SAFETY: as above.
        assert_eq!(unsafe { queue.pop() }, None);
        assert_eq!(queue.len(), 1);
        drop(inside);
        // SAFETY: as above.
        assert_eq!(unsafe { queue.pop() }, Some(one));
    }
}
