//! A worker whose thread blocks in place, where something fails: its driver, or the source of threads. What is usual is in the
//! facade's `tests/in_place.rs`.

use super::worker_ends::{BreaksAlone, NONE, WIRE};
use super::{Alone, Fair, LONG, Narrow, ends, start};
use crate::config::{Config, Sealed};
use crate::error::{Error, ErrorKind};
use crate::roles::{
    Balanced, HandsOver, JoinThread, LocalQueue, OsEntropy, OsThreads, StartsThreads, Threads, Uniform,
};
use crate::runtime::Ambient;
use crate::scheduler::WorkStealing;
use crate::testing::{Heap, SleepOnly};
use crate::time::Monotonic;
use core::future::pending;
use core::marker::PhantomData;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::string::{String, ToString};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::vec::Vec;

/// A task that holds a sender, waits for ever, and ends with its worker.
fn spawn_holder<C: Config>() -> (mpsc::Receiver<()>, crate::task::JoinHandle<()>) {
    let (held, waits) = mpsc::channel();
    let task = C::spawn(async move {
        let _held: mpsc::Sender<()> = held;
        pending::<()>().await;
    });
    (waits, task)
}

/// The stand-in finds that the driver cannot wait any more. The closure goes on; the worker ends when it is over.
fn a_worker_whose_stand_in_fails_ends_when_its_thread_is_back<Q: LocalQueue>() {
    let wire = WIRE.with(Arc::clone);
    wire.broken.store(NONE, SeqCst);
    let (census, runtime) = start::<BreaksAlone<Q>>();
    let task = runtime.spawn(async move {
        let (_waits, held) = spawn_holder::<BreaksAlone<Q>>();
        // So that the worker looks at its driver.
        let ticks = BreaksAlone::<Q>::spawn(async {
            loop {
                BreaksAlone::<Q>::sleep(Duration::from_millis(1)).await;
            }
        });
        BreaksAlone::<Q>::block_in_place(|| {
            let before = wire.failures.load(SeqCst);
            wire.broken.store(0, SeqCst);
            let begin = std::time::Instant::now();
            while wire.failures.load(SeqCst) == before {
                assert!(begin.elapsed() < LONG, "the stand-in does not look at its driver");
                thread::sleep(Duration::from_millis(1));
            }
            // Time for its end.
            thread::sleep(Duration::from_millis(50));
            wire.broken.store(NONE, SeqCst);
        });
        let spawned = BreaksAlone::<Q>::spawn(async {});
        (held, ticks, spawned)
    });
    let (held, ticks, spawned) = runtime.block_on(task).expect("the poll goes on on its worker");
    for lost in [held, ticks, spawned] {
        let joined = runtime.block_on(async { BreaksAlone::<Q>::timeout(LONG, lost).await.expect("it is over") });
        let said = joined.unwrap_err().to_string();
        assert!(said.ends_with("worker 0 of `BreaksAlone` is gone: it panicked outside of its tasks"), "{said}");
    }
    ends(&census, runtime);
}

/// The driver fails under the worker's own thread while another one is away: what that waits for is cancelled, its poll ends, and
/// only then is the worker closed.
fn a_worker_that_fails_waits_for_those_that_are_away<Q: LocalQueue>() {
    let wire = WIRE.with(Arc::clone);
    wire.broken.store(NONE, SeqCst);
    let (census, runtime) = start::<BreaksAlone<Q>>();
    let (away, is_away) = mpsc::channel();
    let (over, is_over) = mpsc::channel();
    let first = runtime.spawn(async move {
        // On the stand-in, since this thread is away.
        drop(BreaksAlone::<Q>::spawn(async move {
            let (waits, _) = spawn_holder::<BreaksAlone<Q>>();
            BreaksAlone::<Q>::yield_now().await; // so that it waits
            let got = BreaksAlone::<Q>::block_in_place(|| {
                away.send(()).unwrap();
                waits.recv_timeout(LONG)
            });
            // On its worker, still.
            drop(BreaksAlone::<Q>::spawn(async {}));
            over.send(got).unwrap();
        }));
        BreaksAlone::<Q>::block_in_place(|| is_away.recv_timeout(LONG)).expect("a stand-in runs it");
        wire.broken.store(0, SeqCst);
    });
    assert_eq!(is_over.recv_timeout(LONG), Ok(Err(mpsc::RecvTimeoutError::Disconnected)));
    runtime.block_on(first).expect("no panic");
    ends(&census, runtime);
}

