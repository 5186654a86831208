//! What every scheduler does, one suite for all: each test is generic over the config, and the last lines name the pairs of a
//! scheduler and a driver that it is run on: every pair that there is (`schedulers/pairs.rs`).
//!
//! Generic code sees the bounds that hold on every scheduler: futures are `Send`. Waits are bounded by [`soon`], so that a
//! lost wake-up is a failure and not a hang.
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![allow(clippy::manual_async_fn, reason = "the form that generic recursion needs")]

use bespoke::prelude::*;
use bespoke::rt::JoinSet;
use bespoke::{Handle, Runtime, channel, driver, memory, preset, scheduler, task};
use core::future::{Future, pending};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::sync::{Arc, Mutex, mpsc};

#[path = "common/each_scheduler.rs"]
mod each_scheduler;
#[path = "schedulers/pairs.rs"]
mod pairs;
#[path = "schedulers/skew.rs"]
mod skew;
#[path = "common/when.rs"]
#[allow(dead_code, reason = "shared with the suites of the drivers, which use the rest")]
mod when;

use each_scheduler::{LONG, ManyThreads, OneThread, Thieves, TwoCores};
use skew::a_skewed_load_goes_where_the_scheduler_promises;

/// [`Thieves`], of which every second one has a ring where the system has them, and the others have none.
#[cfg(target_os = "linux")]
struct ThievesOfBoth;

#[cfg(target_os = "linux")]
struct OfEvenWorkers;
#[cfg(target_os = "linux")]
impl driver::RingOptions for OfEvenWorkers {
    const KERNEL: driver::Kernel = driver::Kernel::OfEvenWorkers;
}

#[cfg(target_os = "linux")]
#[bespoke::config(base = Thieves)]
impl Config for ThievesOfBoth {
    type Driver = driver::Fallback<driver::IoUring<64, OfEvenWorkers>, driver::Mio>;
}

/// [`Thieves`], with queues that overflow, and without a slot for the task that was woken last.
struct NarrowThieves;

struct InOrder;
impl scheduler::Policy for InOrder {
    const LIFO_RUNS_MAX: u32 = 0;
    const INJECTOR_INTERVAL: u32 = 3;
}

#[bespoke::config(base = preset::Default)]
impl Config for NarrowThieves {
    type Scheduler = scheduler::WorkStealing<4, InOrder>;
    type Driver = driver::NoIo;
    type Memory = memory::System;
    const WORKERS_EXACT: bool = true;
    const LOCAL_QUEUE: usize = 2;
    const SHUTDOWN_TIMEOUT: Duration = LONG;
}

/// [`NarrowThieves`] with a queue for each class.
struct NarrowClasses;

#[bespoke::config(base = NarrowThieves)]
impl Config for NarrowClasses {
    type Scheduler = scheduler::WorkStealing<4, InOrder, scheduler::Classes>;
}

/// [`NarrowThieves`] on the other queue.
#[cfg(feature = "crossbeam-deque")]
struct NarrowOnDeques;

#[cfg(feature = "crossbeam-deque")]
#[bespoke::config(base = NarrowThieves)]
impl Config for NarrowOnDeques {
    type Scheduler = scheduler::WorkStealing<4, InOrder, scheduler::Deque>;
}

/// [`Thieves`] on the other queue.
#[cfg(feature = "crossbeam-deque")]
struct OnDeques;

#[cfg(feature = "crossbeam-deque")]
#[bespoke::config(base = Thieves)]
impl Config for OnDeques {
    type Scheduler = scheduler::WorkStealing<3, scheduler::Balanced, scheduler::Deque>;
}

fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().unwrap()
}

async fn soon<C: Config, T>(future: impl Future<Output = T>) -> T {
    C::timeout(LONG, future).await.expect("it did not come in time")
}

/// Counts itself when it is dropped.
struct Counted(Arc<AtomicUsize>);
impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

fn spawned_tasks_run_and_yield_their_outputs<C: Config>() {
    let rt = runtime::<C>();
    let sum = rt.block_on(async {
        let tasks: Vec<_> = (0..100u64)
            .map(|i| {
                C::spawn(async move {
                    C::yield_now().await;
                    i
                })
            })
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += soon::<C, _>(task).await.unwrap();
        }
        sum
    });
    assert_eq!(sum, 4950);
}

