//! A run: probe the peers, take the rounds (A B C, A B C, …), hand the samples to the report.
//!
//! # Invariants
//! 1. A peer that does not start, or fails a row, appears in the table with the reason; it never just vanishes.
//! 2. Within a round every peer takes its sample before any peer takes the next.
//! 3. In-process rows take one warm-up round that is thrown away.

mod server;

use core::fmt;
use core::time::Duration;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::args::{Child, Plan};
use crate::clock::now;
use crate::load::{Generator, Until};
use crate::peers::{Entry, Runner};
use crate::report::{self, Column, Table};
use crate::rows::{Measure, Place, Row, Work};
use crate::sys;
use server::Server;

/// Load before the measured part of an echo sample: connections are accepted, caches are warm.
const ECHO_WARM_UP: Duration = Duration::from_millis(200);

/// A child that takes longer has hung; the slowest row takes a few seconds.
const CHILD_LIMIT: Duration = Duration::from_secs(60);
/// Between looks at a child: rare, because it shares the core with us.
const CHILD_POLL: Duration = Duration::from_millis(20);

const SYSCALLS: &[Measure] = &[Measure { name: "system calls per request, under strace", unit: "" }];

/// The cores of a run.
#[derive(Clone, Copy, Debug)]
struct Cores {
    /// The bench, its children and the load generator.
    bench: usize,
    /// The echo server; `None` on a machine that grants one core only.
    server: Option<usize>,
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bench on core {}, ", self.bench)?;
        match self.server {
            Some(core) => write!(f, "echo server on core {core}"),
            None => f.write_str("no core for an echo server"),
        }
    }
}

/// Runs `plan` and prints the table; `line` is the command line, for the table's head.
///
/// # Errors
/// When the machine refuses something that no single peer is to blame for.
pub(crate) fn bench(plan: &Plan, line: &[String]) -> Result<(), String> {
    let allowed = sys::allowed_cores().map_err(|error| format!("sched_getaffinity: {error}"))?;
    let cores = match allowed[..] {
        [] => return Err("sched_getaffinity grants no core".into()),
        [only] => Cores { bench: only, server: None },
        [first, second, ..] => Cores { bench: second, server: Some(first) },
    };
    sys::pin(cores.bench).map_err(|error| format!("sched_setaffinity: {error}"))?;

    let mut started = Vec::new();
    let mut tables = Vec::new();
    for peer in &plan.peers {
        eprintln!("probing {}", peer.name);
        // In a child first: a runtime that aborts instead of returning an error must not end the bench (inv. 1).
        let probe = Row { work: Work::Start, name: "start", ..crate::rows::ROWS[0] };
        let alive = sample_in_child(&probe, *peer, 1, cores.bench).and_then(|_| {
            let here = plan.rows.iter().any(|row| row.place == Place::Here);
            if here { (peer.start)().map(Some) } else { Ok(None) }
        });
        if let Err(reason) = &alive {
            eprintln!("  unavailable: {reason}");
        }
        started.push(alive);
    }
    for (index, row) in plan.rows.iter().enumerate() {
        eprint!("row {} of {}: {} ", index + 1, plan.rows.len(), row.name);
        tables.push(rounds(row, plan, &mut started, cores));
        eprintln!();
    }
    if plan.strace {
        tables.push(system_calls(plan, &started, cores));
    }
    let machine = report::Machine::read(line, &plan.peers, &cores.to_string());
    let markdown = report::markdown(&machine, &tables, &plan.peers);
    print!("{markdown}");
    write(plan.markdown.as_deref(), &markdown)?;
    write(plan.json.as_deref(), &report::json(&machine, &tables))
}

/// Takes all rounds of one row.
fn rounds(row: &Row, plan: &Plan, started: &mut [Result<Option<Box<dyn Runner>>, String>], cores: Cores) -> Table {
    let rounds = plan.rounds.unwrap_or(row.rounds);
    let mut columns: Vec<Column> = plan
        .peers
        .iter()
        .zip(started.iter())
        .map(|(peer, alive)| Column {
            peer: peer.name,
            samples: Vec::new(),
            failure: alive.as_ref().err().map(|reason| format!("unavailable: {reason}")),
        })
        .collect();
    let warm_ups = u32::from(row.place == Place::Here);
    for round in 0..rounds + warm_ups {
        for ((column, peer), runner) in columns.iter_mut().zip(&plan.peers).zip(started.iter_mut()) {
            if column.failure.is_some() {
                continue;
            }
            let sample = match (row.place, runner) {
                (Place::Here, Ok(Some(runner))) => runner.sample(row.work, row.amount),
                (Place::Here, _) => Err("was not started".into()),
                (Place::Child, _) => sample_in_child(row, *peer, row.amount, cores.bench),
                (Place::Server, _) => sample_echo(row, *peer, cores),
            };
            match sample {
                Ok(_) if round < warm_ups => (),
                Ok(sample) => column.samples.push(sample),
                Err(reason) => column.failure = Some(format!("failed: {reason}")),
            }
        }
        eprint!(".");
        let _ = std::io::stderr().flush();
    }
    Table { name: row.name, title: row.title.to_owned(), measures: row.measures, columns }
}

