//! A panic of the user's at every place where the runtime runs code of the user's: nothing leaks, and the runtime goes on.
//!
//! A panic in a drop that runs while another panic unwinds the same frame ends the process, as everywhere in Rust; that
//! is the one exception.
#![allow(
    clippy::unwrap_used,
    clippy::async_yields_async,
    reason = "tests may panic, and hand handles out of `block_on`"
)]

mod teams;

use crate::runtime::{Ambient, Runtime};
use crate::task::JoinHandle;
use crate::task::run::guard;
use crate::testing::{App, Census, Other};
use crate::time::Sleep;
use crate::worker::Worker;
use crate::worker::ambient;
use crate::worker::guests::{Work, post_work};
use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use core::time::Duration;
use std::boxed::Box;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::vec::Vec;

/// Where the task's code panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Nowhere,
    Poll,
    /// The poll panics with a value whose drop panics with a value whose drop panics.
    PollWithBomb,
    FutureDrop,
    PollAndFutureDrop,
    OutputDrop,
    FutureAndOutputDrop,
}

const PLACES: [At; 7] = [
    At::Nowhere,
    At::Poll,
    At::PollWithBomb,
    At::FutureDrop,
    At::PollAndFutureDrop,
    At::OutputDrop,
    At::FutureAndOutputDrop,
];

/// How the task and its handle end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Joined,
    Detached,
    DetachedElsewhere,
    Aborted,
    AbortedElsewhere,
    ClosedBeforeItRan,
    ClosedWhileItWaits,
    HandleOutlives,
    HandleOutlivesElsewhere,
}

const ENDS: [End; 9] = [
    End::Joined,
    End::Detached,
    End::DetachedElsewhere,
    End::Aborted,
    End::AbortedElsewhere,
    End::ClosedBeforeItRan,
    End::ClosedWhileItWaits,
    End::HandleOutlives,
    End::HandleOutlivesElsewhere,
];

/// Counts what is alive.
struct Alive(Arc<AtomicUsize>);

impl Alive {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Alive(count.clone())
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

struct Output {
    at: At,
    _alive: Alive,
}

impl Drop for Output {
    fn drop(&mut self) {
        if matches!(self.at, At::OutputDrop | At::FutureAndOutputDrop) {
            panic!("in the drop of an output");
        }
    }
}

/// A value to panic with, whose drop panics with the next smaller one.
struct Bomb(u32);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 > 0 {
            std::panic::panic_any(Bomb(self.0 - 1));
        }
    }
}

/// A hand-written future, so that its drop is not part of the unwinding of its poll.
struct Task {
    at: At,
    polls: u32,
    alive: Alive,
}

impl Future for Task {
    type Output = Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Output> {
        if self.polls > 0 {
            self.polls -= 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match self.at {
            At::Poll | At::PollAndFutureDrop => panic!("in poll"),
            At::PollWithBomb => std::panic::panic_any(Bomb(2)),
            _ => Poll::Ready(Output { at: self.at, _alive: Alive::new(&self.alive.0) }),
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if matches!(self.at, At::FutureDrop | At::PollAndFutureDrop | At::FutureAndOutputDrop) {
            panic!("in the drop of a future");
        }
    }
}

fn elsewhere<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(f).join().unwrap())
}

fn turns(rt: &Runtime<App>) {
    rt.block_on(async {
        for _ in 0..4 {
            App::yield_now().await;
        }
    });
}

/// Does the runtime still run tasks?
fn goes_on(rt: &Runtime<App>) {
    assert_eq!(rt.block_on(App::spawn_by(rt)).unwrap(), 5);
}

trait SpawnOn {
    fn spawn_by(rt: &Runtime<App>) -> JoinHandle<u32>;
}

impl SpawnOn for App {
    fn spawn_by(rt: &Runtime<App>) -> JoinHandle<u32> {
        rt.spawn(async {
            App::yield_now().await;
            5
        })
    }
}

/// Drops what its owner may drop with a panic.
fn drop_loudly<T>(value: T) {
    guard(|| drop(value));
}

