//! Where randomness comes from.

/// A source of seeds. Each worker draws one when it starts and runs a small generator from it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a source of randomness",
    label = "expected a source of randomness",
    note = "sources: `OsEntropy`, `Seeded<SEED>`"
)]
pub trait Entropy: 'static {
    /// The name in `INFO` and in reports.
    const NAME: &'static str;
    /// The seed of worker number `worker`.
    fn seed(worker: usize) -> u64;
}

/// The same seed at every start: a run can be repeated.
#[derive(Debug, Clone, Copy)]
pub struct Seeded<const SEED: u64>;

impl<const SEED: u64> Entropy for Seeded<SEED> {
    const NAME: &'static str = "seeded";
    fn seed(worker: usize) -> u64 {
        // One step of SplitMix64 per worker, so that neighbours do not run in step.
        SEED.wrapping_add((worker as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
}

/// Randomness of the operating system.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy)]
pub struct OsEntropy;

#[cfg(feature = "std")]
impl Entropy for OsEntropy {
    const NAME: &'static str = "os";
    fn seed(worker: usize) -> u64 {
        use core::hash::{BuildHasher, Hasher};
        // The standard library keys its hash maps from the system's generator; this reads such a key.
        let mut hasher = std::hash::RandomState::new().build_hasher();
        hasher.write_usize(worker);
        hasher.finish()
    }
}
