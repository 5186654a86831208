//! A runtime on a board: here a thread is what runs tasks, and other threads are its interrupts.
//!
//! With the feature `alloc` alone this is the runtime without `std`: its ambient word is a static, and who may use it is what the
//! board says. (The test itself has an operating system, for a clock and for something to sleep in.) With `std` the same holds.
#![cfg(all(feature = "alloc", not(loom)))]
#![allow(
    clippy::disallowed_methods,
    reason = "the test is the board: it has a heap, a clock, and threads as interrupts"
)]

use bespoke_core::channel::{mpsc, oneshot};
use bespoke_core::config::{Config, PanicPolicy, Sealed};
use bespoke_core::driver::Bare;
use bespoke_core::error::{Error, ErrorKind};
use bespoke_core::instant::Instant;
use bespoke_core::roles::{Allocate, Board, Clock, Memory, Nanos, NoThreads, Seeded, Uniform, Unwatched};
use bespoke_core::runtime::{Ambient, LocalAmbient, Runtime};
use bespoke_core::scheduler::SingleThread;
use bespoke_core::sharing::{Local, Sharing};
use bespoke_core::sync::Notify;
use core::alloc::Layout;
use core::cell::{Cell, RefCell};
use core::future::{pending, poll_fn};
use core::panic::AssertUnwindSafe;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::panic::catch_unwind;
use std::rc::Rc;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// The thread of whoever holds [`FLOW`] runs tasks; every other one is an interrupt.
struct Threads;

thread_local!(static HERE: Cell<bool> = const { Cell::new(false) });
static FLOW: Mutex<()> = Mutex::new(());
static EVENT: Mutex<bool> = Mutex::new(false);
static RUNG: Condvar = Condvar::new();
/// Whoever sleeps so long sleeps for ever: no test here takes a tenth of it.
const LOST: Duration = Duration::from_secs(20);
static WAITS: AtomicUsize = AtomicUsize::new(0);
// Is this thread held back, and how often was any.
thread_local!(static MASKED: Cell<bool> = const { Cell::new(false) });
static MASKS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: 1: `HERE` is set by who holds `FLOW`, until it is given back. 2: it reads a cell of the thread.
unsafe impl Board for Threads {
    const NAME: &'static str = "threads";

    fn is_elsewhere() -> bool {
        !HERE.get()
    }

    fn wait(at_most: Option<Nanos>) {
        WAITS.fetch_add(1, Ordering::Relaxed);
        let rung = EVENT.lock().unwrap_or_else(PoisonError::into_inner);
        let most = at_most.map_or(LOST, |Nanos(ns)| Duration::from_nanos(ns));
        let (mut rung, out) =
            RUNG.wait_timeout_while(rung, most, |rung| !*rung).unwrap_or_else(PoisonError::into_inner);
        *rung = false;
        drop(rung);
        assert!(at_most.is_some() || !out.timed_out(), "a wake was lost: the board sleeps for ever");
    }

    fn wake() {
        *EVENT.lock().unwrap_or_else(PoisonError::into_inner) = true;
        RUNG.notify_one();
    }

    fn mask() -> bool {
        MASKS.fetch_add(1, Ordering::Relaxed);
        MASKED.replace(true)
    }

    fn unmask(was: bool) {
        assert!(MASKED.replace(was), "nothing was held back");
    }
}

/// This thread is the one that runs tasks, as long as this lives.
struct Here(#[expect(dead_code, reason = "held")] MutexGuard<'static, ()>);

fn here() -> Here {
    let guard = FLOW.lock().unwrap_or_else(PoisonError::into_inner);
    HERE.set(true);
    Here(guard)
}

impl Drop for Here {
    fn drop(&mut self) {
        HERE.set(false);
    }
}

/// The test's own clock.
struct Ticks;

impl Clock for Ticks {
    const NAME: &'static str = "ticks";
    type Live = std::time::Instant;

    fn start() -> Self::Live {
        std::time::Instant::now()
    }

    fn now(start: &Self::Live) -> Instant {
        Instant::from_nanos(start.elapsed().as_nanos() as u64)
    }
}

/// The global allocator, which is what a board without a heap of its own for tasks has.
struct Heap;
struct LiveHeap;

impl Memory for Heap {
    const NAME: &'static str = "heap";
    type Live<S: Sharing> = LiveHeap;

    fn start<S: Sharing>() -> Result<LiveHeap, Error> {
        Ok(LiveHeap)
    }
}

fn heap(layout: Layout) -> Option<NonNull<u8>> {
    // SAFETY: a task has a size.
    NonNull::new(unsafe { std::alloc::alloc(layout) })
}

// SAFETY: blocks of the global allocator, which any thread may take and give back.
unsafe impl Allocate for LiveHeap {
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        heap(layout)
    }
    unsafe fn dealloc(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
    }
    unsafe fn dealloc_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
    }
    fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>> {
        heap(layout)
    }
    unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { std::alloc::dealloc(block.as_ptr(), layout) }
    }
}

