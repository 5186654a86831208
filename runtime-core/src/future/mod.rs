//! Several futures in one task: all of them, or the first.
//!
//! | file | holds |
//! |---|---|
//! | `join` | [`join`](fn@join), [`try_join`](fn@try_join): wait for all; `join!`, `try_join!` |
//! | `slot` | a future, and then its output |
//! | `select` | `select!`: wait for the first |
//!
//! *Architecture Invariant:* nothing here boxes, allocates or names a runtime: the futures lie in the future that waits for
//! them, and work under any executor.

mod join;
#[doc(hidden)]
pub mod select;
mod slot;

pub use join::{Join, Parts, TryJoin, TryParts, join, try_join};

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