/// Takes one sample in a fresh child.
fn sample_in_child(row: &Row, peer: Entry, amount: u64, core: usize) -> Result<Vec<f64>, String> {
    let mut command = child_command(row, peer, amount, core)?;
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut process = spawned.map_err(|error| format!("cannot start a child: {error}"))?;
    let failed = |error| format!("cannot wait for a child: {error}");
    let begin = now();
    // A child prints less than a pipe holds, so it can be read after its end.
    while process.try_wait().map_err(failed)?.is_none() {
        if begin.elapsed() > CHILD_LIMIT {
            process.kill().map_err(failed)?;
            process.wait().map_err(failed)?;
            return Err(format!("no result after {CHILD_LIMIT:?}"));
        }
        std::thread::park_timeout(CHILD_POLL);
    }
    let output = process.wait_with_output().map_err(failed)?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let said: Vec<&str> = stderr.lines().map(str::trim).filter(|line| !line.is_empty()).take(3).collect();
        return Err(format!("{} ({})", said.join(" / "), output.status));
    }
    let figures = String::from_utf8_lossy(&output.stdout);
    let parsed: Option<Vec<f64>> = figures.split_ascii_whitespace().map(|figure| figure.parse().ok()).collect();
    parsed.filter(|figures| !figures.is_empty()).ok_or_else(|| format!("a child printed '{}'", figures.trim()))
}

/// The command line of a child of this program.
fn child_command(row: &Row, peer: Entry, amount: u64, core: usize) -> Result<Command, String> {
    let exe = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut command = Command::new(exe);
    command.args(["--child", row.name, "--peer", peer.name]);
    command.args(["--ops", &amount.to_string(), "--core", &core.to_string()]);
    Ok(command)
}

/// Runs a server for one sample: CPU nanoseconds per request, requests per second.
fn sample_echo(row: &Row, peer: Entry, cores: Cores) -> Result<Vec<f64>, String> {
    let core = cores.server.ok_or("needs two cores, one for the server")?;
    let mut server = Server::start(&mut child_command(row, peer, row.amount, core)?)?;
    let mut load = connect(&server, row)?;
    let failed = |error| format!("load: {error}");
    load.run(Until::Elapsed(ECHO_WARM_UP)).map_err(failed)?;
    let limit = Duration::from_millis(row.amount);
    let before = server.cpu()?;
    let requests = load.run(Until::Elapsed(limit)).map_err(failed)?;
    let cpu = server.cpu()?.saturating_sub(before);
    server.stop()?;
    Ok(vec![cpu.as_nanos() as f64 / requests as f64, requests as f64 / limit.as_secs_f64()])
}

fn connect(server: &Server, row: &Row) -> Result<Generator, String> {
    let Work::Echo(connections) = row.work else { return Err("only echo rows have a server".into()) };
    Generator::connect(server.port(), connections).map_err(|error| format!("connect: {error}"))
}

/// Counts the system calls of each peer's server at 50 connections, once, under strace.
fn system_calls(plan: &Plan, started: &[Result<Option<Box<dyn Runner>>, String>], cores: Cores) -> Table {
    eprintln!("system calls under strace");
    let columns = plan.peers.iter().zip(started).map(|(peer, alive)| {
        let counted = match alive {
            Err(reason) => Err(format!("unavailable: {reason}")),
            Ok(_) => count_system_calls(*peer, cores).map_err(|reason| format!("failed: {reason}")),
        };
        let (samples, failure) = counted.map_or_else(|why| (vec![], Some(why)), |calls| (vec![vec![calls]], None));
        Column { peer: peer.name, samples, failure }
    });
    let columns = columns.collect();
    let title = "system calls at 50 connections; start-up included, and strace slows the server".to_owned();
    Table { name: "echo-50-calls", title, measures: SYSCALLS, columns }
}

fn count_system_calls(peer: Entry, cores: Cores) -> Result<f64, String> {
    let row = crate::rows::find("echo-50").ok_or("there is no row echo-50")?;
    let core = cores.server.ok_or("needs two cores, one for the server")?;
    let summary = std::env::temp_dir().join(format!("bespoke-peers-{}.strace", std::process::id()));
    let inner = child_command(&row, peer, row.amount, core)?;
    let mut command = Command::new("strace");
    command.args(["-c", "-f", "-o"]).arg(&summary).arg(inner.get_program()).args(inner.get_args());
    let server = Server::start(&mut command)?;
    let run = connect(&server, &row)?.run(Until::Elapsed(Duration::from_millis(row.amount)));
    let requests = run.map_err(|error| format!("load: {error}"))?;
    server.stop()?;
    let text = std::fs::read_to_string(&summary).map_err(|error| format!("strace left no summary: {error}"))?;
    let _ = std::fs::remove_file(&summary);
    // `% time, seconds, usecs/call, calls, [errors,] total`
    let total = text.lines().find(|line| line.trim_end().ends_with(" total"));
    let calls: Option<u64> = total.and_then(|line| line.split_ascii_whitespace().nth(3)?.parse().ok());
    Ok(calls.ok_or("strace's summary has no total")? as f64 / requests as f64)
}

/// What a child does: one sample, printed on standard output, or a server.
///
/// # Errors
/// When the peer does not start or the sample fails; the parent shows the line.
pub(crate) fn child(child: &Child) -> Result<(), String> {
    sys::pin(child.core).map_err(|error| format!("cannot pin to core {}: {error}", child.core))?;
    let mut runner = (child.what.peer.start)()?;
    if let Work::Echo(_) = child.what.row.work {
        return server::serve(runner.as_mut());
    }
    let sample = runner.sample(child.what.row.work, child.what.ops)?;
    let figures: Vec<String> = sample.iter().map(f64::to_string).collect();
    println!("{}", figures.join(" "));
    // Freeing what the sample left behind (200k parked tasks) is nobody's figure.
    std::process::exit(0)
}

fn write(path: Option<&str>, text: &str) -> Result<(), String> {
    path.map_or(Ok(()), |path| std::fs::write(path, text).map_err(|error| format!("cannot write {path}: {error}")))
}
