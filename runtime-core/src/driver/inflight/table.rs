//! The table of one worker: what the owner does with its slots.

use super::slab::Home;
use super::slot::{COMPLETE, ORPHAN, Own, Slot, WAKER};
use super::{Abandoned, Completed, Foreign, Kept, LateResult, Outcome, Parking, Polled, Released, Submitted};
use super::{Ticket, Token};
use crate::loom::{Plant, given_up, planted};
use crate::sharing::Sharing;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::task::Waker;

/// The operations in flight that one worker owns. See the [contract](super).
///
/// Used by its owner only: neither `Send` nor `Sync`. When it is dropped while slots are in use, it leaves its memory to their
/// tickets: the last one that [ends](Ticket::end_closed) frees it. While an operation is not complete, its memory and what is
/// kept in it are leaked, never freed: drain first.
pub struct Table<S: Sharing> {
    pub(super) home: NonNull<Home<S>>,
    /// A table is nobody else's, on any thread.
    owner: PhantomData<*const S>,
}

impl<S: Sharing> Table<S> {
    /// An empty table of at most `slots_max` slots, rounded up to whole chunks, for worker number `worker`:
    /// [`Abandoned::Nudge`] names it by that.
    #[must_use]
    pub fn new(worker: usize, slots_max: u32) -> Self {
        Table { home: Home::new(worker, slots_max), owner: PhantomData }
    }

    /// Takes a slot for an operation, whose completion will wake `waker`. `note` is for the driver and comes back with the
    /// result.
    #[inline]
    pub fn submit(&self, waker: &Waker, note: u64) -> Submitted<S> {
        // The user's code first (invariant 8).
        self.submit_with(&mut Some(waker.clone()), note)
    }

    /// As [`submit`](Self::submit), and runs none of the user's code: `waker` is taken, if there is a slot.
    ///
    /// # Panics
    /// Without a waker.
    #[inline]
    pub fn submit_with(&self, waker: &mut Option<Waker>, note: u64) -> Submitted<S> {
        let Some(slot) = self.take_free() else { return Submitted::Full };
        let waker = waker.take().expect("an operation wakes somebody");
        let ticket = Ticket::new(slot);
        let slot = ticket.slot();
        slot.state.set_at_home(WAKER);
        // SAFETY: the slot was free, so nobody else knows it (invariant 2).
        unsafe { slot.put_waker(waker) };
        // SAFETY: we are the owner, and nobody else knows the slot.
        unsafe { slot.set_note(note) };
        // SAFETY: we are the owner (invariant 6).
        unsafe { slot.set_own(Own { in_use: true, ..Own::default() }) };
        let token = ticket.token();
        Submitted::Tell(ticket, token)
    }

    /// Looks whether the operation of `ticket` is complete; if not, `waker` will be woken.
    ///
    /// # Panics
    /// Under [`Local`](crate::sharing::Local), on another worker than the one that submitted the operation.
    #[inline]
    pub fn poll(&self, ticket: &mut Ticket<S>, waker: &Waker) -> Polled {
        if !self.owns(ticket) {
            return ticket.poll_from(waker, Some(self.home().worker));
        }
        // Nearly always the completion woke who polls.
        self.poll_with(ticket, waker, &mut None).unwrap_or_else(|| self.poll_by_another(ticket, waker))
    }

    /// Another waker than the one that is known.
    #[inline(never)]
    fn poll_by_another(&self, ticket: &mut Ticket<S>, waker: &Waker) -> Polled {
        // The user's code, which may complete this very operation: `poll_with` looks again (invariant 8).
        let mut new = Some(waker.clone());
        let polled = self.poll_with(ticket, waker, &mut new);
        drop(new);
        polled.unwrap_or(Polled::Pending)
    }

    /// As [`poll`](Self::poll) of a ticket of this table, and runs none of the user's code. `None`: it asks for a clone of
    /// `waker` in `new`, and is called again. What is in `new` afterwards nobody needs.
    #[inline]
    pub fn poll_with(&self, ticket: &mut Ticket<S>, waker: &Waker, new: &mut Option<Waker>) -> Option<Polled> {
        debug_assert!(self.owns(ticket), "a ticket of another table");
        let slot = ticket.slot();
        if slot.state.get() & COMPLETE != 0 {
            // SAFETY: `COMPLETE` was seen, and the ticket is not given up (invariant 3).
            return Some(Polled::Ready(unsafe { slot.outcome() }));
        }
        // SAFETY: the caller holds the ticket (invariant 2).
        if unsafe { slot.will_wake(waker) } {
            return Some(Polled::Pending);
        }
        let clone = new.take()?;
        // SAFETY: at home and not complete: the bytes are still the cell's, and are replaced below (invariant 2).
        *new = Some(unsafe { slot.take_waker() });
        // SAFETY: at home nobody else touches the cell (invariant 2).
        unsafe { slot.put_waker(clone) };
        Some(Polled::Pending)
    }

