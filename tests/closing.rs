//! What the program's own code may do to a runtime that closes, and to one that goes on: wakers and buffers that panic, that
//! ask again, that hold what the runtime gives out.

#![allow(clippy::disallowed_methods, reason = "threads that are not the runtime's")]

use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::task::Wake;

use bespoke::rt::JoinSet;
use bespoke::{Runtime, preset};

#[cfg(target_os = "linux")]
#[path = "closing/descriptors.rs"]
mod descriptors;
#[cfg(target_os = "linux")]
#[path = "common/ring.rs"]
mod ring;

type D = preset::Default;
type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One case at a time: some look at the descriptors of the process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How often it was woken, and a sleep that the wake begins anew.
struct Again {
    wakes: AtomicUsize,
    sleep: Mutex<Option<Held>>,
}

impl Again {
    fn arm(self: &Arc<Self>) {
        let waker = Waker::from(self.clone());
        let mut sleep: Held = Box::pin(D::sleep(Duration::from_secs(3600)));
        let _ = sleep.as_mut().poll(&mut Context::from_waker(&waker));
        *self.sleep.lock().expect("nobody panics") = Some(sleep);
    }
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        assert!(self.wakes.fetch_add(1, SeqCst) < 100_000, "the close wakes for ever");
        self.arm();
    }
}

#[test]
fn a_waker_that_sleeps_again_does_not_keep_a_close_busy() {
    let _alone = alone();
    let rt = Runtime::<D>::new().expect("it starts");
    let again = Arc::new(Again { wakes: AtomicUsize::new(0), sleep: Mutex::new(None) });
    rt.block_on(async { again.arm() });
    drop(rt);
    assert_eq!(again.wakes.load(SeqCst), 1);
}

/// Polls a future where it is woken.
struct Inline {
    future: Mutex<Option<Held>>,
    ready: AtomicBool,
}

impl Wake for Inline {
    fn wake(self: Arc<Self>) {
        let waker = Waker::from(self.clone());
        if let Some(future) = self.future.lock().expect("nobody panics").as_mut() {
            let ready = future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            self.ready.store(ready, SeqCst);
        }
    }
}

#[test]
fn a_close_does_not_say_that_an_hour_is_over() {
    let _alone = alone();
    let rt = Runtime::<D>::new().expect("it starts");
    let inline = Arc::new(Inline { future: Mutex::new(None), ready: AtomicBool::new(false) });
    rt.block_on(async {
        let waker = Waker::from(inline.clone());
        let mut sleep: Held = Box::pin(D::sleep(Duration::from_secs(3600)));
        assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        *inline.future.lock().expect("nobody panics") = Some(sleep);
    });
    drop(rt);
    assert!(!inline.ready.load(SeqCst));
    *inline.future.lock().expect("nobody panics") = None;
}

/// Does something once, when it is woken or dropped.
struct Once(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Once {
    fn new(f: impl FnOnce() + Send + 'static) -> Self {
        Once(Mutex::new(Some(Box::new(f))))
    }

    fn go(&self) {
        let f = self.0.lock().expect("nobody panics").take();
        f.into_iter().for_each(|f| f());
    }
}

impl Wake for Once {
    fn wake(self: Arc<Self>) {
        self.go();
    }
}

/// A task that never ends, and goes with a bang.
struct Ends(Once);

impl Future for Ends {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.go();
    }
}

/// Between the close of the inbox and the merge of the tasks other threads are told that the runtime is closed already.
#[test]
fn a_set_that_is_asked_in_the_midst_of_a_close_keeps_its_results() {
    let _alone = alone();
    let rt = Runtime::<D>::new().expect("it starts");
    let handle = rt.handle();
    let (to_set, set_gets) = mpsc::channel::<JoinSet<u32, D>>();
    let (go, gone) = mpsc::channel::<()>();
    let (answer, answered) = mpsc::channel::<()>();
    let elsewhere = std::thread::spawn(move || {
        let mut set = set_gets.recv().expect("it comes");
        gone.recv().expect("it comes");
        // Whether it is there already or not: it is not lost, and nothing panics.
        let early = set.try_join_next();
        answer.send(()).expect("it is waited for");
        (early, set)
    });
    let outlives = rt.block_on(async {
        let mut set = JoinSet::<u32, D>::new();
        set.spawn(core::future::pending());
        D::yield_now().await;
        to_set.send(set).expect("it is waited for");
        // A task that another thread spawns during step 3 is cancelled in step 6, and holds it up.
        let spawn_there = move || {
            let spawn = move || {
                let asks = move || {
                    go.send(()).expect("it is waited for");
                    answered.recv().expect("an answer");
                };
                drop(handle.spawn(Ends(Once::new(asks))));
            };
            std::thread::spawn(spawn).join().expect("it spawns");
        };
        let waker = Waker::from(Arc::new(Once::new(spawn_there)));
        let mut sleep = Box::pin(D::sleep(Duration::from_secs(3600)));
        assert!(sleep.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        Some(sleep)
    });
    drop(rt);
    drop(outlives);
    let (early, mut set) = elsewhere.join().expect("no panic");
    let result = early.or_else(|| set.try_join_next()).expect("it is over");
    assert!(result.expect_err("it has no output").is_cancelled());
    assert!(set.is_empty());
}

/// Panics when its last reference goes.
struct Loud;

impl Wake for Loud {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Loud {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a waker's own");
    }
}

/// A clock that is counted: one is in each worker.
#[derive(Debug)]
struct CountedClock;

/// The clock of a worker.
#[derive(Debug)]
struct InWorker;

static WORKERS: AtomicUsize = AtomicUsize::new(0);

impl Clone for InWorker {
    fn clone(&self) -> Self {
        WORKERS.fetch_add(1, SeqCst);
        InWorker
    }
}

impl Drop for InWorker {
    fn drop(&mut self) {
        WORKERS.fetch_sub(1, SeqCst);
    }
}

impl bespoke_core::roles::Clock for CountedClock {
    const NAME: &'static str = "counted";
    type Live = InWorker;
    fn start() -> InWorker {
        WORKERS.fetch_add(1, SeqCst);
        InWorker
    }
    fn now(_: &InWorker) -> bespoke::Instant {
        bespoke::Instant::ZERO
    }
}

struct Counted;

#[bespoke::config(base = preset::Default)]
impl bespoke::Config for Counted {
    type Clock = CountedClock;
}

#[test]
fn a_set_whose_waker_panics_as_it_goes_frees_its_worker() {
    let _alone = alone();
    let rt = Runtime::<Counted>::new().expect("it starts");
    rt.block_on(async {
        let mut set = JoinSet::<u32, Counted>::new();
        set.spawn(core::future::pending());
        let waker = Waker::from(Arc::new(Loud));
        assert!(set.poll_join_next(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        assert!(catch_unwind(AssertUnwindSafe(|| drop(set))).is_err());
    });
    assert_ne!(WORKERS.load(SeqCst), 0);
    drop(rt);
    assert_eq!(WORKERS.load(SeqCst), 0);
}
