//! Threads on demand: how many there are, and what becomes of the work when the system refuses one.

use super::worker_ends::{Fragile, NONE, WIRE};
use super::{FourLate, LONG, OnDemand, TwoLate, ends, hog, start};
use crate::config::{Config, Sealed};
use crate::error::{Errno, Error, ErrorKind};
use crate::roles::{
    Caps, Cpu, Drained, Driver, DriverReport, Kind, Live, Nanos, OsEntropy, OsThreads, Park, Resource, Sealed as Ours,
    StartCx, StartsThreads, Threads, Topology, Under, Uniform,
};
use crate::runtime::{Ambient, Runtime, all_sleep};
use crate::scheduler::{Ring, WorkStealing};
use crate::sharing::{Moving, Sharing};
use crate::testing::{Census, Heap, SleepOnly, Sleeper};
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
static GRANTED: [AtomicIsize; 8] = [const { AtomicIsize::new(0) }; 8];

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

/// The workers whose drivers a test refuses, as bits; and those that asked for one, some `block_on` aside.
static DENIED: [AtomicUsize; 5] = [const { AtomicUsize::new(0) }; 5];
static ASKED: [AtomicUsize; 5] = [const { AtomicUsize::new(0) }; 5];

/// Sleeps, where it is not refused.
#[derive(Debug)]
struct Scarce<const TEST: usize>;

impl<const TEST: usize> Driver for Scarce<TEST> {
    type Live<S: Sharing> = LiveScarce<TEST>;
    const NAME: &'static str = "scarce";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Ours = Ours::OURS;
}

impl<const TEST: usize> Under<Moving> for Scarce<TEST> {}

struct LiveScarce<const TEST: usize>(Sleeper);

impl<const TEST: usize> Live for LiveScarce<TEST> {
    type Unparker = Sleeper;

    fn start(cx: StartCx) -> Result<Self, Error> {
        if cx.worker < 3 {
            let (bit, denied) = (1 << cx.worker, DENIED[TEST].load(SeqCst));
            ASKED[TEST].fetch_or(bit, SeqCst);
            if denied & bit != 0 {
                return Err(Error::new(ErrorKind::TooManyOpenFiles).because("the test grants no driver"));
            }
        }
        Sleeper::start(cx).map(LiveScarce)
    }
    fn report(&self) -> DriverReport {
        self.0.report()
    }
    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        self.0.register(resource, kind)
    }
    fn close(&self, resource: Resource) {
        self.0.close(resource);
    }
    fn release(&self, resource: Resource) -> Result<(), Errno> {
        self.0.release(resource)
    }
    fn park(&self, park: Park) -> Result<(), Errno> {
        self.0.park(park)
    }
    fn unparker(&self) -> Sleeper {
        self.0.unparker()
    }
    fn drain(&self, by: Nanos) -> Drained {
        self.0.drain(by)
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

/// Threads of the system. Of two that are asked for the first takes its time, and is none: refused, or by a panic.
#[derive(Debug)]
struct Second<const TEST: usize, const PANICS: bool>;

impl<const TEST: usize, const PANICS: bool> StartsThreads for Second<TEST, PANICS> {}

impl<const TEST: usize, const PANICS: bool> Threads for Second<TEST, PANICS> {
    const NAME: &'static str = "second";
    const MAY_START: bool = true;
    type Thread = std::thread::JoinHandle<()>;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        if GRANTED[TEST].fetch_add(1, SeqCst) > 0 {
            return OsThreads::start(name, main);
        }
        std::thread::sleep(Duration::from_micros(300));
        assert!(!PANICS, "the source panics");
        Err(Error::new(ErrorKind::OutOfMemory).because("the test refuses the first"))
    }
}

