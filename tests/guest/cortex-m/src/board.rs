//! A config for this board: what the compiler checks, and what it knows.

use bespoke_alloc::Fixed;
use bespoke_core::driver::Errno;
use bespoke_core::error::Error;
use bespoke_core::info::Info;
use bespoke_core::roles::{DriverReport, 
    Caps, Clock, Drained, Driver, Kind, Live, Nanos, NoThreads, Park, Resource, Sealed, Seeded, StartCx, Under, Uniform, Unpark,
};
use bespoke_core::scheduler::SingleThread;
use bespoke_core::sharing::Local;
use bespoke_core::time::Manual;
use core::time::Duration;

/// The names that the attribute writes, without the facade, which needs an operating system.
mod bespoke {
    pub(crate) use bespoke_core::config::{Config, PanicPolicy};
    pub(crate) mod __private {
        pub(crate) use bespoke_core::check;
        pub(crate) use bespoke_core::config::Sealed;
    }
    /// The facade's short names for tasks and timers: no task runs here.
    macro_rules! __ambient {
        ($($any:tt)*) => {};
    }
    pub(crate) use __ambient;
}
use bespoke::Config;

/// Sleeps until an interrupt.
struct Interrupts;

impl Driver for Interrupts {
    const DRIVERS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
    const NAME: &'static str = "interrupts";
    const CAPS: Caps = Caps::SUSPENDING;
}

impl Under<Local> for Interrupts {
    type Live = Sleeping;
}

struct Sleeping;

#[derive(Clone)]
struct Event;

impl Unpark for Event {
    fn unpark(&self) {
        cortex_m::asm::sev();
    }
}

impl Live for Sleeping {
    type Unparker = Event;

    fn start(_: StartCx) -> Result<Self, Error> {
        Ok(Sleeping)
    }
    fn register(&self, _: Resource, _: Kind) -> Result<(), Errno> {
        Err(Errno::OUT_OF_MEMORY)
    }
    fn close(&self, _: Resource) {}
    fn release(&self, _: Resource) -> Result<(), Errno> {
        Ok(())
    }
    fn park(&self, park: Park) -> Result<(), Errno> {
        if park != Park::Poll {
            cortex_m::asm::wfe();
        }
        Ok(())
    }
    fn unparker(&self) -> Event {
        Event
    }
    fn report(&self) -> DriverReport {
        DriverReport::named("sleeping", "wait for interrupt")
    }

    fn drain(&self, _: Nanos) -> Drained {
        Drained::default()
    }
}

struct Board;

#[bespoke_macros::config(crate = crate::board::bespoke)]
impl Config for Board {
    type Scheduler = SingleThread;
    type Driver = Interrupts;
    type Memory = Fixed<16384>;
    type Clock = Manual<false>;
    type Entropy = Seeded<42>;
    type Threads = NoThreads;
    type Topology = Uniform<1>;
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
    const PANIC: bespoke::PanicPolicy = bespoke::PanicPolicy::Abort;
}

const INFO: Info = Info::of::<Board>();
// The budget of the board, checked by the compiler.
const _: () = INFO.fits(32 * 1024);

pub(crate) fn check() {
    assert_eq!(INFO.target, ("arm", "none"));
    assert_eq!((INFO.sharing, INFO.driver, INFO.memory), ("local", "interrupts", "fixed"));
    assert!(INFO.static_bytes > 0, "a worker has a size");
    cortex_m_semihosting::hprintln!("{}", INFO);

    // The event that `unpark` makes is not lost if the park comes later.
    let Ok(driver) = Sleeping::start(StartCx::new(0)) else { panic!("nothing can be refused") };
    driver.unparker().unpark();
    assert!(driver.park(Park::Forever).is_ok());

    // The clock stands still, and does not jump to a deadline by itself.
    let clock = <Manual<false> as Clock>::start();
    let start = <Manual<false> as Clock>::now(&clock);
    assert!(!<Manual<false> as Clock>::idle_until(&clock, start + Duration::from_secs(1)));
    assert_eq!(<Manual<false> as Clock>::now(&clock), start);
    let far = start + Duration::from_secs(500 * 365 * 86_400);
    assert_eq!(far - start, Duration::from_secs(500 * 365 * 86_400), "an instant holds 500 years on 32 bits, too");
}
