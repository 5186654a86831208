//! What does it cost to make a task, run it, and take its result?
//!
//! Measured: allocation, the push to the run queue, one poll, the wake of the joiner, the read of the output, the
//! free. In batches of 100 the joiner wakes rarely and the allocator sees 100 live tasks. Not measured: large futures,
//! spawning from another thread, tasks that outlive their handle.
//! Sketch: an allocation pair (20 ns), two polls and two queue operations (20 ns), reference counts (5 to 20 ns if
//! atomic): 50 to 150 ns one at a time, less in batches.

use core::hint::black_box;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;

use crate::clock::now;
use crate::{Tasks, planted};

/// Tasks of one batch.
const BATCH: u64 = 100;

/// Eight bytes that are ready at the first poll.
struct Ready(u64);

impl Future for Ready {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u64> {
        Poll::Ready(black_box(self.0))
    }
}

/// Spawns and joins `ops` tasks, each before the next.
pub(super) async fn one_at_a_time<P: Tasks>(cx: P::Cx, ops: u64) -> Duration {
    let begin = now();
    for value in 0..ops {
        planted();
        let output = P::join(P::spawn(cx, Ready(value))).await;
        assert_eq!(output, value, "a task returned another task's output");
    }
    begin.elapsed()
}

/// Spawns and joins `ops` tasks in batches; `ops` is rounded down to whole batches.
pub(super) async fn batches<P: Tasks>(cx: P::Cx, ops: u64) -> Duration {
    let mut handles = Vec::with_capacity(BATCH as usize);
    let begin = now();
    for batch in 0..ops / BATCH {
        handles.extend((0..BATCH).map(|n| {
            planted();
            P::spawn(cx, Ready(batch + n))
        }));
        let mut sum = 0;
        for handle in handles.drain(..) {
            sum += P::join(handle).await;
        }
        assert_eq!(sum, BATCH * batch + BATCH * (BATCH - 1) / 2, "an output of the batch is wrong");
    }
    begin.elapsed()
}
