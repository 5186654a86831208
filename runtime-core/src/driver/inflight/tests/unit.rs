//! What each verb answers, for both sharings. Small enough for Miri.

use super::super::*;
use crate::sharing::{Local, Shared};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::cell::RefCell;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::{RawWaker, RawWakerVTable};
use std::panic::catch_unwind;

const DONE: Outcome = Outcome { result: 42, flags: 3 };
const CANCELLED: Outcome = Outcome { result: -125, flags: 0 };

/// Each test for both sharings.
macro_rules! for_both {
    ($($(#[$meta:meta])* fn $name:ident<S>() $body:block)*) => { $(
        mod $name {
            use super::*;
            fn body<S: Sharing>() $body
            $(#[$meta])* #[test]
            fn local() { body::<Local>() }
            $(#[$meta])* #[test]
            fn shared() { body::<Shared>() }
        }
    )* };
}

mod closed;

/// Counts its wakes; its references are the `Arc`'s.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn counted() -> (Arc<Wakes>, Waker) {
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    (wakes, waker)
}

/// Wakes so far, and wakers alive besides the one in the test.
fn seen(wakes: &Arc<Wakes>) -> (usize, usize) {
    (wakes.0.load(Ordering::Relaxed), Arc::strong_count(wakes) - 2)
}

fn submit<S: Sharing>(table: &Table<S>, waker: &Waker) -> (Ticket<S>, Token) {
    match table.submit(waker, 7) {
        Submitted::Tell(ticket, token) => (ticket, token),
        Submitted::Full => panic!("full"),
    }
}

fn wake(completed: Completed) {
    match completed {
        Completed::Wake { waker, note } => {
            assert_eq!(note, 7);
            waker.wake();
        }
        other => panic!("{other:?}"),
    }
}

fn late<K: Send + 'static>(completed: Completed) -> K {
    match completed {
        Completed::Late(late) => late.keep.downcast().expect("the kept value"),
        other => panic!("{other:?}"),
    }
}

fn on_another_thread<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    std::thread::scope(|scope| scope.spawn(f).join()).expect("the other thread")
}

