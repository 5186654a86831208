//! The threads of a runtime: those of the standard library, whose ends are waited for with a limit where the system can.

use bespoke_core::error::Error;
use bespoke_core::roles::{JoinThread, OsThreads as Std, StartsThreads, Threads};
use core::time::Duration;
use std::thread::JoinHandle;

/// Threads of the operating system.
///
/// | | |
/// |---|---|
/// | stack | what the standard library gives: 2 MiB, or `RUST_MIN_STACK` |
/// | end | a runtime that ends waits for the ends of its workers' threads, for as long as it may |
///
/// # Platform
/// On Linux with glibc 2.31 or newer the wait is one call (`pthread_clockjoin_np(3)`). Elsewhere a thread says first that its
/// worker is closed, and is joined then.
#[derive(Debug, Clone, Copy)]
pub struct OsThreads;

/// A thread of [`OsThreads`].
#[derive(Debug)]
pub struct OsThread(JoinHandle<()>);

impl Threads for OsThreads {
    const NAME: &'static str = Std::NAME;
    const MAY_START: bool = true;
    type Thread = OsThread;

    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<OsThread, Error> {
        Std::start(name, main).map(OsThread)
    }
}

impl StartsThreads for OsThreads {}

impl JoinThread for OsThread {
    fn join(self) {
        JoinThread::join(self.0);
    }

    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn join_within(self, timeout: Duration) -> Result<(), Self> {
        crate::sys::thread::join_within(self.0, timeout).map_err(OsThread)
    }

    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    fn join_within(self, _: Duration) -> Result<(), Self> {
        Err(self)
    }
}
