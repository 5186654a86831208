//! The parts that a [`Config`](crate::config::Config) names, one trait each.
//!
//! | role | decides | implementers |
//! |---|---|---|
//! | [`Scheduler`] | which task runs next, and where | `SingleThread`, `PerCore<N>`, `WorkStealing<N>`, `ThreadPerTask` |
//! | [`LocalQueue`] | what a worker keeps queued tasks in, under `WorkStealing` | `Ring`, `Deque`, `Classes` |
//! | [`Driver`], [`Under`], [`Live`] | how I/O is done and how a worker sleeps | `Mio`, `IoUring`, `Fallback`, `Blocking`, `NoIo`, `Bare<B>` |
//! | [`Region`], [`Regions`] | memory that a driver knows for longer than one operation | pools of buffers; the drivers |
//! | [`Board`] | where there is no operating system: where tasks run, how the processor sleeps | the program's own |
//! | [`Memory`], [`Allocate`] | where tasks, queues and buffers come from | `System`, `Pooled`, `Fixed<BYTES>` |
//! | [`Clock`] | what time it is | `Monotonic`, `Manual` |
//! | [`Entropy`] | randomness | `OsEntropy`, `Seeded<SEED>` |
//! | [`Threads`] | how threads are started | `OsThreads`, `NoThreads` |
//! | [`Topology`] | what the machine looks like | `Sysfs`, `Uniform<CPUS>` |
//! | [`Watchdog`], [`OnBlocked`] | who is told of a poll that holds a worker | `Unwatched`, `BlockedAfter<MILLISECONDS>` |
//!
//! *Architecture Invariant:* traits and plain data only, in terms that exist without `std`.
//!
//! A part that depends on the [`Sharing`](crate::sharing::Sharing) of the scheduler receives it as an argument of a
//! trait or of an associated type, so that nobody has to repeat it in a config.

mod board;
mod class;
mod clock;
mod driver;
mod entropy;
mod memory;
mod queue;
mod region;
mod scheduler;
mod sealed;
mod threads;
mod topology;
mod watchdog;

pub use board::{Board, OnBoard};
pub use class::{Class, Classed, Latency, NamedClass, Throughput};
pub use clock::Clock;
pub use driver::{
    Caps, Drained, Driver, DriverReport, Kind, Leaves, Live, Nanos, Park, RawResource, Resource, StartCx, Under, Unpark,
};
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub use driver::{Luggage, SharedFile};
pub use entropy::{Entropy, Seeded};
pub use memory::{Allocate, Memory};
pub use queue::LocalQueue;
#[doc(hidden)]
pub use queue::{BATCH_MAX, Entry, Lanes, LiveQueue, Stolen, Turns};
#[cfg(feature = "alloc")]
#[doc(hidden)]
pub use region::Lent;
pub use region::{Region, Regions};
#[cfg(feature = "std")]
pub(crate) use scheduler::on_demand;
#[cfg(feature = "alloc")]
pub(crate) use scheduler::steals;
pub use scheduler::{Balanced, Cores, HandsOver, Order, Placement, Policy, Scheduler, Stealing};
#[doc(hidden)]
pub use sealed::Sealed;
pub use threads::{JoinThread, NoThreads, StartsThreads, Threads};
pub use topology::{Cpu, Topology, Uniform};
pub use watchdog::{Blocked, BlockedAfter, OnBlocked, ToStderr, Unwatched, Watchdog};

#[cfg(feature = "std")]
pub use entropy::OsEntropy;
#[cfg(feature = "std")]
pub use threads::OsThreads;