for_both! {
    fn completes_at_home<S>() {
        let table = Table::<S>::new(3, 100);
        let (wakes, waker) = counted();
        let (mut ticket, token) = submit(&table, &waker);
        assert_eq!((ticket.token(), ticket.note(), ticket.worker()), (token, 7, 3));
        assert_eq!((table.note(token), table.note(Token::from_bits(token.bits() + 1))), (Some(7), None));
        assert_eq!(table.poll(&mut ticket, &waker), Polled::Pending);
        assert_eq!(seen(&wakes), (0, 1));
        wake(table.complete(token, DONE));
        assert_eq!(seen(&wakes), (1, 0));
        assert_eq!(table.poll(&mut ticket, &waker), Polled::Ready(DONE));
        assert_eq!(table.poll(&mut ticket, &waker), Polled::Ready(DONE));
        assert_eq!(table.release(ticket), Released::Freed);
        assert_eq!((table.in_flight(), table.stale(), table.note(token)), (0, 0, None));
    }

    fn the_last_waker_is_woken<S>() {
        let table = Table::<S>::new(0, 100);
        let ((first_wakes, first), (last_wakes, last)) = (counted(), counted());
        let (mut ticket, token) = submit(&table, &first);
        assert_eq!(table.poll(&mut ticket, &last), Polled::Pending);
        assert_eq!((seen(&first_wakes), seen(&last_wakes)), ((0, 0), (0, 1)));
        wake(table.complete(token, DONE));
        assert_eq!((seen(&first_wakes), seen(&last_wakes)), ((0, 0), (1, 0)));
        table.release(ticket);
    }

    fn abandoned_in_flight_keeps_until_the_completion<S>() {
        let table = Table::<S>::new(0, 100);
        let (wakes, waker) = counted();
        let (ticket, token) = submit(&table, &waker);
        let keep = Arc::new(());
        match table.abandon(ticket, keep.clone()) {
            Abandoned::Cancel(asked) => assert_eq!(asked, token),
            other => panic!("{:?}", core::mem::discriminant(&other)),
        }
        assert_eq!(seen(&wakes), (0, 0), "the waker of a dead future is dropped at once");
        assert_eq!((Arc::strong_count(&keep), table.in_flight()), (2, 1));
        let kept: Arc<()> = late(table.complete(token, CANCELLED));
        assert!(Arc::ptr_eq(&kept, &keep));
        assert_eq!(table.in_flight(), 0);
    }

    fn abandoned_when_complete_is_late_at_once<S>() {
        let table = Table::<S>::new(0, 100);
        let (wakes, waker) = counted();
        let (ticket, token) = submit(&table, &waker);
        wake(table.complete(token, DONE));
        let Abandoned::Late(late) = table.abandon(ticket, "buffer") else { panic!("not late") };
        assert_eq!((late.outcome, late.note, late.keep), (DONE, 7, "buffer"));
        assert_eq!((table.in_flight(), seen(&wakes)), (0, (1, 0)));
    }

    fn stale_completions_are_counted_and_change_nothing<S>() {
        let table = Table::<S>::new(0, 100);
        let (wakes, waker) = counted();
        let (first, old) = submit(&table, &waker);
        let mut stale = 0;
        let mut is_stale = |token| {
            stale += 1;
            assert!(matches!(table.complete(token, CANCELLED), Completed::Stale));
            assert_eq!(table.stale(), stale);
        };
        // Unknown: no such slot, a slot that was never used, a driver's own bits.
        is_stale(Token::from_bits(u64::MAX));
        is_stale(Token::from_bits(old.bits() + 1));
        is_stale(Token::from_bits(old.bits() + u64::from(u32::MAX)));
        is_stale(Token::from_bits(old.bits() | 1 << 60));
        wake(table.complete(old, DONE));
        // Twice.
        is_stale(old);
        table.release(first);
        // Late: the slot is free, then somebody else's.
        is_stale(old);
        let (mut second, new) = submit(&table, &waker);
        assert_eq!(old.index(), new.index());
        is_stale(old);
        assert_eq!(table.poll(&mut second, &waker), Polled::Pending);
        // Twice, of an orphan.
        assert!(matches!(table.abandon(second, ()), Abandoned::Cancel(_)));
        late::<()>(table.complete(new, CANCELLED));
        is_stale(new);
        assert_eq!((table.in_flight(), seen(&wakes)), (0, (1, 0)));
    }

    fn released_abroad_comes_home_without_a_nudge<S>() {
        let table = Table::<S>::new(0, 100);
        let (_, waker) = counted();
        let (mut ticket, token) = submit(&table, &waker);
        wake(table.complete(token, DONE));
        assert_eq!(table.poll(&mut ticket, &waker), Polled::Ready(DONE));
        assert_eq!(table.park(), Parking::Sleep);
        assert_eq!(on_another_thread(move || ticket.release()), Released::Posted);
        assert_eq!(table.in_flight(), 1);
        assert_eq!(table.drain_foreign().count(), 0);
        assert_eq!(table.in_flight(), 0);
    }

    fn abandoned_abroad_in_flight_is_cancelled_by_the_owner<S>() {
        let table = Table::<S>::new(0, 100);
        let (wakes, waker) = counted();
        let (ticket, token) = submit(&table, &waker);
        let keep = Arc::new(());
        let given = keep.clone();
        let posted = on_another_thread(move || ticket.abandon(given));
        // Under `Local` a nudge is asked for always: it is rare, and spares the owner an atomic step when it parks.
        assert!(if S::SHARED { matches!(posted, Abandoned::Posted) } else { matches!(posted, Abandoned::Nudge(0)) });
        let asked: Vec<_> = table.drain_foreign().collect();
        assert!(matches!(asked[..], [Foreign::Cancel(asked)] if asked == token), "{asked:?}");
        assert_eq!((seen(&wakes), Arc::strong_count(&keep)), ((0, 0), 2));
        late::<Arc<()>>(table.complete(token, CANCELLED));
        assert_eq!((table.in_flight(), Arc::strong_count(&keep)), (0, 1));
    }

    fn completed_before_the_request_came_home<S>() {
        let table = Table::<S>::new(0, 100);
        let (wakes, waker) = counted();
        let (ticket, token) = submit(&table, &waker);
        drop(on_another_thread(move || ticket.abandon(5_u8)));
        if S::SHARED {
            assert_eq!(late::<u8>(table.complete(token, DONE)), 5);
            assert_eq!(table.in_flight(), 1, "still a node of the stack");
            assert_eq!(table.drain_foreign().count(), 0);
        } else {
            // The owner does not know yet, so it wakes whoever dropped the future.
            wake(table.complete(token, DONE));
            let mut asked: Vec<_> = table.drain_foreign().collect();
            let Some(Foreign::Late(late)) = asked.pop() else { panic!("not late") };
            assert_eq!((late.outcome, late.note, late.keep.downcast::<u8>().expect("a byte")), (DONE, 7, 5));
        }
        assert_eq!((table.in_flight(), seen(&wakes).1), (0, 0));
    }

    fn abandoned_abroad_when_complete<S>() {
        let table = Table::<S>::new(0, 100);
        let (_, waker) = counted();
        let (ticket, token) = submit(&table, &waker);
        wake(table.complete(token, DONE));
        let asked = on_another_thread(move || ticket.abandon(5_u8));
        if S::SHARED {
            assert!(matches!(asked, Abandoned::Late(LateResult { outcome: DONE, note: 7, keep: 5 })));
            assert_eq!(table.drain_foreign().count(), 0);
        } else {
            assert!(matches!(asked, Abandoned::Nudge(0)));
            assert!(matches!(table.drain_foreign().next(), Some(Foreign::Late(_))));
        }
        assert_eq!(table.in_flight(), 0);
    }

    fn a_sleeping_owner_is_nudged_by_the_first_only<S>() {
        let table = Table::<S>::new(9, 100);
        let (_, waker) = counted();
        let (done, token) = submit(&table, &waker);
        wake(table.complete(token, DONE));
        let (first, _) = submit(&table, &waker);
        let (second, _) = submit(&table, &waker);
        assert_eq!(table.park(), Parking::Sleep);
        on_another_thread(move || {
            done.release();
            assert!(matches!(first.abandon(()), Abandoned::Nudge(9)), "a release hides no sleep");
            let again = second.abandon(());
            assert!(matches!(again, Abandoned::Posted) == S::SHARED);
        });
        assert_eq!(table.park(), Parking::Drain);
        let mut turn = table.drain_foreign();
        assert!(matches!(turn.next(), Some(Foreign::Cancel(_))));
        drop(turn);
        assert_eq!(table.park(), Parking::Drain, "a turn was left half way");
        assert_eq!(table.drain_foreign().count(), 1);
        assert_eq!(table.park(), Parking::Sleep);
        assert_eq!(table.drain_foreign().count(), 0);
        while let Some(token) = table.next_incomplete(None) {
            late::<()>(table.complete(token, CANCELLED));
        }
        assert_eq!(table.in_flight(), 0);
    }

    fn grows_to_its_bound<S>() {
        let table = Table::<S>::new(0, 65);
        let (wakes, waker) = counted();
        let mut tickets: Vec<_> = (0..128).map(|_| submit(&table, &waker)).collect();
        assert!(matches!(table.submit(&waker, 0), Submitted::Full));
        assert_eq!((table.capacity(), table.in_flight(), seen(&wakes)), (128, 128, (0, 128)));
        let mut indices: Vec<_> = tickets.iter().map(|(_, token)| token.index()).collect();
        indices.sort_unstable();
        assert!(indices.into_iter().eq(0..128));
        let mut incomplete = 0;
        let mut after = None;
        while let Some(token) = table.next_incomplete(after) {
            incomplete += 1;
            after = Some(token);
        }
        assert_eq!(incomplete, 128);
        let (last, token) = tickets.pop().expect("128");
        wake(table.complete(token, DONE));
        table.release(last);
        tickets.push(submit(&table, &waker));
        for (ticket, token) in tickets {
            wake(table.complete(token, DONE));
            table.release(ticket);
        }
        assert_eq!((table.in_flight(), seen(&wakes).1), (0, 0));
    }

    fn a_table_does_not_take_the_ticket_of_another_for_its_own<S>() {
        let (a, b) = (Table::<S>::new(0, 100), Table::<S>::new(1, 100));
        let (_, waker) = counted();
        let (first, done) = submit(&a, &waker);
        let (second, _) = submit(&a, &waker);
        wake(a.complete(done, DONE));
        assert_eq!(b.release(first), Released::Posted);
        drop(b.abandon(second, ()));
        assert_eq!((a.in_flight(), b.in_flight()), (2, 0));
        assert_eq!(a.drain_foreign().count(), 1);
        late::<()>(a.complete(a.next_incomplete(None).expect("the second"), CANCELLED));
        assert_eq!(a.in_flight(), 0);
    }

    fn what_came_home_is_freed_with_the_table<S>() {
        let (wakes, waker) = counted();
        let keep = Arc::new(());
        let table = Table::<S>::new(0, 100);
        let (ticket, token) = submit(&table, &waker);
        let given = keep.clone();
        drop(on_another_thread(move || ticket.abandon(given)));
        drop(table.complete(token, DONE));
        drop(table);
        assert_eq!((Arc::strong_count(&keep), seen(&wakes).1), (1, 0));
    }

    fn release_before_completion_is_refused<S>() {
        let table = Table::<S>::new(0, 100);
        let (_, waker) = counted();
        let (ticket, token) = submit(&table, &waker);
        assert!(catch_unwind(AssertUnwindSafe(|| table.release(ticket))).is_err());
        // The slot is leaked, not freed: the system may still use it. Completed, it stays in use.
        wake(table.complete(token, DONE));
        assert_eq!(table.in_flight(), 1);
        // For the sake of the leak checkers: what the panic leaked is taken back.
        let slot = table.slot_at(token.index()).expect("the slot");
        assert_eq!(table.release(Ticket::new(slot)), Released::Freed);
    }

    fn users_code_may_come_back<S>() {
        /// Drops into the table what it holds, then submits and completes an operation.
        struct ComesBack<S: Sharing> {
            table: Rc<Table<S>>,
            log: Rc<RefCell<Vec<&'static str>>>,
        }
        // SAFETY: it stays on the thread of the test.
        unsafe impl<S: Sharing> Send for ComesBack<S> {}
        // SAFETY: as above.
        unsafe impl<S: Sharing> Sync for ComesBack<S> {}
        impl<S: Sharing> Drop for ComesBack<S> {
            fn drop(&mut self) {
                let (ticket, token) = submit(&self.table, Waker::noop());
                assert!(self.table.drain_foreign().next().is_none());
                drop(self.table.complete(token, DONE));
                self.table.release(ticket);
                self.log.borrow_mut().push("came back");
            }
        }
        let table = Rc::new(Table::<S>::new(0, 100));
        let log = Rc::new(RefCell::new(Vec::new()));
        let comes_back = || ComesBack { table: table.clone(), log: log.clone() };
        // As a kept value.
        let (ticket, token) = submit(&table, Waker::noop());
        drop(table.abandon(ticket, comes_back()));
        drop(table.complete(token, DONE));
        assert_eq!(log.borrow().len(), 1);
        // As a waker that is dropped: by a poll, by an abandonment.
        let waker = waker_of(comes_back());
        let (mut ticket, token) = submit(&table, &waker);
        drop(waker);
        assert_eq!(table.poll(&mut ticket, Waker::noop()), Polled::Pending);
        assert_eq!(log.borrow().len(), 2);
        let waker = waker_of(comes_back());
        assert_eq!(table.poll(&mut ticket, &waker), Polled::Pending);
        drop(waker);
        assert!(matches!(table.abandon(ticket, ()), Abandoned::Cancel(_)));
        assert_eq!(log.borrow().len(), 3);
        drop(table.complete(token, DONE));
        assert_eq!(table.in_flight(), 0);
    }

    fn completed_while_the_waker_is_cloned<S>() {
        // A clone that completes the operation that it is cloned for.
        let table = Rc::new(Table::<S>::new(0, 100));
        let (mut ticket, token) = submit(&table, Waker::noop());
        let completes = CloneRuns::waker(Box::new({
            let table = table.clone();
            move || wake(table.complete(token, DONE))
        }));
        assert_eq!(table.poll(&mut ticket, &completes), Polled::Ready(DONE));
        table.release(ticket);
    }

    fn a_clone_that_panics_takes_nothing<S>() {
        let table = Table::<S>::new(0, 100);
        let panics = CloneRuns::waker(Box::new(|| panic!("as planned")));
        assert!(catch_unwind(AssertUnwindSafe(|| drop(table.submit(&panics, 0)))).is_err());
        assert_eq!(table.in_flight(), 0);
        let (wakes, waker) = counted();
        let (mut ticket, token) = submit(&table, &waker);
        assert!(catch_unwind(AssertUnwindSafe(|| table.poll(&mut ticket, &panics))).is_err());
        // The waker before is still there.
        wake(table.complete(token, DONE));
        assert_eq!(seen(&wakes), (1, 0));
        table.release(ticket);
    }
}

