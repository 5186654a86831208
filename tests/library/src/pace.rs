//! Time and tasks alone.

use alloc::vec::Vec;
use bespoke_core::config::Config;
use bespoke_core::runtime::{Ambient, Spawnable};
use bespoke_core::time::{Elapsed, Instant};
use core::time::Duration;

/// Asks until it is told, and waits twice as long after each time that it is not. `None`: it never was.
pub async fn retry<C: Config, T, F: Future<Output = Option<T>>>(
    times: u32,
    first_wait: Duration,
    mut ask: impl FnMut() -> F,
) -> Option<T> {
    let mut wait = first_wait;
    for _ in 0..times {
        if let Some(told) = ask().await {
            return Some(told);
        }
        C::sleep(wait).await;
        wait *= 2;
    }
    None
}

/// Runs the futures at once, each in its own task and each for at most `limit`; their outputs, in order.
pub async fn all_within<C: Config, F>(limit: Duration, futures: Vec<F>) -> Vec<Result<F::Output, Elapsed>>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = futures.into_iter().map(|future| C::spawn(C::timeout(limit, future))).collect();
    let mut outputs = Vec::new();
    for task in tasks {
        // A task that panicked has told so already; it has no output.
        outputs.extend(task.await.ok());
    }
    outputs
}

/// Starts what the caller made, whatever the scheduler of the caller admits, and says when it ended.
pub async fn timed<C: Config, F: Spawnable<C, Output = ()>>(future: F) -> Instant {
    // The caller sees a panic as an end: there is nothing to hand on.
    let _ = future.start().await;
    C::now()
}

/// Counts the ticks of a clock that fit into a time.
pub async fn ticks<C: Config>(period: Duration, time: Duration) -> u32 {
    let end = C::now() + time;
    let mut interval = C::interval(period);
    let mut count = 0;
    while interval.tick().await < end {
        count += 1;
    }
    count
}
