//! Tasks of the runtime: they are spawned and joined, sleep, yield, talk, and end with it.

use crate::board::App;
use crate::heap;
use crate::mps2::{Mps2, SLEEPS};
use alloc::rc::Rc;
use bespoke_core::channel::{mpsc, oneshot};
use bespoke_core::embedded::{Board, Runtime};
use bespoke_core::scope::JoinSet;
use bespoke_core::sharing::Local;
use bespoke_core::sync::Notify;
use core::cell::Cell;
use core::future::pending;
use core::sync::atomic::Ordering;
use core::time::Duration;

const MS: Duration = Duration::from_millis(1);

pub(crate) fn start() -> Runtime<App> {
    match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => panic!("{error}"),
    }
}

/// A machine of the runtime's, with a local that lives over two waits.
#[bespoke_macros::async_fn(crate = bespoke_core::embedded)]
async fn counted(count: Rc<Cell<u32>>, times: u32) -> u32 {
    let mut sum = 0;
    for n in 0..times {
        App::yield_now().await;
        count.set(count.get() + 1);
        sum += n;
    }
    sum
}

pub(crate) fn check() {
    assert!(!Mps2::is_elsewhere(), "the check runs where tasks run");
    let runtime = start();
    let count = Rc::new(Cell::new(0));
    let before_spawns = runtime.live_tasks();
    let kept = runtime.spawn(pending::<()>());
    runtime.block_on(async {
        // Join, in turns.
        let counts: [_; 3] = core::array::from_fn(|_| App::spawn(counted(count.clone(), 10)));
        for task in counts {
            assert_eq!(task.await.ok(), Some(45));
        }
        assert_eq!(count.get(), 30);

        // A queue that is full, and one value.
        let (send, mut receive) = mpsc::channel_in::<u32, Local>(2);
        let (reply, answer) = oneshot::channel_in::<u32, Local>();
        App::spawn(async move {
            for n in 0..50 {
                assert!(send.send(n).await.is_ok());
            }
        });
        App::spawn(async move {
            let mut sum = 0;
            while let Some(n) = receive.recv().await {
                sum += n;
            }
            assert!(reply.send(sum).is_ok());
        });
        assert_eq!(answer.await, Ok(1225));

        // A signal.
        let notify = Rc::new(Notify::<Local>::new());
        let told = notify.clone();
        let waits = App::spawn(async move { told.notified().await });
        App::yield_now().await;
        assert!(!waits.is_finished());
        notify.notify_one();
        assert!(waits.await.is_ok());

        // Time: in the order of the deadlines, never early, and the processor sleeps meanwhile.
        let (start, slept) = (App::now(), SLEEPS.load(Ordering::Relaxed));
        let order = Rc::new(Cell::new(0u32));
        let sleeps = [3u32, 1, 2].map(|n| {
            let order = order.clone();
            App::spawn(async move {
                App::sleep(MS * n * 4).await;
                order.set(order.get() * 10 + n);
            })
        });
        for task in sleeps {
            assert!(task.await.is_ok());
        }
        assert_eq!(order.get(), 123);
        let took = App::now() - start;
        assert!(took >= MS * 12, "three sleeps took {took:?}");
        assert!(SLEEPS.load(Ordering::Relaxed) > slept, "the processor never slept");
        assert!(App::timeout(MS, pending::<()>()).await.is_err());

        // In the order in which they complete.
        let mut set = JoinSet::<u32, App>::new();
        for n in [2u32, 1] {
            set.spawn(async move {
                App::sleep(MS * n * 4).await;
                n
            });
        }
        assert_eq!(set.join_next().await.and_then(Result::ok), Some(1));
        assert_eq!(set.join_next().await.and_then(Result::ok), Some(2));
        assert!(set.join_next().await.is_none());

        // A task that is aborted.
        let task = App::spawn(pending::<()>());
        task.abort();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
    });
    assert_eq!(runtime.live_tasks(), before_spawns + 1);
    assert!(runtime.shutdown_background().is_clean());
    assert!(kept.is_finished());
    drop((kept, count));
    heap::assert_empty();
}