#[test]
fn polled_abroad_under_shared() {
    let table = Table::<Shared>::new(0, 100);
    let ((first_wakes, first), (last_wakes, last)) = (counted(), counted());
    let (mut ticket, token) = submit(&table, &first);
    let abroad = last.clone();
    let mut ticket = on_another_thread(move || {
        assert_eq!(ticket.poll(&abroad), Polled::Pending);
        assert_eq!(ticket.poll(&abroad), Polled::Pending);
        ticket
    });
    assert_eq!((seen(&first_wakes), seen(&last_wakes)), ((0, 0), (0, 1)));
    // And back at home.
    assert_eq!(table.poll(&mut ticket, &last), Polled::Pending);
    wake(table.complete(token, DONE));
    assert_eq!(
        on_another_thread(move || (ticket.poll(&last), ticket.release())),
        (Polled::Ready(DONE), Released::Posted)
    );
    assert_eq!(table.drain_foreign().count(), 0);
    assert_eq!(table.in_flight(), 0);
    assert_eq!(seen_alone(&last_wakes), (1, 0));
}

/// As `seen`, without a waker in the test.
fn seen_alone(wakes: &Arc<Wakes>) -> (usize, usize) {
    (wakes.0.load(Ordering::Relaxed), Arc::strong_count(wakes) - 1)
}