/// The stand-in fails while the closure waits for a task of the worker: nobody would run that.
fn a_closure_hears_that_its_stand_in_failed<Q: LocalQueue>() {
    let wire = WIRE.with(Arc::clone);
    wire.broken.store(NONE, SeqCst);
    let (census, runtime) = start::<BreaksAlone<Q>>();
    let task = runtime.spawn(async move {
        let (waits, _held) = spawn_holder::<BreaksAlone<Q>>();
        drop(BreaksAlone::<Q>::spawn(async {
            loop {
                BreaksAlone::<Q>::sleep(Duration::from_millis(1)).await;
            }
        }));
        BreaksAlone::<Q>::yield_now().await;
        BreaksAlone::<Q>::block_in_place(|| {
            wire.broken.store(0, SeqCst);
            waits.recv_timeout(LONG)
        })
    });
    let got = runtime.block_on(task).expect("no panic");
    assert_eq!(got, Err(mpsc::RecvTimeoutError::Disconnected));
    ends(&census, runtime);
}

/// Threads of which the second stand-in panics at its start.
#[derive(Debug)]
struct Panicky;
static PANICKY: AtomicUsize = AtomicUsize::new(0);
impl StartsThreads for Panicky {}
impl Threads for Panicky {
    const NAME: &'static str = "panicky";
    const MAY_START: bool = true;
    type Thread = thread::JoinHandle<()>;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        if name.ends_with("-stand-in") && PANICKY.fetch_add(1, SeqCst) == 1 {
            panic!("the source of threads panics");
        }
        OsThreads::start(name, main)
    }
}

#[test]
fn a_source_of_threads_that_panics_leaves_one_owner() {
    type App = Panics<crate::scheduler::Ring>;
    let (_census, runtime) = start::<App>();
    let inside = Arc::new(AtomicUsize::new(0));
    let (first, second) = (inside.clone(), inside.clone());
    let (go, goes) = mpsc::channel();
    let task = runtime.spawn(async move {
        // On the stand-in.
        drop(App::spawn(async move {
            let tried = std::panic::catch_unwind(|| App::block_in_place(|| ()));
            assert!(tried.is_err(), "the start panics");
            second.store(1, SeqCst);
            go.send(()).unwrap();
            thread::sleep(Duration::from_millis(300)); // in the same poll, of the same worker
            second.store(2, SeqCst);
        }));
        App::block_in_place(|| goes.recv_timeout(LONG)).unwrap();
        first.load(SeqCst)
    });
    let got = runtime.block_on(task).unwrap();
    assert_eq!(got, 2, "two threads are inside of polls of one worker");
}

/// No threads to stand in.
#[derive(Debug)]
struct Scarce;

impl StartsThreads for Scarce {}

impl Threads for Scarce {
    const NAME: &'static str = "scarce";
    const MAY_START: bool = true;
    type Thread = thread::JoinHandle<()>;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        if name.ends_with("-stand-in") {
            return Err(Error::new(ErrorKind::Other).because("the test has none"));
        }
        OsThreads::start(name, main)
    }
}

/// Threads that are counted when they are joined. Of one test.
#[derive(Debug)]
struct Counted;

static STARTED: AtomicUsize = AtomicUsize::new(0);
static JOINED: AtomicUsize = AtomicUsize::new(0);

struct CountedThread(thread::JoinHandle<()>);

