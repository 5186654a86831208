//! Whether the bench would notice: bespoke against a build of itself with work planted into every operation.
//!
//! The planted build is the package `peer-planted`: the same source, with the harness's feature `planted`. Each row that runs in an
//! agent gets some 25 ns per operation, each message of an echo server some 5 us. The guard fails unless, in every row, the whole
//! 95 % interval of planted / plain lies above 1. Sizes and memory are not slowed, and are no rows of the guard; nor is `start`,
//! `file-read`, `process` or `blocking`, where the plant is small beside what is there.

use harness::Row;
use harness::rows::{Place, Work};

use crate::args::Plan;
use crate::field::{Column, Side};
use crate::run;

/// The build without and with the plant.
const COLUMNS: [Column; 2] = [
    Column { name: "bespoke", package: "peer-bespoke", side: Side::Ours, full_only: false },
    Column { name: "bespoke", package: "peer-planted", side: Side::Ours, full_only: false },
];

/// Measures both and compares.
///
/// # Errors
/// When a row does not show the plant, or cannot be measured.
pub(crate) fn guard(plan: &Plan) -> Result<(), String> {
    let plan = Plan {
        rows: plan.rows.iter().copied().filter(is_slowed).map(short).collect(),
        columns: COLUMNS.to_vec(),
        rounds: plan.rounds,
        ..Plan::default()
    };
    if plan.rows.is_empty() {
        return Err("none of these rows is slowed by the plant".into());
    }
    let (tables, _) = run::measure(&plan, &mut ())?;
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

fn is_slowed(row: &Row) -> bool {
    match row.work {
        Work::Echo(_) => true,
        Work::Blocking { .. } | Work::FileRead | Work::Process | Work::Start | Work::PingPongCores { .. } => false,
        Work::Allocate | Work::Switch | Work::Submit => false,
        _ => row.place == Place::Agent,
    }
}

/// Short samples, and many of them where they are cheap, so that the guard holds on a busy machine, too.
fn short(row: Row) -> Row {
    let rounds = if row.place == Place::Agent { 30 } else { 14 };
    Row { amount: row.quick, rounds, ..row }
}
