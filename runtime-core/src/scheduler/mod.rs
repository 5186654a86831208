//! The schedulers. A scheduler in a config is a name; what runs is in the folder of the same name.

#[cfg(feature = "std")]
pub(crate) mod own_thread;
#[cfg(feature = "std")]
pub(crate) mod single;

use crate::roles::{Placement, Scheduler};
use crate::sharing::{Local, Shared};

/// All tasks on one thread: the thread that calls `block_on`.
///
/// Tasks need not be `Send`, and the runtime uses no locked instruction for them. One FIFO queue; a busy worker looks at
/// its driver every [`EVENT_INTERVAL`](crate::config::Config::EVENT_INTERVAL) polls.
#[derive(Debug, Clone, Copy)]
pub struct SingleThread;

impl Scheduler for SingleThread {
    type Sharing = Local;
    const NAME: &'static str = "single-thread";
    const WORKERS: usize = 1;
    const PLACEMENT: Placement = Placement::ThisWorker;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}

/// A thread of [`Config::Threads`](crate::config::Config::Threads) for every spawned task.
///
/// The scheduler of drivers whose operations block: a task that blocks must not hold up the task that it waits for.
/// Tasks are `Send`; a task never moves once it started. Several threads may be inside `block_on` at once; each runs its own
/// future, and tasks run whether or not anybody is.
///
/// When the system has no thread left, the task is *rejected*: see
/// [`JoinError::is_rejected`](crate::task::JoinError::is_rejected).
///
/// An abort takes effect when the task next waits for something else than an operation that blocks. The worker looks at its
/// timers after each poll. Closing the runtime
/// asks every task to end, and ends operations that block on sockets; a thread that is still busy after the timeout is
/// left alone, and counted in `Shutdown::running_tasks`.
#[derive(Debug, Clone, Copy)]
pub struct ThreadPerTask;

impl Scheduler for ThreadPerTask {
    type Sharing = Shared;
    const NAME: &'static str = "thread-per-task";
    const WORKERS: usize = 1;
    const PLACEMENT: Placement = Placement::OwnThread;
    const SCHEDULERS_ARE_THE_PROJECTS_OWN_until_1_0: crate::roles::Sealed = crate::roles::Sealed::OURS;
}
