//! The conformance suite of the drivers: what every driver with sockets must do, whatever it is made of.
//!
//! A case is a function that is generic over the config; [`suite!`] runs all of them for one config, one test each. The
//! peers are sockets of `std` on threads of their own, so that two mistakes of the product cannot agree with each other.
//!
//! | file | holds |
//! |---|---|
//! | `when` | on which drivers a case is run; shared, as `runs`, in `common` |
//! | `resets` | what other tests use, too: whether the system tells of resets |
//! | `support` | how a case is run: alone, watched, its descriptors counted; seeds, peers, numbered bytes |
//! | `streams` | echo, ends, resets, slow readers, halves |
//! | `addresses` | refused, in use, bad text, unknown names, IPv6; options |
//! | `connects` | several addresses at once, and for a limited time |
//! | `tcp_sockets` | sockets of which something is said before |
//! | `reads`, `writes`, `arrivals` | random drops: of reads, of writes, of accepts and connects |
//! | `datagrams` | UDP: echo, cut ones, refused ones, groups, random drops |
//! | `standard` | sockets of the standard library that come and go |
//! | `unix` | Unix sockets: paths, pairs, halves, credentials, random drops |
//! | `unix_datagrams` | their datagrams: echo, pairs, receivers without room, random drops |
//! | `kinds` | every kind of error, provoked: the same kind and code from each driver |
//! | `kinds_of_linux` | those for which Linux has an occasion |
//! | `passing` | descriptors beside bytes |
//! | `pipes` | pipes and FIFOs: ends, capacity, descriptors that come and go, random drops |
//! | `foreign` | descriptors that are somebody else's |
//! | `leases` | reads whose bytes stay in a buffer of the driver's |
//! | `timeouts` | the time of the driver |
//! | `descriptors` | the process runs out of descriptors |
//! | `shutdown` | a runtime closed with operations on their way |
//! | `confined` | streams and sleeps on other threads; no runtime, or the wrong one |
//!
//! Every case runs alone in the process and must leave the count of open descriptors as it was. A case that hangs ends the
//! process with its name. `BESPOKE_DEEP=1` runs the long counts, `BESPOKE_SEED=n` repeats a run.
//! On Linux `BESPOKE_DENY=eventfd2,timerfd_create,epoll_create1`, or some of these, runs each case without those system calls.
#![allow(clippy::disallowed_methods, reason = "the peers and the measuring stand outside of any runtime")]

#[path = "conformance/addresses.rs"]
mod addresses;
#[path = "conformance/arrivals.rs"]
mod arrivals;
#[path = "conformance/confined.rs"]
mod confined;
#[path = "conformance/connects.rs"]
mod connects;
#[cfg(unix)]
#[path = "conformance/datagrams.rs"]
mod datagrams;
#[cfg(unix)]
#[path = "conformance/descriptors.rs"]
mod descriptors;
#[cfg(windows)]
mod descriptors {
    pub(crate) fn accept_backs_off<C: bespoke::Config>() {
        let config = C::NAME;
        crate::support::skipped(format!(
            "for `{config}`: this system has no limit of sockets that a process could lower for itself"
        ));
    }
}
#[path = "common/end_of.rs"]
mod end_of;
#[cfg(unix)]
#[path = "conformance/foreign.rs"]
mod foreign;
#[path = "conformance/kinds.rs"]
mod kinds;
#[cfg(target_os = "linux")]
#[path = "conformance/kinds_of_linux.rs"]
mod kinds_of_linux;
#[path = "conformance/leases.rs"]
mod leases;
#[cfg(unix)]
#[path = "conformance/passing.rs"]
mod passing;
#[cfg(unix)]
#[path = "conformance/pipes.rs"]
mod pipes;
#[path = "conformance/reads.rs"]
mod reads;
#[path = "common/resets.rs"]
mod resets;
#[path = "conformance/shutdown.rs"]
mod shutdown;
#[path = "conformance/standard.rs"]
mod standard;
#[path = "conformance/streams.rs"]
mod streams;
#[path = "conformance/support.rs"]
mod support;
#[path = "conformance/tcp_sockets.rs"]
mod tcp_sockets;
#[path = "conformance/timeouts.rs"]
mod timeouts;
#[cfg(unix)]
#[path = "conformance/unix.rs"]
mod unix;
#[cfg(unix)]
#[path = "conformance/unix_datagrams.rs"]
mod unix_datagrams;
#[path = "common/when.rs"]
mod when;
#[path = "conformance/writes.rs"]
mod writes;

