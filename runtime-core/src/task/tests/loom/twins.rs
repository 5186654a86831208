//! For every planted mistake, a model that finds it; and for every model, a mistake that it finds. A model that cannot fail shows
//! nothing.
//!
//! A twin runs in a process of its own: a model that fails may end the process (a panic while loom unwinds its threads).

use crate::loom::Plant;
use std::process::Command;
use std::string::{String, ToString};
use std::vec::Vec;

const VARIABLE: &str = "BESPOKE_PLANT";

/// Where the models are.
const MODELS: &str = "task::tests::loom::";

const ALL: [Plant; 47] = [
    Plant::RelaxedPush,
    Plant::UnparkWithoutReference,
    Plant::InboxStaysOpen,
    Plant::ParkInTwoSteps,
    Plant::NegativeDeltaUnpinned,
    Plant::WakeWithoutPublication,
    Plant::VisitForgetsDelta,
    Plant::PullSkipsQueued,
    Plant::RelaxedMergedDrop,
    Plant::DetachForgotten,
    Plant::ClosedPostForgotten,
    Plant::NumberUsedAfterLook,
    Plant::NumbersClosedUnasked,
    Plant::EnterInTwoSteps,
    Plant::LeaveInTwoSteps,
    Plant::FasterThreadForgotten,
    Plant::WorkerClaimInTwoSteps,
    Plant::LeaseForgotten,
    Plant::LateTaskForgotten,
    Plant::ListedWithoutReference,
    Plant::SeizedOutsideTheTable,
    Plant::TeamNotFormed,
    Plant::LeavesUnheard,
    Plant::StopUnheard,
    Plant::StopSleptOver,
    Plant::LeftUnheard,
    Plant::LeftForNobody,
    Plant::PoppedWhileSeized,
    Plant::InjectorStaysOpen,
    Plant::TraceAbroad,
    Plant::QuestionForgotten,
    Plant::ThreadAskedForTwice,
    Plant::RelaxedSharedDrop,
    Plant::RelaxedHomeDrop,
    Plant::QueuedPinGivenUp,
    Plant::LeaseKeepsHome,
    Plant::CancelUnseen,
    Plant::AbortInTwoSteps,
    Plant::JoinInTwoSteps,
    Plant::HandleGoesInTwoSteps,
    Plant::StartsTaken,
    Plant::ResetKeepsTimer,
    Plant::FiredTimerKept,
    Plant::SleepsWithoutLook,
    Plant::PushWakesNobody,
    Plant::HelmGivenUnheard,
    Plant::HelmAskedSilently,
];

fn name(plant: Plant) -> String {
    std::format!("{plant:?}")
}

/// The mistake that this process was told to make.
pub(super) fn from_environment() -> Option<Plant> {
    let wanted = std::env::var(VARIABLE).ok()?;
    let plant = ALL.into_iter().find(|plant| name(*plant) == wanted);
    assert!(plant.is_some(), "no mistake is called {wanted}");
    plant
}

/// Runs `model` with and says whether it failed.
fn fails(model: &str, plant: Plant) -> Option<String> {
    let test = std::format!("{MODELS}{model}");
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &test, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, name(plant))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).to_string();
    let counted = String::from_utf8_lossy(&run.stdout).to_string();
    assert!(counted.contains("running 1 test"), "there is no model {test}");
    if run.status.success() {
        return None;
    }
    let line = said.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    Some(line.unwrap_or("it ended without a panic").to_string())
}

#[track_caller]
fn found(plant: Plant, model: &str) {
    match fails(model, plant) {
        Some(why) => std::println!("\ntwin {plant:?}: {model} failed: {why}"),
        None => panic!("{model} did not find {plant:?}"),
    }
}

#[test]
fn every_model_has_a_twin() {
    let list = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let list = String::from_utf8(list.stdout).unwrap();
    let models = list.lines().filter_map(|line| line.strip_suffix(": test")?.strip_prefix(MODELS));
    let models: Vec<&str> = models.filter(|name| !name.starts_with("twins::")).collect();
    assert!(!models.is_empty());
    // By its name among the words of this file, each of which is run by `found`.
    let named = |model: &&str| include_str!("twins.rs").contains(&std::format!("\"{model}\""));
    let without: Vec<&str> = models.into_iter().filter(|model| !named(model)).collect();
    assert!(without.is_empty(), "nothing was planted for these to find: {without:?}");
}

