//! The timer wheel of a worker: exact deadlines, in order, without allocation once warm.
//!
//! One wheel per worker, used by its owner alone; plain data. Time is a `u64` of ticks, 1 tick = 1 ns, from the epoch of
//! the runtime's clock. A deadline of `u64::MAX` never comes; one that lies behind the wheel's time is due at once.
//!
//! # Geometry
//! A deadline is a number of 11 digits of 6 bits. The wheel stands at `elapsed`, a time that never goes back and never
//! passes a waiting deadline. A timer lies in level `l`, slot `s`, where `l` is the highest digit in which its deadline
//! differs from `elapsed`, and `s` that digit of the deadline:
//!
//! | level | 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 |
//! |---|---|---|---|---|---|---|---|---|---|---|---|
//! | slot  | 1 ns | 64 ns | 4 µs | 262 µs | 17 ms | 1.07 s | 69 s | 73 min | 78 h | 208 d | 37 y |
//!
//! So every timer of a level is due before every timer of a higher one, and in a level the slots are due in order. There
//! is no wrap and no overflow list: 64 bits have 11 digits. Two further lists lie behind the levels: `OVERDUE`, sorted
//! by deadline when it is looked at, for deadlines below `elapsed`; and `NEVER`, for `u64::MAX`.
//!
//! A list is unsorted and first in, first out. It remembers its least deadline, so nothing is moved before it has to
//! fire: when the least deadline of the first list has come, the wheel sets `elapsed` to it and deals the list's timers
//! out to lower levels, in their order. A list of one timer fires as it is; a list of level 0 holds one deadline.
//!
//! # Invariants
//! 1. `elapsed ≤ d` for each deadline `d` in the levels; `d < elapsed` for each in `OVERDUE`.
//! 2. Each waiting timer lies in `list_of(elapsed, deadline)`.
//! 3. Timers of one deadline lie in one list, in the order in which they were inserted or reset. By inv. 2 they share
//!    the list in the levels; `elapsed` passes a deadline only when none of it is left there, so `OVERDUE` and the levels
//!    do not share one either.
//! 4. A slot is named by at most one key that is not stale, and by none while it is free. Otherwise its timer waits, in
//!    one list, or has fired.
//! 5. The wheel runs no foreign code: it neither clones, wakes nor drops a waker (but see *Drop*). Wakers are moved in
//!    and handed out, and the caller drops or wakes them when its borrow of the wheel has ended.
//!
//! # Cost
//! A timer takes 48 bytes: an entry of 32 (link, waker, generation) and a node of 16 (deadline, neighbours) in a table of
//! its own, four to a cache line. The lists take 10.5 KiB per worker, from its first timer on. *Insert* touches the entry
//! (the one freed last), its node, the list and the node of the list's last timer. *Cancel* touches the entry and its node,
//! two loads that do not depend on each other, then both neighbours' nodes, again independent. A timer that fires moves at
//! most once per level below the one where it was inserted, and only while it shares its slot.
//!
//! Measured on a noisy virtual machine (Zen 5, 1 MiB L2; the ranges are quiet and busy neighbours), insert and cancel of
//! one timer: 11–22 ns with 10³ live timers, 11–15 with 10⁶ (tokio 1: 85–150 and 85–110). With 10⁶ live and the one to
//! cancel picked at random, so that every line misses the cache: 125–240 ns (tokio: 540–700). Fire, each: 80 ns with
//! 10³ timers due in a second, 140–280 with 10⁵, 290–500 with 10⁶.
//!
//! *Misses.* What a timer costs when many fire is waiting for memory: its place, its entry and its task lie far from those of
//! the timer before it. So they are asked for together: the places of a list that is dealt out from both ends at once, entries
//! and tasks by
//! [`Wheel::expire_some`].
//!
//! The timers of a slot move in one go, when the first of them is due, at about 80 ns each when there are very many:
//! 5·10⁵ timers that lie beyond an edge of 69 s cost one turn of 40–58 ms (with the links inside the entries: 75–108).
//!
//! # Early wake-ups
//! [`Wheel::next_deadline`] is exact, but for this: when the earliest timer of a list was cancelled or reset, the list
//! keeps its deadline until the list is dealt out. So the worker never sleeps too long, and each cancelled or reset
//! timer costs at most one wake-up in which nothing fires.
//!
//! # Other threads
//! They may ask for the address of an entry, [`Wheel::node`], and use the [`Node`] there, by the rules of the
//! runtime's inbox. The wheel never touches that link. Nothing else of the wheel is shared.
//!
//! # Drop
//! Timers that are left (their sleeps were forgotten) are dropped with their wakers.

