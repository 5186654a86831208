//! A model of a runtime's speed, computed while the program is compiled.
//!
//! It is a *model*: a few measured coefficients of one machine (in `calibration`, written by `cargo bench --bench calibrate
//! -- --write`) and the sizes of this program's types. It says how configs compare, not what your machine does; measure
//! that.

use super::Info;
use super::calibration as measured;
use crate::config::Config;
use crate::roles::{Memory, Placement, Scheduler};
use crate::sharing::Sharing;
use crate::util::text::same;
use core::fmt;

/// What a runtime is expected to do, from its config alone: `Runtime::<C>::MODEL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Model {
    /// Tasks spawned and joined per second, one at a time, by a task, where one worker runs all of it.
    pub tasks_per_second: u64,
    /// Nanoseconds from a wake on the same worker to the poll of the woken task, by another task.
    pub wake_latency_ns: u64,
    /// Bytes before the first task; [`Info::static_bytes`].
    pub bytes: usize,
    /// Speed-up over one worker, in thousandths: at most, of work that is spread evenly and shares nothing, on a machine with a
    /// processor for each worker. [`Runtime::workers`](crate::runtime::Runtime::workers) says how many there are on this one.
    pub scalability_per_mille: u64,
}

impl Model {
    /// The model of `C`.
    #[must_use]
    pub const fn of<C: Config>() -> Model {
        let own_thread = matches!(<C::Scheduler as Scheduler>::PLACEMENT, Placement::OwnThread);
        let sharing = <C::Scheduler as Scheduler>::Sharing::NAME;
        let spawn_ps = if own_thread { measured::THREAD_PS } else { spawn_join_ps(sharing, C::Memory::NAME) };
        // A busy worker looks at its driver once per interval; a spawned and joined task costs two polls.
        let look_ps = measured::LOOK_PS / C::EVENT_INTERVAL as u64;
        Model {
            tasks_per_second: 1_000_000_000_000 / (spawn_ps + 2 * look_ps),
            wake_latency_ns: (wake_ps(sharing) + look_ps) / 1000,
            bytes: Info::of::<C>().static_bytes,
            scalability_per_mille: 1000 * <C::Scheduler as Scheduler>::WORKERS as u64,
        }
    }
}

/// The coefficient of who may run a task and of a memory strategy; of a strategy that was not measured, the dearest.
const fn spawn_join_ps(sharing: &str, memory: &str) -> u64 {
    let mut dearest = 0;
    let mut i = 0;
    while i < measured::SPAWN_JOIN_PS.len() {
        let (shared, name, ps) = measured::SPAWN_JOIN_PS[i];
        if same(shared, sharing) {
            if same(name, memory) {
                return ps;
            }
            if ps > dearest {
                dearest = ps;
            }
        }
        i += 1;
    }
    dearest
}

/// The coefficient of who may run a task: each was measured.
const fn wake_ps(sharing: &str) -> u64 {
    let mut i = 0;
    while !same(measured::WAKE_PS[i].0, sharing) {
        i += 1;
    }
    measured::WAKE_PS[i].1
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "model: {} tasks/s, wake {} ns, {} B, speed-up at most {}.{:03} (measured on {}, {})",
            self.tasks_per_second,
            self.wake_latency_ns,
            self.bytes,
            self.scalability_per_mille / 1000,
            self.scalability_per_mille % 1000,
            measured::MACHINE,
            measured::COMMIT
        )
    }
}
