//! Workers on a machine: plain functions of what [`Topology`](crate::roles::Topology) tells, so every machine can be tried on
//! any.
//!
//! | file | holds |
//! |---|---|
//! | `seating` | which processor a pinned worker gets |
//! | `near` | whom a worker meets first that looks for work |
//!
//! Workers that are not pinned are wherever the system runs them, so for them there is no near and far.

mod near;
mod seating;
#[cfg(all(test, not(loom)))]
mod tests;

pub(crate) use near::{LEVELS, Level, Near};
pub(crate) use seating::seating;
