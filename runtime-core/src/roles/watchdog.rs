//! Who is told when a task holds a worker in one poll for too long.

use super::Sealed;
use core::fmt;
use core::marker::PhantomData;
use core::panic::Location;
use core::time::Duration;

/// Does anybody watch how long the workers are in one poll, and who is told?
///
/// A worker shows what it polls by plain stores, and reads no clock. One thread for each runtime looks at what the workers
/// show. It touches no task: it learns the name of the task's type, the line of its `#[async_fn]`, and its identity.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a watchdog",
    label = "expected a watchdog",
    note = "watchdogs: `Unwatched`, `BlockedAfter<MILLISECONDS>`"
)]
pub trait Watchdog: 'static {
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints the name as advice")]
    const WATCHDOGS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed;
    /// The name in `INFO` and in reports.
    const NAME: &'static str;
    /// How long a worker may be in one poll; `None`: nobody watches.
    const BOUND: Option<Duration>;

    /// A `T` where somebody watches, and nothing where nobody does: a runtime without a watchdog has no room for one.
    #[doc(hidden)]
    type Kept<T: Default + Send + Sync + 'static>: Default + Send + Sync + 'static;

    /// It, if there is one.
    #[doc(hidden)]
    fn kept<T: Default + Send + Sync + 'static>(kept: &Self::Kept<T>) -> Option<&T>;

    /// Passes a report on.
    #[doc(hidden)]
    fn tell(blocked: &Blocked<'_>);
}

/// Nobody watches: it takes no thread, no byte and no instruction.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watchdog for Unwatched {
    const WATCHDOGS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
    const NAME: &'static str = "none";
    const BOUND: Option<Duration> = None;
    type Kept<T: Default + Send + Sync + 'static> = ();

    #[inline(always)]
    fn kept<T: Default + Send + Sync + 'static>((): &()) -> Option<&T> {
        None
    }
    fn tell(_: &Blocked<'_>) {}
}

/// A worker that is in one poll for longer than `MILLISECONDS` is reported to `T`: once while it lasts, and once when it is over,
/// unless the runtime has ended by then.
///
/// `T` is [`ToStderr`] unless something else is named: a line on the standard error for each report.
///
/// # What is seen
/// A thread of the runtime's looks at all workers every half of the bound, and reports a poll that it meets at three looks in
/// a row. So what is reported has taken longer than the bound; what takes twice the bound is reported, in time or as soon as the
/// system lets the thread run; what lies between may be missed. While nobody runs a worker, the thread sleeps; a worker with a
/// thread of its own runs always.
///
/// *One poll* is a turn of a task: the poll itself, and what its end brings with it, the drop of the future, say. The future
/// of `block_on` counts as a task. What a poll calls is part of it: another runtime's `block_on`, say. A worker that waits for
/// work is in no poll.
///
/// The bound is that of the machine's time, so a clock that tests move by hand does not go with it, and neither does a
/// driver whose operations block: every one of its polls may take long. It takes a thread. The compiler refuses the rest.
pub struct BlockedAfter<const MILLISECONDS: u64, T = ToStderr>(PhantomData<fn() -> T>);

impl<const MILLISECONDS: u64, T: OnBlocked> Watchdog for BlockedAfter<MILLISECONDS, T> {
    const WATCHDOGS_ARE_THE_PROJECTS_OWN_until_1_0: Sealed = Sealed::OURS;
    const NAME: &'static str = "blocked-after";
    const BOUND: Option<Duration> = Some(Duration::from_millis(MILLISECONDS));
    type Kept<U: Default + Send + Sync + 'static> = U;

    #[inline(always)]
    fn kept<U: Default + Send + Sync + 'static>(kept: &U) -> Option<&U> {
        Some(kept)
    }
    fn tell(blocked: &Blocked<'_>) {
        T::on_blocked(blocked);
    }
}

impl<const MILLISECONDS: u64, T> Clone for BlockedAfter<MILLISECONDS, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<const MILLISECONDS: u64, T> Copy for BlockedAfter<MILLISECONDS, T> {}

