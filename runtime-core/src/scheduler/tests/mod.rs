//! Whole runtimes of three and four workers under schedules that are drawn at random: the real code, from start to shutdown.
//!
//! Run with `.ci/check.sh schedules`. What loom shows of two workers with few preemptions it shows of all schedules; this
//! shows of some schedules what it shows, with as many preemptions as there are steps. Everything is in one order here, the
//! same for all threads: a missing fence, or an ordering that is too weak, is for loom's models to find ([`crate::loom`]). No
//! time passes: nobody watches a worker that does not come back from a poll.
//!
//! | file | holds |
//! |---|---|
//! | `crews` | [`WorkStealing`](super::WorkStealing): who runs what, and what wakes whom |
//! | `closes` | the same runtimes while they close |
//! | `demand` | their threads on demand, and refused |
//! | `cores` | [`PerCore`](super::PerCore) |
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

/// A config by name: scheduler, threads, topology, whether its workers are pinned.
macro_rules! configs {
    ($($name:ident: $scheduler:ty, $threads:ty, $topology:ty, $pins:literal;)+) => { $(
        #[derive(Debug)]
        struct $name;

        impl crate::config::Config for $name {
            type Scheduler = $scheduler;
            type Driver = crate::testing::SleepOnly;
            type Memory = crate::testing::Heap;
            type Clock = crate::time::Monotonic;
            type Entropy = crate::roles::Seeded<1>;
            type Threads = $threads;
            type Topology = $topology;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const WORKERS_EXACT: bool = true;
            const PIN_WORKERS: bool = $pins;
            const LOCAL_QUEUE: usize = 2;
            // In a model a shutdown waits for ever: time does not pass.
            const SHUTDOWN_TIMEOUT: core::time::Duration = core::time::Duration::MAX;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: crate::config::Sealed = crate::config::Sealed::BY_MACRO;
        }
    )+ };
}

/// The path of a test of this room.
macro_rules! test {
    ($name:literal) => {
        concat!("scheduler::tests::", $name)
    };
}

mod closes;
mod cores;
mod crews;
mod demand;

use crate::config::Config;
use crate::error::Error;
use crate::roles::{JoinThread, Policy, StartsThreads, Threads};
use crate::runtime::Runtime;
use crate::worker::counts;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::thread;
use std::sync::Arc;

/// The model's threads.
#[derive(Debug)]
struct Modelled;

struct Thread(thread::JoinHandle<()>);

impl JoinThread for Thread {
    fn join(self) {
        self.0.join().unwrap();
    }
    fn is_finished(&self) -> bool {
        unreachable!("nothing asks it here")
    }
}

impl StartsThreads for Modelled {}

impl Threads for Modelled {
    const NAME: &'static str = "shuttle";
    const MAY_START: bool = true;
    type Thread = Thread;
    fn start(_: &str, main: impl FnOnce() + Send + 'static) -> Result<Thread, Error> {
        Ok(Thread(thread::spawn(main)))
    }
}

/// One look each: more of them show nothing new.
#[derive(Debug)]
struct Once;

impl Policy for Once {
    const SEARCH_ROUNDS: u32 = 1;
}

/// As [`Once`]; threads start on demand.
#[derive(Debug)]
struct Late;

impl Policy for Late {
    const SEARCH_ROUNDS: u32 = 1;
    const ON_DEMAND: bool = true;
}

fn start<C: Config>() -> Runtime<C> {
    Runtime::new().unwrap()
}

/// Ends the runtime, whose tasks nobody holds any more: everything is freed, its `homes` too, of which each worker has one,
/// and each `block_on`.
#[track_caller]
fn ends<C: Config>(runtime: Runtime<C>, homes: usize) {
    drop(runtime);
    counts::assert_all_freed(homes);
}

/// A value of a task: what is dropped is counted.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn count() -> Arc<AtomicUsize> {
    Arc::default()
}
