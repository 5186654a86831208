//! Files: what every driver with files must do, whatever it is made of.
//!
//! A case is a function that is generic over the config; [`suite!`] runs all of them for one config, one test each. What is
//! on the disk is made and looked at by the standard library, so that two mistakes of the product cannot agree.
//!
//! | file | holds |
//! |---|---|
//! | `support` | how a case is run: as `common/runs` says, in a folder of its own; canaries |
//! | `opening` | options, errors, what is closed |
//! | `moving` | reads and writes: at positions, at the cursor, of several buffers |
//! | `model` | random operations against a `Vec<u8>` |
//! | `paths` | folders, links, names, whole files |
//! | `streams` | lines of a file, copies from and to a socket |
//! | `sending` | files that are sent to a socket without a copy |
//! | `drops` | futures dropped and forgotten at every point: the memory and the descriptors that they used |
//! | `closes` | a runtime that closes with operations under way, and files that outlive it |
//! | `pool` | no threads, one thread, a full queue; allocations |
//! | `rings` | what is entries of a ring: allocations, no threads; what is jobs of the pool there |
//!
//! Every case runs alone in the process and must leave the count of open descriptors as it was. A case that hangs ends the
//! process with its name. `BESPOKE_DEEP=1` runs the long counts, `BESPOKE_SEED=n` repeats a run.
#![cfg(unix)]
#![allow(clippy::disallowed_methods, reason = "the measuring stands outside of any runtime")]

#[path = "files/closes.rs"]
mod closes;
#[path = "files/drops.rs"]
mod drops;
#[path = "files/model.rs"]
mod model;
#[path = "files/moving.rs"]
mod moving;
#[path = "files/opening.rs"]
mod opening;
#[path = "files/paths.rs"]
mod paths;
#[path = "files/pool.rs"]
mod pool;
#[cfg(target_os = "linux")]
#[path = "files/rings.rs"]
mod rings;
#[cfg(target_os = "linux")]
#[path = "files/sending.rs"]
mod sending;
#[path = "files/streams.rs"]
mod streams;
#[path = "files/support.rs"]
mod support;
#[path = "common/when.rs"]
mod when;

/// All cases for one config.
macro_rules! suite {
    ($suite:ident: $config:ty) => {
        suite!([cfg(all())] $suite: $config);
    };
    // With an attribute for every case.
    ($attribute:tt $suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{closes, drops, model, moving, opening, paths, streams};

            cases! { $attribute $suite, $config, Always:
                opening::options_do_what_they_say,
                opening::contradictions_are_refused,
                opening::errors_name_the_path,
                opening::outside_of_a_runtime,
                opening::handles_close_their_descriptors,
                opening::foreign_files_come_and_go,
                moving::reads_say_how_much,
                moving::exact_reads_tell_of_an_early_end,
                moving::every_kind_of_buffer,
                moving::several_buffers,
                moving::positions_beside_the_cursor,
                moving::appends_go_to_the_end,
                moving::lengths_permissions_and_times,
                moving::full_disk,
                moving::pipes_have_no_positions,
                moving::what_has_no_length_is_read_whole,
                model::random_operations_are_those_of_a_vec,
                paths::folders,
                paths::links_and_names,
                paths::whole_files,
                paths::listing_many,
                streams::lines_of_a_file,
                streams::copies_to_and_from_a_socket,
                streams::what_a_file_has_taken_is_written_though_nobody_polls,
                closes::files_outlive_their_runtime,
            }
            #[cfg(target_os = "linux")]
            use crate::sending;
            #[cfg(target_os = "linux")]
            cases! { $attribute $suite, $config, Always:
                moving::a_block_device_has_an_end,
                sending::sent_bytes_are_those_of_the_file,
                sending::every_kind_of_stream_takes_a_file,
                sending::a_file_that_ends_is_a_short_count,
                sending::a_peer_that_is_gone_is_an_error,
                sending::what_is_no_file_is_refused,
                sending::cold_files_are_sent,
                sending::warm_files_are_sent_without_an_allocation,
            }
            #[cfg(target_os = "linux")]
            cases! { $attribute $suite, $config, Suspending:
                sending::dropped_sends_are_counted,
                sending::what_was_on_its_way_is_not_sent_later,
                sending::what_is_dropped_with_its_stream_ends,
                sending::numbers_that_are_used_again_are_not_sent,
                sending::slow_peers_hold_no_threads,
                sending::sends_end_with_their_runtime,
            }
            cases! { $attribute $suite, $config, Suspending:
                drops::dropped_transfers_touch_nothing,
                drops::dropped_opens_leak_nothing,
                drops::dropped_cursor_reads_stay,
                drops::dropped_cursor_writes_stay_in_order,
                drops::file_is_open_until_its_last_operation,
                drops::forgotten_futures_corrupt_nothing,
                drops::dropped_on_another_thread,
                drops::dropped_listings_go_on,
                closes::operations_under_way,
            }
        }
    };
}

/// What a call leaves that nobody can end.
macro_rules! suite_on_threads {
    ($suite:ident: $config:ty) => {
        mod $suite {
            use crate::closes;
            use crate::when::When;

            cases! { [cfg(all())] $suite, $config, Suspending:
                closes::kept_futures_wait_for_their_call,
            }
        }
    };
}