/// All cases for one config.
macro_rules! suite {
    ($suite:ident: $config:ty) => {
        suite!([cfg(all())] $suite: $config);
    };
    // With an attribute for every case.
    ($attribute:tt $suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{
                addresses, arrivals, confined, connects, descriptors, kinds, leases, reads, shutdown, standard,
                streams, support, tcp_sockets, timeouts, writes,
            };

            cases! { $attribute $suite, $config, Always:
                streams::echo,
                streams::many_connections_in_turn,
                streams::half_close_by_us,
                streams::half_close_by_the_peer,
                streams::reset_is_an_error,
                streams::end_is_read_again_and_again,
                streams::empty_reads_and_writes,
                streams::one_byte_reads,
                streams::big_write_to_a_slow_reader,
                streams::owned_halves,
                streams::halves_of_two_streams_do_not_reunite,
                streams::halves_know_their_stream,
                streams::peek_leaves_the_bytes,
                streams::read_exact_tells_of_an_early_end,
                streams::a_read_that_yielded_is_over,
                streams::busy_task_does_not_starve_the_driver,
                streams::panicking_task_closes_its_sockets,
                addresses::refused,
                addresses::in_use,
                addresses::bad_text,
                addresses::unknown_name,
                addresses::first_that_answers,
                addresses::local_and_peer,
                addresses::v6,
                addresses::options,
                connects::connect_names_all_that_refused,
                connects::connect_within_a_time,
                kinds::kinds_of_sockets,
                leases::leases_are_echoed_without_a_copy,
                leases::leases_end_with_the_stream,
                leases::leases_of_halves,
                leases::leases_held_by_many,
                leases::leases_dropped_on_another_thread,
                leases::leases_outlive_their_runtime,
                timeouts::timeouts_on_time,
                timeouts::many_timeouts_at_once,
                timeouts::timeouts_beside_a_busy_task,
                timeouts::timeouts_one_after_the_other,
                timeouts::timeouts_at_shutdown,
                descriptors::accept_backs_off,
                shutdown::closed_streams_say_so,
                shutdown::calls_off_the_worker_meet_no_stranger,
                tcp_sockets::sockets_connect,
                tcp_sockets::sockets_take_options,
                tcp_sockets::sockets_outlive_their_runtime,
                standard::std_streams_come_and_go,
                standard::std_listeners_come_and_go,
                standard::std_clones_are_known_to_be_there,
                standard::std_of_a_runtime_that_is_closed,
                standard::std_between_runtimes,
                confined::dropped_on_another_thread,
                confined::without_a_runtime,
                confined::in_the_wrong_runtime,
            }
            cases! { $attribute $suite, $config, Outliving:
                shutdown::tasks_under_way,
                tcp_sockets::sockets_listen,
                confined::used_on_another_worker,
            }
            cases! { $attribute $suite, $config, Shared:
                streams::two_tasks_accept_from_one_listener,
            }
            #[cfg(unix)]
            cases! { $attribute $suite, $config, Shared:
                foreign::fd_many_tasks_wait,
            }
            #[cfg(unix)]
            cases! { $attribute $suite, $config, SuspendingShared:
                datagrams::udp_many_tasks_receive,
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            cases! { $attribute $suite, $config, Outliving:
                connects::connect_past_who_does_not_answer,
                connects::connect_given_up,
            }
            cases! { $attribute $suite, $config, SuspendingOutliving:
                shutdown::operations_under_way,
                shutdown::buffers_that_ask_as_they_go,
            }
            #[cfg(unix)]
            use crate::{datagrams, foreign, unix, unix_datagrams};
            #[cfg(unix)]
            cases! { $attribute $suite, $config, Always:
                streams::an_urgent_byte_hangs_no_reader,
                datagrams::udp_echo,
                datagrams::udp_cuts_what_is_too_long,
                datagrams::udp_short_ones_are_not_the_last,
                datagrams::udp_refused,
                datagrams::udp_options,
                datagrams::udp_groups,
                datagrams::udp_at_shutdown,
                datagrams::udp_outlives_its_runtime,
                kinds::kinds_of_files,
                foreign::fd_stays_ready_until_a_call_would_block,
                foreign::fd_pipe_in_both_directions,
                foreign::fd_of_a_file,
                foreign::fd_a_late_clear_loses_no_edge,
                foreign::fd_outlives_its_runtime,
                standard::fds_are_lent_for_a_call,
                standard::std_datagrams_come_and_go,
                standard::std_unix_sockets_come_and_go,
                unix::unix_echo,
                unix::unix_addresses,
                unix::unix_halves,
                unix::unix_credentials,
                unix::unix_errors,
                unix::unix_reads_go_on_after_descriptors,
                unix::unix_reads_go_on_after_an_urgent_byte,
                unix::unix_at_shutdown,
                unix_datagrams::unix_datagrams_echo,
                unix_datagrams::unix_datagram_pairs,
                unix_datagrams::unix_datagram_errors,
                unix_datagrams::unix_datagrams_to_a_slow_receiver,
                unix_datagrams::unix_datagrams_outlive_their_runtime,
                unix_datagrams::unix_datagrams_at_shutdown,
                unix_datagrams::unix_datagrams_come_and_go,
            }
            #[cfg(target_os = "linux")]
            cases! { $attribute $suite, $config, Always:
                unix_datagrams::unix_datagrams_without_files,
                unix_datagrams::unix_names_of_108_bytes,
                unix::unix_connects_wait_for_a_full_listener,
                unix_datagrams::unix_datagrams_to_a_full_receiver,
            }
            #[cfg(unix)]
            cases! { $attribute $suite, $config, Suspending:
                foreign::fd_what_is_new_is_told_at_once,
                unix_datagrams::unix_dropped_receives_lose_nothing,
                datagrams::udp_dropped_receives_lose_nothing,
                datagrams::udp_waits_that_are_dropped_leave_little,
                unix::unix_dropped_reads_and_writes_lose_nothing,
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            cases! { $attribute $suite, $config, Always:
                connects::connect_out_of_time,
            }
            cases! { $attribute $suite, $config, Suspending:
                standard::std_on_another_thread,
                streams::borrowed_halves,
                reads::dropped_reads_lose_nothing,
                reads::timeouts_around_reads_lose_nothing,
                writes::dropped_writes_are_accounted,
                writes::interrupted_write_stays_with_its_stream,
                writes::buffers_that_panic_as_they_go,
                arrivals::dropped_accepts_lose_nothing,
                arrivals::dropped_connects_close_their_sockets,
                leases::dropped_leases_lose_nothing,
                leases::interrupted_writes_of_leases,
                timeouts::dropped_timeouts_leave_nothing,
                timeouts::nothing_is_opened_while_the_driver_drains,
                timeouts::timeouts_outlive_their_runtime,
            }
        }
    };
}

/// The cases of drivers that pass descriptors.
#[cfg(unix)]
macro_rules! suite_of_descriptors {
    ($suite:ident: $config:ty) => {
        suite_of_descriptors!([cfg(all())] $suite: $config);
    };
    // With an attribute for every case.
    ($attribute:tt $suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{passing, support};

            cases! { $attribute $suite, $config, Always:
                passing::fds_go_with_bytes,
                passing::fds_stay_with_their_bytes,
                passing::fds_that_have_no_place,
                passing::fds_that_cannot_go,
                passing::fds_go_with_datagrams,
                passing::fds_of_connections,
                passing::fds_come_behind_a_short_read,
                passing::fds_at_shutdown,
            }
            cases! { $attribute $suite, $config, Suspending:
                passing::dropped_calls_with_fds_lose_nothing,
            }
        }
    };
}

