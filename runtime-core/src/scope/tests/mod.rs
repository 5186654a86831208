//! Tests of sets of tasks.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "threads of the test, not of a runtime")]

#[cfg(not(loom))]
mod jobs;
#[cfg(not(loom))]
mod join_set;
#[cfg(all(loom, not(shuttle)))]
mod loom;
