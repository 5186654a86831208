//! The suite of files, of which each program that includes this runs the drivers that it names.
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
//! | `beneath` | handles of folders: what is done beneath them, and that nothing leads out |
//! | `copying` | whole files copied: sources and targets of every kind |
//! | `removing` | whole folders removed, while others change them |
//! | `held` | system calls that wait until a test has looked |
//! | `renaming` | names that nothing has, names that are exchanged |
//! | `refused` | what a filter of system calls denies, and how it is told or done otherwise |
//! | `space` | room on the disk, advice, files around the system's memory, files without a name |
//! | `streams` | lines of a file, copies from and to a socket |
//! | `sending` | files that are sent to a socket without a copy |
//! | `drops` | futures dropped and forgotten at every point: the memory and the descriptors that they used |
//! | `closes` | a runtime that closes with operations under way, and files that outlive it |
//! | `pool` | no threads, one thread, a full queue; allocations |
//! | `rings` | what is entries of a ring: allocations, no threads; what is jobs of the pool there |
//!
//! Every case runs alone in the process and must leave the count of open descriptors as it was. A case that hangs ends the
//! process with its name. `BESPOKE_DEEP=1` runs the long counts, `BESPOKE_SEED=n` repeats a run.

#[cfg(target_os = "linux")]
#[path = "beneath.rs"]
pub(crate) mod beneath;
#[path = "closes.rs"]
pub(crate) mod closes;
#[cfg(target_os = "linux")]
#[path = "copying.rs"]
pub(crate) mod copying;
#[path = "drops.rs"]
pub(crate) mod drops;
#[path = "model.rs"]
pub(crate) mod model;
#[path = "moving.rs"]
pub(crate) mod moving;
#[path = "opening.rs"]
pub(crate) mod opening;
#[path = "paths.rs"]
pub(crate) mod paths;
#[cfg(target_os = "linux")]
#[path = "removing.rs"]
pub(crate) mod removing;
#[path = "renaming.rs"]
pub(crate) mod renaming;
#[cfg(target_os = "linux")]
#[path = "rings.rs"]
pub(crate) mod rings;
#[cfg(target_os = "linux")]
#[path = "sending.rs"]
pub(crate) mod sending;
#[cfg(target_os = "linux")]
#[path = "space.rs"]
pub(crate) mod space;
#[path = "streams.rs"]
pub(crate) mod streams;
#[path = "support.rs"]
pub(crate) mod support;
#[path = "../common/when.rs"]
pub(crate) mod when;

/// All cases for one config.
macro_rules! suite {
    ($suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{closes, drops, model, moving, opening, paths, renaming, streams};

            cases! { $suite, $config, Always:
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
                renaming::nothing_is_lost,
                streams::lines_of_a_file,
                streams::copies_to_and_from_a_socket,
                streams::what_a_file_has_taken_is_written_though_nobody_polls,
                closes::files_outlive_their_runtime,
            }
            #[cfg(target_os = "linux")]
            use crate::{beneath, copying, removing, sending, space};
            #[cfg(target_os = "linux")]
            cases! { $suite, $config, Always:
                moving::a_block_device_has_an_end,
                beneath::what_is_done_with_a_folder,
                beneath::nothing_leads_out,
                beneath::nothing_leads_out_while_others_rename,
                copying::sources_and_targets_of_every_kind,
                removing::whole_trees,
                removing::links_are_not_followed_whoever_puts_them_there,
                space::room_is_taken_and_given_back,
                space::advice_changes_nothing,
                space::around_the_systems_memory,
                space::files_without_a_name_get_one,
                sending::sent_bytes_are_those_of_the_file,
                sending::every_kind_of_stream_takes_a_file,
                sending::a_file_that_ends_is_a_short_count,
                sending::a_peer_that_is_gone_is_an_error,
                sending::what_is_no_file_is_refused,
                sending::cold_files_are_sent,
                sending::warm_files_are_sent_without_an_allocation,
            }
            #[cfg(target_os = "linux")]
            cases! { $suite, $config, Suspending:
                beneath::dropped_calls_leave_nothing_open,
                space::dropped_in_every_state,
                sending::dropped_sends_are_counted,
                sending::what_was_on_its_way_is_not_sent_later,
                sending::what_is_dropped_with_its_stream_ends,
                sending::numbers_that_are_used_again_are_not_sent,
                sending::slow_peers_hold_no_threads,
                sending::sends_end_with_their_runtime,
            }
            cases! { $suite, $config, Suspending:
                drops::dropped_transfers_touch_nothing,
                drops::dropped_opens_leak_nothing,
                drops::dropped_cursor_reads_stay,
                drops::dropped_cursor_writes_stay_in_order,
                drops::file_is_open_until_its_last_operation,
                drops::forgotten_futures_corrupt_nothing,
                drops::dropped_on_another_thread,
                drops::dropped_listings_go_on,
                renaming::dropped_exchanges_are_whole,
                closes::operations_under_way,
            }
        }
    };
}

/// What a ring has, and can cancel.
#[cfg(target_os = "linux")]
macro_rules! suite_on_rings {
    ($suite:ident: $config:ty) => {
        mod $suite {
            use crate::when::When;
            use crate::{closes, rings};

            cases! { $suite, $config, Suspending:
                closes::kept_futures_end_with_their_ring,
                rings::operations_allocate_nothing,
                rings::files_that_do_not_wait,
            }
        }
    };
}

macro_rules! cases {
    ($suite:ident, $config:ty, $when:ident: $($room:ident::$case:ident),* $(,)?) => { $(
        #[test]
        fn $case() {
            if !When::$when.leaves_out::<$config>(stringify!($suite), stringify!($case)) {
                crate::support::run(concat!(stringify!($suite), "::", stringify!($case)), $room::$case::<$config>);
            }
        }
    )* };
}

/// A config on a ring of its own kind.
#[cfg(target_os = "linux")]
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
