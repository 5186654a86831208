//! What does it cost that one task wakes another on the same thread?
//!
//! Measured: a value there and back through a hand-rolled one-place slot that is the same code for all peers: per round
//! trip two wakes, two polls, two clones of a waker. Not measured: the peers' own channels, wakes across threads.
//! Sketch: per direction a wake (queue push), a poll, a waker clone and drop (two reference counts): 20 to 60 ns; so 40
//! to 120 ns per round trip.

use core::cell::{Cell, RefCell};
use core::future::poll_fn;
use core::task::{Poll, Waker};
use core::time::Duration;
use std::rc::Rc;

use crate::clock::now;
use crate::{Tasks, planted};

/// One value and the waker of whoever waits for it.
pub(super) struct Slot<T = u64> {
    value: Cell<Option<T>>,
    waiter: RefCell<Option<Waker>>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { value: Cell::new(None), waiter: RefCell::new(None) }
    }
}

impl<T> Slot<T> {
    pub(super) fn put(&self, value: T) {
        self.value.set(Some(value));
        let waiter = self.waiter.borrow_mut().take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    pub(super) async fn take(&self) -> T {
        poll_fn(|cx| match self.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                *self.waiter.borrow_mut() = Some(cx.waker().clone());
                Poll::Pending
            }
        })
        .await
    }
}

/// Sends `ops` values to a second task and waits for each to come back.
pub(super) async fn round_trips<P: Tasks>(cx: P::Cx, ops: u64) -> Duration {
    let (there, back) = (Rc::new(Slot::default()), Rc::new(Slot::default()));
    let pong = {
        let (there, back) = (there.clone(), back.clone());
        P::spawn(cx, async move {
            for _ in 0..ops {
                back.put(there.take().await);
            }
        })
    };
    let begin = now();
    for value in 0..ops {
        planted();
        there.put(value);
        assert_eq!(back.take().await, value, "the slot returned another value");
    }
    let elapsed = begin.elapsed();
    P::join(pong).await;
    elapsed
}
