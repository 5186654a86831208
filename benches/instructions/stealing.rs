//! The paths of tasks that any worker may run, on queues `Q`. On one worker, or while all other threads are held: so it depends
//! on nobody how many instructions they take.

use crate::paths::{Path, Plant, runtime};
use bespoke::driver::NoIo;
use bespoke::scheduler::{Balanced, Deque, LocalQueue, Policy, Ring, WorkStealing};
use bespoke::{Config, preset};
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::atomic::{
    AtomicBool, AtomicU64,
    Ordering::{Acquire, Relaxed, Release},
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};

/// All of them, in the order of the table.
pub(crate) const PATHS: &[Path] = &[
    Path {
        name: "stealing-spawn-join",
        title: "spawn an empty task and join it, under `WorkStealing`",
        ops: 1000,
        run: spawn_join::<Ring>,
    },
    Path {
        name: "stealing-yield",
        title: "`yield_now` of one of 100 tasks, under `WorkStealing`",
        ops: 1000,
        run: yields::<Ring>,
    },
    Path {
        name: "stealing-ping-pong",
        title: "a round trip of two tasks, under `WorkStealing`",
        ops: 1000,
        run: ping_pong::<Ring>,
    },
    Path {
        name: "stealing-outside",
        title: "spawn an empty task from a thread that is no worker, and run it",
        ops: 1000,
        run: outside::<Ring>,
    },
    Path {
        name: "stealing-steal",
        title: "spawn an empty task, which another worker takes, with its share of 200, and runs",
        ops: 1000,
        run: steals::<Ring>,
    },
    Path { name: "deque-spawn-join", title: "the first on queues `Deque`", ops: 1000, run: spawn_join::<Deque> },
    Path { name: "deque-yield", title: "the second", ops: 1000, run: yields::<Deque> },
    Path { name: "deque-ping-pong", title: "the third", ops: 1000, run: ping_pong::<Deque> },
    Path { name: "deque-outside", title: "the fourth", ops: 1000, run: outside::<Deque> },
    Path { name: "deque-steal", title: "the fifth", ops: 1000, run: steals::<Deque> },
];

struct One<Q>(PhantomData<Q>);

#[bespoke::config(base = preset::Default)]
impl<Q: LocalQueue> Config for One<Q> {
    type Scheduler = WorkStealing<1, Balanced, Q>;
    type Driver = NoIo;
}

/// First in, first out: what was spawned last is in the queue as well, where another worker finds it.
struct InOrder;

impl Policy for InOrder {
    const LIFO_RUNS_MAX: u32 = 0;
}

struct Two<Q>(PhantomData<Q>);

#[bespoke::config(base = preset::Default)]
impl<Q: LocalQueue> Config for Two<Q> {
    type Scheduler = WorkStealing<2, InOrder, Q>;
    type Driver = NoIo;
    const WORKERS_EXACT: bool = true;
    const LOCAL_QUEUE: usize = 256;
}

/// Holds a worker inside of a task, where it takes no instructions.
#[derive(Default)]
struct Hold {
    held: OnceLock<Thread>,
    over: AtomicBool,
}

impl Hold {
    /// That task. It tells `waits` that it runs.
    async fn hold(self: Arc<Self>, waits: Thread) {
        self.held.get_or_init(thread::current);
        waits.unpark();
        while !self.over.load(Acquire) {
            thread::park();
        }
    }

    /// Waits for that, on the thread that is told.
    fn begins(&self) {
        while self.held.get().is_none() {
            thread::park();
        }
    }

    /// The worker goes on.
    fn ends(&self) {
        self.over.store(true, Release);
        self.held.get().expect("it has begun").unpark();
    }
}

/// Runs `main` on the worker.
fn run<Q: LocalQueue>(main: impl Future<Output = ()> + Send + 'static) {
    let runtime = runtime::<One<Q>>();
    runtime.block_on(runtime.spawn(main)).expect("the task ends");
}

