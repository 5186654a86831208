//! What the future holds, and what may be done with it away from its owner.

use super::slab::Home;
use super::slot::{COMPLETE, Slot, WAKER};
use super::stack::{Stack, Urgency};
use super::{Abandoned, Kept, LateResult, Outcome, Polled, Released, Token};
#[cfg(loom)]
use crate::loom::{Plant, planted};
use crate::sharing::Sharing;
use core::fmt;
use core::ptr::NonNull;
use core::task::Waker;

/// The right to the result of one operation in flight, and the duty to give its slot up. See the [contract](super).
///
/// Dropping a ticket leaks the slot and everything that its operation may still touch: release or abandon it instead, or end
/// it when its table is gone.
#[must_use = "a dropped ticket leaks its slot: release or abandon it"]
pub struct Ticket<S: Sharing> {
    slot: NonNull<Slot<S>>,
    /// Under loom: the slot must not be reused under a ticket.
    #[cfg(loom)]
    issued: Token,
}

// SAFETY: a ticket touches, under `Shared`, what the contract gives it on any thread; under `Local` it is polled by the owner
// only, and abroad touches its own cells only (invariants 2 to 6). What it hands over is `Send`.
unsafe impl<S: Sharing> Send for Ticket<S> {}
// SAFETY: `&Ticket` reads the token and the note, which do not change while it exists.
unsafe impl<S: Sharing> Sync for Ticket<S> {}

impl<S: Sharing> Ticket<S> {
    /// A ticket for a slot that nobody else holds one for; the owner calls this.
    pub(super) fn new(slot: NonNull<Slot<S>>) -> Self {
        #[cfg(loom)]
        let issued = {
            // SAFETY: the owner makes tickets, of slots of its table, which is allocated.
            let slot = unsafe { slot.as_ref() };
            // SAFETY: the caller is the owner (invariant 6).
            unsafe { slot.token() }
        };
        Ticket {
            slot,
            #[cfg(loom)]
            issued,
        }
    }

    /// The token of the operation.
    #[must_use]
    pub fn token(&self) -> Token {
        // SAFETY: we hold the ticket (invariant 6).
        unsafe { self.slot().token() }
    }

    /// What the driver noted at submit.
    #[must_use]
    pub fn note(&self) -> u64 {
        // SAFETY: we hold the ticket.
        unsafe { self.slot().note() }
    }

    /// The number of the worker that submitted the operation.
    #[must_use]
    pub fn worker(&self) -> usize {
        // SAFETY: a home is allocated while it has a ticket (invariant 1).
        unsafe { self.slot().home.as_ref() }.worker
    }

    /// Looks whether the operation is complete, on a thread without a table; if not, `waker` will be woken.
    ///
    /// # Panics
    /// Under [`Local`](crate::sharing::Local): only the worker that submitted the operation may poll it.
    pub fn poll(&mut self, waker: &Waker) -> Polled {
        self.poll_from(waker, None)
    }

    /// [`poll`](Self::poll) abroad, on the worker `from`.
    #[inline(never)]
    pub(super) fn poll_from(&mut self, waker: &Waker, from: Option<usize>) -> Polled {
        if !S::SHARED {
            polled_abroad(self.worker(), from);
        }
        let slot = self.slot();
        if slot.state.get() & COMPLETE == 0 {
            // SAFETY: we hold the ticket (invariant 2).
            if unsafe { slot.will_wake(waker) } {
                return Polled::Pending;
            }
            // The user's code, before the cell is ours (invariant 8).
            let new = waker.clone();
            if slot.state.lock_waker() {
                // SAFETY: `WAKER` was removed here, so the bytes are ours to take (invariant 2).
                let old = unsafe { slot.take_waker() };
                // SAFETY: and so is the cell.
                unsafe { slot.put_waker(new) };
                if slot.state.unlock_waker() {
                    drop(old);
                    return Polled::Pending;
                }
                // SAFETY: completed meanwhile, without `WAKER`: the new one was not taken, and is ours (invariant 2).
                let new = unsafe { slot.take_waker() };
                drop(old);
                drop(new);
            }
        }
        // SAFETY: `COMPLETE` was seen, and the ticket is not given up (invariant 3).
        Polled::Ready(unsafe { slot.outcome() })
    }

    /// Ends the ticket, on any thread, when the table is gone, and says how the operation ended. The last ticket of the table
    /// frees what the table left.
    ///
    /// # Errors
    /// Gives itself back when the operation had not ended by then. Nobody completes it any more, so what the system was given
    /// for it must never be used or freed; the ticket may be dropped.
    ///
    /// # Safety
    /// The table of the ticket was dropped, and that happened before this call.
    #[cold]
    #[inline(never)]
    pub unsafe fn end_closed(self) -> Result<Outcome, Self> {
        let slot = self.slot();
        // Under `Local` the word is the owner's, which is done with it (contract).
        if slot.state.get() & COMPLETE == 0 {
            return Err(self);
        }
        // SAFETY: `COMPLETE` was seen, and the ticket is not given up (invariant 3).
        let outcome = unsafe { slot.outcome() };
        // SAFETY: the table is gone (contract). The slot of a ticket is in use, so it has a share, which ends with the ticket.
        unsafe { Home::give_share_up(slot.home) };
        Ok(outcome)
    }