#[test]
fn relaxed_push() {
    found(Plant::RelaxedPush, "wakes::wake_vs_park::local");
    found(Plant::RelaxedPush, "wakes::wake_vs_park::shared");
    found(Plant::RelaxedPush, "guests::lease_vs_turn::local");
    found(Plant::RelaxedPush, "guests::lease_vs_turn::shared");
    found(Plant::RelaxedPush, "crews::timer_fire_vs_reset");
    found(Plant::RelaxedPush, "guests::sleep_vs_turn::local");
    found(Plant::RelaxedPush, "guests::sleep_vs_turn::shared");
    found(Plant::RelaxedPush, "closes::wake_unjoined_vs_close::local");
    found(Plant::RelaxedPush, "closes::wake_unjoined_vs_close::shared");
    found(Plant::RelaxedPush, "wakes::owner_drops_two_foreign_clones::shared");
}

#[test]
fn unpark_without_reference() {
    found(Plant::UnparkWithoutReference, "closes::wake_by_value_vs_park_close::local");
    found(Plant::UnparkWithoutReference, "guests::work_vs_park::local");
}

#[test]
fn inbox_stays_open() {
    found(Plant::InboxStaysOpen, "closes::shutdown_vs_wake::local");
    found(Plant::InboxStaysOpen, "closes::shutdown_vs_wake::shared");
    found(Plant::InboxStaysOpen, "guests::lease_vs_close::local");
    found(Plant::InboxStaysOpen, "cores::spawn_vs_shutdown");
    found(Plant::InboxStaysOpen, "moves::ask_vs_close");
    found(Plant::InboxStaysOpen, "closes::abort_vs_close::local");
    found(Plant::InboxStaysOpen, "closes::abort_vs_close::shared");
    found(Plant::InboxStaysOpen, "closes::turn_shutdown_vs_clone_drop::local");
    found(Plant::InboxStaysOpen, "guests::lease_vs_close::moving");
    found(Plant::InboxStaysOpen, "guests::resource_vs_close::local");
    found(Plant::InboxStaysOpen, "guests::resource_vs_close::shared");
    found(Plant::InboxStaysOpen, "guests::sleep_vs_close::local");
    found(Plant::InboxStaysOpen, "guests::sleep_vs_close::shared");
    found(Plant::InboxStaysOpen, "guests::work_vs_close::local");
    found(Plant::InboxStaysOpen, "guests::work_vs_close::shared");
    found(Plant::InboxStaysOpen, "joins::detach_vs_close::local");
    found(Plant::InboxStaysOpen, "joins::detach_and_wake_vs_close::local");
    found(Plant::InboxStaysOpen, "joins::detach_and_wake_vs_close::shared");
    found(Plant::InboxStaysOpen, "joins::output_taken_after_close::local");
    found(Plant::InboxStaysOpen, "joins::output_taken_after_close::shared");
}

#[test]
fn park_in_two_steps() {
    found(Plant::ParkInTwoSteps, "wakes::wake_vs_park::local");
    found(Plant::ParkInTwoSteps, "wakes::wake_vs_park::shared");
    found(Plant::ParkInTwoSteps, "closes::wake_by_value_vs_park_close::shared");
    found(Plant::ParkInTwoSteps, "questions::question_vs_park::local");
    found(Plant::ParkInTwoSteps, "questions::question_vs_park::shared");
    found(Plant::ParkInTwoSteps, "spawns::spawn_vs_park::local");
    found(Plant::ParkInTwoSteps, "spawns::spawn_vs_park::shared");
}

#[test]
fn negative_delta_unpinned() {
    found(Plant::NegativeDeltaUnpinned, "wakes::completed_task_freed_before_close::local");
}

#[test]
fn wake_without_publication() {
    found(Plant::WakeWithoutPublication, "wakes::two_wakers_each_publishes::local");
    found(Plant::WakeWithoutPublication, "wakes::two_wakers_each_publishes::shared");
}

#[test]
fn visit_forgets_delta() {
    found(Plant::VisitForgetsDelta, "wakes::wake_vs_park::local");
    found(Plant::VisitForgetsDelta, "wakes::abort_vs_poll_vs_handle::local");
    found(Plant::VisitForgetsDelta, "joins::detach_vs_complete::local");
}

#[test]
fn pull_skips_queued() {
    found(Plant::PullSkipsQueued, "wakes::owner_drops_two_foreign_clones::local");
    found(Plant::PullSkipsQueued, "closes::clone_dropped_by_another_cancelled_task::local");
}

#[test]
fn relaxed_merged_drop() {
    found(Plant::RelaxedMergedDrop, "closes::two_last_wakers_vs_close::local");
}

