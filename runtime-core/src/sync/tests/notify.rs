//! [`Notify`] under both sharings: who is told, in which order, and what becomes of a notification whose future is dropped.

use crate::sharing::{Local, Shared, Sharing};
use crate::sync::{Notified, Notify};
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::sync::Mutex;

fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

fn waits<S: Sharing>(notify: &Notify<S>) -> Pin<Box<Notified<'_, S>>> {
    let mut future = Box::pin(notify.notified());
    assert!(poll(&mut future).is_pending());
    future
}

/// Under both sharings.
macro_rules! both {
    ($($name:ident)+) => {$(
        #[test]
        fn $name() {
            super::notify::cases::$name(&Notify::<Local>::new());
            super::notify::cases::$name(&Notify::<Shared>::new());
        }
    )+};
}

both! {
    a_permit_is_kept_and_there_is_one
    who_waited_longest_is_told_first
    a_call_to_all_reaches_all_and_leaves_nothing
    a_call_to_all_reaches_what_was_not_polled
    a_dropped_notification_is_passed_on
    a_dropped_waiter_leaves_the_queue
    a_call_to_all_is_not_passed_on
    many_are_told_in_their_order
    ready_stays_ready
}

mod cases {
    use super::*;

    pub(super) fn a_permit_is_kept_and_there_is_one<S: Sharing>(notify: &Notify<S>) {
        notify.notify_one();
        notify.notify_one();
        assert!(poll(&mut Box::pin(notify.notified())).is_ready());
        drop(waits(notify));
    }

    pub(super) fn who_waited_longest_is_told_first<S: Sharing>(notify: &Notify<S>) {
        let (mut first, mut second) = (waits(notify), waits(notify));
        notify.notify_one();
        assert!(poll(&mut second).is_pending());
        assert!(poll(&mut first).is_ready());
        notify.notify_one();
        assert!(poll(&mut second).is_ready());
    }

    pub(super) fn a_call_to_all_reaches_all_and_leaves_nothing<S: Sharing>(notify: &Notify<S>) {
        let mut all: Vec<_> = (0..40).map(|_| waits(notify)).collect();
        notify.notify_waiters();
        let mut late = waits(notify);
        assert!(all.iter_mut().all(|one| poll(one).is_ready()));
        assert!(poll(&mut late).is_pending());
    }

    pub(super) fn a_call_to_all_reaches_what_was_not_polled<S: Sharing>(notify: &Notify<S>) {
        let mut early = Box::pin(notify.notified());
        notify.notify_waiters();
        assert!(poll(&mut early).is_ready());
        // It took no permit: there was none to take.
        notify.notify_one();
        assert!(poll(&mut early).is_ready());
        assert!(poll(&mut Box::pin(notify.notified())).is_ready());
    }

    pub(super) fn a_dropped_notification_is_passed_on<S: Sharing>(notify: &Notify<S>) {
        let (first, mut second) = (waits(notify), waits(notify));
        notify.notify_one();
        drop(first);
        assert!(poll(&mut second).is_ready());
        // With nobody there, it becomes the permit.
        let third = waits(notify);
        notify.notify_one();
        drop(third);
        assert!(poll(&mut Box::pin(notify.notified())).is_ready());
    }

    pub(super) fn a_dropped_waiter_leaves_the_queue<S: Sharing>(notify: &Notify<S>) {
        // The first, one between, and the last.
        for gone in 0..3 {
            let mut all: Vec<_> = (0..3).map(|_| waits(notify)).collect();
            drop(all.remove(gone));
            notify.notify_one();
            notify.notify_one();
            assert!(all.iter_mut().all(|one| poll(one).is_ready()));
            drop(waits(notify));
        }
    }

    pub(super) fn a_call_to_all_is_not_passed_on<S: Sharing>(notify: &Notify<S>) {
        let first = waits(notify);
        notify.notify_waiters();
        drop(first);
        drop(waits(notify));
    }

