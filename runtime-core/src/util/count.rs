//! A number that one thread counts and any thread reads.

use core::sync::atomic::{AtomicUsize, Ordering};

/// Counted without a locked instruction, since one thread does it at a time. Whoever reads it knows nothing else by that.
///
/// It is a word, and begins again at 0 after its largest value.
#[derive(Debug, Default)]
pub(crate) struct Count(AtomicUsize);

impl Count {
    /// Counts `more`. Of two threads that do at the same time one is not counted.
    #[inline(always)]
    pub(crate) fn add(&self, more: usize) {
        self.0.store(self.0.load(Ordering::Relaxed).wrapping_add(more), Ordering::Relaxed);
    }

    /// Begins again at `value`.
    #[inline(always)]
    pub(crate) fn set(&self, value: usize) {
        self.0.store(value, Ordering::Relaxed);
    }

    /// The number, as far as this thread knows.
    pub(crate) fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}