#[test]
fn detach_forgotten() {
    found(Plant::DetachForgotten, "joins::detach_after_output_vs_close::local");
}

#[test]
fn lease_forgotten_at_closed_inbox() {
    found(Plant::LeaseForgotten, "guests::lease_vs_close::local");
    found(Plant::LeaseForgotten, "guests::lease_vs_close::shared");
}

#[test]
fn closed_post_forgotten() {
    found(Plant::ClosedPostForgotten, "spawns::spawn_vs_close::local");
    found(Plant::ClosedPostForgotten, "spawns::spawn_vs_close::shared");
    found(Plant::ClosedPostForgotten, "cores::spawn_vs_shutdown");
    found(Plant::ClosedPostForgotten, "spawns::spawn_and_detach_vs_close::local");
    found(Plant::ClosedPostForgotten, "spawns::spawn_and_detach_vs_close::shared");
    found(Plant::ClosedPostForgotten, "spawns::spawn_and_abort_vs_close::local");
    found(Plant::ClosedPostForgotten, "spawns::handle_crosses_before_the_task::local");
}

#[test]
fn late_task_forgotten() {
    found(Plant::LateTaskForgotten, "spawns::spawn_vs_close::shared");
    found(Plant::LateTaskForgotten, "crews::spawn_vs_close");
    found(Plant::LateTaskForgotten, "stealing::spawn_vs_close_of_one");
    found(Plant::LateTaskForgotten, "cores::spawn_vs_shutdown");
    found(Plant::LateTaskForgotten, "spawns::spawn_and_abort_vs_close::shared");
    found(Plant::LateTaskForgotten, "spawns::handle_crosses_before_the_task::shared");
}

#[test]
fn listed_without_reference() {
    found(Plant::ListedWithoutReference, "spawns::spawn_vs_close::shared");
}

#[test]
fn seized_outside_the_table() {
    found(Plant::SeizedOutsideTheTable, "joins::detach_after_output_vs_close::shared");
}

#[test]
fn popped_while_seized() {
    found(Plant::PoppedWhileSeized, "crews::take_vs_close");
    found(Plant::PoppedWhileSeized, "crews::steal_vs_close");
    found(Plant::PoppedWhileSeized, "crews::yield_vs_close");
}

#[test]
fn injector_stays_open() {
    found(Plant::InjectorStaysOpen, "crews::wake_vs_close");
    found(Plant::InjectorStaysOpen, "crews::wake_vs_close_of_one");
    found(Plant::InjectorStaysOpen, "stealing::spawn_vs_shutdown");
    found(Plant::InjectorStaysOpen, "stealing::wake_vs_shutdown");
    found(Plant::InjectorStaysOpen, "stealing::spawn_vs_close_of_one");
}

#[test]
fn stop_unheard() {
    found(Plant::StopUnheard, "cores::stop_vs_park");
    found(Plant::StopUnheard, "stealing::stop_vs_park");
}

#[test]
fn stop_slept_over() {
    found(Plant::StopSleptOver, "cores::stop_vs_park");
    found(Plant::StopSleptOver, "stealing::stop_vs_park");
}

#[test]
fn leaves_unheard() {
    found(Plant::LeavesUnheard, "cores::task_vs_shutdown");
}

#[test]
fn team_not_formed() {
    found(Plant::TeamNotFormed, "cores::spawn_across_vs_shutdown");
}

#[test]
fn left_unheard() {
    found(Plant::LeftUnheard, "moves::ask_vs_park");
}

#[test]
fn left_for_nobody() {
    found(Plant::LeftForNobody, "moves::drop_vs_answer");
}

#[test]
fn number_used_after_look() {
    found(Plant::NumberUsedAfterLook, "guests::number_vs_close::local");
    found(Plant::NumberUsedAfterLook, "guests::number_vs_close::shared");
    found(Plant::NumberUsedAfterLook, "guests::number_vs_close::moving");
}

#[test]
fn numbers_closed_unasked() {
    found(Plant::NumbersClosedUnasked, "guests::number_vs_close::local");
    found(Plant::NumbersClosedUnasked, "guests::number_vs_close::shared");
    found(Plant::NumbersClosedUnasked, "guests::number_vs_close::moving");
}

#[test]
fn enter_in_two_steps() {
    found(Plant::EnterInTwoSteps, "threads::spawn_vs_shutdown");
}

#[test]
fn leave_in_two_steps() {
    found(Plant::LeaveInTwoSteps, "threads::end_vs_shutdown");
}

