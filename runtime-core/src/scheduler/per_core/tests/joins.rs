//! Threads that can be joined within a time: a runtime that ends waits for their ends, and for nothing that they say before.

use super::WORKERS;
use crate::config::{Config, Sealed};
use crate::error::Error;
use crate::roles::{JoinThread, OsEntropy, OsThreads, Threads, Uniform};
use crate::runtime::Runtime;
use crate::scheduler::PerCore;
use crate::testing::{Census, Heap, SleepOnly};
use crate::time::Monotonic;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::JoinHandle;
use std::time::Instant;
use std::vec::Vec;

/// How the waits of the test that runs ended: by the end of the thread, and by that of the time. One test runs at a time.
static JOINED: AtomicUsize = AtomicUsize::new(0);
static GAVE_UP: AtomicUsize = AtomicUsize::new(0);
static ALONE: Mutex<()> = Mutex::new(());

#[derive(Debug)]
struct Patient;

struct PatientThread(JoinHandle<()>);

impl Threads for Patient {
    const NAME: &'static str = "patient";
    const MAY_START: bool = true;
    type Thread = PatientThread;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<PatientThread, Error> {
        OsThreads::start(name, main).map(PatientThread)
    }
}

impl JoinThread for PatientThread {
    fn join(self) {
        JoinThread::join(self.0);
    }
    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
    fn join_within(self, timeout: Duration) -> Result<(), Self> {
        let begin = Instant::now();
        while !self.0.is_finished() {
            if begin.elapsed() >= timeout {
                GAVE_UP.fetch_add(1, SeqCst);
                return Err(self);
            }
            std::thread::sleep(Duration::from_micros(100));
        }
        JoinThread::join(self.0);
        JOINED.fetch_add(1, SeqCst);
        Ok(())
    }
}

#[derive(Debug)]
struct Patience;

impl Config for Patience {
    type Scheduler = PerCore<WORKERS>;
    type Driver = SleepOnly;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = Patient;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = "Patience";
    const WORKERS_EXACT: bool = true;
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

/// A worker leaves its seat before its thread ends, and nobody is told of that.
#[test]
fn a_runtime_that_ends_waits_for_the_ends_of_its_threads() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..if cfg!(miri) { 3 } else { 200 } {
        let census = Census::start();
        let (joined, gave_up) = (JOINED.load(SeqCst), GAVE_UP.load(SeqCst));
        let runtime = Runtime::<Patience>::new().unwrap();
        assert_eq!(runtime.block_on(runtime.handle().spawn_on(1, async || 7)).unwrap(), 7);
        let shutdown = runtime.shutdown_timeout(Duration::from_secs(20));
        assert!(shutdown.is_clean(), "{shutdown}");
        assert_eq!((JOINED.load(SeqCst) - joined, GAVE_UP.load(SeqCst) - gave_up), (WORKERS, 0));
        census.assert_all_freed();
    }
}

/// The time is that of all waits together, and each worker that is left is told of, also one whose thread was not waited for.
#[test]
fn who_waits_for_a_busy_worker_gives_up_in_time() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    for busy in [&[0][..], &[1], &[2], &[0, 2], &[1, 2]] {
        let census = Census::start();
        let gave_up = GAVE_UP.load(SeqCst);
        let runtime = Runtime::<Patience>::new().unwrap();
        let handle = runtime.handle();
        let (told, heard) = mpsc::channel();
        let polls: Vec<_> = busy
            .iter()
            .map(|worker| {
                let (go_on, waits) = mpsc::channel::<()>();
                let told = told.clone();
                drop(handle.spawn_on(*worker, async move || {
                    told.send(()).unwrap();
                    let _ = waits.recv();
                }));
                heard.recv().unwrap();
                go_on
            })
            .collect();
        let begin = Instant::now();
        // Long enough for the others.
        let shutdown = runtime.shutdown_timeout(Duration::from_millis(if cfg!(miri) { 20_000 } else { 500 }));
        assert_eq!(shutdown.workers(), busy);
        assert_eq!(GAVE_UP.load(SeqCst) - gave_up, 1, "one wait took all of the time");
        assert!(cfg!(miri) || begin.elapsed() < Duration::from_secs(10));
        drop((polls, handle));
        for _ in 0..2000 {
            if census.is_balanced() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        census.assert_all_freed();
    }
}
