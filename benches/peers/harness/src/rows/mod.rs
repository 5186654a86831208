//! The rows: one file per question, one line of [`ROWS`] per row.
//!
//! A binary offers rows by calling, for each part that its runtime has, the function of that part: [`tasks`], [`times`],
//! [`threads`], [`files`], [`direct`], [`processes`], [`oneshot`], [`mpsc`], [`notify`], [`submits`], [`workers`], [`steals`],
//! [`pairs`]. Each answers `None` for rows that are not its own. The rows of [`Place::Server`] are measured by the driver, from
//! outside.

mod blocking;
mod channels;
mod cores;
mod direct;
mod files;
mod futures;
mod lateness;
mod parked;
mod ping_pong;
mod prepares;
mod processes;
mod spawning;
mod start;
mod submits;
mod timers;
mod worker;
mod workers;
mod yielding;

use core::time::Duration;

use crate::clock::ns_per_op;
use crate::{Direct, Files, Mpsc, Nops, Notify, Oneshot, Peer, Processes, Refusal, Sampled, Tasks};

pub use direct::{Blocks, Bytes, DEPTH, Spent};
pub use files::FILE_BYTES;
pub use timers::Live;
pub use workers::{Skew, idle_cpu, pairs, steals, workers};

/// What a sample of a row does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Spawn and join, one at a time.
    SpawnJoin,
    /// Spawn a batch, then join it.
    SpawnBatch,
    /// Yield in this many tasks.
    Yield(u64),
    /// Hand a value back and forth between two tasks.
    PingPong,
    /// The same between two threads with a runtime each.
    PingPongCores {
        /// Whether who waits yields until the value is there, instead of sleeping.
        spin: bool,
    },
    /// Resident bytes of tasks that are pending for ever.
    Parked,
    /// Insert and cancel timers among this many live ones.
    Timers(Live),
    /// How late sleeps are, and what they cost.
    Lateness,
    /// Start a runtime, run nothing, drop it.
    Start,
    /// `spawn_blocking` with the given pause in milliseconds between calls.
    Blocking {
        /// Milliseconds of sleep before each call; 0 is back to back.
        pause_ms: u64,
    },
    /// A channel of one value, per request.
    Oneshot,
    /// A queue of limited length between two tasks.
    Mpsc,
    /// Two tasks that notify each other.
    Notify,
    /// Read a cached file.
    FileRead,
    /// Read a file past the page cache, at random places, many reads at once.
    DirectRead,
    /// Start a child and wait for its end.
    Process,
    /// Memory of a runtime that has nothing to do.
    Worker,
    /// Sizes of futures.
    Futures,
    /// What several workers of one runtime do.
    Workers(OnWorkers),
    /// Echo, measured from outside.
    Echo(Echo),
    /// Resident bytes per idle connection, measured from outside.
    Idle(Idle),
    /// Allocate and free what a small task needs; floors only.
    Allocate,
    /// Switch to another stack and back; floors only.
    Switch,
    /// Submit no-operations to a ring, a batch per system call.
    Submit,
    /// Write entries into the queue of a ring, without a system call.
    Prepare,
}

/// What several workers of one runtime do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnWorkers {
    /// Spawn and join, one at a time.
    SpawnJoin,
    /// Yield in this many tasks.
    Yield(u64),
    /// Hand a value back and forth between two tasks.
    PingPong,
    /// Compute parts of different length.
    Skew,
    /// Tasks that are spawned on one worker and run on another.
    Steals,
    /// Start a runtime with its workers, run one task that is ready, end it.
    Start,
    /// Have nothing to do.
    Idle,
    /// Hand a value back and forth between a thread and a task on another core.
    Wake {
        /// Whether who waits yields until the value is there, instead of sleeping.
        spin: bool,
    },
}

/// The connections of a row about memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Bytes that each asks for, while none come.
    pub buffer: usize,
    /// Is a buffer of that size left out of the figure? Else it is what it takes altogether, with what follows for many.
    pub beyond: bool,
}

