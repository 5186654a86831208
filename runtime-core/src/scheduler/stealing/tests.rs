//! A crew on real threads: every task runs once, none is stuck behind one that does not end, and nothing is left when it closes.
//! One suite for all local queues.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]
#![expect(clippy::disallowed_methods, reason = "the test stands outside of the runtime while it waits")]

use crate::config::{Config, Sealed};
use crate::roles::{Balanced, LocalQueue, OsEntropy, OsThreads, Policy, Uniform};
use crate::runtime::{Ambient, Runtime};
use crate::scheduler::WorkStealing;
use crate::testing::{Census, Heap, SleepOnly};
use crate::time::Monotonic;
use core::future::{pending, poll_fn};
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::Poll;
use core::time::Duration;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::thread;
use std::vec::Vec;

/// A line for each queue.
macro_rules! suite {
    ($($(#[$cfg:meta])? $name:ident: $queue:ty;)+ => $tests:tt) => {
        $(suite!(@ $(#[$cfg])? $name $queue; $tests);)+
    };
    (@ $(#[$cfg:meta])? $name:ident $queue:ty; [$($test:ident)+]) => {
        $(#[$cfg])?
        mod $name {
            $(#[test]
            fn $test() {
                super::$test::<$queue>();
            })+
        }
    };
}

mod classes;
// Miri did not come to the end of one of them in seven minutes.
mod demand;
#[cfg(not(miri))]
mod in_place;
mod nodes;
mod policies;
mod worker_ends;

macro_rules! configs {
    ($($name:ident: $workers:literal, $policy:ty, $capacity:literal;)+) => { $(
        /// With local queues `Q`.
        struct $name<Q>(PhantomData<Q>);

        impl<Q: LocalQueue> Config for $name<Q> {
            type Scheduler = WorkStealing<$workers, $policy, Q>;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = Monotonic;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const WORKERS_EXACT: bool = true;
            const LOCAL_QUEUE: usize = $capacity;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    Alone: 1, Balanced, 256;
    Two: 2, Balanced, 256;
    Four: 4, Balanced, 256;
    Narrow: 4, Balanced, 2;
    Fair: 3, InOrder, 16;
    TwoLate: 2, OnDemand, 256;
    FourLate: 4, OnDemand, 256;
}

/// A thread when there is something for it.
#[derive(Debug)]
struct OnDemand;

impl Policy for OnDemand {
    const ON_DEMAND: bool = true;
}

/// Without a LIFO slot.
#[derive(Debug)]
struct InOrder;

impl Policy for InOrder {
    const LIFO_RUNS_MAX: u32 = 0;
}

const LONG: Duration = Duration::from_secs(20);

fn start<C: Config>() -> (Arc<Census>, Runtime<C>) {
    let census = Census::start();
    (census, Runtime::new().unwrap())
}

#[track_caller]
fn ends<C: Config>(census: &Census, runtime: Runtime<C>) {
    let shutdown = runtime.shutdown_timeout(LONG);
    assert!(shutdown.is_clean(), "{shutdown}");
    census.assert_all_freed();
}

/// Tasks that spawn, yield and wake each other: each runs once, whoever takes it.
fn every_task_runs_once<C: Config>() {
    const ROOTS: usize = if cfg!(miri) { 3 } else { 40 };
    const EACH: usize = if cfg!(miri) { 5 } else { 100 };
    let (census, runtime) = start::<C>();
    let ran: Arc<Vec<AtomicUsize>> = Arc::new((0..ROOTS * EACH).map(|_| AtomicUsize::new(0)).collect());
    let sum: usize = runtime.block_on(async {
        let roots: Vec<_> = (0..ROOTS)
            .map(|root| {
                let ran = ran.clone();
                C::spawn(async move {
                    let children: Vec<_> = (0..EACH)
                        .map(|child| {
                            let ran = ran.clone();
                            C::spawn(async move {
                                for _ in 0..child % 5 {
                                    C::yield_now().await;
                                }
                                ran[root * EACH + child].fetch_add(1, SeqCst);
                                1
                            })
                        })
                        .collect();
                    let mut sum = 0;
                    for child in children {
                        sum += child.await.unwrap();
                    }
                    sum
                })
            })
            .collect();
        let mut sum = 0;
        for root in roots {
            sum += C::timeout(LONG, root).await.expect("a task is stuck").unwrap();
        }
        sum
    });
    assert_eq!(sum, ROOTS * EACH);
    assert!(ran.iter().all(|times| times.load(SeqCst) == 1));
    ends(&census, runtime);
}

fn every_task_runs_once_on_one_two_and_four_workers<Q: LocalQueue>() {
    every_task_runs_once::<Alone<Q>>();
    every_task_runs_once::<Two<Q>>();
    every_task_runs_once::<Four<Q>>();
    every_task_runs_once::<TwoLate<Q>>();
    every_task_runs_once::<FourLate<Q>>();
}

fn a_narrow_queue_overflows_and_loses_nothing<Q: LocalQueue>() {
    every_task_runs_once::<Narrow<Q>>();
}

fn without_a_slot_nothing_is_lost_either<Q: LocalQueue>() {
    every_task_runs_once::<Fair<Q>>();
}

/// The worker that this thread runs, by its name.
fn worker() -> usize {
    let here = thread::current();
    here.name().and_then(|name| name.rsplit('-').next()?.parse().ok()).expect("a worker's thread has its number")
}

/// Blocks its worker until `go` says so.
async fn hog(go: Arc<AtomicBool>) {
    while !go.load(SeqCst) {
        thread::yield_now();
    }
}

fn what_one_task_spawns_is_run_by_all_workers<Q: LocalQueue>() {
    let (census, runtime) = start::<Four<Q>>();
    let spawner = runtime.spawn(async {
        // Each blocks its worker until four of them do.
        let meet = Arc::new(Barrier::new(4));
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let meet = meet.clone();
                Four::<Q>::spawn(async move {
                    meet.wait();
                    thread::current().id()
                })
            })
            .collect();
        let mut threads = HashSet::new();
        for task in tasks {
            threads.insert(task.await.unwrap());
        }
        threads.len()
    });
    let threads = runtime.block_on(async {
        Four::<Q>::timeout(LONG, spawner).await.expect("a worker sleeps while a task is queued").unwrap()
    });
    assert_eq!(threads, 4);
    ends(&census, runtime);
}

fn what_is_queued_behind_a_task_that_does_not_end_is_run_by_others<Q: LocalQueue>() {
    let (census, runtime) = start::<Two<Q>>();
    let go = Arc::new(AtomicBool::new(false));
    let (hogs, ran) = (go.clone(), Arc::new(AtomicUsize::new(0)));
    let counts = ran.clone();
    let task = runtime.spawn(async move {
        // The last of them stays in the slot of this worker, the others in its ring.
        for _ in 0..10 {
            let ran = counts.clone();
            drop(Two::<Q>::spawn(async move { ran.fetch_add(1, SeqCst) }));
        }
        hog(hogs).await;
    });
    runtime.block_on(async {
        Two::<Q>::timeout(LONG, async {
            while ran.load(SeqCst) < 10 {
                Two::<Q>::sleep(Duration::from_millis(1)).await;
            }
        })
        .await
        .expect("a task is stuck behind one that does not end");
    });
    assert!(!task.is_finished());
    go.store(true, SeqCst);
    runtime.block_on(task).unwrap();
    ends(&census, runtime);
}

fn a_task_of_another_thread_does_not_wait_for_those_that_yield_for_ever<Q: LocalQueue>() {
    const BUSY: usize = if cfg!(miri) { 3 } else { 20 };
    const ROUNDS: usize = if cfg!(miri) { 3 } else { 50 };
    let (census, runtime) = start::<Two<Q>>();
    let over = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..BUSY)
        .map(|_| {
            let over = over.clone();
            runtime.spawn(async move {
                while !over.load(SeqCst) {
                    Two::<Q>::yield_now().await;
                }
            })
        })
        .collect();
    for n in 0..ROUNDS {
        // From outside: it comes through the injector.
        let task = runtime.spawn(async move { n });
        let got = runtime.block_on(async { Two::<Q>::timeout(LONG, task).await.expect("starved").unwrap() });
        assert_eq!(got, n);
    }
    over.store(true, SeqCst);
    for task in busy {
        runtime.block_on(task).unwrap();
    }
    ends(&census, runtime);
}

fn two_tasks_that_wake_each_other_let_a_third_run<Q: LocalQueue>() {
    let (census, runtime) = start::<Alone<Q>>();
    let over = Arc::new(AtomicBool::new(false));
    let wakers: Arc<Mutex<[Option<core::task::Waker>; 2]>> = Arc::default();
    let player = |me: usize| {
        let (over, wakers) = (over.clone(), wakers.clone());
        poll_fn(move |cx| {
            let other = {
                let mut wakers = wakers.lock().unwrap();
                wakers[me] = Some(cx.waker().clone());
                wakers[1 - me].take()
            };
            if let Some(other) = other {
                other.wake();
            }
            if over.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
    };
    let players = [runtime.spawn(player(0)), runtime.spawn(player(1))];
    let third = runtime.spawn(async {
        for _ in 0..100 {
            Alone::<Q>::yield_now().await;
        }
    });
    runtime.block_on(async {
        Alone::<Q>::timeout(LONG, third).await.expect("the two keep the worker to themselves").unwrap()
    });
    over.store(true, SeqCst);
    let last = wakers.lock().unwrap().each_mut().map(Option::take);
    last.into_iter().flatten().for_each(core::task::Waker::wake);
    for player in players {
        player.abort();
        let _ = runtime.block_on(player);
    }
    // A waker holds its task.
    *wakers.lock().unwrap() = [None, None];
    ends(&census, runtime);
}

fn a_pinned_future_stays_where_it_was_made<Q: LocalQueue>() {
    const TASKS: usize = if cfg!(miri) { 4 } else { 20 };
    const YIELDS: usize = if cfg!(miri) { 10 } else { 100 };
    let (census, runtime) = start::<Four<Q>>();
    let others: Vec<_> = (0..TASKS)
        .map(|_| {
            runtime.spawn(async {
                for _ in 0..2 * YIELDS {
                    Four::<Q>::yield_now().await;
                }
            })
        })
        .collect();
    let pinned: Vec<_> = (0..TASKS)
        .map(|n| {
            runtime.handle().spawn_pinned(async move || {
                let (here, not_send) = (thread::current().id(), Rc::new(n));
                for _ in 0..YIELDS {
                    Four::<Q>::yield_now().await;
                    assert_eq!(here, thread::current().id());
                }
                *not_send
            })
        })
        .collect();
    for (n, task) in pinned.into_iter().enumerate() {
        assert_eq!(runtime.block_on(task).unwrap(), n);
    }
    for other in others {
        runtime.block_on(other).unwrap();
    }
    ends(&census, runtime);
}

fn sleeps_of_tasks_that_move_end_in_time<Q: LocalQueue>() {
    const TASKS: u64 = if cfg!(miri) { 10 } else { 100 };
    let (census, runtime) = start::<Four<Q>>();
    let tasks: Vec<_> = (0..TASKS)
        .map(|n| {
            runtime.spawn(async move {
                for _ in 0..5 {
                    let begun = Four::<Q>::now();
                    let wait = Duration::from_micros(100 * (n % 10));
                    let mut sleep = core::pin::pin!(Four::<Q>::sleep(wait));
                    // Polled now and then by whoever runs the task.
                    poll_fn(|cx| sleep.as_mut().poll(cx)).await;
                    assert!(Four::<Q>::now() - begun >= wait);
                    Four::<Q>::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(async { Four::<Q>::timeout(LONG, task).await.expect("it slept on").unwrap() });
    }
    ends(&census, runtime);
}

macro_rules! starts_and_stops {
    ($config:ty) => {{
        struct Counted(Arc<AtomicUsize>);
        impl Drop for Counted {
            fn drop(&mut self) {
                self.0.fetch_add(1, SeqCst);
            }
        }
        const CYCLES: usize = if cfg!(miri) { 2 } else { 1000 };
        for cycle in 0..CYCLES {
            let (census, runtime) = start::<$config>();
            let gone = Arc::new(AtomicUsize::new(0));
            let wakers: Arc<Mutex<Vec<core::task::Waker>>> = Arc::default();
            let tasks: Vec<_> = (0..8)
                .map(|n| {
                    let (counted, wakers) = (Counted(gone.clone()), wakers.clone());
                    runtime.spawn(async move {
                        let _counted = counted;
                        match n % 4 {
                            0 => pending().await,
                            1 => <$config>::sleep(LONG).await,
                            2 => loop {
                                <$config>::yield_now().await;
                            },
                            _ => {
                                poll_fn(|cx| {
                                    wakers.lock().unwrap().push(cx.waker().clone());
                                    Poll::<()>::Pending
                                })
                                .await;
                            }
                        }
                    })
                })
                .collect();
            let (handle, together) = (runtime.handle(), Arc::new(Barrier::new(2)));
            let (late, start, theirs) = (gone.clone(), together.clone(), wakers.clone());
            let other = thread::spawn(move || {
                start.wait();
                let spawned: Vec<_> = (0..4)
                    .map(|_| {
                        let woken = core::mem::take(&mut *theirs.lock().unwrap());
                        woken.into_iter().for_each(core::task::Waker::wake);
                        let counted = Counted(late.clone());
                        handle.spawn(async move {
                            let _counted = counted;
                            pending::<()>().await
                        })
                    })
                    .collect();
                spawned
            });
            together.wait();
            if cycle % 3 == 0 {
                thread::yield_now();
            }
            let shutdown = runtime.shutdown_timeout(LONG);
            assert!(shutdown.is_clean(), "{shutdown}");
            assert!(tasks.iter().all(crate::task::JoinHandle::is_finished));
            let spawned = other.join().unwrap();
            assert!(spawned.iter().all(crate::task::JoinHandle::is_finished));
            assert_eq!(gone.load(SeqCst), 12);
            drop((tasks, spawned));
            wakers.lock().unwrap().clear();
            census.assert_all_freed();
        }
    }};
}

/// A runtime that closes while its tasks run, yield, sleep, wait, and are woken by other threads: every future is dropped by
/// the end.
fn a_thousand_starts_and_stops_under_load_leave_nothing<Q: LocalQueue>() {
    starts_and_stops!(Two<Q>);
}

/// The same, where threads start meanwhile.
fn a_thousand_starts_on_demand_leave_nothing<Q: LocalQueue>() {
    starts_and_stops!(TwoLate<Q>);
}

fn a_worker_that_is_busy_is_left_alone_after_the_timeout_and_drops_its_task_when_it_comes_back<Q: LocalQueue>() {
    // Long enough for the other one; on a busy machine not at first.
    let limits: &[u64] = if cfg!(miri) { &[20_000] } else { &[500, 5_000, 20_000] };
    let alone = limits.iter().any(|ms| left_alone::<Q>(Duration::from_millis(*ms)) == 1);
    assert!(alone, "a worker that is not busy runs on");
}

/// How many workers run when a shutdown has waited so long beside one that is busy.
fn left_alone<Q: LocalQueue>(limit: Duration) -> usize {
    let (census, runtime) = start::<Two<Q>>();
    let go = Arc::new(AtomicBool::new(false));
    let (tell, told) = mpsc::channel();
    let hogs = go.clone();
    let busy = runtime.spawn(async move {
        tell.send(worker()).unwrap();
        hog(hogs).await;
        pending::<()>().await
    });
    let where_it_runs = told.recv().unwrap();
    let waits = runtime.spawn(pending::<()>());
    let shutdown = runtime.shutdown_timeout(limit);
    assert!(shutdown.workers().contains(&where_it_runs) && !shutdown.is_clean(), "{shutdown}");
    assert_eq!(shutdown.workers().len(), shutdown.running_workers, "{shutdown}");
    assert!(!busy.is_finished());
    go.store(true, SeqCst);
    for _ in 0..2000 {
        if busy.is_finished() && waits.is_finished() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert!(busy.is_finished() && waits.is_finished());
    drop((busy, waits));
    for _ in 0..2000 {
        if census.is_balanced() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    census.assert_all_freed();
    shutdown.running_workers
}

/// Two runtimes, of which the second has rings: each worker finds out that it does not run the crew of the task that it wakes.
fn workers_of_one_crew_wake_tasks_of_another<Q: LocalQueue>() {
    const ROUNDS: usize = if cfg!(miri) { 5 } else { 1000 };
    let (census, one) = start::<Two<Q>>();
    let other = Runtime::<Two<crate::scheduler::Ring>>::new().unwrap();
    let (turn, wakers) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new([None, None])));
    let player = |me: usize| {
        let (turn, wakers) = (turn.clone(), wakers.clone());
        poll_fn(move |cx| {
            loop {
                let mut waiting = wakers.lock().unwrap();
                let now = turn.load(SeqCst);
                if now == 2 * ROUNDS {
                    return Poll::Ready(thread::current().id());
                }
                if now % 2 != me {
                    waiting[me] = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                turn.fetch_add(1, SeqCst);
                let next: Option<core::task::Waker> = waiting[1 - me].take();
                drop(waiting);
                next.into_iter().for_each(core::task::Waker::wake);
            }
        })
    };
    let (first, second) = (one.spawn(player(0)), other.spawn(player(1)));
    let first = one.block_on(async { Two::<Q>::timeout(LONG, first).await.expect("nobody woke it").unwrap() });
    let second = other.block_on(second).unwrap();
    assert_ne!(first, second, "a task ran on the worker of another runtime");
    *wakers.lock().unwrap() = [None, None];
    assert!(other.shutdown_timeout(LONG).is_clean());
    ends(&census, one);
}

suite! {
    ring: crate::scheduler::Ring;
    #[cfg(feature = "crossbeam-deque")]
    deque: crate::scheduler::Deque;
    ring_for_each_class: crate::scheduler::Classes;
    => [
        every_task_runs_once_on_one_two_and_four_workers
        a_narrow_queue_overflows_and_loses_nothing
        without_a_slot_nothing_is_lost_either
        what_one_task_spawns_is_run_by_all_workers
        what_is_queued_behind_a_task_that_does_not_end_is_run_by_others
        a_task_of_another_thread_does_not_wait_for_those_that_yield_for_ever
        two_tasks_that_wake_each_other_let_a_third_run
        a_pinned_future_stays_where_it_was_made
        workers_of_one_crew_wake_tasks_of_another
        sleeps_of_tasks_that_move_end_in_time
        a_thousand_starts_and_stops_under_load_leave_nothing
        a_thousand_starts_on_demand_leave_nothing
        a_worker_that_is_busy_is_left_alone_after_the_timeout_and_drops_its_task_when_it_comes_back
    ]
}
