//! The seam between the rows and the runtimes.
//!
//! *Architecture invariant:* a row reaches a runtime through [`Tasks`] and [`Peer`] (and [`Files`], [`Direct`], [`Processes`],
//! [`Oneshot`], [`Mpsc`], [`Notify`], [`Nops`], [`Workers`], where there is such a thing) alone, so every peer does the same
//! work. What a peer may choose is how a user of that runtime would naturally write it; what it may not choose is what is
//! timed.

use core::future::Future;
use core::time::Duration;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::Refusal;

/// Tasks on one thread: what every executor of futures has.
///
/// # Contract
/// 1. All tasks run on one thread, and are dropped there.
/// 2. `run` spawns its argument as an ordinary task and joins it: rows measure tasks, never the root future, whose wake
///    path is a special case in several runtimes.
/// 3. What `main` holds has no other owner on the thread that called `run`, so that a runtime may run it on another one.
/// 4. Tasks left over from a `run` (parked for ever, or servers) stay alive until the peer is dropped.
pub trait Tasks: Sized + 'static {
    /// How a task reaches its runtime: `()` where the runtime is ambient.
    type Cx: Copy + 'static;
    /// What spawning returns.
    type Handle<T: 'static>: 'static;

    /// Starts it; a whole runtime with I/O, timers and a blocking pool of at least one thread.
    ///
    /// # Errors
    /// Why it cannot run on this machine, in one line; the table shows it.
    fn start() -> Result<Self, String>;

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
    fn yield_now() -> impl Future<Output = ()> + 'static;

    /// Lets every task run that is queued now; where `yield_now` does not do that, the peer says so in its notes.
    fn turn(_: Self::Cx) -> impl Future<Output = ()> {
        Self::yield_now()
    }
}

/// A whole runtime: tasks, timers, threads for what blocks, sockets.
pub trait Peer: Tasks {
    /// Starts a runtime, runs a ready future on it, and drops it again.
    ///
    /// # Errors
    /// As [`Tasks::start`].
    fn start_once() -> Result<(), String>;

    /// Sleeps for `duration`; the timer is registered at the first poll and cancelled by a drop.
    fn sleep(duration: Duration) -> impl Future<Output = ()> + 'static;

    /// Runs `job` on another thread.
    fn spawn_blocking<F: FnOnce() -> u64 + Send + 'static>(job: F) -> impl Future<Output = u64>;

    /// Serves echo as `service` says, until the process ends.
    ///
    /// A stream's connection is a task of its own; it sets TCP_NODELAY, reads up to `service.buffer` bytes into a buffer
    /// of that size, and writes them back whole. A datagram goes back to whoever sent it, all in one task.
    fn echo(cx: Self::Cx, service: Service) -> impl Future<Output = Result<(), Refusal>> + 'static;

    /// Bytes of the future that serves one TCP connection.
    fn connection_future() -> usize;
}

/// A runtime with several workers, each on a thread of its own, whose tasks go between them: so futures are `Send`.
///
/// # Contract
/// 1. `start` starts [`WORKERS`] workers, and returns when it is ready to run tasks.
/// 2. `run` spawns its argument as a task of the workers, and waits for it on the thread of the caller.
/// 3. `block_on` polls its argument on the thread of the caller, while the workers run.
/// 4. Dropping it ends its threads, and waits for them.
pub trait Workers: Sized + 'static {
    /// How a task reaches its runtime: `()` where the runtime is ambient.
    type Cx: Copy + Send + Sync + 'static;
    /// What spawning returns.
    type Handle<T: Send + 'static>: Send + 'static;

    /// Starts it.
    ///
    /// # Errors
    /// Why it cannot run on this machine, in one line; the table shows it.
    fn start() -> Result<Self, String>;

    /// The context that tasks carry.
    fn cx(&self) -> Self::Cx;

    /// Runs `main` as a task of the workers, and waits for its result.
    fn run<F: Future<Output: Send + 'static> + Send + 'static>(&mut self, main: F) -> F::Output;

    /// Runs `main` on this thread.
    fn block_on<F: Future>(&mut self, main: F) -> F::Output;

    /// Spawns a task, on whichever worker the runtime chooses.
    fn spawn<F: Future<Output: Send + 'static> + Send + 'static>(cx: Self::Cx, future: F) -> Self::Handle<F::Output>;

    /// Waits for a task.
    fn join<T: Send + 'static>(handle: Self::Handle<T>) -> impl Future<Output = T> + Send;

    /// What a user of this runtime writes to yield.
    fn yield_now() -> impl Future<Output = ()> + Send + 'static;
}

/// Workers of a runtime in the rows about [`Workers`].
pub const WORKERS: usize = 2;

/// What a server serves.
#[derive(Clone)]
pub struct Service {
    /// Over which sockets.
    pub transport: Transport,
    /// Bytes that a read may take at once: more than a message has, so one read takes one message.
    pub buffer: usize,
    /// Told when the socket is there: the port on 127.0.0.1, or 0 for a Unix socket.
    pub ready: Rc<dyn Fn(u16)>,
}

