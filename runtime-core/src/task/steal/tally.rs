//! What the worker of a seat has taken from others and given away, counted by itself.

use crate::topology::{LEVELS, Level};
use crate::util::count::Count;

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
}

impl Tally {
    /// So many tasks came from a worker at this level, in one steal.
    pub(super) fn steals(&self, level: Level, tasks: usize) {
        self.steals[level as usize].add(1);
        self.stolen[level as usize].add(tasks);
    }

    /// Steals from workers at this level, and the tasks of all of them.
    pub(crate) fn from(&self, level: Level) -> (usize, usize) {
        (self.steals[level as usize].get(), self.stolen[level as usize].get())
    }
}
