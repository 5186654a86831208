//! What a worker has done, counted by itself where it looks around and sleeps; a poll counts nothing.

use crate::util::count::Count;

/// Written by the owner, read by any thread. On lines of its own, so that who reads it holds up nobody.
#[derive(Debug, Default)]
#[repr(align(128))]
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
}
