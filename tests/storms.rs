//! Storms: what happens rarely, made to happen ten thousand times. RELIABILITY A7, A15, A17, A25, A26.
//!
//! | file | holds |
//! |---|---|
//! | `quarantine` | buffers that show a write that comes too late, and the proof that they do |
//! | `shutdown` | runtimes closed with everything under way (A7) |
//! | `descriptors` | no descriptor left, or no file of the machine, while fifty clients wait (A15) |
//! | `gate` | a system call that fails until it is let through |
//! | `peers` | ended and reset connections, slow peers beside honest ones (A17) |
//! | `jobs` | ten thousand blocking jobs when the runtime closes (A25) |
//! | `looks` | how often a busy worker asks its driver, in each loop that runs tasks (A26) |
//! | `starvation` | one hot task beside a hundred connections (A26) |
//! | `signals` | signals that interrupt every call, thousands a second (A16, with the kernel's own interruptions) |
//!
//! `BESPOKE_DEEP=1` runs the long counts and asserts times; that is meant for `--release`, on a machine that does little
//! else. Otherwise the counts are small and only what holds on any machine is asserted. `BESPOKE_SEED=n` repeats a run.
#![cfg(target_os = "linux")]
#![allow(clippy::disallowed_methods, reason = "the peers and the measuring stand outside of any runtime")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

#[path = "storms/descriptors.rs"]
mod descriptors;
#[path = "storms/gate.rs"]
mod gate;
#[path = "storms/jobs.rs"]
mod jobs;
#[path = "storms/looks.rs"]
mod looks;
#[path = "storms/peers.rs"]
mod peers;
#[path = "storms/quarantine.rs"]
mod quarantine;
#[path = "storms/shutdown.rs"]
mod shutdown;
#[path = "storms/signals.rs"]
mod signals;
#[path = "storms/starvation.rs"]
mod starvation;
#[path = "conformance/support.rs"]
#[allow(dead_code, reason = "shared with the conformance suite, which uses the rest")]
mod support;
#[path = "common/turns.rs"]
mod turns;
#[path = "common/when.rs"]
#[allow(dead_code, reason = "shared with the suites, which use the rest")]
mod when;

use bespoke::{driver, memory, preset, scheduler};

/// One thread, readiness; two blocking threads, so that jobs wait.
struct Plain;

#[bespoke::config(base = preset::Default)]
impl bespoke::Config for Plain {
    const BLOCKING_THREADS_MAX: usize = 2;
}

/// A thread for every task, blocking calls.
struct Threads;

#[bespoke::config(base = Plain)]
impl bespoke::Config for Threads {
    type Scheduler = scheduler::ThreadPerTask;
    type Driver = driver::Blocking;
    type Memory = memory::System;
}

/// One thread, completions.
struct Rings;

#[bespoke::config(base = Plain)]
impl bespoke::Config for Rings {
    type Driver = driver::IoUring;
}

/// Two workers, each with its tasks and its driver.
struct Cores;

#[bespoke::config(base = Plain)]
impl bespoke::Config for Cores {
    type Scheduler = scheduler::PerCore<2>;
    const WORKERS_EXACT: bool = true;
}

/// The same, on rings.
struct CoresOnRings;

#[bespoke::config(base = Cores)]
impl bespoke::Config for CoresOnRings {
    type Driver = driver::IoUring;
}

/// Two workers that take tasks from each other, and poll what either watches.
struct Thieves;

#[bespoke::config(base = Plain)]
impl bespoke::Config for Thieves {
    type Scheduler = scheduler::WorkStealing<2>;
    const WORKERS_EXACT: bool = true;
}

/// The same, on rings.
struct ThievesOnRings;

#[bespoke::config(base = Thieves)]
impl bespoke::Config for ThievesOnRings {
    type Driver = driver::IoUring;
}

macro_rules! storms {
    ($suite:ident: $config:ty) => {
        mod $suite {
            storms! { $suite, $config:
                shutdown::everything_under_way,
                shutdown::pipes_end_and_files_are_refused,
                descriptors::fifty_clients_and_no_descriptor,
                peers::ended_streams_are_drained,
                peers::resets_leave_nothing,
                peers::slow_peers_do_not_slow_the_others,
                jobs::ten_thousand_at_shutdown,
                jobs::asked_for_while_the_runtime_closes,
                starvation::hot_task_beside_connections,
                signals::interrupt_every_call,
            }
        }
    };
    ($suite:ident, $config:ty: $($room:ident::$storm:ident),* $(,)?) => { $(
        #[test]
        fn $storm() {
            let (suite, storm) = (stringify!($suite), stringify!($storm));
            if !crate::when::When::Always.leaves_out::<$config>(suite, storm) {
                crate::run(concat!(stringify!($suite), "::", stringify!($storm)), crate::$room::$storm::<$config>);
            }
        }
    )* };
}

/// What several workers could get wrong among each other.
macro_rules! storms_of_teams {
    ($suite:ident: $config:ty) => {
        mod $suite {
            storms! { $suite, $config:
                shutdown::everything_under_way,
                peers::resets_leave_nothing,
                starvation::hot_task_beside_connections,
            }
        }
    };
}

/// What is done to a system call that a ring does not make.
macro_rules! storms_of_calls {
    ($suite:ident: $config:ty) => {
        mod $suite {
            storms! { $suite, $config: descriptors::fifty_clients_and_no_file_left }
        }
    };
}

/// Runs a storm: alone, watched, with its descriptors counted. What the process keeps for ever is made before, once: it would
/// be counted.
fn run(name: &'static str, storm: fn()) {
    static KEPT: std::sync::Once = std::sync::Once::new();
    KEPT.call_once(shutdown::keep_signals::<Plain>);
    support::run(name, storm);
}

/// What is generic over nothing; alone like the others, as descriptors are counted.
#[test]
fn a_late_write_of_the_kernel_is_found() {
    run("a_late_write_of_the_kernel_is_found", quarantine::late_write_of_the_kernel);
}

#[test]
fn the_driver_is_asked_every_event_interval() {
    run("the_driver_is_asked_every_event_interval", looks::every_event_interval);
}

storms!(mio: crate::Plain);
storms!(blocking: crate::Threads);
storms!(uring: crate::Rings);
storms_of_teams!(per_core: crate::Cores);
storms_of_teams!(per_core_on_rings: crate::CoresOnRings);
storms_of_teams!(stealing: crate::Thieves);
storms_of_teams!(stealing_on_rings: crate::ThievesOnRings);
storms_of_calls!(mio_calls: crate::Plain);
storms_of_calls!(blocking_calls: crate::Threads);