impl JoinThread for CountedThread {
    fn join(self) {
        JoinThread::join(self.0);
        JOINED.fetch_add(1, SeqCst);
    }
    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

impl StartsThreads for Counted {}

impl Threads for Counted {
    const NAME: &'static str = "counted";
    const MAY_START: bool = true;
    type Thread = CountedThread;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<CountedThread, Error> {
        let thread = OsThreads::start(name, main)?;
        STARTED.fetch_add(1, SeqCst);
        Ok(CountedThread(thread))
    }
}

macro_rules! configs {
    ($($name:ident: $threads:ty;)+) => { $(
struct $name<Q>(PhantomData<Q>);

impl<Q: LocalQueue> Config for $name<Q> {
    type Scheduler = WorkStealing<1, Balanced, Q>;
    type Driver = SleepOnly;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = $threads;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = stringify!($name);
    const WORKERS_EXACT: bool = true;
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}
    )+ };
}
configs! {
    Few: Scarce;
    Tidy: Counted;
    Panics: Panicky;
}

/// A shutdown is over when the threads that stood in are.
#[test]
fn a_shutdown_joins_those_that_stood_in() {
    type App = Tidy<crate::scheduler::Ring>;
    let (census, runtime) = start::<App>();
    let met = Arc::new(Barrier::new(4));
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let met = met.clone();
            runtime.spawn(async move {
                App::block_in_place(|| met.wait());
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    ends(&census, runtime);
    let started = STARTED.load(SeqCst);
    assert!(started >= 4, "the worker's own, and three that stood in at a time: {started}");
    assert_eq!(JOINED.load(SeqCst), started);
}

/// Rather a panic than a closure that waits for ever for what its worker would do. The worker has not left its thread.
fn without_a_thread_to_stand_in_it_panics<Q: LocalQueue>() {
    let (census, runtime) = start::<Few<Q>>();
    for _ in 0..3 {
        let task = runtime.spawn(async {
            let child = Few::<Q>::spawn(async { 7 });
            let tried = std::panic::catch_unwind(|| Few::<Q>::block_in_place(|| unreachable!("nobody stands in")));
            let said = *tried.unwrap_err().downcast::<String>().unwrap();
            Few::<Q>::sleep(Duration::from_millis(1)).await;
            (said, child.await.unwrap())
        });
        let (said, child) = runtime.block_on(task).unwrap();
        assert!(said.starts_with("`block_in_place` of `Few` has no thread that runs the worker meanwhile: "), "{said}");
        assert!(said.contains("the test has none"), "{said}");
        assert_eq!(child, 7);
    }
    ends(&census, runtime);
}

/// Whatever the queues are like: short ones overflow, and without a slot all are queued.
fn what_is_queued_is_run_by_the_stand_in<Q: LocalQueue>() {
    fn run<C: Config<Scheduler: HandsOver>>() {
        let (census, runtime) = start::<C>();
        let tasks: Vec<_> = (0..5)
            .map(|_| {
                runtime.handle().spawn(async {
                    let (tell, told) = mpsc::channel();
                    for n in 0..20 {
                        let tell = tell.clone();
                        drop(C::spawn(async move {
                            C::yield_now().await;
                            C::sleep(Duration::from_micros(n)).await;
                            tell.send(n)
                        }));
                    }
                    let got: u64 = (0..20).map(|_| C::block_in_place(|| told.recv_timeout(LONG)).unwrap()).sum();
                    assert_eq!(got, (0..20).sum());
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(async { C::timeout(LONG, task).await.expect("it is stuck") }).unwrap();
        }
        ends(&census, runtime);
    }
    run::<Alone<Q>>();
    run::<Narrow<Q>>();
    run::<Fair<Q>>();
}

suite! {
    ring: crate::scheduler::Ring;
    #[cfg(feature = "crossbeam-deque")]
    deque: crate::scheduler::Deque;
    => [
        a_worker_whose_stand_in_fails_ends_when_its_thread_is_back
        a_worker_that_fails_waits_for_those_that_are_away
        a_closure_hears_that_its_stand_in_failed
        without_a_thread_to_stand_in_it_panics
        what_is_queued_is_run_by_the_stand_in
    ]
}