    /// The system says that the operation of `token` ended: its terminal completion.
    #[inline]
    pub fn complete(&self, token: Token, outcome: Outcome) -> Completed {
        let Some(pointer) = self.find(token) else {
            self.lists(|lists| lists.stale += 1);
            return Completed::Stale;
        };
        // SAFETY: the slot belongs to this table, which is allocated.
        let slot = unsafe { pointer.as_ref() };
        // SAFETY: we are the owner, and `find` saw no completion (invariant 3).
        unsafe { slot.set_outcome(outcome) };
        // SAFETY: we are the owner (invariant 6).
        let own = unsafe { slot.own() };
        // SAFETY: as above.
        unsafe { slot.set_own(Own { completion_seen: true, ..own }) };
        // SAFETY: we are the owner of a slot in use.
        let note = unsafe { slot.note() };
        let before = slot.state.complete();
        if before & ORPHAN != 0 {
            // SAFETY: `ORPHAN` came first, so this is the later step (invariant 4).
            let keep = unsafe { slot.take_keep() }.expect("an orphan keeps something");
            // Else the slot is a node of the stack, or about to be: the drain frees it (invariant 7).
            if own.request_seen || planted(Plant::SlotFreedAtCompletion) {
                self.free(pointer);
            }
            return Completed::Late(LateResult { outcome, note, keep });
        }
        if before & WAKER == 0 {
            return Completed::Noticed { note };
        }
        // SAFETY: `COMPLETE` was raised here, on a word with `WAKER` (invariant 2).
        let waker = unsafe { slot.take_waker() };
        Completed::Wake { waker, note }
    }

    /// Gives a complete operation up. Anything else than complete is a mistake of the driver.
    ///
    /// # Panics
    /// When the operation is not complete; the slot is leaked then.
    #[inline]
    pub fn release(&self, ticket: Ticket<S>) -> Released {
        if !self.owns(&ticket) {
            return ticket.release();
        }
        ticket.assert_complete();
        self.free(ticket.into_slot());
        Released::Freed
    }