mod entry;
mod geometry;
mod lists;

use core::fmt;
use core::task::Waker;

use self::entry::{Entry, Watch};
pub use self::entry::{Key, OutOfMemory};
use self::geometry::{NEVER, OVERDUE, SLOTS, list_of, start_of};
use self::lists::Lists;
use crate::util::link::Node;
use crate::util::prefetch::prefetch;
use crate::util::slab::ChunkSlab;

/// How many timers fire together.
pub const BATCH: usize = 16;

/// What the lists of a wheel take from its first timer on.
pub const LIST_BYTES: usize = lists::BYTES;

/// The timers of one worker; see the [module](self).
pub struct Wheel {
    /// See inv. 1 and 2.
    elapsed: u64,
    lists: Lists,
}

/// What [`Wheel::poll`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Polled {
    /// The deadline has come. The slot stays taken until the key is cancelled.
    Fired,
    /// The timer waits and will wake the waker that was shown.
    Pending,
    /// The timer waits, but would wake another waker or none: clone the one shown and call [`Wheel::replace_waker`].
    Unwatched,
    /// The key is stale.
    Stale,
}

impl Wheel {
    /// A wheel without timers, at time 0. It takes memory with the first timer.
    #[must_use]
    pub const fn new() -> Self {
        Self { elapsed: 0, lists: Lists::new() }
    }

    /// Starts a timer that will hand out `waker` when `deadline` has come.
    ///
    /// # Errors
    /// No memory: the waker comes back, the wheel is as before.
    #[inline]
    pub fn insert(&mut self, deadline: u64, waker: Waker) -> Result<Key, (OutOfMemory, Waker)> {
        let Some(slot) = self.lists.alloc() else {
            return Err((OutOfMemory, waker));
        };
        // SAFETY: handed out just now.
        let watch = unsafe { self.lists.watch(slot) };
        watch.generation = watch.generation.wrapping_add(1);
        let generation = watch.generation;
        // Forgotten, not dropped: a free slot has no waker (`Watch`, inv. 1), so there is no drop code here.
        core::mem::forget(watch.waker.replace(waker));
        // SAFETY: handed out just now.
        unsafe { self.lists.append(list_of(self.elapsed, deadline), slot, deadline) };
        Ok(Key { slot, generation })
    }

    /// Asks whether the timer has fired, and if not, whether it will wake `waker`.
    #[inline]
    pub fn poll(&mut self, key: Key, waker: &Waker) -> Polled {
        let Some(watch) = self.live(key) else {
            return Polled::Stale;
        };
        if let Some(watching) = &watch.waker {
            // Who has a waker has not fired (`Watch`, inv. 1): the usual answer needs no look at the node.
            return if watching.will_wake(waker) { Polled::Pending } else { Polled::Unwatched };
        }
        if self.is_fired(key.slot) { Polled::Fired } else { Polled::Unwatched }
    }

    /// Makes a waiting timer wake `waker`. Returns the waker that it replaces, or `waker` itself if the timer has fired
    /// or the key is stale; the caller drops it.
    #[inline]
    #[must_use = "drop the waker when the borrow of the wheel has ended"]
    pub fn replace_waker(&mut self, key: Key, waker: Waker) -> Option<Waker> {
        if self.live(key).is_none() || self.is_fired(key.slot) {
            return Some(waker);
        }
        // SAFETY: the key is live, so the slot is handed out (inv. 4).
        unsafe { self.lists.watch(key.slot) }.waker.replace(waker)
    }