    pub(super) fn many_are_told_in_their_order<S: Sharing>(notify: &Notify<S>) {
        struct Names(usize, Arc<Mutex<Vec<usize>>>);
        impl Wake for Names {
            fn wake(self: Arc<Self>) {
                self.1.lock().unwrap().push(self.0);
            }
        }
        let told = Arc::new(Mutex::new(Vec::new()));
        let mut all: Vec<_> = (0..50).map(|_| Box::pin(notify.notified())).collect();
        for (n, one) in all.iter_mut().enumerate() {
            let waker = Waker::from(Arc::new(Names(n, told.clone())));
            assert!(one.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        notify.notify_one();
        notify.notify_waiters();
        assert_eq!(*told.lock().unwrap(), (0..50).collect::<Vec<_>>());
    }

    pub(super) fn ready_stays_ready<S: Sharing>(notify: &Notify<S>) {
        let mut one = waits(notify);
        notify.notify_one();
        assert!(poll(&mut one).is_ready() && poll(&mut one).is_ready());
        assert!(one.as_mut().enable());
    }
}

/// What a waker does when it is woken or dropped: it comes back to the `Notify` that called it.
struct ComesBack(Arc<Notify>, AtomicUsize);

impl Wake for ComesBack {
    fn wake(self: Arc<Self>) {
        self.1.fetch_add(1, SeqCst);
        self.0.notify_one();
    }
}

impl Drop for ComesBack {
    fn drop(&mut self) {
        self.0.notify_waiters();
        drop(Box::pin(self.0.notified()));
    }
}

#[test]
fn a_waker_may_come_back_from_anywhere() {
    let notify = Arc::new(Notify::<Shared>::new());
    let waker = || Waker::from(Arc::new(ComesBack(notify.clone(), AtomicUsize::new(0))));
    let mut one = Box::pin(notify.notified());
    assert!(one.as_mut().poll(&mut Context::from_waker(&waker())).is_pending());
    // Replaced: the old one is dropped, and tells all.
    let other = waker();
    assert!(one.as_mut().poll(&mut Context::from_waker(&other)).is_pending());
    assert!(one.as_mut().poll(&mut Context::from_waker(&other)).is_ready());
    drop((one, other));
    // The waker that was woken left a permit.
    assert!(poll(&mut Box::pin(notify.notified())).is_ready());
    let mut two = Box::pin(notify.notified());
    assert!(two.as_mut().poll(&mut Context::from_waker(&waker())).is_pending());
    notify.notify_one(); // woken: leaves a permit, and all are told again when it is dropped
    assert!(poll(&mut two).is_ready());
}

#[test]
fn a_waker_that_panics_does_not_silence_the_others() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("on purpose");
        }
    }
    struct Counts(AtomicUsize);
    impl Wake for Counts {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let notify = Notify::<Shared>::new();
    let counts = Arc::new(Counts(AtomicUsize::new(0)));
    let loud = Waker::from(Arc::new(Panics));
    let wakers = [loud.clone(), Waker::from(counts.clone()), loud, Waker::from(counts.clone())];
    let mut all: Vec<_> = wakers
        .iter()
        .map(|waker| {
            let mut one = Box::pin(notify.notified());
            assert!(one.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
            one
        })
        .collect();
    notify.notify_waiters();
    assert_eq!(counts.0.load(SeqCst), 2);
    assert!(all.iter_mut().all(|one| poll(one).is_ready()));
}

#[test]
fn a_forgotten_future_keeps_its_memory_and_its_place() {
    let notify = Notify::<Local>::new();
    // Pinned, so its memory stays as long as it is not dropped; it is, at the end.
    let mut forgotten = ManuallyDrop::new(waits(&notify));
    let mut next = waits(&notify);
    notify.notify_one();
    assert!(poll(&mut next).is_pending());
    notify.notify_one();
    assert!(poll(&mut next).is_ready());
    // SAFETY: dropped here and nowhere else.
    unsafe { ManuallyDrop::drop(&mut forgotten) };
    assert!(poll(&mut Box::pin(notify.notified())).is_ready());
}

#[test]
fn threads_hand_a_permit_round() {
    const ROUNDS: usize = if cfg!(miri) { 50 } else { 20_000 };
    let (ping, pong) = (Arc::new(Notify::<Shared>::new()), Arc::new(Notify::<Shared>::new()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                crate::sync::block::on("a", "b", ping.notified());
                pong.notify_one();
            }
        });
        for _ in 0..ROUNDS {
            ping.notify_one();
            crate::sync::block::on("a", "b", pong.notified());
        }
    });
}