/// The cases of drivers with pipes.
#[cfg(unix)]
macro_rules! suite_of_pipes {
    ($suite:ident: $config:ty) => {
        suite_of_pipes!([cfg(all())] $suite: $config);
    };
    // With an attribute for every case.
    ($attribute:tt $suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{pipes, support};

            cases! { $attribute $suite, $config, Always:
                pipes::pipes_in_both_roles,
                pipes::pipes_of_ones_own,
                pipes::pipes_end_without_descriptor_and_runtime,
                pipes::pipes_from_elsewhere,
                pipes::fifos,
                pipes::pipes_outlive_their_runtime,
                pipes::pipes_at_shutdown,
            }
            cases! { $attribute $suite, $config, Suspending:
                pipes::dropped_reads_of_pipes_lose_nothing,
                pipes::dropped_writes_to_pipes_put_nothing,
                pipes::pipes_keep_the_beginning_of_a_dropped_write,
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            cases! { $attribute $suite, $config, Always:
                pipes::pipes_hold_so_much,
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
                support::run(concat!(stringify!($suite), "::", stringify!($case)), $room::$case::<$config>);
            }
        }
    )* };
}

/// The smallest figures that a config may have: every path that a full queue or a spent budget takes.
struct Stingy;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Stingy {
    type Memory = bespoke::memory::System;
    const LOCAL_QUEUE: usize = 2;
    const EVENT_INTERVAL: u32 = 1;
    const POLL_BUDGET: u32 = 1;
}

