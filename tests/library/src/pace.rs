//! Time and tasks alone.

use alloc::vec::Vec;
use bespoke_core::config::Config;
use bespoke_core::runtime::{Ambient, SpawnInto, Spawnable};
use bespoke_core::scope::JoinSet;
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

/// Runs the futures, each in its own task and `at_once` of them at a time; their outputs, in the order in which they end.
pub async fn in_turns<C: Config, F>(at_once: usize, futures: Vec<F>) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let mut set = JoinSet::<F::Output, C>::new();
    let mut outputs = Vec::new();
    for future in futures {
        if set.len() == at_once {
            // As above: a panic has told so already.
            outputs.extend(set.join_next().await.and_then(Result::ok));
        }
        set.spawn(future);
    }
    while let Some(ended) = set.join_next().await {
        outputs.extend(ended.ok());
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
