//! Workers that take tasks from each other: a wake, a spawn and a take against the shutdown. The queues and who sleeps have
//! models of their own, in `task/steal/tests`.

use super::threads::Modelled;
use super::*;
use crate::config::Sealed;
use crate::roles::{OsEntropy, Policy, Uniform};
use crate::runtime::Ambient;
use crate::scheduler::WorkStealing;
use crate::testing::{Heap, SleepOnly};
use crate::time::{Manual, Monotonic};
use ::loom::sync::Notify;
use ::loom::thread;
use core::time::Duration;

/// One look each: more of them show nothing new.
#[derive(Debug)]
pub(super) struct Once;

impl Policy for Once {
    const SEARCH_ROUNDS: u32 = 1;
}

/// As [`Once`]; threads start on demand.
#[derive(Debug)]
pub(super) struct Late;

impl Policy for Late {
    const SEARCH_ROUNDS: u32 = 1;
    const ON_DEMAND: bool = true;
}

macro_rules! configs {
    ($($name:ident: $workers:literal, $policy:ty, $clock:ty;)+) => { $(
        #[derive(Debug)]
        pub(super) struct $name;

        impl Config for $name {
            type Scheduler = WorkStealing<$workers, $policy>;
            type Driver = SleepOnly;
            type Memory = Heap;
            type Clock = $clock;
            type Entropy = OsEntropy;
            type Threads = Modelled;
            type Topology = Uniform;
            type Watchdog = crate::roles::Unwatched;
            const NAME: &'static str = stringify!($name);
            const WORKERS_EXACT: bool = true;
            const LOCAL_QUEUE: usize = 2;
            // Under loom a shutdown waits for ever: time does not pass.
            const SHUTDOWN_TIMEOUT: Duration = Duration::MAX;
            const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
        }
    )+ };
}
configs! {
    Alone: 1, Once, Monotonic;
    Two: 2, Once, Monotonic;
    TwoTimed: 2, Once, Manual<false>;
    OnDemand: 1, Late, Monotonic;
    TwoOnDemand: 2, Late, Monotonic;
}

/// Waits for ever, and touches a value in each poll that is dropped once.
pub(super) fn holder(count: &std::sync::Arc<AtomicUsize>) -> impl Future<Output = ()> + Send + 'static {
    let value = Tracked::new(count);
    poll_fn(move |_| {
        value.cell.with(|_| ());
        Poll::Pending
    })
}

/// The shutdown finds its worker on its way to sleep.
#[test]
fn stop_vs_park() {
    model("stealing::stop_vs_park", || {
        drop(runtime::<Alone>());
        counts::assert_all_freed(1);
    });
}

/// Another thread spawns while the runtime closes: the future is dropped before that is over.
#[test]
fn spawn_vs_shutdown() {
    model("stealing::spawn_vs_shutdown", || {
        let rt = runtime::<Alone>();
        let handle = rt.handle();
        let count = drops();
        let future = holder(&count);
        let other = thread::spawn(move || handle.spawn(future));
        drop(rt);
        let spawned = other.join().unwrap();
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        counts::assert_all_freed(1);
    });
}

/// The same with two workers: one closes its home while the other could still take the task, run it, and leave it parked.
#[test]
fn spawn_vs_close_of_one() {
    model("stealing::spawn_vs_close_of_one", || {
        let rt = runtime::<Two>();
        let handle = rt.handle();
        let count = drops();
        let future = holder(&count);
        let other = thread::spawn(move || handle.spawn(future));
        drop(rt);
        let spawned = other.join().unwrap();
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        counts::assert_all_freed(2);
    });
}

/// A task that waits is woken by another thread while its runtime closes: it lies in the injector, or is on its way there.
#[test]
fn wake_vs_shutdown() {
    model("stealing::wake_vs_shutdown", || {
        let rt = runtime::<Alone>();
        let count = drops();
        let (value, shelf, told) = (Tracked::new(&count), Shelf::new(), Arc::new(Notify::new()));
        let (show, tells) = (shelf.clone(), told.clone());
        let mut first = true;
        let spawned = rt.spawn(poll_fn(move |cx| {
            value.cell.with(|_| ());
            if core::mem::take(&mut first) {
                show.put([cx.waker().clone()]);
                tells.notify();
            }
            Poll::<()>::Pending
        }));
        told.wait();
        let other = thread::spawn(move || {
            let wakers = core::mem::take(&mut *shelf.0.lock().unwrap());
            wakers.into_iter().for_each(Waker::wake);
        });
        drop(rt);
        assert_eq!(count.load(SeqCst), 1, "the future is dropped when the shutdown is over");
        assert!(spawned.is_finished());
        other.join().unwrap();
        drop(spawned);
        counts::assert_all_freed(1);
    });
}