struct App;

impl Config for App {
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
    type Scheduler = SingleThread;
    type Driver = Bare<Threads>;
    type Memory = Heap;
    type Clock = Ticks;
    type Entropy = Seeded<1>;
    type Threads = NoThreads;
    type Topology = Uniform<1>;
    type Watchdog = Unwatched;
    const NAME: &'static str = "App";
    const LOCAL_QUEUE: usize = 4;
    const BLOCKING_THREADS_MAX: usize = 0;
    const TIMER_SLACK: Duration = Duration::ZERO;
    const PANIC: PanicPolicy = PanicPolicy::Abort;
}

fn start() -> Runtime<App> {
    Runtime::new().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn tasks_run_sleep_and_talk() {
    let _here = here();
    let runtime = start();
    assert_eq!(runtime.driver_report().to_string(), "bare: threads; named by the config");
    let local = Rc::new(Cell::new(0));
    let sum = runtime.block_on(async {
        let (send, mut receive) = mpsc::channel_in::<u32, Local>(2);
        let adds = local.clone();
        let producer = <App as LocalAmbient>::spawn(async move {
            for n in 0..20 {
                send.send(n).await.unwrap_or_else(|_| panic!("the receiver is gone"));
                adds.set(adds.get() + 1);
            }
        });
        let (reply, answer) = oneshot::channel_in::<u32, Local>();
        let consumer = <App as LocalAmbient>::spawn(async move {
            let mut sum = 0;
            while let Some(n) = receive.recv().await {
                sum += n;
                <App as Ambient>::yield_now().await;
            }
            reply.send(sum).unwrap_or_else(|_| panic!("nobody waits for the sum"));
        });
        let notify = Rc::new(Notify::<Local>::new());
        let told = notify.clone();
        let waiter = <App as LocalAmbient>::spawn(async move { told.notified().await });
        let before = <App as Ambient>::now();
        <App as Ambient>::sleep(Duration::from_millis(5)).await;
        assert!(<App as Ambient>::now() - before >= Duration::from_millis(5));
        notify.notify_one();
        let late = <App as Ambient>::timeout(Duration::from_millis(2), pending::<()>()).await;
        assert!(late.is_err());
        assert!(producer.await.is_ok() && consumer.await.is_ok() && waiter.await.is_ok());
        answer.await.unwrap_or(0)
    });
    assert_eq!((sum, local.get()), (190, 20));
    assert_eq!(runtime.live_tasks(), 0);
    assert!(runtime.shutdown_timeout(Duration::ZERO).is_clean());
}

/// What an interrupt wakes.
#[derive(Default)]
struct Line {
    waker: Mutex<Option<Waker>>,
    count: AtomicUsize,
}

#[test]
fn a_thousand_interrupts_wake_a_task_and_none_is_lost() {
    let _here = here();
    let line = Arc::new(Line::default());
    let handler = line.clone();
    // Each comes when the task waits for it: one that is lost is not made up for by the next.
    let interrupts = thread::spawn(move || {
        for n in 0..1_000 {
            loop {
                let waker = handler.waker.lock().unwrap().take();
                if let Some(waker) = waker {
                    handler.count.store(n + 1, Ordering::Release);
                    if n % 2 == 0 {
                        break waker.wake();
                    }
                    waker.wake_by_ref();
                    break drop(waker);
                }
                thread::yield_now();
            }
        }
    });
    let runtime = start();
    let waits = WAITS.load(Ordering::Relaxed);
    let task = runtime.spawn(async move {
        for n in 0..1_000 {
            poll_fn(|cx| {
                if line.count.load(Ordering::Acquire) > n {
                    return Poll::Ready(());
                }
                let mut waker = line.waker.lock().unwrap();
                if line.count.load(Ordering::Acquire) > n {
                    return Poll::Ready(());
                }
                *waker = Some(cx.waker().clone());
                Poll::Pending
            })
            .await;
        }
        line.count.load(Ordering::Relaxed)
    });
    assert_eq!(runtime.block_on(task).ok(), Some(1_000));
    assert!(WAITS.load(Ordering::Relaxed) > waits, "the board never slept");
    interrupts.join().unwrap();
}

#[test]
fn a_runtime_starts_where_tasks_run_and_nowhere_else() {
    let _here = here();
    let elsewhere = thread::spawn(|| Runtime::<App>::new().map(drop).map_err(|error| error.kind()));
    assert_eq!(elsewhere.join().unwrap(), Err(ErrorKind::Unsupported));

    let runtime = start();
    runtime.block_on(async {
        let message = thread::spawn(|| {
            let spawn = catch_unwind(|| drop(<App as LocalAmbient>::spawn(async {})));
            *spawn.expect_err("an interrupt spawned as the worker does").downcast::<String>().unwrap()
        });
        let message = message.join().unwrap();
        assert!(message.starts_with("no runtime on this thread"), "{message}");
        let handle = <App as Ambient>::handle();
        // By a handle it may: the task goes through the inbox.
        let (tell, told) = oneshot::channel();
        thread::spawn(move || drop(handle.spawn(async move { tell.send(7).unwrap() })));
        assert_eq!(told.await, Ok(7));
    });
}

#[test]
fn runtimes_take_turns_and_one_inside_another_is_another() {
    let _here = here();
    let (outer, inner) = (start(), start());
    let order = Rc::new(RefCell::new(Vec::new()));
    let pushes = order.clone();
    let waits = outer.spawn(async move { pushes.borrow_mut().push("outer") });
    let pushes = order.clone();
    outer.block_on(async {
        let one = inner.block_on(async {
            let task = <App as LocalAmbient>::spawn(async move { pushes.borrow_mut().push("inner") });
            task.await.is_ok()
        });
        assert!(one);
        assert!(waits.await.is_ok());
    });
    assert_eq!(*order.borrow(), ["outer", "inner"]);
    let again = catch_unwind(AssertUnwindSafe(|| outer.block_on(async { outer.block_on(async {}) })));
    assert!(again.is_err(), "a runtime ran inside itself");
}

#[test]
fn what_is_left_ends_with_the_runtime_and_a_wake_comes_too_late() {
    let _here = here();
    let dropped = Rc::new(());
    let line = Arc::new(Line::default());
    let runtime = start();
    let (kept, waits) = (dropped.clone(), line.clone());
    let task = runtime.spawn(async move {
        let _kept = kept;
        poll_fn::<(), _>(|cx| {
            *waits.waker.lock().unwrap() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    });
    runtime.block_on(async { <App as Ambient>::yield_now().await });
    assert_eq!((runtime.live_tasks(), Rc::strong_count(&dropped)), (1, 2));
    drop(runtime);
    assert_eq!(Rc::strong_count(&dropped), 1);
    let waker = line.waker.lock().unwrap().take().unwrap();
    thread::spawn(move || waker.wake()).join().unwrap();
    assert!(task.is_finished());
}

/// A handler that takes a lock of the runtime's must not find it held by what it interrupts.
#[test]
#[cfg(not(feature = "std"))]
fn a_lock_that_is_shared_is_held_while_nothing_interrupts() {
    let _here = here();
    let runtime = start();
    let notify: Arc<Notify> = Arc::default();
    let before = MASKS.load(Ordering::Relaxed);
    notify.notify_one();
    assert!(MASKS.load(Ordering::Relaxed) > before && !MASKED.get());
    let tells = notify.clone();
    runtime.block_on(async move {
        notify.notified().await;
        thread::spawn(move || tells.notify_one());
        notify.notified().await;
    });
}
