//! A config for each scheduler, for suites that run on all of them.
#![allow(dead_code, unused_imports, reason = "shared by suites, not all of which use every name")]

use bespoke::{Config, driver, memory, preset, scheduler};
use core::time::Duration;

/// What an event that must come may take on a busy machine. So long the drop of a runtime waits as well: what is asked for behind it
/// is of workers that have ended, however late they had a processor.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// One thread.
pub(crate) struct OneThread;

#[bespoke::config(base = preset::Default, module = pub(crate) one_thread)]
impl Config for OneThread {
    type Scheduler = scheduler::SingleThread;
    type Driver = driver::Mio;
    const SHUTDOWN_TIMEOUT: Duration = LONG;
}

/// A thread for every task.
pub(crate) struct ManyThreads;

#[bespoke::config(base = preset::Default)]
impl Config for ManyThreads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
    type Memory = memory::System;
    const SHUTDOWN_TIMEOUT: Duration = LONG;
}

/// Two threads, each with a driver.
pub(crate) struct TwoCores;

#[bespoke::config(base = preset::Default)]
impl Config for TwoCores {
    type Scheduler = scheduler::PerCore<2>;
    type Driver = driver::Mio;
    const WORKERS_EXACT: bool = true;
    const SHUTDOWN_TIMEOUT: Duration = LONG;
}

/// Three threads that take tasks from each other.
pub(crate) struct Thieves;

#[bespoke::config(base = preset::Default)]
impl Config for Thieves {
    type Scheduler = scheduler::WorkStealing<3>;
    type Driver = driver::Mio;
    const WORKERS_EXACT: bool = true;
    const SHUTDOWN_TIMEOUT: Duration = LONG;
}