fn tasks_spawn_tasks<C: Config>() {
    // An `async fn` that spawns itself has a `Send` future only where the config is known.
    #[expect(clippy::manual_async_fn, reason = "the bound breaks the cycle of the proof")]
    fn depth<C: Config>(n: u32) -> impl Future<Output = u32> + Send {
        async move { if n == 0 { 0 } else { C::spawn(Box::pin(depth::<C>(n - 1)) as Boxed).await.unwrap() + 1 } }
    }
    type Boxed = core::pin::Pin<Box<dyn Future<Output = u32> + Send>>;
    assert_eq!(runtime::<C>().block_on(soon::<C, _>(depth::<C>(20))), 20);
}

fn a_task_wakes_a_task<C: Config>() {
    // Two tasks hand a word to and fro, each through the other's waker.
    struct Court {
        ball: usize,
        wakers: [Option<core::task::Waker>; 2],
    }
    let court = Arc::new(Mutex::new(Court { ball: 0, wakers: [None, None] }));
    let player = |me: usize| {
        let court = court.clone();
        async move {
            for round in 0..1000 {
                core::future::poll_fn(|cx| {
                    let mut court = court.lock().unwrap();
                    if court.ball != 2 * round + me {
                        court.wakers[me] = Some(cx.waker().clone());
                        return core::task::Poll::Pending;
                    }
                    court.ball += 1;
                    let other = court.wakers[1 - me].take();
                    drop(court);
                    if let Some(waker) = other {
                        waker.wake();
                    }
                    core::task::Poll::Ready(())
                })
                .await;
            }
        }
    };
    runtime::<C>().block_on(async {
        let (first, second) = (C::spawn(player(0)), C::spawn(player(1)));
        soon::<C, _>(first).await.unwrap();
        soon::<C, _>(second).await.unwrap();
    });
    assert_eq!(court.lock().unwrap().ball, 2000);
}

fn a_dropped_handle_detaches_the_task<C: Config>() {
    let (told, heard) = mpsc::channel();
    runtime::<C>().block_on(async {
        drop(C::spawn(async move {
            C::yield_now().await;
            told.send(5).unwrap();
        }));
        while heard.try_recv() != Ok(5) {
            C::sleep(Duration::from_millis(1)).await;
        }
    });
}

fn abort_drops_the_future_and_the_handle_says_cancelled<C: Config>() {
    let dropped = Arc::new(AtomicUsize::new(0));
    let counted = Counted(dropped.clone());
    runtime::<C>().block_on(async {
        let task = C::spawn(async move {
            let _counted = counted;
            pending::<()>().await
        });
        C::sleep(Duration::from_millis(5)).await;
        assert!(!task.is_finished());
        let abort = task.abort_handle();
        abort.abort();
        abort.clone().abort();
        let error = soon::<C, _>(task).await.unwrap_err();
        assert!(error.is_cancelled() && !error.is_panic() && !error.is_rejected());
        assert!(abort.is_finished());
    });
    assert_eq!(dropped.load(SeqCst), 1);
}

fn an_abort_right_after_the_spawn_is_heard<C: Config>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        for _ in 0..50 {
            let task = C::spawn(pending::<()>());
            task.abort();
            assert!(soon::<C, _>(task).await.unwrap_err().is_cancelled());
        }
    });
}

fn an_abort_comes_between_two_yields<C: Config>() {
    runtime::<C>().block_on(async {
        let task = C::spawn(async {
            loop {
                C::yield_now().await;
            }
        });
        C::sleep(Duration::from_millis(5)).await;
        task.abort();
        let error: task::JoinError = soon::<C, _>(task).await.map(|never: ()| never).unwrap_err();
        assert!(error.is_cancelled());
    });
}

fn a_panic_ends_in_the_join_error_and_the_runtime_goes_on<C: Config>() {
    runtime::<C>().block_on(async {
        let error = soon::<C, _>(C::spawn(async { panic!("tea is cold") })).await.map(|never: ()| never).unwrap_err();
        assert!(error.is_panic());
        assert!(error.to_string().ends_with("panicked: tea is cold"), "{error}");
        assert_eq!(soon::<C, _>(C::spawn(async { 1 })).await.unwrap(), 1);
    });
}

