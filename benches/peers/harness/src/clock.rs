//! The one place that reads the clock, so that every row measures with the same one.

use core::time::Duration;
use std::time::Instant;

/// Reads the monotonic clock.
#[allow(
    clippy::disallowed_methods,
    reason = "the rule is about the runtime; a bench of other runtimes has no `Config`"
)]
#[inline]
pub fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds per operation.
pub fn ns_per_op(elapsed: Duration, ops: u64) -> f64 {
    elapsed.as_nanos() as f64 / ops as f64
}

/// A small generator with a fixed seed (xorshift64): every peer gets the same deadlines in the same order.
#[derive(Debug)]
pub struct Uniform(u64);

impl Uniform {
    /// Starts the sequence number `seed`, the same one for all peers.
    pub fn new(seed: u64) -> Self {
        Self(0x9E37_79B9_7F4A_7C15 ^ seed << 32)
    }

    /// A duration in `[0, span)`.
    pub fn below(&mut self, span: Duration) -> Duration {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        Duration::from_nanos(self.0 % span.as_nanos() as u64)
    }
}
