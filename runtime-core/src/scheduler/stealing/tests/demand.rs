//! Threads on demand: how many there are, and what becomes of the work when the system refuses one.

use super::{FourLate, LONG, OnDemand, TwoLate, ends, hog, start};
use crate::config::{Config, Sealed};
use crate::error::{Error, ErrorKind};
use crate::roles::{Cpu, OsEntropy, OsThreads, StartsThreads, Threads, Topology, Uniform};
use crate::runtime::{Ambient, Runtime, all_sleep};
use crate::scheduler::{Ring, WorkStealing};
use crate::testing::{Census, Heap, SleepOnly};
use crate::time::Monotonic;
use core::sync::atomic::{AtomicBool, AtomicIsize, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::string::ToString;
use std::sync::{Arc, Barrier};
use std::vec::Vec;

#[test]
fn a_runtime_that_spawns_nothing_has_no_thread() {
    let (census, runtime) = start::<FourLate<Ring>>();
    runtime.block_on(async { FourLate::<Ring>::sleep(Duration::from_millis(1)).await });
    assert_eq!(runtime.metrics().threads, 0);
    assert_eq!(runtime.metrics().workers.len(), 4);
    assert!(runtime.dump().silent_workers().is_empty(), "nobody is asked who does not answer");
    ends(&census, runtime);
}

/// Each comes when the worker sleeps that ran the one before: there is never more than one of them to run.
#[test]
fn tasks_that_come_one_by_one_have_one_thread() {
    let (census, runtime) = start::<FourLate<Ring>>();
    for n in 0..100 {
        assert_eq!(runtime.block_on(runtime.spawn(async move { n })).unwrap(), n);
        while !all_sleep(&runtime) {
            std::thread::yield_now();
        }
    }
    assert_eq!(runtime.metrics().threads, 1);
    ends(&census, runtime);
}

#[test]
fn what_is_to_run_at_once_has_a_thread_each() {
    let (census, runtime) = start::<FourLate<Ring>>();
    // Each blocks its worker until four of them do.
    let meet = Arc::new(Barrier::new(4));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let meet = meet.clone();
            runtime.spawn(async move { meet.wait().is_leader() })
        })
        .collect();
    let mut leaders = 0;
    runtime.block_on(async {
        for task in tasks {
            leaders +=
                usize::from(FourLate::<Ring>::timeout(LONG, task).await.expect("a worker has no thread").unwrap());
        }
    });
    assert_eq!((leaders, runtime.metrics().threads), (1, 4));
    ends(&census, runtime);
}

/// Queued by a task that does not end: one in the slot of its worker, which is the watcher's, and more.
#[test]
fn what_waits_behind_a_task_that_does_not_end_gets_a_thread() {
    for behind in [1, 2, 10] {
        let (census, runtime) = start::<TwoLate<Ring>>();
        let (go, ran) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (hogs, counts) = (go.clone(), ran.clone());
        let task = runtime.spawn(async move {
            for _ in 0..behind {
                let ran = counts.clone();
                drop(TwoLate::<Ring>::spawn(async move { ran.fetch_add(1, SeqCst) }));
            }
            hog(hogs).await;
        });
        runtime.block_on(async {
            let all = async {
                while ran.load(SeqCst) < behind {
                    TwoLate::<Ring>::sleep(Duration::from_millis(1)).await;
                }
            };
            TwoLate::<Ring>::timeout(LONG, all).await.expect("a task is stuck");
        });
        go.store(true, SeqCst);
        runtime.block_on(task).unwrap();
        ends(&census, runtime);
    }
}

/// How many threads are granted yet, by test.
static GRANTED: [AtomicIsize; 4] = [const { AtomicIsize::new(0) }; 4];

/// Threads of the system, as many as are granted to the test. `LIES`: one that is refused runs all the same.
#[derive(Debug)]
struct Rationed<const TEST: usize, const LIES: bool>;

impl<const TEST: usize, const LIES: bool> StartsThreads for Rationed<TEST, LIES> {}

impl<const TEST: usize, const LIES: bool> Threads for Rationed<TEST, LIES> {
    const NAME: &'static str = "rationed";
    const MAY_START: bool = true;
    type Thread = std::thread::JoinHandle<()>;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        let refused = Err(Error::new(ErrorKind::OutOfMemory).because("the test grants no more"));
        if GRANTED[TEST].fetch_sub(1, SeqCst) > 0 {
            return OsThreads::start(name, main);
        }
        if LIES { OsThreads::start(name, main).and(refused) } else { refused }
    }
}

/// Where no processor can be pinned to.
#[derive(Debug)]
struct Loose;

