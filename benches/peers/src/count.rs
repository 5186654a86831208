//! Instructions per operation, under `valgrind --tool=callgrind`: they do not depend on who else uses the machine.
//!
//! Each row runs twice, with few and with many operations, and the difference of the two divided by the difference of the
//! operations is the figure, so that what starts a run falls out. An echo row counts the server. Counted are user instructions of
//! one process only: work that a runtime moves into the kernel (io_uring) is not in it. How many requests a server finds ready
//! per wait depends on timing, so counts of an echo row vary.

use std::process::Command;

use harness::{Refusal, Row, Work};

use crate::args::Plan;
use crate::build;
use crate::field::Column;
use crate::run;

/// The function of a peer's binary that callgrind is told to watch.
const LOOP: &str = "*count_loop*";

/// Counts every row of `plan` on each of its columns and prints a table.
///
/// # Errors
/// When the machine refuses something that no single runtime is to blame for.
pub(crate) fn count(plan: &Plan) -> Result<(), String> {
    let cores = run::cores()?;
    let failures = run::build_all(&plan.columns);
    println!("| row | runtime | user instructions per operation |\n|---|---|---:|");
    for row in &plan.rows {
        for column in &plan.columns {
            let counted = match failures.iter().find(|(package, _)| *package == column.package) {
                Some((_, why)) => Err(Refusal::Failed(why.clone())),
                None => per_op(row, column, cores.server.unwrap_or(cores.bench)),
            };
            match counted {
                Ok(figure) => println!("| {} | {} | {figure:.1} |", row.name, column.name),
                Err(Refusal::Absent) => (),
                Err(Refusal::Failed(why)) => println!("| {} | {} | {why} |", row.name, column.name),
            }
        }
    }
    Ok(())
}

fn per_op(row: &Row, column: &Column, core: usize) -> Result<f64, Refusal> {
    let few = (row.quick / 10).max(100);
    let instructions = |amount| match row.work {
        Work::Echo(echo) => crate::echo::instructions(column, core, echo, 10 * amount),
        Work::Idle | Work::Futures | Work::Parked | Work::Worker => Err(Refusal::Absent),
        _ => in_process(row, column, amount),
    };
    let (low, high) = (instructions(few)?, instructions(3 * few)?);
    let ops = if let Work::Echo(_) = row.work { 20 * few } else { 2 * few };
    match high.checked_sub(low) {
        Some(difference) if difference > 0 => Ok(difference as f64 / ops as f64),
        _ => Err(Refusal::Failed("more operations took no more instructions: nothing was counted".into())),
    }
}

fn in_process(row: &Row, column: &Column, amount: u64) -> Result<u64, Refusal> {
    let mut command = callgrind(Some(LOOP));
    command.arg(build::binary(column.package).map_err(Refusal::Failed)?);
    command.args(["count", column.name, row.name, &amount.to_string()]);
    let output = command.output().map_err(|error| Refusal::of("valgrind", error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("does not offer") {
        return Err(Refusal::Absent);
    }
    if !output.status.success() {
        let why = said.lines().rfind(|line| !line.starts_with("==")).unwrap_or("no reason").to_owned();
        return Err(Refusal::Failed(format!("{why} ({})", output.status)));
    }
    collected(&said).map_err(Refusal::Failed)
}

/// callgrind without its file, counting inside `function` or everywhere; the program's words follow.
pub(crate) fn callgrind(function: Option<&str>) -> Command {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    if let Some(function) = function {
        command.arg(format!("--toggle-collect={function}"));
    }
    command
}

/// What callgrind says it collected.
///
/// # Errors
/// When it says nothing of the kind.
pub(crate) fn collected(said: &str) -> Result<u64, String> {
    let line = said.lines().find_map(|line| line.split_once("Collected : "));
    let count = line.and_then(|(_, count)| count.trim().parse().ok());
    count.ok_or_else(|| "callgrind collected nothing".to_owned())
}
