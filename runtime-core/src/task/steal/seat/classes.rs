//! Which task runs next where there are two classes. Why none of them starves is in [`lanes`](crate::task::steal::lanes).

use super::{Found, Seat};
use crate::loom::Ordering;
use crate::roles::{Lanes, LiveQueue, Turns};
use crate::sharing::Moving;
use crate::task::header::Task;

impl<Q: Lanes> Seat<Q> {
    /// Steps 1 to 3 of [`lanes`](crate::task::steal::lanes).
    ///
    /// # Safety
    /// As [`next`](Self::next).
    pub(super) unsafe fn pick_by_class(&self, turns: &Turns, kept: bool) -> Option<Found> {
        let passed = turns.passed.get();
        if passed < Q::LATENCY_RUNS_MAX {
            // SAFETY: as the caller.
            if let Some(task) = unsafe { self.next_latency(turns) } {
                return Some(Found::Task(task));
            }
        } else if passed < self.round_ends() {
            turns.passed.set(passed + 1);
        } else {
            // What comes before the front has had its round: here it ends, whatever there is.
            turns.passed.set(0);
            self.lifo_runs.set(0);
            // SAFETY: as the caller.
            if let Some(task) = unsafe { self.pop_oldest() } {
                return Some(Found::Task(task));
            }
        }
        // SAFETY: as the caller.
        let found = unsafe { self.pick_in_line(kept) };
        // SAFETY: as the caller.
        if unsafe { self.queue.lane(false).own_len() } == 0 && self.lifo.load(Ordering::Relaxed).is_null() {
            turns.passed.set(0);
        }
        if found.is_some() {
            return found;
        }
        // SAFETY: as the caller.
        unsafe { self.next_latency(turns) }.map(Found::Task)
    }

    /// What `passed` is after a round of step 2 at the bound: all of the slot, one that is kept before each of these and before
    /// the front, one from outside, and one to spare.
    fn round_ends(&self) -> u32 {
        let round = self.knobs.policy.lifo_runs_max.saturating_mul(2).saturating_add(4);
        Q::LATENCY_RUNS_MAX.saturating_add(round)
    }

    /// The next task of `Latency`, which is run now.
    ///
    /// # Safety
    /// As [`next`](Self::next).
    unsafe fn next_latency(&self, turns: &Turns) -> Option<Task<Moving>> {
        turns.turn.set(turns.turn.get() + 1);
        let mut task = None;
        if turns.turn.get() >= self.knobs.policy.injector_interval {
            turns.turn.set(0);
            // SAFETY: as the caller.
            task = unsafe { self.take_in_turn(true) };
        }
        // SAFETY: as the caller.
        let task = task.or_else(|| unsafe { self.pop_local(true) });
        // SAFETY: as the caller.
        let task = task.or_else(|| unsafe { self.take_injected(true) })?;
        turns.passed.set(turns.passed.get().saturating_add(1));
        Some(task)
    }

    /// One look into all queues.
    ///
    /// # Safety
    /// As [`search`](Self::search).
    pub(super) unsafe fn look_round(&self) -> Option<Task<Moving>> {
        if let Some(turns) = self.queue.turns() {
            // SAFETY: as the caller.
            let latency = unsafe { self.look_for(true) };
            if latency.is_some() {
                turns.passed.set(turns.passed.get().saturating_add(1));
                return latency;
            }
        }
        // SAFETY: as the caller.
        unsafe { self.look_for(false) }
    }
}
