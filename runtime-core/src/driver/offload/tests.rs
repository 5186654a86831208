//! Calls that end, are given up, outlive their runtime. Miri runs these: what the calls use is used by two threads.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

use super::*;
use crate::config::{Config, PanicPolicy, Sealed};
use crate::roles::{NoThreads, OsEntropy, Uniform};
use crate::runtime::Runtime;
use crate::scheduler::SingleThread;
use crate::testing::{App, Heap, SleepOnly};
use crate::time::Monotonic;
use crate::util::dangling::MaybeDangling;
use alloc::boxed::Box;
use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::mpsc;

/// No blocking threads.
#[derive(Debug)]
struct Alone;

impl Config for Alone {
    type Scheduler = SingleThread;
    type Driver = SleepOnly;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = NoThreads;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = "Alone";
    const BLOCKING_THREADS_MAX: usize = 0;
    const PANIC: PanicPolicy = PanicPolicy::Catch;
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

/// Starts `call` on the worker of this thread.
fn start<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Result<Offloaded<T>, Errno> {
    let mut started = Offloaded::default();
    // SAFETY: the tests run this inside a runtime; the calls use what they own, or what is kept.
    unsafe { started.start(call) }.map(|()| started)
}

fn poll_once<T: Send + 'static>(call: &mut Offloaded<T>) -> Poll<Option<Result<T, Errno>>> {
    call.poll(&mut Context::from_waker(Waker::noop()))
}

/// Sends when it is dropped.
struct Told(mpsc::Sender<&'static str>, &'static str);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.send(self.1);
    }
}

#[test]
fn a_call_is_made_elsewhere_and_its_return_awaited() {
    Runtime::<App>::new().unwrap().block_on(async {
        let here = std::thread::current().id();
        let mut call = start(move || std::thread::current().id() != here).unwrap();
        assert!(call.is_started());
        assert_eq!(poll_fn(|cx| call.poll(cx)).await, Some(Ok(true)));
        assert!(!call.is_started());
        assert_eq!(poll_once(&mut call), Poll::Ready(None));
    });
}

#[test]
fn a_panic_goes_on_where_the_call_is_awaited() {
    Runtime::<App>::new().unwrap().block_on(async {
        let mut call = start::<()>(|| panic!("by the call")).unwrap();
        let polled = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| call.poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            other => Poll::Ready(other),
        });
        assert_eq!(*polled.await.unwrap_err().downcast::<&str>().unwrap(), "by the call");
        assert!(!call.is_started());
    });
}

#[test]
fn without_threads_there_is_no_call() {
    Runtime::<Alone>::new().unwrap().block_on(async {
        assert_eq!(start(|| ()).unwrap_err(), Errno::NO_THREADS);
    });
}

#[test]
fn what_an_abandoned_call_uses_is_dropped_after_it() {
    let (told, hear) = mpsc::channel();
    Runtime::<App>::new().unwrap().block_on(async {
        let (go, gone) = mpsc::channel::<()>();
        let (running, runs) = mpsc::channel();
        // The call writes where the kept box is, which nobody looks at until it is over.
        let mut kept = MaybeDangling::new(Box::new(0u8));
        let place = SendPtr(&raw mut **kept.get_mut());
        let output = Told(told.clone(), "output");
        let mut call = start(move || {
            let place = { place };
            running.send(()).unwrap();
            let _ = gone.recv();
            // SAFETY: the box is kept for the call.
            unsafe { *place.0 = 7 };
            output
        })
        .unwrap();
        runs.recv().unwrap();
        call.abandon(Kept(kept, Told(told.clone(), "kept")));
        assert!(!call.is_started());
        assert_eq!(hear.recv_timeout(Duration::from_millis(20)), Err(mpsc::RecvTimeoutError::Timeout), "it runs");
        go.send(()).unwrap();
        assert_eq!((hear.recv(), hear.recv()), (Ok("output"), Ok("kept")));

        // One that is over.
        let mut call = start(|| ()).unwrap();
        while poll_fn(|_| Poll::Ready(call.0.as_ref().is_some_and(|handle| !handle.is_finished()))).await {
            std::thread::yield_now();
        }
        call.abandon(Told(told.clone(), "at once"));
        assert_eq!(hear.try_recv(), Ok("at once"));
        // And none.
        call.abandon(Told(told.clone(), "none"));
        assert_eq!(hear.try_recv(), Ok("none"));
    });
}

/// Says which thread writes: the one that makes the call.
struct SendPtr(*mut u8);
// SAFETY: the box is on the heap, and nobody else uses it meanwhile.
unsafe impl Send for SendPtr {}

/// A box that may be pointed at, and a word when it goes.
#[expect(dead_code, reason = "they are dropped")]
struct Kept(MaybeDangling<Box<u8>>, Told);

#[test]
fn a_call_outlives_its_runtime() {
    let (go, gone) = mpsc::channel::<()>();
    let (running, runs) = mpsc::channel();
    let runtime = Runtime::<App>::new().unwrap();
    let mut call = runtime.block_on(async {
        start(move || {
            running.send(()).unwrap();
            gone.recv().is_ok()
        })
        .unwrap()
    });
    runs.recv().unwrap();
    let left = runtime.shutdown_timeout(Duration::ZERO);
    assert_eq!(left.running_jobs, 1);
    assert!(poll_once(&mut call).is_pending());
    go.send(()).unwrap();
    while poll_once(&mut call).is_pending() {
        std::thread::yield_now();
    }
    assert!(!call.is_started());
}

#[test]
fn a_call_that_waits_is_refused_when_the_runtime_closes() {
    let runtime = Runtime::<App>::new().unwrap();
    let (_go, gone) = mpsc::channel::<()>();
    let gone = Arc::new(Mutex::new(gone));
    // More calls than threads: some wait.
    let mut calls: alloc::vec::Vec<_> = runtime.block_on(async {
        (0..App::BLOCKING_THREADS_MAX.min(8) + 2)
            .map(|_| {
                let gone = gone.clone();
                start(move || gone.lock().is_ok_and(|gone| gone.recv_timeout(Duration::from_millis(5)).is_ok()))
                    .unwrap()
            })
            .collect()
    });
    drop(runtime);
    for call in &mut calls {
        match poll_once(call) {
            Poll::Ready(Some(ended)) => assert!([Ok(false), Err(Errno::RUNTIME_CLOSED)].contains(&ended), "{ended:?}"),
            other => panic!("a closed runtime leaves {other:?}"),
        }
    }
}
