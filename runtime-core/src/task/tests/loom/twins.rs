//! For every planted mistake, a model that finds it. A model that cannot fail shows nothing.
//!
//! A twin runs in a process of its own: a model that fails may end the process (a panic while loom unwinds its threads).

use crate::loom::Plant;
use std::process::Command;
use std::string::{String, ToString};

const VARIABLE: &str = "BESPOKE_PLANT";

const ALL: [Plant; 32] = [
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
    let test = std::format!("task::tests::loom::{model}");
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
fn relaxed_push() {
    found(Plant::RelaxedPush, "wakes::wake_vs_park::local");
    found(Plant::RelaxedPush, "wakes::wake_vs_park::shared");
    found(Plant::RelaxedPush, "guests::lease_vs_turn::local");
    found(Plant::RelaxedPush, "guests::lease_vs_turn::shared");
}

#[test]
fn unpark_without_reference() {
    found(Plant::UnparkWithoutReference, "closes::wake_by_value_vs_park_close::local");
}

#[test]
fn inbox_stays_open() {
    found(Plant::InboxStaysOpen, "closes::shutdown_vs_wake::local");
    found(Plant::InboxStaysOpen, "closes::shutdown_vs_wake::shared");
    found(Plant::InboxStaysOpen, "guests::lease_vs_close::local");
}

#[test]
fn park_in_two_steps() {
    found(Plant::ParkInTwoSteps, "wakes::wake_vs_park::local");
    found(Plant::ParkInTwoSteps, "wakes::wake_vs_park::shared");
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
}

#[test]
fn pull_skips_queued() {
    found(Plant::PullSkipsQueued, "wakes::owner_drops_two_foreign_clones::local");
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
}

#[test]
fn late_task_forgotten() {
    found(Plant::LateTaskForgotten, "spawns::spawn_vs_close::shared");
    found(Plant::LateTaskForgotten, "crews::spawn_vs_close");
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
}

#[test]
fn injector_stays_open() {
    found(Plant::InjectorStaysOpen, "crews::wake_vs_close");
}

#[test]
fn stop_unheard() {
    found(Plant::StopUnheard, "cores::stop_vs_park");
}

#[test]
fn stop_slept_over() {
    found(Plant::StopSleptOver, "cores::stop_vs_park");
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
}

#[test]
fn question_forgotten() {
    found(Plant::QuestionForgotten, "questions::question_vs_close::local");
    found(Plant::QuestionForgotten, "questions::question_vs_close::shared");
    found(Plant::QuestionForgotten, "cores::question_vs_shutdown");
}

#[test]
fn thread_asked_for_twice() {
    found(Plant::ThreadAskedForTwice, "stealing::two_first_spawns");
}
