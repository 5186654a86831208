//! `block_in_place`: another thread runs the worker while a closure blocks in the middle of one of its tasks.
//!
//! | file | holds |
//! |---|---|
//! | `pinned` | what stays on its thread meanwhile |
//! | `rings` | what is under way on the worker's ring meanwhile |
//! | `shutdowns` | a runtime that closes meanwhile |
//! | `sockets` | what the worker's driver hears meanwhile |
//! | `threads` | how many there are |
//!
//! Children that are forked meanwhile are in `in_place_forks`, a process of its own.
//!
//! On one worker, so that nobody else could do what is waited for, and on several; with `Mio`, and with no driver. Waits are
//! bounded by [`LONG`]: what does not come is a failure, not a hang.
#![allow(clippy::disallowed_methods, reason = "closures block")]

use bespoke::clock::StartsThreads;
use bespoke::driver::{Mio, NoIo};
use bespoke::rt::Ambient;
use bespoke::scheduler::{HandsOver, WorkStealing};
use bespoke::sync::Notify;
use bespoke::{Config, Runtime, preset};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::Waker;
use core::time::Duration;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Barrier};
use std::task::Wake;
use std::thread;

/// What must come comes by then, also on a busy machine.
const LONG: Duration = Duration::from_secs(30);

/// A config of this suite.
trait Blocks: Config<Scheduler: HandsOver, Threads: StartsThreads> {}

macro_rules! configs {
    ($($name:ident: $workers:literal, $driver:ty;)+) => { $(
        struct $name;

        #[bespoke::config(base = preset::Default)]
        impl Config for $name {
            type Scheduler = WorkStealing<$workers>;
            type Driver = $driver;
            const WORKERS_EXACT: bool = true;
        }

        impl Blocks for $name {}
    )+ };
}
configs! {
    One: 1, Mio;
    Two: 2, Mio;
    Four: 4, Mio;
    OneIdle: 1, NoIo;
    TwoIdle: 2, NoIo;
    FourIdle: 4, NoIo;
}

/// A ring that any thread may enter.
#[cfg(target_os = "linux")]
struct Moves;

#[cfg(target_os = "linux")]
impl bespoke::driver::RingOptions for Moves {
    const MOVABLE: bool = true;
}

#[cfg(target_os = "linux")]
configs! {
    OneRing: 1, bespoke::driver::IoUring<64>;
    TwoRings: 2, bespoke::driver::IoUring<64>;
    OneMovable: 1, bespoke::driver::IoUring<64, Moves>;
    OneCopiesNothing: 1, bespoke::driver::IoUring<64, CopiesNothing>;
    OneOrOther: 1, bespoke::driver::Fallback<bespoke::driver::IoUring<64>, Mio>;
    OneAndOther: 2, bespoke::driver::Fallback<bespoke::driver::IoUring<64, Somewhere>, Mio>;
}

/// Whose sends are over when nobody reads their memory any more, which no cancel ends.
#[cfg(target_os = "linux")]
struct CopiesNothing;

#[cfg(target_os = "linux")]
impl bespoke::driver::RingOptions for CopiesNothing {
    const ZERO_COPY: Option<usize> = Some(1000);
}

/// On workers with an even number.
#[cfg(target_os = "linux")]
struct Somewhere;

#[cfg(target_os = "linux")]
impl bespoke::driver::RingOptions for Somewhere {
    const KERNEL: bespoke::driver::Kernel = bespoke::driver::Kernel::OfEvenWorkers;
}

/// Each test on each config.
macro_rules! on_all {
    ($($test:ident)+) => { $(mod $test {
        on_all!(@ $test one One);
        on_all!(@ $test two Two);
        on_all!(@ $test four Four);
        on_all!(@ $test one_without_io OneIdle);
        on_all!(@ $test two_without_io TwoIdle);
        on_all!(@ $test four_without_io FourIdle);
        #[cfg(target_os = "linux")]
        on_all!(@ $test one_ring OneRing);
        #[cfg(target_os = "linux")]
        on_all!(@ $test two_rings TwoRings);
        #[cfg(target_os = "linux")]
        on_all!(@ $test one_movable OneMovable);
        #[cfg(target_os = "linux")]
        on_all!(@ $test one_or_other OneOrOther);
        #[cfg(target_os = "linux")]
        on_all!(@ $test one_and_other OneAndOther);
    })+ };
    (@ $test:ident $name:ident $config:ident) => {
        #[test]
        fn $name() {
            super::$test::<crate::$config>();
        }
    };
}

