//! Operations in flight, while the tasks that wait for them may move between workers.
//!
//! A completion driver keeps one [`Table`] per worker. An operation takes a *slot* of the table of the worker that submits
//! it, its *owner*; the slot never changes its owner or its address. Three parties know a slot:
//!
//! - the **owner**: the thread of the table. It alone makes, completes and frees slots. `&Table` is the proof of being the
//!   owner, for a table is neither `Send` nor `Sync`;
//! - the **ticket**: what the future holds. It is `Send`, cannot be copied, and ends in [`release`](Table::release) or
//!   [`abandon`](Table::abandon), or when the table is gone in [`end_closed`](Ticket::end_closed). It is *at home* on the
//!   thread of the owner, else *abroad*;
//! - the **token**: what the system is told, and what its completion carries. Plain data that proves nothing.
//!
//! | verb | called by | what the answer asks for |
//! |---|---|---|
//! | [`Table::submit`] | owner | [`Submitted`]: tell the system, keep the ticket |
//! | [`Table::poll`], [`Ticket::poll`] | ticket | [`Polled`]: read what lies beside the slot, then release |
//! | [`Table::complete`] | owner | [`Completed`]: wake, or act on the late result |
//! | [`Table::release`], [`Ticket::release`] | ticket | [`Released`]: nothing; it tells what happened |
//! | [`Table::abandon`], [`Ticket::abandon`] | ticket | [`Abandoned`]: cancel, nudge, or act on the late result |
//! | [`Table::drain_foreign`] | owner, each turn | [`Foreign`]: cancel, or act on the late result |
//! | [`Table::park`] | owner, before it sleeps | [`Parking`]: sleep, or drain first |
//! | [`Ticket::end_closed`] | ticket, when the table is gone | the outcome, or the ticket: nobody completes it any more |
//!
//! The verbs of a ticket exist twice: on the table of the worker that runs the task, and on the ticket itself for threads
//! that have no table of this driver. A driver that several threads use may keep its table behind a lock, whose holder is the
//! owner for so long: for it there are [`submit_with`](Table::submit_with), [`poll_with`](Table::poll_with) and
//! [`abandon_with`](Table::abandon_with), which run nothing of the user's. Under [`Local`](crate::sharing::Local) a ticket may
//! be given up anywhere, but it is polled at home.
//!
//! # States
//! The state word of a slot is a set of `COMPLETE | WAKER | ORPHAN`.
//!
//! ```text
//!            1                      2
//!   free ────────▶ WAITING {WAKER} ◀──▶ CHANGING {}             1 submit
//!    ▲                │   │                │                    2 poll abroad: takes the waker out, puts another in
//!    │              3 │   │ 5            3 │                    3 complete
//!    │                ▼   │                ▼                    4 release, or abandon of a complete one (late at once)
//!    ├──────── 4 ─ DONE {COMPLETE, WAKER?}                      5 abandon
//!    │                    │                                     6 complete: late; frees if the request was seen
//!    │                    ▼                                     7 drain: the request is seen; cancels, or frees
//!    └─────── 6, 7 ─ ORPHANED {ORPHAN, COMPLETE?, WAKER?}
//! ```
//! CHANGING is left by the poll with a compare-exchange; when it fails, the slot is DONE and the poll says so.
//! A slot that is given up abroad goes home over the owner's stack (4, 5): after that push the giver touches neither the
//! slot nor the table.
//!
//! # Invariants
//! 1. **Memory.** While a ticket exists or a slot is in use, the slots and their home are allocated. So a ticket may always be
//!    dereferenced, and a leaked ticket leaks memory only. A table that is dropped leaves them in as many *shares* as slots
//!    are in use. `end_closed` gives the share of its slot up, and touches nothing afterwards; the last one frees all. Nobody
//!    does so for a slot whose operation is not complete, whose ticket is leaked, or which was given up too late to come home:
//!    then all is leaked.
//! 2. **Waker.** The cell holds the bytes of a waker from submit to free. They are *owned* by the cell iff `WAKER` is set
//!    and nobody took them. Who may take: the step that first raises `COMPLETE` or `ORPHAN` on a word with `WAKER`; or a
//!    poll that removed `WAKER`. At home a poll may replace them in place: no step of the owner can run meanwhile.
//! 3. **Outcome.** Written by the owner before `COMPLETE` is raised, read only after it was seen, until the slot is freed.
//! 4. **Keep.** Written by the ticket before `ORPHAN` is raised (or, under `Local` abroad, before the push). Taken once, by
//!    the later of the two steps that raise `COMPLETE` and `ORPHAN`; under `Local` abroad the drain raises `ORPHAN`.
//! 5. **Link.** Belongs to whoever gives the slot up until the push, to the owner after it.
//! 6. **Own part** (generation, use, completion seen, request seen): written by the owner only. The generation stays as it
//!    is while the ticket exists, so the ticket may read it.
//! 7. **Orphans** are freed when both the completion and the request were seen: before the completion the system may use
//!    what is kept, before the request the slot is still a node of the stack, or about to be.
//! 8. **Users' code** (clone, drop, wake of a waker, drop of a kept value) runs while no reference into a slot or a table is
//!    live. Wakers to wake and late values are handed to the caller.
//! 9. **Sleep.** The top of the stack and "the owner sleeps" are one word: either the owner sees a pushed orphan before it
//!    sleeps, or the pusher sees that it sleeps and is told to nudge it. A release does not nudge: the slot can wait.
//! 10. **Tokens.** A completion counts only if its generation is that of the slot, the slot is in use, and no completion was
//!     seen. All others are counted as stale and change nothing. Generations have 28 bits: a token would have to be late
//!     by 268 million uses of one slot to be taken for another.
//!
//! # Cost
//! At home the only read-modify-write instruction of an operation is that of `complete`, and only under
//! [`Shared`](crate::sharing::Shared); `Local` has none unless something is given up abroad. Shares are counted only when the
//! table is gone. Only `abandon` allocates, for kept values that have a size; `submit` does when the table grows.
//!
//! Source: DRIVER_CORE §8. The word of the stack joins the "sleeping" flag of that page with the head, which spares both
//! sides a fence.

