//! Tasks: header, state, references, wakers, join handles. The contract comes before the code.
//!
//! | file | holds |
//! |---|---|
//! | `header` | `Header`: what stands in front of every future; the vtables |
//! | `state` | the bits, and the named transitions of the state word |
//! | `refs` | who keeps a task alive; the foreign path of `Local`; freeing |
//! | `waker` | the waker's vtable: wake, clone, drop |
//! | `run` | one turn of one task: start, poll, idle, complete, cancel |
//! | `join` | [`JoinHandle`], [`AbortHandle`], [`JoinError`] |
//! | `places` | memory for tasks that is part of the program |
//! | `owned` | the table of all tasks that are not freed yet |
//! | `queue` | the run queue |
//! | `inbox` | what other threads hand to a worker; its head is the park state |
//! | `steal` | tasks that any worker of the runtime may run: their queues, and who sleeps |
//! | `home` | `Home`: what a task knows of its worker |
//! | `current` | the ambient word: which worker this thread is running |
//! | `locals` | task-local values |
//! | `worker_locals` | values of workers |
//! | `trace` | [`TaskTrace`]: what a task is doing, and who may look |
//! | `question` | the same, asked by another thread |
//!
//! What is typed by the config, the future's cell and spawning, is in [`worker`](crate::worker).
//!
//! # References
//! A task's memory is held by
//! - **the runtime's reference**, from spawn to completion;
//! - **the join handle's**, from spawn to its drop;
//! - one for each **waker** and each **abort handle**;
//! - a **pin**: `NOTIFIED` (in a queue, or on its way there) or, under `Local`, `R_QUEUED` (in the inbox, or on its way
//!   there). A queue entry holds no count: an incomplete task is held by the runtime's reference, a complete one by the
//!   pin.
//!
//! # The state word
//! `NOTIFIED 1` · `RUNNING 2` the exclusive right to the stage · `COMPLETE 4` the future is gone, the result is published
//! · `CANCELLED 8` abort was asked for · `JOIN 16` a join handle exists · `JWAKER 32` the waker slot is filled ·
//! `FAILED 64` the stage holds a failure · `MERGED 128` (`Local`) the runtime closed, the remote word is the one count ·
//! `UNQUEUED 128` (`Shared`) popped while a close held `RUNNING`, which has the pin of the queue since · references from bit 8.
//!
//! ```text
//!            notify 1              start 2               idle 3  
//!  PARKED ───────────► NOTIFIED ───────────► RUNNING ───────────► PARKED
//!                         ▲                   │  │  notify 1: NOTIFIED|RUNNING, then idle 3 queues it again
//!                         └───────────────────┘  └──► complete 4: COMPLETE, for good
//! ```
//! 1: [`state::notify`] · 2: [`state::start`] · 3: [`state::idle`] · 4: [`state::complete`]
//!
//! # Who may touch what
//! 1. The **stage** (future, output, failure): whoever set `RUNNING`; once `COMPLETE`, the join handle if `JOIN`, else the
//!    completer.
//! 2. The **join slot**: the handle's while `JWAKER` is clear; once `COMPLETE` and `JWAKER` are both set, the completer's.
//! 3. The **state word** under `Local`: the owner alone writes it; anyone may look. After `MERGED`: the join handle alone.
//! 4. The **remote word** (`Local`): everyone else's. Number of references = local count + remote delta, always.
//! 5. `node` (the inbox link): who won the pin, until the push; then whoever takes the inbox. It is read before the pin is
//!    cleared.
//! 6. `idx` (the slot in the table): the owner; under `Shared`, whoever holds the table's lock.
//! 7. The owner frees only when the local count is 0, `NOTIFIED` is clear and the remote word is 0: the sum is 0, so no
//!    reference exists that could start anything new.
//! 8. A foreign drop that makes the delta negative pins in the same step, so a visit comes that sees the exact sum.
//! 9. All pointers to a task carry the provenance of its whole block.
//! 10. A header keeps the memory of its home alive: before close because the home outlives its tasks, after close by a
//!     reference of its own. So the address of a home, the owner token, is never reused while a waker lives.
//!
//! # Cold functions
//! Under `Local`, what the owner of a task does with it executes no locked instruction and no fence. What may execute one is
//! out of line, in a function that is `#[cold]`, `#[inline(never)]`, and whose name begins with `__bespoke_cold_`:
//! the test that reads the machine code (`tests/no_locked_instructions.rs`) knows it by that. A module that others call
//! gives such a function a second, plain name (`use self::__bespoke_cold_foreign as foreign`). Only what a task does not
//! come by on its own thread may have such a name: another thread, the inbox, the driver, a panic.
//!
//! Source: TASK_CORE.md; tokio's `runtime/task/state.rs` for the shape of a contract.

pub(crate) mod current;
pub(crate) mod header;
pub(crate) mod home;
pub(crate) mod inbox;
pub(crate) mod join;
#[cfg(feature = "std")]
pub(crate) mod line;
#[cfg(feature = "std")]
pub mod locals;
pub(crate) mod owned;
#[doc(hidden)]
pub mod places;
#[cfg(feature = "std")]
pub(crate) mod question;
pub(crate) mod queue;
pub(crate) mod refs;
pub(crate) mod run;
pub(crate) mod state;
#[cfg(feature = "std")]
pub(crate) mod steal;
#[cfg(all(test, feature = "std"))]
mod tests;
#[cfg(feature = "std")]
pub(crate) mod trace;
pub(crate) mod waker;
#[cfg(feature = "std")]
pub mod worker_locals;

pub use header::Id;
pub use join::{AbortHandle, JoinError, JoinHandle};
#[cfg(feature = "std")]
pub use trace::{TaskState, TaskTrace};

#[cfg(feature = "std")]
pub use crate::machine::trace::Level;

/// Bytes of the header in front of every future, join cell included.
pub const HEADER_BYTES: usize = size_of::<header::Header<crate::sharing::Local>>();