#[cfg(target_os = "linux")]
#[path = "common/deny.rs"]
#[allow(dead_code, reason = "shared by tests, each of which uses a part")]
mod deny;
#[path = "in_place/pinned.rs"]
mod pinned;
#[cfg(target_os = "linux")]
#[path = "in_place/rings.rs"]
mod rings;
#[path = "in_place/shutdowns.rs"]
mod shutdowns;
#[path = "in_place/sockets.rs"]
mod sockets;
#[cfg(target_os = "linux")]
#[path = "in_place/threads.rs"]
mod threads;

on_all! {
    the_task_that_would_run_next_runs
    queued_tasks_run
    timers_fire
    wakes_from_elsewhere_are_heard
    tasks_that_come_from_elsewhere_run
    a_nested_one_runs_its_closure
    a_panic_goes_on_in_the_caller
    all_may_block_at_once
    what_follows_has_a_worker
    inside_it_is_a_blocking_thread
    where_there_is_no_worker_it_runs
    a_waker_that_blocks_holds_up_its_worker_only
    it_is_counted
    it_comes_back_in_any_order
}

fn runtime<C: Blocks>() -> Runtime<C> {
    Runtime::new().expect("a runtime starts")
}

#[track_caller]
fn ends<C: Blocks>(runtime: Runtime<C>) {
    let shutdown = runtime.shutdown_timeout(LONG);
    assert!(shutdown.is_clean(), "{shutdown}");
}

/// Runs `task` on a worker of a new runtime, and closes that.
#[track_caller]
fn in_a_task<C: Blocks, T: Send + 'static>(task: impl Future<Output = T> + Send + 'static) -> T {
    let runtime = runtime::<C>();
    let task = runtime.handle().spawn(task);
    let done = runtime.block_on(async { C::timeout(LONG, task).await });
    let value = match done {
        Err(_) => panic!("the task does not end"),
        Ok(Err(error)) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(error) => panic!("{error}"),
        },
        Ok(Ok(value)) => value,
    };
    ends(runtime);
    value
}

/// Blocks in place until something comes.
#[track_caller]
fn receive<C: Blocks, T>(from: &Receiver<T>) -> T {
    match C::block_in_place(|| from.recv_timeout(LONG)) {
        Ok(value) => value,
        Err(error) => panic!("nothing comes: {error}"),
    }
}

/// The newest task lies in the slot of the worker, from where no search takes it.
fn the_task_that_would_run_next_runs<C: Blocks>() {
    in_a_task::<C, _>(async {
        let (tell, told) = mpsc::channel();
        drop(C::spawn(async move { tell.send(7) }));
        assert_eq!(receive::<C, _>(&told), 7);
    });
}

fn queued_tasks_run<C: Blocks>() {
    in_a_task::<C, _>(async {
        let (tell, told) = mpsc::channel();
        for n in 0..100 {
            let tell = tell.clone();
            drop(C::spawn(async move {
                C::yield_now().await;
                tell.send(n)
            }));
        }
        let mut all: Vec<i32> = (0..100).map(|_| receive::<C, _>(&told)).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
    });
}

/// Timers that were started before, on whichever worker, and that are started meanwhile.
fn timers_fire<C: Blocks>() {
    in_a_task::<C, _>(async {
        let (tell, told) = mpsc::channel();
        for ms in [1, 20, 40] {
            let tell = tell.clone();
            drop(C::spawn(async move {
                C::sleep(Duration::from_millis(ms)).await;
                C::sleep(Duration::from_millis(ms)).await;
                tell.send(ms)
            }));
        }
        // So that the first sleeps are in the wheel.
        C::sleep(Duration::from_millis(10)).await;
        let mut all = [receive::<C, _>(&told), receive::<C, _>(&told), receive::<C, _>(&told)];
        all.sort_unstable();
        assert_eq!(all, [1, 20, 40]);
    });
}

