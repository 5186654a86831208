//! What the worker of a seat has taken from others and given away, counted by itself.

use crate::topology::{LEVELS, Level};
use crate::util::count::Count;
use std::time::Instant;

/// Written by the worker of the seat alone; on lines of its own, as others read what is beside it.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Tally {
    steals: [Count; LEVELS],
    stolen: [Count; LEVELS],
    /// Tasks that it took from the injector.
    pub(crate) taken: Count,
    /// How often another thread had to run it, as its own blocked.
    pub(crate) handed_over: Count,
    /// Tasks that it gave to the injector, as its ring was full.
    pub(crate) given: Count,
    /// Steals from a worker while a nearer one had something.
    #[cfg(test)]
    pub(crate) passed_over: Count,
    /// Searches, whether or not they found something.
    pub(crate) searches: Count,
    /// How often it slept, or was about to, and was chosen for work.
    pub(crate) woken: Count,
    /// The nanoseconds of its searches, if the policy wants to know.
    pub(crate) searching: Count,
    /// Hints that it waits, given in searches.
    #[cfg(test)]
    pub(crate) hints: Count,
}

/// A search whose time is counted.
pub(super) struct Timed(Instant);

impl Timed {
    #[expect(clippy::disallowed_methods, reason = "the time of a thread that has nothing to do is not the program's")]
    pub(super) fn begins() -> Self {
        Timed(Instant::now())
    }
}

impl Tally {
    /// So many tasks came from a worker at this level, in one steal.
    pub(super) fn steals(&self, level: Level, tasks: usize) {
        self.steals[level as usize].add(1);
        self.stolen[level as usize].add(tasks);
    }

    /// A search is over.
    pub(super) fn searched(&self, since: &Timed) {
        // Fewer than a word holds, on every machine, but after seconds on one of 32 bits; then it begins again at 0.
        self.searching.add(since.0.elapsed().as_nanos() as usize);
    }

    /// Steals from workers at this level, and the tasks of all of them.
    pub(crate) fn from(&self, level: Level) -> (usize, usize) {
        (self.steals[level as usize].get(), self.stolen[level as usize].get())
    }
}
