//! Loom models of the channels, on the real code, with the mistakes that they must find.

use crate::channel::{mpsc, oneshot};
use crate::loom::{Plant, lives};
use crate::testing::models::{Bell, Canary, STUCK, block_on, model};
use ::loom::thread;
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Poll, Waker};
use std::sync::Arc;

fn drops() -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(0))
}

/// Runs a model and asks that every block was freed.
fn freed(body: impl FnOnce()) {
    let before = lives();
    body();
    assert_eq!(lives(), before, "a block leaked");
}

/// A value is sent while the receiver begins to wait.
fn oneshot_send_vs_receive() {
    freed(|| {
        let drops = drops();
        let (sender, receiver) = oneshot::channel();
        let canary = Canary::new(&drops);
        let other = thread::spawn(move || drop(sender.send(canary)));
        assert!(block_on(receiver).is_ok());
        other.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
    });
}

/// The receiver changes its waker while the sender goes without a value.
fn oneshot_leave_vs_other_waker() {
    freed(|| {
        let (sender, mut receiver) = oneshot::channel::<Canary>();
        let first = Pin::new(&mut receiver).poll(&mut Context::from_waker(Waker::noop()));
        assert!(first.is_pending());
        let other = thread::spawn(move || drop(sender));
        assert!(block_on(receiver).is_err());
        other.join().unwrap();
    });
}

/// A value is sent while the receiver goes: it is dropped once, by one of them.
fn oneshot_send_vs_drop() {
    freed(|| {
        let drops = drops();
        let (sender, mut receiver) = oneshot::channel();
        let canary = Canary::new(&drops);
        let bell = Bell::new();
        assert!(Pin::new(&mut receiver).poll(&mut Context::from_waker(&bell.waker())).is_pending());
        let other = thread::spawn(move || drop(sender.send(canary)));
        drop(receiver);
        other.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1, "a value leaked");
        assert_eq!(Arc::strong_count(&bell), 1, "a waker leaked");
    });
}

/// The receiver closes while the sender begins to wait for that; then a send fails, or the value is there.
fn oneshot_close_vs_closed() {
    freed(|| {
        let drops = drops();
        let (mut sender, mut receiver) = oneshot::channel();
        let other = thread::spawn(move || {
            receiver.close();
            drop(receiver);
        });
        block_on(sender.closed());
        assert!(sender.send(Canary::new(&drops)).is_err());
        other.join().unwrap();
        assert_eq!(drops.load(SeqCst), 1);
    });
}

/// A sender that waits for a close sends while the receiver closes: the value comes back, or is received.
fn oneshot_send_vs_close() {
    freed(|| {
        let drops = drops();
        let bell = Bell::new();
        let (mut sender, mut receiver) = oneshot::channel();
        assert!(sender.poll_closed(&mut Context::from_waker(&bell.waker())).is_pending());
        let canary = Canary::new(&drops);
        let other = thread::spawn(move || sender.send(canary).is_ok());
        receiver.close();
        let received = receiver.try_recv().is_ok();
        assert_eq!(other.join().unwrap(), received, "a value was lost");
        drop(receiver);
        assert_eq!(drops.load(SeqCst), 1);
        assert_eq!(Arc::strong_count(&bell), 1, "a waker leaked");
    });
}

/// Messages go through a queue of one: the sender waits for the receiver and the receiver for the sender.
fn mpsc_two_messages() {
    freed(|| {
        let drops = drops();
        let (sender, mut receiver) = mpsc::channel(1);
        let canaries = [Canary::new(&drops), Canary::new(&drops)];
        let other = thread::spawn(move || {
            for canary in canaries {
                assert!(block_on(sender.send(canary)).is_ok());
            }
        });
        let mut received = 0;
        while let Some(canary) = block_on(receiver.recv()) {
            drop(canary);
            received += 1;
        }
        assert_eq!((received, drops.load(SeqCst)), (2, 2));
        other.join().unwrap();
    });
}

