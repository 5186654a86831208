//! The I/O drivers of [bespoke](https://docs.rs/bespoke): everything that talks to an operating system.
//!
//! | room | holds |
//! |---|---|
//! | `op` | the operations: plain data, the one reference meaning of each, the capability traits |
//! | `mio` | the readiness driver: epoll, kqueue, the completion ports of Windows |
//! | `pooled` | operations on files as jobs of the blocking pool |
//! | `uring` | the completion driver of Linux: `io_uring` |
//! | `blocking` | the driver whose operations block: plain system calls |
//! | `fallback` | a driver that is one of two |
//! | `no_io` | the driver without I/O |
//! | `net` | the typed layer: listeners, streams, addresses |
//! | `fs` | the typed layer: files, folders, paths |
//! | `io` | what is done with anything that reads or writes: lines, copies |
//! | `process` | the typed layer: child processes |
//! | `signal` | the typed layer: signals of the operating system |
//! | `stdio` | the typed layer: the standard streams of the process itself |
//! | `luggage` | what goes along with a resource that moves to another worker |
//! | `threads` | the threads of a runtime, whose ends are waited for with a limit |
//! | `theirs` | what is the user's and ends inside a driver: woken and dropped so that a panic ends nothing else |
//! | `bell` | what a worker sleeps on under a driver that asks the system for nothing |
//! | `wakers` | those of tasks that wait beside each other |
//! | `sys` | the system calls; the only room that names `libc` and `windows_sys` |
//!
//! *Architecture Invariant:* a driver's folder holds `mod.rs` (what it is, how it sleeps), and `lower.rs` and `files.rs` (how
//! each operation is expressed there). The typed layer names operations and capabilities, never a driver.
//! `docs/drivers.md` is the table of all of them, made from the types by `tests/table.rs`.
//!
//! # Platform
//! Unix and Windows. Of Windows, what wine 8 can run was run; see the pages of `sys`.
mod bell;
mod blocking;
#[cfg(target_os = "linux")]
mod fallback;
#[cfg(unix)]
pub mod fs;
pub mod io;
mod luggage;
mod mio;
pub mod net;
mod no_io;
pub mod op;
#[cfg(unix)]
mod pooled;
pub mod process;
pub mod signal;
pub mod stdio;
#[cfg_attr(not(test), allow(dead_code, unused_imports, reason = "vectored transfers and more options are called next"))]
mod sys;
mod theirs;
mod threads;
#[cfg(target_os = "linux")]
mod uring;
mod wakers;

pub use self::blocking::{Blocking, BlockingUnparker, LiveBlocking};
#[cfg(target_os = "linux")]
pub use self::fallback::{Fallback, FallbackUnparker, LiveFallback, OnFallback, ToStandardError, Unheard};
#[cfg(unix)]
pub use self::mio::PosixPoll;
pub use self::mio::{LiveMio, Mio, OsPoller, Poller};
pub use self::no_io::{LiveNoIo, NoIo, NoIoUnparker};
pub use self::threads::{OsThread, OsThreads};
#[cfg(target_os = "linux")]
pub use self::uring::{Batch, Denied, IoUring, Kernel, LiveUring, RingOptions, SqPoll, UringUnparker, Usual};
