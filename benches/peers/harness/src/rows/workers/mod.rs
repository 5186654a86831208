//! Rows about two workers of one runtime.
//!
//! | file | question |
//! |---|---|
//! | `tasks` | what do a spawn, a yield and a round trip cost where threads share the tasks? |
//! | `skew` | how much faster are two workers, if the work is not spread evenly beforehand? |
//! | `moves` | how many tasks go from one worker to another in a second? |
//! | `start` | what do two workers cost that do nothing? |
//! | `idle` | how much of the processor do they take while there is nothing to do? |
//! | `wakes` | what does it cost that a thread wakes a task of a worker on another core? |
//!
//! These need both cores: nothing is pinned to one, but for `wakes`, which says what it pins. So the load of the driver, which waits,
//! shares a core with a worker, and the kernel chooses where each thread runs. Each sample is taken in a fresh process.

mod idle;
mod moves;
mod skew;
mod start;
mod tasks;
mod wakes;

use super::{OnWorkers, Row, Work, per_op};
use crate::{Peer, Refusal, Sampled, Workers};

pub use idle::idle_cpu;
pub use skew::Skew;

/// The rows that every runtime with several workers has.
pub fn workers<P: Workers>(row: &Row, amount: u64) -> Option<Sampled> {
    let Work::Workers(what) = row.work else { return None };
    match what {
        OnWorkers::SpawnJoin => timed::<P, _>(amount, |cx| tasks::spawns::<P>(cx, amount)),
        OnWorkers::Yield(tasks) => timed::<P, _>(amount, |cx| tasks::yields::<P>(cx, tasks, amount)),
        OnWorkers::PingPong => timed::<P, _>(amount, |cx| tasks::round_trips::<P>(cx, amount)),
        OnWorkers::Skew => Some(started::<P>().and_then(|mut peer| skew::speed_up(&mut peer, amount))),
        OnWorkers::Start => {
            Some(start::starts(amount, || P::start().map(|mut peer| peer.run(core::future::ready(())))))
        }
        OnWorkers::Idle => Some(started::<P>().and_then(|mut peer| idle::cpu(&mut peer, amount))),
        OnWorkers::Wake { spin } => Some(wakes::round_trips::<P>(amount, spin)),
        OnWorkers::Steals => None,
    }
}

/// The row of runtimes whose workers take tasks from each other.
pub fn steals<P: Workers>(row: &Row, amount: u64) -> Option<Sampled> {
    (row.work == Work::Workers(OnWorkers::Steals))
        .then(|| started::<P>().and_then(|mut peer| moves::per_second(&mut peer, amount)))
}

/// The rows that two runtimes of one thread have between them, a thread each: how users of a thread-per-core runtime write it.
pub fn pairs<P: Peer>(row: &Row, amount: u64) -> Option<Sampled> {
    match row.work {
        Work::Workers(OnWorkers::Start) => Some(start::starts(amount, start::Pair::start::<P>)),
        Work::Workers(OnWorkers::Idle) => Some(idle::cpu_of_pair::<P>(amount)),
        _ => None,
    }
}

fn started<P: Workers>() -> Result<P, Refusal> {
    P::start().map_err(Refusal::Failed)
}

/// The time that a task of a started runtime says that its operations took, per operation.
fn timed<P: Workers, F>(ops: u64, main: impl FnOnce(P::Cx) -> F) -> Option<Sampled>
where
    F: Future<Output = core::time::Duration> + Send + 'static,
{
    match started::<P>() {
        Ok(mut peer) => {
            let main = main(peer.cx());
            per_op(peer.run(main), ops)
        }
        Err(why) => Some(Err(why)),
    }
}
