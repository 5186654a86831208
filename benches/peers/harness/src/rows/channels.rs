//! What do a runtime's own channels cost between two tasks on one thread?
//!
//! Measured: `oneshot`: a channel per request, its sender handed to a second task through the slot of `ping_pong`, answered
//! there, awaited here: a round trip and the making of the channel. `mpsc`: one task sends into a channel of 128 and another
//! receives, so both wait in turn when it is full or empty; per message. `notify`: two tasks that notify each other, per round
//! trip. Runtimes without a channel of their own take what their users take; the notes say what. Not measured: many senders,
//! channels across threads.
//! Sketch: a oneshot allocates once (20 to 40 ns) beside the round trip of `ping_pong`; a message of a batch of 128 is a write,
//! a read and two counters: 3 to 30 ns, atomics and locks included.

use core::time::Duration;
use std::rc::Rc;

use super::ping_pong::Slot;
use crate::clock::now;
use crate::{Mpsc, Notify, Oneshot, Tasks, planted};

/// Messages that a channel holds.
const CAPACITY: usize = 128;

/// Makes `ops` requests, each answered over a channel of its own.
pub(super) async fn oneshots<P: Tasks, C: Oneshot>(cx: P::Cx, ops: u64) -> Duration {
    let desk: Rc<Slot<(u64, C::Sender)>> = Rc::default();
    let clerk = {
        let desk = desk.clone();
        P::spawn(cx, async move {
            for _ in 0..ops {
                let (value, answer) = desk.take().await;
                C::send(answer, value);
            }
        })
    };
    let begin = now();
    for value in 0..ops {
        planted();
        let (sender, receiver) = C::channel();
        desk.put((value, sender));
        assert_eq!(C::receive(receiver).await, value, "a oneshot delivered another value");
    }
    let elapsed = begin.elapsed();
    P::join(clerk).await;
    elapsed
}

/// Sends `ops` messages from one task to another.
pub(super) async fn messages<P: Tasks, C: Mpsc>(cx: P::Cx, ops: u64) -> Duration {
    let (sender, mut receiver) = C::channel(CAPACITY);
    let begin = now();
    let source = P::spawn(cx, async move {
        for value in 0..ops {
            planted();
            C::send(&sender, value).await;
        }
    });
    let mut received = 0;
    while let Some(value) = C::receive(&mut receiver).await {
        assert_eq!(value, received, "messages came in another order");
        received += 1;
    }
    let elapsed = begin.elapsed();
    assert_eq!(received, ops, "messages were lost");
    P::join(source).await;
    elapsed
}

/// Notifies a second task `ops` times and waits for its answer each time.
pub(super) async fn notifications<P: Tasks, N: Notify>(cx: P::Cx, ops: u64) -> Duration {
    let (there, back) = (Rc::new(N::default()), Rc::new(N::default()));
    let pong = {
        let (there, back) = (there.clone(), back.clone());
        P::spawn(cx, async move {
            let mut answered = 0;
            for _ in 0..ops {
                there.notified().await;
                answered += 1;
                back.notify_one();
            }
            answered
        })
    };
    let begin = now();
    for _ in 0..ops {
        planted();
        there.notify_one();
        back.notified().await;
    }
    let elapsed = begin.elapsed();
    assert_eq!(P::join(pong).await, ops, "a notification was lost");
    elapsed
}
