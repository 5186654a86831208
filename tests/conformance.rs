//! The conformance suite of the drivers: what every driver with sockets must do, whatever it is made of.
//!
//! What it holds, and how it is run: `conformance/suite.rs`. Rings with options, and as older kernels have them, are a program of
//! their own, `conformance_rings`, which the step `rings` runs.
#![allow(clippy::disallowed_methods, reason = "the peers and the measuring stand outside of any runtime")]

#[macro_use]
#[path = "conformance/suite.rs"]
mod suite;

use suite::*;

/// So long the drop of a runtime waits for workers on other threads: what is asked for behind it is of some that have ended, however
/// late they had a processor.
const PATIENCE: core::time::Duration = core::time::Duration::from_secs(20);

/// The smallest figures that a config may have: every path that a full queue or a spent budget takes.
struct Stingy;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Stingy {
    type Memory = bespoke::memory::System;
    const LOCAL_QUEUE: usize = 2;
    const EVENT_INTERVAL: u32 = 1;
    const POLL_BUDGET: u32 = 1;
}

/// Tasks go from worker to worker, and what they have opened is watched by any of them.
struct Thieves;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Thieves {
    type Scheduler = bespoke::scheduler::WorkStealing<4>;
    const WORKERS_EXACT: bool = true;
    const SHUTDOWN_TIMEOUT: core::time::Duration = PATIENCE;
}

/// The same, of workers that get their driver and their thread when there is something for them: a `block_on` opens what the first
/// watches alone.
struct Latecomers;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Latecomers {
    type Scheduler = bespoke::scheduler::WorkStealing<4, OnDemand>;
    const WORKERS_EXACT: bool = true;
    const SHUTDOWN_TIMEOUT: core::time::Duration = PATIENCE;
}

/// Threads on demand.
struct OnDemand;

impl bespoke::scheduler::Policy for OnDemand {
    const ON_DEMAND: bool = true;
}

/// Tasks stay where they were placed, and what they use comes to them.
struct Cores;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Cores {
    type Scheduler = bespoke::scheduler::PerCore<2>;
    const WORKERS_EXACT: bool = true;
    const SHUTDOWN_TIMEOUT: core::time::Duration = PATIENCE;
}

/// Readiness by `poll(2)`.
#[cfg(unix)]
struct Polling;

#[cfg(unix)]
#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Polling {
    type Driver = bespoke::driver::Mio<bespoke::driver::PosixPoll>;
}

/// The same, of workers to which sockets come from others: what one polls is a list of its own.
#[cfg(unix)]
struct PollingCores;

#[cfg(unix)]
#[bespoke::config(base = Cores)]
impl bespoke::Config for PollingCores {
    type Driver = bespoke::driver::Mio<bespoke::driver::PosixPoll>;
}

/// Rings of the kernel that runs.
#[cfg(target_os = "linux")]
mod rings {
    use bespoke::driver::{IoUring, RingOptions};

    ring!(Ring: 256, Usual {} {});
    ring!(Thieves: 64, AsUsual {} {
        type Scheduler = bespoke::scheduler::WorkStealing<4>;
        const WORKERS_EXACT: bool = true;
        const SHUTDOWN_TIMEOUT: core::time::Duration = crate::PATIENCE;
    });
    ring!(Cores: 64, AsEver {} {
        type Scheduler = bespoke::scheduler::PerCore<2>;
        const WORKERS_EXACT: bool = true;
        const SHUTDOWN_TIMEOUT: core::time::Duration = crate::PATIENCE;
    });
}

/// Two drivers, of which the machine has the first, or only the second; or some workers have the one, and some the other.
#[cfg(target_os = "linux")]
mod choices {
    use bespoke::driver::{Fallback, IoUring, Kernel, Mio, RingOptions};

    pub(crate) struct Nowhere;

    impl RingOptions for Nowhere {
        const KERNEL: Kernel = Kernel::Without;
    }

    pub(crate) struct Somewhere;

    impl RingOptions for Somewhere {
        const KERNEL: Kernel = Kernel::OfEvenWorkers;
    }

    /// Both at once, so each as well.
    pub(crate) struct BothOfThieves;