/// What a ring has, and can cancel.
#[cfg(target_os = "linux")]
macro_rules! suite_on_rings {
    ($attribute:tt $suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{closes, rings};

            cases! { $attribute $suite, $config, Suspending:
                closes::kept_futures_end_with_their_ring,
                rings::operations_allocate_nothing,
                rings::files_that_do_not_wait,
            }
        }
    };
}

macro_rules! cases {
    ($attribute:tt $suite:ident, $config:ty, $when:ident: $($room:ident::$case:ident),* $(,)?) => { $(
        #[test]
        #$attribute
        fn $case() {
            if !When::$when.leaves_out::<$config>(stringify!($suite), stringify!($case)) {
                crate::support::run(concat!(stringify!($suite), "::", stringify!($case)), $room::$case::<$config>);
            }
        }
    )* };
}

/// Tasks go from worker to worker, and what they have opened is watched by any of them.
struct Thieves;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Thieves {
    type Scheduler = bespoke::scheduler::WorkStealing<4>;
    const WORKERS_EXACT: bool = true;
}

/// Tasks stay where they were placed, and what they use comes to them.
struct Cores;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Cores {
    type Scheduler = bespoke::scheduler::PerCore<2>;
    const WORKERS_EXACT: bool = true;
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

/// Rings: of the kernel that runs, cut as small as they may be, with options, and as older kernels would have them.
#[cfg(target_os = "linux")]
mod kernels {
    use bespoke::driver::{Batch, IoUring, Kernel, RingOptions, SqPoll, Usual};
    use core::time::Duration;

    macro_rules! ring {
        ($config:ident: $entries:literal, $options:ty { $($figure:tt)* }) => {
            pub(crate) struct $config;

            #[bespoke::config(base = bespoke::preset::Default)]
            impl bespoke::Config for $config {
                type Driver = IoUring<$entries, $options>;
                $($figure)*
            }
        };
    }

    pub(crate) struct OneOfEach;
    impl RingOptions for OneOfEach {
        const COMPLETIONS: u32 = 2;
        const BUFFERS: u16 = 2;
    }
    pub(crate) struct HasThread;
    impl RingOptions for HasThread {
        const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1)));
    }
    pub(crate) struct HasBatches;
    impl RingOptions for HasBatches {
        const BATCH: Option<Batch> = Some(Batch::of(4, Duration::from_micros(200)));
    }
    pub(crate) struct As515;
    impl RingOptions for As515 {
        const KERNEL: Kernel = Kernel::V5_15;
    }
    pub(crate) struct As61;
    impl RingOptions for As61 {
        const KERNEL: Kernel = Kernel::V6_1;
    }
    pub(crate) struct As612;
    impl RingOptions for As612 {
        const KERNEL: Kernel = Kernel::V6_12;
    }

    ring!(Ring: 256, Usual {});
    ring!(Stingy: 1, OneOfEach {
        const LOCAL_QUEUE: usize = 2;
        const EVENT_INTERVAL: u32 = 1;
        const POLL_BUDGET: u32 = 1;
        const BLOCKING_THREADS_MAX: usize = 1;
    });
    ring!(Thieves: 64, Usual {
        type Scheduler = bespoke::scheduler::WorkStealing<4>;
        const WORKERS_EXACT: bool = true;
    });
    ring!(Cores: 64, Usual {
        type Scheduler = bespoke::scheduler::PerCore<2>;
        const WORKERS_EXACT: bool = true;
    });
    ring!(ByThread: 64, HasThread {});
    ring!(InBatches: 64, HasBatches {});
    ring!(Of515: 64, As515 {});
    ring!(Of61: 64, As61 {});
    ring!(Of612: 64, As612 {});
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
suite_on_rings!([cfg(all())] uring_alone: crate::kernels::Ring);
#[cfg(target_os = "linux")]
suite!(uring_stealing: crate::kernels::Thieves);
#[cfg(target_os = "linux")]
suite!(uring_per_core: crate::kernels::Cores);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_stingy: crate::kernels::Stingy);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_by_thread: crate::kernels::ByThread);
#[cfg(target_os = "linux")]
suite_on_rings!([ignore = "another ring: the step `rings` runs it"] uring_by_thread_alone: crate::kernels::ByThread);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_in_batches: crate::kernels::InBatches);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_5_15: crate::kernels::Of515);
#[cfg(target_os = "linux")]
suite_on_rings!([ignore = "another ring: the step `rings` runs it"] uring_5_15_alone: crate::kernels::Of515);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_6_1: crate::kernels::Of61);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_6_12: crate::kernels::Of612);
suite!(blocking: bespoke::preset::Blocking);
suite!(mio: bespoke::preset::Default);
suite!(mio_stingy: crate::Stingy);
suite!(mio_stealing: crate::Thieves);
suite!(mio_per_core: crate::Cores);
suite_on_threads!(mio_alone: bespoke::preset::Default);
suite_on_threads!(mio_stingy_alone: crate::Stingy);
