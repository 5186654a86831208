//! What does one turn of the scheduler cost?
//!
//! Measured: `yield_now`, each peer's own, in 1 task and in 100 tasks, with the peer's policy for polling its driver
//! between turns. The notes below the table name the peers whose yield lets nobody else run. Not measured: wakes that come
//! from elsewhere (that is `ping_pong`). A peer that turns to its driver after each yield pays a system call here with one task and shares it among the queue with a hundred.
//! Sketch: a wake by reference, a queue push and pop, a poll: 10 to 30 ns; with a system call per turn 200 to 500 ns.

use core::time::Duration;

use crate::clock::now;
use crate::{Tasks, planted};

/// Yields `ops` times in all (a multiple of `tasks`), in `tasks` tasks at once; the time covers their spawns and joins, too.
pub(super) async fn yields<P: Tasks>(cx: P::Cx, tasks: u64, ops: u64) -> Duration {
    let each = ops / tasks;
    let mut handles = Vec::with_capacity(tasks as usize);
    let begin = now();
    handles.extend((0..tasks).map(|_| {
        P::spawn(cx, async move {
            for _ in 0..each {
                planted();
                P::yield_now().await;
            }
            each
        })
    }));
    let mut done = 0;
    for handle in handles {
        done += P::join(handle).await;
    }
    let elapsed = begin.elapsed();
    assert_eq!(done, ops, "a task has not yielded as often as it was told to");
    elapsed
}
