//! A run: build the binaries, take the rounds (A B C C B A …), hand the samples to the table.
//!
//! # Invariants
//! 1. A runtime that does not build, does not start, or fails a row, appears in the table with the reason; it never just
//!    vanishes. One that has no such part is left out of the row.
//! 2. Within a round every runtime takes its sample before any takes the next. Every other round goes backwards, so that a
//!    steady drift of the machine favours nobody.
//! 3. Rows of agents take one warm-up round that is thrown away. Who needs longer than [`SAMPLE_MAX`] for it takes the samples of a
//!    quick run from then on: fewer operations, of the same kind.

use core::fmt;
use core::time::Duration;
use std::collections::HashMap;
use std::io::Write;
use std::process::Command;
use std::time::Instant;

use harness::clock::now;
use harness::rows::{Bytes, Place, Work};
use harness::{Refusal, Row, Sampled, sys};

use crate::agent::Agent;
use crate::args::{Joined, Plan};
use crate::compare::{Counter, Samples, Table};
use crate::field::{self, Column, Said, Side};
use crate::machine::Machine;
use crate::sittings::{Book, Sittings};
use crate::{build, echo, plot, table};

/// The cores of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cores {
    /// The driver with its load, and the agents.
    pub(crate) bench: usize,
    /// The servers; `None` on a machine that grants one core only.
    pub(crate) server: Option<usize>,
}

impl Cores {
    /// Both, as an agent's arguments.
    ///
    /// # Errors
    /// On a machine that grants one.
    pub(crate) fn both(self) -> Result<[String; 2], String> {
        let other = self.server.ok_or("needs two cores")?;
        Ok([self.bench.to_string(), other.to_string()])
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bench and load on core {}, ", self.bench)?;
        match self.server {
            Some(core) => write!(f, "echo server on core {core}, rows of two workers on both"),
            None => f.write_str("no core for an echo server"),
        }
    }
}

/// The cores that this process may use.
///
/// # Errors
/// When the system does not tell.
pub(crate) fn cores() -> Result<Cores, String> {
    let allowed = sys::allowed_cores().map_err(|error| format!("sched_getaffinity: {error}"))?;
    match allowed[..] {
        [] => Err("sched_getaffinity grants no core".into()),
        [only] => Ok(Cores { bench: only, server: None }),
        [first, second, ..] => Ok(Cores { bench: second, server: Some(first) }),
    }
}

/// Runs `plan`, prints the table and writes what else is asked for; `line` is the command line, for the table's head.
///
/// # Errors
/// When the machine refuses something that no single runtime is to blame for.
pub(crate) fn bench(plan: &Plan, line: &[String]) -> Result<(), String> {
    let begin = now();
    let book = plan.json.as_deref().map(|path| Book::open(path, plan.append)).transpose()?;
    let mut sitting = Sitting { plan, line, book, machine: Machine::default() };
    let (tables, said) = measure(plan, &mut sitting)?;
    let Sitting { mut machine, book, .. } = sitting;
    let (_, took) = machine.ends(begin.elapsed());
    if let Some(mut book) = book {
        book.ends(took)?;
    }
    let markdown = table::markdown(&machine, &tables, &said, plan.quick);
    print!("{markdown}");
    write(plan.markdown.as_deref(), &markdown)?;
    plan.plots.as_deref().map_or(Ok(()), |folder| plot::draw(&tables, folder))
}

/// Prints one table of the sittings in `joined.files`, and writes what else is asked for. Nothing is measured.
///
/// # Errors
/// When the files cannot be read, or do not belong together.
pub(crate) fn join(joined: &Joined) -> Result<(), String> {
    let sittings = Sittings::read(&joined.files)?;
    let markdown = table::markdown(&sittings.machine(), &sittings.tables, &sittings.said, sittings.quick());
    print!("{markdown}");
    write(joined.markdown.as_deref(), &markdown)?;
    joined.plots.as_deref().map_or(Ok(()), |folder| plot::draw(&sittings.tables, folder))
}

/// What hears of a run while it goes on.
pub(crate) trait Hears {
    /// All columns were asked what they are; the first row begins.
    ///
    /// # Errors
    /// Why the run must not begin.
    fn begins(&mut self, _: &SaidOf, _: Cores) -> Result<(), String> {
        Ok(())
    }

    /// Is this row to be left out?
    fn skips(&self, _row: &str) -> bool {
        false
    }

    /// A row is over.
    ///
    /// # Errors
    /// Why the run must not go on.
    fn row(&mut self, _: &Table) -> Result<(), String> {
        Ok(())
    }
}

/// Nobody.
impl Hears for () {}

/// A run that writes down what it has measured, as it goes.
struct Sitting<'a> {
    plan: &'a Plan,
    line: &'a [String],
    book: Option<Book>,
    machine: Machine,
}

