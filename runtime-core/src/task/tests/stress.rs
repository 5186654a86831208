//! Random operations of three threads against a worker that runs, parks and closes.
//!
//! 100,000 operations of other threads by default, 1,000,000 with `BESPOKE_DEEP=1`. Checked: every block given back, every
//! future and output dropped exactly once, those that are not `Send` on their own thread.
#![allow(
    clippy::unwrap_used,
    clippy::async_yields_async,
    reason = "tests may panic, and hand handles out of `block_on`"
)]

use crate::runtime::{Ambient, Handle, Runtime};
use crate::task::{AbortHandle, JoinHandle};
use crate::testing::{App, Census};
use crate::time::Sleep;
use core::future::poll_fn;
use core::pin::Pin;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::task::{Poll, Waker};
use core::time::Duration;
use std::boxed::Box;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;
use std::vec::Vec;

/// Counts values, and finds one that is dropped twice or on the wrong thread.
#[derive(Default)]
struct Register {
    made: AtomicUsize,
    dropped: AtomicUsize,
    /// Futures that are not dropped yet.
    futures: AtomicUsize,
    wrong: AtomicBool,
}

const ALIVE: u64 = 0x5EED_A11E_5EED_A11E;

struct Value {
    register: Arc<Register>,
    alive: u64,
    home: Option<ThreadId>,
}

impl Value {
    fn new(register: &Arc<Register>) -> Self {
        register.made.fetch_add(1, SeqCst);
        Value { register: register.clone(), alive: ALIVE, home: None }
    }
    /// One that must be dropped on this thread.
    fn confined(register: &Arc<Register>) -> (Self, Rc<()>) {
        let mut value = Value::new(register);
        value.home = Some(std::thread::current().id());
        (value, Rc::new(()))
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        let moved = self.home.is_some_and(|home| home != std::thread::current().id());
        if self.alive != ALIVE || moved {
            // A panic here would be caught by the runtime.
            self.register.wrong.store(true, SeqCst);
        }
        self.alive = 0;
        self.register.dropped.fetch_add(1, SeqCst);
    }
}

/// One future.
struct Held(Arc<Register>);

impl Held {
    fn new(register: &Arc<Register>) -> Self {
        register.futures.fetch_add(1, SeqCst);
        Held(register.clone())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.futures.fetch_sub(1, SeqCst);
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

/// Drops what lies in the bins.
fn clear(bins: &Bins) {
    drop(core::mem::take(&mut *bins.sleeps.lock().unwrap()));
    drop(core::mem::take(&mut *bins.aborts.lock().unwrap()));
    drop(core::mem::take(&mut *bins.joins.lock().unwrap()));
    drop(core::mem::take(&mut *bins.wakers.lock().unwrap()));
}

/// What lies about for whoever takes it.
#[derive(Default)]
struct Bins {
    wakers: Mutex<Vec<Waker>>,
    joins: Mutex<Vec<JoinHandle<Value>>>,
    aborts: Mutex<Vec<AbortHandle>>,
    sleeps: Mutex<Vec<Pin<Box<Sleep<App>>>>>,
    /// The waker of the root while it sleeps.
    root: Mutex<Option<Waker>>,
    left: AtomicUsize,
    stop: AtomicBool,
}

/// Takes any of `bin`.
fn take<T>(bin: &Mutex<Vec<T>>, random: &mut Random) -> Option<T> {
    let mut bin = bin.lock().unwrap();
    let len = bin.len() as u64;
    (len > 0).then(|| bin.swap_remove(random.below(len) as usize))
}

fn put<T>(bin: &Mutex<Vec<T>>, value: T) {
    let mut bin = bin.lock().unwrap();
    if bin.len() < 64 {
        bin.push(value);
    } else {
        drop(bin);
        drop(value);
    }
}

/// Waits a few polls, showing its waker at each, then makes a value.
fn work(
    bins: Arc<Bins>,
    register: Arc<Register>,
    polls: u64,
    forever: bool,
) -> impl Future<Output = Value> + Send + 'static {
    let held = (Held::new(&register), Value::new(&register));
    async move {
        let _held = held;
        let mut left = polls;
        poll_fn(|cx| {
            if left == 0 && !forever {
                return Poll::Ready(());
            }
            left = left.saturating_sub(1);
            put(&bins.wakers, cx.waker().clone());
            Poll::Pending
        })
        .await;
        Value::new(&register)
    }
}

/// One operation of a thread that is not the owner; `None` if there was nothing to do it with.
fn foreign(bins: &Arc<Bins>, register: &Arc<Register>, handle: &Handle<App>, random: &mut Random) -> Option<()> {
    match random.below(32) {
        0..=7 => take(&bins.wakers, random)?.wake(),
        8..=11 => {
            let waker = take(&bins.wakers, random)?;
            waker.wake_by_ref();
            put(&bins.wakers, waker.clone());
            put(&bins.wakers, waker);
        }
        12..=17 => drop(take(&bins.wakers, random)?),
        18 | 19 => drop(take(&bins.joins, random)?),
        20 | 21 => {
            let join = take(&bins.joins, random)?;
            join.abort();
            put(&bins.aborts, join.abort_handle());
            put(&bins.joins, join);
        }
        22 | 23 => {
            let abort = take(&bins.aborts, random)?;
            abort.abort();
            put(&bins.aborts, abort.clone());
        }
        24 | 25 => drop(take(&bins.aborts, random)?),
        26 => {
            let future = work(bins.clone(), register.clone(), random.below(3), random.below(4) == 0);
            put(&bins.joins, handle.spawn(future));
        }
        27 => drop(take(&bins.sleeps, random)?),
        _ => bins.root.lock().unwrap().take()?.wake(),
    }
    Some(())
}

/// One operation of the owner, inside the runtime.
async fn own(bins: &Arc<Bins>, register: &Arc<Register>, rt: &Runtime<App>, random: &mut Random) {
    match random.below(16) {
        0..=4 => {
            let confined = Value::confined(register);
            let inner = work(bins.clone(), register.clone(), random.below(4), random.below(8) == 0);
            let join = rt.spawn(async move {
                let _confined = confined;
                inner.await
            });
            match random.below(3) {
                0 => put(&bins.joins, join),
                1 => put(&bins.aborts, join.abort_handle()),
                _ => {}
            }
        }
        5 | 6 => {
            if let Some(waker) = take(&bins.wakers, random) {
                waker.wake_by_ref();
                put(&bins.wakers, waker.clone());
            }
        }
        7 => drop(take(&bins.wakers, random)),
        8 => drop(take(&bins.joins, random)),
        9 => {
            if let Some(join) = take(&bins.joins, random) {
                join.abort();
                drop(join.await);
            }
        }
        10 => {
            if let Some(abort) = take(&bins.aborts, random) {
                abort.abort();
            }
        }
        11 => {
            if let Some(mut join) = take(&bins.joins, random) {
                let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut join).poll(cx))).await;
                if polled.is_pending() {
                    put(&bins.joins, join);
                }
            }
        }
        12 => {
            let mut sleep = Box::pin(App::sleep(Duration::from_millis(1 + random.below(50))));
            let _ = poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx))).await;
            put(&bins.sleeps, sleep);
        }
        13 => {
            // Sleeps until somebody rings, or has rung.
            let mut slept = bins.stop.load(SeqCst) || bins.left.load(SeqCst) == 0;
            poll_fn(|cx| {
                if core::mem::replace(&mut slept, true) {
                    return Poll::Ready(());
                }
                *bins.root.lock().unwrap() = Some(cx.waker().clone());
                Poll::Pending
            })
            .await;
        }
        _ => App::yield_now().await,
    }
}

