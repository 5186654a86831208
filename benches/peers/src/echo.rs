//! Samples that are taken from outside the runtime: echo, idle connections, system calls.

use core::time::Duration;
use std::path::PathBuf;
use std::process::Command;

use harness::clock::now;
use harness::rows::{Echo, Idle, Over};
use harness::{Refusal, Retired, Row, Sampled, Work, stats};

use crate::build;
use crate::compare::Counter;
use crate::field::Column;
use crate::load::{Generator, Until};
use crate::server::Server;
use crate::socket::Target;

/// Load before the measured part: caches are warm.
const WARM_UP: Duration = Duration::from_millis(100);
/// Connections where the slope of idle memory begins.
const IDLE_FROM: usize = 5000;
/// More than one process has descriptors for: what the slope comes to.
const IDLE_MANY: f64 = 100_000.0;
/// Bytes of a server's buffer where a message has 64.
const SMALL: usize = 1024;

/// One server on `core` for one sample of `row`.
pub(crate) fn sample(row: &Row, column: &Column, core: usize, amount: u64) -> Sampled {
    match row.work {
        Work::Echo(echo) => loaded(column, core, echo, Duration::from_millis(amount)),
        Work::Idle(row) => idle(column, core, row, amount as usize),
        _ => Err(Refusal::Failed("this row has no server".into())),
    }
}

/// CPU nanoseconds per request, requests per second, latencies in microseconds, and the instructions per request that are
/// counted.
fn loaded(column: &Column, core: usize, echo: Echo, limit: Duration) -> Sampled {
    let at = Address::of(echo.over);
    let mut server = Server::start(&mut command(column, core, &at, buffer(echo.message))?)?;
    let mut load = load(&server, &at, echo.message)?;
    let failed = |error| Refusal::of("load", error);
    load.grow(echo.connections).map_err(failed)?;
    load.run(Until::Elapsed(WARM_UP)).map_err(failed)?;
    let before = server.used().map_err(Refusal::Failed)?;
    let begin = now();
    let requests = load.run(Until::Elapsed(limit)).map_err(failed)?;
    let elapsed = begin.elapsed();
    let after = server.used().map_err(Refusal::Failed)?;
    let (cpu, retired) = (after.cpu.saturating_sub(before.cpu), after.retired.since(before.retired));
    server.stop().map_err(Refusal::Failed)?;
    if cpu.is_zero() {
        return Err(Refusal::Failed("the server used no time: nothing was measured".into()));
    }
    let latencies = load.latencies();
    let us = |p| stats::quantile(latencies, p) as f64 / 1e3;
    let per_second = requests as f64 / elapsed.as_secs_f64();
    let mut figures = vec![cpu.as_nanos() as f64 / requests as f64, per_second, us(0.5), us(0.99), us(0.999)];
    let counts = [retired.user, retired.all].into_iter().map_while(|count| count);
    figures.extend(counts.map(|count| count as f64 / requests as f64));
    Ok(figures)
}

/// Bytes per idle connection: the slope between two numbers of connections, so that what a server has from the start falls out.
fn idle(column: &Column, core: usize, row: Idle, connections: usize) -> Sampled {
    let at = Address::of(Over::Tcp);
    let mut server = Server::start(&mut command(column, core, &at, row.buffer)?)?;
    let mut load = load(&server, &at, 64)?;
    let mut resident = |count| -> Result<u64, Refusal> {
        load.grow(count).map_err(|error| Refusal::of("load", error))?;
        server.used().map(|used| used.resident).map_err(Refusal::Failed)
    };
    let (few, many) = (resident(IDLE_FROM)?, resident(connections)?);
    server.stop().map_err(Refusal::Failed)?;
    let slope = many.saturating_sub(few) as f64 / (connections - IDLE_FROM) as f64;
    Ok(if row.beyond {
        vec![(slope - row.buffer as f64).max(0.0)]
    } else {
        vec![slope, slope * IDLE_MANY / f64::from(1 << 20)]
    })
}

/// System calls per request of a server; the start is in the figure.
pub(crate) fn system_calls(column: &Column, core: usize, echo: Echo, by: Counter) -> Result<f64, Refusal> {
    let at = Address::of(echo.over);
    let summary = std::env::temp_dir().join(format!("bespoke-peers-{}.calls", std::process::id()));
    let inner = command(column, core, &at, buffer(echo.message))?;
    let mut outer = match by {
        Counter::Strace => Command::new("strace"),
        Counter::Kernel => Command::new("perf"),
    };
    match by {
        Counter::Strace => outer.args(["-c", "-f", "-o"]).arg(&summary),
        Counter::Kernel => {
            outer.args(["stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-o"]).arg(&summary).arg("--")
        }
    };
    outer.arg(inner.get_program()).args(inner.get_args());
    let server = Server::start(&mut outer)?;
    let mut load = load(&server, &at, echo.message)?;
    let failed = |error| Refusal::of("load", error);
    load.grow(echo.connections).map_err(failed)?;
    let requests = load.run(Until::Elapsed(Duration::from_secs(1))).map_err(failed)?;
    server.stop().map_err(Refusal::Failed)?;
    let text = std::fs::read_to_string(&summary).map_err(|error| Refusal::of("there is no summary", error))?;
    // The figures are read; a summary that cannot be removed harms nobody.
    let _ = std::fs::remove_file(&summary);
    let calls = counted(&text, by).ok_or_else(|| Refusal::Failed(format!("the summary has no total: {text}")))?;
    Ok(calls as f64 / (requests + echo.connections as u64) as f64)
}

