//! What tasks wait for: one wait list, and the primitives over it.
//!
//! | file | holds |
//! |---|---|
//! | `waiters` | the wait list: intrusive, first in, first out; its nodes lie in futures |
//! | `counted` | a counted pointer whose count follows the sharing |
//! | `notify` | [`Notify`]: tells one task, or all that wait |
//! | `block` | waiting for a future on a thread without a runtime |
//!
//! # Sharing
//! Every type has a parameter `S`, [`Local`](crate::sharing::Local) or [`Shared`](crate::sharing::Shared). A `Local` one is
//! neither `Send` nor `Sync`: no owner token, no check, no lock, no atomic instruction. A `Shared` one is locked for a few
//! instructions. The names of the facade fix `S`: `bespoke::sync` is `Shared`, the module of a config follows its scheduler.
//!
//! # Rules of this room
//! 1. What a lock of this room guards is untyped: links, counts, flags, wakers. Values of the program lie beside it.
//! 2. No code of the program runs under a lock, or between a look at a `Local` state and its change: wakers are cloned
//!    before and woken or dropped afterwards, values are moved and never dropped. So a section never comes back to itself,
//!    which is what makes [`Lock::with`](crate::sharing::Lock::with) sound without a lock under `Local`.
//! 3. What was given to a waiter that is dropped instead of polled goes to the next one.
//!
//! *Architecture Invariant:* nothing here names a config or a runtime: these types work under any executor. Only `block` asks
//! whether this thread runs a worker, which must not be blocked.

#[cfg(feature = "std")]
pub(crate) mod block;
pub(crate) mod counted;
mod notify;
pub(crate) mod waiters;

pub use notify::{Notified, Notify};

#[cfg(all(test, feature = "std"))]
mod tests;