    #[bespoke::config(base = bespoke::preset::Default)]
    impl bespoke::Config for BothOfThieves {
        type Scheduler = bespoke::scheduler::WorkStealing<4>;
        type Driver = Fallback<IoUring<64, Somewhere>, Mio>;
        const WORKERS_EXACT: bool = true;
        const SHUTDOWN_TIMEOUT: core::time::Duration = crate::PATIENCE;
    }

    pub(crate) struct First;

    #[bespoke::config(base = bespoke::preset::Default)]
    impl bespoke::Config for First {
        type Driver = Fallback<IoUring, Mio>;
    }

    pub(crate) struct Second;

    #[bespoke::config(base = bespoke::preset::Default)]
    impl bespoke::Config for Second {
        type Driver = Fallback<IoUring<256, Nowhere>, Mio>;
    }
}

#[cfg(target_os = "linux")]
suite!(fallback_first: crate::choices::First);
#[cfg(target_os = "linux")]
suite!(fallback_second: crate::choices::Second);
#[cfg(target_os = "linux")]
suite!(fallback_both_stealing: crate::choices::BothOfThieves);
#[cfg(target_os = "linux")]
suite!(uring: crate::rings::Ring);
#[cfg(target_os = "linux")]
suite!(uring_stealing: crate::rings::Thieves);
#[cfg(target_os = "linux")]
suite!(uring_per_core: crate::rings::Cores);
suite!(blocking: crate::Threads);
suite!(mio: bespoke::preset::Default);
#[cfg(unix)]
suite!(mio_poll: crate::Polling);
suite!(mio_stingy: crate::Stingy);
suite!(mio_stealing: crate::Thieves);
suite!(mio_on_demand: crate::Latecomers);
suite!(mio_per_core: crate::Cores);
#[cfg(unix)]
suite!(mio_poll_per_core: crate::PollingCores);
#[cfg(unix)]
suite_of_descriptors!(blocking_descriptors: crate::Threads);
#[cfg(unix)]
suite_of_descriptors!(mio_descriptors: bespoke::preset::Default);
#[cfg(unix)]
suite_of_descriptors!(mio_poll_descriptors: crate::Polling);
#[cfg(unix)]
suite_of_descriptors!(mio_stingy_descriptors: crate::Stingy);
#[cfg(unix)]
suite_of_descriptors!(mio_stealing_descriptors: crate::Thieves);
#[cfg(unix)]
suite_of_descriptors!(mio_per_core_descriptors: crate::Cores);
#[cfg(unix)]
suite_of_descriptors!(mio_poll_per_core_descriptors: crate::PollingCores);
#[cfg(target_os = "linux")]
suite_of_descriptors!(uring_descriptors: crate::rings::Ring);
#[cfg(target_os = "linux")]
suite_of_descriptors!(uring_stealing_descriptors: crate::rings::Thieves);
#[cfg(target_os = "linux")]
suite_of_descriptors!(uring_per_core_descriptors: crate::rings::Cores);
#[cfg(target_os = "linux")]
suite_of_descriptors!(fallback_second_descriptors: crate::choices::Second);
#[cfg(target_os = "linux")]
suite_of_descriptors!(fallback_both_descriptors: crate::choices::BothOfThieves);
#[cfg(unix)]
suite_of_pipes!(blocking_pipes: crate::Threads);
#[cfg(unix)]
suite_of_pipes!(mio_pipes: bespoke::preset::Default);
#[cfg(unix)]
suite_of_pipes!(mio_poll_pipes: crate::Polling);
#[cfg(unix)]
suite_of_pipes!(mio_stingy_pipes: crate::Stingy);
#[cfg(unix)]
suite_of_pipes!(mio_stealing_pipes: crate::Thieves);
#[cfg(unix)]
suite_of_pipes!(mio_per_core_pipes: crate::Cores);
#[cfg(unix)]
suite_of_pipes!(mio_poll_per_core_pipes: crate::PollingCores);
#[cfg(target_os = "linux")]
suite_of_pipes!(uring_pipes: crate::rings::Ring);
#[cfg(target_os = "linux")]
suite_of_pipes!(uring_stealing_pipes: crate::rings::Thieves);
#[cfg(target_os = "linux")]
suite_of_pipes!(uring_per_core_pipes: crate::rings::Cores);
#[cfg(target_os = "linux")]
suite_of_pipes!(fallback_second_pipes: crate::choices::Second);
#[cfg(target_os = "linux")]
suite_of_pipes!(fallback_both_pipes: crate::choices::BothOfThieves);