#[test]
fn polled_abroad_under_local_names_both_workers() {
    let (a, b) = (Table::<Local>::new(3, 100), Table::<Local>::new(5, 100));
    let (mut ticket, token) = submit(&a, Waker::noop());
    let panic = catch_unwind(AssertUnwindSafe(|| b.poll(&mut ticket, Waker::noop()))).expect_err("a panic");
    let text = panic.downcast::<String>().expect("a text");
    assert_eq!(*text, "an operation of worker 3 was polled on worker 5; its scheduler is local");
    let panic = catch_unwind(AssertUnwindSafe(|| ticket.poll(Waker::noop()))).expect_err("a panic");
    let text = panic.downcast::<String>().expect("a text");
    assert_eq!(*text, "an operation of worker 3 was polled outside of it; its scheduler is local");
    wake(a.complete(token, DONE));
    a.release(ticket);
}

#[test]
fn tickets_are_small_and_go_anywhere() {
    fn anywhere<T: Send + Sync + Unpin + 'static>() {}
    anywhere::<Ticket<Local>>();
    anywhere::<Ticket<Shared>>();
    static_assertions::assert_not_impl_any!(Table<Local>: Send, Sync);
    static_assertions::assert_not_impl_any!(Table<Shared>: Send, Sync);
    assert_eq!(size_of::<Option<Ticket<Shared>>>(), size_of::<usize>());
}