    /// Ends the timer, fired or not; the key becomes stale. Returns the waker of a timer that had one; the caller
    /// drops it.
    #[inline]
    #[must_use = "drop the waker when the borrow of the wheel has ended"]
    pub fn cancel(&mut self, key: Key) -> Option<Waker> {
        let watch = self.live(key)?;
        watch.generation = watch.generation.wrapping_add(1);
        let waker = watch.waker.take();
        // SAFETY: the key was live, so the slot is handed out (inv. 4).
        unsafe { self.lists.unlink(self.elapsed, key.slot) };
        // SAFETY: as above; no live key names the slot any more.
        unsafe { self.lists.free(key.slot) };
        waker
    }

    /// Gives the timer a new deadline; a fired one waits again, without a waker until the next poll brings one. Among
    /// timers of the same deadline it comes last. Returns whether the key was live.
    #[inline]
    pub fn reset(&mut self, key: Key, deadline: u64) -> bool {
        if self.live(key).is_none() {
            return false;
        }
        // SAFETY: the key is live, so the slot is handed out (inv. 4).
        unsafe { self.lists.unlink(self.elapsed, key.slot) };
        // SAFETY: as above.
        unsafe { self.lists.append(list_of(self.elapsed, deadline), key.slot, deadline) };
        true
    }

    /// Fires one timer whose deadline is at or before `now` and returns its waker; call it until it returns `None`.
    /// Timers fire in the order of their deadlines, those of one deadline in the order of insertion. A timer without a
    /// waker fires silently.
    ///
    /// `now` should not go back; if it does, nothing fires early.
    #[inline]
    pub fn expire(&mut self, now: u64) -> Option<Waker> {
        loop {
            let slot = self.pop(now)?;
            // SAFETY: the slot was in a list, so it is handed out.
            if let Some(waker) = unsafe { self.lists.watch(slot) }.waker.take() {
                return Some(waker);
            }
        }
    }

    /// Fires up to [`BATCH`] timers, each as [`expire`](Self::expire) does, and puts their wakers into `due`, in their order.
    /// Returns how many wakers these are; 0: no timer is due that has one.
    ///
    /// After a sleep, timers and tasks are in no cache. Asked for one after the other each is waited for by itself; here all
    /// entries are on their way while the places are taken, and all tasks while the wakers are.
    #[inline]
    pub fn expire_some(&mut self, now: u64, due: &mut [Option<Waker>; BATCH]) -> usize {
        loop {
            let (mut slots, mut fired) = ([0; BATCH], 0);
            while let Some(slot) = if fired == BATCH { None } else { self.pop(now) } {
                prefetch(self.lists.entries().get(slot));
                slots[fired] = slot;
                fired += 1;
            }
            let mut count = 0;
            for slot in &slots[..fired] {
                // SAFETY: the slot was in a list, so it is handed out.
                let Some(waker) = unsafe { self.lists.watch(*slot) }.waker.take() else { continue };
                // Of a task: its header, and what is behind it.
                for line in 0..3 {
                    prefetch(waker.data().wrapping_byte_add(64 * line));
                }
                // Forgotten, not dropped: there was none, and so there is no drop code here.
                core::mem::forget(due[count].replace(waker));
                count += 1;
            }
            if count > 0 || fired == 0 {
                return count;
            }
        }
    }

    /// Fires one timer that would never fire and returns its waker; for a worker that closes, after
    /// [`expire`](Self::expire) has fired all others.
    pub fn expire_never(&mut self) -> Option<Waker> {
        loop {
            if self.lists.is_empty(NEVER) {
                return None;
            }
            let slot = self.lists.ends(NEVER).head;
            // SAFETY: it is not empty.
            unsafe { self.lists.pop(NEVER, slot) };
            // SAFETY: the slot was in a list, so it is handed out.
            if let Some(waker) = unsafe { self.lists.watch(slot) }.waker.take() {
                return Some(waker);
            }
        }
    }

    /// When the worker must call [`expire`](Self::expire) next: the earliest deadline or, after a cancel or reset, an
    /// earlier time (see *Early wake-ups*). `None`: nothing that waits will ever fire.
    #[inline]
    #[must_use]
    pub fn next_deadline(&self) -> Option<u64> {
        self.lists.first().map(|list| self.lists.ends(list).least)
    }

