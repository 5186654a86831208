//! The paths of tasks that any worker may run, on one worker: so it depends on nobody how many instructions they take. On queues `Q`.

use crate::paths::{Plant, runtime};
use bespoke::driver::NoIo;
use bespoke::scheduler::{Balanced, LocalQueue, WorkStealing};
use bespoke::{Config, preset};
use std::future::poll_fn;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

struct One<Q>(PhantomData<Q>);

#[bespoke::config(base = preset::Default)]
impl<Q: LocalQueue> Config for One<Q> {
    type Scheduler = WorkStealing<1, Balanced, Q>;
    type Driver = NoIo;
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
