//! What is undone when a worker cannot be made, and what becomes of one that ends before its runtime.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![expect(clippy::disallowed_methods, reason = "the test stands outside of the runtime while it waits for its end")]

mod counts;
mod joins;
mod roots;

use crate::config::{Config, Sealed};
use crate::error::{Errno, Error, ErrorKind};
use crate::roles::{
    Caps, Drained, Driver, DriverReport, Kind, Live, Nanos, OsEntropy, OsThreads, Park, Resource, Sealed as Ours,
    StartCx, Threads, Under, Uniform,
};
use crate::runtime::{Ambient, Runtime};
use crate::scheduler::PerCore;
use crate::sharing::{Shared, Sharing};
use crate::task::JoinHandle;
use crate::testing::{Census, Heap, Sleeper};
use crate::time::Monotonic;
use core::cell::{Cell, RefCell};
use core::future::pending;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::string::ToString;
use std::sync::Arc;
use std::vec::Vec;

const WORKERS: usize = 3;
const NONE: usize = usize::MAX;

/// What goes wrong in the runtimes that this thread starts: the number of the worker that it happens to.
#[derive(Clone, Copy)]
struct Faults {
    driver: usize,
    arrival: usize,
    thread: usize,
    /// The source of threads says that there is no thread, and starts it.
    lies: bool,
}

const NO_FAULT: Faults = Faults { driver: NONE, arrival: NONE, thread: NONE, lies: false };

std::thread_local! {
    static FAULTS: Cell<Faults> = const { Cell::new(NO_FAULT) };
    /// Threads that were asked for.
    static ASKED: Cell<usize> = const { Cell::new(0) };
    /// The worker whose driver cannot wait any more.
    static BROKEN: RefCell<Arc<AtomicUsize>> = RefCell::new(Arc::new(AtomicUsize::new(NONE)));
}

/// Sleeps, until something goes wrong.
#[derive(Debug)]
struct Faulty;

impl Driver for Faulty {
    type Live<S: Sharing> = LiveFaulty;
    const NAME: &'static str = "faulty";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Ours = Ours::OURS;
}

impl Under<Shared> for Faulty {}

struct LiveFaulty {
    sleeper: Sleeper,
    worker: usize,
    arrives: bool,
    broken: Arc<AtomicUsize>,
}

impl Live for LiveFaulty {
    type Unparker = Sleeper;

    fn start(cx: StartCx) -> Result<Self, Error> {
        let faults = FAULTS.get();
        if cx.worker == faults.driver {
            return Err(Error::new(ErrorKind::PermissionDenied));
        }
        Ok(LiveFaulty {
            sleeper: Sleeper::start(cx)?,
            worker: cx.worker,
            arrives: cx.worker != faults.arrival,
            broken: BROKEN.with(|broken| broken.borrow().clone()),
        })
    }
    fn report(&self) -> DriverReport {
        DriverReport::named("faulty", "a condition variable")
    }
    fn arrive(&self) -> Result<(), Error> {
        if self.arrives { Ok(()) } else { Err(Error::new(ErrorKind::Unsupported)) }
    }
    fn register(&self, resource: Resource, kind: Kind) -> Result<(), Errno> {
        self.sleeper.register(resource, kind)
    }
    fn close(&self, resource: Resource) {
        self.sleeper.close(resource);
    }
    fn release(&self, resource: Resource) -> Result<(), Errno> {
        self.sleeper.release(resource)
    }
    fn park(&self, park: Park) -> Result<(), Errno> {
        if self.broken.load(SeqCst) == self.worker {
            return Err(Errno::OUT_OF_MEMORY);
        }
        self.sleeper.park(park)
    }
    fn unparker(&self) -> Sleeper {
        self.sleeper.unparker()
    }
    fn drain(&self, by: Nanos) -> Drained {
        self.sleeper.drain(by)
    }
}

/// Threads of the system, until there is none.
#[derive(Debug)]
struct Scarce;

