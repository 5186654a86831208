//! The pool on its own.

use crate::blocking::{Keep, Limits, Pool, spawn};
use crate::config::PanicPolicy;
use crate::error::Error;
use crate::roles::{OsThreads, Threads};
use crate::task::{JoinError, JoinHandle};
use core::num::NonZeroI32;
use core::pin::pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use core::time::Duration;
use std::string::{String, ToString};
use std::sync::{Arc, Mutex, mpsc};
use std::task::Wake;
use std::thread::{self, Thread};
use std::vec::Vec;

/// Long enough that no test waits for it to its end.
const LONG: Duration = Duration::from_secs(600);

struct Hold<T: Threads>(Arc<Pool<T>>);

impl<T: Threads> Keep<T> for Hold<T> {
    fn pool(&self) -> &Pool<T> {
        &self.0
    }
    fn home(&self) -> *const () {
        core::ptr::null()
    }
}

/// A pool that is closed when it is dropped.
struct Owner<T: Threads>(Arc<Pool<T>>);

impl<T: Threads> Owner<T> {
    fn spawn<R: Send + 'static>(&self, closure: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
        spawn(&self.0, PanicPolicy::Catch, closure, || Hold(self.0.clone()))
    }
    fn until(&self, what: &str, is: impl Fn(&Pool<T>) -> bool) {
        for _ in 0..100_000 {
            if is(&self.0) {
                return;
            }
            thread::yield_now();
            thread::park_timeout(Duration::from_micros(100));
        }
        panic!("never: {what}");
    }
    fn close(self) -> usize {
        self.0.close();
        self.0.wait(LONG)
    }
}

impl<T: Threads> Drop for Owner<T> {
    fn drop(&mut self) {
        self.0.close();
        self.0.wait(LONG);
    }
}

macro_rules! pool {
    ($($field:ident: $value:expr),*) => { pool!(OsThreads; $($field: $value),*) };
    ($threads:ty; $($field:ident: $value:expr),*) => {{

        static LIMITS: Limits = Limits { $($field: $value,)* ..DEFAULT };
        Owner(Arc::new(Pool::<$threads>::new(&LIMITS)))
    }};
}

const DEFAULT: Limits = Limits { name: "test", kind: "blocking", threads_max: 4, queue_max: 1000, keep_alive: LONG };

struct Unparker(Thread);

