//! Child processes, on each driver: one suite, and the whole of it again where the system has no descriptors for processes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]
#![expect(
    clippy::disallowed_methods,
    reason = "children and what looks at them stand outside the runtime, with threads and clocks of their own"
)]

#[path = "common/again.rs"]
mod again;
#[path = "common/each_driver.rs"]
#[macro_use]
mod each_driver;
#[path = "process/ends.rs"]
mod ends;
#[path = "process/pipes.rs"]
mod pipes;
#[path = "process/starts.rs"]
mod starts;
#[path = "process/storm.rs"]
mod storm;
#[path = "process/support.rs"]
mod support;
#[cfg(target_os = "linux")]
#[path = "process/without_pidfd.rs"]
mod without_pidfd;
#[path = "process/zombies.rs"]
mod zombies;

/// `poll(2)`, which tells of states and not of changes.
struct Posix;

#[bespoke::config(base = bespoke::preset::Default)]
impl bespoke::Config for Posix {
    type Driver = bespoke::driver::Mio<bespoke::driver::PosixPoll>;
}

#[test]
fn an_answer_is_told_at_once_by_poll() {
    pipes::an_answer_is_told_at_once::<Posix>();
}

on_each_driver! {
    starts: a_missing_program_is_named, a_folder_that_is_missing, a_program_that_may_not_be_run, what_the_command_says,
        a_failing_pre_exec, a_child_without_streams_needs_no_pipes, outside_of_every_runtime, no_descriptor_reaches_the_child;
    ends: exit_codes, deaths_by_signal, kill_ends_it, killing_the_dead_is_nothing, a_wait_that_is_dropped_and_repeated,
        a_wait_beside_other_work, the_number_is_gone_after_the_end, a_status_that_somebody_else_took,
        a_wait_in_another_runtime;
    pipes: much_output_on_both_pipes, much_input_and_output_at_once, stdin_ends_when_it_is_dropped,
        wait_closes_the_input, the_input_is_ended, descriptors_are_lent, a_child_that_does_not_read, a_dropped_read_loses_nothing,
        a_pipeline_of_two, a_child_that_writes_for_ever_starves_nobody, pipes_of_a_runtime_that_is_closed,
        an_owned_buffer, a_pipe_of_the_standard_library, an_answer_is_told_at_once;
    zombies: a_thousand_children_leave_nothing, a_dropped_child_goes_on_and_is_reaped, kill_on_drop, kill_on_drop_of_futures,
        kill_on_drop_at_the_close_of_the_runtime, a_child_outlives_its_runtime;
    storm: each_child_is_reaped_once_in_a_storm_of_sigchld;
}