macro_rules! configs {
    ($($name:ident: $workers:literal, $driver:ty, $threads:ty, $topology:ty, $pins:literal;)+) => { $(
        struct $name;

        impl Config for $name {
            type Scheduler = WorkStealing<$workers, OnDemand>;
            type Driver = $driver;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = $threads;
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
    Later: 3, SleepOnly, Rationed<0, false>, Uniform, false;
    Single: 3, SleepOnly, Rationed<1, false>, Uniform, false;
    Lying: 3, SleepOnly, Rationed<2, true>, Uniform, false;
    Unpinned: 3, SleepOnly, Rationed<3, false>, Loose, true;
    Refused: 1, SleepOnly, Second<4, false>, Uniform, false;
    Panicked: 2, SleepOnly, Second<5, true>, Uniform, false;
    Breaks: 2, Fragile, OsThreads, Uniform, false;
    Large: 1000, SleepOnly, Rationed<6, false>, Uniform, false;
    Again: 3, SleepOnly, Rationed<7, false>, Uniform, false;
    Equipped: 3, Scarce<0>, OsThreads, Uniform, false;
    Undriven: 3, Scarce<1>, OsThreads, Uniform, false;
    OneUndriven: 3, Scarce<2>, OsThreads, Uniform, false;
    NoneDriven: 3, Scarce<3>, OsThreads, Uniform, false;
    Turns: 3, Scarce<4>, OsThreads, Uniform, false;
}

/// The driver of a worker is made when its thread is asked for; that of the first with the runtime.
#[test]
fn a_worker_without_a_thread_has_no_driver() {
    let (census, runtime) = start::<Equipped>();
    let asked = || ASKED[0].load(SeqCst);
    assert_eq!((asked(), runtime.driver_reports().count()), (0b001, 1));
    assert_eq!(runtime.driver_report().driver, runtime.driver_reports().next().unwrap().driver);
    assert_eq!(runtime.block_on(runtime.spawn(async { 1 })).unwrap(), 1);
    assert_eq!((asked(), runtime.metrics().threads), (0b001, 1));
    let meet = Arc::new(Barrier::new(3));
    let tasks: Vec<_> = (0..3)
        .map(|_| {
            let meet = meet.clone();
            runtime.spawn(async move { meet.wait().is_leader() })
        })
        .collect();
    runtime.block_on(async {
        for task in tasks {
            Equipped::timeout(LONG, task).await.expect("a worker has no thread").unwrap();
        }
    });
    assert_eq!((asked(), runtime.driver_reports().count(), runtime.metrics().threads), (0b111, 3, 3));
    assert_eq!(runtime.metrics().refused, None);
    ends(&census, runtime);
}

/// As one whose thread is refused: the others do its work, and the numbers say why it has none.
#[test]
fn a_worker_that_is_refused_its_driver_gets_no_thread() {
    DENIED[1].store(0b110, SeqCst);
    let (census, runtime) = start::<Undriven>();
    let ran = Arc::new(AtomicUsize::new(0));
    let counts = ran.clone();
    let task = runtime.spawn(async move {
        let tasks: Vec<_> = (0..100)
            .map(|n| {
                let ran = counts.clone();
                Undriven::spawn(async move {
                    for _ in 0..n % 7 {
                        Undriven::yield_now().await;
                    }
                    ran.fetch_add(1, SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
    runtime.block_on(async { Undriven::timeout(LONG, task).await.expect("a task is stuck").unwrap() });
    let metrics = runtime.metrics();
    assert_eq!((ran.load(SeqCst), metrics.threads, runtime.driver_reports().count()), (100, 1, 1));
    assert_eq!(ASKED[1].load(SeqCst), 0b111, "each was tried");
    let why = metrics.refused.expect("nobody says why");
    assert_eq!((why.kind(), why.to_string().contains("no driver")), (ErrorKind::TooManyOpenFiles, true), "{why}");
    // Asleep, it is woken, as the only one that can be.
    for n in 0..100 {
        let task = runtime.spawn(async move { n });
        let got = runtime.block_on(async { Undriven::timeout(LONG, task).await.expect("nobody was woken").unwrap() });
        assert_eq!(got, n);
    }
    // Granted again, it is asked for again, as a thread is.
    DENIED[1].store(0, SeqCst);
    let since = std::time::Instant::now();
    while runtime.metrics().threads == 1 {
        assert!(since.elapsed() < LONG, "nobody asked again");
        let task = runtime.spawn(async {
            let tasks: Vec<_> = (0..10).map(|_| Undriven::spawn(Undriven::yield_now())).collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
        runtime.block_on(task).unwrap();
    }
    assert!(runtime.driver_reports().count() > 1);
    ends(&census, runtime);
}

/// Who looks for a worker with a thread may find that others took the turns in which it would have come to one.
#[test]
fn turns_of_several_threads_come_to_workers_that_have_one() {
    DENIED[4].store(0b110, SeqCst);
    let (census, runtime) = start::<Turns>();
    runtime.block_on(runtime.spawn(async {})).unwrap();
    let cores = &runtime.common().cores;
    let first = cores.members()[0].worker.addr();
    let many = if cfg!(miri) { 20 } else { 20_000 };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert!((0..many).all(|_| cores.in_turn().addr() == first), "it has no thread"));
        }
    });
    ends(&census, runtime);
}

/// What it was woken for is the next one's.
#[test]
fn behind_a_worker_that_is_refused_its_driver_comes_the_next() {
    DENIED[2].store(0b010, SeqCst);
    let (census, runtime) = start::<OneUndriven>();
    let (go, ran) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (hogs, runs) = (go.clone(), ran.clone());
    let task = runtime.spawn(async move {
        for _ in 0..2 {
            let ran = runs.clone();
            drop(OneUndriven::spawn(async move { ran.store(true, SeqCst) }));
        }
        hog(hogs).await;
    });
    runtime.block_on(async {
        let all = async {
            while !ran.load(SeqCst) {
                OneUndriven::sleep(Duration::from_millis(1)).await;
            }
        };
        OneUndriven::timeout(LONG, all).await.expect("a task is stuck");
    });
    assert_eq!((runtime.metrics().threads, ASKED[2].load(SeqCst)), (2, 0b111));
    go.store(true, SeqCst);
    runtime.block_on(task).unwrap();
    ends(&census, runtime);
}

/// What the system refuses to all is heard at the start.
#[test]
fn the_first_driver_is_that_of_the_start() {
    DENIED[3].store(0b001, SeqCst);
    let census = Census::start();
    let error = Runtime::<NoneDriven>::new().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooManyOpenFiles, "{error}");
    census.assert_all_freed();
    assert_eq!(ASKED[3].load(SeqCst), 0b001);
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

/// Each is asked for once, by a loop: on the stack of the thread that asks no thousand calls of anything have room.
#[test]
fn a_large_team_is_refused_one_by_one() {
    if cfg!(miri) {
        return; // a thousand workers are made
    }
    let narrow = std::thread::Builder::new().stack_size(128 << 10);
    let test = narrow.spawn(|| {
        GRANTED[6].store(1, SeqCst);
        let census = Census::start();
        let runtime: Runtime<Large> = Runtime::new().unwrap();
        // The first has the thread, and holds it: what comes now asks for all the others.
        let (go, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(Barrier::new(2)));
        let (hogs, begins) = (go.clone(), begun.clone());
        let held = runtime.spawn(async move {
            begins.wait();
            hog(hogs).await;
        });
        begun.wait();
        let task = runtime.spawn(async { 7 });
        let metrics = runtime.metrics();
        assert_eq!((metrics.threads, metrics.threads_refused), (1, 999));
        go.store(true, SeqCst);
        runtime.block_on(held).unwrap();
        assert_eq!(runtime.block_on(task).unwrap(), 7);
        ends(&census, runtime);
    });
    test.unwrap().join().unwrap();
}

/// While the system refuses, it is asked ever more rarely; once it grants a thread, a worker gets it, though another one runs.
#[test]
fn a_thread_that_was_refused_is_asked_for_again() {
    const ROUNDS: usize = if cfg!(miri) { 50 } else { 5_000 };
    GRANTED[7].store(1, SeqCst);
    let census = Census::start();
    let runtime: Runtime<Again> = Runtime::new().unwrap();
    // Each round wants somebody for one of its two.
    let round = || async {
        let pair = [Again::spawn(async {}), Again::spawn(async {})];
        for task in pair {
            task.await.unwrap();
        }
    };
    let task = runtime.spawn(async move {
        for _ in 0..ROUNDS {
            round().await;
        }
    });
    runtime.block_on(async { Again::timeout(LONG, task).await.expect("a task is stuck").unwrap() });
    let refused = runtime.metrics().threads_refused;
    assert!((3..40).contains(&refused), "asked again, but rarely: {refused} times");
    assert_eq!(runtime.metrics().threads, 1);
    GRANTED[7].store(100, SeqCst);
    let task = runtime.spawn(async move {
        // One that had no thread takes part in the end.
        while GRANTED[7].load(SeqCst) == 100 {
            round().await;
        }
    });
    runtime.block_on(async { Again::timeout(LONG, task).await.expect("nobody asks again").unwrap() });
    assert!(runtime.metrics().threads >= 2);
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

/// Two threads spawn first, and the thread that one of them asks for is refused while the other waits for the outcome, and asks
/// again: the worker is woken ever after.
#[test]
fn a_refusal_and_a_second_try_at_the_same_time_leave_the_worker_awake() {
    for n in 0..if cfg!(miri) { 2 } else { 200 } {
        GRANTED[4].store(0, SeqCst);
        let census = Census::start();
        let runtime: Runtime<Refused> = Runtime::new().unwrap();
        let others: Vec<_> = (0..2)
            .map(|_| {
                let handle = runtime.handle();
                std::thread::spawn(move || drop(handle.spawn(async { 1 })))
            })
            .collect();
        others.into_iter().for_each(|other| other.join().unwrap());
        let third = runtime.spawn(async move { n });
        let got = runtime.block_on(async { Refused::timeout(LONG, third).await });
        assert_eq!(got.expect("nobody was woken").unwrap(), n);
        ends(&census, runtime);
    }
}

/// That is a refusal.
#[test]
fn a_source_of_threads_that_panics_has_started_none() {
    let census = Census::start();
    let runtime: Runtime<Panicked> = Runtime::new().unwrap();
    let error = runtime.block_on(runtime.spawn(async {})).unwrap_err();
    assert!(error.to_string().contains("the source of threads panicked"), "{error}");
    assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
    ends(&census, runtime);
}

/// The only worker with a thread ends alone: the next one gets a thread, and its tasks may block in place.
#[cfg(not(miri))]
#[test]
fn a_worker_that_ends_alone_is_followed_by_one_that_had_no_thread() {
    let wire = WIRE.with(Arc::clone);
    wire.broken.store(NONE, SeqCst);
    let census = Census::start();
    let runtime: Runtime<Breaks> = Runtime::new().unwrap();
    assert_eq!(runtime.block_on(runtime.spawn(async { Breaks::block_in_place(|| 1) })).unwrap(), 1);
    wire.broken.store(0, SeqCst);
    // It may run yet, but cannot sleep any more.
    let _ = runtime.block_on(runtime.spawn(async {}));
    let again = async {
        loop {
            let task = runtime.spawn(async { Breaks::block_in_place(|| 2) });
            if let Ok(two) = task.await
                && runtime.metrics().threads == 2
            {
                return two;
            }
            Breaks::sleep(Duration::from_millis(1)).await;
        }
    };
    let two = runtime.block_on(async { Breaks::timeout(LONG, again).await.expect("nobody blocks in place any more") });
    assert_eq!(two, 2);
    wire.broken.store(NONE, SeqCst);
    ends(&census, runtime);
}

/// A runtime that one of its own tasks drops last, while other workers have no thread.
#[test]
fn dropped_by_a_task_of_its_own_it_leaves_nothing() {
    for _ in 0..if cfg!(miri) { 2 } else { 100 } {
        let census = Census::start();
        let runtime: Arc<Runtime<FourLate<Ring>>> = Arc::new(Runtime::new().unwrap());
        let (last, go) = (runtime.clone(), Arc::new(Barrier::new(2)));
        let goes = go.clone();
        drop(runtime.spawn(async move {
            goes.wait();
            drop(FourLate::<Ring>::spawn(core::future::pending::<()>()));
            drop(last);
        }));
        drop(runtime);
        go.wait();
        let begin = std::time::Instant::now();
        while !census.is_balanced() {
            assert!(begin.elapsed() < LONG, "something is left");
            std::thread::yield_now();
        }
    }
}

/// Copies of a process: `fork` is Linux's here, and Miri has none.
#[cfg(all(target_os = "linux", not(miri)))]
mod copies {
    use super::*;
    use crate::roles::{Caps, Driver, Sealed as Ours, Under};
    use crate::sharing::{Moving, Sharing};
    use crate::testing::Sleeper;

    /// [`SleepOnly`], whose processes know that they are copies.
    #[derive(Debug)]
    struct Forks;

    impl Driver for Forks {
        type Live<S: Sharing> = Sleeper;
        const NAME: &'static str = "forks";
        const CAPS: Caps = Caps::SUSPENDING;
        const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Ours = Ours::OURS;
        fn forks() -> u32 {
            std::process::id()
        }
    }

    impl Under<Moving> for Forks {}

    configs! {
        Forked: 2, Forks, OsThreads, Uniform, false;
    }

    /// A forked child starts no thread for a copy of a runtime that has none.
    #[test]
    fn a_forked_child_starts_no_thread() {
        unsafe extern "C" {
            fn fork() -> i32;
            fn _exit(code: i32) -> !;
            fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
        }
        let (census, runtime) = start::<Forked>();
        let status = runtime.block_on(async {
            // SAFETY: the child does what the test is about, and ends.
            let pid = unsafe { fork() };
            if pid == 0 {
                core::mem::forget(Forked::spawn(async {}));
                let threads = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
                // SAFETY: it runs nothing that was registered.
                unsafe { _exit(i32::try_from(threads).unwrap_or(99)) }
            }
            let mut status = 0;
            // SAFETY: a child of this process.
            unsafe { waitpid(pid, &raw mut status, 0) };
            status >> 8
        });
        assert_eq!(status, 1, "one thread, which has forked");
        ends(&census, runtime);
    }
}
