//! A config for this board: what the compiler checks, and what it knows.

use crate::mps2::{Mps2, Ticks};
use bespoke_alloc::Fixed;
use bespoke_core::driver::Bare;
use bespoke_core::embedded::{Config, PanicPolicy};
use bespoke_core::info::Info;
use bespoke_core::roles::{Clock, NoThreads, Seeded, Uniform, Unwatched};
use bespoke_core::scheduler::SingleThread;
use bespoke_core::time::Manual;
use core::time::Duration;
use cortex_m_semihosting::hprintln;

/// The bytes that tasks have.
const POOL: usize = 16_384;
/// A worker takes no more beside them.
const WORKER_MAX: usize = 1_024;

pub(crate) struct App;

#[bespoke_macros::config(crate = bespoke_core::embedded)]
impl Config for App {
    type Scheduler = SingleThread;
    type Driver = Bare<Mps2>;
    type Memory = Fixed<POOL>;
    type Clock = Ticks;
    type Entropy = Seeded<42>;
    type Threads = NoThreads;
    type Topology = Uniform<1>;
    type Watchdog = Unwatched;
    const LOCAL_QUEUE: usize = 16;
    const EVENT_INTERVAL: u32 = 16;
    const POLL_BUDGET: u32 = 16;
    const TIMER_SLACK: Duration = Duration::ZERO;
    const BLOCKING_THREADS_MAX: usize = 0;
    const BLOCKING_QUEUE_MAX: usize = 0;
    const BLOCKING_KEEP_ALIVE: Duration = Duration::ZERO;
    const SHUTDOWN_TIMEOUT: Duration = Duration::ZERO;
    const WORKERS_EXACT: bool = false;
    const PIN_WORKERS: bool = false;
    const PANIC: PanicPolicy = PanicPolicy::Abort;
}

pub(crate) const INFO: Info = Info::of::<App>();
// The budget of the board, checked by the compiler.
const _: () = INFO.fits(32 * 1024);

pub(crate) fn check() {
    assert_eq!(INFO.target, ("arm", "none"));
    assert_eq!((INFO.sharing, INFO.driver, INFO.memory), ("local", "bare", "fixed"));
    hprintln!("{}", INFO);
    for part in INFO.parts {
        hprintln!("  {}: {} B", part.name, part.bytes);
    }
    let Some(worker) = INFO.parts.iter().find(|part| part.name == "worker") else { panic!("a runtime has a worker") };
    let own = worker.bytes - POOL;
    assert!(own <= WORKER_MAX, "a worker takes {own} B beside its pool");

    // The clock stands still, and does not jump to a deadline by itself.
    let clock = <Manual<false> as Clock>::start();
    let start = <Manual<false> as Clock>::now(&clock);
    assert!(!<Manual<false> as Clock>::idle_until(&clock, start + Duration::from_secs(1)));
    assert_eq!(<Manual<false> as Clock>::now(&clock), start);
    let far = start + Duration::from_secs(500 * 365 * 86_400);
    assert_eq!(far - start, Duration::from_secs(500 * 365 * 86_400), "an instant holds 500 years on 32 bits, too");
}
