//! What does it cost that a task wakes another on another core?
//!
//! Measured: a value there and back between two threads on a core each, with a runtime of the same kind each, through a slot of a
//! mutex, a value and a waker that is the same code for all peers; per round trip, so two wakes that cross. `parked`: who waits
//! leaves its waker, and its thread sleeps in the driver. `spin`: who waits yields until the value is there, so no thread sleeps
//! and nobody is woken. Not measured: many tasks, stealing (`Tasks` is one thread), machines with more than one socket.
//! Sketch: a sleeping thread is woken by an eventfd or futex in 3 to 10 us and an idle core leaves its sleep in 1 to 50 us,
//! twice; a cache line crosses in 50 to 200 ns, twice, and yields come on top.

use core::future::poll_fn;
use core::sync::atomic::{AtomicU64, Ordering};
use core::task::{Poll, Waker};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{now, ns_per_op};
use crate::{Peer, Refusal, Sampled, planted, sys};

/// No value; the values are counted from 0.
const EMPTY: u64 = u64::MAX;

/// One value and the waker of whoever waits for it.
#[derive(Debug)]
pub(super) struct Slot {
    value: AtomicU64,
    waiter: Mutex<Option<Waker>>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self { value: AtomicU64::new(EMPTY), waiter: Mutex::new(None) }
    }

    pub(super) fn put(&self, value: u64) {
        // Release pairs with the acquire of `swap`; before the lock, so that a waiter that left its waker after us sees it.
        self.value.store(value, Ordering::Release);
        let waiter = self.waiter.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }

    pub(super) fn swap(&self) -> Option<u64> {
        let here = self.value.load(Ordering::Acquire) != EMPTY;
        here.then(|| self.value.swap(EMPTY, Ordering::AcqRel))
    }

    pub(super) async fn take(&self) -> u64 {
        poll_fn(|cx| {
            if let Some(value) = self.swap() {
                return Poll::Ready(value);
            }
            *self.waiter.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            // Again, now that the waker lies there: whoever put a value before did not see it.
            match self.swap() {
                Some(value) => Poll::Ready(value),
                None => Poll::Pending,
            }
        })
        .await
    }

    async fn spin<P: Peer>(&self, cx: P::Cx) -> u64 {
        loop {
            if let Some(value) = self.swap() {
                return value;
            }
            P::turn(cx).await;
        }
    }
}

/// Sends `ops` values to a runtime on the other core and waits for each to come back.
pub(super) fn round_trips<P: Peer>(peer: &mut P, ops: u64, spin: bool) -> Sampled {
    let other = sys::other_core().ok_or(Refusal::Failed("needs two cores".into()))?;
    let (there, back) = (Arc::new(Slot::new()), Arc::new(Slot::new()));
    let pong = {
        let (there, back) = (there.clone(), back.clone());
        std::thread::Builder::new().spawn(move || {
            sys::pin(other).map_err(|error| error.to_string())?;
            let mut peer = P::start()?;
            let cx = peer.cx();
            peer.run(async move {
                back.put(0);
                for _ in 0..ops {
                    let value = if spin { there.spin::<P>(cx).await } else { there.take().await };
                    back.put(value);
                }
            });
            Ok::<(), String>(())
        })
    };
    let pong = pong.map_err(|error| Refusal::of("cannot start a thread", error))?;
    // The first value says that the other side runs; if it cannot start, nobody would ever wake us.
    while back.swap().is_none() {
        if pong.is_finished() {
            let why = pong.join().map_err(|_| Refusal::Failed("the other runtime panicked".into()))?;
            return Err(Refusal::Failed(why.err().unwrap_or_else(|| "the other runtime ended".into())));
        }
        std::thread::yield_now();
    }
    let cx = peer.cx();
    let elapsed = peer.run(async move {
        let begin = now();
        for value in 0..ops {
            planted();
            there.put(value);
            let came = if spin { back.spin::<P>(cx).await } else { back.take().await };
            assert_eq!(came, value, "the slot returned another value");
        }
        begin.elapsed()
    });
    let ended = pong.join().map_err(|_| Refusal::Failed("the other runtime panicked".into()))?;
    ended.map_err(Refusal::Failed)?;
    Ok(vec![ns_per_op(elapsed, ops)])
}
