//! Tests of the wait list and what lies on it.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

#[cfg(loom)]
mod loom;
#[cfg(not(loom))]
mod notify;
