//! Ready-made configs, each with what it assumes. A program's own config starts from one: `#[bespoke::config(base = …)]`.

use crate::clock::{Manual, Monotonic, OsEntropy, OsThreads, Sysfs};
use crate::driver::Mio;
use crate::memory::{Pooled, System};
use crate::scheduler::{SingleThread, ThreadPerTask};
use crate::watchdog::Unwatched;
use crate::{Config, PanicPolicy};
use core::time::Duration;

/// What `#[bespoke::main]` and `bespoke::{spawn, net, time}` mean.
///
/// One thread, readiness I/O (epoll, kqueue, completion ports), pooled task memory, the monotonic clock. It assumes nothing
/// that a container denies, and does without io_uring, since making a ring takes longer than the rest of a start: see
/// [`Server`](struct@Server). The parts of this preset may change with a minor release; a program that wants to keep them
/// names them.
///
/// `bespoke::spawn` takes `Send` futures only: this preset may have several workers one day.
#[derive(Debug, Clone, Copy)]
pub struct Default;

/// [`Default`](struct@Default) for programs that answer within microseconds: timers fire at their deadline and not with others,
/// a busy worker looks at its sockets after every 16 polls, and a task lets others run after 32 operations.
///
/// It assumes processor time to spare: a look is a system call, and without slack every timer is a wake-up of its own.
#[derive(Debug, Clone, Copy)]
pub struct LowLatency;

/// [`Default`](struct@Default) for tools of the command line: they run for seconds, and end when they are told to.
///
/// Tasks come from the system's allocator, which such a program has anyway; at most 16 blocking threads, which go after a second
/// without work; the end waits 100 ms for what still runs. It assumes that nobody misses what does not end within that.
#[derive(Debug, Clone, Copy)]
pub struct Cli;

/// Plain system calls, and a thread for every task: for few long tasks, for debuggers and profilers that should see one stack a
/// task, and for systems without a poll.
///
/// It assumes that there are no more tasks than the system gives threads. An operation cannot be cancelled while it waits, so
/// a timeout around one is late; `bespoke::rt` says what each does.
#[derive(Debug, Clone, Copy)]
pub struct Blocking;

/// [`Default`](struct@Default) on every processor that the process may use, at most 64: for servers whose connections need
/// nothing of each other.
///
/// A thread, a driver and memory for each; `spawn` goes to them in turn, and a task stays where it was placed. It assumes that
/// the load can be spread beforehand, a task per connection, say, or a listener on each worker, since a worker that is busy
/// keeps its tasks waiting: see [`PerCore`](struct@crate::scheduler::PerCore). Workers are not pinned.
#[derive(Debug, Clone, Copy)]
pub struct PerCore;

/// [`Default`](struct@Default) on every processor that the process may use, at most 64, whose workers take tasks from each other:
/// for servers whose requests take very different times, or need each other.
///
/// A task goes to whichever worker is free, with the sockets and files that it has open; so futures are `Send`. A thread, a
/// driver and memory for each worker; what is opened is watched by each of them in turn. It assumes that a task may wait for
/// another processor's cache: where the load can be spread beforehand, [`PerCore`](struct@PerCore) shares nothing. See
/// [`WorkStealing`](struct@crate::scheduler::WorkStealing). Workers are not pinned.
///
/// On Linux the driver is `Fallback<IoUring, Mio>`: io_uring where the system allows it, else epoll, as
/// [`Runtime::driver_report`](crate::Runtime::driver_report) tells; elsewhere it is `Mio`. A ring is a thread's, so
/// [`block_in_place`](crate::rt::Ambient::block_in_place) costs more there the more sockets wait; a config whose tasks do so
/// often names `type Driver = Mio`.
#[derive(Debug, Clone, Copy)]
pub struct Server;

/// [`Default`](struct@Default) on a clock that stands still while there is work and jumps to the next timer when there is
/// none: for tests.
#[derive(Debug, Clone, Copy)]
pub struct Paused;

macro_rules! preset {
    ($config:ident, $clock:ty) => {
        #[bespoke::config]
        impl Config for $config {
            type Scheduler = SingleThread;
            type Driver = Mio;
            type Memory = Pooled;
            type Clock = $clock;
            type Entropy = OsEntropy;
            type Threads = OsThreads;
            type Topology = Sysfs;
            type Watchdog = Unwatched;
            const LOCAL_QUEUE: usize = 256;
            const EVENT_INTERVAL: u32 = 61;
            const POLL_BUDGET: u32 = 128;
            const TIMER_SLACK: Duration = Duration::from_micros(125);
            const BLOCKING_THREADS_MAX: usize = 512;
            const BLOCKING_QUEUE_MAX: usize = 65_536;
            const BLOCKING_KEEP_ALIVE: Duration = Duration::from_secs(10);
            const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
            const WORKERS_EXACT: bool = false;
            const PIN_WORKERS: bool = false;
            const PANIC: PanicPolicy = PanicPolicy::Catch;
        }
    };
}

preset!(Default, Monotonic);
preset!(Paused, Manual);

#[bespoke::config(base = self::Default)]
impl Config for LowLatency {
    const EVENT_INTERVAL: u32 = 16;
    const POLL_BUDGET: u32 = 32;
    const TIMER_SLACK: Duration = Duration::ZERO;
}

#[bespoke::config(base = self::Default)]
impl Config for Cli {
    type Memory = System;
    const LOCAL_QUEUE: usize = 64;
    const BLOCKING_THREADS_MAX: usize = 16;
    const BLOCKING_KEEP_ALIVE: Duration = Duration::from_secs(1);
    const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(100);
}

#[bespoke::config(base = self::Default)]
impl Config for PerCore {
    type Scheduler = crate::scheduler::PerCore<64>;
}

#[bespoke::config(base = self::Default)]
impl Config for Server {
    type Scheduler = crate::scheduler::WorkStealing<64>;
    type Driver = OfServers;
}

#[cfg(target_os = "linux")]
type OfServers = crate::driver::Fallback<crate::driver::IoUring, Mio>;
#[cfg(not(target_os = "linux"))]
type OfServers = Mio;

#[bespoke::config(base = self::Default)]
impl Config for Blocking {
    type Scheduler = ThreadPerTask;
    type Driver = crate::driver::Blocking;
    type Memory = System;
}
