//! Configs for tests of scale and of ends: each scheduler with workers, and one thread, on each driver of this system.
#![allow(dead_code, reason = "shared by tests, not all of which use every name")]

use bespoke::{Config, driver, preset, scheduler};

macro_rules! teams {
    ($($config:ident: $scheduler:ty, $driver:ty;)+) => { $(
        pub(crate) struct $config;

        #[bespoke::config(base = preset::Default)]
        impl Config for $config {
            type Scheduler = $scheduler;
            type Driver = $driver;
            const WORKERS_EXACT: bool = true;
        }
    )+ };
}

teams! {
    One: scheduler::SingleThread, driver::Mio;
    OneRing: scheduler::SingleThread, driver::IoUring<64>;
    OneUsualRing: scheduler::SingleThread, driver::IoUring;
    Cores: scheduler::PerCore<2>, driver::Mio;
    CoresOnRings: scheduler::PerCore<2>, driver::IoUring<64>;
    Thieves: scheduler::WorkStealing<2>, driver::Mio;
    ThievesOnRings: scheduler::WorkStealing<2>, driver::IoUring<64>;
}