impl Threads for Scarce {
    const NAME: &'static str = "scarce";
    const MAY_START: bool = true;
    type Thread = std::thread::JoinHandle<()>;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        let faults = FAULTS.get();
        let refused = Err(Error::new(ErrorKind::OutOfMemory));
        match ASKED.replace(ASKED.get() + 1) {
            asked if asked != faults.thread => OsThreads::start(name, main),
            _ if faults.lies => OsThreads::start(name, main).and(refused),
            _ => refused,
        }
    }
}

#[derive(Debug)]
struct Team;

impl Config for Team {
    type Scheduler = PerCore<WORKERS>;
    type Driver = Faulty;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = Scarce;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = "Team";
    const WORKERS_EXACT: bool = true;
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

/// Starts a runtime in which this goes wrong.
fn start(faults: Faults) -> Result<Runtime<Team>, Error> {
    FAULTS.set(faults);
    ASKED.set(0);
    Runtime::new()
}

/// A start that fails yields this error, and leaves nothing.
#[track_caller]
fn fails(faults: Faults, kind: ErrorKind) {
    let census = Census::start();
    let error = start(faults).expect_err("it was refused");
    assert_eq!(error.kind(), kind);
    census.assert_all_freed();
}

#[test]
fn a_driver_that_cannot_be_made_undoes_the_workers_before_it() {
    for worker in 0..WORKERS {
        fails(Faults { driver: worker, ..NO_FAULT }, ErrorKind::PermissionDenied);
    }
}

#[test]
fn a_thread_that_cannot_be_started_undoes_all_workers() {
    for worker in 0..WORKERS {
        fails(Faults { thread: worker, ..NO_FAULT }, ErrorKind::OutOfMemory);
    }
}

#[test]
fn a_thread_that_runs_although_its_start_failed_closes_its_worker_once() {
    for worker in 0..WORKERS {
        for _ in 0..20 {
            let census = Census::start();
            let error = start(Faults { thread: worker, lies: true, ..NO_FAULT }).expect_err("so it was said");
            assert_eq!(error.kind(), ErrorKind::OutOfMemory);
            census.assert_all_freed();
        }
    }
}

#[test]
fn a_driver_that_cannot_run_on_its_thread_undoes_all_workers() {
    for worker in 0..WORKERS {
        fails(Faults { arrival: worker, ..NO_FAULT }, ErrorKind::Unsupported);
    }
}

/// Waits, on this thread.
fn joined<T>(task: JoinHandle<T>, runtime: &Runtime<Team>) -> Result<T, crate::task::JoinError> {
    runtime.block_on(async { Team::timeout(Duration::from_secs(20), task).await.expect("it came to an end") })
}

#[test]
fn a_worker_that_cannot_wait_any_more_ends_alone_and_its_tasks_say_so() {
    for trial in 0..if cfg!(miri) { 4 } else { 1000 } {
        let gone = trial % WORKERS;
        let census = Census::start();
        let broken = Arc::new(AtomicUsize::new(NONE));
        BROKEN.set(broken.clone());
        let runtime = start(NO_FAULT).unwrap();
        let handle = runtime.handle();
        let lost: Vec<_> = (0..3).map(|_| handle.spawn_on(gone, async || pending::<()>().await)).collect();
        let kept: Vec<_> = (0..WORKERS)
            .filter(|worker| *worker != gone)
            .map(|worker| handle.spawn_on(worker, async || pending::<()>().await))
            .collect();
        broken.store(gone, SeqCst);
        // It wakes up, runs this, and wants to sleep again; unless it has wanted to already.
        match joined(handle.spawn_on(gone, async || 7), &runtime) {
            Ok(output) => assert_eq!(output, 7),
            Err(error) => assert!(error.is_cancelled()),
        }
        for task in lost {
            let error = joined(task, &runtime).unwrap_err();
            assert!(error.is_cancelled() && !error.is_panic() && !error.is_rejected());
            assert_eq!(error.kind(), ErrorKind::Cancelled);
            let said = error.to_string();
            let why = std::format!("was cancelled: worker {gone} of `Team` is gone: it panicked outside of its tasks");
            assert!(said.ends_with(&why), "{said}");
        }
        // Nothing is placed there any more in turn; by name, it is cancelled.
        for _ in 0..2 * WORKERS {
            assert_eq!(joined(handle.spawn(async { 8 }), &runtime).unwrap(), 8);
        }
        assert!(joined(handle.spawn_on(gone, async || 9), &runtime).unwrap_err().is_cancelled());
        for _ in 0..2 * WORKERS {
            assert_ne!(handle.least_loaded(), gone);
            assert_eq!(joined(handle.spawn_least_loaded(async { 10 }), &runtime).unwrap(), 10);
        }
        for (worker, task) in handle.spawn_on_each(async |worker| worker).into_iter().enumerate() {
            match joined(task, &runtime) {
                Ok(output) => assert!(output == worker && worker != gone),
                Err(error) => assert!(error.is_cancelled() && worker == gone),
            }
        }
        assert!(kept.iter().all(|task| !task.is_finished()));
        assert!(!handle.is_closed());
        let shutdown = runtime.shutdown_timeout(Duration::from_secs(20));
        assert!(shutdown.is_clean(), "{shutdown}");
        for task in kept {
            assert!(task.is_finished());
        }
        drop(handle);
        census.assert_all_freed();
    }
}

#[test]
fn a_runtime_that_is_dropped_by_its_own_task_waits_for_the_other_workers_only() {
    let census = Census::start();
    let runtime = Arc::new(start(NO_FAULT).unwrap());
    let handle = runtime.handle();
    let inside = runtime.clone();
    let (told, heard) = std::sync::mpsc::channel();
    let go = Arc::new(std::sync::Barrier::new(2));
    let gate = go.clone();
    let task = handle.spawn_on(1, async move || {
        gate.wait();
        drop(inside);
        told.send(()).unwrap();
    });
    drop(runtime);
    go.wait();
    heard.recv_timeout(Duration::from_secs(20)).expect("the drop came to its end");
    while !task.is_finished() {
        std::thread::yield_now();
    }
    assert!(handle.is_closed());
    drop((task, handle));
    // Its worker closes after the task.
    for _ in 0..2000 {
        if census.is_balanced() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    census.assert_all_freed();
}

#[test]
fn a_worker_that_is_busy_is_left_alone_after_the_timeout() {
    // Long enough for the two others; on a busy machine not at first.
    let limits: &[u64] = if cfg!(miri) { &[20_000] } else { &[500, 5_000, 20_000] };
    let alone = limits.iter().any(|ms| left_alone(Duration::from_millis(*ms)) == 1);
    assert!(alone, "a worker that is not busy runs on");
}

/// How many workers run when a shutdown has waited so long beside one that is busy.
fn left_alone(limit: Duration) -> usize {
    let census = Census::start();
    let runtime = start(NO_FAULT).unwrap();
    let handle = runtime.handle();
    let (go_on, waits) = std::sync::mpsc::channel::<()>();
    let (told, heard) = std::sync::mpsc::channel();
    let busy = handle.spawn_on(2, async move || {
        told.send(()).unwrap();
        let _ = waits.recv();
    });
    heard.recv().unwrap();
    let shutdown = runtime.shutdown_timeout(limit);
    assert!(shutdown.workers().contains(&2) && !shutdown.is_clean(), "{shutdown}");
    assert_eq!(shutdown.workers().len(), shutdown.running_workers, "{shutdown}");
    assert!(shutdown.running_workers > 1 || shutdown.to_string() == "worker 2 still runs", "{shutdown}");
    assert!(!busy.is_finished());
    go_on.send(()).unwrap();
    drop((busy, handle));
    for _ in 0..2000 {
        if census.is_balanced() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    census.assert_all_freed();
    shutdown.running_workers
}