    /// The future dies: keeps `keep` until the system is done with it. Complete or not.
    pub fn abandon<K: Send + 'static>(&self, ticket: Ticket<S>, keep: K) -> Abandoned<K> {
        if !self.owns(&ticket) {
            return ticket.abandon(keep);
        }
        let mut waker = None;
        let abandoned = self.abandon_with(ticket, keep, &mut waker);
        drop(waker);
        abandoned
    }

    /// As [`abandon`](Self::abandon) of a ticket of this table, and runs none of the user's code: the waker that nobody wakes any
    /// more is left in `waker`.
    pub fn abandon_with<K: Send + 'static>(
        &self,
        ticket: Ticket<S>,
        keep: K,
        waker: &mut Option<Waker>,
    ) -> Abandoned<K> {
        debug_assert!(self.owns(&ticket), "a ticket of another table");
        let slot = ticket.slot();
        if slot.state.get() & COMPLETE != 0 {
            let late = ticket.late(keep);
            self.free(ticket.into_slot());
            return Abandoned::Late(late);
        }
        // SAFETY: we hold the ticket, and `ORPHAN` is not raised (invariant 4).
        unsafe { slot.put_keep(Kept::new(keep)) };
        let token = ticket.token();
        *waker = Some(self.orphan_at_home(slot));
        Abandoned::Cancel(token)
    }

    /// Takes what other threads gave up. Once per turn, and after each park. Stops at what came before the call; a turn that
    /// is dropped half way is continued by the next.
    #[inline]
    pub fn drain_foreign(&self) -> Turn<'_, S> {
        let mut chain = self.home().stack.take_all();
        self.lists(|lists| {
            while let Some(slot) = NonNull::new(chain) {
                // SAFETY: a slot of this table, which is allocated.
                let node = unsafe { slot.as_ref() };
                // SAFETY: after the push the link is the owner's (invariant 5).
                chain = unsafe { node.link() };
                // SAFETY: as above.
                unsafe { node.set_link(lists.came_home) };
                lists.came_home = slot.as_ptr();
            }
        });
        Turn { table: self }
    }

    /// May the owner sleep? Asked after everything else that could keep it awake. The next drain ends the sleep.
    pub fn park(&self) -> Parking {
        let looked_at = self.lists(|lists| lists.came_home.is_null());
        if looked_at && self.home().stack.sleep() { Parking::Sleep } else { Parking::Drain }
    }

    /// The next operation after `after` that is not complete, in the order of the slots; from the first on without `after`.
    /// For cancelling all of them.
    #[must_use]
    pub fn next_incomplete(&self, after: Option<Token>) -> Option<Token> {
        let first = after.map_or(0, |token| token.index().saturating_add(1));
        (first..self.capacity()).find_map(|index| {
            let slot = self.slot_at(index)?;
            // SAFETY: the slot belongs to this table, which is allocated.
            let slot = unsafe { slot.as_ref() };
            // SAFETY: we are the owner (invariant 6).
            let own = unsafe { slot.own() };
            // SAFETY: as above.
            (own.in_use && !own.completion_seen).then(|| unsafe { slot.token() })
        })
    }

    /// What the driver noted at submit with the operation of `token`, if that is in flight.
    #[must_use]
    pub fn note(&self, token: Token) -> Option<u64> {
        let slot = self.find(token)?;
        // SAFETY: the slot belongs to this table, which is allocated.
        let slot = unsafe { slot.as_ref() };
        // SAFETY: we are the owner of a slot in use.
        Some(unsafe { slot.note() })
    }

    /// The slots in use: in flight, or complete and not released, or on their way home.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.lists(|lists| lists.in_flight)
    }

    /// Completions that were of nothing in flight.
    #[must_use]
    pub fn stale(&self) -> u64 {
        self.lists(|lists| lists.stale)
    }

    /// The slots that exist; indices of tokens are below.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.slots()
    }

    #[inline(always)]
    fn owns(&self, ticket: &Ticket<S>) -> bool {
        // A home is not freed while it has a ticket (invariant 1), so an equal address is the same home.
        ticket.slot().home == self.home
    }

    /// Raises `ORPHAN` where the owner knows of it at once, before the completion. Returns the waker to drop.
    fn orphan_at_home(&self, slot: &Slot<S>) -> Waker {
        // Not abroad, so no poll is changing the waker; not complete, so nobody took it (invariant 2).
        slot.state.set_at_home(WAKER | ORPHAN);
        // SAFETY: we are the owner (invariant 6).
        let own = unsafe { slot.own() };
        // SAFETY: as above.
        unsafe { slot.set_own(Own { request_seen: true, ..own }) };
        // SAFETY: `ORPHAN` was raised here, on a word with `WAKER` (invariant 2).
        unsafe { slot.take_waker() }
    }

    /// A slot came home: what is to be done besides freeing it?
    fn came_home(&self, pointer: NonNull<Slot<S>>) -> Option<Foreign> {
        // SAFETY: the slot belongs to this table, which is allocated.
        let slot = unsafe { pointer.as_ref() };
        // SAFETY: we are the owner (invariant 6).
        let own = unsafe { slot.own() };
        // SAFETY: as above.
        let token = unsafe { slot.token() };
        if S::SHARED {
            if slot.state.get() & ORPHAN == 0 || own.completion_seen {
                self.free(pointer);
                return None;
            }
            // SAFETY: as above.
            unsafe { slot.set_own(Own { request_seen: true, ..own }) };
            return Some(Foreign::Cancel(token));
        }
        // Under `Local` nothing but the cells of the ticket was touched abroad: what is kept says that it was abandoned.
        // SAFETY: `ORPHAN` is not raised, and the ticket is gone: the cell is ours (invariant 4).
        let keep = unsafe { slot.take_keep() };
        match keep {
            None => {
                // Else the system would still use it.
                assert!(own.completion_seen, "an operation was released before it was complete");
                self.free(pointer);
                None
            }
            Some(keep) if own.completion_seen => {
                // SAFETY: complete, and the slot is ours (invariant 3).
                let outcome = unsafe { slot.outcome() };
                // SAFETY: we are the owner of a slot in use.
                let note = unsafe { slot.note() };
                self.free(pointer);
                Some(Foreign::Late(LateResult { outcome, note, keep }))
            }
            Some(keep) => {
                // SAFETY: as above; the completion will take it (invariant 4).
                unsafe { slot.put_keep(keep) };
                let waker = self.orphan_at_home(slot);
                drop(waker);
                Some(Foreign::Cancel(token))
            }
        }
    }
}

impl<S: Sharing> Drop for Table<S> {
    fn drop(&mut self) {
        // A model that fails unwinds its threads outside of loom's world.
        if given_up() {
            return;
        }
        // What came home before this is freed; what an abandoned one had kept is dropped here, at last.
        self.drain_foreign().for_each(drop);
        let in_use = self.in_flight();
        // SAFETY: we are the owner, whose table goes; every slot in use is counted.
        unsafe { Home::leave(self.home, in_use) };
    }
}

impl<S: Sharing> fmt::Debug for Table<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("worker", &self.home().worker)
            .field("in_flight", &self.in_flight())
            .field("capacity", &self.capacity())
            .field("stale", &self.stale())
            .finish()
    }
}

/// The slots that came home to a table, in the order in which they were given up: what each asks for.
#[must_use = "what came home waits until it is taken"]
pub struct Turn<'a, S: Sharing> {
    table: &'a Table<S>,
}

impl<S: Sharing> Iterator for Turn<'_, S> {
    type Item = Foreign;

    #[inline]
    fn next(&mut self) -> Option<Foreign> {
        loop {
            let slot = self.table.lists(|lists| {
                let slot = NonNull::new(lists.came_home)?;
                // SAFETY: a slot of this table, which is allocated.
                let node = unsafe { slot.as_ref() };
                // SAFETY: it came home, so the link is the owner's (invariant 5).
                lists.came_home = unsafe { node.link() };
                Some(slot)
            })?;
            if let Some(asked) = self.table.came_home(slot) {
                return Some(asked);
            }
        }
    }
}

impl<S: Sharing> fmt::Debug for Turn<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("table", self.table).finish()
    }
}