fn a_panic_of_the_root_is_the_callers_and_the_runtime_goes_on<C: Config>() {
    let rt = runtime::<C>();
    let panicked = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| {
        rt.block_on(async {
            C::yield_now().await;
            panic!("tea is out")
        })
    }));
    assert_eq!(panicked.map(|never: ()| never).unwrap_err().downcast_ref(), Some(&"tea is out"));
    assert_eq!(rt.block_on(async { C::spawn(async { 2 }).await.unwrap() }), 2);
}

/// Of what sleeps on several threads one may be late because its thread has no processor, by more than what lies between two:
/// then once more, with more between them.
fn sleeps_of_many_tasks_end_in_order<C: Config>() {
    let in_order = [20, 100, 500, 2_500].into_iter().any(|apart| order_of_sleeps::<C>(apart) == [0, 1, 2, 3]);
    assert!(in_order, "each is early enough for the next one, by seconds");
}

/// The order in which sleeps end that are to end so many milliseconds one after the other.
fn order_of_sleeps<C: Config>(apart: u64) -> Vec<u64> {
    let order = Arc::new(Mutex::new(Vec::new()));
    runtime::<C>().block_on(async {
        let start = C::now();
        let tasks: Vec<_> = [3, 1, 2, 0]
            .map(|n| {
                let order = order.clone();
                C::spawn(async move {
                    let wait = Duration::from_millis(n * apart);
                    C::sleep_until(start + wait).await;
                    assert!(C::now() - start >= wait);
                    order.lock().unwrap().push(n);
                })
            })
            .into();
        for task in tasks {
            soon::<C, _>(task).await.unwrap();
        }
    });
    order.lock().unwrap().clone()
}

fn a_timeout_ends_what_waits<C: Config>() {
    runtime::<C>().block_on(async {
        let task = C::spawn(async { C::timeout(Duration::from_millis(10), pending::<()>()).await.is_err() });
        assert!(soon::<C, _>(task).await.unwrap());
    });
}

fn blocking_jobs_run_beside_tasks<C: Config<Threads: StartsThreads>>() {
    runtime::<C>().block_on(async {
        let task = C::spawn(async {
            let here = std::thread::current().id();
            let there = C::spawn_blocking(|| std::thread::current().id()).await.unwrap();
            (here != there, C::spawn_blocking(|| C::spawn(async { 7 })).await.unwrap())
        });
        let (apart, nested) = soon::<C, _>(task).await.unwrap();
        assert!(apart);
        assert_eq!(soon::<C, _>(nested).await.unwrap(), 7);
    });
}

fn names_and_pins_work<C: Config>() {
    runtime::<C>().block_on(async {
        assert_eq!(soon::<C, _>(C::spawn_named("brewer", async { 3 })).await.unwrap(), 3);
        let pinned = C::spawn_pinned(async || {
            let not_send = std::rc::Rc::new(4);
            C::yield_now().await;
            *not_send
        });
        assert_eq!(soon::<C, _>(pinned).await.unwrap(), 4);
        assert_eq!(soon::<C, _>(C::try_spawn(async { 5 }).ok().unwrap()).await.unwrap(), 5);
    });
}

fn tasks_of_a_set_talk_through_a_queue_and_come_as_they_end<C: Config>() {
    runtime::<C>().block_on(async {
        let (sender, mut receiver) = channel::mpsc::channel(2);
        let mut set = JoinSet::<u64, C>::new();
        for n in 1..=20 {
            let sender = sender.clone();
            set.spawn(async move {
                for _ in 0..10 {
                    sender.send(n).await.unwrap();
                }
                n
            });
        }
        drop(sender);
        let mut sum = 0;
        while let Some(n) = soon::<C, _>(receiver.recv()).await {
            sum += n;
        }
        assert_eq!(sum, 2_100);
        let mut ended = Vec::new();
        while let Some(n) = soon::<C, _>(set.join_next()).await {
            ended.push(n.unwrap());
        }
        ended.sort_unstable();
        assert_eq!(ended, (1..=20).collect::<Vec<_>>());
        // What waits for ever is ended from outside.
        let gone = Arc::new(AtomicUsize::new(0));
        for _ in 0..5 {
            let gone = Counted(gone.clone());
            set.spawn(async move {
                pending::<()>().await;
                drop(gone);
                0
            });
        }
        soon::<C, _>(set.shutdown()).await;
        assert_eq!((gone.load(SeqCst), set.len()), (5, 0));
    });
}