/// The load of an echo row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Echo {
    /// Over which sockets.
    pub over: Over,
    /// Connections at once, each with one message under way.
    pub connections: usize,
    /// Bytes of a message.
    pub message: usize,
}

/// The sockets of an echo row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// TCP on the loopback.
    Tcp,
    /// UDP on the loopback.
    Udp,
    /// Unix stream sockets.
    Unix,
}

/// Where a row's samples are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// By the variant's agent, which stays for the whole run.
    Agent,
    /// Each sample in a fresh agent, so that heaps and CPU accounts do not mix.
    Fresh,
    /// Each sample in a fresh agent that may use both cores.
    Both,
    /// A server on the first core, the load in the driver on the second.
    Server,
}

/// One figure of a row.
#[derive(Clone, Copy, Debug)]
pub struct Measure {
    /// What is measured.
    pub name: &'static str,
    /// Its unit, after the figure.
    pub unit: &'static str,
    /// Whether more is better.
    pub more: bool,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The name on the command line.
    pub name: &'static str,
    /// One line for the reader.
    pub title: &'static str,
    /// What a sample does.
    pub work: Work,
    /// Where it does it.
    pub place: Place,
    /// Rounds of a full run, unless the command line says otherwise.
    pub rounds: u32,
    /// Operations per sample of a full run; milliseconds of load in the rows of [`Place::Server`].
    pub amount: u64,
    /// The same in a quick run.
    pub quick: u64,
    /// The figures that a sample returns, in this order.
    pub measures: &'static [Measure],
}

const fn less(name: &'static str, unit: &'static str) -> Measure {
    Measure { name, unit, more: false }
}

const TIME: &[Measure] = &[less("time per op", "ns")];
const BYTES: &[Measure] = &[less("RSS per task beyond its future", "B")];
const IDLE: &[Measure] = &[less("server RSS per connection beyond its 1 KiB buffer", "B")];
const IDLE_ALTOGETHER: &[Measure] =
    &[less("server RSS per connection, buffers included", "B"), less("100,000 of them, extrapolated", "MiB")];
const KIB: &[Measure] = &[less("anonymous memory per started runtime", "KiB")];
const FUTURES: &[Measure] =
    &[less("sleep", "B"), less("yield_now", "B"), less("join handle", "B"), less("future of a TCP connection", "B")];
const CHILD: &[Measure] = &[less("time per child", "us"), less("CPU per child, the parent's", "us")];
const LATE: &[Measure] = &[less("lateness p50", "us"), less("lateness p99", "us"), less("CPU per sleep", "ns")];
const ECHO: &[Measure] = &[
    less("server CPU per request", "ns"),
    Measure { name: "requests/s (more is better)", unit: "", more: true },
    less("latency p50", "us"),
    less("latency p99", "us"),
    less("latency p99.9", "us"),
    // Last, as not every machine counts them.
    less("server instructions per request, in user space", ""),
    less("server instructions per request, with the kernel's", ""),
];

const DIRECT: &[Measure] =
    &[less("CPU per read", "us"), Measure { name: "reads/s (more is better)", unit: "", more: true }];
const SPEED_UP: &[Measure] = &[
    Measure { name: "speed-up on two workers (more is better)", unit: "", more: true },
    less("time per part on two workers", "us"),
];
const STEALS: &[Measure] = &[
    Measure { name: "moved tasks/s (more is better)", unit: "", more: true },
    // Neither more nor less is better: a task that need not move does not.
    less("share of tasks that moved", "%"),
];
const IDLE_CPU: &[Measure] = &[less("CPU of 10 s without work", "us")];

const fn both(name: &'static str, title: &'static str, work: OnWorkers, amount: u64, quick: u64) -> Row {
    Row { name, title, work: Work::Workers(work), place: Place::Both, rounds: 9, amount, quick, measures: TIME }
}

