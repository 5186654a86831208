//! Several futures in one task: all of them, or the first.
//!
//! | file | holds |
//! |---|---|
//! | `join` | [`join`](fn@join), [`try_join`](fn@try_join): wait for all; `join!`, `try_join!` |
//! | `slot` | a future, and then its output |
//! | `race` | [`race`](fn@race): wait for the first of one output; `race!` |
//! | `select` | `select!`: wait for the first, whatever each gives |
//! | `machines` | these macros in functions under `#[async_fn]` |
//!
//! *Architecture Invariant:* nothing here boxes, allocates or names a runtime: the futures lie in the future that waits for
//! them, and work under any executor.

mod join;
#[doc(hidden)]
pub mod machines;
mod race;
#[doc(hidden)]
pub mod select;
mod slot;

pub use join::{Join, Parts, TryJoin, TryParts, join, try_join};
pub use race::{Race, Racers, race};

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
