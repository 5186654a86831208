//! On a machine of four nodes that is none: whom a worker takes tasks from. Its eight threads share the processors of this
//! one, so a spawner may wait for a processor while others empty its queue, and then go on to other nodes. What is asked is
//! whether anybody takes from another node while its own has something.

use super::{LONG, ends, start, worker};
use crate::config::{Config, Sealed};
use crate::error::Error;
use crate::roles::{Cpu, OsEntropy, OsThreads, Topology};
use crate::runtime::{Ambient, Metrics, Stolen, passed_over};
use crate::scheduler::WorkStealing;
use crate::testing::{Heap, SleepOnly};
use crate::time::Monotonic;
use core::hint::black_box;
use std::sync::{Arc, Barrier};
use std::vec::Vec;

const NODES: usize = 4;
const WORKERS: usize = 8;

/// Four nodes of one cache and two cores. Nothing is pinned: the threads of the test run where there are processors.
#[derive(Debug)]
struct FourNodes;

impl Topology for FourNodes {
    const NAME: &'static str = "four-nodes";
    const PINS: bool = true;
    fn for_each_cpu(mut each: impl FnMut(Cpu)) {
        // As firmware likes to number them: neighbours are on different nodes.
        for id in 0..WORKERS as u32 {
            let node = id % NODES as u32;
            each(Cpu { id, core: id, cache: node, node });
        }
    }
    fn pin(_: &[Cpu]) -> Result<(), Error> {
        Ok(())
    }
}

macro_rules! configs {
    ($($name:ident: $pinned:literal;)+) => { $(
        #[derive(Debug)]
        struct $name;

        impl Config for $name {
            type Scheduler = WorkStealing<WORKERS>;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = FourNodes;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const PIN_WORKERS: bool = $pinned;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    Pinned: true;
    Anywhere: false;
}

/// Workers 0 and 1 are on one node, and so on: neighbours come together.
fn node(worker: usize) -> usize {
    worker / (WORKERS / NODES)
}

/// One worker of each node spawns, the other one has nothing of its own. Tasks that ran on another worker than their spawner's,
/// those of them that stayed on the node, what the workers
/// counted, and how often one passed a nearer one that had something.
fn load<C: Config>() -> (u64, u64, Metrics, u64) {
    const BATCHES: usize = if cfg!(miri) { 1 } else { 60 };
    const BATCH: usize = if cfg!(miri) { 8 } else { 200 };
    let (census, runtime) = start::<C>();
    let (handle, met) = (runtime.handle(), Arc::new(Barrier::new(WORKERS)));
    let spawners: Vec<_> = (0..WORKERS)
        .map(|_| {
            let met = met.clone();
            handle.spawn(async move {
                // Each holds a worker until all do.
                met.wait();
                let spawner = worker();
                let (mut moved, mut near) = (0, 0);
                if spawner % 2 == 1 {
                    return (0, 0);
                }
                for _ in 0..BATCHES {
                    let tasks: Vec<_> = (0..BATCH)
                        .map(|_| {
                            C::spawn(async move {
                                (0..2000).for_each(|step| {
                                    black_box(step);
                                });
                                worker()
                            })
                        })
                        .collect();
                    let here = worker();
                    for task in tasks {
                        let ran = task.await.expect("it runs");
                        moved += u64::from(ran != here);
                        near += u64::from(ran != here && node(ran) == node(here));
                    }
                }
                (moved, near)
            })
        })
        .collect();
    let (mut moved, mut near) = (0, 0);
    for spawner in spawners {
        let (its, its_near) =
            runtime.block_on(async { C::timeout(LONG, spawner).await.expect("a task is stuck").expect("it runs") });
        moved += its;
        near += its_near;
    }
    let (metrics, passed) = (runtime.metrics(), passed_over(&runtime) as u64);
    drop(handle);
    ends(&census, runtime);
    (moved, near, metrics, passed)
}

/// What all workers took, by what they share with whom they took it from: core, cache, node, machine.
fn stolen(metrics: &Metrics) -> [Stolen; 4] {
    let mut sums = [Stolen::default(); 4];
    for worker in metrics.workers.iter().filter_map(|worker| worker.stealing) {
        for (sum, of) in
            sums.iter_mut().zip([worker.from_core, worker.from_cache, worker.from_node, worker.from_machine])
        {
            sum.steals += of.steals;
            sum.tasks += of.tasks;
        }
    }
    sums
}

#[test]
fn a_worker_takes_from_its_node_while_that_has_work() {
    let (moved, near, metrics, passed) = load::<Pinned>();
    let [core, cache, node, machine] = stolen(&metrics);
    assert_eq!((core, node), (Stolen::default(), Stolen::default()), "each core has one worker, each node one cache");
    assert!(cache.tasks + machine.tasks >= moved, "what moved was stolen, or given to the queue of all");
    if cfg!(miri) {
        return;
    }
    let steals = cache.steals + machine.steals;
    std::println!(
        "{moved} of the tasks moved, {near} of them on their node; {cache:?} near, {machine:?} far, \
         {passed} times past a near one that had something"
    );
    assert!(steals > 0, "nobody took anything, so nothing was shown");
    assert!(passed * 10 <= steals, "{passed} of {steals} steals went past a worker of the node that had something");
}

#[test]
fn where_workers_are_not_pinned_nobody_is_near() {
    let (_, _, metrics, _) = load::<Anywhere>();
    let [core, cache, node, machine] = stolen(&metrics);
    assert_eq!([core, cache, node], [Stolen::default(); 3]);
    assert!(cfg!(miri) || machine.tasks > 0, "nobody took anything, so nothing was shown");
}
