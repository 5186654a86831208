//! Signals of the operating system, as something to wait for.
//!
//! [`ctrl_c`] waits for the interrupt key, on every system. On Unix, [`signal`] makes a [`Signal`] for any signal, whose
//! [`recv`](Signal::recv) yields once after the signal came. Any number of listeners, in any number of runtimes, each see
//! every signal. [`dump_on`] prints what every task is doing when a signal comes.
//!
//! # Coalescing
//! Signals that come faster than they are received are one delivery, in the kernel as well as here. What is promised is
//! that a delivery follows the last of them.
//!
//! # For ever
//! The first listener for a signal takes its default action away for the rest of the process's life, also after all
//! listeners are dropped: after [`ctrl_c`] was polled once, the interrupt key ends the program only if the program does so
//! itself. It also replaces a handler that was there before, or the order of the parent process to ignore the signal
//! (`nohup`). A signal that every thread blocks (`pthread_sigmask(3)`) does not come.
//!
//! # Platform
//! Unix: the handler counts and writes eight bytes to an `eventfd` (Linux) or a pipe; a listener holds a duplicate of that
//! descriptor in its driver.
//!
//! Windows: [`ctrl_c`] only. The console's handler runs on a thread of the system's and wakes who waits; nothing is held in
//! a driver. Handlers that were set before are called for other events only, and a process that was started as a group of
//! its own gets no Ctrl-C.

#[cfg(unix)]
mod dump;
#[cfg(unix)]
mod refused;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use self::dump::dump_on;
#[cfg(unix)]
pub use self::refused::SignalRefused;
#[cfg(unix)]
pub(crate) use self::unix::listen;
#[cfg(unix)]
pub use self::unix::{Signal, SignalKind, ctrl_c, signal};
#[cfg(windows)]
pub use self::windows::ctrl_c;
