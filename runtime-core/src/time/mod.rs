//! Time: the timer wheel of a worker.

#[cfg(feature = "alloc")]
pub mod wheel;
