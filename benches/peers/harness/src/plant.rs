//! The slowness of the planted build.

/// Work planted into an operation, where the feature `planted` is on; otherwise nothing at all.
///
/// Each row calls it once per operation: five hundred steps, some 150 ns.
#[inline]
pub fn planted() {
    #[cfg(feature = "planted")]
    steps(500);
}

/// The plant of an operation that makes system calls: ten thousand steps, some 5 us.
#[inline]
pub fn planted_call() {
    #[cfg(feature = "planted")]
    steps(10_000);
}

#[cfg(feature = "planted")]
fn steps(count: u64) {
    for step in 0..count {
        core::hint::black_box(step);
    }
}