#[test]
fn faster_thread_forgotten() {
    found(Plant::FasterThreadForgotten, "threads::end_vs_shutdown");
}

#[test]
fn worker_claim_in_two_steps() {
    found(Plant::WorkerClaimInTwoSteps, "threads::thread_vs_failed_start");
}

#[test]
fn trace_abroad() {
    found(Plant::TraceAbroad, "questions::question_vs_turn::local");
    found(Plant::TraceAbroad, "questions::question_vs_completion::local");
    found(Plant::TraceAbroad, "questions::question_vs_abort::local");
}

#[test]
fn question_forgotten() {
    found(Plant::QuestionForgotten, "questions::question_vs_close::local");
    found(Plant::QuestionForgotten, "questions::question_vs_close::shared");
    found(Plant::QuestionForgotten, "cores::question_vs_shutdown");
    found(Plant::QuestionForgotten, "questions::question_vs_turn::shared");
    found(Plant::QuestionForgotten, "questions::question_vs_completion::shared");
    found(Plant::QuestionForgotten, "questions::question_vs_abort::shared");
}

#[test]
fn thread_asked_for_twice() {
    found(Plant::ThreadAskedForTwice, "stealing::two_first_spawns");
}

#[test]
fn relaxed_shared_drop() {
    found(Plant::RelaxedSharedDrop, "closes::two_last_wakers_vs_close::shared");
    found(Plant::RelaxedSharedDrop, "closes::turn_shutdown_vs_clone_drop::shared");
    found(Plant::RelaxedSharedDrop, "joins::detach_vs_close::shared");
    found(Plant::RelaxedSharedDrop, "wakes::completed_task_freed_before_close::shared");
}

#[test]
fn relaxed_home_drop() {
    found(Plant::RelaxedHomeDrop, "closes::last_handle_vs_close::local");
    found(Plant::RelaxedHomeDrop, "closes::last_handle_vs_close::shared");
    found(Plant::RelaxedHomeDrop, "guests::resource_vs_close::moving");
}

#[test]
fn queued_pin_given_up() {
    found(Plant::QueuedPinGivenUp, "closes::clone_dropped_by_another_cancelled_task::shared");
}

#[test]
fn lease_keeps_home() {
    found(Plant::LeaseKeepsHome, "guests::lease_vs_turn::moving");
}

#[test]
fn cancel_unseen() {
    found(Plant::CancelUnseen, "crews::take_vs_close");
    found(Plant::CancelUnseen, "crews::steal_vs_close");
    found(Plant::CancelUnseen, "stealing::take_vs_close");
    found(Plant::CancelUnseen, "stealing::spawn_vs_close_of_one");
}

#[test]
fn abort_in_two_steps() {
    found(Plant::AbortInTwoSteps, "crews::abort_vs_take");
    found(Plant::AbortInTwoSteps, "wakes::abort_vs_poll_vs_handle::shared");
}

#[test]
fn join_in_two_steps() {
    found(Plant::JoinInTwoSteps, "joins::join_vs_complete::shared");
}

#[test]
fn handle_goes_in_two_steps() {
    found(Plant::HandleGoesInTwoSteps, "joins::detach_vs_complete::shared");
}

#[test]
fn starts_taken() {
    found(Plant::StartsTaken, "stealing::first_spawn_vs_shutdown");
    found(Plant::StartsTaken, "stealing::second_thread_vs_shutdown");
}

#[test]
fn reset_keeps_timer() {
    found(Plant::ResetKeepsTimer, "crews::timer_fire_vs_reset");
}

#[test]
fn fired_timer_kept() {
    found(Plant::FiredTimerKept, "crews::timer_fire_vs_reset");
}

#[test]
fn sleeps_without_look() {
    found(Plant::SleepsWithoutLook, "stealing::two_spawns_vs_sleep");
    found(Plant::SleepsWithoutLook, "stealing::wake_vs_shutdown");
}

#[test]
fn push_wakes_nobody() {
    found(Plant::PushWakesNobody, "stealing::two_spawns_vs_sleep");
}

#[test]
fn helm_given_unheard() {
    found(Plant::HelmGivenUnheard, "stealing::block_in_place");
    found(Plant::HelmGivenUnheard, "stealing::block_in_place_vs_shutdown");
}

#[test]
fn helm_asked_silently() {
    found(Plant::HelmAskedSilently, "stealing::block_in_place");
    found(Plant::HelmAskedSilently, "stealing::block_in_place_vs_shutdown");
}