impl Wake for Unparker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a handle on this thread, without a runtime.
fn join<R>(handle: JoinHandle<R>) -> Result<R, JoinError> {
    let waker = Waker::from(Arc::new(Unparker(thread::current())));
    let mut handle = pin!(handle);
    loop {
        match handle.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

/// A thing that counts its drops.
#[derive(Clone)]
struct Drops(Arc<AtomicUsize>);

struct Counted(Drops);

impl Drops {
    fn new() -> Self {
        Drops(Arc::new(AtomicUsize::new(0)))
    }
    fn thing(&self) -> Counted {
        Counted(self.clone())
    }
    fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_add(1, SeqCst);
    }
}

/// A job that runs until its gate is opened.
struct Gate(mpsc::Sender<()>);

impl Gate {
    fn open(self) {
        self.0.send(()).unwrap();
    }
}

fn gated<T: Threads>(pool: &Owner<T>) -> (Gate, JoinHandle<thread::ThreadId>) {
    let (open, opened) = mpsc::channel();
    let (began, begun) = mpsc::channel();
    let handle = pool.spawn(move || {
        began.send(()).unwrap();
        opened.recv().unwrap();
        thread::current().id()
    });
    begun.recv().unwrap();
    (Gate(open), handle)
}

#[test]
fn a_job_runs_on_another_thread_and_yields_its_output() {
    let pool = pool!();
    assert_eq!(pool.0.threads(), 0);
    let handle = pool.spawn(|| (thread::current().id(), thread::current().name().map(ToString::to_string)));
    let (id, name) = join(handle).unwrap();
    assert_ne!(id, thread::current().id());
    assert_eq!(name.as_deref(), Some("test-blocking"));
    assert_eq!(pool.0.threads(), 1);
}

#[test]
fn closures_and_outputs_of_every_size_fit_the_stage() {
    let pool = pool!();
    let big = [7u8; 500];
    assert_eq!(join(pool.spawn(|| [1u64; 100])).unwrap(), [1; 100]);
    assert_eq!(join(pool.spawn(move || big[499])).unwrap(), 7);
    assert_eq!(join(pool.spawn(move || big)).unwrap(), big);
    join(pool.spawn(|| ())).unwrap();
    #[repr(align(64))]
    struct Aligned(u8);
    assert_eq!(join(pool.spawn(|| Aligned(3))).unwrap().0, 3);
    assert_eq!(&*join(pool.spawn(|| String::from("text"))).unwrap(), "text");
}

#[test]
fn jobs_of_a_pool_of_one_all_run_or_resolve_cancelled() {
    const JOBS: usize = if cfg!(miri) { 200 } else { 10_000 };
    let pool = pool!(threads_max: 1, queue_max: JOBS);
    let (drops, ran) = (Drops::new(), Arc::new(AtomicUsize::new(0)));
    let handles: Vec<_> = (0..JOBS)
        .map(|i| {
            let (thing, ran) = (drops.thing(), ran.clone());
            pool.spawn(move || {
                let _thing = thing;
                ran.fetch_add(1, SeqCst);
                i
            })
        })
        .collect();
    pool.until("half of them ran", |_| ran.load(SeqCst) >= JOBS / 2);
    assert_eq!(pool.close(), 0);
    let mut cancelled = 0;
    for (i, handle) in handles.into_iter().enumerate() {
        assert!(handle.is_finished());
        match join(handle) {
            Ok(output) => assert_eq!(output, i),
            Err(error) => {
                assert!(error.is_cancelled());
                cancelled += 1;
            }
        }
    }
    assert_eq!(ran.load(SeqCst) + cancelled, JOBS);
    assert_eq!(drops.count(), JOBS);
}

#[test]
fn no_more_threads_than_allowed() {
    let pool = pool!(threads_max: 2);
    let at_once = Arc::new(Mutex::new((0, 0)));
    let handles: Vec<_> = (0..50)
        .map(|_| {
            let at_once = at_once.clone();
            pool.spawn(move || {
                {
                    let (now, most) = &mut *at_once.lock().unwrap();
                    *now += 1;
                    *most = (*now).max(*most);
                }
                thread::yield_now();
                at_once.lock().unwrap().0 -= 1;
            })
        })
        .collect();
    handles.into_iter().for_each(|handle| join(handle).unwrap());
    assert!(at_once.lock().unwrap().1 <= 2);
    assert_eq!(pool.0.threads(), 2);
}

#[test]
fn a_panic_ends_in_the_join_error_and_the_thread_goes_on() {
    let pool = pool!(threads_max: 1);
    let drops = Drops::new();
    let thing = drops.thing();
    let number = thread::current().id();
    let error = join(pool.spawn(move || {
        let _thing = thing;
        panic!("of {number:?}")
    }));
    let Err::<(), _>(error) = error else { panic!("it did not panic") };
    assert!(error.is_panic() && !error.is_cancelled() && !error.is_rejected());
    assert_eq!(error.into_panic().downcast_ref::<String>().unwrap(), &std::format!("of {number:?}"));
    assert_eq!(drops.count(), 1);
    assert_eq!(join(pool.spawn(|| 3)).unwrap(), 3);
    assert_eq!(pool.0.threads(), 1);
}

#[test]
fn an_abort_of_a_waiting_job_cancels_it_at_once() {
    let pool = pool!(threads_max: 1);
    let (gate, first) = gated(&pool);
    let drops = Drops::new();
    let thing = drops.thing();
    let second = pool.spawn(move || drop(thing));
    let abort = second.abort_handle();
    assert!(!second.is_finished());
    abort.abort();
    assert!(abort.is_finished());
    assert_eq!(drops.count(), 1);
    assert!(join(second).unwrap_err().is_cancelled());
    abort.abort();
    // It still lies in the queue, and nobody runs it.
    assert_eq!(pool.0.waiting(), 1);
    gate.open();
    join(first).unwrap();
    join(pool.spawn(|| ())).unwrap();
    assert_eq!(drops.count(), 1);
}

#[test]
fn an_abort_of_a_running_or_complete_job_does_nothing() {
    let pool = pool!();
    let (gate, handle) = gated(&pool);
    handle.abort();
    assert!(!handle.is_finished());
    gate.open();
    join(handle).unwrap();

    let handle = pool.spawn(|| 4);
    pool.until("it is complete", |_| handle.is_finished());
    handle.abort();
    assert_eq!(join(handle).unwrap(), 4);
}

#[test]
fn a_full_queue_rejects() {
    let pool = pool!(threads_max: 1, queue_max: 2);
    let (gate, first) = gated(&pool);
    let waiting = [pool.spawn(|| 1), pool.spawn(|| 2)];
    let drops = Drops::new();
    let thing = drops.thing();
    let refused = pool.spawn(move || drop(thing));
    assert!(refused.is_finished());
    assert_eq!(drops.count(), 1);
    let error = join(refused).unwrap_err();
    assert!(error.is_rejected() && !error.is_cancelled() && !error.is_panic());
    let text = error.to_string();
    assert!(
        text.ends_with(
            "was rejected: the blocking queue is full: 2 jobs wait for 1 threads; raise BLOCKING_QUEUE_MAX or \
             BLOCKING_THREADS_MAX"
        ),
        "{text}"
    );
    let error = error.try_into_panic().unwrap_err();
    assert!(error.is_rejected());
    gate.open();
    join(first).unwrap();
    for (i, handle) in waiting.into_iter().enumerate() {
        assert_eq!(join(handle).unwrap(), i + 1);
    }
    assert_eq!(join(pool.spawn(|| 3)).unwrap(), 3);
}

#[test]
fn a_job_whose_thread_is_starting_takes_no_place_in_the_queue() {
    for _ in 0..if cfg!(miri) { 5 } else { 200 } {
        let pool = pool!(threads_max: 2, queue_max: 1);
        let (open, opened) = mpsc::channel::<()>();
        let opened = Arc::new(Mutex::new(opened));
        let job = || {
            let opened = opened.clone();
            pool.spawn(move || opened.lock().unwrap().recv().unwrap_or(()))
        };
        // Two run, or will; one waits.
        let handles = [job(), job(), job()];
        let refused = job();
        drop(open);
        assert!(join(refused).unwrap_err().is_rejected());
        handles.into_iter().for_each(|handle| join(handle).unwrap());
    }
}

#[test]
fn idle_threads_end_after_the_keep_alive() {
    let pool = pool!(keep_alive: Duration::from_millis(5));
    for _ in 0..3 {
        let (gate, first) = gated(&pool);
        let (gate2, second) = gated(&pool);
        assert_eq!(pool.0.threads(), 2);
        gate.open();
        gate2.open();
        join(first).unwrap();
        join(second).unwrap();
        pool.until("both are gone", |pool| pool.threads() == 0);
    }
}

#[test]
fn a_keep_alive_of_zero_loses_no_job() {
    let pool = pool!(threads_max: 2, keep_alive: Duration::ZERO);
    for i in 0..if cfg!(miri) { 20 } else { 2_000 } {
        assert_eq!(join(pool.spawn(move || i)).unwrap(), i);
    }
}

#[test]
fn the_thread_that_went_idle_last_is_taken_first() {
    let pool = pool!();
    let (gate, first) = gated(&pool);
    let (gate2, second) = gated(&pool);
    gate.open();
    let first = join(first).unwrap();
    pool.until("the first is idle", |pool| pool.idle() == 1);
    gate2.open();
    let second = join(second).unwrap();
    assert_ne!(first, second);
    for _ in 0..5 {
        pool.until("both are idle", |pool| pool.idle() == 2);
        assert_eq!(join(pool.spawn(|| thread::current().id())).unwrap(), second);
    }
}

#[test]
fn shutdown_waits_for_what_runs_and_cancels_what_waits() {
    let pool = pool!(threads_max: 1);
    let (gate, running) = gated(&pool);
    let waiting = pool.spawn(|| ());
    pool.0.close();
    assert!(join(waiting).unwrap_err().is_cancelled());
    assert_eq!(pool.0.wait(Duration::ZERO), 1);
    assert_eq!(pool.0.wait(Duration::from_millis(5)), 1);
    pool.0.close();
    assert!(!running.is_finished());
    gate.open();
    assert_eq!(pool.0.wait(LONG), 0);
    assert_eq!(pool.0.threads(), 0);
    assert!(running.is_finished());
    join(running).unwrap();
}

#[test]
fn a_job_after_shutdown_is_cancelled_already() {
    let pool = pool!();
    join(pool.spawn(|| ())).unwrap();
    pool.0.close();
    let drops = Drops::new();
    let thing = drops.thing();
    let handle = pool.spawn(move || drop(thing));
    assert!(handle.is_finished());
    assert_eq!(drops.count(), 1);
    assert!(join(handle).unwrap_err().is_cancelled());
}

#[test]
fn a_handle_may_be_dropped_anywhere_at_any_time() {
    let pool = pool!(threads_max: 2);
    let drops = Drops::new();
    let jobs = if cfg!(miri) { 30 } else { 3_000 };
    let (to, from) = mpsc::channel::<JoinHandle<Counted>>();
    let dropper = thread::Builder::new().spawn(move || from.into_iter().for_each(drop)).unwrap();
    for i in 0..jobs {
        let thing = drops.thing();
        let mut handle = pool.spawn(move || thing);
        if i % 3 == 0 {
            // With a waker in its slot.
            let _ = core::pin::Pin::new(&mut handle).poll(&mut Context::from_waker(Waker::noop()));
        }
        if !handle.is_finished() || i % 2 == 0 {
            // A handle that yielded is finished as well, and yields nothing again.
            to.send(handle).unwrap();
        }
    }
    drop(to);
    dropper.join().unwrap();
    assert_eq!(pool.close(), 0);
    assert_eq!(drops.count(), jobs);
}

#[test]
fn a_waker_that_is_replaced_or_left_behind_is_dropped() {
    struct Woken(AtomicUsize);
    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let pool = pool!();
    let (gate, mut handle) = gated(&pool);
    let wakers = [(); 2].map(|()| Arc::new(Woken(AtomicUsize::new(0))));
    for waker in &wakers {
        let waker = Waker::from(waker.clone());
        for _ in 0..2 {
            assert!(core::pin::Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
        }
    }
    assert_eq!(Arc::strong_count(&wakers[0]), 1);
    assert_eq!(Arc::strong_count(&wakers[1]), 2);
    gate.open();
    pool.until("it woke", |_| wakers[1].0.load(SeqCst) == 1);
    join(handle).unwrap();
    assert_eq!(wakers[0].0.load(SeqCst), 0);
    pool.until("it was dropped", |_| Arc::strong_count(&wakers[1]) == 1);

    let (gate, mut handle) = gated(&pool);
    let waker = Waker::from(wakers[0].clone());
    assert!(core::pin::Pin::new(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    drop(handle);
    assert_eq!(Arc::strong_count(&wakers[0]), 1);
    gate.open();
}

/// Threads of a system that has only so many.
struct Few<const N: usize>;

impl<const N: usize> Threads for Few<N> {
    const NAME: &'static str = "few";
    const MAY_START: bool = true;
    type Thread = <OsThreads as Threads>::Thread;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        std::thread_local!(static STARTED: core::cell::Cell<usize> = const { core::cell::Cell::new(0) });
        let n = STARTED.get();
        STARTED.set(n + 1);
        if n < N { OsThreads::start(name, main) } else { Err(Error::system(NonZeroI32::new(11).unwrap())) }
    }
}

#[test]
fn without_a_thread_a_job_is_rejected_with_the_reason() {
    let pool = pool!(Few<0>;);
    let drops = Drops::new();
    let thing = drops.thing();
    let error = join(pool.spawn(move || drop(thing))).unwrap_err();
    assert!(error.is_rejected());
    assert!(error.to_string().contains("no thread could be started: "), "{error}");
    assert!(error.to_string().contains("os error 11"), "{error}");
    assert_eq!(drops.count(), 1);
    assert_eq!((pool.0.threads(), pool.0.waiting()), (0, 0));
}

#[test]
fn when_no_second_thread_starts_the_job_waits_for_the_first() {
    let pool = pool!(Few<1>;);
    let (gate, first) = gated(&pool);
    let second = pool.spawn(|| thread::current().id());
    assert_eq!((pool.0.threads(), pool.0.waiting()), (1, 1));
    gate.open();
    assert_eq!(join(second).unwrap(), join(first).unwrap());
}

#[test]
fn a_closure_that_panics_when_it_is_dropped_tells_its_handle() {
    struct Bad;
    impl Drop for Bad {
        fn drop(&mut self) {
            panic!("dropped")
        }
    }
    let pool = pool!();
    pool.0.close();
    let bad = Bad;
    let handle = pool.spawn(move || core::mem::forget(bad));
    assert!(join(handle).unwrap_err().is_panic());
}

#[test]
fn an_output_that_nobody_takes_is_dropped_once() {
    let pool = pool!(threads_max: 1);
    let drops = Drops::new();
    let thing = drops.thing();
    let handle = pool.spawn(move || thing);
    pool.until("it is complete", |_| handle.is_finished());
    assert_eq!(drops.count(), 0);
    drop(handle);
    assert_eq!(drops.count(), 1);
    let (gate, first) = gated(&pool);
    let thing = drops.thing();
    drop(pool.spawn(move || thing));
    gate.open();
    join(first).unwrap();
    pool.until("it was dropped", |_| drops.count() == 2);
}

#[test]
fn a_join_error_is_three_words() {
    assert_eq!(size_of::<JoinError>(), 3 * size_of::<usize>());
}

/// Starts a thread, and says that it could not.
struct Denies;

impl Threads for Denies {
    const NAME: &'static str = "denies";
    const MAY_START: bool = true;
    type Thread = <OsThreads as Threads>::Thread;

    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        let (begins, begun) = mpsc::channel();
        drop(OsThreads::start(name, move || {
            begins.send(()).unwrap();
            main();
        })?);
        begun.recv().unwrap();
        // Either order is met: before the thread looks at its pool, and after.
        static TURN: AtomicUsize = AtomicUsize::new(0);
        if TURN.fetch_add(1, SeqCst).is_multiple_of(2) {
            #[expect(clippy::disallowed_methods, reason = "a thread of no runtime")]
            thread::sleep(Duration::from_millis(5));
        }
        Err(Error::new(crate::error::ErrorKind::OutOfMemory))
    }
}

#[test]
fn a_thread_that_its_source_denies_is_counted_once() {
    for _ in 0..20 {
        let pool = pool!(Denies; threads_max: 2);
        // Done by the thread that is not there, or refused; never lost, and no count goes below zero.
        let ended: Vec<_> = (0..4).map(|n| join(pool.spawn(move || n)).ok()).collect();
        assert!(ended.iter().enumerate().all(|(n, result)| result.is_none_or(|result| result == n)), "{ended:?}");
        pool.close();
    }
}

#[test]
fn a_name_with_a_zero_byte_starts_no_thread_and_panics_nowhere() {
    let error = OsThreads::start("two\0names", || ()).map(drop).unwrap_err();
    assert_eq!(error.kind(), crate::error::ErrorKind::InvalidInput);
    assert!(error.why().is_some_and(|why| why.contains("zero byte")));
}
