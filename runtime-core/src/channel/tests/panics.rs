//! A waker that panics when it is woken: whoever waits behind it hears all the same.

use crate::channel::mpsc::channel;
use crate::channel::oneshot;
use crate::sync::Notify;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::task::Wake;
use alloc::vec::Vec;
use core::future::Future as _;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};

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
    receiver.close();
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
    notify.notify_waiters();
    assert_eq!(good.0.load(SeqCst), BEHIND);
}

/// The waker is the sender's, and the message the receiver's: the one may not cost the other.
#[test]
fn a_message_is_received_though_the_next_sender_has_a_waker_that_panics() {
    let (sender, mut receiver) = channel(1);
    sender.try_send(1).unwrap();
    let mut second = Box::pin(sender.send(2));
    assert!(second.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Bad)))).is_pending());
    let mut cx = Context::from_waker(Waker::noop());
    assert_eq!(receiver.poll_recv(&mut cx), Poll::Ready(Some(1)));
    assert!(second.as_mut().poll(&mut cx).is_ready());
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn a_value_arrives_and_a_block_is_freed_though_wakers_panic() {
    let value = Arc::new(());
    // The receiver's, woken by the send.
    let (sender, mut receiver) = oneshot::channel();
    assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&Waker::from(Arc::new(Bad)))).is_pending());
    assert!(sender.send(value.clone()).is_ok());
    assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    // The sender's, woken by the receiver's drop; its block goes with the sender.
    let (mut sender, receiver) = oneshot::channel::<Arc<()>>();
    {
        let mut closed = Box::pin(sender.closed());
        assert!(closed.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::new(Bad)))).is_pending());
        drop(receiver);
        assert!(closed.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready());
    }
    assert!(sender.send(value.clone()).is_err());
    assert_eq!(Arc::strong_count(&value), 1);
}
