//! Time: clocks, sleeping, deadlines, intervals. Everything here reads the config's clock, never the wall clock.
//!
//! | file | holds |
//! |---|---|
//! | `clock` | [`Monotonic`], [`Manual`] |
//! | `sleep` | [`Sleep`]: a deadline in the worker's wheel |
//! | `timeout` | [`Timeout`], [`Elapsed`] |
//! | `interval` | [`Interval`], [`MissedTickBehavior`] |
//!
//! The deadlines themselves lie in the worker's [wheel](crate::util::wheel). A sleep holds a token into it, so nothing of
//! a runtime's ever points into a future.

mod clock;
mod interval;
mod sleep;
#[cfg(all(test, not(loom)))]
mod tests;
mod timeout;

pub use crate::instant::Instant;
pub use clock::Manual;
#[cfg(feature = "std")]
pub use clock::Monotonic;
pub use interval::{Interval, MissedTickBehavior};
pub use sleep::Sleep;
pub use timeout::{Elapsed, Timeout};