impl<const MILLISECONDS: u64, T> fmt::Debug for BlockedAfter<MILLISECONDS, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockedAfter<{MILLISECONDS}>")
    }
}

/// Who is told of a poll that holds a worker: what [`BlockedAfter`] calls.
///
/// It is called by the thread that watches, on which nobody looks at the workers meanwhile, so it should be short. It may ask
/// the runtime for its metrics. What it panics with is told by the panic hook, and goes no further. A runtime that ends waits
/// for it, for no longer than it waits for anything.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be told of a poll that holds a worker",
    label = "expected something to be told",
    note = "`ToStderr` writes a line; another one is a type of the program with `impl OnBlocked for {Self}`"
)]
pub trait OnBlocked: 'static {
    /// A worker is in one poll for longer than the bound; or was, and that poll is over.
    fn on_blocked(blocked: &Blocked<'_>);
}

/// A line on the standard error for each report.
#[derive(Debug, Clone, Copy)]
pub struct ToStderr;

impl OnBlocked for ToStderr {
    fn on_blocked(blocked: &Blocked<'_>) {
        #[cfg(feature = "std")]
        {
            use std::io::Write;
            // In one piece, so that lines of several runtimes do not mix. Where nobody reads, nobody misses it.
            let line = alloc::format!("{blocked}\n");
            let _ = std::io::stderr().write_all(line.as_bytes());
        }
        // A config with a watchdog is refused there.
        let _ = blocked;
    }
}

/// A poll that holds a worker, or has held it: what the watchdog saw. Its `Display` is a line for a log.
#[derive(Clone, Copy, Debug)]
pub struct Blocked<'a> {
    pub(crate) config: &'static str,
    pub(crate) worker: usize,
    /// Its address, which is its identity.
    pub(crate) task: Option<usize>,
    pub(crate) name: &'a str,
    pub(crate) type_name: &'static str,
    pub(crate) location: Option<&'static Location<'static>>,
    pub(crate) bound: Duration,
    pub(crate) held: Duration,
    pub(crate) is_over: bool,
}

impl Blocked<'_> {
    /// The name of the config.
    #[must_use]
    pub fn config(&self) -> &'static str {
        self.config
    }

    /// The number of the worker, counted from 0. That of a `block_on` with a worker of its own comes after those of the
    /// runtime.
    #[must_use]
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// The future's name, for people: the path of its function, if it is that of an `async fn` or of a block in one; else its
    /// type without the paths.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name
    }

    /// What the compiler calls the type of the future.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.type_name
    }

    /// Where the function is, if it is one under `#[async_fn]`: rustc does not say it of its own.
    #[must_use]
    pub fn location(&self) -> Option<&'static Location<'static>> {
        self.location
    }

    /// How long a worker may be in one poll.
    #[must_use]
    pub fn bound(&self) -> Duration {
        self.bound
    }

    /// How long the worker is in this poll, or was in it, at least: from the first look that met it to the last. Looks are half
    /// of the bound apart, and more where a hook took longer.
    #[must_use]
    pub fn held(&self) -> Duration {
        self.held
    }

    /// Is the poll over? It was reported before, when it was not.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }
}

impl fmt::Display for Blocked<'_> {
    /// `` `App`: worker 0 is in one poll for 151ms by now, where 100ms are allowed: task 0x…, shop::pay, src/shop.rs:12 ``
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is, by_now) = if self.is_over { ("was", "") } else { ("is", " by now") };
        let (held, bound) = (Duration::from_millis(self.held.as_millis() as u64), self.bound);
        write!(
            f,
            "`{}`: worker {} {is} in one poll for {held:?}{by_now}, where {bound:?} are allowed: ",
            self.config, self.worker
        )?;
        match self.task {
            Some(task) => write!(f, "task {task:#x}")?,
            None => f.write_str("the future of `block_on`")?,
        }
        write!(f, ", {}", self.name)?;
        match self.location {
            Some(at) => write!(f, ", {}:{}", at.file(), at.line()),
            None => Ok(()),
        }
    }
}