const fn agent(name: &'static str, title: &'static str, work: Work, amount: u64, quick: u64) -> Row {
    Row { name, title, work, place: Place::Agent, rounds: 20, amount, quick, measures: TIME }
}

const fn fresh(name: &'static str, title: &'static str, work: Work, amount: u64, m: &'static [Measure]) -> Row {
    Row { name, title, work, place: Place::Fresh, rounds: 9, amount, quick: amount, measures: m }
}

const fn echo(name: &'static str, title: &'static str, over: Over, connections: usize, message: usize) -> Row {
    let work = Work::Echo(Echo { over, connections, message });
    Row { name, title, work, place: Place::Server, rounds: 9, amount: 2000, quick: 250, measures: ECHO }
}

/// All rows in the order of the table.
pub const ROWS: &[Row] = &[
    agent("spawn-join", "spawn and join, one at a time", Work::SpawnJoin, 1_000_000, 100_000),
    agent("spawn-batch", "spawn 100, then join all; per task", Work::SpawnBatch, 1_000_000, 100_000),
    agent("yield-1", "yield_now, 1 task", Work::Yield(1), 200_000, 50_000),
    agent("yield-100", "yield_now, 100 tasks; per yield", Work::Yield(100), 200_000, 100_000),
    agent("ping-pong", "round trip between two tasks, one thread", Work::PingPong, 200_000, 50_000),
    agent("ping-pong-cores", "round trip between two cores, who waits sleeps", CORES_PARKED, 20_000, 5000),
    agent("ping-pong-spin", "round trip between two cores, who waits yields", CORES_SPIN, 200_000, 50_000),
    agent("oneshot", "a oneshot per request: made, answered by another task, awaited", Work::Oneshot, 200_000, 50_000),
    agent("mpsc", "messages through a channel of 128, two tasks", Work::Mpsc, 200_000, 50_000),
    agent("notify", "round trip between two tasks over Notify", Work::Notify, 200_000, 50_000),
    fresh("parked-rss", "200k tasks parked on an 8-byte future", Work::Parked, 200_000, BYTES),
    Row { rounds: 3, ..fresh("worker-rss", "a started runtime with nothing to do", Work::Worker, 1, KIB) },
    Row { rounds: 1, ..fresh("futures", "sizes of futures and handles", Work::Futures, 1, FUTURES) },
    agent("timers-100", "insert + cancel a timer, 100 others live", Work::Timers(Live::new(1, 100)), 100_000, 50_000),
    agent(
        "timers-10k",
        "insert + cancel a timer, 10k others live",
        Work::Timers(Live::new(1, 10_000)),
        100_000,
        50_000,
    ),
    Row { rounds: 9, ..agent("timers-1m", "insert + cancel a timer, 1M others live", MILLION, 50_000, 50_000) },
    fresh("lateness", "100k sleeps, deadlines uniform in 1 s", Work::Lateness, 100_000, LATE),
    agent("start", "runtime start, block_on(ready), drop", Work::Start, 20, 20),
    agent("blocking-parked", "spawn_blocking round trip, 1 ms apart", Work::Blocking { pause_ms: 1 }, 50, 25),
    agent("blocking-spin", "spawn_blocking round trip, back to back", Work::Blocking { pause_ms: 0 }, 1000, 1000),
    agent("file-read", "4 KiB reads of a cached file", Work::FileRead, 2000, 1000),
    Row {
        measures: DIRECT,
        ..agent("direct-read", "4 KiB reads past the page cache, 32 at once", Work::DirectRead, 40_000, 20_000)
    },
    Row { measures: CHILD, ..agent("process", "start `true` or `false`, wait for its end", Work::Process, 200, 50) },
    echo("echo-1", "TCP echo, 1 connection, 64 B", Over::Tcp, 1, 64),
    echo("echo-50", "TCP echo, 50 connections, 64 B", Over::Tcp, 50, 64),
    echo("echo-500", "TCP echo, 500 connections, 64 B", Over::Tcp, 500, 64),
    echo("echo-1-4k", "TCP echo, 1 connection, 4096 B", Over::Tcp, 1, 4096),
    echo("echo-50-4k", "TCP echo, 50 connections, 4096 B", Over::Tcp, 50, 4096),
    echo("echo-500-4k", "TCP echo, 500 connections, 4096 B", Over::Tcp, 500, 4096),
    echo("udp", "UDP echo, 50 sockets to one, 64 B", Over::Udp, 50, 64),
    echo("unix", "Unix stream echo, 50 connections, 64 B", Over::Unix, 50, 64),
    Row {
        name: "idle-rss",
        title: "memory per idle TCP connection, from 5,000 to 15,000",
        work: Work::Idle(Idle { buffer: 1024, beyond: true }),
        place: Place::Server,
        rounds: 2,
        amount: 15_000,
        quick: 15_000,
        measures: IDLE,
    },
    Row {
        name: "idle-4k",
        title: "memory per idle TCP connection that reads up to 4 KiB, from 5,000 to 15,000",
        work: Work::Idle(Idle { buffer: 4096, beyond: false }),
        place: Place::Server,
        rounds: 2,
        amount: 15_000,
        quick: 15_000,
        measures: IDLE_ALTOGETHER,
    },
    both("workers-spawn", "two workers: spawn and join, one at a time", OnWorkers::SpawnJoin, 1_000_000, 100_000),
    both("workers-yield", "two workers: yield_now, 100 tasks; per yield", OnWorkers::Yield(100), 1_000_000, 200_000),
    both("workers-ping-pong", "two workers: round trip between two tasks", OnWorkers::PingPong, 200_000, 50_000),
    both(
        "workers-wake",
        "round trip of a thread and a worker on another core, who waits sleeps",
        WAKE_PARKED,
        20_000,
        5000,
    ),
    both(
        "workers-spin",
        "round trip of a thread and a worker on another core, who waits yields",
        WAKE_SPIN,
        200_000,
        50_000,
    ),
    Row {
        measures: SPEED_UP,
        ..both("workers-skew", "two workers: parts of different length", OnWorkers::Skew, 1024, 256)
    },
    Row {
        measures: STEALS,
        ..both("workers-steals", "two workers, one spawns", OnWorkers::Steals, 1_024_000, 256_000)
    },
    both("workers-start", "two workers: start, run one ready task, end", OnWorkers::Start, 50, 20),
    Row {
        rounds: 3,
        measures: IDLE_CPU,
        ..both("workers-idle", "two workers without work", OnWorkers::Idle, 10_000, 1000)
    },
    agent("floor-allocate", "allocate and free 128 B, 100 live", Work::Allocate, 1_000_000, 100_000),
    agent("floor-switch", "switch to another stack and back", Work::Switch, 1_000_000, 100_000),
    agent("submit", "no-operations through a ring, 64 at once", Work::Submit, 100_000, 50_000),
    agent("prepare", "an entry written to a ring's queue, without a system call", Work::Prepare, 100_000, 50_000),
];

