//! Tests of sets of tasks.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

#[cfg(not(loom))]
mod join_set;
#[cfg(loom)]
mod loom;
