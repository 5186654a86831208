//! What a worker has done, counted by itself where it looks around and sleeps; a poll counts nothing.
//!
//! Without `std` nobody reads it (`runtime/metrics`), so nothing is counted, and it takes no place.

#[cfg(feature = "std")]
use crate::util::count::Count;

/// Written by the owner, read by any thread. On lines of its own, so that who reads it holds up nobody.
#[derive(Debug, Default)]
#[cfg_attr(feature = "std", repr(align(128)))]
pub(crate) struct Tally {
    /// Up to its last look around, or sleep. Where workers take tasks from each other their seats count them.
    pub(crate) polls: Count,
    /// Looks around between polls.
    pub(crate) looks: Count,
    /// How often it had nothing to run, and waited in its driver.
    pub(crate) parks: Count,
    /// Timers whose deadline came, and that woke somebody.
    pub(crate) timers: Count,
    /// Where only the owner may ask: tasks that are not freed, as of its last look around, or sleep. 0 once it is closed.
    pub(crate) tasks: Count,
    /// Where tasks are placed by load: how many were queued at its last look around, or when it ran out of them.
    #[cfg(feature = "std")]
    pub(crate) queued: Count,
}

/// A number that nobody reads.
#[cfg(not(feature = "std"))]
#[derive(Debug, Default)]
pub(crate) struct Count;

#[cfg(not(feature = "std"))]
impl Count {
    #[inline(always)]
    pub(crate) fn add(&self, _: usize) {}
    #[inline(always)]
    pub(crate) fn set(&self, _: usize) {}
}
