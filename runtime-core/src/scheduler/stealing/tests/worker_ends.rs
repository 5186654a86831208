//! What a worker does that has no work, and what becomes of its tasks and its queue when it ends before its runtime: seen and
//! made by a driver that the test can break.

use super::{LONG, ends, start};
use crate::config::{Config, Sealed};
use crate::error::{Errno, Error};
use crate::roles::{
    Balanced, Caps, Drained, Driver, DriverReport, Kind, Leaves, Live, LocalQueue, Nanos, OsEntropy, OsThreads, Park,
    Resource, Sealed as Ours, StartCx, Under, Uniform,
};
use crate::runtime::Ambient;
use crate::scheduler::WorkStealing;
use crate::sharing::{Moving, Sharing};
use crate::task::JoinHandle;
use crate::testing::{Heap, Sleeper};
use crate::time::Monotonic;
use core::future::pending;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::string::ToString;
use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, ThreadId};
use std::vec::Vec;

/// Sleeps, until it is the driver of the worker that is broken.
#[derive(Debug)]
pub(super) struct Fragile;

/// What the test and the drivers of its runtime tell each other.
pub(super) struct Wire {
    /// The worker whose driver cannot wait any more.
    pub(super) broken: AtomicUsize,
    /// How often a worker went to sleep, or looked whether it has to.
    parks: AtomicUsize,
    /// How often the driver of that worker was found broken.
    pub(super) failures: AtomicUsize,
}

std::thread_local! {
    /// That of the runtimes that this thread starts.
    pub(super) static WIRE: Arc<Wire> = Arc::new(Wire {
        broken: AtomicUsize::new(NONE),
        parks: AtomicUsize::new(0),
        failures: AtomicUsize::new(0),
    });
}
pub(super) const NONE: usize = usize::MAX;

impl Driver for Fragile {
    type Live<S: Sharing> = LiveFragile;
    const NAME: &'static str = "fragile";
    const CAPS: Caps = Caps::SUSPENDING;
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Ours = Ours::OURS;
}

impl Under<Moving> for Fragile {}

/// Bound to the thread that arrived, until that leaves: a stranger ends the process, since a worker may survive a panic.
pub(super) struct LiveFragile {
    sleeper: Sleeper,
    worker: usize,
    wire: Arc<Wire>,
    at: Mutex<Option<ThreadId>>,
}

impl LiveFragile {
    fn is_here(&self) -> bool {
        *self.at.lock().unwrap() == Some(thread::current().id())
    }
}

impl Live for LiveFragile {
    type Unparker = Sleeper;

    fn start(cx: StartCx) -> Result<Self, Error> {
        let at = Mutex::new(None);
        Ok(LiveFragile { sleeper: Sleeper::start(cx)?, worker: cx.worker, wire: WIRE.with(Arc::clone), at })
    }
    fn arrive(&self) -> Result<(), Error> {
        let here = thread::current().id();
        let before = self.at.lock().unwrap().replace(here);
        if before.is_some_and(|before| before != here) {
            crate::util::abort("a thread arrives at a driver that another one has not left");
        }
        Ok(())
    }
    fn leave(&self, _how: Leaves) -> Result<(), Error> {
        if !self.is_here() {
            crate::util::abort("a thread leaves a driver at which it is not");
        }
        *self.at.lock().unwrap() = None;
        Ok(())
    }
    fn report(&self) -> DriverReport {
        self.sleeper.report()
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
        if !self.is_here() {
            crate::util::abort("a thread waits in a driver at which it is not");
        }
        self.wire.parks.fetch_add(1, SeqCst);
        if self.wire.broken.load(SeqCst) == self.worker {
            self.wire.failures.fetch_add(1, SeqCst);
            return Err(Errno::OUT_OF_MEMORY);
        }
        self.sleeper.park(park)
    }
    fn unparker(&self) -> Sleeper {
        self.sleeper.unparker()
    }
    fn has_work(&self) -> bool {
        // So that a busy worker looks here, too.
        true
    }
    fn drain(&self, by: Nanos) -> Drained {
        if !self.is_here() {
            crate::util::abort("a thread closes a driver at which it is not");
        }
        self.sleeper.drain(by)
    }
}

macro_rules! configs {
    ($($name:ident: $workers:literal;)+) => { $(
/// With local queues `Q`.
pub(super) struct $name<Q>(PhantomData<Q>);

impl<Q: LocalQueue> Config for $name<Q> {
    type Scheduler = WorkStealing<$workers, Balanced, Q>;
    type Driver = Fragile;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = OsThreads;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = stringify!($name);
    const WORKERS_EXACT: bool = true;
    const LOCAL_QUEUE: usize = 16;
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}
    )+ };
}
configs! {
    Breaks: 2;
    BreaksAlone: 1;
}

