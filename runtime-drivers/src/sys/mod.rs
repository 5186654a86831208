//! The system calls that ops and drivers make: a room for each family of systems, with the same functions in each.
//!
//! *Architecture Invariant:* `libc` is named below `unix` only, `windows_sys` below `windows` only. Nothing here knows a
//! task, a driver or a `Config`.
//!
//! What the functions promise, their contract, stands in the room's own page; that of `windows` says where it differs.

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(all(test, target_os = "linux"))]
pub(crate) use self::unix::guard;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) use self::unix::thread;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use self::unix::timerfd;
#[cfg(unix)]
pub(crate) use self::unix::{
    address, at_hand, datagram, fd, file, fork, nudge, options, out_of_resources, out_of_watches, pipe, poll, poll_set,
    process, rights, signal, socket, space, stat, transfer, unix_socket, would_block,
};
#[cfg(target_os = "linux")]
pub(crate) use self::unix::{beneath, copy, listing, remove_all, ring, send_file, splice};
#[cfg(windows)]
pub(crate) use self::windows::{
    fd, options, out_of_resources, out_of_watches, poll, signal, socket, transfer, would_block,
};
