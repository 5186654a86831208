//! The queue `Deque` of `WorkStealing`, beside other code that uses the collector of `crossbeam-epoch`: what that has deferred
//! may run inside of a queue, and wake tasks there.

use bespoke::channel::oneshot;
use bespoke::driver::NoIo;
use bespoke::scheduler::{Balanced, Deque, WorkStealing};
use bespoke::{Config, Runtime, preset};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

struct App;

#[bespoke::config(base = preset::Default)]
impl Config for App {
    type Scheduler = WorkStealing<2, Balanced, Deque>;
    type Driver = NoIo;
    const WORKERS_EXACT: bool = true;
    const LOCAL_QUEUE: usize = 1024;
}

thread_local! {
    /// This thread queues tasks, and awaits nothing.
    static QUEUES: Cell<bool> = const { Cell::new(false) };
}

const LONG: Duration = Duration::from_secs(20);
const ROUNDS: usize = 200;
const WAITERS: usize = 8;
/// More than the queue has room for at first: it grows a few times in each round, and shrinks again.
const CHILDREN: usize = 700;

/// A task that waits, and is woken by what the collector runs.
fn waiter(inside: &Arc<AtomicUsize>) -> bespoke::JoinHandle<bool> {
    let (sender, receiver) = oneshot::channel();
    let inside = inside.clone();
    crossbeam_epoch::pin().defer(move || {
        inside.fetch_add(usize::from(QUEUES.get()), SeqCst);
        let _ = sender.send(());
    });
    App::spawn(async move { receiver.await.is_ok() })
}

#[test]
fn what_others_have_deferred_wakes_tasks_inside_of_the_queue_and_none_is_lost() {
    let runtime = Runtime::<App>::new().expect("a runtime starts");
    let (ran, inside) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counts, wakes) = (ran.clone(), inside.clone());
    let all = runtime.spawn(async move {
        for round in 0..ROUNDS {
            let waiters: Vec<_> = (0..WAITERS).map(|_| waiter(&wakes)).collect();
            // What is deferred goes to all threads.
            crossbeam_epoch::pin().flush();
            App::yield_now().await;
            QUEUES.set(true);
            let child = |_| {
                let counts = counts.clone();
                App::spawn(async move { counts.fetch_add(1, SeqCst) })
            };
            let children: Vec<_> = (0..CHILDREN).map(child).collect();
            QUEUES.set(false);
            for child in children {
                child.await.expect("no child panics");
            }
            for waiter in waiters {
                while !waiter.is_finished() {
                    crossbeam_epoch::pin().flush();
                    App::yield_now().await;
                }
                assert!(waiter.await.expect("no waiter panics"), "round {round}: the sender was dropped");
            }
        }
    });
    runtime.block_on(async { App::timeout(LONG, all).await.expect("a task is lost").expect("all is well") });
    assert_eq!(ran.load(SeqCst), ROUNDS * CHILDREN);
    assert!(inside.load(SeqCst) > 0, "nothing was deferred that ran inside, so nothing was shown");
    assert!(runtime.shutdown_timeout(LONG).is_clean());
}
