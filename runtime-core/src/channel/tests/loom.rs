//! Loom models of the channels, on the real code, with the mistakes that they must find.

use crate::channel::oneshot;
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
}