/// Two senders wait for a place; the first gives up while it gets it: the second has it.
fn mpsc_permit_vs_drop() {
    freed(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        sender.try_send(0).unwrap();
        let other = thread::spawn({
            let sender = sender.clone();
            move || {
                let mut first = std::boxed::Box::pin(sender.reserve());
                let polled = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                // Given or not, it does not send.
                drop((polled, first));
            }
        });
        let third = thread::spawn(move || {
            assert_eq!(receiver.try_recv(), Ok(0));
            receiver
        });
        assert!(block_on(sender.send(1)).is_ok());
        other.join().unwrap();
        let mut receiver = third.join().unwrap();
        assert_eq!(receiver.try_recv(), Ok(1));
    });
}

/// The receiver goes while a sender waits for a place: the message comes back.
fn mpsc_send_vs_drop_receiver() {
    freed(|| {
        let drops = drops();
        let (sender, receiver) = mpsc::channel(1);
        assert!(sender.try_send(Canary::new(&drops)).is_ok());
        let other = thread::spawn(move || drop(receiver));
        let canary = Canary::new(&drops);
        assert!(block_on(sender.send(canary)).is_err(), "sent to nobody");
        other.join().unwrap();
        drop(sender);
        assert_eq!(drops.load(SeqCst), 2, "a message leaked");
    });
}

/// The last sender goes while the receiver begins to wait.
fn mpsc_last_sender_vs_receive() {
    freed(|| {
        let (sender, mut receiver) = mpsc::channel::<u8>(1);
        let other = thread::spawn(move || drop(sender));
        assert_eq!(block_on(receiver.recv()), None);
        other.join().unwrap();
    });
}

/// The queue is closed while a permit is out: its message comes, and then the end.
fn mpsc_close_vs_permit() {
    freed(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let other = thread::spawn(move || match sender.try_reserve() {
            Ok(permit) => {
                permit.send(1);
                true
            }
            Err(_) => false,
        });
        receiver.close();
        let mut received = false;
        while let Some(message) = block_on(receiver.recv()) {
            received = message == 1;
        }
        assert_eq!(other.join().unwrap(), received, "a message was lost");
    });
}

/// A weak sender becomes a strong one while the last strong one goes: the end does not come before its message.
fn mpsc_upgrade_vs_last_sender() {
    freed(|| {
        let (sender, mut receiver) = mpsc::channel(1);
        let weak = sender.downgrade();
        let other = thread::spawn(move || weak.upgrade().is_some_and(|sender| sender.try_send(1).is_ok()));
        drop(sender);
        let received = block_on(receiver.recv());
        assert_eq!(other.join().unwrap(), received.is_some());
        assert_eq!(receiver.poll_recv(&mut Context::from_waker(Waker::noop())), Poll::Ready(None));
    });
}

macro_rules! models {
    ($($test:ident: $body:ident [$($plant:ident: $($shows:expr),+;)*];)+) => {$(
        #[test]
        fn $test() {
            model(stringify!($body), $body, &[$((Plant::$plant, &[$($shows),+])),*]);
        }
    )+};
}

const FREED: &str = "used after it was freed";

models! {
    oneshot_send_vs_receive_model: oneshot_send_vs_receive [
        OneshotSecondLookSkipped: STUCK;
        OneshotWakesAfterGone: FREED, "Causality violation";
        OneshotGoesInTwoSteps: "a block leaked";
    ];
    oneshot_leave_vs_other_waker_model: oneshot_leave_vs_other_waker [OneshotSecondLookSkipped: STUCK;];
    oneshot_send_vs_drop_model: oneshot_send_vs_drop [OneshotValueForgotten: "a value leaked";];
    oneshot_close_vs_closed_model: oneshot_close_vs_closed [];
    oneshot_send_vs_close_model: oneshot_send_vs_close [];
    mpsc_two_messages_model: mpsc_two_messages [ReceiveInTwoSteps: STUCK;];
    mpsc_permit_vs_drop_model: mpsc_permit_vs_drop [PermitDropped: STUCK;];
    mpsc_send_vs_drop_receiver_model: mpsc_send_vs_drop_receiver [CloseSilent: STUCK, "sent to nobody";];
    mpsc_last_sender_vs_receive_model: mpsc_last_sender_vs_receive [LastSenderSilent: STUCK;];
    mpsc_close_vs_permit_model: mpsc_close_vs_permit [];
    mpsc_upgrade_vs_last_sender_model: mpsc_upgrade_vs_last_sender [];
}
