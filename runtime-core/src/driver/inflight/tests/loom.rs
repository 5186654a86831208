//! Loom models of the slot protocol, on the real code, and for each a planted bug that it must find.
//!
//! The toy driver: the main thread owns ring A and plays its system too, i.e. it completes when it likes; thread B owns
//! ring B and holds a ticket of ring A, as a task does that was moved. Run with
//! `RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=2 cargo test --release -p bespoke-core --features std --lib loom`.

mod closed;

use super::super::*;
use crate::loom::{Plant, plants};
use crate::sharing::{Local, Shared};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use loom::cell::UnsafeCell;
use loom::sync::Notify;
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};

const DONE: Outcome = Outcome { result: 5, flags: 1 };
const CANCELLED: Outcome = Outcome { result: -125, flags: 0 };

/// Something that a thread sleeps on: a task that waits for its waker, or a worker that is parked.
struct Bell(Notify);

impl Bell {
    fn new() -> Arc<Self> {
        Arc::new(Bell(Notify::new()))
    }
    fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(self.clone())
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.notify();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.notify();
    }
}

/// Where the order of the threads matters. Loom explores both orders of two read-modify-write steps, but not those of a load and
/// a later exchange, and a drain begins with a load: without this it would never come after a push. Orders nothing.
#[derive(Clone)]
struct Crossing(Arc<loom::sync::atomic::AtomicUsize>);

impl Crossing {
    fn new() -> Self {
        Crossing(Arc::new(loom::sync::atomic::AtomicUsize::new(0)))
    }
    fn pass(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A kept value. Loom sees a drop that is not ordered after its making.
struct Canary {
    alive: UnsafeCell<bool>,
    drops: Arc<AtomicUsize>,
}

impl Canary {
    fn new(drops: &Arc<AtomicUsize>) -> Self {
        Canary { alive: UnsafeCell::new(true), drops: drops.clone() }
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: loom checks that nobody else touches the cell.
            self.alive.with_mut(|alive| assert!(core::mem::replace(unsafe { &mut *alive }, false), "dropped twice"));
            self.drops.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Ring `worker`, and one operation in flight in it.
fn submitted<S: Sharing>(table: &Table<S>, waker: &Waker) -> (Ticket<S>, Token) {
    match table.submit(waker, 7) {
        Submitted::Tell(ticket, token) => (ticket, token),
        Submitted::Full => panic!("full"),
    }
}

/// What the driver of ring A does with a completion. Returns whether its result was late.
fn complete<S: Sharing>(table: &Table<S>, token: Token, outcome: Outcome) -> bool {
    match table.complete(token, outcome) {
        Completed::Wake { waker, note } => {
            assert_eq!(note, 7);
            waker.wake();
        }
        Completed::Noticed { note } => assert_eq!(note, 7),
        Completed::Late(late) => {
            assert_eq!((late.outcome, late.note), (outcome, 7));
            assert!(late.keep.downcast::<Canary>().is_ok());
            return true;
        }
        Completed::Stale => panic!("stale"),
    }
    false
}

/// The end of ring A: everything came home.
fn all_home<S: Sharing>(table: &Table<S>) {
    assert!(table.drain_foreign().next().is_none(), "nothing was left to do");
    assert_eq!((table.in_flight(), table.stale()), (0, 0));
}

/// The operation completes while its future is dropped on another worker: the kept value is dropped once, by the later.
fn complete_vs_drop() {
    let crossing = Crossing::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let a = Table::<Shared>::new(0, 4);
    let (ticket, token) = submitted(&a, &Bell::new().waker());
    let keep = Canary::new(&drops);
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        let b = Table::<Shared>::new(1, 4);
        at_b.pass();
        match b.abandon(ticket, keep) {
            Abandoned::Late(late) => {
                assert_eq!((late.outcome, late.note), (DONE, 7));
                true
            }
            Abandoned::Posted => false,
            other => panic!("{:?}", core::mem::discriminant(&other)),
        }
    });
    crossing.pass();
    let late_at_a = complete(&a, token, DONE);
    let late_at_b = b.join().expect("B");
    assert!(late_at_a != late_at_b, "the late result belongs to one of the two");
    all_home(&a);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

/// The operation completes while its task, moved to another worker, polls it with other wakers: the last one is woken, or
/// the poll sees the result.
fn complete_vs_migrate() {
    let crossing = Crossing::new();
    let a = Table::<Shared>::new(0, 4);
    let (mut ticket, token) = submitted(&a, &Bell::new().waker());
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        let b = Table::<Shared>::new(1, 4);
        let (first, second) = (Bell::new(), Bell::new());
        at_b.pass();
        let mut polled = b.poll(&mut ticket, &first.waker());
        while polled == Polled::Pending {
            polled = b.poll(&mut ticket, &second.waker());
            if polled == Polled::Pending {
                second.0.wait();
            }
        }
        assert_eq!(polled, Polled::Ready(DONE));
        at_b.pass();
        assert_eq!(b.release(ticket), Released::Posted);
        at_b.pass();
    });
    crossing.pass();
    assert!(!complete(&a, token, DONE));
    b.join().expect("B");
    all_home(&a);
}

/// The future is dropped on another worker while the owner completes the operation, drains and submits the next one: the
/// slot is not reused while the other worker still has it in its hands.
fn drop_on_foreign_vs_complete() {
    let crossing = Crossing::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let a = Table::<Shared>::new(0, 4);
    let bell = Bell::new();
    let (ticket, token) = submitted(&a, &bell.waker());
    let keep = Canary::new(&drops);
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        let b = Table::<Shared>::new(1, 4);
        at_b.pass();
        drop(b.abandon(ticket, keep));
        at_b.pass();
    });
    crossing.pass();
    for asked in a.drain_foreign() {
        assert!(matches!(asked, Foreign::Cancel(asked) if asked == token));
    }
    crossing.pass();
    complete(&a, token, DONE);
    let (second, token) = submitted(&a, &bell.waker());
    crossing.pass();
    assert!(a.drain_foreign().next().is_none(), "complete already");
    crossing.pass();
    assert!(!complete(&a, token, CANCELLED));
    assert_eq!(a.release(second), Released::Freed);
    b.join().expect("B");
    all_home(&a);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

