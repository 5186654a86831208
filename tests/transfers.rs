//! What moves bytes beyond one plain read or write: several buffers at once, owned buffers, lines, copies.
//!
//! A case is generic over the config, as in the conformance suite of the drivers; [`suite!`] runs all of them for one
//! config. The peers are sockets of `std`, so that two mistakes of the product cannot agree with each other.
//!
//! | file | holds |
//! |---|---|
//! | `when` | on which drivers a case is run; that of the conformance suite |
//! | `support` | a runtime, a connected pair, numbered bytes, the count of allocations |
//! | `resets` | what other tests use, too: whether the system tells of resets |
//! | `vectored` | several buffers at once |
//! | `owned` | reads into buffers that they own |
//! | `leases` | the memory of reads into buffers of the driver's |
//! | `lines` | lines and buffered reads |
//! | `copies` | copying until the end |
//! | `polled` | streams as functions that poll |
//! | `splices` | streams to streams without a copy; Linux |
#![allow(clippy::disallowed_methods, reason = "the peers and the measuring stand outside of any runtime")]

#[path = "transfers/copies.rs"]
mod copies;
#[path = "common/end_of.rs"]
mod end_of;
#[path = "transfers/leases.rs"]
mod leases;
#[path = "transfers/lines.rs"]
mod lines;
#[path = "transfers/owned.rs"]
mod owned;
#[path = "transfers/polled.rs"]
mod polled;
#[path = "common/resets.rs"]
mod resets;
#[cfg(target_os = "linux")]
#[path = "transfers/splices.rs"]
mod splices;
#[path = "transfers/support.rs"]
mod support;
#[path = "transfers/vectored.rs"]
mod vectored;
#[path = "common/when.rs"]
mod when;

/// All cases for one config.
macro_rules! suite {
    ($suite:ident: $config:ty) => {
        mod $suite {
            #[cfg(target_os = "linux")]
            use crate::splices;
            use crate::when::When;
            use crate::{copies, leases, lines, owned, polled, vectored};

            cases! { $suite, $config, Always:
                vectored::order_is_that_of_the_list,
                vectored::every_kind_of_list,
                vectored::short_write_gives_the_buffers_back,
                vectored::nothing_to_write_or_read,
                vectored::more_buffers_than_one_call_takes,
                vectored::more_slices_than_one_call_takes,
                vectored::waits_for_room_and_for_bytes,
                vectored::reset_gives_the_buffers_back,
                vectored::vectored_calls_allocate_nothing,
                owned::fills_spare_capacity_and_says_how_much,
                owned::every_kind_of_buffer,
                owned::ends_and_errors_give_the_buffer_back,
                owned::owned_reads_allocate_nothing,
                leases::leases_allocate_nothing,
                leases::leases_from_elsewhere_allocate_nothing,
                leases::leases_are_not_held_by_streams_at_rest,
                leases::leases_are_freed_once,
                lines::lines_until_the_end,
                lines::endless_line_is_refused,
                lines::generic_readers_can_be_spawned,
                lines::lines_allocate_nothing,
                copies::copies_all_and_leaves_the_writer_open,
                copies::what_a_reader_holds_is_copied_too,
                copies::both_directions_end_on_their_own,
                copies::writer_that_is_gone_ends_the_copy,
                copies::own_readers_and_writers,
                copies::a_copy_allocates_once,
                polled::what_was_taken_is_sent_though_nobody_polls,
                polled::writes_of_a_poll_go_on_when_its_budget_is_spent,
            }
            cases! { $suite, $config, Suspending:
                vectored::dropped_vectored_reads_lose_nothing,
                owned::dropped_owned_reads_lose_nothing,
                lines::timeouts_around_lines_lose_nothing,
            }
            #[cfg(target_os = "linux")]
            cases! { $suite, $config, Always:
                splices::spliced_bytes_are_those_of_the_source,
                splices::every_kind_of_stream_is_spliced,
                splices::what_was_read_ahead_is_spliced_first,
                splices::an_urgent_byte_stops_nothing,
                splices::a_target_that_is_gone_loses_nothing,
                splices::a_source_that_is_reset_is_an_error,
            }
            #[cfg(target_os = "linux")]
            cases! { $suite, $config, Suspending:
                splices::a_proxy_of_two_directions,
                splices::dropped_splices_lose_nothing,
                splices::what_is_held_is_what_was_not_sent,
                splices::splices_allocate_nothing,
                splices::slow_targets_hold_no_threads,
            }
        }
    };
}