    /// The number of live keys: timers that wait, and fired ones that were not cancelled yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lists.entries().len()
    }

    /// Whether there are no live keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The link of a timer, for any thread.
    ///
    /// # Safety
    /// - `this` points to a live wheel, which does not move during the call. Its owner may use it meanwhile.
    /// - `slot` is that of a key that `insert` returned before this call.
    #[inline]
    pub unsafe fn node(this: *const Self, slot: u32) -> *const Node {
        // SAFETY: `this` is live; this only computes an address.
        let lists = unsafe { &raw const (*this).lists };
        // SAFETY: the lists are part of the wheel.
        let entries = unsafe { Lists::entries_foreign(lists) };
        // SAFETY: the slab is part of the wheel, and the slot was handed out before.
        unsafe { ChunkSlab::get_foreign(entries, slot) }.cast()
    }

    /// The key of the timer whose link is `node`, for the owner that finds it in its inbox; `None` if no timer of this
    /// wheel has it. Meant for rare use: it looks through the chunks.
    #[must_use]
    pub fn key_of(&mut self, node: *const Node) -> Option<Key> {
        let slot = self.lists.entries().index_of(node.cast::<Entry>())?;
        // SAFETY: `index_of` returns handed-out slots only.
        let generation = unsafe { self.lists.watch(slot) }.generation;
        (generation % 2 == 1).then_some(Key { slot, generation })
    }

    /// The entry of a key, unless it is stale.
    #[inline]
    fn live(&mut self, key: Key) -> Option<&mut Watch> {
        if !self.lists.entries().was_handed_out(key.slot) {
            return None;
        }
        // SAFETY: just checked.
        let watch = unsafe { self.lists.watch(key.slot) };
        // Even generations are those of free slots (`Watch`, inv. 2).
        (watch.generation == key.generation && key.generation % 2 == 1).then_some(watch)
    }

    /// Whether the timer of a live key has fired.
    #[inline]
    fn is_fired(&mut self, slot: u32) -> bool {
        // SAFETY: callers have a live key, so the slot is handed out (inv. 4).
        unsafe { self.lists.node(slot) }.next == slot
    }

    /// Takes the first timer that is due out of its list.
    #[inline]
    fn pop(&mut self, now: u64) -> Option<u32> {
        loop {
            let first = self.lists.first().map(|list| (list, self.lists.ends(list)));
            let Some((list, mut ends)) = first.filter(|(_, ends)| ends.least <= now) else {
                self.follow(now);
                return None;
            };
            if list == OVERDUE {
                self.lists.sort_overdue();
                ends = self.lists.ends(list);
            } else if list >= SLOTS && ends.head != ends.tail {
                // At most the least deadline, and inside the slot: each timer of the list agrees with it in all digits
                // down to the level's, and all others are later.
                self.elapsed = ends.least;
                self.lists.deal(list, self.elapsed);
                continue;
            }
            // SAFETY: the list is not empty, so it has a first timer.
            let deadline = unsafe { self.lists.deadline(ends.head) };
            if deadline > now {
                // The earliest was cancelled; now the list knows better.
                self.lists.set_least(list, deadline);
                continue;
            }
            // SAFETY: as above; nothing was moved since.
            unsafe { self.lists.pop(list, ends.head) };
            return Some(ends.head);
        }
    }

    /// Lets `elapsed` follow the clock as far as no timer has to move: deadlines to come find finer slots.
    #[inline]
    fn follow(&mut self, now: u64) {
        let free = match self.lists.first() {
            None => now,
            Some(OVERDUE) => return,
            // The tick before a slot starts differs from it in the same digit as all times back to `elapsed`.
            Some(list) => now.min(start_of(self.elapsed, list).saturating_sub(1)),
        };
        self.elapsed = self.elapsed.max(free);
    }
}

impl Default for Wheel {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Wheel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("elapsed", &self.elapsed)
            .field("len", &self.len())
            .field("next_deadline", &self.next_deadline())
            .finish()
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
