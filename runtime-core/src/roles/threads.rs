//! How threads are started.

use crate::error::Error;
use core::time::Duration;

/// Starts the threads of a runtime: workers, blocking threads, tasks under `ThreadPerTask`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot start threads for a runtime",
    label = "expected a source of threads",
    note = "sources: `OsThreads`, `NoThreads`"
)]
pub trait Threads: 'static {
    /// The name in `INFO` and in messages.
    const NAME: &'static str;
    /// May it start any thread at all? A source that may is [`StartsThreads`], too.
    const MAY_START: bool;
    /// A started thread.
    type Thread: JoinThread;

    /// Starts a thread that runs `main`.
    ///
    /// # Errors
    /// When the system has no thread left, or this source starts none.
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error>;
}

/// The source starts threads: what `spawn_blocking` asks for.
#[diagnostic::on_unimplemented(
    message = "the source of threads `{Self}` starts none, so nothing can run on a blocking thread",
    label = "`spawn_blocking` needs threads, and this config has none",
    note = "in a config choose `type Threads = OsThreads` and set BLOCKING_THREADS_MAX above 0; in generic code write \
            `C: Config<Threads: StartsThreads>`"
)]
pub trait StartsThreads: Threads {}

/// A started thread that can be waited for.
pub trait JoinThread: Send + Sync + 'static {
    /// Waits for its end. A panic of the thread ends here: the threads of a runtime catch the panics of what they run.
    fn join(self);
    /// Has it ended?
    fn is_finished(&self) -> bool;
    /// Waits for its end, for at most `timeout`. A source that can do this spares the end of a runtime a wake: who ends it
    /// hears of a worker that has closed and of its thread's end at once, and not one after the other.
    ///
    /// # Errors
    /// The thread: it has not ended in time; or the system has no such wait, which is said at once, and is what this does
    /// unless it is written.
    fn join_within(self, _timeout: Duration) -> Result<(), Self>
    where
        Self: Sized,
    {
        Err(self)
    }
}

/// No threads: a runtime on one thread, without a blocking pool.
#[derive(Debug, Clone, Copy)]
pub struct NoThreads;

/// The thread of a source that starts none: there is no value of it.
#[derive(Debug, Clone, Copy)]
pub enum NoThread {}

impl JoinThread for NoThread {
    fn join(self) {
        match self {}
    }
    fn is_finished(&self) -> bool {
        match *self {}
    }
}

impl Threads for NoThreads {
    const NAME: &'static str = "none";
    const MAY_START: bool = false;
    type Thread = NoThread;
    fn start(_name: &str, _main: impl FnOnce() + Send + 'static) -> Result<NoThread, Error> {
        Err(Error::new(crate::error::ErrorKind::Unsupported))
    }
}

/// Threads of the operating system, by what the standard library knows of them. Programs name those of the drivers, whose ends
/// are waited for with a limit.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy)]
pub struct OsThreads;

#[cfg(feature = "std")]
impl JoinThread for std::thread::JoinHandle<()> {
    fn join(self) {
        // A panic of the thread was reported by its hook already.
        let _ = std::thread::JoinHandle::join(self);
    }
    fn is_finished(&self) -> bool {
        std::thread::JoinHandle::is_finished(self)
    }
}

#[cfg(feature = "std")]
#[diagnostic::do_not_recommend]
impl StartsThreads for OsThreads {}

#[cfg(feature = "std")]
#[diagnostic::do_not_recommend]
impl Threads for OsThreads {
    const NAME: &'static str = "os";
    const MAY_START: bool = true;
    type Thread = std::thread::JoinHandle<()>;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Self::Thread, Error> {
        if name.contains('\0') {
            // std would panic, and the system's names end there.
            return Err(
                Error::new(crate::error::ErrorKind::InvalidInput).because("the name of a thread holds no zero byte")
            );
        }
        // With the zero behind it that the system wants, or std would take the memory twice.
        let mut owned = alloc::string::String::with_capacity(name.len() + 1);
        owned.push_str(name);
        std::thread::Builder::new().name(owned).spawn(main).map_err(Error::from)
    }
}