impl Hears for Sitting<'_> {
    fn begins(&mut self, said: &SaidOf, cores: Cores) -> Result<(), String> {
        self.machine = Machine::read(self.line, self.plan, said, &cores.to_string());
        self.book.as_mut().map_or(Ok(()), |book| book.begins(&self.machine, said))
    }

    fn skips(&self, row: &str) -> bool {
        self.book.as_ref().is_some_and(|book| book.has(row))
    }

    fn row(&mut self, table: &Table) -> Result<(), String> {
        self.book.as_mut().map_or(Ok(()), |book| book.row(table))
    }
}

/// What each binary says of its columns, by the column's name.
pub(crate) type SaidOf = HashMap<&'static str, Said>;

/// Builds what `plan` needs and takes all its samples, as far as its time goes.
///
/// # Errors
/// As [`bench`], and what `hears` says.
pub(crate) fn measure(plan: &Plan, hears: &mut impl Hears) -> Result<(Vec<Table>, SaidOf), String> {
    let begin = now();
    let failures = build_all(&plan.columns);
    let cores = cores()?;
    sys::raise_descriptors().map_err(|error| format!("setrlimit: {error}"))?;
    // After the builds, which may use every core.
    sys::pin(cores.bench).map_err(|error| format!("sched_setaffinity: {error}"))?;
    let mut said = SaidOf::new();
    let mut field: Vec<Runtime> = Vec::new();
    for &column in &plan.columns {
        let built = failures.iter().find(|(package, _)| *package == column.package).map(|(_, why)| Err(why.clone()));
        let alive = built.unwrap_or(Ok(())).and_then(|()| field::ask(&column)).and_then(|words| {
            said.insert(column.name, words);
            agent(&column, cores)
        });
        let runtime = match alive {
            Ok(agent) => Runtime { column, agent: Some(agent), failure: None },
            Err(why) => {
                eprintln!("{}: unavailable: {why}", column.name);
                Runtime { column, agent: None, failure: Some(format!("unavailable: {why}")) }
            }
        };
        field.push(runtime);
    }
    hears.begins(&said, cores)?;
    let mut tables = Vec::new();
    // A quick run has time for the system calls of one row.
    let counted = plan.rows.iter().filter(|row| !plan.quick || row.name == "echo-50");
    let counted = counted.filter_map(|row| if let Work::Echo(echo) = row.work { Some((row, echo)) } else { None });
    let counted = counted.flat_map(|(row, echo)| plan.calls.iter().map(move |by| (row, Some((echo, *by)))));
    let all: Vec<_> = plan.rows.iter().map(|row| (row, None)).chain(counted).collect();
    for (index, (row, echo)) in all.iter().enumerate() {
        let name = echo.map_or_else(|| row.name.to_owned(), |(_, by)| Table::system_calls(row, by).name);
        if hears.skips(&name) {
            continue;
        }
        if is_over(begin.elapsed(), plan.within) {
            eprintln!(
                "{:>4} s, the time is over: {} and what comes after it are left",
                begin.elapsed().as_secs(),
                name
            );
            break;
        }
        eprint!("{:>4} s, row {} of {}: {name} ", begin.elapsed().as_secs(), index + 1, all.len());
        let table = match *echo {
            Some((echo, by)) => system_calls(row, echo, by, &field, cores),
            None => rounds(row, plan, &mut field, cores),
        };
        eprintln!();
        hears.row(&table)?;
        tables.push(table);
    }
    Ok((tables, said))
}

/// May no row begin any more?
fn is_over(elapsed: Duration, within: Option<u32>) -> bool {
    within.is_some_and(|minutes| elapsed >= Duration::from_secs(60 * u64::from(minutes)))
}

/// Builds the packages of `columns`; returns those that do not build, and why.
pub(crate) fn build_all(columns: &[Column]) -> Vec<(&'static str, String)> {
    let mut packages: Vec<&'static str> = columns.iter().map(|column| column.package).collect();
    packages.dedup();
    packages.sort_unstable();
    packages.dedup();
    let mut failures = Vec::new();
    for package in packages {
        let begin: Instant = now();
        eprint!("building {package} ");
        match build::build(package) {
            Ok(()) => eprintln!("({:.0} s)", begin.elapsed().as_secs_f64()),
            Err(why) => {
                eprintln!("failed");
                failures.push((package, why));
            }
        }
    }
    failures
}

/// A column of the run.
#[derive(Debug)]
struct Runtime {
    column: Column,
    agent: Option<Agent>,
    failure: Option<String>,
}

