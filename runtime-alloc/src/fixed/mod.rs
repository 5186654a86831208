//! No heap: every block is inside the live value.
//!
//! | file | subject |
//! |---|---|
//! | [`pool`] | the bytes, and the five verbs |
//!
//! One bit per 16 bytes, of a [map](crate::bitmap), says whether they are taken; a block is a run of set bits, and
//! giving it back clears them. Neighbours that are free are therefore one free run at once: a pool that was full of
//! tasks serves a buffer as large as all of them when they are gone. Free lists by size, as `Pooled` has them, were
//! rejected: a block would keep its size for ever, and a budget of a few KiB has no second chance.
//!
//! The price is a locked instruction per word in each verb, also the owner's, and a walk over the taken runs of a full
//! pool: at most one step per run. In return every verb works from every thread and from an interrupt, lock-free, so the
//! foreign verbs need no memory of their own.

#[cfg(not(loom))]
mod pool;

#[cfg(not(loom))]
pub use pool::{Fixed, FixedPool};