fn a_handle_spawns_from_other_threads_and_outlives_the_runtime<C: Config<Threads: StartsThreads>>() {
    let rt = runtime::<C>();
    let handle: Handle<C> = rt.block_on(async { C::spawn(async { C::handle() }).await.unwrap() });
    let outputs = std::thread::scope(|scope| {
        let others: Vec<_> = (0..4)
            .map(|i| {
                let handle = handle.clone();
                scope.spawn(move || handle.spawn(async move { i }))
            })
            .collect();
        let tasks: Vec<_> = others.into_iter().map(|other| other.join().unwrap()).collect();
        rt.block_on(async {
            let mut outputs = Vec::new();
            for task in tasks {
                outputs.push(soon::<C, _>(task).await.unwrap());
            }
            outputs
        })
    });
    assert_eq!(outputs, [0, 1, 2, 3]);
    assert!(!handle.is_closed());
    drop(rt);
    assert!(handle.is_closed());
    let late = handle.spawn(async { 5 });
    let late_job = handle.spawn_blocking(|| 6);
    runtime::<C>().block_on(async {
        assert!(soon::<C, _>(late).await.unwrap_err().is_cancelled());
        assert!(soon::<C, _>(late_job).await.unwrap_err().is_cancelled());
    });
}

fn closing_drops_every_task_and_resolves_every_handle<C: Config>() {
    let rt = runtime::<C>();
    let dropped = Arc::new(AtomicUsize::new(0));
    let tasks = rt.block_on(async {
        let tasks: Vec<_> = (0..20)
            .map(|i| {
                let counted = Counted(dropped.clone());
                C::spawn(async move {
                    let _counted = counted;
                    match i % 3 {
                        0 => pending::<()>().await,
                        1 => C::sleep(Duration::from_secs(3600)).await,
                        _ => loop {
                            C::yield_now().await;
                        },
                    }
                })
            })
            .collect();
        C::sleep(Duration::from_millis(5)).await;
        tasks
    });
    let shutdown = rt.shutdown_timeout(LONG);
    assert!(shutdown.is_clean(), "{shutdown}");
    assert_eq!(dropped.load(SeqCst), 20);
    runtime::<C>().block_on(async {
        for task in tasks {
            assert!(task.is_finished());
            assert!(task.await.unwrap_err().is_cancelled());
        }
    });
}

fn a_spawn_while_the_runtime_closes_is_cancelled<C: Config>() {
    struct Spawns<C: Config>(mpsc::Sender<task::JoinHandle<u8>>, core::marker::PhantomData<fn() -> C>);
    impl<C: Config> Drop for Spawns<C> {
        fn drop(&mut self) {
            self.0.send(C::spawn(async { 1 })).unwrap();
        }
    }
    let (told, heard) = mpsc::channel();
    let rt = runtime::<C>();
    rt.block_on(async {
        let bomb = Spawns::<C>(told, core::marker::PhantomData);
        drop(C::spawn(async move {
            let _bomb = bomb;
            pending::<()>().await
        }));
        C::sleep(Duration::from_millis(5)).await;
    });
    drop(rt);
    let late = heard.recv().unwrap();
    assert!(late.is_finished());
    assert!(runtime::<C>().block_on(late).unwrap_err().is_cancelled());
}

fn wakers_outlive_the_runtime<C: Config>() {
    let (told, heard) = mpsc::channel::<core::task::Waker>();
    let rt = runtime::<C>();
    let (task, waker) = rt.block_on(async {
        let task = C::spawn(core::future::poll_fn(move |cx| {
            told.send(cx.waker().clone()).unwrap();
            core::task::Poll::<()>::Pending
        }));
        loop {
            match heard.try_recv() {
                Ok(waker) => return (task, waker),
                Err(_) => C::sleep(Duration::from_millis(1)).await,
            }
        }
    });
    drop(rt);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            waker.wake_by_ref();
            drop(waker.clone());
        });
    });
    waker.wake();
    drop(task);
}

