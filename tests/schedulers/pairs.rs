//! Configs for the pairs of a scheduler and a driver that have no name of their own elsewhere.
//!
//! | scheduler | drivers that it exists with |
//! |---|---|
//! | `SingleThread` | `Mio`, `Mio<PosixPoll>`, `IoUring`, `NoIo`, `Fallback` |
//! | `PerCore` | `Mio`, `Mio<PosixPoll>`, `IoUring`, `NoIo`, `Fallback` |
//! | `WorkStealing` | `Mio`, `IoUring`, `NoIo`, `Fallback`: what another driver holds has no lock, so it is refused by its type |
//! | `ThreadPerTask` | `Blocking`: one whose operations suspend is refused by `check`, and `Blocking` elsewhere |
//!
//! What stands before the colons is compared with what the suite runs on.

use crate::each_scheduler::LONG;
use bespoke::{Config, driver, preset, scheduler};

macro_rules! pairs {
    ($($(#[$cfg:meta])? $config:ident: $scheduler:ty, $driver:ty;)+) => { $(
        $(#[$cfg])?
        pub(crate) struct $config;

        $(#[$cfg])?
        #[bespoke::config(base = preset::Default)]
        impl Config for $config {
            type Scheduler = $scheduler;
            type Driver = $driver;
            const WORKERS_EXACT: bool = true;
            const SHUTDOWN_TIMEOUT: core::time::Duration = LONG;
        }
    )+ };
}

pairs! {
    OneWithoutIo: scheduler::SingleThread, driver::NoIo;
    #[cfg(unix)]
    OnePoll: scheduler::SingleThread, driver::Mio<driver::PosixPoll>;
    #[cfg(target_os = "linux")]
    OneRing: scheduler::SingleThread, driver::IoUring<64>;
    #[cfg(target_os = "linux")]
    OneOfTwo: scheduler::SingleThread, driver::Fallback<driver::IoUring<64>, driver::Mio>;
    TwoWithoutIo: scheduler::PerCore<2>, driver::NoIo;
    #[cfg(unix)]
    TwoPolls: scheduler::PerCore<2>, driver::Mio<driver::PosixPoll>;
    #[cfg(target_os = "linux")]
    TwoRings: scheduler::PerCore<2>, driver::IoUring<64>;
    // A ring where the system has them; `tests/per_core.rs` says whether it has.
    #[cfg(target_os = "linux")]
    TwoOfTwo: scheduler::PerCore<2>, driver::Fallback<driver::IoUring<64>, driver::Mio>;
    ThievesWithoutIo: scheduler::WorkStealing<3>, driver::NoIo;
    #[cfg(target_os = "linux")]
    ThievesOnRings: scheduler::WorkStealing<3>, driver::IoUring<64>;
}

/// Not elsewhere: other systems lack some of the drivers.
#[cfg(target_os = "linux")]
#[test]
fn the_table_is_what_the_suite_runs_on() {
    use std::collections::BTreeSet;

    // `IoUring` of a type's full name, whatever its parameters; of those of `Mio` one is told apart.
    let short = |full: &str| {
        let name = full.split('<').next().and_then(|path| path.rsplit("::").next()).unwrap();
        String::from(if name == "Mio" && full.contains("PosixPoll") { "Mio<PosixPoll>" } else { name })
    };
    let run: BTreeSet<_> =
        crate::run_on().into_iter().map(|(scheduler, driver)| (short(scheduler), short(driver))).collect();
    let mut table = BTreeSet::new();
    for row in include_str!("pairs.rs").lines().filter_map(|line| line.strip_prefix("//! | `")) {
        let (scheduler, drivers) = row.split_once("` | ").unwrap();
        let drivers = drivers.split(':').next().unwrap();
        // What is between two quotes is every second piece.
        table.extend(drivers.split('`').skip(1).step_by(2).map(|driver| (scheduler.into(), driver.into())));
    }
    assert_eq!(table, run);
}
