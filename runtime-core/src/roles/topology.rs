//! What the machine looks like: plain data; and where on it a thread runs.

use crate::error::{Error, ErrorKind};
use core::num::NonZeroUsize;

/// One processor as the operating system counts them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// The number by which the system knows it.
    pub id: u32,
    /// The physical core that it belongs to.
    pub core: u32,
    /// The group of cores that share the last cache.
    pub cache: u32,
    /// The memory node.
    pub node: u32,
}

/// Reads the shape of the machine.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not describe a machine",
    label = "expected a topology",
    note = "topologies: `Sysfs`, `Uniform<CPUS>`"
)]
pub trait Topology: 'static {
    /// The name in `INFO` and in reports.
    const NAME: &'static str;
    /// Calls `each` for every processor that this process may use, in the order of their numbers; at least once.
    fn for_each_cpu(each: impl FnMut(Cpu));

    /// How many threads of this process the system runs at once, where it says so: fewer than there are processors where a
    /// control group limits their time. No more workers are started than that, unless
    /// [`WORKERS_EXACT`](crate::config::Config::WORKERS_EXACT). `None`: as many as there are processors.
    #[must_use]
    fn parallelism() -> Option<NonZeroUsize> {
        None
    }

    /// How far the memory of node `to` is from a processor of node `from`, another one: 10 would be its own, 20 is twice as long
    /// (ACPI, System Locality Information Table).
    #[must_use]
    fn distance(from: u32, to: u32) -> u32 {
        if from == to { 10 } else { 20 }
    }

    /// Can it [pin](Self::pin) threads, on this target? What [`PIN_WORKERS`](crate::config::Config::PIN_WORKERS) asks for.
    const PINS: bool = false;

    /// Lets the calling thread run on `cpus` only, of which there is at least one. Threads that it starts inherit that.
    ///
    /// # Errors
    /// [`Unsupported`](ErrorKind::Unsupported) where nothing is pinned; what the system refuses, a processor that is gone, say.
    fn pin(_cpus: &[Cpu]) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Unsupported).because("this topology pins no threads"))
    }
}

/// `CPUS` equal processors on one node: a microcontroller, or a test.
#[derive(Debug, Clone, Copy)]
pub struct Uniform<const CPUS: u32 = 1>;

impl<const CPUS: u32> Topology for Uniform<CPUS> {
    const NAME: &'static str = "uniform";
    fn for_each_cpu(mut each: impl FnMut(Cpu)) {
        for id in 0..CPUS.max(1) {
            each(Cpu { id, core: id, cache: 0, node: 0 });
        }
    }
}
