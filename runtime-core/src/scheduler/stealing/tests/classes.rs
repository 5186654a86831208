//! Two classes on real threads. What runs when is told to the task on a crew by hand, in `task/steal/tests`.

use super::{InOrder, LONG, ends, start};
use crate::config::{Config, Sealed};
use crate::roles::{Balanced, Latency, LiveQueue, LocalQueue, OsEntropy, OsThreads, Throughput, Uniform};
use crate::runtime::Ambient;
use crate::scheduler::{Classes, WorkStealing};
use crate::scope::JoinSet;
use crate::task::JoinHandle;
use crate::testing::{Heap, SleepOnly};
use crate::time::Monotonic;
use core::future::pending;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::vec::Vec;

macro_rules! configs {
    ($($name:ident: $workers:literal, $policy:ty, $capacity:literal;)+) => { $(
        /// With a queue `Q` for each class; after four polls of `Latency` comes one of the other.
        struct $name<Q>(PhantomData<Q>);

        impl<Q: LocalQueue<Live: LiveQueue>> Config for $name<Q> {
            type Scheduler = WorkStealing<$workers, $policy, Classes<Q, 4>>;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const WORKERS_EXACT: bool = true;
            const LOCAL_QUEUE: usize = $capacity;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    One: 1, InOrder, 64;
    Two: 2, Balanced, 64;
    Narrow: 4, Balanced, 2;
}

/// One worker, and every task is ready all the time.
fn the_bound_is_exact_on_one_worker<Q: LocalQueue<Live: LiveQueue>>() {
    const POLLS: usize = 50;
    let (census, runtime) = start::<One<Q>>();
    let (polls, over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let root = runtime.spawn(async move {
        let busy: Vec<_> = (0..7)
            .map(|_| {
                let (polls, over) = (polls.clone(), over.clone());
                One::<Q>::spawn_with(Latency, async move {
                    while !over.load(SeqCst) {
                        polls.fetch_add(1, SeqCst);
                        One::<Q>::yield_now().await;
                    }
                })
            })
            .collect();
        let waits = One::<Q>::spawn(async move {
            let mut before = polls.load(SeqCst);
            for poll in 0..POLLS {
                One::<Q>::yield_now().await;
                let now = polls.load(SeqCst);
                assert_eq!(now - before, 4, "at poll {poll}");
                before = now;
            }
            over.store(true, SeqCst);
        });
        waits.await.unwrap();
        for task in busy {
            task.await.unwrap();
        }
    });
    runtime.block_on(async { One::<Q>::timeout(LONG, root).await.expect("starved").unwrap() });
    ends(&census, runtime);
}

/// More tasks of a class than there are workers are ready all the time; one of the other comes to its end.
fn neither_class_starves_on_two_workers<Q: LocalQueue<Live: LiveQueue>>() {
    const BUSY: usize = if cfg!(miri) { 3 } else { 20 };
    const YIELDS: usize = if cfg!(miri) { 3 } else { 1000 };
    for latency in [true, false] {
        let (census, runtime) = start::<Two<Q>>();
        let (handle, over) = (runtime.handle(), Arc::new(AtomicBool::new(false)));
        let spawn = |latency, future| {
            if latency { handle.spawn_with(Latency, future) } else { handle.spawn_with(Throughput, future) }
        };
        let task = |over: Option<Arc<AtomicBool>>| async move {
            for yields in 0_usize.. {
                match &over {
                    None if yields == YIELDS => return,
                    Some(over) if over.load(SeqCst) => return,
                    _ => Two::<Q>::yield_now().await,
                }
            }
        };
        let busy: Vec<JoinHandle<()>> = (0..BUSY).map(|_| spawn(latency, task(Some(over.clone())))).collect();
        for _ in 0..3 {
            let waits = spawn(!latency, task(None));
            runtime.block_on(async { Two::<Q>::timeout(LONG, waits).await.expect("starved").unwrap() });
        }
        over.store(true, SeqCst);
        for task in busy {
            runtime.block_on(task).unwrap();
        }
        drop(handle);
        ends(&census, runtime);
    }
}

/// Tasks of both classes that spawn, yield and wake each other, through queues that overflow.
fn each_task_of_both_classes_runs_once<Q: LocalQueue<Live: LiveQueue>>() {
    const ROOTS: usize = if cfg!(miri) { 3 } else { 40 };
    const EACH: usize = if cfg!(miri) { 5 } else { 100 };
    let (census, runtime) = start::<Narrow<Q>>();
    let ran: Arc<Vec<AtomicUsize>> = Arc::new((0..ROOTS * EACH).map(|_| AtomicUsize::new(0)).collect());
    let child = |ran: &Arc<Vec<AtomicUsize>>, n: usize| {
        let ran = ran.clone();
        let future = async move {
            for _ in 0..n % 5 {
                Narrow::<Q>::yield_now().await;
            }
            ran[n].fetch_add(1, SeqCst);
        };
        if n.is_multiple_of(2) { Narrow::<Q>::spawn_with(Latency, future) } else { Narrow::<Q>::spawn(future) }
    };
    let roots: Vec<_> = (0..ROOTS)
        .map(|root| {
            let ran = ran.clone();
            let future = async move {
                let children: Vec<_> = (0..EACH).map(|n| child(&ran, root * EACH + n)).collect();
                for child in children {
                    child.await.unwrap();
                }
            };
            if root.is_multiple_of(3) { runtime.handle().spawn_with(Latency, future) } else { runtime.spawn(future) }
        })
        .collect();
    for root in roots {
        runtime.block_on(async { Narrow::<Q>::timeout(LONG, root).await.expect("a task is stuck").unwrap() });
    }
    assert!(ran.iter().all(|times| times.load(SeqCst) == 1));
    ends(&census, runtime);
}

/// What is queued in either class when the runtime closes is dropped by then.
fn nothing_is_left_of_either_class<Q: LocalQueue<Live: LiveQueue>>() {
    const CYCLES: usize = if cfg!(miri) { 2 } else { 200 };
    for _ in 0..CYCLES {
        let (census, runtime) = start::<Narrow<Q>>();
        let handle = runtime.handle();
        let forever = || async {
            loop {
                Narrow::<Q>::yield_now().await;
            }
        };
        let tasks: Vec<JoinHandle<()>> =
            (0..8).flat_map(|_| [handle.spawn_with(Latency, forever()), handle.spawn(forever())]).collect();
        drop(handle);
        let shutdown = runtime.shutdown_timeout(LONG);
        assert!(shutdown.is_clean(), "{shutdown}");
        assert!(tasks.iter().all(JoinHandle::is_finished));
        drop(tasks);
        census.assert_all_freed();
    }
}

/// The name is in traces, with the line where it was given; the class is what decides who runs.
fn a_task_of_a_class_has_a_name<Q: LocalQueue<Live: LiveQueue>>() {
    let (census, runtime) = start::<One<Q>>();
    let ran = Arc::new(Mutex::new(Vec::new()));
    let push = |name: &'static str| {
        let ran = ran.clone();
        async move { ran.lock().unwrap().push(name) }
    };
    let (sum, heap, answer) = (push("sum"), push("heap"), push("answer"));
    let root = runtime.spawn(async move {
        let throughput = [One::<Q>::spawn(sum), One::<Q>::spawn_with(Throughput.named("heap"), heap)];
        One::<Q>::spawn_with(Latency.named("answer"), answer).await.unwrap();
        for task in throughput {
            task.await.unwrap();
        }
    });
    runtime.block_on(root).unwrap();
    assert_eq!(*ran.lock().unwrap(), ["answer", "sum", "heap"]);
    let waits = runtime.handle().spawn_with(Latency.named("waits"), pending::<()>());
    let line = line!() - 1;
    let dump = runtime.dump();
    let named = dump.tasks().iter().find(|task| task.name() == Some("waits")).expect("the dump has it");
    let at = named.spawned_at().expect("it was given here");
    assert_eq!((at.line(), at.file()), (line, file!()));
    assert_eq!(dump.tasks().iter().filter(|task| task.name().is_some()).count(), 1);
    drop((waits, dump));
    ends(&census, runtime);
}

/// In a set as outside of it.
fn a_task_of_a_set_has_a_class<Q: LocalQueue<Live: LiveQueue>>() {
    let (census, runtime) = start::<One<Q>>();
    let root = runtime.spawn(async {
        let mut set = JoinSet::<u32, One<Q>>::new();
        for n in 0..3 {
            set.spawn(async move { n });
        }
        for n in 3..6 {
            set.spawn_with(Throughput, async move { n });
        }
        for n in 6..9 {
            set.spawn_with(Latency.named("of a set"), async move { n });
        }
        set.join_all().await
    });
    let order = runtime.block_on(root).unwrap();
    assert_eq!(order[..3], [6, 7, 8], "{order:?}");
    assert_eq!(order.iter().sum::<u32>(), 36, "{order:?}");
    ends(&census, runtime);
}

suite! {
    ring: crate::scheduler::Ring;
    #[cfg(feature = "crossbeam-deque")]
    deque: crate::scheduler::Deque;
    => [
        the_bound_is_exact_on_one_worker
        neither_class_starves_on_two_workers
        each_task_of_both_classes_runs_once
        nothing_is_left_of_either_class
        a_task_of_a_class_has_a_name
        a_task_of_a_set_has_a_class
    ]
}
