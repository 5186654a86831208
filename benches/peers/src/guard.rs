//! Whether the bench would notice: bespoke against a build of itself with work planted into every operation.
//!
//! The planted build is the package `peer-planted`: the same source, with the harness's feature `planted`. Each row that runs
//! in an agent gets some 25 ns per operation, each message of an echo server some 5 us. The guard fails unless, in every row,
//! the whole 95 % interval of planted / plain lies above 1. Each row is measured under the config that has it: one thread on
//! epoll, the ring for `submit` and `prepare`, two workers for `workers-*`. Sizes and memory are not slowed, and are no rows of
//! the guard; nor are `start`, `file-read`, `direct-read`, `process`, `blocking` and those of the workers that start, sleep or
//! wake threads, where the plant is small beside what is there, nor those whose figure is no time per operation.

use harness::rows::{OnWorkers, Place, Work};
use harness::{Row, sys};

use crate::args::Plan;
use crate::field::{Column, Side};
use crate::run;

/// The configs that are slowed.
const CONFIGS: [&str; 3] = ["bespoke", "bespoke-uring", "bespoke-steal2"];

/// The build of a config without and with the plant.
fn columns(name: &'static str) -> Vec<Column> {
    let column = |package| Column { name, package, side: Side::Ours, full_only: false };
    vec![column("peer-bespoke"), column("peer-planted")]
}

/// Measures both and compares.
///
/// # Errors
/// When a row does not show the plant, or cannot be measured.
pub(crate) fn guard(plan: &Plan) -> Result<(), String> {
    // A run pins this thread to the core of the bench, and the next one has to see both.
    let cores = sys::allowed_cores().map_err(|error| format!("sched_getaffinity: {error}"))?;
    let mut tables = Vec::new();
    for name in CONFIGS {
        let rows = plan.rows.iter().copied().filter(|row| slowed(row) == Some(name)).map(short).collect();
        let plan = Plan { rows, columns: columns(name), rounds: plan.rounds, ..Plan::default() };
        if !plan.rows.is_empty() {
            sys::keep_to(&cores).map_err(|error| format!("sched_setaffinity: {error}"))?;
            tables.extend(run::measure(&plan, &mut ())?.0);
        }
    }
    if tables.is_empty() {
        return Err("none of these rows is slowed by the plant".into());
    }
    let mut missed = Vec::new();
    println!("| row | planted / plain | noticed |\n|---|---|---|");
    for table in &tables {
        let [plain, planted] = &table.columns[..] else {
            return Err(format!("{}: not both builds have this row", table.name));
        };
        if let Some(why) = plain.failure.as_ref().or(planted.failure.as_ref()) {
            return Err(format!("{}: {why}", table.name));
        }
        let summary = planted.over(plain, 0).ok_or_else(|| format!("{}: no samples", table.name))?;
        let (low, high) = summary.interval.ok_or("the guard needs six rounds or more")?;
        let noticed = low > 1.0;
        println!(
            "| {} | {:.2} [{low:.2}, {high:.2}] | {} |",
            table.name,
            summary.median,
            if noticed { "yes" } else { "NO" }
        );
        if !noticed {
            missed.push(table.name.as_str());
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!("the planted slowness was not noticed in: {}", missed.join(", ")))
    }
}

/// The config under which the plant must show in this row; `None` if it need not.
fn slowed(row: &Row) -> Option<&'static str> {
    match row.work {
        Work::Echo(_) => Some("bespoke"),
        Work::Submit | Work::Prepare => Some("bespoke-uring"),
        Work::Workers(OnWorkers::SpawnJoin | OnWorkers::Yield(_) | OnWorkers::PingPong) => Some("bespoke-steal2"),
        Work::Workers(_) | Work::Blocking { .. } | Work::FileRead | Work::DirectRead | Work::Process | Work::Start => {
            None
        }
        Work::PingPongCores { .. } | Work::Allocate | Work::Switch => None,
        _ => (row.place == Place::Agent).then_some("bespoke"),
    }
}

/// Short samples, and many of them where they are cheap, so that the guard holds on a busy machine, too.
fn short(row: Row) -> Row {
    let rounds = if row.place == Place::Server { 14 } else { 30 };
    Row { amount: row.quick, rounds, ..row }
}