impl Topology for Loose {
    const NAME: &'static str = "loose";
    const PINS: bool = true;
    fn for_each_cpu(each: impl FnMut(Cpu)) {
        Uniform::<1>::for_each_cpu(each);
    }
    fn pin(_: &[Cpu]) -> Result<(), Error> {
        Err(Error::new(ErrorKind::PermissionDenied).because("the test pins nothing"))
    }
}

macro_rules! configs {
    ($($name:ident: $test:literal, $lies:literal, $topology:ty, $pins:literal;)+) => { $(
        struct $name;

        impl Config for $name {
            type Scheduler = WorkStealing<3, OnDemand>;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = Rationed<$test, $lies>;
            type Topology = $topology;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const WORKERS_EXACT: bool = true;
            const PIN_WORKERS: bool = $pins;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    Later: 0, false, Uniform, false;
    Single: 1, false, Uniform, false;
    Lying: 2, true, Uniform, false;
    Unpinned: 3, false, Loose, true;
}

/// The handle says so, nothing is left behind, and the next spawn tries again.
#[test]
fn a_spawn_without_any_thread_is_cancelled_and_says_why() {
    let census = Census::start();
    let runtime: Runtime<Later> = Runtime::new().unwrap();
    let value = Arc::new(());
    for _ in 0..3 {
        let held = value.clone();
        let task = runtime.spawn(async move { drop(held) });
        assert!(task.is_finished());
        assert_eq!(Arc::strong_count(&value), 1, "its future is dropped");
        let error = runtime.block_on(task).unwrap_err();
        assert!(error.is_cancelled() || error.to_string().contains("the test grants no more"), "{error}");
        assert!(error.to_string().contains("the test grants no more"), "{error}");
    }
    assert_eq!(runtime.metrics().threads, 0);
    GRANTED[0].store(1, SeqCst);
    assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
    assert_eq!(runtime.metrics().threads, 1);
    ends(&census, runtime);
}

/// One thread is granted: it does everything, and what blocks behind a task that ends is run.
#[test]
fn one_thread_does_the_work_of_those_that_are_refused() {
    GRANTED[1].store(1, SeqCst);
    let census = Census::start();
    let runtime: Runtime<Single> = Runtime::new().unwrap();
    let ran = Arc::new(AtomicUsize::new(0));
    let counts = ran.clone();
    let task = runtime.spawn(async move {
        let tasks: Vec<_> = (0..100)
            .map(|n| {
                let ran = counts.clone();
                Single::spawn(async move {
                    for _ in 0..n % 7 {
                        Single::yield_now().await;
                    }
                    ran.fetch_add(1, SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    runtime.block_on(async { Single::timeout(LONG, task).await.expect("a task is stuck").unwrap() });
    assert_eq!((ran.load(SeqCst), runtime.metrics().threads), (100, 1));
    // Asleep, it is woken, as the only one that can be.
    for n in 0..100 {
        let task = runtime.spawn(async move { n });
        assert_eq!(
            runtime.block_on(async { Single::timeout(LONG, task).await.expect("nobody was woken").unwrap() }),
            n
        );
    }
    ends(&census, runtime);
}

/// A source of threads that reports a failure for a thread that runs all the same: its worker has one thread, and ends once.
#[test]
fn a_thread_that_is_said_not_to_be_is_one() {
    for _ in 0..if cfg!(miri) { 2 } else { 100 } {
        let census = Census::start();
        let runtime: Runtime<Lying> = Runtime::new().unwrap();
        let tasks: Vec<_> = (0..10).map(|n| runtime.spawn(async move { n })).collect();
        let sum = runtime.block_on(async {
            let mut sum = 0;
            for task in tasks {
                match Lying::timeout(LONG, task).await.expect("a task is stuck") {
                    Ok(n) => sum += n,
                    Err(error) => assert!(error.to_string().contains("the test grants no more"), "{error}"),
                }
            }
            sum
        });
        assert!(sum <= 45);
        let shutdown = runtime.shutdown_timeout(LONG);
        assert!(shutdown.is_clean(), "{shutdown}");
        // Nobody joins such a thread: it may be on its way out.
        while !census.is_balanced() {
            std::thread::yield_now();
        }
        census.assert_all_freed();
    }
}

/// A thread that cannot be pinned ends its worker; when all have, nothing is placed any more, and every handle says why.
#[test]
fn a_thread_that_cannot_be_pinned_ends_its_worker() {
    GRANTED[3].store(100, SeqCst);
    let census = Census::start();
    let runtime: Runtime<Unpinned> = Runtime::new().unwrap();
    for _ in 0..5 {
        let task = runtime.spawn(core::future::pending::<()>());
        let error =
            runtime.block_on(async { Unpinned::timeout(LONG, task).await.expect("nobody cancels it") }).unwrap_err();
        assert!(!error.is_panic(), "{error}");
    }
    ends(&census, runtime);
}
