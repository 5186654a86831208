//! Tasks that move, with what they have opened: under `WorkStealing` each worker has a driver, and polls what any of them
//! watches.
//!
//! | file | holds |
//! |---|---|
//! | `on_mio`, `on_rings`, `on_first`, `on_second`, `on_both` | the drivers, each of which has the whole suite |
//! | `choices` | two drivers in one runtime: what begins with the one and goes on with the other |
//! | `suite` | tasks that are taken by other workers in the middle of their reads and writes |
//! | `alone` | a worker that ends before its runtime |
//! | `forks` | children that are forked meanwhile |
//! | `wakers` | wakers that run the user's code in the middle of a poll |
//!
//! What the suites of the drivers see of it goes through a `block_on`; here tasks are taken by other workers in the middle of
//! their reads and writes, and dropped wherever they are. Waits are bounded by [`LONG`]: a wake that is lost is a failure, not a
//! hang. `BESPOKE_DEEP=1` runs the long counts.
#![allow(clippy::disallowed_methods, reason = "the peers stand outside of the runtime")]
#![allow(clippy::duplicate_mod, reason = "each driver has the suite, with a config of its own")]
#![expect(clippy::async_yields_async, reason = "what one task has begun goes on in another")]

use core::time::Duration;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

#[path = "common/descriptors.rs"]
mod descriptors;
#[cfg(target_os = "linux")]
#[path = "roaming/on_both.rs"]
mod on_both;
#[cfg(target_os = "linux")]
#[path = "roaming/on_first.rs"]
mod on_first;
#[path = "roaming/on_mio.rs"]
mod on_mio;
#[cfg(target_os = "linux")]
#[path = "roaming/on_rings.rs"]
mod on_rings;
#[cfg(target_os = "linux")]
#[path = "roaming/on_second.rs"]
mod on_second;

use descriptors::fds_but_timers as fds;

/// What must come comes by then, also on a busy machine.
const LONG: Duration = Duration::from_secs(30);

fn count(few: usize, many: usize) -> usize {
    if std::env::var_os("BESPOKE_DEEP").is_some() { many } else { few }
}

/// One test counts the descriptors of the process; the others run beside each other.
static COUNTED: RwLock<()> = RwLock::new(());

fn beside_others() -> RwLockReadGuard<'static, ()> {
    COUNTED.read().unwrap_or_else(PoisonError::into_inner)
}

/// As [`fds`], when those of threads that other tests left to end are closed.
fn fds_at_rest() -> usize {
    let (mut at_rest, mut seen) = (0, fds());
    while at_rest < 50 {
        std::thread::sleep(Duration::from_millis(1));
        let now = fds();
        at_rest = if now == seen { at_rest + 1 } else { 0 };
        seen = now;
    }
    seen
}