/// Operations that block, a thread per task.
struct Threads;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Threads {
    type Scheduler = bespoke::scheduler::ThreadPerTask;
    type Driver = bespoke::driver::Blocking;
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

/// Readiness by `poll(2)`.
#[cfg(unix)]
struct Polling;

#[cfg(unix)]
#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Polling {
    type Driver = bespoke::driver::Mio<bespoke::driver::PosixPoll>;
}

/// Rings: of the kernel that runs, cut as small as they may be, with options, and as older kernels would have them.
#[cfg(target_os = "linux")]
mod rings {
    use bespoke::driver::{Batch, IoUring, Kernel, RingOptions, SqPoll};
    use core::time::Duration;

    macro_rules! ring {
        ($config:ident: $entries:literal, $options:ident { $($option:tt)* } { $($figure:tt)* }) => {
            pub(crate) struct $options;

            impl RingOptions for $options {
                $($option)*
            }

            pub(crate) struct $config;

            #[bespoke::config(base = bespoke::preset::Default)]
            impl bespoke::Config for $config {
                type Driver = IoUring<$entries, $options>;
                $($figure)*
            }
        };
    }

    ring!(Ring: 256, Usual {} {});
    ring!(Stingy: 1, OneOfEach { const COMPLETIONS: u32 = 2; const BUFFERS: u16 = 2; } {
        const LOCAL_QUEUE: usize = 2;
        const EVENT_INTERVAL: u32 = 1;
        const POLL_BUDGET: u32 = 1;
    });
    ring!(Movable: 64, Moves { const MOVABLE: bool = true; } {});
    ring!(ByThread: 64, HasThread { const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1))); } {});
    ring!(InBatches: 64, HasBatches { const BATCH: Option<Batch> = Some(Batch::of(4, Duration::from_micros(200))); } {});
    ring!(ByMessage: 64, HasMessages { const WAKES_BY_MESSAGE: bool = true; } {});
    ring!(WithoutCopies: 64, SendsInPlace { const ZERO_COPY: Option<usize> = Some(8 << 10); } {});
    ring!(Thieves: 64, AsUsual {} {
        type Scheduler = bespoke::scheduler::WorkStealing<4>;
        const WORKERS_EXACT: bool = true;
    });
    ring!(Cores: 64, AsEver {} {
        type Scheduler = bespoke::scheduler::PerCore<2>;
        const WORKERS_EXACT: bool = true;
    });
    ring!(Of515: 64, As515 { const KERNEL: Kernel = Kernel::V5_15; } {});
    ring!(Of61: 64, As61 { const KERNEL: Kernel = Kernel::V6_1; } {});
    ring!(Of612: 64, As612 { const KERNEL: Kernel = Kernel::V6_12; } {});
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
    }

    pub(crate) struct First;

    #[bespoke::config(base = bespoke::preset::Default)]
    impl bespoke::Config for First {
        type Driver = Fallback<IoUring, Mio>;
    }

    /// The first, and a worker for each of two cores.
    pub(crate) struct FirstOnCores;

    #[bespoke::config(base = First)]
    impl bespoke::Config for FirstOnCores {
        type Scheduler = bespoke::scheduler::PerCore<2>;
        const WORKERS_EXACT: bool = true;
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
suite!([ignore = "one of two drivers on two cores: the step `rings` runs it"] fallback_per_core: crate::choices::FirstOnCores);
#[cfg(target_os = "linux")]
suite!(uring: crate::rings::Ring);
#[cfg(target_os = "linux")]
suite!(uring_stealing: crate::rings::Thieves);
#[cfg(target_os = "linux")]
suite!(uring_per_core: crate::rings::Cores);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_stingy: crate::rings::Stingy);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_movable: crate::rings::Movable);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_by_thread: crate::rings::ByThread);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_in_batches: crate::rings::InBatches);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_by_message: crate::rings::ByMessage);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_without_copies: crate::rings::WithoutCopies);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_5_15: crate::rings::Of515);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_6_1: crate::rings::Of61);
#[cfg(target_os = "linux")]
suite!([ignore = "another ring: the step `rings` runs it"] uring_6_12: crate::rings::Of612);
suite!(blocking: crate::Threads);
suite!(mio: bespoke::preset::Default);
#[cfg(unix)]
suite!(mio_poll: crate::Polling);
suite!(mio_stingy: crate::Stingy);
suite!(mio_stealing: crate::Thieves);
suite!(mio_per_core: crate::Cores);
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
#[cfg(target_os = "linux")]
suite_of_descriptors!(uring_descriptors: crate::rings::Ring);
#[cfg(target_os = "linux")]
suite_of_descriptors!(uring_stealing_descriptors: crate::rings::Thieves);
#[cfg(target_os = "linux")]
suite_of_descriptors!(uring_per_core_descriptors: crate::rings::Cores);
#[cfg(target_os = "linux")]
suite_of_descriptors!([ignore = "another ring: the step `rings` runs it"] uring_stingy_descriptors: crate::rings::Stingy);
#[cfg(target_os = "linux")]
suite_of_descriptors!([ignore = "another ring: the step `rings` runs it"] uring_by_thread_descriptors: crate::rings::ByThread);
#[cfg(target_os = "linux")]
suite_of_descriptors!([ignore = "another ring: the step `rings` runs it"] uring_5_15_descriptors: crate::rings::Of515);
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
#[cfg(target_os = "linux")]
suite_of_pipes!(uring_pipes: crate::rings::Ring);
#[cfg(target_os = "linux")]
suite_of_pipes!(uring_stealing_pipes: crate::rings::Thieves);
#[cfg(target_os = "linux")]
suite_of_pipes!(uring_per_core_pipes: crate::rings::Cores);
#[cfg(target_os = "linux")]
suite_of_pipes!([ignore = "another ring: the step `rings` runs it"] uring_stingy_pipes: crate::rings::Stingy);
#[cfg(target_os = "linux")]
suite_of_pipes!([ignore = "another ring: the step `rings` runs it"] uring_by_thread_pipes: crate::rings::ByThread);
#[cfg(target_os = "linux")]
suite_of_pipes!([ignore = "another ring: the step `rings` runs it"] uring_5_15_pipes: crate::rings::Of515);
#[cfg(target_os = "linux")]
suite_of_pipes!(fallback_second_pipes: crate::choices::Second);
#[cfg(target_os = "linux")]
suite_of_pipes!(fallback_both_pipes: crate::choices::BothOfThieves);