    /// Gives a complete operation up, on a thread without a table.
    ///
    /// # Panics
    /// When the operation is not complete; the slot is leaked then.
    pub fn release(self) -> Released {
        if S::SHARED {
            self.assert_complete();
        }
        self.send_home(Urgency::Lazy);
        Released::Posted
    }

    /// The future dies on a thread without a table: the owner keeps `keep` until the system is done with it.
    ///
    /// A waker whose drop panics costs the cancel: the slot is leaked, nothing is freed early.
    pub fn abandon<K: Send + 'static>(self, keep: K) -> Abandoned<K> {
        let slot = self.slot();
        if !S::SHARED {
            // The owner alone knows the state: it does the rest when the slot comes home.
            // SAFETY: we hold the ticket, and `ORPHAN` is not raised (invariant 4).
            unsafe { slot.put_keep(Kept::new(keep)) };
            return self.post();
        }
        if slot.state.get() & COMPLETE != 0 {
            let late = self.late(keep);
            self.send_home(Urgency::Lazy);
            return Abandoned::Late(late);
        }
        // SAFETY: we hold the ticket, and `ORPHAN` is not raised (invariant 4).
        unsafe { slot.put_keep(Kept::new(keep)) };
        let before = slot.state.orphan_abroad();
        if before & COMPLETE != 0 {
            // SAFETY: `COMPLETE` came first, so this is the later step (invariant 4).
            let keep = unsafe { slot.take_keep() };
            let keep = keep.and_then(|keep| keep.downcast().ok()).expect("a ticket keeps what it was given");
            let late = self.late(keep);
            self.send_home(Urgency::Lazy);
            return Abandoned::Late(late);
        }
        if before & WAKER != 0 {
            // SAFETY: `ORPHAN` was raised here, on a word with `WAKER` and without `COMPLETE` (invariant 2).
            let waker = unsafe { slot.take_waker() };
            drop(waker);
        }
        self.post()
    }

    /// What the future and `keep` leave of a complete operation.
    pub(super) fn late<K>(&self, keep: K) -> LateResult<K> {
        // SAFETY: the callers saw `COMPLETE`, and the ticket is not given up (invariant 3).
        let outcome = unsafe { self.slot().outcome() };
        LateResult { outcome, note: self.note(), keep }
    }

    pub(super) fn assert_complete(&self) {
        assert!(self.slot().state.get() & COMPLETE != 0, "an operation was released before it was complete");
    }

    /// The slot, for the owner to free.
    pub(super) fn into_slot(self) -> NonNull<Slot<S>> {
        self.slot
    }

    /// Gives an abandoned slot up.
    fn post<K>(self) -> Abandoned<K> {
        // Read before the push: after it the home may be gone.
        let worker = self.worker();
        #[cfg(loom)]
        if planted(Plant::SlotTouchedAfterPush) {
            let home = self.slot().home;
            let nudge = self.send_home(Urgency::Nudging);
            // SAFETY: none, it is a plant; loom's models leak the memory.
            unsafe { home.as_ref() }.life.touch();
            return if nudge { Abandoned::Nudge(worker) } else { Abandoned::Posted };
        }
        if self.send_home(Urgency::Nudging) { Abandoned::Nudge(worker) } else { Abandoned::Posted }
    }

    /// Pushes the slot on its owner's stack. `true`: nudge the owner. Kept out of line: the owner's paths stay short.
    #[inline(never)]
    fn send_home(self, urgency: Urgency) -> bool {
        let home: NonNull<Home<S>> = self.slot().home;
        // SAFETY: a home is allocated while it has a ticket (invariant 1).
        let stack = NonNull::from(unsafe { &(*home.as_ptr()).stack });
        // SAFETY: the ticket ends here, and the stack is that of the slot's owner.
        unsafe { Stack::push(stack, self.slot, urgency) }
    }

    #[inline(always)]
    pub(super) fn slot(&self) -> &Slot<S> {
        // SAFETY: a slot is allocated while it has a ticket (invariant 1).
        let slot = unsafe { self.slot.as_ref() };
        slot.life.touch();
        #[cfg(loom)]
        {
            // SAFETY: we hold the ticket (invariant 6).
            let token = unsafe { slot.token() };
            assert_eq!(token, self.issued, "the slot was reused under a ticket");
        }
        slot
    }
}

impl<S: Sharing> fmt::Debug for Ticket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket").field("token", &self.token()).field("worker", &self.worker()).finish()
    }
}

#[cold]
#[inline(never)]
fn polled_abroad(owner: usize, from: Option<usize>) -> ! {
    match from {
        Some(from) => panic!("an operation of worker {owner} was polled on worker {from}; its scheduler is local"),
        None => panic!("an operation of worker {owner} was polled outside of it; its scheduler is local"),
    }
}
