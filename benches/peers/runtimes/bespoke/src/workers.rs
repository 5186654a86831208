//! bespoke on two workers: a thread per core, and work stealing.
//!
//! | variant | config |
//! |---|---|
//! | `bespoke-percore2` | `PerCore<2>`: a task stays where it was placed, in turn |
//! | `bespoke-steal2` | `WorkStealing<2>`: any worker runs any task |
//! | `bespoke-deque2` | the same with the queue `Deque` |
//! | `bespoke-late2` | the same with threads on demand |
//!
//! Both without a driver (`NoIo`), so that they differ by the scheduler alone.

use core::future::Future;

use bespoke::driver::NoIo;
use bespoke::scheduler::{Balanced, Deque, PerCore, Policy, WorkStealing};
use bespoke::{Config, Runtime, preset};
use harness::{Refusal, Row, Runner, Sampled, WORKERS, Workers, rows};

macro_rules! variant {
    ($(#[$doc:meta])* $config:ident, $peer:ident, $scheduler:ty, $($rows:path),+) => {
        $(#[$doc])*
        #[derive(Debug)]
        struct $config;

        #[bespoke::config(base = preset::Default)]
        impl Config for $config {
            type Scheduler = $scheduler;
            type Driver = NoIo;
            // However few cores the thread may use that starts it.
            const WORKERS_EXACT: bool = true;
        }

        /// What is asked for rows; each starts a runtime of its own.
        pub(crate) struct $peer;

        impl $peer {
            pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
                <Started<$config> as Workers>::start().map(|_| Box::new($peer) as Box<dyn Runner>)
            }
        }

        impl Runner for $peer {
            fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
                None.$(or_else(|| $rows(row, amount)).)+unwrap_or(Err(Refusal::Absent))
            }
        }

        impl Workers for Started<$config> {
            type Cx = ();
            type Handle<T: Send + 'static> = bespoke::JoinHandle<T>;

            fn start() -> Result<Self, String> {
                Runtime::new().map(Self).map_err(|error| format!("bespoke does not start: {error}"))
            }

            fn cx(&self) {}

            fn run<F: Future<Output: Send + 'static> + Send + 'static>(&mut self, main: F) -> F::Output {
                let main = self.0.spawn(main);
                self.0.block_on(Self::join(main))
            }

            fn block_on<F: Future>(&mut self, main: F) -> F::Output {
                self.0.block_on(main)
            }

            fn spawn<F: Future<Output: Send + 'static> + Send + 'static>((): (), future: F) -> Self::Handle<F::Output> {
                $config::spawn(future)
            }

            async fn join<T: Send + 'static>(handle: Self::Handle<T>) -> T {
                handle.await.expect("no task of this bench panics or is aborted")
            }

            fn yield_now() -> impl Future<Output = ()> + Send + 'static {
                $config::yield_now()
            }
        }
    };
}

/// A started runtime.
struct Started<C: Config>(Runtime<C>);

variant! {
    /// Tasks are placed in turn, and stay.
    OnTwoCores, PerCore2, PerCore<WORKERS>, rows::workers::<Started<OnTwoCores>>
}
variant! {
    /// Workers take tasks from each other.
    OnTwoThieves, Steal2, WorkStealing<WORKERS>, rows::workers::<Started<OnTwoThieves>>, rows::steals::<Started<OnTwoThieves>>
}

variant! {
    /// The same, on queues of `crossbeam-deque`.
    OnTwoDeques, Deque2, WorkStealing<WORKERS, Balanced, Deque>, rows::workers::<Started<OnTwoDeques>>,
    rows::steals::<Started<OnTwoDeques>>
}

variant! {
    /// The same, a thread for each worker when there is something for it.
    OnDemand, Late2, WorkStealing<WORKERS, Late>, rows::workers::<Started<OnDemand>>, rows::steals::<Started<OnDemand>>
}

/// Threads on demand.
#[derive(Debug)]
pub(crate) struct Late;

impl Policy for Late {
    const ON_DEMAND: bool = true;
}

/// Remarks for the table.
pub(crate) const PER_CORE_NOTES: &[(&str, &str)] = &[
    (
        "workers-spawn",
        "tasks are placed on the two workers in turn, so every second one is joined by a thread that sleeps",
    ),
    ("workers-ping-pong", "the two tasks are on two workers"),
    ("workers-skew", "tasks are placed in turn and stay, so all long ones are on one worker"),
];

/// The same, of threads on demand.
pub(crate) const LATE_NOTES: &[(&str, &str)] = &[("workers-start", "one thread is started, as there is one task")];