/// A task lies in the queue of all while one worker closes its home and the other takes it.
#[test]
fn take_vs_close() {
    model("stealing::take_vs_close", || {
        let rt = runtime::<Two>();
        let count = drops();
        let spawned = rt.spawn(holder(&count));
        drop(rt);
        assert_eq!(count.load(SeqCst), 1, "the future is dropped when the shutdown is over");
        assert!(spawned.is_finished());
        drop(spawned);
        counts::assert_all_freed(2);
    });
}

/// A task blocks in place until another one of its worker has run, which a stand-in does; then the runtime closes.
#[test]
fn block_in_place() {
    model("stealing::block_in_place", || {
        let rt = runtime::<Alone>();
        let told = Arc::new(Notify::new());
        let tells = told.clone();
        drop(rt.spawn(async move {
            let rung = Arc::new(Notify::new());
            let rings = rung.clone();
            drop(Alone::spawn(async move { rings.notify() }));
            Alone::block_in_place(|| rung.wait());
            tells.notify();
        }));
        told.wait();
        drop(rt);
        counts::assert_all_freed(1);
    });
}

/// The same, and the runtime closes meanwhile: what the closure waits for is dropped by a stand-in, or before it begins.
#[test]
fn block_in_place_vs_shutdown() {
    struct Tells(Arc<Notify>);
    impl Drop for Tells {
        fn drop(&mut self) {
            self.0.notify();
        }
    }
    model("stealing::block_in_place_vs_shutdown", || {
        let rt = runtime::<Alone>();
        let begun = Arc::new(Notify::new());
        let begins = begun.clone();
        let task = rt.spawn(async move {
            let dropped = Arc::new(Notify::new());
            let held = Tells(dropped.clone());
            drop(Alone::spawn(async move {
                let _held = held;
                core::future::pending::<()>().await;
            }));
            Alone::block_in_place(|| {
                begins.notify();
                dropped.wait();
            });
        });
        begun.wait();
        drop(rt);
        assert!(task.is_finished());
        drop(task);
        counts::assert_all_freed(1);
    });
}

/// The worker sleeps, or is about to, when a task comes from outside; and again: both run.
#[test]
fn two_spawns_vs_sleep() {
    model("stealing::two_spawns_vs_sleep", || {
        let rt = runtime::<Alone>();
        let told = Arc::new(Notify::new());
        for _ in 0..2 {
            let tells = told.clone();
            drop(rt.spawn(async move { tells.notify() }));
            told.wait();
        }
        drop(rt);
        counts::assert_all_freed(1);
    });
}

/// Two threads spawn on a runtime that has no thread yet: one is started, and runs both.
#[test]
fn two_first_spawns() {
    model("stealing::two_first_spawns", || {
        let rt = runtime::<OnDemand>();
        let count = drops();
        let spawns = |rt: &Runtime<OnDemand>| {
            let (handle, value) = (rt.handle(), Tracked::new(&count));
            thread::spawn(move || {
                let task = handle.spawn(async move { value.cell.with(|_| ()) });
                drop(handle);
                task
            })
        };
        let other = spawns(&rt);
        let value = Tracked::new(&count);
        let task = rt.spawn(async move { value.cell.with(|_| ()) });
        let theirs = other.join().unwrap();
        drop(rt);
        assert_eq!(count.load(SeqCst), 2, "run, or cancelled by the shutdown");
        drop((task, theirs));
        counts::assert_all_freed(1);
    });
}

/// The first spawn, which starts the thread, meets the shutdown, which would close the worker itself.
#[test]
fn first_spawn_vs_shutdown() {
    model("stealing::first_spawn_vs_shutdown", || {
        let rt = runtime::<OnDemand>();
        let handle = rt.handle();
        let count = drops();
        let future = holder(&count);
        let other = thread::spawn(move || handle.spawn(future));
        drop(rt);
        let spawned = other.join().unwrap();
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 1);
        drop(spawned);
        counts::assert_all_freed(1);
    });
}

/// A worker starts the thread of another for what it cannot run at once, while the runtime closes.
#[test]
fn second_thread_vs_shutdown() {
    model("stealing::second_thread_vs_shutdown", || {
        let rt = runtime::<TwoOnDemand>();
        let count = drops();
        let (first, second) = (holder(&count), holder(&count));
        let spawned = rt.spawn(async move {
            drop(TwoOnDemand::spawn(first));
            drop(TwoOnDemand::spawn(second));
        });
        drop(rt);
        assert!(spawned.is_finished());
        assert_eq!(count.load(SeqCst), 2, "the futures are dropped when the shutdown is over");
        drop(spawned);
        counts::assert_all_freed(2);
    });
}