/// Waits until so many are over.
#[track_caller]
fn until_over(tasks: &[JoinHandle<()>], wanted: usize) {
    let over = || tasks.iter().filter(|task| task.is_finished()).count();
    for _ in 0..2000 {
        if over() >= wanted {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("{} tasks are over, of {wanted}", over());
}

fn a_worker_that_panics_outside_of_its_tasks_loses_those_that_were_spawned_on_it_and_no_other<Q: LocalQueue>() {
    const TRIALS: usize = if cfg!(miri) { 2 } else { 100 };
    for trial in 0..TRIALS {
        let wire = WIRE.with(Arc::clone);
        wire.broken.store(NONE, SeqCst);
        let (census, runtime) = start::<Breaks<Q>>();
        // From outside: on one worker, and then on the other.
        let wait: Vec<_> = (0..2).map(|_| runtime.spawn(pending::<()>())).collect();
        // Both are inside a poll when the driver of one breaks: what is not running yet would be cancelled with its home.
        let meet = Arc::new(Barrier::new(3));
        let busy = [meet.clone(), meet.clone()].map(|meet| {
            runtime.spawn(async move {
                meet.wait();
                meet.wait();
            })
        });
        meet.wait();
        wire.broken.store(trial % 2, SeqCst);
        meet.wait();
        until_over(&wait, 1);
        let (mut lost, kept): (Vec<_>, Vec<_>) = wait.into_iter().partition(JoinHandle::is_finished);
        assert_eq!((lost.len(), kept.len()), (1, 1));
        let joined = runtime.block_on(async { Breaks::<Q>::timeout(LONG, lost.remove(0)).await.unwrap() });
        let said = joined.unwrap_err().to_string();
        let why = std::format!("worker {} of `Breaks` is gone: it panicked outside of its tasks", trial % 2);
        assert!(said.ends_with(&why), "{said}");
        // The other one runs what comes, however it was placed.
        for n in 0..10 {
            let task = runtime.spawn(async move { n });
            let got = runtime.block_on(async { Breaks::<Q>::timeout(LONG, task).await.expect("nobody runs it") });
            assert_eq!(got.unwrap(), n);
        }
        for task in busy {
            // Its home may be the one that is gone; it was over before, or is cancelled.
            let _ = runtime.block_on(async { Breaks::<Q>::timeout(LONG, task).await.expect("it is over") });
        }
        assert!(!kept[0].is_finished());
        // A handle holds its task.
        drop(kept);
        ends(&census, runtime);
    }
}

fn workers_without_work_sleep_and_hear_what_comes<Q: LocalQueue>() {
    let (census, runtime) = start::<Breaks<Q>>();
    let wire = WIRE.with(Arc::clone);
    for _ in 0..3 {
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                runtime.spawn(async {
                    for _ in 0..10 {
                        Breaks::<Q>::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(async { Breaks::<Q>::timeout(LONG, task).await.expect("nobody heard it").unwrap() });
        }
        // Ten times as long as the watcher sleeps, in which nobody gets up.
        let quiet = (0..400).any(|_| {
            let before = wire.parks.load(SeqCst);
            thread::sleep(Duration::from_millis(50));
            wire.parks.load(SeqCst) == before
        });
        assert!(quiet, "a worker without work does not stay asleep");
    }
    ends(&census, runtime);
}

fn what_a_worker_had_queued_that_panics_is_run_by_the_others<Q: LocalQueue>() {
    const TRIALS: usize = if cfg!(miri) { 2 } else { 100 };
    const EACH: usize = if cfg!(miri) { 3 } else { 8 };
    for trial in 0..TRIALS {
        let wire = WIRE.with(Arc::clone);
        wire.broken.store(NONE, SeqCst);
        let (census, runtime) = start::<Breaks<Q>>();
        let over = Arc::new(AtomicBool::new(false));
        // From outside: half of them are spawned on each worker; they run anywhere.
        let tasks: Vec<_> = (0..2 * EACH)
            .map(|_| {
                let over = over.clone();
                runtime.spawn(async move {
                    while !over.load(SeqCst) {
                        Breaks::<Q>::yield_now().await;
                    }
                })
            })
            .collect();
        // It looks at its driver between two tasks.
        wire.broken.store(trial % 2, SeqCst);
        until_over(&tasks, EACH);
        let (lost, kept): (Vec<_>, Vec<_>) = tasks.into_iter().partition(JoinHandle::is_finished);
        assert_eq!((lost.len(), kept.len()), (EACH, EACH));
        over.store(true, SeqCst);
        for task in kept {
            let joined = runtime.block_on(async { Breaks::<Q>::timeout(LONG, task).await.expect("it was lost") });
            joined.expect("it was not spawned on the worker that is gone");
        }
        for task in lost {
            assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        }
        ends(&census, runtime);
    }
}

suite! {
    ring: crate::scheduler::Ring;
    #[cfg(feature = "crossbeam-deque")]
    deque: crate::scheduler::Deque;
    => [
        a_worker_that_panics_outside_of_its_tasks_loses_those_that_were_spawned_on_it_and_no_other
        workers_without_work_sleep_and_hear_what_comes
        what_a_worker_had_queued_that_panics_is_run_by_the_others
    ]
}