fn wakes_from_elsewhere_are_heard<C: Blocks>() {
    in_a_task::<C, _>(async {
        let (tell, told) = mpsc::channel();
        let (ready, notify) = (Arc::new(Barrier::new(2)), Arc::new(Notify::new()));
        let waits = notify.clone();
        drop(C::spawn(async move {
            waits.notified().await;
            tell.send(())
        }));
        let begun = ready.clone();
        let other = thread::spawn(move || {
            begun.wait();
            thread::sleep(Duration::from_millis(20)); // by then all workers sleep
            notify.notify_one();
        });
        C::block_in_place(|| {
            ready.wait();
            told.recv_timeout(LONG).expect("the task is woken");
        });
        other.join().expect("no panic");
    });
}

fn tasks_that_come_from_elsewhere_run<C: Blocks>() {
    in_a_task::<C, _>(async {
        let handle = C::handle();
        for _ in 0..20 {
            C::block_in_place(|| {
                let (tell, told) = mpsc::channel();
                let handle = handle.clone();
                let spawner = thread::spawn(move || drop(handle.spawn(async move { tell.send(()) })));
                told.recv_timeout(LONG).expect("the task runs");
                spawner.join().expect("no panic");
            });
        }
    });
}

fn a_nested_one_runs_its_closure<C: Blocks>() {
    in_a_task::<C, _>(async {
        let (tell, told) = mpsc::channel();
        drop(C::spawn(async move { tell.send(7) }));
        let here = thread::current().id();
        let got = C::block_in_place(|| {
            C::block_in_place(|| {
                assert_eq!(thread::current().id(), here);
                told.recv_timeout(LONG)
            })
        });
        assert_eq!(got, Ok(7));
    });
}

fn a_panic_goes_on_in_the_caller<C: Blocks>() {
    in_a_task::<C, _>(async {
        for _ in 0..3 {
            let (tell, told) = mpsc::channel();
            let task = C::spawn(async move { tell.send(()) });
            let caught = catch_unwind(AssertUnwindSafe(|| {
                C::block_in_place(|| {
                    told.recv_timeout(LONG).expect("the task runs");
                    panic!("the closure's own");
                })
            }));
            let panic = caught.expect_err("it panics");
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"the closure's own"));
            assert!(task.await.is_ok());
            C::sleep(Duration::from_millis(1)).await;
        }
        let task = C::spawn(async { C::block_in_place(|| panic!("of a task")) });
        assert!(task.await.expect_err("it panics").is_panic());
    });
}

/// More closures than workers wait for each other: each needs a thread of its own.
fn all_may_block_at_once<C: Blocks>() {
    const TASKS: usize = 12;
    in_a_task::<C, _>(async {
        let met = Arc::new(Barrier::new(TASKS));
        for _ in 0..3 {
            let tasks: Vec<_> = (0..TASKS)
                .map(|_| {
                    let met = met.clone();
                    C::spawn(async move {
                        C::block_in_place(|| met.wait());
                        C::sleep(Duration::from_millis(1)).await;
                        C::block_in_place(|| met.wait());
                    })
                })
                .collect();
            for task in tasks {
                task.await.expect("no panic");
            }
        }
    });
}

/// The rest of the poll, and later polls, sleep, spawn and yield.
fn what_follows_has_a_worker<C: Blocks>() {
    in_a_task::<C, _>(async {
        for n in 0..50 {
            C::block_in_place(|| {
                if n % 2 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
            });
            let spawned = C::spawn(async move { n });
            C::sleep(Duration::from_micros(50)).await;
            C::yield_now().await;
            assert_eq!(spawned.await.expect("no panic"), n);
        }
    });
}