/// A slot is released on another worker while the owner drains, reuses it, and the system repeats the old completion.
fn release_on_foreign_vs_reuse() {
    let crossing = Crossing::new();
    let a = Table::<Shared>::new(0, 4);
    let bell = Bell::new();
    let (mut ticket, old) = submitted(&a, &bell.waker());
    assert!(!complete(&a, old, DONE));
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        let b = Table::<Shared>::new(1, 4);
        assert_eq!(b.poll(&mut ticket, &Bell::new().waker()), Polled::Ready(DONE));
        at_b.pass();
        assert_eq!(b.release(ticket), Released::Posted);
        at_b.pass();
    });
    crossing.pass();
    assert!(a.drain_foreign().next().is_none(), "nothing to do");
    let (second, token) = submitted(&a, &bell.waker());
    assert!(matches!(a.complete(old, CANCELLED), Completed::Stale));
    crossing.pass();
    assert!(!complete(&a, token, DONE));
    assert_eq!(a.stale(), 1);
    assert_eq!(a.release(second), Released::Freed);
    b.join().expect("B");
    crossing.pass();
    a.drain_foreign().for_each(drop);
    assert_eq!(a.in_flight(), 0);
}

/// A future is dropped on another worker while the owner goes to sleep: either the owner sees it first, or it is nudged. A
/// slot that is released at the same time neither wakes the owner nor hides that it sleeps.
fn nudge_vs_park() {
    let crossing = Crossing::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let a = Table::<Shared>::new(0, 4);
    let bell = Bell::new();
    let (released, token) = submitted(&a, &bell.waker());
    assert!(!complete(&a, token, DONE));
    let (abandoned, token) = submitted(&a, &bell.waker());
    let keep = Canary::new(&drops);
    let unpark = Bell::new();
    let unparker = unpark.clone();
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        let b = Table::<Shared>::new(1, 4);
        at_b.pass();
        assert_eq!(b.release(released), Released::Posted);
        at_b.pass();
        match b.abandon(abandoned, keep) {
            Abandoned::Posted => {}
            Abandoned::Nudge(worker) => {
                assert_eq!(worker, 0);
                unparker.0.notify();
            }
            other => panic!("{:?}", core::mem::discriminant(&other)),
        }
    });
    while a.in_flight() > 0 {
        if a.park() == Parking::Sleep {
            unpark.0.wait();
        }
        crossing.pass();
        for asked in a.drain_foreign() {
            assert!(matches!(asked, Foreign::Cancel(asked) if asked == token));
            assert!(complete(&a, token, CANCELLED));
        }
    }
    b.join().expect("B");
    all_home(&a);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