fn round(seed: u64, operations: usize) {
    let census = Census::start();
    let register = Arc::new(Register::default());
    let bins = Arc::new(Bins::default());
    bins.left.store(operations, SeqCst);
    let rt = Runtime::<App>::new().unwrap();
    let mut threads: Vec<_> = (0..3)
        .map(|thread| {
            let (bins, register, handle) = (bins.clone(), register.clone(), rt.handle());
            std::thread::Builder::new()
                .spawn(move || {
                    let mut random = Random(seed * 8 + thread + 1);
                    // On to the end, whether the runtime still runs or not; the root is never left asleep.
                    while bins.left.load(SeqCst) > 0 {
                        if foreign(&bins, &register, &handle, &mut random).is_some() {
                            let _ = bins.left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
                        } else {
                            std::thread::yield_now();
                        }
                    }
                    while !bins.stop.load(SeqCst) {
                        if let Some(waker) = bins.root.lock().unwrap().take() {
                            waker.wake();
                        }
                        std::thread::yield_now();
                    }
                })
                .unwrap()
        })
        .collect();
    let mut random = Random(seed * 8 + 7);
    // Closes at any time: at once, in the thick of it, or when the others are through.
    let close_at = random.below(operations as u64 * 5 / 4 + 1) as usize;
    let mut turns = 0;
    while operations - bins.left.load(SeqCst) < close_at && bins.left.load(SeqCst) > 0 {
        turns += 1;
        rt.block_on(async {
            for _ in 0..1 + random.below(64) {
                own(&bins, &register, &rt, &mut random).await;
            }
        });
    }
    let mut runtime = Some(rt);
    if random.below(2) == 0 {
        // Closed while the others go on.
        runtime = None;
    }
    if let Some(rt) = &runtime {
        bins.left.store(0, SeqCst);
        bins.stop.store(true, SeqCst);
        for thread in threads.drain(..) {
            thread.join().unwrap();
        }
        // Nobody else is left, so each task that is complete is freed once the inbox was visited.
        rt.block_on(async { clear(&bins) });
        for _ in 0..6 {
            rt.block_on(App::yield_now());
        }
        std::thread::scope(|scope| scope.spawn(|| clear(&bins)).join().unwrap());
        rt.block_on(App::yield_now());
        assert_eq!(rt.live_tasks(), register.futures.load(SeqCst), "not freed; seed {seed}");
    }
    drop(runtime);
    bins.stop.store(true, SeqCst);
    for thread in threads {
        thread.join().unwrap();
    }
    clear(&bins);
    let root = bins.root.lock().unwrap().take();
    drop(root);
    assert_eq!(Arc::strong_count(&bins), 1, "a future leaked; seed {seed}");
    assert!(!register.wrong.load(SeqCst), "dropped twice, or on the wrong thread; seed {seed}");
    assert_eq!(register.dropped.load(SeqCst), register.made.load(SeqCst), "seed {seed}, {turns} turns");
    census.assert_all_freed();
}

#[test]
fn random_operations_of_three_threads() {
    let deep = std::env::var_os("BESPOKE_DEEP").is_some();
    let (rounds, operations) = match (cfg!(miri), deep) {
        (true, _) => (4, 60),
        (_, false) => (100, 1_000),
        (_, true) => (500, 2_000),
    };
    for seed in 0..rounds {
        round(seed, operations);
    }
}
