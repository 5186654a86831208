//! A waker that panics when it is woken: whoever waits behind it hears all the same.

use crate::channel::mpsc::channel;
use crate::sync::Notify;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Waker};
use std::panic::catch_unwind;

struct Bad;
impl Wake for Bad {
    fn wake(self: Arc<Self>) {
        panic!("a waker's own");
    }
}

struct Good(AtomicUsize);
impl Wake for Good {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

const BEHIND: usize = 40;

#[test]
fn a_close_reaches_everybody_behind_a_waker_that_panics() {
    let (sender, mut receiver) = channel(1);
    sender.try_send(0).unwrap();
    let good = Arc::new(Good(AtomicUsize::new(0)));
    let mut waits: Vec<_> = (0..=BEHIND).map(|_| Box::pin(sender.reserve())).collect();
    for (n, wait) in waits.iter_mut().enumerate() {
        let waker = if n == 0 { Waker::from(Arc::new(Bad)) } else { Waker::from(good.clone()) };
        assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| receiver.close())).is_err());
    let waker = Waker::from(good.clone());
    let waiting = waits
        .iter_mut()
        .filter_map(|w| w.as_mut().poll(&mut Context::from_waker(&waker)).is_pending().then_some(()))
        .count();
    assert_eq!((good.0.load(SeqCst), waiting), (BEHIND, 0));
}

#[test]
fn a_notification_of_all_reaches_everybody_behind_a_waker_that_panics() {
    let notify: Notify = Notify::new();
    let good = Arc::new(Good(AtomicUsize::new(0)));
    let mut waits: Vec<_> = (0..=BEHIND).map(|_| Box::pin(notify.notified())).collect();
    for (n, wait) in waits.iter_mut().enumerate() {
        let waker = if n == 0 { Waker::from(Arc::new(Bad)) } else { Waker::from(good.clone()) };
        assert!(wait.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    }
    assert!(catch_unwind(AssertUnwindSafe(|| notify.notify_waiters())).is_err());
    assert_eq!(good.0.load(SeqCst), BEHIND);
}
