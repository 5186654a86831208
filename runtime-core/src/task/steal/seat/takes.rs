//! What a worker takes that is queued elsewhere: with all, and with the others.

use super::{Level, Seat};
use crate::roles::{Lanes, LiveQueue, Stolen};
use crate::sharing::Moving;
use crate::task::header::Task;
use crate::task::steal::injector::Injector;

impl<Q: Lanes> Seat<Q> {
    /// This worker's share of the queue of all of its node: one to run, the rest in its queue.
    ///
    /// # Safety
    /// As [`next`](Self::next).
    #[inline(always)]
    pub(super) unsafe fn take_injected(&self, latency: bool) -> Option<Task<Moving>> {
        let injector = self.injector(latency);
        if injector.is_empty() {
            return None;
        }
        // SAFETY: as the caller.
        unsafe { self.take_from(injector, latency, self.near.peers()) }
    }

    /// The share of one of all workers of the queue of another node: those of that node, who are near, need most of it.
    ///
    /// # Safety
    /// As [`take_from`](Self::take_from).
    unsafe fn take_far(&self, injector: &Injector, latency: bool) -> Option<Task<Moving>> {
        // SAFETY: as the caller.
        unsafe { self.take_from(injector, latency, self.crew().seats.len()) }
    }

    /// The same when it is the turn of such a queue: now and then that of another node.
    ///
    /// # Safety
    /// As [`next`](Self::next).
    #[cold]
    #[inline(never)]
    pub(super) unsafe fn take_in_turn(&self, latency: bool) -> Option<Task<Moving>> {
        let turns = &self.injected_turns[usize::from(latency)];
        let turn = turns.get();
        turns.set(turn.wrapping_add(1));
        let far = self.crew().injectors.far_in_turn(self.node(), latency, turn);
        // SAFETY: as the caller.
        let taken = far.and_then(|far| unsafe { self.take_far(far, latency) });
        // SAFETY: as the caller.
        taken.or_else(|| unsafe { self.take_injected(latency) })
    }

    /// The share of one of so many workers.
    ///
    /// # Safety
    /// As [`next`](Self::next). The injector is the crew's, of this class.
    #[inline(never)]
    unsafe fn take_from(&self, injector: &Injector, latency: bool, workers: usize) -> Option<Task<Moving>> {
        if injector.is_empty() {
            return None;
        }
        // SAFETY: as the caller.
        let room = self.knobs.capacity - unsafe { self.queue.lane(latency).own_len() };
        let most = room.clamp(1, self.knobs.policy.steal_batch);
        let share = injector.take_share(workers, most);
        let mut share = share.inspect(|_| self.tally.taken.add(1));
        let first = share.next();
        // SAFETY: as the caller; the pins are ours.
        unsafe { self.keep(share) };
        first
    }

    /// Queues what was taken elsewhere, and tells others of it.
    ///
    /// # Safety
    /// As [`push`](Self::push).
    pub(super) unsafe fn keep(&self, tasks: impl Iterator<Item = Task<Moving>>) {
        let mut any = false;
        for task in tasks {
            any = true;
            // SAFETY: as the caller.
            unsafe { self.push_local(task) };
        }
        if any {
            self.crew().calls_one();
        }
    }

    /// As many looks into all queues as the policy says.
    ///
    /// # Safety
    /// As [`search`](Self::search).
    pub(super) unsafe fn look_rounds(&self) -> Option<Task<Moving>> {
        for _ in 0..self.knobs.policy.search_rounds {
            // SAFETY: as the caller.
            if let Some(task) = unsafe { self.look_round() } {
                return Some(task);
            }
            for _ in 0..self.knobs.policy.spin {
                #[cfg(test)]
                self.tally.hints.add(1);
                core::hint::spin_loop();
            }
        }
        None
    }

    /// One look into all queues of a class.
    ///
    /// # Safety
    /// As [`search`](Self::search).
    pub(super) unsafe fn look_for(&self, latency: bool) -> Option<Task<Moving>> {
        // SAFETY: as the caller.
        if let Some(task) = unsafe { self.take_injected(latency) } {
            return Some(task);
        }
        let (own, most) = (self.queue.lane(latency), self.knobs.policy.steal_batch);
        // After its own node, and before the workers of others.
        let mut far = self.crew().injectors.beside(self.node(), latency);
        self.others().find_map(|(level, other)| {
            if level == Level::Machine {
                // SAFETY: as the caller.
                let task = far.by_ref().find_map(|injector| unsafe { self.take_far(injector, latency) });
                if task.is_some() {
                    return task;
                }
            }
            // SAFETY: as the caller, who owns the queue that it steals into; the other one is another's.
            let Stolen { first, tasks } = unsafe { other.queue.lane(latency).steal(own, most) }?;
            self.tally.steals(level, tasks);
            #[cfg(test)]
            self.tally.passed_over.add(usize::from(self.nearer_have_work(level)));
            if tasks > 1 {
                self.crew().calls_one();
            }
            Some(first.cast())
        })
    }

    /// Is there something to take from a worker that is nearer than `level`?
    #[cfg(test)]
    fn nearer_have_work(&self, level: Level) -> bool {
        let seats = &self.crew().seats;
        let mut nearer = self.near.from(|_| 0).filter(|(other, _)| *other < level);
        nearer.any(|(_, other)| seats[other].has_entries())
    }

    /// The other seats, the nearest first; of those that are equally near, or of all, as the policy says, from one at random on.
    pub(super) fn others(&self) -> impl Iterator<Item = (Level, &Self)> {
        let seats = &self.crew().seats;
        // A linear congruence of full period; its upper half is used.
        let random = self.random.get().wrapping_mul(0x915F_77F5).wrapping_add(0x9E37_79B9);
        self.random.set(random);
        self.near.from(move |length| (random >> 16) as usize % length).map(|(level, other)| (level, &seats[other]))
    }
}
