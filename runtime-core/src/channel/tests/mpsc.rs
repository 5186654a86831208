//! The bounded queue under both sharings, and against a simple model of it.

use super::*;
use crate::channel::mpsc::{Reserve, SendError, Sender, Sending, TryRecvError, TrySendError, channel, channel_in};
use crate::sharing::{Local, Shared, Sharing};
use crate::sync::block;
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Debug;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll};

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
    messages_come_in_their_order
    a_full_queue_refuses_and_gives_back
    who_waited_longest_sends_first
    nobody_overtakes_who_waits
    a_dropped_sender_loses_its_turn_and_no_place
    a_place_that_was_given_is_passed_on
    the_end_comes_after_the_last_sender
    a_closed_queue_is_emptied_and_then_ends
    a_closed_queue_waits_for_its_permits
    a_dropped_receiver_fails_everybody
    a_permit_outlives_the_receiver
    an_owned_permit_holds_its_sender
    many_at_once
    weak_senders_do_not_keep_it_open
    messages_are_dropped_once
    the_close_is_told
    it_acts_like_its_model
}

/// Who waits for a place, in their order; and was it given one?
type Waiting<'a, S> = VecDeque<(Pin<Box<Reserve<'a, usize, S>>>, bool)>;

fn sending<T: Debug, S: Sharing>(sender: &Sender<T, S>, message: T) -> Pin<Box<Sending<'_, T, S>>> {
    let mut sending = Box::pin(sender.send(message));
    assert!(poll(&mut sending).is_pending());
    sending
}

