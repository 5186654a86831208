//! Models of the task core: the real code under every interleaving that loom finds.
//!
//! Run with
//! `RUSTFLAGS="--cfg loom" cargo test --release -p bespoke-core --features std --lib --target-dir target/loom loom`.
//! `LOOM_MAX_PREEMPTIONS` sets the bound. Each model prints its executions and its time, and ends by asking
//! that every task and every worker was freed. [`twins`] plants mistakes, and asks that each model finds one at least.
//!
//! What the models see: the orderings of every atomic in [`crate::loom`]; races on the join slot, on the links of the
//! inbox, on the local state word; a use of a task or of a home after its end (`Life`). What they do not see: races on
//! the stage itself, which is why the outputs here carry a [`Tracked`].

/// Makes the tests of models: `name: local shared;` runs the `fn name<C: Config>()` beside it under these sharings.
macro_rules! tests {
    ($($name:ident: $($sharing:ident)+;)+) => {
        $(mod $name {
            $(tests!(@ $name $sharing);)+
        })+
    };
    (@ $name:ident local) => {
        #[test]
        fn local() {
            super::super::model(concat!(stringify!($name), "::local"), super::$name::<crate::testing::App>);
        }
    };
    (@ $name:ident shared) => {
        #[test]
        fn shared() {
            super::super::model(concat!(stringify!($name), "::shared"), super::$name::<crate::testing::SharedApp>);
        }
    };
    (@ $name:ident moving) => {
        #[test]
        fn moving() {
            super::super::model(concat!(stringify!($name), "::moving"), super::$name::<crate::testing::MovingApp>);
        }
    };
}
mod closes;
mod cores;
mod crews;
mod guests;
mod joins;
mod moves;
mod questions;
mod spawns;
mod stealing;
mod threads;
mod twins;
mod wakes;

use crate::config::Config;
use crate::loom::plants;
use crate::runtime::{Runtime, spawn_unchecked};
use crate::task::JoinHandle;
use crate::testing::models::ONE;
use crate::worker::counts;
use ::loom::cell::UnsafeCell;
use ::loom::sync::Arc;
use ::loom::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::cell::RefCell;
use core::future::poll_fn;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Poll, Waker};
use std::rc::Rc;
use std::sync::PoisonError;
use std::time::Instant;

/// How many preemptions to try without `LOOM_MAX_PREEMPTIONS`. Bugs at close took three; the models for which that takes
/// longer than half a minute get two.
fn bound(name: &str) -> usize {
    let long = ["two_wakers_each_publishes", "cores::spawn_across_vs_shutdown", "moves::", "stealing::"];
    if long.iter().any(|long| name.starts_with(long)) { 2 } else { 3 }
}

/// The most that a model can be asked for: three threads sleep and are woken in these. With one preemption the first has
/// 132,552 executions already; with two, the second has 499,915, and the third did not end in four minutes. `crews` has the steps
/// of those two in small.
fn bound_max(name: &str) -> usize {
    let large = ["moves::ask_vs_park", "stealing::take_vs_close", "stealing::spawn_vs_close_of_one"];
    if large.contains(&name) { 1 } else { usize::MAX }
}

/// Runs `body` under every interleaving within the bound.
fn model(name: &'static str, body: impl Fn() + Sync + Send + 'static) {
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    plants::set(twins::from_environment());
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = executions.clone();
    let mut builder = ::loom::model::Builder::new();
    let wanted = builder.preemption_bound.unwrap_or(bound(name));
    builder.preemption_bound = Some(wanted.min(bound_max(name)));
    #[expect(clippy::disallowed_methods, reason = "this measures the test, not the runtime")]
    let start = Instant::now();
    builder.check(move || {
        counted.fetch_add(1, SeqCst);
        counts::reset();
        body();
    });
    std::println!(
        "\nmodel {name}: bound {}, {} executions, {:.1} s",
        builder.preemption_bound.unwrap_or(0),
        executions.load(SeqCst),
        start.elapsed().as_secs_f64()
    );
}

fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().unwrap()
}

/// Runs what is queued, once; never sleeps.
fn turn<C: Config>(rt: &Runtime<C>) {
    rt.block_on(async {});
}

/// Spawns a task; it is queued, not run. Models run everything on the worker, so the future need not be `Send`.
fn spawn<C: Config, F: Future + 'static>(rt: &Runtime<C>, future: F) -> JoinHandle<F::Output> {
    // SAFETY: the one worker polls and drops it; no other thread does under `OneShared` either.
    rt.block_on(async { unsafe { spawn_unchecked::<C, F>(future) } })
}

/// What a waker hands over: `ready` is relaxed, so only the wake orders `value`.
struct Data {
    ready: AtomicBool,
    value: UnsafeCell<u32>,
}

// SAFETY: loom checks who touches `value`.
unsafe impl Send for Data {}
// SAFETY: as above.
unsafe impl Sync for Data {}

impl Data {
    fn new() -> Arc<Data> {
        Arc::new(Data { ready: AtomicBool::new(false), value: UnsafeCell::new(0) })
    }

    fn publish(&self) {
        // SAFETY: loom checks that nobody reads meanwhile.
        self.value.with_mut(|value| unsafe { *value = 7 });
        self.ready.store(true, Relaxed);
    }

    fn read(&self) -> Option<u32> {
        // SAFETY: loom checks that nobody writes meanwhile.
        self.ready.load(Relaxed).then(|| self.value.with(|value| unsafe { *value }))
    }
}

/// A value of a task: drops are counted, and each is a write that loom orders with the making.
struct Tracked {
    cell: UnsafeCell<()>,
    drops: std::sync::Arc<AtomicUsize>,
}

// SAFETY: loom checks who touches the cell.
unsafe impl Send for Tracked {}

impl Tracked {
    fn new(drops: &std::sync::Arc<AtomicUsize>) -> Self {
        let cell = UnsafeCell::new(());
        cell.with_mut(|_| ());
        Tracked { cell, drops: drops.clone() }
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        self.cell.with_mut(|_| ());
        self.drops.fetch_add(1, SeqCst);
    }
}

fn drops() -> std::sync::Arc<AtomicUsize> {
    std::sync::Arc::new(AtomicUsize::new(0))
}

/// A task that waits for `data`, parked; its handle, and a waker of it.
fn parked<C: Config>(rt: &Runtime<C>) -> (Arc<Data>, JoinHandle<u32>, Waker) {
    let data = Data::new();
    let shown: Rc<RefCell<Option<Waker>>> = Rc::default();
    let (watched, show) = (data.clone(), shown.clone());
    let handle = spawn(
        rt,
        poll_fn(move |cx| match watched.read() {
            Some(value) => Poll::Ready(value),
            None => {
                *show.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        }),
    );
    turn(rt);
    let waker = shown.borrow_mut().take().unwrap();
    (data, handle, waker)
}

/// Wakers that one thread leaves for another.
#[derive(Clone)]
struct Shelf(Arc<::loom::sync::Mutex<std::vec::Vec<Waker>>>);

// SAFETY: a lock of wakers.
unsafe impl Send for Shelf {}

impl Shelf {
    fn new() -> Self {
        Shelf(Arc::new(::loom::sync::Mutex::new(std::vec::Vec::new())))
    }
    fn put(&self, wakers: impl IntoIterator<Item = Waker>) {
        self.0.lock().unwrap().extend(wakers);
    }
    fn take(&self) -> std::vec::Vec<Waker> {
        core::mem::take(&mut *self.0.lock().unwrap())
    }
    /// Drops what is there, after the lock is free again.
    fn clear(&self) {
        drop(self.take());
    }
}

/// Every task and the one worker are freed.
fn assert_all_freed() {
    counts::assert_all_freed(1);
}
