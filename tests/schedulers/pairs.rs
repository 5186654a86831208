//! Configs for the pairs of a scheduler and a driver that have no name of their own elsewhere.
//!
//! | scheduler | drivers that it exists with |
//! |---|---|
//! | `SingleThread` | `Mio`, `Mio<PosixPoll>`, `IoUring`, `NoIo`, `Fallback` |
//! | `PerCore` | the same |
//! | `WorkStealing` | `Mio`, `IoUring`, `NoIo`: what another driver holds has no lock, so it is refused by its type |
//! | `ThreadPerTask` | `Blocking`: one whose operations suspend is refused by `check`, and `Blocking` elsewhere |

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
