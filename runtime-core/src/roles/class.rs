//! Classes of tasks, where a worker keeps them apart.

use super::Sealed;
use super::scheduler::Scheduler;
use core::panic::Location;

/// What a task is to the worker that runs it: [`Latency`] or [`Throughput`]. See
/// [`Classes`](crate::scheduler::Classes), which says who runs when.
///
/// There are these two, each with a name for traces or without one ([`NamedClass`]): the trait can be named in bounds, and not
/// implemented elsewhere.
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
    /// The name of the task, and where it was given.
    #[doc(hidden)]
    fn named(&self) -> Option<(&'static str, &'static Location<'static>)> {
        None
    }
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

/// A class, and the name of a task for traces, as [`Ambient::spawn_named`](crate::runtime::Ambient::spawn_named) gives one:
/// [`Latency::named`], [`Throughput::named`].
#[derive(Debug, Clone, Copy)]
pub struct NamedClass<K> {
    _class: K,
    name: &'static str,
    /// The line that a trace shows.
    named_at: &'static Location<'static>,
}

impl Latency {
    /// A task of this class, and its name: `spawn_with(Latency.named("answer"), …)`. A trace shows the line of this call as the
    /// one that spawned it.
    #[must_use]
    #[track_caller]
    pub const fn named(self, name: &'static str) -> NamedClass<Self> {
        NamedClass { _class: self, name, named_at: Location::caller() }
    }
}

impl Throughput {
    /// As [`Latency::named`].
    #[must_use]
    #[track_caller]
    pub const fn named(self, name: &'static str) -> NamedClass<Self> {
        NamedClass { _class: self, name, named_at: Location::caller() }
    }
}

#[diagnostic::do_not_recommend]
impl<K: Class> Class for NamedClass<K> {
    const THERE_ARE_TWO_CLASSES: Sealed = Sealed::OURS;
    const LATENCY: bool = K::LATENCY;
    fn named(&self) -> Option<(&'static str, &'static Location<'static>)> {
        Some((self.name, self.named_at))
    }
}

/// A scheduler whose workers keep two classes of tasks apart: what `spawn_with` asks for.
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` has one class of tasks",
    label = "`spawn_with` asks for workers that keep two classes apart",
    note = "`WorkStealing<N, P, Classes>` has them; `spawn` needs none"
)]
pub trait Classed: Scheduler {}