macro_rules! cases {
    ($suite:ident, $config:ty, $when:ident: $($room:ident::$case:ident),* $(,)?) => { $(
        #[test]
        fn $case() {
            if !When::$when.leaves_out::<$config>(stringify!($suite), stringify!($case)) {
                let _turn = crate::support::turn(stringify!($room) == "leases");
                $room::$case::<$config>();
            }
        }
    )* };
}

/// The smallest figures that a config may have: every path that a spent budget takes.
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
}

/// Tasks stay where they were placed, and what they use comes to them.
struct Cores;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Cores {
    type Scheduler = bespoke::scheduler::PerCore<2>;
    const WORKERS_EXACT: bool = true;
}

/// No budget: nothing counts operations, and what counts a call as one finds nothing spent.
struct Unbudgeted;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Unbudgeted {
    const POLL_BUDGET: u32 = u32::MAX;
}

/// Operations that block, a thread per task.
struct Threads;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Threads {
    type Scheduler = bespoke::scheduler::ThreadPerTask;
    type Driver = bespoke::driver::Blocking;
}

/// The ring of the kernel that runs.
#[cfg(target_os = "linux")]
struct Ring;

#[cfg(target_os = "linux")]
#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Ring {
    type Driver = bespoke::driver::IoUring;
}

/// The same, with a ring for each worker.
#[cfg(target_os = "linux")]
struct RingThieves;

#[cfg(target_os = "linux")]
#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for RingThieves {
    type Scheduler = bespoke::scheduler::WorkStealing<4>;
    type Driver = bespoke::driver::IoUring;
    const WORKERS_EXACT: bool = true;
}

/// The same, where workers with an even number have a ring, and the others have none.
#[cfg(target_os = "linux")]
struct RingsOfSome;

#[cfg(target_os = "linux")]
struct Somewhere;

#[cfg(target_os = "linux")]
impl bespoke::driver::RingOptions for Somewhere {
    const KERNEL: bespoke::driver::Kernel = bespoke::driver::Kernel::OfEvenWorkers;
}

#[cfg(target_os = "linux")]
#[bespoke::config(base = crate::Thieves)]
impl bespoke::Config for RingsOfSome {
    type Driver = bespoke::driver::Fallback<bespoke::driver::IoUring<256, Somewhere>, bespoke::driver::Mio>;
}

#[cfg(target_os = "linux")]
suite!(fallback_both_stealing: crate::RingsOfSome);

/// The same on each of two cores.
#[cfg(target_os = "linux")]
struct RingCores;

#[cfg(target_os = "linux")]
#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for RingCores {
    type Scheduler = bespoke::scheduler::PerCore<2>;
    type Driver = bespoke::driver::IoUring;
    const WORKERS_EXACT: bool = true;
}

/// One of two drivers, on each of two cores.
#[cfg(target_os = "linux")]
struct OneOfTwoOnCores;

#[cfg(target_os = "linux")]
#[bespoke::config(base = RingCores)]
impl bespoke::Config for OneOfTwoOnCores {
    type Driver = bespoke::driver::Fallback<bespoke::driver::IoUring, bespoke::driver::Mio>;
}

#[cfg(target_os = "linux")]
suite!(uring: crate::Ring);
#[cfg(target_os = "linux")]
suite!(uring_stealing: crate::RingThieves);
#[cfg(target_os = "linux")]
suite!(uring_per_core: crate::RingCores);
#[cfg(target_os = "linux")]
suite!(fallback_per_core: crate::OneOfTwoOnCores);
suite!(blocking: crate::Threads);
suite!(mio: bespoke::preset::Default);
suite!(mio_stingy: crate::Stingy);
suite!(mio_stealing: crate::Thieves);
suite!(mio_per_core: crate::Cores);
suite!(mio_unbudgeted: crate::Unbudgeted);