fn play(at: At, end: End) {
    let census = Census::start();
    let count = Arc::new(AtomicUsize::new(0));
    let rt = Runtime::<App>::new().unwrap();
    let waits = matches!(end, End::Aborted | End::AbortedElsewhere | End::ClosedWhileItWaits);
    let polls = if waits { 1000 } else { 1 };
    let handle = rt.spawn(Task { at, polls, alive: Alive::new(&count) });
    match end {
        End::Joined => {
            let result = rt.block_on(handle);
            assert_eq!(result.is_ok(), matches!(at, At::Nowhere | At::OutputDrop), "{at:?} {end:?}");
            drop_loudly(result);
        }
        End::Detached => {
            drop(handle);
            turns(&rt);
        }
        End::DetachedElsewhere => {
            turns(&rt);
            elsewhere(move || drop(handle));
            turns(&rt);
        }
        End::Aborted => {
            turns(&rt);
            handle.abort();
            assert!(rt.block_on(handle).is_err_and(|error| error.is_cancelled()
                || at == At::FutureDrop
                || at == At::PollAndFutureDrop
                || at == At::FutureAndOutputDrop));
        }
        End::AbortedElsewhere => {
            turns(&rt);
            elsewhere(|| handle.abort());
            assert!(rt.block_on(handle).is_err());
        }
        End::ClosedBeforeItRan | End::ClosedWhileItWaits => {
            if end == End::ClosedWhileItWaits {
                turns(&rt);
            }
            drop(handle);
        }
        End::HandleOutlives | End::HandleOutlivesElsewhere => {
            turns(&rt);
            goes_on(&rt);
            drop(rt);
            if end == End::HandleOutlives {
                drop(handle);
            } else {
                elsewhere(move || drop(handle));
            }
            assert_eq!(count.load(SeqCst), 0, "{at:?} {end:?}");
            return census.assert_all_freed();
        }
    }
    goes_on(&rt);
    drop(rt);
    assert_eq!(count.load(SeqCst), 0, "{at:?} {end:?}");
    census.assert_all_freed();
}

#[test]
fn a_panic_at_every_place_and_every_end() {
    for at in PLACES {
        for end in ENDS {
            play(at, end);
        }
    }
}

/// A waker whose verbs panic.
mod loud {
    use super::*;

    pub(super) const CLONE: usize = 1;
    pub(super) const WAKE: usize = 2;
    pub(super) const DROP: usize = 4;

    struct Loud {
        verbs: usize,
        _alive: Alive,
    }

    static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

    unsafe fn clone(data: *const ()) -> RawWaker {
        // SAFETY: the data came from `Arc::into_raw`.
        unsafe { Arc::increment_strong_count(data.cast::<Loud>()) };
        if verbs(data) & CLONE != 0 {
            // SAFETY: the count made just now.
            unsafe { Arc::decrement_strong_count(data.cast::<Loud>()) };
            panic!("in the clone of a waker");
        }
        RawWaker::new(data, &TABLE)
    }
    unsafe fn wake(data: *const ()) {
        let verbs = verbs(data);
        // SAFETY: the waker's count.
        unsafe { Arc::decrement_strong_count(data.cast::<Loud>()) };
        assert!(verbs & WAKE == 0, "in the wake of a waker");
    }
    unsafe fn wake_by_ref(data: *const ()) {
        assert!(verbs(data) & WAKE == 0, "in the wake of a waker");
    }
    unsafe fn drop_waker(data: *const ()) {
        let verbs = verbs(data);
        // SAFETY: the waker's count.
        unsafe { Arc::decrement_strong_count(data.cast::<Loud>()) };
        assert!(verbs & DROP == 0, "in the drop of a waker");
    }
    fn verbs(data: *const ()) -> usize {
        // SAFETY: the waker's count.
        unsafe { (*data.cast::<Loud>()).verbs }
    }

    pub(super) fn waker(verbs: usize, count: &Arc<AtomicUsize>) -> Waker {
        let data = Arc::into_raw(Arc::new(Loud { verbs, _alive: Alive::new(count) }));
        // SAFETY: the table keeps the contract of wakers, but for its panics.
        unsafe { Waker::from_raw(RawWaker::new(data.cast(), &TABLE)) }
    }
}

/// Polls `future` once with `waker`; the waker's own drop is caught.
fn poll_with<F: Future + Unpin>(future: &mut F, waker: Waker) -> Option<Poll<F::Output>> {
    let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(future).poll(&mut Context::from_waker(&waker))));
    drop_loudly(waker);
    polled.ok()
}

