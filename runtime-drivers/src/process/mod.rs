//! Child processes. Every type here is generic over the config: `T<C>`; a config's own module has the short names.
//!
//! | file | holds |
//! |---|---|
//! | `command` | [`Command`]: what is to be run |
//! | `child` | [`Child`]: what runs, and its end |
//! | `exit` | what tells of the end |
//! | `orphans` | children that nobody waits for any more |
//! | `stdio` | [`ChildStdin`], [`ChildStdout`], [`ChildStderr`] |
//! | `pipe` | what these three are made of |
//!
//! `std::process` starts the children, with its promises: descriptors that are not handed on are closed in the child, and the
//! mask and the dispositions of signals are as the standard library leaves them.
//!
//! # No zombies
//! A child that has ended stays in the system's table until its parent takes its status. [`Child::wait`] does, and so does
//! whoever is told of the end first. A [`Child`] that is dropped before is an *orphan*: a thread takes the status of all
//! orphans as they end, and ends after the last of them. It belongs to no runtime, so an orphan may outlive the one that
//! started it. Where the config has no threads, orphans are looked after when the next child is started or dropped.
//!
//! # What tells of the end
//! On Linux a descriptor of the process itself (`pidfd_open(2)`), for which no signal is caught. Where the system has none
//! (before Linux 5.3, under a filter of system calls, elsewhere) the signal `SIGCHLD`, as in
//! [`signal`](mod@crate::signal); a program that waits for all of its children at once (`waitpid(-1)`), or ignores `SIGCHLD`,
//! takes the status away from whoever waits here, who is told `ECHILD`.
//!
//! # Platform
//! Unix. On Windows a command cannot be made: the compiler says so.

#[cfg(unix)]
mod child;
#[cfg(unix)]
mod command;
#[cfg(unix)]
mod exit;
#[cfg(unix)]
mod orphans;
#[cfg(unix)]
pub(crate) mod pipe;
#[cfg(unix)]
mod stdio;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
pub use child::Child;
#[cfg(unix)]
pub use command::{Command, SpawnError};
#[cfg(unix)]
pub use stdio::{ChildStderr, ChildStdin, ChildStdout, WriteStdin, WriteStdinAll};
#[cfg(windows)]
pub use windows::Command;
