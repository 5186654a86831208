//! The seam between the rows and the runtimes: one file per runtime, all with the same outline.
//!
//! *Architecture invariant:* a row reaches a runtime through [`Peer`] alone, so every peer does the same work. What a
//! peer may choose is how a user of that runtime would naturally write it; what it may not choose is what is timed.
//!
//! To add a runtime: write `src/peers/<name>.rs` with the outline of its neighbours (a type, `impl Peer`, one `serve`
//! function), then add its `mod` line and its line in [`PEERS`].

mod bespoke;
mod glommio;
mod monoio;
mod smol;
mod tokio;

use core::fmt;
use core::future::Future;
use core::time::Duration;
use std::io;

use crate::rows::{self, Work};

/// Bytes that a server's read may take at once; larger than a message, so one read takes one message.
pub(crate) const ECHO_BUFFER: usize = 1024;

/// A runtime on one thread, started, and the verbs that rows need of it.
///
/// # Contract
/// 1. All tasks run on the thread that called [`Peer::run`].
/// 2. `run` spawns its argument as an ordinary task and joins it: rows measure tasks, never the root future, whose wake
///    path is a special case in several runtimes.
/// 3. Tasks left over from a `run` (parked for ever, or servers) stay alive until the peer is dropped.
pub(crate) trait Peer: Sized + 'static {
    /// Remarks that the table shows below itself: (row, what the reader must know about this peer in that row).
    const NOTES: &'static [(&'static str, &'static str)] = &[];

    /// How a task reaches its runtime: `()` where the runtime is ambient.
    type Cx: Copy + 'static;
    /// What spawning returns.
    type Handle<T: 'static>: 'static;

    /// Starts the runtime with I/O, timers and a blocking pool of at least one thread.
    ///
    /// # Errors
    /// Why it cannot run on this machine, in one line; the table shows it.
    fn start() -> Result<Self, String>;

    /// Starts a runtime, runs a ready future on it, and drops it again.
    ///
    /// # Errors
    /// As [`Peer::start`].
    fn start_once() -> Result<(), String>;

    /// The context that tasks carry.
    fn cx(&self) -> Self::Cx;

    /// Runs `main` as a task and waits for its result.
    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output;

    /// Spawns a task on this thread.
    fn spawn<F: Future<Output: 'static> + 'static>(cx: Self::Cx, future: F) -> Self::Handle<F::Output>;

    /// Waits for a task.
    fn join<T: 'static>(handle: Self::Handle<T>) -> impl Future<Output = T>;

    /// Lets a task run on with nobody waiting for it.
    fn detach<T: 'static>(handle: Self::Handle<T>);

    /// What a user of this runtime writes to yield: its own function, or a wake of oneself.
    fn yield_now() -> impl Future<Output = ()>;

    /// Lets every task run that is queued now; where `yield_now` does not do that, the peer says so in its notes.
    fn turn(_: Self::Cx) -> impl Future<Output = ()> {
        Self::yield_now()
    }

    /// Sleeps for `duration`; the timer is registered at the first poll and cancelled by a drop.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static;

    /// Runs `job` on another thread.
    fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> impl Future<Output = u64>;

    /// Listens on a free port of 127.0.0.1, tells it to `ready`, and echoes each connection in a task of its own.
    ///
    /// Each connection sets TCP_NODELAY, reads up to [`ECHO_BUFFER`] bytes and writes them back whole.
    fn echo(cx: Self::Cx, ready: impl FnOnce(u16) + 'static) -> impl Future<Output = io::Result<()>> + 'static;
}

/// A started peer with its type erased; a blanket implementation covers every [`Peer`].
pub(crate) trait Runner {
    /// Takes one sample of `work`: one figure per measure of its row.
    fn sample(&mut self, work: Work, amount: u64) -> Result<Vec<f64>, String>;

    /// Serves echo on this thread until the process ends.
    fn serve(&mut self, ready: Box<dyn FnOnce(u16)>) -> io::Result<()>;
}

impl<P: Peer> Runner for P {
    fn sample(&mut self, work: Work, amount: u64) -> Result<Vec<f64>, String> {
        rows::sample(self, work, amount)
    }

    fn serve(&mut self, ready: Box<dyn FnOnce(u16)>) -> io::Result<()> {
        let cx = self.cx();
        self.run(P::echo(cx, ready))
    }
}

/// One line of the table of peers.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    /// The name on the command line and in the table.
    pub(crate) name: &'static str,
    /// The package whose version the table names.
    pub(crate) package: &'static str,
    /// Remarks for the table: (row, remark).
    pub(crate) notes: &'static [(&'static str, &'static str)],
    /// Starts the peer.
    pub(crate) start: fn() -> Result<Box<dyn Runner>, String>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const fn entry<P: Peer>(name: &'static str, package: &'static str) -> Entry {
    Entry { name, package, notes: P::NOTES, start: || Ok(Box::new(P::start()?)) }
}

/// All peers, in the order in which a round samples them. Ratios are to the first.
pub(crate) const PEERS: &[Entry] = &[
    entry::<tokio::Tokio>("tokio", "tokio"),
    entry::<bespoke::Bespoke>("bespoke", "bespoke"),
    entry::<bespoke::Prompt>("bespoke-prompt", "bespoke"),
    entry::<monoio::Epoll>("monoio-epoll", "monoio"),
    entry::<monoio::Uring>("monoio-uring", "monoio"),
    entry::<glommio::Glommio>("glommio", "glommio"),
    entry::<smol::Smol>("smol", "async-executor"),
];

/// Finds a peer by its name.
pub(crate) fn find(name: &str) -> Option<Entry> {
    PEERS.iter().copied().find(|entry| entry.name == name)
}
