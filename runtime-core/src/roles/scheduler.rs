//! Which task runs next, and on which thread.

use crate::sharing::Sharing;

/// Decides which task runs next and on which thread.
///
/// A scheduler is a *name*: the queues live in the workers of a running runtime. Until 1.0 schedulers are the project's own:
/// the trait can be named in bounds, and not implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a scheduler",
    label = "expected a scheduler",
    note = "schedulers: `SingleThread`, `PerCore<N>`, `ThreadPerTask`"
)]
pub trait Scheduler: 'static {
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints the name as advice")]
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: super::Sealed;

    /// May tasks move between threads? This decides what `spawn` admits.
    type Sharing: Sharing;
    /// The name in `INFO`, in reports and in messages.
    const NAME: &'static str;
    /// Upper bound of the workers; at least 1.
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
    /// In the queue of one of the runtime's workers, each in its turn; it stays there.
    InTurn,
}

/// A scheduler with several workers on which a task can be placed, and which keep the tasks that they have: what `spawn_on` and
/// `spawn_here` ask for.
#[diagnostic::on_unimplemented(
    message = "the scheduler `{Self}` has no workers to choose from",
    label = "`spawn_on` and `spawn_here` ask for workers that keep their tasks",
    note = "`PerCore<N>` has them; `spawn_pinned` keeps a future where it was made on every scheduler"
)]
pub trait Cores: Scheduler {}
