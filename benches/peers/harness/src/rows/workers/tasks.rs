//! What do a spawn, a yield and a round trip cost where threads share the tasks?
//!
//! Measured: as `spawning`, `yielding` and `ping_pong`, on a runtime with two workers, the main future being a task of theirs:
//! spawn and join, each before the next; yields of 100 tasks at once, per yield; a value there and back between two tasks through the
//! slot of `cores`, which two threads may use at a time. Where each task runs is the runtime's choice, and most of what is seen here:
//! on the worker that spawned or woke it, a round trip is that of one thread with atomics; on the other one it is two wakes of a thread.
//! Not measured: more than two workers, many spawners at once.
//! Sketch: with atomics and no other thread, twice the time of one thread: 100 to 400 ns a spawn, 20 to 60 ns a yield, 80 to 200 ns a
//! round trip; a thread that is woken for each costs 5 to 20 us.

use core::hint::black_box;
use core::time::Duration;
use std::sync::Arc;

use crate::clock::now;
use crate::rows::cores::Slot;
use crate::{Workers, planted};

/// Spawns and joins `ops` tasks, each before the next.
pub(super) async fn spawns<P: Workers>(cx: P::Cx, ops: u64) -> Duration {
    let begin = now();
    for value in 0..ops {
        planted();
        let output = P::join(P::spawn(cx, async move { black_box(value) })).await;
        assert_eq!(output, value, "a task returned another task's output");
    }
    begin.elapsed()
}

/// Yields `ops` times in all, in `tasks` tasks at once.
pub(super) async fn yields<P: Workers>(cx: P::Cx, tasks: u64, ops: u64) -> Duration {
    let each = ops / tasks;
    let mut handles = Vec::with_capacity(tasks as usize);
    let begin = now();
    for _ in 0..tasks {
        handles.push(P::spawn(cx, async move {
            let mut done = 0;
            for _ in 0..each {
                planted();
                P::yield_now().await;
                done += 1;
            }
            done
        }));
    }
    let mut done = 0;
    for handle in handles {
        done += P::join(handle).await;
    }
    let elapsed = begin.elapsed();
    assert_eq!(done, each * tasks, "a task has not yielded as often as it was told to");
    elapsed
}

/// Sends `ops` values to a second task and waits for each to come back.
pub(super) async fn round_trips<P: Workers>(cx: P::Cx, ops: u64) -> Duration {
    let (there, back) = (Arc::new(Slot::new()), Arc::new(Slot::new()));
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
