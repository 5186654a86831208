//! Loom models of the pool, on the real code, and for each a planted mistake that it must find.
//!
//! Run with `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=2 cargo test --release -p bespoke-core --features std --lib
//! blocking::tests::loom -- --test-threads=1`.

use super::super::job::counts;
use crate::blocking::{Keep, Limits, Pool, spawn};
use crate::config::PanicPolicy;
use crate::error::Error;
use crate::loom::{Plant, plants};
use crate::roles::{JoinThread, Threads};
use crate::task::{JoinError, JoinHandle};
use core::mem::ManuallyDrop;
use core::ops::Deref;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use loom::cell::UnsafeCell;
use loom::sync::{Arc, Notify};
use std::panic::catch_unwind;
use std::string::String;
use std::sync::{Mutex, PoisonError};
use std::task::Wake;

/// The model's threads.
struct Modelled;

struct Thread {
    handle: loom::thread::JoinHandle<()>,
    over: std::sync::Arc<AtomicBool>,
}

impl Threads for Modelled {
    const NAME: &'static str = "loom";
    const MAY_START: bool = true;
    type Thread = Thread;
    fn start(_: &str, main: impl FnOnce() + Send + 'static) -> Result<Thread, Error> {
        let over = std::sync::Arc::new(AtomicBool::new(false));
        let at_end = over.clone();
        let handle = loom::thread::spawn(move || {
            main();
            at_end.store(true, SeqCst);
        });
        Ok(Thread { handle, over })
    }
}

impl JoinThread for Thread {
    fn join(self) {
        self.handle.join().unwrap();
    }
    fn is_finished(&self) -> bool {
        self.over.load(SeqCst)
    }
}

/// Holds the pool. When loom gives a model up by a panic, nothing of loom's may be touched any more: it leaks then.
struct Hold(ManuallyDrop<Arc<Pool<Modelled>>>);

impl Clone for Hold {
    fn clone(&self) -> Self {
        Hold(self.0.clone())
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: dropped here and nowhere else.
            unsafe { ManuallyDrop::drop(&mut self.0) }
        }
    }
}

impl Deref for Hold {
    type Target = Pool<Modelled>;
    fn deref(&self) -> &Pool<Modelled> {
        &self.0
    }
}

impl Keep<Modelled> for Hold {
    fn pool(&self) -> &Pool<Modelled> {
        &self.0
    }
    fn home(&self) -> *const () {
        core::ptr::null()
    }
}

static LIMITS: Limits =
    Limits { name: "loom", kind: "blocking", threads_max: 1, queue_max: 2, keep_alive: Duration::MAX };

fn pool() -> Hold {
    counts::reset();
    Hold(ManuallyDrop::new(Arc::new(Pool::new(&LIMITS))))
}

fn submit<R: Send + 'static>(pool: &Hold, closure: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    spawn(pool, PanicPolicy::Catch, closure, || pool.clone())
}

/// Waits for a job on this thread.
fn block_on<R>(handle: JoinHandle<R>) -> Result<R, JoinError> {
    struct Bell(Notify);
    impl Wake for Bell {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.notify();
        }
    }
    // As `Hold`. A handle that yielded has nothing to drop.
    let mut handle = ManuallyDrop::new(handle);
    let bell = std::sync::Arc::new(Bell(Notify::new()));
    let waker = Waker::from(bell.clone());
    loop {
        match Pin::new(&mut *handle).poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => bell.0.wait(),
        }
    }
}

/// A value that goes with a job. Loom sees a drop that is not ordered after its making, and a second one.
struct Canary {
    alive: UnsafeCell<bool>,
    drops: std::sync::Arc<AtomicUsize>,
}

impl Canary {
    fn new(drops: &std::sync::Arc<AtomicUsize>) -> Self {
        Canary { alive: UnsafeCell::new(true), drops: drops.clone() }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: loom checks that nobody else touches the cell.
            self.alive.with_mut(|alive| assert!(core::mem::replace(unsafe { &mut *alive }, false), "dropped twice"));
            self.drops.fetch_add(1, SeqCst);
        }
    }
}

fn drops() -> std::sync::Arc<AtomicUsize> {
    std::sync::Arc::new(AtomicUsize::new(0))
}

/// Closes the pool and looks that nothing is left.
fn end(pool: &Pool<Modelled>) {
    pool.close();
    assert_eq!(pool.wait(Duration::MAX), 0);
    assert_eq!((pool.threads(), pool.waiting()), (0, 0));
}

