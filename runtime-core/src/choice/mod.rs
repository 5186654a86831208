//! From a number of workers to a scheduler, as a table of types.

use crate::roles::Scheduler;
use crate::scheduler::SingleThread;

/// A number of workers as a type.
#[derive(Debug, Clone, Copy)]
pub struct Count<const WORKERS: usize>;

/// A number of workers that a runtime can have.
#[diagnostic::on_unimplemented(
    message = "a runtime has one worker for now, this one asks for another number: `{Self}`",
    label = "not a number of workers that a scheduler exists for",
    note = "schedulers with several workers are not part of this version: write `Builder::<1>`"
)]
pub trait Workers {
    /// One thread each, nothing shared.
    type Apart: Scheduler;
}

impl Workers for Count<1> {
    type Apart = SingleThread;
}

/// The scheduler for `WORKERS` workers that do not steal from each other.
pub type Selected<const WORKERS: usize> = <Count<WORKERS> as Workers>::Apart;
