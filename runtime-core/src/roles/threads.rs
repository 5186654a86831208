//! How threads are started.

use crate::error::Error;

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

/// Threads of the operating system.
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
impl StartsThreads for OsThreads {}

#[cfg(feature = "std")]
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
        std::thread::Builder::new().name(name.into()).spawn(main).map_err(Error::from)
    }
}
