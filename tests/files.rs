//! Files: what every driver with files must do, whatever it is made of.
//!
//! What it holds, and how it is run: `files/suite.rs`. Rings with options, and as older kernels have them, are a program of
//! their own, `files_rings`, which the step `rings` runs.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "the measuring stands outside of any runtime")]

#[cfg(target_os = "linux")]
#[path = "common/deny.rs"]
mod deny;
#[cfg(target_os = "linux")]
#[path = "files/held.rs"]
mod held;
#[path = "files/pool.rs"]
mod pool;
#[cfg(target_os = "linux")]
#[path = "files/refused.rs"]
mod refused;
#[macro_use]
#[path = "files/suite.rs"]
mod suite;

use suite::*;

/// What a call leaves that nobody can end.
macro_rules! suite_on_threads {
    ($suite:ident: $config:ty) => {
        mod $suite {
            use crate::closes;
            use crate::when::When;

            cases! { $suite, $config, Suspending:
                closes::kept_futures_wait_for_their_call,
            }
        }
    };
}

/// So long the drop of a runtime waits for workers on other threads: what is asked for behind it is of some that have ended, however
/// late they had a processor.
const PATIENCE: core::time::Duration = core::time::Duration::from_secs(20);

/// Tasks go from worker to worker, and what they have opened is watched by any of them.
struct Thieves;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Thieves {
    type Scheduler = bespoke::scheduler::WorkStealing<4>;
    const WORKERS_EXACT: bool = true;
    const SHUTDOWN_TIMEOUT: core::time::Duration = PATIENCE;
}

/// Tasks stay where they were placed, and what they use comes to them.
struct Cores;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Cores {
    type Scheduler = bespoke::scheduler::PerCore<2>;
    const WORKERS_EXACT: bool = true;
    const SHUTDOWN_TIMEOUT: core::time::Duration = PATIENCE;
}

/// The smallest figures that a config may have: every path that a spent budget or a pool of one thread takes.
struct Stingy;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Stingy {
    type Memory = bespoke::memory::System;
    const LOCAL_QUEUE: usize = 2;
    const EVENT_INTERVAL: u32 = 1;
    const POLL_BUDGET: u32 = 1;
    const BLOCKING_THREADS_MAX: usize = 1;
    const BLOCKING_KEEP_ALIVE: core::time::Duration = core::time::Duration::from_millis(1);
}

/// Rings of the kernel that runs.
#[cfg(target_os = "linux")]
mod kernels {
    use bespoke::driver::{IoUring, Usual};

    ring!(Ring: 256, Usual {});
    ring!(Thieves: 64, Usual {
        type Scheduler = bespoke::scheduler::WorkStealing<4>;
        const WORKERS_EXACT: bool = true;
        const SHUTDOWN_TIMEOUT: core::time::Duration = crate::PATIENCE;
    });
    ring!(Cores: 64, Usual {
        type Scheduler = bespoke::scheduler::PerCore<2>;
        const WORKERS_EXACT: bool = true;
        const SHUTDOWN_TIMEOUT: core::time::Duration = crate::PATIENCE;
    });
}

/// A ring or epoll for each of the workers that take tasks from each other: the first of the two on all, the second, or the one
/// here and the other there.
#[cfg(target_os = "linux")]
mod choices {
    use bespoke::driver::{Fallback, IoUring, Kernel, Mio, RingOptions, Usual};

    pub(crate) struct Nowhere;
    impl RingOptions for Nowhere {
        const KERNEL: Kernel = Kernel::Without;
    }
    pub(crate) struct Somewhere;
    impl RingOptions for Somewhere {
        const KERNEL: Kernel = Kernel::OfEvenWorkers;
    }

    macro_rules! choices {
        ($($config:ident: $options:ty;)+) => { $(
            pub(crate) struct $config;

            #[bespoke::config(base = crate::Thieves)]
            impl bespoke::Config for $config {
                type Driver = Fallback<IoUring<64, $options>, Mio>;
            }
        )+ };
    }

    choices! {
        First: Usual;
        Second: Nowhere;
        Both: Somewhere;
    }
}

#[cfg(target_os = "linux")]
suite!(fallback_first_stealing: crate::choices::First);
#[cfg(target_os = "linux")]
suite!(fallback_second_stealing: crate::choices::Second);
#[cfg(target_os = "linux")]
suite!(fallback_both_stealing: crate::choices::Both);
#[cfg(target_os = "linux")]
suite!(uring: crate::kernels::Ring);
#[cfg(target_os = "linux")]
suite_on_rings!(uring_alone: crate::kernels::Ring);
#[cfg(target_os = "linux")]
suite!(uring_stealing: crate::kernels::Thieves);
#[cfg(target_os = "linux")]
suite!(uring_per_core: crate::kernels::Cores);
suite!(blocking: bespoke::preset::Blocking);
suite!(mio: bespoke::preset::Default);
suite!(mio_stingy: crate::Stingy);
suite!(mio_stealing: crate::Thieves);
suite!(mio_per_core: crate::Cores);
suite_on_threads!(mio_alone: bespoke::preset::Default);
suite_on_threads!(mio_stingy_alone: crate::Stingy);