/// A job comes while the pool is closed: it ran before the end of the close, or it is cancelled. `warm`: a thread waits.
fn spawn_vs_shutdown(warm: bool) {
    let (pool, drops) = (pool(), drops());
    if warm {
        block_on(submit(&pool, || ())).unwrap();
    }
    let shut = std::sync::Arc::new(AtomicBool::new(false));
    let other = loom::thread::spawn({
        let (pool, shut, canary) = (pool.clone(), shut.clone(), Canary::new(&drops));
        move || {
            submit(&pool, move || {
                assert!(!shut.load(SeqCst), "a job runs after the pool was closed");
                drop(canary);
            })
        }
    });
    end(&pool);
    shut.store(true, SeqCst);
    let handle = other.join().unwrap();
    assert!(handle.is_finished(), "a job is left over");
    let result = block_on(handle);
    assert!(result.is_ok() || result.is_err_and(|error| error.is_cancelled()), "a job failed");
    assert_eq!(drops.load(SeqCst), 1);
    end(&pool);
    assert_eq!(counts::live(), 0, "a job leaked");
}

/// A job completes while its handle, which has a waker in the slot or not, is dropped: the output is dropped once.
fn complete_vs_drop_handle(polled: bool) {
    let (pool, drops) = (pool(), drops());
    let canary = Canary::new(&drops);
    let mut handle = submit(&pool, move || canary);
    if polled && let Poll::Ready(output) = Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop())) {
        drop(output);
    }
    drop(handle);
    end(&pool);
    assert_eq!(drops.load(SeqCst), 1, "the output leaked");
    assert_eq!(counts::live(), 0, "a job leaked");
}

/// What the closure of `abort_vs_run` takes along. It has no bytes: when a mistake lets it go twice, the second time must not
/// read what the first one left behind.
struct Mark;

static MARKS: AtomicUsize = AtomicUsize::new(0);

impl Drop for Mark {
    fn drop(&mut self) {
        MARKS.fetch_add(1, SeqCst);
    }
}

/// A job is aborted while it starts: the closure goes once, and the handle yields.
fn abort_vs_run() {
    let pool = pool();
    MARKS.store(0, SeqCst);
    let mark = Mark;
    let handle = submit(&pool, move || drop(mark));
    let abort = handle.abort_handle();
    let other = loom::thread::spawn(move || abort.abort());
    let result = block_on(handle);
    assert!(result.is_ok() || result.is_err_and(|error| error.is_cancelled()), "a job failed");
    other.join().unwrap();
    end(&pool);
    assert_eq!(MARKS.load(SeqCst), 1, "the closure went twice");
    assert_eq!(counts::live(), 0, "a job leaked");
}

/// Jobs come one after the other, to a thread that is about to wait, waits, or runs: each is run.
fn hand_over_vs_park() {
    let (pool, drops) = (pool(), drops());
    for _ in 0..2 {
        let canary = Canary::new(&drops);
        drop(block_on(submit(&pool, move || canary)).unwrap());
    }
    end(&pool);
    assert_eq!(drops.load(SeqCst), 2);
    assert_eq!(counts::live(), 0, "a job leaked");
}

/// What loom says of a model in which every thread sleeps.
const STUCK: &str = "deadlock";

/// One model at a time: the counts and the plants are the process's.
static ONE: Mutex<()> = Mutex::new(());

fn run(body: fn()) -> usize {
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let counter = executions.clone();
    loom::model(move || {
        counter.fetch_add(1, SeqCst);
        body();
    });
    executions.load(SeqCst)
}

fn model(name: &str, body: fn(), twins: &[(Plant, &[&str])]) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let executions = run(body);
    std::eprintln!("{name}: {executions} executions");
    for &(twin, shows) in twins {
        plants::set(Some(twin));
        let found = catch_unwind(AssertUnwindSafe(|| run(body)));
        plants::set(None);
        let panic = found.expect_err("the model does not find its plant");
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        assert!(shows.iter().any(|shows| text.contains(shows)), "{name} finds {twin:?}, but by {text:?}");
    }
}

#[test]
fn spawn_vs_shutdown_model() {
    model(
        "spawn_vs_shutdown",
        || spawn_vs_shutdown(false),
        &[(Plant::SubmitInTwoSteps, &["a job is left over", "a job failed"])],
    );
}

#[test]
fn spawn_vs_shutdown_warm_model() {
    model(
        "spawn_vs_shutdown, warm",
        || spawn_vs_shutdown(true),
        &[(Plant::SubmitInTwoSteps, &["a job is left over", "a job failed"])],
    );
}

#[test]
fn complete_vs_drop_handle_model() {
    model(
        "complete_vs_drop_handle",
        || complete_vs_drop_handle(false),
        &[(Plant::DetachInTwoSteps, &["the output leaked"])],
    );
}

#[test]
fn complete_vs_drop_polled_handle_model() {
    model("complete_vs_drop_handle, polled", || complete_vs_drop_handle(true), &[]);
}

#[test]
fn abort_vs_run_model() {
    model("abort_vs_run", abort_vs_run, &[(Plant::ClaimInTwoSteps, &["the closure went twice"])]);
}

#[test]
fn hand_over_vs_park_model() {
    model("hand_over_vs_park", hand_over_vs_park, &[(Plant::SeatInTwoSteps, &[STUCK])]);
}
