//! The oneshot under both sharings.

use super::*;
use crate::channel::oneshot::{Receiver, RecvError, Sender, TryRecvError, channel, channel_in};
use crate::sharing::{Local, Shared, Sharing};
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::sync::Mutex;

macro_rules! both {
    ($($name:ident)+) => {$(
        #[test]
        fn $name() {
            cases::$name::<Local>();
            cases::$name::<Shared>();
        }
    )+};
}

both! {
    a_value_is_received
    a_value_comes_back_from_a_closed_channel
    a_sender_that_goes_is_heard
    a_close_lets_in_what_was_sent
    a_closed_channel_yields_without_the_sender
    the_sender_sees_the_end
    the_last_waker_is_woken
    values_are_dropped_once
    wakers_are_dropped
    try_recv_says_what_is
}

fn look<T, S: Sharing>(receiver: &mut Receiver<T, S>) -> Poll<Result<T, RecvError>> {
    Pin::new(receiver).poll(&mut Context::from_waker(Waker::noop()))
}

mod cases {
    use super::*;

    pub(super) fn a_value_is_received<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>();
        assert_eq!(look(&mut receiver), Poll::Pending);
        sender.send(5).unwrap();
        assert_eq!(look(&mut receiver), Poll::Ready(Ok(5)));
    }

    pub(super) fn a_value_comes_back_from_a_closed_channel<S: Sharing>() {
        let (sender, receiver) = channel_in::<_, S>();
        drop(receiver);
        assert!(sender.is_closed());
        assert_eq!(sender.send(Box::new(5)), Err(Box::new(5)));
    }

    pub(super) fn a_sender_that_goes_is_heard<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<u8, S>();
        let (wakes, waker) = Wakes::new();
        assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)).is_pending());
        drop(sender);
        assert_eq!((wakes.count(), look(&mut receiver)), (1, Poll::Ready(Err(RecvError))));
    }

    pub(super) fn a_close_lets_in_what_was_sent<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>();
        sender.send(5).unwrap();
        receiver.close();
        assert_eq!(receiver.try_recv(), Ok(5));
    }

    pub(super) fn a_closed_channel_yields_without_the_sender<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<u8, S>();
        receiver.close();
        receiver.close();
        assert_eq!(look(&mut receiver), Poll::Ready(Err(RecvError)));
        assert_eq!(sender.send(1), Err(1));
    }

    pub(super) fn the_sender_sees_the_end<S: Sharing>() {
        for dropped in [false, true] {
            let (mut sender, mut receiver) = channel_in::<u8, S>();
            let (wakes, waker) = Wakes::new();
            let mut cx = Context::from_waker(&waker);
            assert!(sender.poll_closed(&mut cx).is_pending() && sender.poll_closed(&mut cx).is_pending());
            let kept = if dropped {
                drop(receiver);
                None
            } else {
                receiver.close();
                Some(receiver)
            };
            assert_eq!(wakes.count(), 1);
            assert!(sender.poll_closed(&mut cx).is_ready() && poll(&mut Box::pin(sender.closed())).is_ready());
            drop(kept);
        }
    }

    pub(super) fn the_last_waker_is_woken<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<u8, S>();
        let ((old, old_waker), (new, new_waker)) = (Wakes::new(), Wakes::new());
        for waker in [&old_waker, &new_waker] {
            assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(waker)).is_pending());
        }
        sender.send(1).unwrap();
        assert_eq!((old.count(), new.count()), (0, 1));
    }

    pub(super) fn values_are_dropped_once<S: Sharing>() {
        let drops = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = channel_in::<_, S>();
        sender.send(Drops(drops.clone())).unwrap();
        drop(receiver);
        assert_eq!(drops.load(SeqCst), 1);
        let (sender, mut receiver) = channel_in::<_, S>();
        sender.send(Drops(drops.clone())).unwrap();
        drop(look(&mut receiver));
        drop(receiver);
        assert_eq!(drops.load(SeqCst), 2);
        let (sender, receiver) = channel_in::<_, S>();
        drop(receiver);
        drop(sender.send(Drops(drops.clone())));
        assert_eq!(drops.load(SeqCst), 3);
    }

    pub(super) fn wakers_are_dropped<S: Sharing>() {
        let counts = |wakes: &Arc<Wakes>| Arc::strong_count(wakes);
        // Both wait; then one of them goes, and the other.
        for sender_first in [false, true] {
            let ((a, waker_a), (b, waker_b)) = (Wakes::new(), Wakes::new());
            let (mut sender, mut receiver) = channel_in::<u8, S>();
            assert!(sender.poll_closed(&mut Context::from_waker(&waker_a)).is_pending());
            assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker_b)).is_pending());
            if sender_first {
                drop(sender);
                drop(receiver);
            } else {
                drop(receiver);
                drop(sender);
            }
            assert_eq!((counts(&a), counts(&b)), (2, 2), "a waker leaked; sender first: {sender_first}");
        }
    }

    pub(super) fn try_recv_says_what_is<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        sender.send(1).unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
        let (sender, mut receiver) = channel_in::<u8, S>();
        drop(sender);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));
    }
}

#[test]
fn a_local_one_carries_what_is_not_send() {
    let (sender, mut receiver) = channel_in::<Rc<u8>, Local>();
    sender.send(Rc::new(1)).unwrap();
    assert_eq!(look(&mut receiver), Poll::Ready(Ok(Rc::new(1))));
}

/// Sends when it is dropped: a waker may be anybody's code.
struct SendsAtLast(Mutex<Option<Sender<u8>>>);

impl Wake for SendsAtLast {
    fn wake(self: Arc<Self>) {}
}

impl Drop for SendsAtLast {
    fn drop(&mut self) {
        if let Some(sender) = self.0.get_mut().unwrap().take() {
            sender.send(7).unwrap();
        }
    }
}

#[test]
fn a_waker_that_sends_when_it_is_replaced() {
    let (sender, mut receiver) = channel();
    let waker = Waker::from(Arc::new(SendsAtLast(Mutex::new(Some(sender)))));
    assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)).is_pending());
    drop(waker);
    let (wakes, waker) = Wakes::new();
    // The old waker goes when the new one is there, and wakes it.
    assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&waker)).is_pending());
    assert_eq!((wakes.count(), look(&mut receiver)), (1, Poll::Ready(Ok(7))));
}

#[test]
#[should_panic(expected = "polled after it yielded")]
fn a_second_value_is_not_waited_for() {
    let (sender, mut receiver) = channel();
    sender.send(1).unwrap();
    let _ = look(&mut receiver);
    let _ = look(&mut receiver);
}

#[test]
fn threads_send_each_other_values() {
    const ROUNDS: usize = if cfg!(miri) { 30 } else { 5_000 };
    let drops = Arc::new(AtomicUsize::new(0));
    for round in 0..ROUNDS {
        let (mut sender, mut receiver) = channel();
        let drops = drops.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || match round % 3 {
                0 => drop(receiver.blocking_recv()),
                1 => drop(look(&mut receiver)),
                _ => receiver.close(),
            });
            if round % 2 == 0 {
                let _ = sender.poll_closed(&mut Context::from_waker(Waker::noop()));
            }
            drop(sender.send(Drops(drops)));
        });
    }
    assert_eq!(drops.load(SeqCst), ROUNDS);
}
