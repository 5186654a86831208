//! Which task runs next, and on which thread.

use crate::sharing::Sharing;

/// Decides which task runs next and on which thread.
///
/// A scheduler is a *name*: the queues live in the workers of a running runtime. Until 1.0 schedulers are the project's own:
/// the trait can be named in bounds, and not implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a scheduler",
    label = "expected a scheduler",
    note = "schedulers: `SingleThread`, `ThreadPerTask`"
)]
pub trait Scheduler: 'static {
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints the name as advice")]
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: super::Sealed;

    /// May tasks move between threads? This decides what `spawn` admits.
    type Sharing: Sharing;
    /// The name in `INFO`, in reports and in messages.
    const NAME: &'static str;
    /// Upper bound of the worker threads.
    const WORKERS: usize;
    /// Do workers take tasks from each other?
    const STEALS: bool = false;
    /// Does it start the threads of its workers, so that they can be pinned?
    const PINS: bool = false;
    /// Where a spawned task runs.
    const PLACEMENT: Placement;
}

/// Where a spawned task runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Placement {
    /// In the queue of the worker that spawned it.
    ThisWorker,
    /// On a thread of its own: for drivers whose operations block.
    OwnThread,
}
