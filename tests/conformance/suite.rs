//! The conformance suite of the drivers, of which each program that includes this runs the drivers that it names.
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

#[path = "addresses.rs"]
pub(crate) mod addresses;
#[path = "arrivals.rs"]
pub(crate) mod arrivals;
#[path = "confined.rs"]
pub(crate) mod confined;
#[path = "connects.rs"]
pub(crate) mod connects;
#[cfg(unix)]
#[path = "datagrams.rs"]
pub(crate) mod datagrams;
#[cfg(unix)]
#[path = "descriptors.rs"]
pub(crate) mod descriptors;
#[cfg(windows)]
pub(crate) mod descriptors {
    pub(crate) fn accept_backs_off<C: bespoke::Config>() {
        let config = C::NAME;
        crate::support::skipped(format!(
            "for `{config}`: this system has no limit of sockets that a process could lower for itself"
        ));
    }
}
#[path = "../common/end_of.rs"]
pub(crate) mod end_of;
#[cfg(unix)]
#[path = "foreign.rs"]
pub(crate) mod foreign;
#[path = "kinds.rs"]
pub(crate) mod kinds;
#[cfg(target_os = "linux")]
#[path = "kinds_of_linux.rs"]
pub(crate) mod kinds_of_linux;
#[path = "leases.rs"]
pub(crate) mod leases;
#[cfg(unix)]
#[path = "passing.rs"]
pub(crate) mod passing;
#[cfg(unix)]
#[path = "pipes.rs"]
pub(crate) mod pipes;
#[path = "reads.rs"]
pub(crate) mod reads;
#[path = "../common/resets.rs"]
pub(crate) mod resets;
#[path = "shutdown.rs"]
pub(crate) mod shutdown;
#[path = "standard.rs"]
pub(crate) mod standard;
#[path = "streams.rs"]
pub(crate) mod streams;
#[path = "support.rs"]
pub(crate) mod support;
#[path = "tcp_sockets.rs"]
pub(crate) mod tcp_sockets;
#[path = "timeouts.rs"]
pub(crate) mod timeouts;
#[cfg(unix)]
#[path = "unix.rs"]
pub(crate) mod unix;
#[cfg(unix)]
#[path = "unix_datagrams.rs"]
pub(crate) mod unix_datagrams;
#[path = "../common/when.rs"]
pub(crate) mod when;
#[path = "writes.rs"]
pub(crate) mod writes;

/// All cases for one config.
macro_rules! suite {
    ($suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{
                addresses, arrivals, confined, connects, descriptors, kinds, leases, reads, shutdown, standard,
                streams, support, tcp_sockets, timeouts, writes,
            };

            cases! { $suite, $config, Always:
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
            cases! { $suite, $config, Outliving:
                shutdown::tasks_under_way,
                tcp_sockets::sockets_listen,
                confined::used_on_another_worker,
            }
            cases! { $suite, $config, Shared:
                streams::two_tasks_accept_from_one_listener,
            }
            #[cfg(unix)]
            cases! { $suite, $config, Shared:
                foreign::fd_many_tasks_wait,
            }
            #[cfg(unix)]
            cases! { $suite, $config, SuspendingShared:
                datagrams::udp_many_tasks_receive,
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            cases! { $suite, $config, Outliving:
                connects::connect_past_who_does_not_answer,
                connects::connect_given_up,
            }
            cases! { $suite, $config, SuspendingOutliving:
                shutdown::operations_under_way,
                shutdown::buffers_that_ask_as_they_go,
            }
            #[cfg(unix)]
            use crate::{datagrams, foreign, unix, unix_datagrams};
            #[cfg(unix)]
            cases! { $suite, $config, Always:
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
            cases! { $suite, $config, Always:
                unix_datagrams::unix_datagrams_without_files,
                unix_datagrams::unix_names_of_108_bytes,
                unix::unix_connects_wait_for_a_full_listener,
                unix_datagrams::unix_datagrams_to_a_full_receiver,
            }
            #[cfg(unix)]
            cases! { $suite, $config, Suspending:
                foreign::fd_what_is_new_is_told_at_once,
                unix_datagrams::unix_dropped_receives_lose_nothing,
                datagrams::udp_dropped_receives_lose_nothing,
                datagrams::udp_waits_that_are_dropped_leave_little,
                unix::unix_dropped_reads_and_writes_lose_nothing,
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            cases! { $suite, $config, Always:
                connects::connect_out_of_time,
            }
            cases! { $suite, $config, Suspending:
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
        mod $suite {
            use crate::when::When;
            use crate::{passing, support};

            cases! { $suite, $config, Always:
                passing::fds_go_with_bytes,
                passing::fds_stay_with_their_bytes,
                passing::fds_that_have_no_place,
                passing::fds_that_cannot_go,
                passing::fds_go_with_datagrams,
                passing::fds_of_connections,
                passing::fds_come_behind_a_short_read,
                passing::fds_at_shutdown,
            }
            cases! { $suite, $config, Suspending:
                passing::dropped_calls_with_fds_lose_nothing,
            }
        }
    };
}

/// The cases of drivers with pipes.
#[cfg(unix)]
macro_rules! suite_of_pipes {
    ($suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{pipes, support};

            cases! { $suite, $config, Always:
                pipes::pipes_in_both_roles,
                pipes::pipes_of_ones_own,
                pipes::pipes_end_without_descriptor_and_runtime,
                pipes::pipes_from_elsewhere,
                pipes::fifos,
                pipes::pipes_outlive_their_runtime,
                pipes::pipes_at_shutdown,
            }
            cases! { $suite, $config, Suspending:
                pipes::dropped_reads_of_pipes_lose_nothing,
                pipes::dropped_writes_to_pipes_put_nothing,
                pipes::pipes_keep_the_beginning_of_a_dropped_write,
            }
            #[cfg(any(target_os = "linux", target_os = "android"))]
            cases! { $suite, $config, Always:
                pipes::pipes_hold_so_much,
            }
        }
    };
}

macro_rules! cases {
    ($suite:ident, $config:ty, $when:ident: $($room:ident::$case:ident),* $(,)?) => { $(
        #[test]
        fn $case() {
            if !When::$when.leaves_out::<$config>(stringify!($suite), stringify!($case)) {
                support::run(concat!(stringify!($suite), "::", stringify!($case)), $room::$case::<$config>);
            }
        }
    )* };
}

/// A config on a ring of its own kind.
#[cfg(target_os = "linux")]
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

/// Operations that block, a thread per task.
pub(crate) struct Threads;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Threads {
    type Scheduler = bespoke::scheduler::ThreadPerTask;
    type Driver = bespoke::driver::Blocking;
}
