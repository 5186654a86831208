//! Instructions per operation: they do not depend on who else uses the machine.
//!
//! The processor counts them where the machine has a counter for it: to the instruction, at full speed, and with the kernel's
//! part. Where it has none, callgrind counts those of user space. It slows a server fifty times, which changes how many requests
//! it finds ready per wait, and it cannot count a server on a ring: while that waits in the kernel, none of its threads is run.
//!
//! A row in a process of its own runs twice, with few and with many operations, and the difference of the two divided by the
//! difference of the operations is the figure, so that what starts a run falls out. An echo row counts the server while it
//! answers. User instructions leave out what a runtime moves into the kernel (io_uring); compare rings by the sum.

use std::process::{Command, Output};

use harness::rows::Place;
use harness::{OnWorkers, Refusal, Retired, Row, Work};

use crate::args::Plan;
use crate::field::Column;
use crate::run::{self, Cores};
use crate::{build, echo};

/// The function of a peer's binary that callgrind is told to watch.
const LOOP: &str = "*count_loop*";
/// Requests of an echo row that the processor counts.
const REQUESTS: u64 = 50_000;

/// Instructions per operation.
struct PerOp {
    user: f64,
    /// With the kernel's.
    all: Option<f64>,
}

/// Counts every row of `plan` on each of its columns and prints a table.
///
/// # Errors
/// When the machine refuses something that no single runtime is to blame for.
pub(crate) fn count(plan: &Plan) -> Result<(), String> {
    let cores = run::cores()?;
    let failures = run::build_all(&plan.columns);
    harness::sys::raise_descriptors().map_err(|error| format!("setrlimit: {error}"))?;
    harness::sys::pin(cores.bench).map_err(|error| format!("sched_setaffinity: {error}"))?;
    println!("| row | runtime | user instructions per operation | with the kernel's |\n|---|---|---:|---:|");
    for row in &plan.rows {
        for column in &plan.columns {
            let counted = match failures.iter().find(|(package, _)| *package == column.package) {
                Some((_, why)) => Err(Refusal::Failed(why.clone())),
                None => per_op(row, column, cores),
            };
            match counted {
                Ok(PerOp { user, all }) => {
                    let all = all.map_or_else(|| "not counted".into(), |all| format!("{all:.1}"));
                    println!("| {} | {} | {user:.1} | {all} |", row.name, column.name);
                }
                Err(Refusal::Absent) => (),
                Err(Refusal::Failed(why)) => println!("| {} | {} | {why} | |", row.name, column.name),
            }
        }
    }
    Ok(())
}

fn per_op(row: &Row, column: &Column, cores: Cores) -> Result<PerOp, Refusal> {
    let core = cores.server.unwrap_or(cores.bench);
    match row.work {
        Work::Echo(echo) => {
            let retired = echo::retired(column, core, echo, REQUESTS)?;
            if let Some(user) = retired.user {
                let of = |count: u64| count as f64 / REQUESTS as f64;
                return Ok(PerOp { user: of(user), all: retired.all.map(of) });
            }
            let few = 10 * (row.quick / 10).max(100);
            slope(few, |amount| Ok(user(echo::under_callgrind(column, core, echo, amount)?)))
        }
        // They count bytes, or wait for another core, which a counted process does not have to itself.
        Work::Idle(_) | Work::Futures | Work::Parked | Work::Worker | Work::PingPongCores { .. } => {
            Err(Refusal::Absent)
        }
        // What they take depends on who waits for whom, and how long.
        Work::Workers(OnWorkers::Skew | OnWorkers::Steals | OnWorkers::Idle | OnWorkers::Wake { .. }) => {
            Err(Refusal::Absent)
        }
        _ if in_process(row, column, 1, cores)?.user.is_some() => {
            slope(row.quick, |amount| in_process(row, column, amount, cores))
        }
        // callgrind is told to watch one function, which the workers' threads are not in.
        Work::Workers(_) => Err(Refusal::Absent),
        _ => slope((row.quick / 10).max(100), |amount| Ok(user(under_callgrind(row, column, amount)?))),
    }
}

fn user(count: u64) -> Retired {
    Retired { user: Some(count), all: None }
}

/// What an operation more takes, between `few` and three times as many.
fn slope(few: u64, mut retired: impl FnMut(u64) -> Result<Retired, Refusal>) -> Result<PerOp, Refusal> {
    let low = retired(few)?;
    let more = retired(3 * few)?.since(low);
    let of = |count: u64| count as f64 / (2 * few) as f64;
    match more.user {
        Some(user) if user > 0 => Ok(PerOp { user: of(user), all: more.all.map(of) }),
        _ => Err(Refusal::Failed("more operations took no more instructions: nothing was counted".into())),
    }
}

/// What the loop of a row took, as the processor counts it.
fn in_process(row: &Row, column: &Column, amount: u64, cores: Cores) -> Result<Retired, Refusal> {
    let command = Command::new(build::binary(column.package).map_err(Refusal::Failed)?);
    let output = run_loop(command, row, column, amount, Some(cores))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let retired = said.lines().find_map(|line| Retired::parse(line.strip_prefix("instructions ")?));
    retired
        .ok_or_else(|| Refusal::Failed(format!("it said '{}' where 'instructions USER ALL' was due", said.trim_end())))
}

fn under_callgrind(row: &Row, column: &Column, amount: u64) -> Result<u64, Refusal> {
    let mut command = callgrind(Some(LOOP));
    command.arg(build::binary(column.package).map_err(Refusal::Failed)?);
    let output = run_loop(command, row, column, amount, None)?;
    collected(&String::from_utf8_lossy(&output.stderr)).map_err(Refusal::Failed)
}

fn run_loop(
    mut command: Command,
    row: &Row,
    column: &Column,
    amount: u64,
    cores: Option<Cores>,
) -> Result<Output, Refusal> {
    command.args(["count", column.name, row.name, &amount.to_string()]);
    if let Some(cores) = cores.filter(|_| row.place == Place::Both) {
        command.args(cores.both().map_err(Refusal::Failed)?);
    }
    let what = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| Refusal::of(&what, error))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if said.contains("does not offer") {
        return Err(Refusal::Absent);
    }
    if !output.status.success() {
        let why = said.lines().rfind(|line| !line.starts_with("==")).unwrap_or("no reason");
        return Err(Refusal::Failed(format!("{why} ({})", output.status)));
    }
    Ok(output)
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
