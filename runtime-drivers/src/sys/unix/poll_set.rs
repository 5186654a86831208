//! Waiting for many descriptors by one call, which looks at all of them. `poll(2)`; `ppoll(2)` where it is, for its
//! nanoseconds.

use bespoke_core::driver::Errno;
use std::vec::Vec;

use super::call::{check, errno};

/// Which directions of a descriptor: a set of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sides(u8);

impl Sides {
    pub(crate) const NONE: Sides = Sides(0);
    pub(crate) const READ: Sides = Sides(1);
    pub(crate) const WRITE: Sides = Sides(2);

    pub(crate) const fn new(read: bool, write: bool) -> Self {
        Sides(read as u8 | (write as u8) << 1)
    }
    pub(crate) fn is_empty(self) -> bool {
        self == Sides::NONE
    }
    /// Are they `other`, or more?
    pub(crate) const fn has(self, other: Sides) -> bool {
        self.0 & other.0 == other.0
    }
    pub(crate) const fn and(self, other: Sides) -> Sides {
        Sides(self.0 & other.0)
    }
    pub(crate) const fn or(self, other: Sides) -> Sides {
        Sides(self.0 | other.0)
    }
    pub(crate) const fn without(self, other: Sides) -> Sides {
        Sides(self.0 & !other.0)
    }
}

/// What a wait has found at one descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Those that a call would not wait for. An error, a hang-up or a number that is not open stands for both: the next call
    /// says which.
    pub(crate) ready: Sides,
    /// The other end is gone, or the descriptor has failed.
    pub(crate) hung_up: bool,
}

/// Descriptors in a row, and what is waited for at each.
#[derive(Debug, Default)]
pub(crate) struct PollSet(Vec<libc::pollfd>);

impl PollSet {
    /// Adds one at the end.
    ///
    /// # Errors
    /// [`Errno::OUT_OF_MEMORY`].
    pub(crate) fn push(&mut self, fd: i32, sides: Sides) -> Result<(), Errno> {
        debug_assert!(fd >= 0, "a negative number is how one is hidden");
        self.0.try_reserve(1).map_err(|_| Errno::OUT_OF_MEMORY)?;
        self.0.push(libc::pollfd { fd, events: events(sides), revents: 0 });
        Ok(())
    }

    /// Removes one; the last takes its place.
    pub(crate) fn swap_remove(&mut self, at: usize) {
        self.0.swap_remove(at);
    }

    /// What is waited for at one from now on. Nothing: the wait does not look at it.
    pub(crate) fn set(&mut self, at: usize, sides: Sides) {
        let entry = &mut self.0[at];
        let fd = if entry.fd < 0 { !entry.fd } else { entry.fd };
        // Of a descriptor that is looked at, an error and a hang-up are told unasked.
        entry.fd = if sides.is_empty() { !fd } else { fd };
        entry.events = events(sides);
        entry.revents = 0;
    }

    /// Waits until one of them is ready, so many nanoseconds have passed or a signal has come; `None` is for ever, 0 only
    /// looks.
    ///
    /// # Errors
    /// `EINVAL` with more descriptors than the process may have; `ENOMEM`.
    pub(crate) fn wait(&mut self, timeout_ns: Option<u64>) -> Result<(), Errno> {
        match check(self.call(timeout_ns)) {
            Ok(_) => Ok(()),
            Err(errno) => {
                // The call has told nothing then, and what the last one told is not to be read again.
                self.0.iter_mut().for_each(|entry| entry.revents = 0);
                if errno.code() == libc::EINTR { Ok(()) } else { Err(errno) }
            }
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn call(&mut self, timeout_ns: Option<u64>) -> libc::c_int {
        let time = timeout_ns.map(|ns| libc::timespec {
            tv_sec: libc::time_t::try_from(ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
            tv_nsec: (ns % 1_000_000_000) as _,
        });
        let time = time.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
        let len = self.0.len() as libc::nfds_t;
        // SAFETY: points to that many live, writable entries and to a live time or none; null leaves the signals as they are.
        unsafe { libc::ppoll(self.0.as_mut_ptr(), len, time, core::ptr::null()) }
    }

    /// The wait is in milliseconds, rounded up.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    fn call(&mut self, timeout_ns: Option<u64>) -> libc::c_int {
        let len = self.0.len() as libc::nfds_t;
        // SAFETY: points to that many live, writable entries.
        unsafe { libc::poll(self.0.as_mut_ptr(), len, timeout_ns.map_or(-1, super::poll::poll_ms)) }
    }

    /// What the last wait found at one.
    pub(crate) fn found(&self, at: usize) -> Found {
        let told = self.0[at].revents;
        let hung_up = told & (libc::POLLHUP | libc::POLLERR | libc::POLLNVAL) != 0;
        Found { ready: Sides::new(hung_up || told & libc::POLLIN != 0, hung_up || told & libc::POLLOUT != 0), hung_up }
    }
}

fn events(sides: Sides) -> libc::c_short {
    let read = if sides.has(Sides::READ) { libc::POLLIN } else { 0 };
    let write = if sides.has(Sides::WRITE) { libc::POLLOUT } else { 0 };
    read | write
}

/// Can it be waited for? Files and folders are always ready. `fstat(2)`.
///
/// # Errors
/// `EPERM`, as epoll says of them; `EBADF`.
pub(crate) fn can_wait(fd: i32) -> Result<(), Errno> {
    let mut about = core::mem::MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `about` is live and writable, and of the type that the call fills.
    let told = unsafe { libc::fstat(fd, about.as_mut_ptr()) };
    check(told)?;
    // SAFETY: zeroed, and then filled.
    let about = unsafe { about.assume_init() };
    match about.st_mode & libc::S_IFMT {
        libc::S_IFREG | libc::S_IFDIR | libc::S_IFBLK => Err(errno(libc::EPERM)),
        _ => Ok(()),
    }
}
