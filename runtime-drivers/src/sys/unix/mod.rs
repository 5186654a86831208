//! The Unix system calls that ops and drivers make, one thin function for each.
//!
//! *Architecture Invariant:* `libc::` is named below this folder only. Nothing here knows a task, a driver or a
//! `Config`; nothing here holds state but `signal`, because the operating system's own state there is process-wide.
//!
//! # Contract
//! 1. A descriptor is a plain `i32`; the caller says that it is open and that it may act on it. A wrong one is never a
//!    breach of memory safety here: the kernel answers `EBADF`, or acts on whatever file has that number. Ownership
//!    (closed once, not used after) is the promise of the driver's register, one layer up.
//! 2. Every descriptor made here is close-on-exec, from its birth where the system can do that (Linux, the BSDs),
//!    by a second call on Apple.
//! 3. A failure is `Err(Errno)`, with the number the kernel gave. A descriptor that was made on the way is closed again.
//! 4. `EINTR` is retried where POSIX lets a call be repeated. The two exceptions say so: [`fd::close`] and
//!    [`socket::connect_start`].
//! 5. No call allocates or locks, nor panics but where the system fails without an `errno`; [`pipe::open`] allocates if
//!    the path is long, and what takes several calls of a file system does: `beneath`, `copy`, `listing`, `remove_all`.
//!    [`signal::on_signal`](signal) is moreover async-signal-safe.
//! 6. No call raises `SIGPIPE`, but [`pipe::write`] and `send_file::send` in a program that does not ignore it.
//! 7. A call on a nonblocking descriptor, or with `nonblocking`, that has nothing to do fails with an error for which
//!    [`would_block`] holds.
//!
//! # Platform
//! Linux is run by the tests. Apple systems are type-checked, and the calls that replace `accept4` and `eventfd` there
//! are run on Linux by the tests.

pub(crate) mod address;
pub(crate) mod at_hand;
#[cfg(target_os = "linux")]
pub(crate) mod beneath;
mod call;
#[cfg(target_os = "linux")]
pub(crate) mod copy;
pub(crate) mod datagram;
pub(crate) mod fd;
pub(crate) mod file;
pub(crate) mod fork;
#[cfg(all(test, target_os = "linux"))]
pub(crate) mod guard;
#[cfg(target_os = "linux")]
pub(crate) mod listing;
pub(crate) mod nudge;
pub(crate) mod options;
pub(crate) mod pipe;
pub(crate) mod poll;
pub(crate) mod poll_set;
pub(crate) mod process;
#[cfg(target_os = "linux")]
pub(crate) mod remove_all;
pub(crate) mod rights;
#[cfg(target_os = "linux")]
pub(crate) mod ring;
#[cfg(target_os = "linux")]
pub(crate) mod send_file;
pub(crate) mod signal;
pub(crate) mod socket;
pub(crate) mod space;
#[cfg(target_os = "linux")]
pub(crate) mod splice;
pub(crate) mod stat;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) mod thread;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) mod timerfd;
pub(crate) mod transfer;
pub(crate) mod unix_socket;

pub(crate) use call::{out_of_resources, out_of_watches, would_block};

#[cfg(test)]
mod tests;