const WAKE_PARKED: OnWorkers = OnWorkers::Wake { spin: false };
const WAKE_SPIN: OnWorkers = OnWorkers::Wake { spin: true };
const CORES_PARKED: Work = Work::PingPongCores { spin: false };
const CORES_SPIN: Work = Work::PingPongCores { spin: true };
const MILLION: Work = Work::Timers(Live::new(100, 10_000));

/// Finds a row by its name.
pub fn find(name: &str) -> Option<Row> {
    ROWS.iter().copied().find(|row| row.name == name)
}

/// The rows that need tasks and nothing else.
pub fn tasks<P: Tasks>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    let cx = peer.cx();
    let elapsed = match row.work {
        Work::SpawnJoin => peer.run(spawning::one_at_a_time::<P>(cx, amount)),
        Work::SpawnBatch => peer.run(spawning::batches::<P>(cx, amount)),
        Work::Yield(tasks) => peer.run(yielding::yields::<P>(cx, tasks, amount)),
        Work::PingPong => peer.run(ping_pong::round_trips::<P>(cx, amount)),
        Work::Parked => return Some(peer.run(parked::bytes_per_task::<P>(cx, amount)).map_err(Refusal::from)),
        _ => return None,
    };
    per_op(elapsed, amount)
}

/// The rows about time, the start, and the sizes of futures.
pub fn times<P: Peer>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    let cx = peer.cx();
    match row.work {
        Work::Timers(live) => per_op(peer.run(timers::insert_and_cancel::<P>(cx, live, amount)), amount),
        Work::Lateness => Some(Ok(peer.run(lateness::curve::<P>(cx, amount)))),
        Work::Start => match start::starts::<P>(amount) {
            Ok(elapsed) => per_op(elapsed, amount),
            Err(why) => Some(Err(Refusal::Failed(why))),
        },
        Work::Worker => Some(worker::kib::<P>()),
        Work::Futures => Some(Ok(futures::sizes::<P>())),
        _ => None,
    }
}

