//! Classes of tasks, where a worker keeps them apart.

use super::Sealed;
use super::scheduler::Scheduler;

/// What a task is to the worker that runs it: [`Latency`] or [`Throughput`]. See
/// [`Classes`](crate::scheduler::Classes), which says who runs when.
///
/// There are these two: the trait can be named in bounds, and not implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a class of tasks",
    label = "expected a class",
    note = "classes: `Latency`, `Throughput`"
)]
pub trait Class: Copy + 'static {
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints the name as advice")]
    const THERE_ARE_TWO_CLASSES: Sealed;
    #[doc(hidden)]
    const LATENCY: bool;
}

/// Somebody waits for what the task does: it runs before the others that are ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency;

impl Class for Latency {
    const THERE_ARE_TWO_CLASSES: Sealed = Sealed::OURS;
    const LATENCY: bool = true;
}

/// The task may wait, and is not starved: what every task is that was spawned without a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throughput;

impl Class for Throughput {
    const THERE_ARE_TWO_CLASSES: Sealed = Sealed::OURS;
    const LATENCY: bool = false;
}

/// A scheduler whose workers keep two classes of tasks apart: what `spawn_with` asks for.
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` has one class of tasks",
    label = "`spawn_with` asks for workers that keep two classes apart",
    note = "`WorkStealing<N, P, Classes>` has them; `spawn` needs none"
)]
pub trait Classed: Scheduler {}