mod slab;
mod slot;
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod ticket;

pub use table::{Table, Turn};
pub use ticket::Ticket;

use crate::sharing::Sharing;
use alloc::boxed::Box;
use core::any::Any;
use core::fmt;
use core::task::Waker;

/// What the system is told about an operation, and what its completion carries: a slot and its generation.
///
/// `generation: 28 | index: 32`; the upper four bits are 0, for the driver to tell its kinds of completion apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(u64);

impl Token {
    pub(super) const GENERATION_MASK: u32 = (1 << 28) - 1;

    const fn new(generation: u32, index: u32) -> Self {
        Token((generation as u64) << 32 | index as u64)
    }

    /// The token that a completion carries. Any value will do: one that was never issued is stale.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Token(bits)
    }

    /// The bits, below `1 << 60` in tokens that a table issued.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The index of the slot: below [`Table::capacity`] in issued tokens, and nobody else's while the slot is in use. A
    /// driver keeps what the system reads or writes besides the buffer (addresses, times, paths) under this index.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0 as u32
    }
}

/// How the system ended an operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The result: bytes, a resource, or a negative code.
    pub result: i32,
    /// What the system says besides, e.g. the id of a buffer.
    pub flags: u32,
}

/// What a future left behind for the system to use: its buffer, say. Dropping it frees it.
pub struct Kept(Box<dyn Any + Send>);

impl Kept {
    fn new<K: Send + 'static>(keep: K) -> Self {
        Kept(Box::new(keep))
    }

    /// The value, if it is a `K`.
    ///
    /// # Errors
    /// Gives itself back when it is something else.
    pub fn downcast<K: Send + 'static>(self) -> Result<K, Kept> {
        self.0.downcast().map(|keep| *keep).map_err(Kept)
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Kept(..)")
    }
}

/// A result whose future is gone: act on [`Op::LATE`](crate::driver::Op::LATE), then drop `keep`.
#[derive(Debug)]
#[must_use = "a late result may carry a resource or bytes that are lost when it is dropped"]
pub struct LateResult<K = Kept> {
    /// How the operation ended.
    pub outcome: Outcome,
    /// What the driver noted at submit.
    pub note: u64,
    /// What the future left behind.
    pub keep: K,
}

/// What [`Table::submit`] did.
#[derive(Debug)]
#[must_use = "the system must be told, or the slot completed"]
pub enum Submitted<S: Sharing> {
    /// Tell the system the token; the future keeps the ticket.
    Tell(Ticket<S>, Token),
    /// The table is full, or there is no memory: try again after a completion.
    Full,
}

/// What a poll found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a complete operation must be released"]
pub enum Polled {
    /// Complete: read what the driver keeps beside the slot, then release the ticket.
    Ready(Outcome),
    /// Not yet: the waker given last will be woken.
    Pending,
}

/// What [`Table::complete`] found.
#[derive(Debug)]
#[must_use = "a waker must be woken, a late result acted on"]
pub enum Completed {
    /// Wake it, once no borrow of the driver's own state is live.
    Wake {
        /// The waker that the last poll gave.
        waker: Waker,
        /// What the driver noted at submit.
        note: u64,
    },
    /// Nobody to wake: a poll is changing the waker, and will find the result itself.
    Noticed {
        /// What the driver noted at submit.
        note: u64,
    },
    /// The future is gone.
    Late(LateResult),
    /// Not a completion of anything in flight; counted. If it carries a buffer or a resource, give that back.
    Stale,
}

/// What a release did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The slot is free.
    Freed,
    /// The slot is on its way to the owner, who need not be nudged for it.
    Posted,
}

/// What an abandonment asks for.
#[derive(Debug)]
#[must_use = "someone must cancel, nudge or act on the late result"]
pub enum Abandoned<K> {
    /// It was complete already. The slot is released; act on the late result now.
    Late(LateResult<K>),
    /// Tell the system to cancel the token. The late result comes from [`Table::complete`].
    Cancel(Token),
    /// The owner is awake and cancels at its next drain.
    Posted,
    /// The owner sleeps: end the park of the worker with this number. Then it cancels.
    Nudge(usize),
}

/// What a drain asks the owner to do.
#[derive(Debug)]
#[must_use = "someone must cancel or act on the late result"]
pub enum Foreign {
    /// Tell the system to cancel the token. The late result comes from [`Table::complete`].
    Cancel(Token),
    /// It was complete before the owner knew that it had been abandoned. Only under [`Local`](crate::sharing::Local).
    Late(LateResult),
}

/// May the owner sleep?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an owner that sleeps all the same is not nudged"]
pub enum Parking {
    /// It may: whoever abandons an operation from now on is told to nudge it. The next drain ends this.
    Sleep,
    /// Drain first: something came.
    Drain,
}
