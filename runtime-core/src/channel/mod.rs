//! Channels between tasks, and between tasks and threads.
//!
//! | module | holds |
//! |---|---|
//! | [`oneshot`] | one value, once |
//! | [`mpsc`] | a bounded queue: many senders, one receiver |
//!
//! Each is generic over the sharing, as everything in [`sync`](crate::sync) is, and keeps the rules of that room.
//!
//! *Architecture Invariant:* what could not be sent comes back; no message is lost when a future is dropped; sending and
//! receiving allocate nothing.

pub mod mpsc;
pub mod oneshot;

#[cfg(all(test, feature = "std"))]
mod tests;
