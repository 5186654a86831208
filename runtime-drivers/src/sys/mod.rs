//! The system calls that ops and drivers make: one room for each family of systems, with the same functions in each.

mod unix;

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::unix::timerfd;
pub(crate) use self::unix::{fd, options, out_of_resources, poll, signal, socket, transfer, would_block};