/// What a summary says of all calls.
fn counted(summary: &str, by: Counter) -> Option<u64> {
    match by {
        // `% time, seconds, usecs/call, calls, [errors,] total`
        Counter::Strace => {
            let total = summary.lines().find(|line| line.trim_end().ends_with(" total"))?;
            total.split_ascii_whitespace().nth(3)?.parse().ok()
        }
        // `count,unit,event,…`
        Counter::Kernel => {
            let line = summary.lines().find(|line| line.contains("raw_syscalls:sys_enter"))?;
            line.split(',').next()?.parse().ok()
        }
    }
}

/// Instructions that the processor counts of a server that answers `requests` requests, after a tenth of them as a warm-up.
pub(crate) fn retired(column: &Column, core: usize, echo: Echo, requests: u64) -> Result<Retired, Refusal> {
    let at = Address::of(echo.over);
    let mut server = Server::start(&mut command(column, core, &at, buffer(echo.message))?)?;
    let mut load = load(&server, &at, echo.message)?;
    let failed = |error| Refusal::of("load", error);
    load.grow(echo.connections).map_err(failed)?;
    load.run(Until::Requests(requests / 10)).map_err(failed)?;
    let before = server.used().map_err(Refusal::Failed)?.retired;
    load.run(Until::Requests(requests)).map_err(failed)?;
    let after = server.used().map_err(Refusal::Failed)?.retired;
    server.stop().map_err(Refusal::Failed)?;
    Ok(after.since(before))
}

/// Instructions of a server that answered `requests` requests, under callgrind, its start included.
pub(crate) fn under_callgrind(column: &Column, core: usize, echo: Echo, requests: u64) -> Result<u64, Refusal> {
    let at = Address::of(echo.over);
    let inner = command(column, core, &at, buffer(echo.message))?;
    let mut outer = crate::count::callgrind(None);
    outer.arg(inner.get_program()).args(inner.get_args());
    let mut server = Server::start(&mut outer)?;
    let mut load = load(&server, &at, echo.message)?;
    let failed = |error| Refusal::of("load", error);
    load.grow(echo.connections).map_err(failed)?;
    load.run(Until::Requests(requests)).map_err(failed)?;
    server.used().map_err(Refusal::Failed)?;
    crate::count::collected(&server.stop_and_hear().map_err(Refusal::Failed)?).map_err(Refusal::Failed)
}

fn buffer(message: usize) -> usize {
    if message < SMALL { SMALL } else { 2 * message }
}

fn load(server: &Server, at: &Address, message: usize) -> Result<Generator, Refusal> {
    let target = match at {
        Address::Tcp => Target::Tcp(server.port()),
        Address::Udp => Target::Udp(server.port()),
        Address::Unix(path) => Target::Unix(path.clone()),
    };
    Generator::new(target, message).map_err(|error| Refusal::of("load", error))
}

fn command(column: &Column, core: usize, at: &Address, buffer: usize) -> Result<Command, Refusal> {
    let mut command = Command::new(build::binary(column.package).map_err(Refusal::Failed)?);
    command.args(["serve", column.name, &core.to_string(), &at.word(), &buffer.to_string()]);
    Ok(command)
}

/// Where a server is told to listen. Dropping it removes the file of a Unix socket.
#[derive(Debug)]
enum Address {
    Tcp,
    Udp,
    Unix(PathBuf),
}

impl Address {
    fn of(over: Over) -> Self {
        match over {
            Over::Tcp => Self::Tcp,
            Over::Udp => Self::Udp,
            Over::Unix => {
                let path = std::env::temp_dir().join(format!("bespoke-peers-{}.socket", std::process::id()));
                // One of an earlier server of this process; if it stays, binding says so.
                let _ = std::fs::remove_file(&path);
                Self::Unix(path)
            }
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Tcp => "tcp".into(),
            Self::Udp => "udp".into(),
            Self::Unix(path) => format!("unix:{}", path.display()),
        }
    }
}

impl Drop for Address {
    fn drop(&mut self) {
        if let Self::Unix(path) = self {
            // Some servers have removed it themselves.
            let _ = std::fs::remove_file(path);
        }
    }
}
