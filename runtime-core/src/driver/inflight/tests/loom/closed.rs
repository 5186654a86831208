//! Models of what a table leaves: tickets that outlive it, on two threads.

use super::*;
use crate::loom::lives;
use ::loom::sync::atomic::AtomicBool;

/// What a driver does with a ticket whose table is gone: its operation was complete.
///
/// # Safety
/// As [`Ticket::end_closed`].
unsafe fn end_closed<S: Sharing>(ticket: Ticket<S>) -> Outcome {
    // SAFETY: as the caller.
    unsafe { ticket.end_closed() }.expect("complete")
}

/// Two threads end the tickets that a table left: slots and home are freed once, by the last, and used by nobody after that.
fn ends_when_the_table_is_gone<S: Sharing>() {
    let before = lives();
    let crossing = Crossing::new();
    let a = Table::<S>::new(0, 4);
    let waker = Bell::new().waker();
    // In two chunks.
    let operations: [_; 3] = core::array::from_fn(|_| submitted(&a, &waker));
    let [first, second, third] = operations.map(|(ticket, token)| {
        assert!(!complete(&a, token, DONE));
        ticket
    });
    drop(a);
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        at_b.pass();
        // SAFETY: the table was dropped before this thread began.
        assert_eq!(unsafe { end_closed(second) }, DONE);
        at_b.pass();
        // SAFETY: as above.
        assert_eq!(unsafe { end_closed(third) }, DONE);
    });
    crossing.pass();
    // SAFETY: the table was dropped above.
    assert_eq!(unsafe { end_closed(first) }, DONE);
    b.join().expect("B");
    assert_eq!(lives(), before, "slots or the home are left");
}

/// A task waits elsewhere while the operation completes and the table goes; it hears of that, and ends its ticket, while
/// the thread of the table ends another.
fn poll_vs_end_of_the_table() {
    let before = lives();
    let crossing = Crossing::new();
    let a = Table::<Shared>::new(0, 4);
    let waker = Bell::new().waker();
    let (here, one) = submitted(&a, &waker);
    let (mut there, other) = submitted(&a, &waker);
    let closed = Arc::new((AtomicBool::new(false), Notify::new()));
    let (at_b, heard) = (crossing.clone(), closed.clone());
    let b = loom::thread::spawn(move || {
        at_b.pass();
        let polled = there.poll(&Bell::new().waker());
        assert!(matches!(polled, Polled::Pending | Polled::Ready(CANCELLED)));
        at_b.pass();
        while !heard.0.load(Ordering::Acquire) {
            heard.1.wait();
        }
        // SAFETY: the table was dropped before that was said.
        assert_eq!(unsafe { end_closed(there) }, CANCELLED);
    });
    complete(&a, one, DONE);
    crossing.pass();
    complete(&a, other, CANCELLED);
    crossing.pass();
    drop(a);
    closed.0.store(true, Ordering::Release);
    closed.1.notify();
    // SAFETY: the table was dropped above.
    assert_eq!(unsafe { end_closed(here) }, DONE);
    b.join().expect("B");
    assert_eq!(lives(), before, "slots or the home are left");
}

/// A ticket is released on another thread while the table goes, and another ended: what comes home too late keeps all.
fn release_vs_end_of_the_table<S: Sharing>() {
    let before = lives();
    let crossing = Crossing::new();
    let a = Table::<S>::new(0, 4);
    let waker = Bell::new().waker();
    let (here, one) = submitted(&a, &waker);
    let (there, other) = submitted(&a, &waker);
    assert!(!complete(&a, one, DONE) && !complete(&a, other, DONE));
    let left = lives() - before;
    let at_b = crossing.clone();
    let b = loom::thread::spawn(move || {
        at_b.pass();
        assert_eq!(there.release(), Released::Posted);
        at_b.pass();
    });
    crossing.pass();
    drop(a);
    crossing.pass();
    // SAFETY: the table was dropped above.
    assert_eq!(unsafe { end_closed(here) }, DONE);
    b.join().expect("B");
    assert!([0, left].contains(&(lives() - before)), "all is freed, or nothing");
}

#[test]
fn ends_when_the_table_is_gone_model() {
    let twins = [(Plant::SlotShareMissing, FREED), (Plant::SlotRelaxedShare, RACE)];
    model("ends_when_the_table_is_gone (shared)", ends_when_the_table_is_gone::<Shared>, &twins);
    model("ends_when_the_table_is_gone (local)", ends_when_the_table_is_gone::<Local>, &twins);
}

#[test]
fn poll_vs_end_of_the_table_model() {
    let twins = [(Plant::SlotShareMissing, RACE), (Plant::SlotRelaxedShare, RACE)];
    model("poll_vs_end_of_the_table", poll_vs_end_of_the_table, &twins);
}

#[test]
fn release_vs_end_of_the_table_model() {
    let twins = [(Plant::SlotShareMissing, RACE)];
    model("release_vs_end_of_the_table (shared)", release_vs_end_of_the_table::<Shared>, &twins);
    model("release_vs_end_of_the_table (local)", release_vs_end_of_the_table::<Local>, &twins);
}