fn ready<F: Future<Output: Debug>>(future: F) -> F::Output {
    match poll(&mut Box::pin(future)) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

mod cases {
    use super::*;

    pub(super) fn messages_come_in_their_order<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(3);
        // Round the ring several times.
        for n in 0..10 {
            ready(sender.send(2 * n)).unwrap();
            sender.clone().try_send(2 * n + 1).unwrap();
            assert_eq!(receiver.len(), 2);
            assert_eq!((ready(receiver.recv()), receiver.try_recv()), (Some(2 * n), Ok(2 * n + 1)));
        }
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert_eq!((sender.capacity(), sender.max_capacity(), receiver.is_empty()), (3, 3, true));
    }

    pub(super) fn a_full_queue_refuses_and_gives_back<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(1);
        sender.try_send(Box::new(1)).unwrap();
        let error = sender.try_send(Box::new(2)).unwrap_err();
        assert!(matches!(&error, TrySendError::Full(_)));
        assert_eq!(*error.into_inner(), 2);
        assert!(matches!(sender.try_reserve(), Err(TrySendError::Full(()))));
        receiver.close();
        assert!(matches!(sender.try_send(Box::new(3)), Err(TrySendError::Closed(_))));
    }

    pub(super) fn who_waited_longest_sends_first<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(1);
        sender.try_send(0).unwrap();
        let mut waiting: Vec<_> = (1..5).map(|n| sending(&sender, n)).collect();
        for n in 0..4 {
            assert_eq!(receiver.try_recv(), Ok(n));
            // Only the first of them has a place now.
            for later in waiting.iter_mut().skip(1) {
                assert!(poll(later).is_pending());
            }
            assert_eq!(poll(&mut waiting.remove(0)), Poll::Ready(Ok(())));
        }
        assert_eq!(receiver.try_recv(), Ok(4));
    }

    pub(super) fn nobody_overtakes_who_waits<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(1);
        sender.try_send(0).unwrap();
        let mut waits = sending(&sender, 1);
        assert_eq!(receiver.try_recv(), Ok(0));
        assert!(matches!(sender.try_send(2), Err(TrySendError::Full(2))));
        assert_eq!(poll(&mut waits), Poll::Ready(Ok(())));
    }

    pub(super) fn a_dropped_sender_loses_its_turn_and_no_place<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(1);
        sender.try_send(0).unwrap();
        let mut waiting: Vec<_> = (1..4).map(|n| sending(&sender, n)).collect();
        drop(waiting.remove(1));
        assert_eq!(receiver.try_recv(), Ok(0));
        assert!(poll(&mut waiting[0]).is_ready());
        assert_eq!(receiver.try_recv(), Ok(1));
        assert!(poll(&mut waiting[1]).is_ready());
        assert_eq!((receiver.try_recv(), sender.capacity()), (Ok(3), 1));
    }

    pub(super) fn a_place_that_was_given_is_passed_on<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(1);
        sender.try_send(0).unwrap();
        let (first, (wakes, waker)) = (sending(&sender, 1), Wakes::new());
        let mut second = Box::pin(sender.send(2));
        assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        assert_eq!((receiver.try_recv(), wakes.count()), (Ok(0), 0));
        drop(first);
        assert_eq!((wakes.count(), poll(&mut second)), (1, Poll::Ready(Ok(()))));
        // With nobody there, the place is free.
        let third = sending(&sender, 3);
        assert_eq!(receiver.try_recv(), Ok(2));
        drop(third);
        assert_eq!(sender.capacity(), 1);
        drop(ready(sender.reserve()).unwrap());
        assert_eq!(sender.capacity(), 1);
    }

    pub(super) fn the_end_comes_after_the_last_sender<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(2);
        let other = sender.clone();
        sender.try_send(1).unwrap();
        drop(sender);
        assert_eq!(ready(receiver.recv()), Some(1));
        let (wakes, waker) = Wakes::new();
        assert!(receiver.poll_recv(&mut Context::from_waker(&waker)).is_pending());
        drop(other);
        assert_eq!((wakes.count(), ready(receiver.recv()), receiver.is_closed()), (1, None, true));
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }

    pub(super) fn a_closed_queue_is_emptied_and_then_ends<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(1);
        sender.try_send(1).unwrap();
        let mut waits = sending(&sender, 2);
        receiver.close();
        assert_eq!(poll(&mut waits), Poll::Ready(Err(SendError(2))));
        assert_eq!(ready(sender.send(3)), Err(SendError(3)));
        assert_eq!((ready(receiver.recv()), ready(receiver.recv())), (Some(1), None));
    }

    pub(super) fn a_closed_queue_waits_for_its_permits<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(3);
        let (used, unused) = (sender.try_reserve().unwrap(), sender.try_reserve().unwrap());
        receiver.close();
        let (wakes, waker) = Wakes::new();
        let mut cx = Context::from_waker(&waker);
        assert!(receiver.poll_recv(&mut cx).is_pending());
        used.send(1);
        assert_eq!((wakes.count(), receiver.poll_recv(&mut cx)), (1, Poll::Ready(Some(1))));
        assert!(receiver.poll_recv(&mut cx).is_pending());
        drop(unused);
        assert_eq!((wakes.count(), receiver.poll_recv(&mut cx)), (2, Poll::Ready(None)));
    }

    pub(super) fn a_dropped_receiver_fails_everybody<S: Sharing>() {
        let (sender, receiver) = channel_in::<_, S>(1);
        sender.try_send(0).unwrap();
        let mut waiting: Vec<_> = (1..40).map(|n| sending(&sender, n)).collect();
        drop(receiver);
        for (n, waits) in waiting.iter_mut().enumerate() {
            assert_eq!(poll(waits), Poll::Ready(Err(SendError(n + 1))));
        }
        assert!(sender.is_closed() && ready(sender.reserve()).is_err());
    }

    pub(super) fn a_permit_outlives_the_receiver<S: Sharing>() {
        let drops = Arc::new(AtomicUsize::new(0));
        let (sender, receiver) = channel_in::<_, S>(1);
        let permit = sender.try_reserve().unwrap();
        drop(receiver);
        permit.send(Drops(drops.clone()));
        assert_eq!(drops.load(SeqCst), 0);
        drop(sender);
        assert_eq!(drops.load(SeqCst), 1);
    }

    pub(super) fn an_owned_permit_holds_its_sender<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<u8, S>(1);
        let permit = ready(sender.clone().reserve_owned()).unwrap();
        let Err(TrySendError::Full(sender)) = sender.try_reserve_owned() else { panic!("the place was given twice") };
        drop(sender);
        // Neither the end nor a message: the permit may send still.
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        let sender = permit.send(1);
        assert_eq!(receiver.try_recv(), Ok(1));
        let sender = sender.try_reserve_owned().unwrap().release();
        assert_eq!(sender.capacity(), 1);
        drop(sender.try_reserve_owned().unwrap());
        // The place came back, and the last sender went.
        assert_eq!((receiver.capacity(), receiver.try_recv()), (1, Err(TryRecvError::Disconnected)));

        let (sender, mut receiver) = channel_in::<u8, S>(1);
        let permit = ready(sender.clone().reserve_owned()).unwrap();
        receiver.close();
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
        assert!(ready(sender.reserve_owned()).is_err());
        drop(permit);
        assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    }

    pub(super) fn many_at_once<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(64);
        let mut got = vec![100];
        assert_eq!(ready(receiver.recv_many(&mut got, 0)), 0);
        (0..64).for_each(|n| sender.try_send(n).unwrap());
        let mut waiting: Vec<_> = (64..104).map(|n| sending(&sender, n)).collect();
        assert_eq!(ready(receiver.recv_many(&mut got, 50)), 50);
        assert_eq!(ready(receiver.recv_many(&mut got, usize::MAX)), 14);
        assert!(waiting.iter_mut().all(|one| poll(one).is_ready()));
        drop(waiting);
        drop(sender);
        assert_eq!(ready(receiver.recv_many(&mut got, usize::MAX)), 40);
        assert_eq!(ready(receiver.recv_many(&mut got, 1)), 0);
        assert_eq!(got.remove(0), 100);
        assert_eq!(got, (0..104).collect::<Vec<_>>());
    }

    pub(super) fn weak_senders_do_not_keep_it_open<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<_, S>(1);
        let weak = sender.downgrade();
        let strong = weak.clone().upgrade().unwrap();
        assert!(strong.same_channel(&sender));
        assert!(!strong.same_channel(&channel_in::<u8, S>(1).0));
        drop(sender);
        strong.try_send(1).unwrap();
        drop(strong);
        assert!(weak.upgrade().is_none());
        assert_eq!((ready(receiver.recv()), ready(receiver.recv())), (Some(1), None));
        drop(receiver);
        assert!(weak.upgrade().is_none());
    }

    pub(super) fn messages_are_dropped_once<S: Sharing>() {
        let drops = Arc::new(AtomicUsize::new(0));
        let (sender, mut receiver) = channel_in::<_, S>(2);
        for _ in 0..2 {
            sender.try_send(Drops(drops.clone())).unwrap();
        }
        let waits = sending(&sender, Drops(drops.clone()));
        assert_eq!(drops.load(SeqCst), 0);
        drop(waits); // not sent: dropped with its future
        assert_eq!(drops.load(SeqCst), 1);
        drop(ready(receiver.recv()));
        assert_eq!(drops.load(SeqCst), 2);
        drop(receiver);
        assert_eq!(drops.load(SeqCst), 3);
        drop(sender.try_send(Drops(drops.clone())));
        assert_eq!(drops.load(SeqCst), 4);
    }

    pub(super) fn the_close_is_told<S: Sharing>() {
        let (sender, mut receiver) = channel_in::<u8, S>(1);
        let mut all: Vec<_> = (0..20).map(|_| Box::pin(sender.closed())).collect();
        assert!(all.iter_mut().all(|one| poll(one).is_pending()));
        drop(all.remove(7));
        receiver.close();
        assert!(all.iter_mut().all(|one| poll(one).is_ready()));
        assert!(poll(&mut Box::pin(sender.closed())).is_ready());
    }

    /// Random steps of three senders and the receiver, each future dropped at random points, beside a plain queue: what the
    /// model says is what comes, nothing is lost and nobody overtakes.
    pub(super) fn it_acts_like_its_model<S: Sharing>() {
        const STEPS: usize = if cfg!(miri) { 300 } else { 40_000 };
        let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = move |below: usize| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed % below as u64) as usize
        };
        for capacity in [1, 2, 5] {
            let (sender, mut receiver) = channel_in::<_, S>(capacity);
            // The model: messages, how many places are out, and who waits, in their order: those at the front were given one.
            let mut messages = VecDeque::new();
            let mut waiting: Waiting<'_, S> = VecDeque::new();
            let mut next = 0;
            let given = |waiting: &VecDeque<(_, bool)>| waiting.iter().filter(|(_, given)| *given).count();
            let pass_on = |waiting: &mut Waiting<'_, S>| {
                if let Some((_, first)) = waiting.iter_mut().find(|(_, given)| !*given) {
                    *first = true;
                }
            };
            for _ in 0..STEPS {
                let full = messages.len() + given(&waiting) == capacity;
                match random(5) {
                    0 => match sender.try_send(next) {
                        Ok(()) => {
                            assert!(!full, "a place out of nothing");
                            messages.push_back(next);
                            next += 1;
                        }
                        Err(TrySendError::Full(_)) => assert!(full, "a place was lost"),
                        Err(TrySendError::Closed(_)) => panic!("closed"),
                    },
                    1 if waiting.len() < 6 => {
                        let mut reserve = Box::pin(sender.reserve());
                        match poll(&mut reserve) {
                            Poll::Ready(permit) => {
                                assert!(!full, "a place out of nothing");
                                permit.unwrap().send(next);
                                messages.push_back(next);
                                next += 1;
                            }
                            Poll::Pending => {
                                assert!(full, "a place was lost");
                                waiting.push_back((reserve, false));
                            }
                        }
                    }
                    2 if !waiting.is_empty() => {
                        // Whoever: it has its permit iff the model says so.
                        let who = random(waiting.len());
                        match poll(&mut waiting[who].0) {
                            Poll::Ready(permit) => {
                                assert!(waiting.remove(who).unwrap().1, "it overtook");
                                permit.unwrap().send(next);
                                messages.push_back(next);
                                next += 1;
                            }
                            Poll::Pending => assert!(!waiting[who].1, "a notification was lost"),
                        }
                    }
                    3 if !waiting.is_empty() => {
                        let who = random(waiting.len());
                        let (reserve, was_given) = waiting.remove(who).unwrap();
                        drop(reserve);
                        if was_given {
                            pass_on(&mut waiting);
                        }
                    }
                    _ => {
                        // A receive that is dropped after its poll takes nothing, or what it yielded.
                        let got = poll(&mut Box::pin(receiver.recv()));
                        assert_eq!(got.is_ready(), !messages.is_empty());
                        if let Poll::Ready(got) = got {
                            assert_eq!(got, messages.pop_front());
                            pass_on(&mut waiting);
                        }
                    }
                }
            }
        }
    }
}

#[test]
#[should_panic(expected = "one message at least")]
fn a_queue_of_nothing_is_refused() {
    let _ = channel::<u8>(0);
}

#[test]
fn threads_send_through_a_small_queue() {
    const SENDERS: usize = 3;
    const EACH: usize = if cfg!(miri) { 40 } else { 10_000 };
    let (sender, mut receiver) = channel(2);
    std::thread::scope(|scope| {
        for who in 0..SENDERS {
            let sender = sender.clone();
            scope.spawn(move || {
                for n in 0..EACH {
                    // Now and then it gives up while it waits, and asks again.
                    if n % 7 == 0 {
                        drop(poll(&mut Box::pin(sender.reserve())));
                    }
                    sender.blocking_send((who, n)).unwrap();
                }
            });
        }
        drop(sender);
        let mut next = [0; SENDERS];
        let mut buffer = Vec::new();
        loop {
            let got = block::on("", "", receiver.recv_many(&mut buffer, 3));
            if got == 0 {
                break;
            }
            for (who, n) in buffer.drain(..) {
                assert_eq!(next[who], n);
                next[who] += 1;
            }
        }
        assert_eq!(next, [EACH; SENDERS]);
    });
}