fn inside_it_is_a_blocking_thread<C: Blocks>() {
    in_a_task::<C, _>(async {
        C::block_in_place(|| {
            assert_eq!(C::await_fn(async || C::sleep(Duration::from_millis(1)).await), ());
            let (tell, told) = mpsc::channel();
            let spawned = C::spawn(async move { tell.send(1) });
            assert_eq!(told.recv_timeout(LONG), Ok(1));
            drop(spawned);
            assert_eq!(C::await_fn(async || C::spawn_blocking(|| 3).await).expect("no panic"), 3);
            let polled = catch_unwind(|| C::sleep(Duration::ZERO));
            assert!(polled.is_err(), "no worker is there to keep the time");
            // Another runtime, and one more of the same config.
            let other = Runtime::<preset::Default>::new().expect("a runtime starts");
            other.block_on(async { <preset::Default as Ambient>::sleep(Duration::from_millis(1)).await });
            let other = runtime::<C>();
            other.block_on(async { C::sleep(Duration::from_millis(1)).await });
            ends(other);
        });
        C::sleep(Duration::from_millis(1)).await;
    });
}

fn where_there_is_no_worker_it_runs<C: Blocks>() {
    assert_eq!(C::block_in_place(|| 1), 1, "outside of a runtime");
    let runtime = runtime::<C>();
    let (tell, told) = mpsc::channel();
    let got = runtime.block_on(async {
        drop(C::spawn(async move { tell.send(2) }));
        let got = receive::<C, _>(&told);
        C::sleep(Duration::from_millis(1)).await;
        got
    });
    assert_eq!(got, 2, "in a `block_on`");
    let job = runtime.spawn_blocking(|| C::block_in_place(|| 3));
    assert_eq!(runtime.block_on(job).expect("no panic"), 3, "on a blocking thread");
    ends(runtime);
}

/// A waker that the worker calls between two polls: where it is called, no second loop can begin.
fn a_waker_that_blocks_holds_up_its_worker_only<C: Blocks>() {
    struct InPlace<C>(AtomicUsize, core::marker::PhantomData<fn() -> C>);
    impl<C: Blocks> Wake for InPlace<C> {
        fn wake(self: Arc<Self>) {
            C::block_in_place(|| thread::sleep(Duration::from_millis(1)));
            self.0.fetch_add(1, SeqCst);
        }
    }
    in_a_task::<C, _>(async {
        let waker = Arc::new(InPlace::<C>(AtomicUsize::new(0), core::marker::PhantomData));
        let through = Waker::from(waker.clone());
        // On a busy machine the first may be over before it is polled.
        let _sleep = loop {
            let mut sleep = Box::pin(C::sleep(Duration::from_millis(5)));
            if sleep.as_mut().poll(&mut core::task::Context::from_waker(&through)).is_pending() {
                break sleep;
            }
        };
        while waker.0.load(SeqCst) == 0 {
            C::sleep(Duration::from_millis(1)).await;
        }
        C::sleep(Duration::from_millis(1)).await;
    });
}

fn it_is_counted<C: Blocks>() {
    let counted = in_a_task::<C, _>(async {
        for _ in 0..5 {
            C::block_in_place(|| ());
            C::yield_now().await;
        }
        let workers = C::handle().metrics().workers;
        workers.iter().filter_map(|worker| worker.stealing).map(|stealing| stealing.handed_over).sum::<u64>()
    });
    assert_eq!(counted, 5);
}

/// Closures that end in another order than they began, again and again; each poll goes on alone on its worker.
fn it_comes_back_in_any_order<C: Blocks>() {
    in_a_task::<C, _>(async {
        let inside = Arc::new([const { AtomicBool::new(false) }; 8]);
        let tasks: Vec<_> = (0..8_u64)
            .map(|n| {
                let inside = inside.clone();
                C::spawn(async move {
                    let mut random = n + 1;
                    for _ in 0..60 {
                        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        let us = random >> 55;
                        C::block_in_place(|| thread::sleep(Duration::from_micros(us)));
                        let mine = &inside[n as usize];
                        assert!(!mine.swap(true, SeqCst));
                        let child = C::spawn(async move { us });
                        if us % 3 == 0 {
                            C::sleep(Duration::from_micros(us)).await;
                        }
                        C::block_in_place(thread::yield_now);
                        assert_eq!(child.await.expect("no panic"), us);
                        assert!(mine.swap(false, SeqCst));
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
    });
}
