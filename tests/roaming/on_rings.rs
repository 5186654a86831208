//! On completions: a ring for each worker.

/// Few entries: what finds the queue full waits behind it.
pub(crate) type Driver = bespoke::driver::IoUring<8>;

#[path = "suite.rs"]
mod suite;
