//! What holds for a few holds for very many.
//!
//! | file | holds |
//! |---|---|
//! | `starts` | a thousand runtimes, one after the other: threads and descriptors |
//! | `under_way` | a hundred thousand operations at the same time |
//! | `chains` | a million awaits, one behind the other, on the stack of one |
//! | `sleepers` | four million tasks that sleep: bytes a task |
//! | `idle` | eighteen thousand connections that are silent: bytes a connection |
//!
//! Each test runs in a process of its own, as it counts what is the process's. `BESPOKE_DEEP=1` runs the counts above, which are
//! meant for `--release`; otherwise they are smaller, and what is asserted is the same.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "the measuring stands outside of any runtime")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![expect(clippy::async_yields_async, reason = "a chain of tasks outlives the `block_on` that spawned it")]

#[path = "common/again.rs"]
#[allow(dead_code, reason = "shared with tests that need no figures of what they start")]
mod again;
#[path = "scale/chains.rs"]
mod chains;
#[path = "common/descriptors.rs"]
mod descriptors;
#[path = "scale/idle.rs"]
mod idle;
#[path = "scale/sleepers.rs"]
mod sleepers;
#[path = "scale/starts.rs"]
mod starts;
#[path = "common/teams.rs"]
mod teams;
#[path = "scale/under_way.rs"]
mod under_way;
#[path = "common/watchdog.rs"]
mod watchdog;
#[path = "common/when.rs"]
#[allow(dead_code, reason = "shared with the suites of the drivers, which use the rest")]
mod when;

use bespoke::{Config, Runtime};
use core::time::Duration;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// What must come comes by then, also on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// `few`, or `many` in a deep run.
fn count(few: usize, many: usize) -> usize {
    if std::env::var_os("BESPOKE_DEEP").is_some_and(|value| value == "1") { many } else { few }
}

fn runtime<C: Config>() -> Runtime<C> {
    Runtime::new().unwrap()
}

#[track_caller]
fn ends<C: Config>(runtime: Runtime<C>) {
    let shutdown = runtime.shutdown_timeout(LONG);
    assert!(shutdown.is_clean(), "{shutdown}");
}

/// Raises the limit of descriptors to what is allowed. How many a process may have.
fn room() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is live and writable.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is live during the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}

/// Does `holds` come true in time?
fn within(limit: Duration, holds: impl Fn() -> bool) -> bool {
    let end = Instant::now() + limit;
    while !holds() {
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// Runs a test in a process of its own, which is ended if it hangs; not at all where the machine denies its driver. One at a
/// time: some take gigabytes.
fn apart<C: Config>(path: &'static str, test: fn()) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (room, name) = path.split_once("::").expect("a test of a module");
    if when::When::Always.leaves_out::<C>(room, name) {
        return;
    }
    if again::is_here(path) {
        let _watched = watchdog::watch(path, Duration::from_secs(600));
        return test();
    }
    let output = again::start(path).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    again::has_passed(output.status, &said);
    // The figures, and not the frame.
    said.lines().filter_map(|line| line.split_once(FIGURE)).for_each(|(_, figure)| println!("{path}: {figure}"));
    for (_, why) in said.lines().filter_map(|line| line.split_once(SKIPPED)) {
        // Not `println!`, which the harness keeps to itself.
        writeln!(std::io::stderr(), "skipped {path}: {why}").expect("the terminal takes a line");
    }
}

/// What stands before a figure.
const FIGURE: &str = "figure: ";

/// What stands before the reason for which a test was left out.
const SKIPPED: &str = "skipped: ";

/// A function that is generic over the config, as a test for each config.
macro_rules! on {
    ($room:ident: $($test:ident = $function:ident::<$config:ident>;)+) => { $(
        #[test]
        fn $test() {
            crate::apart::<crate::teams::$config>(
                concat!(stringify!($room), "::", stringify!($test)),
                $function::<crate::teams::$config>,
            );
        }
    )+ };
}
use on;