/// A waker whose wakes do nothing and whose last drop drops `value`.
fn waker_of<T: Send + Sync + 'static>(value: T) -> Waker {
    struct Quiet<T>(T);
    impl<T: Send + Sync> Wake for Quiet<T> {
        fn wake(self: Arc<Self>) {}
    }
    Waker::from(Arc::new(Quiet(value)))
}

/// A waker that runs something when it is cloned; the clone does nothing.
struct CloneRuns(Box<dyn Fn()>);

impl CloneRuns {
    const VTABLE: RawWakerVTable = RawWakerVTable::new(Self::clone, Self::drop, Self::nothing, Self::drop);

    fn waker(run: Box<dyn Fn()>) -> Waker {
        let data = Box::into_raw(Box::new(CloneRuns(run))).cast::<()>().cast_const();
        // SAFETY: the functions of the table take the box that `data` is; the tests stay on one thread.
        unsafe { Waker::from_raw(RawWaker::new(data, &Self::VTABLE)) }
    }

    fn clone(data: *const ()) -> RawWaker {
        // SAFETY: the box that `waker` made, not dropped yet.
        let this = unsafe { &*data.cast::<CloneRuns>() };
        (this.0)();
        RawWaker::new(core::ptr::null(), Waker::noop().vtable())
    }

    fn nothing(_: *const ()) {}

    fn drop(data: *const ()) {
        // SAFETY: the box that `waker` made; a waker is dropped once.
        drop(unsafe { Box::from_raw(data.cast::<CloneRuns>().cast_mut()) });
    }
}
