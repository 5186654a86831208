//! The rows: one file per question, one line of [`ROWS`] per row, one arm of [`sample`] per kind of work.

mod blocking;
mod lateness;
mod parked;
mod ping_pong;
mod spawning;
mod start;
mod timers;
mod yielding;

use crate::clock::ns_per_op;
use crate::peers::Peer;

/// What a sample of a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// Spawn and join, one at a time.
    SpawnJoin,
    /// Spawn a batch, then join it.
    SpawnBatch,
    /// Yield in this many tasks.
    Yield(u64),
    /// Hand a value back and forth between two tasks.
    PingPong,
    /// Resident bytes of tasks that are pending for ever.
    Parked,
    /// Insert and cancel timers among many live ones.
    Timers,
    /// How late sleeps are, and what they cost.
    Lateness,
    /// Start a runtime, run nothing, drop it.
    Start,
    /// `spawn_blocking` with the given pause in milliseconds between calls.
    Blocking {
        /// Milliseconds of sleep before each call; 0 is back to back.
        pause_ms: u64,
    },
    /// Echo over this many connections, measured from outside (`run`).
    Echo(usize),
}

/// Where a row's samples are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the bench itself, on one started runtime per peer.
    Here,
    /// Each sample in a fresh child, so that heaps and CPU accounts do not mix.
    Child,
    /// The server in a child on the first core, the load generator here.
    Server,
}

/// One figure of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    /// What is measured.
    pub(crate) name: &'static str,
    /// Its unit, after the figure.
    pub(crate) unit: &'static str,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The name on the command line.
    pub(crate) name: &'static str,
    /// One line for the reader.
    pub(crate) title: &'static str,
    /// What a sample does.
    pub(crate) work: Work,
    /// Where it does it.
    pub(crate) place: Place,
    /// Rounds unless `--rounds` says otherwise.
    pub(crate) rounds: u32,
    /// Operations per sample; milliseconds of load in the echo rows.
    pub(crate) amount: u64,
    /// The figures that a sample returns, in this order.
    pub(crate) measures: &'static [Measure],
}

const TIME: &[Measure] = &[Measure { name: "time per op", unit: "ns" }];
const BYTES: &[Measure] = &[Measure { name: "RSS per task beyond its future", unit: "B" }];
const LATE: &[Measure] = &[
    Measure { name: "lateness p50", unit: "us" },
    Measure { name: "lateness p99", unit: "us" },
    Measure { name: "CPU per sleep", unit: "ns" },
];
const ECHO: &[Measure] = &[
    Measure { name: "server CPU per request", unit: "ns" },
    Measure { name: "requests/s (more is better)", unit: "" },
];

const fn here(name: &'static str, title: &'static str, work: Work, amount: u64) -> Row {
    Row { name, title, work, place: Place::Here, rounds: 20, amount, measures: TIME }
}

const fn child(name: &'static str, title: &'static str, work: Work, amount: u64, m: &'static [Measure]) -> Row {
    Row { name, title, work, place: Place::Child, rounds: 7, amount, measures: m }
}

const fn echo(name: &'static str, title: &'static str, connections: usize) -> Row {
    let work = Work::Echo(connections);
    Row { name, title, work, place: Place::Server, rounds: 7, amount: 2000, measures: ECHO }
}

/// All rows in the order of the table.
pub(crate) const ROWS: &[Row] = &[
    here("spawn-join", "spawn and join, one at a time", Work::SpawnJoin, 50_000),
    here("spawn-batch", "spawn 100, then join all; per task", Work::SpawnBatch, 50_000),
    here("yield-1", "yield_now, 1 task", Work::Yield(1), 50_000),
    here("yield-100", "yield_now, 100 tasks; per yield", Work::Yield(100), 100_000),
    here("ping-pong", "round trip between two tasks", Work::PingPong, 50_000),
    child("parked-rss", "200k tasks parked on an 8-byte future", Work::Parked, 200_000, BYTES),
    here("timers", "insert + cancel a timer, 1M others live", Work::Timers, 50_000),
    child("lateness", "100k sleeps, deadlines uniform in 1 s", Work::Lateness, 100_000, LATE),
    here("start", "runtime start, block_on(ready), drop", Work::Start, 20),
    here("blocking-parked", "spawn_blocking round trip, 1 ms apart", Work::Blocking { pause_ms: 1 }, 50),
    here("blocking-spin", "spawn_blocking round trip, back to back", Work::Blocking { pause_ms: 0 }, 1000),
    echo("echo-1", "TCP echo, 1 connection, 64 B", 1),
    echo("echo-50", "TCP echo, 50 connections, 64 B", 50),
    echo("echo-500", "TCP echo, 500 connections, 64 B", 500),
];

/// Finds a row by its name.
pub(crate) fn find(name: &str) -> Option<Row> {
    ROWS.iter().copied().find(|row| row.name == name)
}

/// Takes one sample of `work` on a started peer.
///
/// # Errors
/// When the peer or the machine refuses; the table then shows why.
pub(crate) fn sample<P: Peer>(peer: &mut P, work: Work, amount: u64) -> Result<Vec<f64>, String> {
    let cx = peer.cx();
    let elapsed = match work {
        Work::SpawnJoin => peer.run(spawning::one_at_a_time::<P>(cx, amount)),
        Work::SpawnBatch => peer.run(spawning::batches::<P>(cx, amount)),
        Work::Yield(tasks) => peer.run(yielding::yields::<P>(cx, tasks, amount)),
        Work::PingPong => peer.run(ping_pong::round_trips::<P>(cx, amount)),
        Work::Timers => peer.run(timers::insert_and_cancel::<P>(cx, amount)),
        Work::Blocking { pause_ms } => peer.run(blocking::round_trips::<P>(amount, pause_ms)),
        Work::Start => start::starts::<P>(amount)?,
        Work::Parked => return peer.run(parked::bytes_per_task::<P>(cx, amount)).map_err(|error| error.to_string()),
        Work::Lateness => return Ok(peer.run(lateness::curve::<P>(cx, amount))),
        Work::Echo(_) => return Err("the echo rows are measured from outside the server".into()),
    };
    Ok(vec![ns_per_op(elapsed, amount)])
}