fn block_on_inside_a_task_panics_and_says_so<C: Config>() {
    let rt = runtime::<C>();
    let panic =
        std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| rt.block_on(async { rt.block_on(async {}) })));
    let said = panic.unwrap_err().downcast::<String>().unwrap();
    assert!(said.contains("await the future instead"), "{said}");
}
/// One line per scheduler.
macro_rules! suite {
    ($($(#[$cfg:meta])? $scheduler:ident: $config:ty;)+ => $tests:tt) => {
        $(suite!(@ $(#[$cfg])? $scheduler $config; $tests);)+

        /// The schedulers and drivers of the pairs, by the names of their types.
        #[cfg(target_os = "linux")]
        fn run_on() -> Vec<(&'static str, &'static str)> {
            use core::any::type_name;
            Vec::from([$(
                $(#[$cfg])?
                (type_name::<<$config as Config>::Scheduler>(), type_name::<<$config as Config>::Driver>()),
            )+])
        }
    };
    (@ $(#[$cfg:meta])? $scheduler:ident $config:ty; [$($test:ident)+]) => {
        $(#[$cfg])?
        mod $scheduler {
            $(#[test]
            fn $test() {
                if !crate::when::When::Always.leaves_out::<$config>(stringify!($scheduler), stringify!($test)) {
                    super::$test::<$config>();
                }
            })+
        }
    };
}
suite! {
    single_thread: crate::OneThread;
    single_thread_without_io: crate::pairs::OneWithoutIo;
    #[cfg(unix)]
    single_thread_on_poll: crate::pairs::OnePoll;
    #[cfg(target_os = "linux")]
    single_thread_on_a_ring: crate::pairs::OneRing;
    #[cfg(target_os = "linux")]
    single_thread_on_one_of_two: crate::pairs::OneOfTwo;
    per_core: crate::TwoCores;
    per_core_without_io: crate::pairs::TwoWithoutIo;
    #[cfg(unix)]
    per_core_on_poll: crate::pairs::TwoPolls;
    #[cfg(target_os = "linux")]
    per_core_on_rings: crate::pairs::TwoRings;
    #[cfg(target_os = "linux")]
    per_core_on_one_of_two: crate::pairs::TwoOfTwo;
    thread_per_task: crate::ManyThreads;
    work_stealing: crate::Thieves;
    #[cfg(target_os = "linux")]
    work_stealing_on_two_drivers: crate::ThievesOfBoth;
    work_stealing_without_io: crate::pairs::ThievesWithoutIo;
    #[cfg(target_os = "linux")]
    work_stealing_on_rings: crate::pairs::ThievesOnRings;
    work_stealing_narrow: crate::NarrowThieves;
    work_stealing_narrow_classes: crate::NarrowClasses;
    #[cfg(feature = "crossbeam-deque")]
    work_stealing_on_deques: crate::OnDeques;
    #[cfg(feature = "crossbeam-deque")]
    work_stealing_narrow_on_deques: crate::NarrowOnDeques;
    => [
        spawned_tasks_run_and_yield_their_outputs
        tasks_spawn_tasks
        a_task_wakes_a_task
        a_dropped_handle_detaches_the_task
        abort_drops_the_future_and_the_handle_says_cancelled
        an_abort_right_after_the_spawn_is_heard
        an_abort_comes_between_two_yields
        a_panic_ends_in_the_join_error_and_the_runtime_goes_on
        a_panic_of_the_root_is_the_callers_and_the_runtime_goes_on
        sleeps_of_many_tasks_end_in_order
        a_timeout_ends_what_waits
        blocking_jobs_run_beside_tasks
        names_and_pins_work
        tasks_of_a_set_talk_through_a_queue_and_come_as_they_end
        a_handle_spawns_from_other_threads_and_outlives_the_runtime
        closing_drops_every_task_and_resolves_every_handle
        a_spawn_while_the_runtime_closes_is_cancelled
        wakers_outlive_the_runtime
        block_on_inside_a_task_panics_and_says_so
        a_skewed_load_goes_where_the_scheduler_promises
    ]
}
