//! What does a round trip to the blocking pool cost?
//!
//! Measured: the time from the call of `spawn_blocking` with a trivial job to its result in the task, (a) after a sleep
//! of 1 ms, so that the pool's thread and often the runtime are parked, (b) back to back. Runtime and pool share the
//! pinned core: each direction is a futex wake and a context switch, never a migration. Not measured: many jobs at
//! once, growth of the pool, two cores.
//! Sketch: two wakes and two context switches: 5 to 15 us; parked adds what idle costs.

use core::hint::black_box;
use core::time::Duration;

use crate::clock::now;
use crate::{Peer, planted};

/// Makes `ops` round trips, sleeping `pause_ms` before each; the sleep is not in the result.
pub(super) async fn round_trips<P: Peer>(ops: u64, pause_ms: u64) -> Duration {
    let mut inside = Duration::ZERO;
    for value in 0..ops {
        if pause_ms > 0 {
            P::sleep(Duration::from_millis(pause_ms)).await;
        }
        let begin = now();
        planted();
        let output = P::spawn_blocking(move || black_box(value)).await;
        inside += begin.elapsed();
        assert_eq!(output, value, "a job returned another job's output");
    }
    inside
}