pub(crate) fn spawn_join<Q: LocalQueue>(ops: u64, plant: Plant) {
    let done = Arc::new(AtomicU64::new(0));
    let counts = done.clone();
    run::<Q>(async move {
        for _ in 0..ops {
            plant.work();
            let counts = counts.clone();
            One::<Q>::spawn(async move { counts.fetch_add(1, Relaxed) }).await.expect("the task ends");
        }
    });
    assert_eq!(done.load(Relaxed), ops, "tasks were lost");
}

/// 100 tasks, so that each goes through the queue.
pub(crate) fn yields<Q: LocalQueue>(ops: u64, plant: Plant) {
    run::<Q>(async move {
        let tasks = (0..100).map(|_| {
            One::<Q>::spawn(async move {
                for _ in 0..ops / 100 {
                    plant.work();
                    One::<Q>::yield_now().await;
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("the task ends");
        }
    });
}

pub(crate) fn ping_pong<Q: LocalQueue>(ops: u64, plant: Plant) {
    type Wakers = Mutex<[Option<Waker>; 2]>;
    let (turn, wakers) = (Arc::new(AtomicU64::new(0)), Arc::<Wakers>::default());
    let turns = turn.clone();
    let player = move |side: usize| {
        let (turn, wakers) = (turns.clone(), wakers.clone());
        poll_fn(move |cx| {
            while turn.load(Relaxed) < 2 * ops {
                let mut wakers = wakers.lock().unwrap_or_else(PoisonError::into_inner);
                if turn.load(Relaxed) % 2 != side as u64 {
                    wakers[side] = Some(cx.waker().clone());
                    return Poll::Pending;
                }
                plant.work();
                turn.fetch_add(1, Relaxed);
                if let Some(other) = wakers[1 - side].take() {
                    drop(wakers);
                    other.wake();
                }
            }
            Poll::Ready(())
        })
    };
    run::<Q>(async move {
        let (one, two) = (One::<Q>::spawn(player(0)), One::<Q>::spawn(player(1)));
        one.await.expect("the task ends");
        two.await.expect("the task ends");
    });
    assert_eq!(turn.load(Relaxed), 2 * ops, "turns were lost");
}

/// All of them are queued while the worker is held; then this thread waits until all have run.
pub(crate) fn outside<Q: LocalQueue>(ops: u64, plant: Plant) {
    let done = Arc::new(AtomicU64::new(0));
    let runtime = runtime::<One<Q>>();
    let (first, last) = (Arc::new(Hold::default()), Arc::new(Hold::default()));
    drop(runtime.spawn(first.clone().hold(thread::current())));
    first.begins();
    for _ in 0..ops {
        plant.work();
        let counts = done.clone();
        drop(runtime.spawn(async move { counts.fetch_add(1, Relaxed) }));
    }
    drop(runtime.spawn(last.clone().hold(thread::current())));
    first.ends();
    last.begins();
    last.ends();
    assert_eq!(done.load(Relaxed), ops, "tasks were lost");
}

/// 200 at a time are queued while the other worker is held. It takes them, the first ones first, while the one that has spawned
/// them waits; the last one holds it again, so that it never finds nothing.
pub(crate) fn steals<Q: LocalQueue>(ops: u64, plant: Plant) {
    const BATCH: u64 = 200;
    let done = Arc::new(AtomicU64::new(0));
    let count = done.clone();
    let runtime = runtime::<Two<Q>>();
    let spawner = runtime.spawn(async move {
        let mut hold = Arc::new(Hold::default());
        drop(Two::<Q>::spawn(hold.clone().hold(thread::current())));
        hold.begins();
        for _ in 0..ops / BATCH {
            for _ in 0..BATCH {
                plant.work();
                let counts = count.clone();
                drop(Two::<Q>::spawn(async move { counts.fetch_add(1, Relaxed) }));
            }
            let next = Arc::new(Hold::default());
            drop(Two::<Q>::spawn(next.clone().hold(thread::current())));
            hold.ends();
            next.begins();
            hold = next;
        }
        hold.ends();
    });
    runtime.block_on(spawner).expect("the task ends");
    assert_eq!(done.load(Relaxed), ops / BATCH * BATCH, "tasks were lost");
}