/// Takes all rounds of one row.
fn rounds(row: &Row, plan: &Plan, field: &mut [Runtime], cores: Cores) -> Table {
    let rounds = plan.rounds.unwrap_or(if plan.quick { QUICK_ROUNDS.min(row.rounds) } else { row.rounds });
    let mut amounts = vec![if plan.quick { row.quick } else { row.amount }; field.len()];
    let mut table = Table::new(row);
    let blank =
        |runtime: &Runtime| Samples { column: runtime.column, rounds: Vec::new(), failure: runtime.failure.clone() };
    table.columns = field.iter().map(blank).collect();
    // Once for all: who finds the file takes it. Why there is none, each says itself.
    let _bytes = (row.work == Work::DirectRead).then(Bytes::new);
    let mut absent = vec![false; field.len()];
    let warm_ups = u32::from(row.place == Place::Agent);
    for round in 0..rounds + warm_ups {
        let forth: Vec<usize> = (0..field.len()).collect();
        let order: Vec<usize> = if round % 2 == 0 { forth } else { forth.into_iter().rev().collect() };
        for index in order {
            let samples = &mut table.columns[index];
            if samples.failure.is_some() || absent[index] {
                continue;
            }
            let begin = now();
            match sample(row, &mut field[index], amounts[index], cores) {
                Ok(_) if round < warm_ups => {
                    if begin.elapsed() > SAMPLE_MAX {
                        amounts[index] = row.quick;
                    }
                }
                Ok(figures) => samples.rounds.push(figures),
                Err(Refusal::Absent) => absent[index] = true,
                Err(Refusal::Failed(why)) => samples.failure = Some(format!("failed: {why}")),
            }
        }
        eprint!(".");
        // The dots are for the eye; a standard error that takes none is no reason to stop.
        let _ = std::io::stderr().flush();
    }
    let mut absent = absent.into_iter();
    // What does not start cannot say which rows it would have had: a runtime is told in every row, a floor in none.
    table.columns.retain(|samples| {
        let unknown = samples.column.side == Side::Floor && is_unavailable(samples);
        absent.next() == Some(false) && !unknown
    });
    table
}

fn is_unavailable(samples: &Samples) -> bool {
    samples.failure.as_deref().is_some_and(|why| why.starts_with("unavailable"))
}

/// So long a sample of an agent should take: one runtime that is a hundred times slower than the others in a row would take most of
/// the time of the run.
const SAMPLE_MAX: Duration = Duration::from_secs(3);

/// Rounds of a quick run: the fewest that have a 95 % interval.
const QUICK_ROUNDS: u32 = 6;

fn sample(row: &Row, runtime: &mut Runtime, amount: u64, cores: Cores) -> Sampled {
    match row.place {
        Place::Server => {
            let core = cores.server.ok_or(Refusal::Failed("needs two cores, one for the server".into()))?;
            echo::sample(row, &runtime.column, core, amount)
        }
        Place::Fresh => agent(&runtime.column, cores).map_err(Refusal::Failed)?.sample(row, amount),
        Place::Both => agent_on_both(&runtime.column, cores).map_err(Refusal::Failed)?.sample(row, amount),
        Place::Agent => {
            let mut up = match runtime.agent.take() {
                Some(agent) => agent,
                // The last one failed a row; this row has nothing to do with it.
                None => agent(&runtime.column, cores).map_err(Refusal::Failed)?,
            };
            let sampled = up.sample(row, amount);
            if !matches!(sampled, Err(Refusal::Failed(_))) {
                runtime.agent = Some(up);
            }
            sampled
        }
    }
}

fn agent(column: &Column, cores: Cores) -> Result<Agent, String> {
    let mut command = Command::new(build::binary(column.package)?);
    let other = cores.server.map_or_else(|| "-".to_owned(), |core| core.to_string());
    command.args(["agent", column.name, &cores.bench.to_string(), &other]);
    Agent::start(command)
}

/// As [`agent`], with both cores to run on.
fn agent_on_both(column: &Column, cores: Cores) -> Result<Agent, String> {
    let mut command = Command::new(build::binary(column.package)?);
    command.args(["agent", column.name]).args(cores.both()?).arg("both");
    Agent::start(command)
}

/// Counts the system calls of each server of a row, once.
fn system_calls(row: &Row, echo: harness::rows::Echo, by: Counter, field: &[Runtime], cores: Cores) -> Table {
    let mut table = Table::system_calls(row, by);
    for runtime in field {
        let counted = match (&runtime.failure, cores.server) {
            (Some(why), _) => Err(Refusal::Failed(why.clone())),
            (None, None) => Err(Refusal::Failed("needs two cores, one for the server".into())),
            (None, Some(core)) => echo::system_calls(&runtime.column, core, echo, by),
        };
        let (rounds, failure) = match counted {
            Ok(calls) => (vec![vec![calls]], None),
            Err(Refusal::Absent) => continue,
            Err(Refusal::Failed(_)) if runtime.column.side == Side::Floor => continue,
            Err(Refusal::Failed(why)) => (vec![], Some(format!("failed: {why}"))),
        };
        table.columns.push(Samples { column: runtime.column, rounds, failure });
    }
    table
}

fn write(path: Option<&str>, text: &str) -> Result<(), String> {
    path.map_or(Ok(()), |path| std::fs::write(path, text).map_err(|error| format!("cannot write {path}: {error}")))
}

/// A duration in whole seconds, for the table's head.
pub(crate) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitting_begins_no_row_when_its_time_is_over() {
        assert!(!is_over(Duration::from_secs(59), Some(1)));
        assert!(is_over(Duration::from_secs(60), Some(1)));
        assert!(!is_over(Duration::from_secs(1_000_000), None));
    }
}
