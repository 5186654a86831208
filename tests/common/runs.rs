//! How a case of a suite is run: alone in the process, watched, its descriptors counted. Long or short; and the random numbers
//! of a run, which are the same for the same seed.

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

#[path = "descriptors.rs"]
mod open;
#[path = "watchdog.rs"]
mod watchdog;

use self::open::Before;
pub(crate) use self::open::fds_but_timers as fds;

/// Descriptors are counted per process, so one case runs at a time.
static ALONE: Mutex<()> = Mutex::new(());
static NAME: Mutex<&str> = Mutex::new("");
/// What the case that runs now has said that it leaves.
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// Runs a case. It says how many descriptors it leaves open on purpose. One that hangs ends the process with its name.
pub(crate) fn alone(name: &'static str, case: impl FnOnce() -> usize) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    *NAME.lock().unwrap_or_else(PoisonError::into_inner) = name;
    let limit = if deep() { Duration::from_secs(1800) } else { Duration::from_secs(120) };
    let _watched = watchdog::watch(name, limit);
    println!("{name}: BESPOKE_SEED={}", seed());
    let before = Before::now();
    LEFT.store(0, Ordering::Relaxed);
    let left = case() + LEFT.load(Ordering::Relaxed);
    let as_said = within(Duration::from_secs(10), || before.more() == left);
    let more = before.more();
    assert!(as_said, "{name} leaves {more} descriptors more than before, and says {left}: {}", open::open());
}

/// So many descriptors stay open on purpose when this case has ended.
pub(crate) fn leaves(descriptors: usize) {
    LEFT.fetch_add(descriptors, Ordering::Relaxed);
}

/// The name of the case that runs now, for one that starts itself again in a process of its own.
pub(crate) fn name() -> &'static str {
    *NAME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says that the case that runs now, or a part of it, is left out, and why.
pub(crate) fn skipped(why: impl core::fmt::Display) {
    // Not `println!`, which the harness keeps to itself.
    writeln!(std::io::stderr(), "skipped {}: {why}", name()).expect("the terminal takes a line");
}

/// The long counts?
pub(crate) fn deep() -> bool {
    std::env::var_os("BESPOKE_DEEP").is_some_and(|value| value == "1")
}

/// `short`, or `long` in a deep run.
pub(crate) fn count(short: u64, long: u64) -> u64 {
    if deep() { long } else { short }
}

/// The seed of this run.
pub(crate) fn seed() -> u64 {
    match std::env::var("BESPOKE_SEED") {
        Ok(text) => text.parse().expect("BESPOKE_SEED is a number"),
        Err(_) => 0x5EED_BE5B,
    }
}

/// Random numbers (xorshift64*); the same for the same seed and salt.
pub(crate) struct Random(u64);

impl Random {
    /// From the seed of the run; `salt` keeps the cases apart.
    pub(crate) fn new(salt: u64) -> Self {
        Random(seed().wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(salt) | 1)
    }

    /// Below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % bound
    }

    /// Once in `times`.
    pub(crate) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// Does `holds` become true so soon?
pub(crate) fn within(limit: Duration, holds: impl Fn() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// The message of the panic that `f` ends with.
pub(crate) fn panic_of(f: impl FnOnce()) -> String {
    let panic = std::panic::catch_unwind(core::panic::AssertUnwindSafe(f)).expect_err("this panics");
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => (*panic.downcast::<&str>().expect("panics carry text")).to_string(),
    }
}
