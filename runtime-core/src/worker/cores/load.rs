//! Which worker has least to do.
//!
//! The load of a worker is the number of its tasks that are not freed, of its open resources, and of the tasks that were queued
//! when it last looked around. So a connection that waits counts for its task and its socket, and once more while it is to run.
//! All three are written by others for other reasons, or with a plain store beside what they count; here they are read. Two who
//! choose at the same time may choose the same worker: what the first one places counts from when it is listed.

use super::{Cores, Member};
use crate::config::Config;
use crate::worker::Worker;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;

impl<C: Config> Cores<C> {
    /// The worker that has least to do, as far as this thread knows; among equals that whose turn it is. None that ended before
    /// its runtime, unless all have. There is a team.
    ///
    /// # Safety
    /// The caller may name the workers (invariant 1 of [`cores`](super)).
    pub(crate) unsafe fn least_loaded(&self) -> NonNull<Worker<C>> {
        let members = self.members();
        // Not that of `in_turn`: one who places a connection and spawns something for it would give every second worker none.
        // Relaxed: nothing hangs on it but the turn.
        let turn = self.watch.fetch_add(1, Ordering::Relaxed) % members.len();
        let (later, first) = members.split_at(turn);
        let runs = |member: &&Member<C>| !member.gone.load(Ordering::Relaxed);
        let load = |member: &&Member<C>| {
            // SAFETY: alive, as the caller may name it.
            unsafe { member.worker.as_ref() }.load()
        };
        // Of equals it yields the first.
        let least = first.iter().chain(later).filter(runs).min_by_key(load);
        least.unwrap_or(&members[turn]).worker
    }
}

impl<C: Config> Worker<C> {
    /// How much it has to do, as far as this thread knows. Of a scheduler that places tasks by it.
    fn load(&self) -> usize {
        self.home.listed() + self.open_resources() + self.tally.queued.get()
    }
}
