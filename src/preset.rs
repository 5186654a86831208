//! Ready-made configs, each with what it assumes. A program's own config starts from one: `#[bespoke::config(base = …)]`.

use crate::clock::{Manual, Monotonic, OsEntropy, OsThreads, Sysfs};
use crate::driver::Mio;
use crate::memory::Pooled;
use crate::scheduler::SingleThread;
use crate::{Config, PanicPolicy};
use core::time::Duration;

/// What `#[bespoke::main]` and `bespoke::{spawn, net, time}` mean.
///
/// One thread, readiness I/O (epoll, kqueue, completion ports), pooled task memory, the monotonic clock. It assumes nothing
/// that a container denies. The parts of this preset may change with a minor release; a program that wants to keep them
/// names them.
///
/// `bespoke::spawn` takes `Send` futures only: this preset may have several workers one day.
#[derive(Debug, Clone, Copy)]
pub struct Default;

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
            const LOCAL_QUEUE: usize = 256;
            const EVENT_INTERVAL: u32 = 61;
            const POLL_BUDGET: u32 = 128;
            const TIMER_SLACK: Duration = Duration::from_micros(50);
            const BLOCKING_THREADS_MAX: usize = 512;
            const BLOCKING_QUEUE_MAX: usize = 65_536;
            const BLOCKING_KEEP_ALIVE: Duration = Duration::from_secs(10);
            const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
            const PIN_WORKERS: bool = false;
            const PANIC: PanicPolicy = PanicPolicy::Catch;
        }
    };
}

preset!(Default, Monotonic);
preset!(Paused, Manual);
