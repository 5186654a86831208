//! The one type that a program is cut by.

#[cfg(feature = "std")]
use crate::roles::LocalQueue;
use crate::roles::{Clock, Driver, Entropy, Memory, Scheduler, Threads, Topology, Under, Watchdog};
use core::time::Duration;

/// The sharing that follows from the scheduler of `C`.
pub type SharingOf<C> = <<C as Config>::Scheduler as Scheduler>::Sharing;
/// What the workers of `C` keep queued tasks in, if they take tasks from each other.
pub(crate) type QueueOf<C> = <<C as Config>::Scheduler as Scheduler>::Queue;
/// The queue of one worker of `C`.
#[cfg(feature = "std")]
pub(crate) type LiveQueueOf<C> = <QueueOf<C> as LocalQueue>::Live;
/// The running driver of a worker of `C`.
pub type LiveOf<C> = <<C as Config>::Driver as Driver>::Live<SharingOf<C>>;
/// The running memory strategy of a worker of `C`.
pub type MemoryOf<C> = <<C as Config>::Memory as Memory>::Live<SharingOf<C>>;
/// The running clock of `C`.
pub type ClockOf<C> = <<C as Config>::Clock as Clock>::Live;

/// What happens when a task panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PanicPolicy {
    /// The panic ends in the `JoinError` of the task; the runtime goes on.
    Catch,
    /// The process ends.
    Abort,
}

/// The one type that a program is cut by: which parts the runtime is made of, and a few numbers.
///
/// Written under `#[bespoke::config]` only, which takes what is not written from a base, checks the whole, and makes the
/// names that a program uses. So adding an item here breaks nobody.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a runtime configuration",
    label = "expected a type with `#[bespoke::config] impl Config for {Self}`",
    note = "ready-made ones are in `bespoke::preset`"
)]
pub trait Config: Sized + 'static {
    // First, so that the compiler names it first among what is missing.
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints this name when the attribute is missing")]
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed;

    /// Which task runs next, and where.
    type Scheduler: Scheduler;
    /// How I/O is done and how a worker sleeps.
    type Driver: Driver + Under<SharingOf<Self>>;
    /// Where tasks come from.
    type Memory: Memory;
    /// What time it is.
    type Clock: Clock;
    /// Where randomness comes from.
    type Entropy: Entropy;
    /// How threads are started.
    type Threads: Threads;
    /// What the machine looks like.
    type Topology: Topology;
    /// Who is told when a task holds a worker in one poll for too long.
    type Watchdog: Watchdog;

    /// The name in messages; the attribute writes the type's.
    const NAME: &'static str;
    /// Tasks that a run queue holds before it first grows; where workers take from each other, tasks that the queue of one holds
    /// before half of them go to the queue of all. A power of two.
    const LOCAL_QUEUE: usize = 256;
    /// After how many polls a busy worker looks at its driver, its timers and its inbox. At least 1. Under a driver whose
    /// operations block, each poll may take long, and it looks after each.
    const EVENT_INTERVAL: u32 = 61;
    /// How many operations of the driver a task may complete in one poll before it has to let others run; messages of
    /// channels are none. At least 1; `u32::MAX` for no budget.
    const POLL_BUDGET: u32 = 128;
    /// How much later than its deadline a timer may fire so that several fire in one go. Lateness against CPU time: with the
    /// default, half of many timers are less than 100 µs late, also where the system wakes a thread tens of microseconds late.
    const TIMER_SLACK: Duration = Duration::from_micros(125);
    /// The most threads that `spawn_blocking` starts; 0 for none.
    const BLOCKING_THREADS_MAX: usize = 512;
    /// The most jobs that wait for a blocking thread; one more is refused.
    const BLOCKING_QUEUE_MAX: usize = 65_536;
    /// How long a blocking thread waits for the next job before it ends.
    const BLOCKING_KEEP_ALIVE: Duration = Duration::from_secs(10);
    /// How long dropping a runtime waits for operations that the kernel still holds; what is left then is leaked.
    const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
    /// Start as many workers as the scheduler may have, also on a machine with fewer processors? `false`: as many as there are
    /// processors that the process may use, by [`Topology`](Self::Topology), but no more than the scheduler may have.
    const WORKERS_EXACT: bool = false;
    /// Pin each worker to a processor, cores before their second threads, node after node? For schedulers that start the threads
    /// of their workers, and topologies that can pin; under another one, `true` is refused when the program is compiled.
    const PIN_WORKERS: bool = false;
    /// What happens when a task panics.
    const PANIC: PanicPolicy = PanicPolicy::Catch;
}

/// Proof that a config was written under the attribute.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
pub struct Sealed(());

impl Sealed {
    #[doc(hidden)]
    pub const BY_MACRO: Self = Sealed(());
}