/// Two rings, each with a ticket of the other: each drops the other's future, plays its own system, and goes on until
/// its ring is empty.
fn both_ways() {
    fn ring(me: usize, mine: &Exchange, other: &Exchange, drops: &Arc<AtomicUsize>, crossing: &Crossing) -> usize {
        let table = Table::<Shared>::new(me, 4);
        let (ticket, token) = submitted(&table, &Bell::new().waker());
        *mine.lock().expect("no panic") = Some(ticket);
        let given = other.lock().expect("no panic").take();
        let abandoned = usize::from(given.is_some());
        crossing.pass();
        if let Some(ticket) = given {
            drop(table.abandon(ticket, Canary::new(drops)));
        }
        // The first of the two finds nothing yet, so the second finds its own there at the end.
        crossing.pass();
        complete(&table, token, DONE);
        if let Some(ticket) = mine.lock().expect("no panic").take() {
            assert_eq!(table.release(ticket), Released::Freed);
        }
        while table.in_flight() > 0 {
            // Not asleep: who finds the operation complete releases it without a nudge.
            loom::thread::yield_now();
            assert!(table.drain_foreign().next().is_none(), "complete already");
        }
        abandoned
    }
    type Exchange = loom::sync::Mutex<Option<Ticket<Shared>>>;
    let exchange = Arc::new([Exchange::new(None), Exchange::new(None)]);
    let drops = Arc::new(AtomicUsize::new(0));
    let crossing = Crossing::new();
    let at_b = (exchange.clone(), drops.clone(), crossing.clone());
    let b = loom::thread::spawn(move || ring(1, &at_b.0[1], &at_b.0[0], &at_b.1, &at_b.2));
    let abandoned = ring(0, &exchange[0], &exchange[1], &drops, &crossing) + b.join().expect("B");
    assert_eq!(drops.load(Ordering::Relaxed), abandoned);
}

/// The table is freed as soon as the last slot came home: whoever gave it up touches nothing any more.
fn post_vs_end() {
    let crossing = Crossing::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let a = Table::<Shared>::new(0, 4);
    let (ticket, token) = submitted(&a, &Bell::new().waker());
    let keep = Canary::new(&drops);
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        at_b.pass();
        drop(ticket.abandon(keep));
        at_b.pass();
    });
    crossing.pass();
    complete(&a, token, DONE);
    while a.in_flight() > 0 {
        loom::thread::yield_now();
        crossing.pass();
        a.drain_foreign().for_each(drop);
    }
    drop(a);
    b.join().expect("B");
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