/// The sockets of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A listener on a free port of 127.0.0.1.
    Tcp,
    /// One socket on a free port of 127.0.0.1.
    Udp,
    /// A stream listener at this path.
    Unix(PathBuf),
}

impl core::fmt::Debug for Service {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Service")
            .field("transport", &self.transport)
            .field("buffer", &self.buffer)
            .finish_non_exhaustive()
    }
}

/// Reading files, as a user of the runtime does it.
pub trait Files: 'static {
    /// An open file.
    type File: 'static;

    /// Opens a file to read it.
    fn open(path: &Path) -> impl Future<Output = std::io::Result<Self::File>>;

    /// Reads at `offset` into `buffer`, all of its length if the file has so much; the buffer comes back.
    fn read_at(
        file: &mut Self::File,
        offset: u64,
        buffer: Vec<u8>,
    ) -> impl Future<Output = std::io::Result<(usize, Vec<u8>)>>;
}

/// Reading files past the page cache, as a user of the runtime does it.
pub trait Direct: 'static {
    /// An open file; a clone names the same one.
    type File: Clone + 'static;
    /// What one read fills: [`PAGE`] bytes at an address that a disk takes.
    type Page: 'static;

    /// Opens a file to read it with `O_DIRECT`.
    fn open(path: &Path) -> impl Future<Output = std::io::Result<Self::File>>;

    /// A page for reads, which is made before anything is measured.
    fn page(file: &Self::File) -> Self::Page;

    /// Reads [`PAGE`] bytes at `offset`, a multiple of as many; the page comes back. Less than that is an error.
    fn read_at(file: &Self::File, offset: u64, page: Self::Page) -> impl Future<Output = std::io::Result<Self::Page>>;

    /// What was read.
    fn bytes(page: &Self::Page) -> &[u8];
}

/// Bytes of a read of [`Direct`].
pub const PAGE: usize = 4096;

/// A page of the heap. Each runtime has a trait of its own for what it reads into, and a type of its own around this.
#[derive(Clone, Debug)]
pub struct Page(Box<Aligned>);

#[derive(Clone, Debug)]
#[repr(align(4096))]
struct Aligned([u8; PAGE]);

impl Page {
    /// A page of zeros.
    pub fn new() -> Self {
        Page(Box::new(Aligned([0; PAGE])))
    }

    /// Its bytes, to read into.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0.0
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0.0
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}

/// The flag of [`Direct`], for an open of the runtime's own.
pub const O_DIRECT: i32 = libc::O_DIRECT;

/// Opens a file for [`Direct`], with the call of the system: how a file is opened is not measured.
///
/// # Errors
/// As `open(2)`; `EINVAL`: its file system has no such way.
pub fn open_direct(path: &Path) -> std::io::Result<std::fs::File> {
    std::fs::File::options().read(true).custom_flags(O_DIRECT).open(path)
}

/// The error of a read that was to fill a page.
pub fn whole(bytes: usize) -> std::io::Result<()> {
    if bytes == PAGE { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}

/// Children of this process, as a user of the runtime starts them and waits for them.
pub trait Processes: 'static {
    /// Starts `program`, without arguments and with the streams of this process, and waits for its end. Did it succeed?
    fn succeeds(program: &'static str) -> impl Future<Output = std::io::Result<bool>>;
}

/// Operations of a ring that ask it for nothing.
pub trait Nops: 'static {
    /// Submits one and waits for its completion.
    fn nop() -> impl Future<Output = std::io::Result<()>> + 'static;
}

/// One value from one task to another, once.
pub trait Oneshot: 'static {
    /// The end that sends.
    type Sender: 'static;
    /// The end that receives.
    type Receiver: 'static;

    /// Makes a channel.
    fn channel() -> (Self::Sender, Self::Receiver);

    /// Sends the value.
    fn send(sender: Self::Sender, value: u64);

    /// Waits for the value.
    fn receive(receiver: Self::Receiver) -> impl Future<Output = u64>;
}

/// A queue of limited length.
pub trait Mpsc: 'static {
    /// The end that sends.
    type Sender: 'static;
    /// The end that receives.
    type Receiver: 'static;

    /// Makes a channel for `capacity` messages.
    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver);

    /// Sends a message, waiting for room.
    fn send(sender: &Self::Sender, value: u64) -> impl Future<Output = ()>;

    /// Waits for a message; `None` when the sender is gone.
    fn receive(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>>;
}

/// One waiter is woken, or the next one does not wait.
pub trait Notify: Default + 'static {
    /// Waits for a notification.
    fn notified(&self) -> impl Future<Output = ()>;

    /// Notifies one.
    fn notify_one(&self);
}

/// The size of the future that `make` returns.
pub fn future_size<A, F: Future>(_: impl Fn(A) -> F) -> usize {
    size_of::<F>()
}
