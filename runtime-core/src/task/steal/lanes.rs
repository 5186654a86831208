//! What a worker keeps queued tasks in ([`Lanes`]): one queue for all of them, or one for each class.
//!
//! # Two classes
//! Each [class](crate::roles::Class) has a lane of its own in the seat of each worker, and an injector of its own. The LIFO slot
//! is for `Throughput` alone: a task of `Latency` goes to the back of its lane, where others may take it at once.
//!
//! A worker takes what runs next from the first of these that has something ([`Seat`](super::Seat), `pick`):
//! 1. unless `LATENCY_RUNS_MAX` tasks of `Latency` have *passed*: its lane of `Latency`, then the injector of that class; once in
//!    so many turns as the policy says, the injector first.
//! 2. `Throughput` and what is kept here, as where there is one class: once in so many turns the injector, every second turn
//!    what is kept, the slot so often in a row, the lane, the injector. So it goes for a *round*, which is
//!    2 * `LIFO_RUNS_MAX` + 4 turns while step 1 is left out; the turn after a round takes from the lane first, then the slot.
//! 3. `Latency`, whatever has passed.
//!
//! One that searches looks everywhere for `Latency` first, and everywhere again for `Throughput`.
//!
//! # The bound
//! `passed` counts the polls of `Latency` on this worker since it last took the *front* of its lane of `Throughput`, ended a
//! round, or found that lane and the slot empty in step 2; at the bound it counts the turns of the round. *While a task is the
//! front of that lane, its worker polls at most `LATENCY_RUNS_MAX` tasks of `Latency`:*
//! - A poll of `Latency` while there is a front counts one, and comes from step 1, so `passed` was below the bound before it.
//!   (Step 3 is reached if step 2 found nothing, and the lane is empty then.)
//! - `passed` is set to 0 by what takes the front, by the end of a round, which takes it, and by step 2 where it leaves the lane
//!   empty: in each case the task is not the front any more, or was not yet.
//! - At the bound step 1 is left out, and the front is taken by the end of the round at the latest, and nothing of `Latency`
//!   comes before. It is taken earlier unless `INJECTOR_INTERVAL` is small: the slot `LIFO_RUNS_MAX` times, one that is kept
//!   before each of these and before the front, and one of the injector are fewer than a round.
//!
//! Nothing but its worker's own turns makes a front wait, so the bound holds wherever it came from: *Stealing* and overflow take
//! from the front, and who steals runs what was the front at once; the others go behind what is in its lane. A share of the
//! *injector* likewise. The oldest in the injector of `Throughput` is taken after as many turns of step 2, of any worker of its
//! node, as the policy says; after twice as many, if the turn was another node's. The ends of rounds are none of these.
//!
//! *The other way round*, while there is something of `Latency` in the lane of a worker or the injector of its node, that
//! worker polls at most 2 * `LIFO_RUNS_MAX` + 5 others in a row: a round, and what its end takes. Then `passed` is 0, so
//! the next is of step 1, whatever the interval: that is why rounds end. Which one it is says that step; where
//! `INJECTOR_INTERVAL` is 1, all that come from outside go before the lane, in either class.
//!
//! *A task in the slot* waits for at most twice `LATENCY_RUNS_MAX` polls of `Latency`, if `INJECTOR_INTERVAL` is not 1.
//! While it is there, nothing but taking the front sets `passed` to 0: in each round there is a turn that comes to the slot
//! or the lane (of four turns at most two are of the injector, and of any others every second is of what is kept). That
//! turn takes the task, unless so many ran from the slot that it takes the front; then the slot may run again, and the next
//! one takes it. If `INJECTOR_INTERVAL` is 1, a task in the slot waits for all that come from outside, and the ends of
//! rounds take the lane first: as where there is one class, it starves as long as these do not stop.

use crate::loom::{Plant, planted};
use crate::roles::{Lanes, LiveQueue, Turns};

impl<Q: LiveQueue> Lanes for Q {
    type Lane = Q;
    const LATENCY_RUNS_MAX: u32 = 0;

    fn new(capacity: usize) -> Self {
        LiveQueue::new(capacity)
    }
    #[inline(always)]
    fn lane(&self, _: bool) -> &Q {
        self
    }
    #[inline(always)]
    fn turns(&self) -> Option<&Turns> {
        None
    }
}

/// Is there a lane of `Latency`, and is it looked at by who goes to sleep?
#[inline(always)]
pub(super) fn more<Q: Lanes>() -> bool {
    Q::COUNT > 1 && !planted(Plant::SleepsOverLatency)
}

/// A queue for each class.
#[derive(Debug)]
#[allow(unreachable_pub, reason = "the hidden type of `LocalQueue` names it")]
pub struct Two<Q, const LATENCY_RUNS_MAX: u32> {
    latency: Q,
    throughput: Q,
    /// The owner's.
    turns: Turns,
}

// SAFETY: the queues are for all threads; `turns` is the owner's, who is one thread at a time (rule 1 of `LiveQueue`).
unsafe impl<Q: LiveQueue, const MAX: u32> Sync for Two<Q, MAX> {}

impl<Q: LiveQueue, const MAX: u32> Lanes for Two<Q, MAX> {
    type Lane = Q;
    const LATENCY_RUNS_MAX: u32 = {
        assert!(
            MAX > 0,
            "LATENCY_RUNS_MAX of `Classes` is 0, so no task would ever come first; use 1 for every second poll"
        );
        MAX
    };

    fn new(capacity: usize) -> Self {
        Two { latency: LiveQueue::new(capacity), throughput: LiveQueue::new(capacity), turns: Turns::default() }
    }
    #[inline(always)]
    fn lane(&self, latency: bool) -> &Q {
        if latency { &self.latency } else { &self.throughput }
    }
    #[inline(always)]
    fn turns(&self) -> Option<&Turns> {
        Some(&self.turns)
    }
}