/// Under `Local`, the future is dropped on another thread while its owner completes the operation: the owner does the rest.
fn local_drop_on_foreign_vs_complete() {
    let crossing = Crossing::new();
    let drops = Arc::new(AtomicUsize::new(0));
    let a = Table::<Local>::new(0, 4);
    let (ticket, token) = submitted(&a, &Bell::new().waker());
    let keep = Canary::new(&drops);
    let unpark = Bell::new();
    let unparker = unpark.clone();
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        at_b.pass();
        assert!(matches!(ticket.abandon(keep), Abandoned::Nudge(0)));
        at_b.pass();
        unparker.0.notify();
    });
    let mut late = 0;
    crossing.pass();
    for asked in a.drain_foreign() {
        assert!(matches!(asked, Foreign::Cancel(asked) if asked == token));
    }
    crossing.pass();
    late += usize::from(complete(&a, token, DONE));
    while a.in_flight() > 0 {
        if a.park() == Parking::Sleep {
            unpark.0.wait();
        }
        crossing.pass();
        for asked in a.drain_foreign() {
            let Foreign::Late(result) = asked else { panic!("complete already") };
            assert_eq!((result.outcome, result.note), (DONE, 7));
            late += 1;
        }
    }
    b.join().expect("B");
    assert_eq!(late, 1);
    all_home(&a);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
}

/// One model at a time: the plants are one for the process.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Explores `body`; returns in how many executions.
fn run(body: fn()) -> usize {
    let executions = Arc::new(AtomicUsize::new(0));
    let counter = executions.clone();
    loom::model(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        body();
    });
    executions.load(Ordering::Relaxed)
}

/// How a plant shows.
const RACE: &str = "Causality violation";
const STUCK: &str = "deadlock";
const FREED: &str = "used after it was freed";

/// The model holds, and finds each of its plants by what the plant breaks.
#[expect(clippy::disallowed_methods, reason = "a test that measures itself")]
fn model(name: &str, body: fn(), twins: &[(Plant, &str)]) {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    plants::set(None);
    let started = std::time::Instant::now();
    let executions = run(body);
    std::eprintln!("{name}: {executions} executions in {:?}", started.elapsed());
    for &(twin, shows) in twins {
        plants::set(Some(twin));
        let found = catch_unwind(AssertUnwindSafe(|| run(body)));
        plants::set(None);
        let panic = found.expect_err("the model does not find its plant");
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("?");
        assert!(text.contains(shows), "{name} finds {twin:?}, but by {text:?}");
    }
}

#[test]
fn complete_vs_drop_model() {
    model(
        "complete_vs_drop",
        complete_vs_drop,
        &[(Plant::SlotRelaxedOrphan, RACE), (Plant::SlotRelaxedCompletion, RACE)],
    );
}

#[test]
fn complete_vs_migrate_model() {
    model(
        "complete_vs_migrate",
        complete_vs_migrate,
        &[
            (Plant::SlotWakerUnlocked, RACE),
            (Plant::SlotSecondLookSkipped, STUCK),
            (Plant::SlotRelaxedCompletion, RACE),
        ],
    );
}

#[test]
fn drop_on_foreign_vs_complete_model() {
    model(
        "drop_on_foreign_vs_complete",
        drop_on_foreign_vs_complete,
        &[(Plant::SlotFreedAtCompletion, RACE), (Plant::SlotRelaxedOrphan, RACE)],
    );
}

#[test]
fn both_ways_model() {
    model("both_ways", both_ways, &[(Plant::SlotFreedAtCompletion, RACE), (Plant::SlotRelaxedPush, RACE)]);
}

#[test]
fn release_on_foreign_vs_reuse_model() {
    model(
        "release_on_foreign_vs_reuse",
        release_on_foreign_vs_reuse,
        &[(Plant::SlotRelaxedPush, RACE), (Plant::SlotGenerationStays, "Stale")],
    );
}

#[test]
fn nudge_vs_park_model() {
    model("nudge_vs_park", nudge_vs_park, &[(Plant::SlotParkInTwoSteps, STUCK), (Plant::SlotNudgeForgotten, STUCK)]);
}

#[test]
fn post_vs_end_model() {
    model("post_vs_end", post_vs_end, &[(Plant::SlotTouchedAfterPush, RACE)]);
}

#[test]
fn local_drop_on_foreign_vs_complete_model() {
    model("local_drop_on_foreign_vs_complete", local_drop_on_foreign_vs_complete, &[(Plant::SlotRelaxedPush, RACE)]);
}
