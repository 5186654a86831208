//! Tests of the wait list and what lies on it.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

#[cfg(all(loom, not(shuttle)))]
mod loom;
#[cfg(not(loom))]
mod notify;
