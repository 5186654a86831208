//! What does a runtime cost that does nothing?
//!
//! Measured: make a runtime with its driver and timers, run a ready future on it, drop it. Not measured: the first
//! start in a process (a warm-up round comes before), starting worker threads, threads of pools that start by need.
//! What a peer starts differs and is its own choice: an epoll instance and a waker, one ring, three rings and a thread,
//! or (smol) nothing, because its reactor belongs to the process.
//! Sketch: each file descriptor 1 to 5 us, a ring 20 to 100 us, a thread 10 to 30 us.

use core::time::Duration;

use crate::clock::now;
use crate::{Peer, planted};

/// Starts and drops `ops` runtimes.
///
/// # Errors
/// The first that does not start.
pub(super) fn starts<P: Peer>(ops: u64) -> Result<Duration, String> {
    let begin = now();
    for _ in 0..ops {
        planted();
        P::start_once()?;
    }
    Ok(begin.elapsed())
}