#[test]
fn a_foreign_waker_that_panics_in_a_join_slot() {
    for verbs in [loud::CLONE, loud::WAKE, loud::DROP, loud::WAKE | loud::DROP] {
        for replaced in [false, true] {
            for close in [false, true] {
                let census = Census::start();
                let count = Arc::new(AtomicUsize::new(0));
                let rt = Runtime::<App>::new().unwrap();
                let mut handle = App::spawn_by(&rt);
                rt.block_on(async {
                    let polled = poll_with(&mut handle, loud::waker(verbs, &count));
                    assert_eq!(polled.is_none(), verbs & loud::CLONE != 0);
                    if replaced {
                        assert!(poll_with(&mut handle, Waker::noop().clone()).unwrap().is_pending());
                    }
                });
                if close {
                    drop(rt);
                    drop(handle);
                } else {
                    turns(&rt);
                    assert_eq!(rt.block_on(handle).unwrap(), 5);
                    goes_on(&rt);
                    drop(rt);
                }
                assert_eq!(count.load(SeqCst), 0, "{verbs} {replaced} {close}");
                census.assert_all_freed();
            }
        }
    }
}

#[test]
fn a_foreign_waker_that_panics_in_the_wheel() {
    for verbs in [loud::CLONE, loud::WAKE, loud::DROP] {
        for dropped_elsewhere in [false, true] {
            let census = Census::start();
            let count = Arc::new(AtomicUsize::new(0));
            let rt = Runtime::<App>::new().unwrap();
            let mut sleep = rt.block_on(async {
                let mut sleep = Box::pin(Sleep::<App>::after(Duration::from_millis(40)));
                let polled = poll_with(&mut sleep, loud::waker(verbs, &count));
                assert_eq!(polled.is_none(), verbs & loud::CLONE != 0);
                sleep
            });
            if dropped_elsewhere {
                elsewhere(move || drop_loudly(sleep));
                turns(&rt);
            } else {
                rt.block_on(async { App::sleep(Duration::from_millis(50)).await });
                if verbs != loud::CLONE {
                    assert!(rt.block_on(poll_fn(|cx| Poll::Ready(sleep.as_mut().poll(cx).is_ready()))));
                }
                drop_loudly(sleep);
            }
            goes_on(&rt);
            drop(rt);
            assert_eq!(count.load(SeqCst), 0, "{verbs} {dropped_elsewhere}");
            census.assert_all_freed();
        }
    }
}

/// Work for the owner that panics.
struct LoudWork(Alive);

impl Work<App> for LoudWork {
    fn run(self: Box<Self>, _: NonNull<Worker<App>>, _closed: bool) {
        let _alive = self.0;
        panic!("in work for the owner");
    }
}

#[test]
fn work_for_the_owner_that_panics() {
    for closed in [false, true] {
        let census = Census::start();
        let count = Arc::new(AtomicUsize::new(0));
        let rt = Runtime::<App>::new().unwrap();
        let worker = rt.block_on(async {
            let worker = ambient::worker::<App>();
            for _ in 0..3 {
                // SAFETY: alive: it runs this.
                let this = unsafe { worker.as_ref() };
                // SAFETY: the owner, in its context.
                unsafe { this.home.guest_comes() };
            }
            worker
        });
        let mut rt = Some(rt);
        if closed {
            rt = None;
        }
        for _ in 0..3 {
            // SAFETY: this stands for one guest.
            unsafe { post_work(worker, Box::new(LoudWork(Alive::new(&count)))) };
        }
        if let Some(rt) = &rt {
            turns(rt);
            goes_on(rt);
        }
        drop(rt);
        assert_eq!(count.load(SeqCst), 0);
        census.assert_all_freed();
    }
}

#[test]
fn a_runtime_closed_by_an_unwinding_panic_drops_tasks_that_panic() {
    let census = Census::start();
    let count = Arc::new(AtomicUsize::new(0));
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let rt = Runtime::<App>::new().unwrap();
        let mut handles = Vec::new();
        for at in PLACES {
            handles.push(rt.spawn(Task { at, polls: 1000, alive: Alive::new(&count) }));
        }
        turns(&rt);
        // The runtime, then the handles, go while this unwinds.
        let _rt = rt;
        panic!("while the runtime is alive");
    }));
    assert!(unwound.is_err());
    assert_eq!(count.load(SeqCst), 0);
    census.assert_all_freed();
}

#[test]
fn a_panic_that_leaves_block_on_leaves_the_runtime_whole() {
    let census = Census::start();
    let rt = Runtime::<App>::new().unwrap();
    let waiting = App::spawn_by(&rt);
    for _ in 0..3 {
        assert!(catch_unwind(AssertUnwindSafe(|| rt.block_on(async { panic!("out of block_on") }))).is_err());
    }
    assert_eq!(rt.block_on(waiting).unwrap(), 5);
    // Nothing of it is current any more.
    Runtime::<Other>::new().unwrap().block_on(async {});
    drop(rt);
    census.assert_all_freed();
}
