//! Rings that break a promise, one each: the suite of [`stress`](super::stress) finds them.

use super::super::Ring;
use super::stress::{
    Verdict, entries, gives_each_entry_once, hides_nothing_from_who_goes_to_sleep, is_in_order_and_bounded,
};
use crate::roles::{BATCH_MAX, Entry, LiveQueue, Stolen};

/// A ring with one mistake.
struct Wrong<const MISTAKE: u8>(Ring);

/// A thief gets the first entry in hand and in its queue.
const TWICE: u8 = 0;
/// What a queue sheds lacks the oldest entry.
const LOST: u8 = 1;
/// A pop takes the second entry first.
const OVERTAKEN: u8 = 2;
/// The last entry does not count for others.
const HIDDEN: u8 = 3;
/// A push into a full queue drops the oldest entry, and says that it fits.
const UNBOUNDED: u8 = 4;
/// A thief gets more than it wants.
const GREEDY: u8 = 5;

// SAFETY: it is not. Its entries are numbers, which nobody runs.
unsafe impl<const MISTAKE: u8> LiveQueue for Wrong<MISTAKE> {
    fn new(capacity: usize) -> Self {
        Wrong(Ring::new(capacity))
    }

    unsafe fn push(&self, entry: Entry) -> bool {
        // SAFETY: as the caller, here and below.
        let fits = unsafe { self.0.push(entry) };
        if MISTAKE == UNBOUNDED && !fits {
            // SAFETY: as above.
            let _ = unsafe { self.0.pop() };
            // SAFETY: as above.
            return unsafe { self.0.push(entry) };
        }
        fits
    }

    unsafe fn pop(&self) -> Option<Entry> {
        // SAFETY: as the caller, here and below.
        let first = unsafe { self.0.pop() }?;
        if MISTAKE == OVERTAKEN && !self.0.is_empty() {
            // SAFETY: as above.
            let second = unsafe { self.0.pop() };
            // SAFETY: as above.
            let fits = unsafe { self.0.push(first) };
            return second.filter(|_| fits);
        }
        Some(first)
    }

    unsafe fn steal(&self, own: &Self, most: usize) -> Option<Stolen> {
        // SAFETY: as the caller.
        let stolen = unsafe { self.0.steal(&own.0, if MISTAKE == GREEDY { BATCH_MAX } else { most }) }?;
        if MISTAKE == TWICE {
            // SAFETY: as the caller.
            unsafe { own.0.push(stolen.first) };
        }
        Some(stolen)
    }

    fn len(&self) -> usize {
        self.0.len().saturating_sub(usize::from(MISTAKE == HIDDEN))
    }

    unsafe fn own_len(&self) -> usize {
        // SAFETY: as the caller.
        unsafe { self.0.own_len() }
    }

    unsafe fn shed(&self) -> impl Iterator<Item = Entry> {
        // SAFETY: as the caller.
        unsafe { self.0.shed() }.skip(usize::from(MISTAKE == LOST))
    }
}

#[track_caller]
fn found(verdict: Verdict, said: &str) {
    let found = verdict.expect_err("the mistake was not found");
    assert!(found.contains(said), "{found}");
}

#[test]
fn a_queue_that_gives_a_task_twice_is_found() {
    found(gives_each_entry_once::<Wrong<TWICE>>(entries()), " times");
    found(is_in_order_and_bounded::<Wrong<TWICE>>(), "lengths");
}

#[test]
fn a_queue_that_loses_a_task_is_found() {
    found(gives_each_entry_once::<Wrong<LOST>>(entries()), "never came out");
    found(is_in_order_and_bounded::<Wrong<LOST>>(), "shed");
}

#[test]
fn a_queue_in_which_tasks_overtake_each_other_is_found() {
    found(is_in_order_and_bounded::<Wrong<OVERTAKEN>>(), "popped");
}

#[test]
fn a_queue_that_is_called_empty_too_early_is_found() {
    found(hides_nothing_from_who_goes_to_sleep::<Wrong<HIDDEN>>(), "were hidden");
}

#[test]
fn a_queue_that_drops_what_does_not_fit_is_found() {
    found(is_in_order_and_bounded::<Wrong<UNBOUNDED>>(), "a push said true");
}

#[test]
fn a_thief_that_takes_more_than_it_wants_is_found() {
    found(is_in_order_and_bounded::<Wrong<GREEDY>>(), "stole");
}