/// The row about lateness, of a thread that sleeps by `nap` until `slack` after the next deadline.
pub fn naps(row: &Row, amount: u64, slack: Duration, nap: impl FnMut(Duration)) -> Option<Sampled> {
    matches!(row.work, Work::Lateness).then(|| Ok(lateness::floor(amount, slack, nap)))
}

/// The rows with more than one thread.
pub fn threads<P: Peer>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    match row.work {
        Work::Blocking { pause_ms } => per_op(peer.run(blocking::round_trips::<P>(amount, pause_ms)), amount),
        Work::PingPongCores { spin } => Some(cores::round_trips::<P>(peer, amount, spin)),
        _ => None,
    }
}

/// The row about reading files.
pub fn files<P: Tasks, F: Files>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    (row.work == Work::FileRead).then(|| files::reads::<P, F>(peer, amount))
}

/// The row about reading past the page cache.
pub fn direct<P: Tasks, D: Direct>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    (row.work == Work::DirectRead).then(|| direct::reads::<P, D>(peer, amount))
}

/// The row about children.
pub fn processes<P: Tasks, C: Processes>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    (row.work == Work::Process).then(|| processes::children::<P, C>(peer, amount))
}

/// The row about oneshot channels.
pub fn oneshot<P: Tasks, C: Oneshot>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    let cx = peer.cx();
    (row.work == Work::Oneshot).then(|| per_op(peer.run(channels::oneshots::<P, C>(cx, amount)), amount))?
}

/// The row about bounded channels.
pub fn mpsc<P: Tasks, C: Mpsc>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    let cx = peer.cx();
    (row.work == Work::Mpsc).then(|| per_op(peer.run(channels::messages::<P, C>(cx, amount)), amount))?
}

/// The row about notifications.
pub fn notify<P: Tasks, N: Notify>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    let cx = peer.cx();
    (row.work == Work::Notify).then(|| per_op(peer.run(channels::notifications::<P, N>(cx, amount)), amount))?
}

/// The rows about no-operations of a ring.
pub fn submits<P: Tasks, N: Nops>(peer: &mut P, row: &Row, amount: u64) -> Option<Sampled> {
    match row.work {
        Work::Submit => Some(submits::batches::<P, N>(peer, amount)),
        Work::Prepare => Some(prepares::batches::<P, N>(peer, amount)),
        _ => None,
    }
}

/// The one figure of most rows.
pub fn per_op(elapsed: Duration, ops: u64) -> Option<Sampled> {
    Some(Ok(vec![ns_per_op(elapsed, ops)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, row) in ROWS.iter().enumerate() {
            assert_eq!(ROWS.iter().position(|other| other.name == row.name), Some(index));
            assert!(!row.measures.is_empty(), "{} measures nothing", row.name);
        }
    }
}
