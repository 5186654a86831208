//! A descriptor that becomes readable when someone, on any thread or in a signal handler, says so.
//!
//! # States
//! ```text
//!          1 nudge                     1 nudge
//!   quiet ---------> nudged (readable) ---+
//!     ^    2 drain      |      ^----------+
//!     +-----------------+
//! ```
//! Many nudges before a drain are one. A nudge after a drain is never lost: the kernel orders the two.

use bespoke_core::driver::Errno;

#[cfg(any(target_os = "linux", target_os = "android"))]
use super::call::out_of_resources;
use super::call::{check, count, retry, would_block};
use super::fd;

/// A wake-up: one end that any thread nudges, one that a driver waits on. An `eventfd(2)` on Linux, a `pipe(2)`
/// elsewhere and where that is denied.
///
/// # Invariants
/// 1. Both numbers are open, nonblocking and close-on-exec as long as `self` lives, and belong to it alone.
/// 2. They are the same number on an `eventfd`, and closed once.
#[derive(Debug)]
pub(crate) struct Nudge {
    read: i32,
    write: i32,
}

impl Nudge {
    /// A quiet one: an `eventfd` where there is one and it is not denied, else a pipe.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`, `ENOMEM`.
    pub(crate) fn new() -> Result<Self, Errno> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        match Self::eventfd() {
            // Without descriptors or memory there is no pipe either, and a sandbox has other answers.
            Err(errno) if !out_of_resources(errno) => {}
            made => return made,
        }
        Self::pipe()
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    fn eventfd() -> Result<Self, Errno> {
        // SAFETY: takes integers only.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        let fd = check(fd)?;
        Ok(Self { read: fd, write: fd })
    }

    /// By a pipe.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(crate) fn pipe() -> Result<Self, Errno> {
        let mut ends = [-1; 2];
        // SAFETY: `ends` is live and writable, and holds the two ints that the call fills.
        let made = unsafe { libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC | libc::O_NONBLOCK) };
        check(made)?;
        let [read, write] = ends;
        Ok(Self { read, write })
    }

    /// By a pipe.
    ///
    /// # Errors
    /// `EMFILE`, `ENFILE`.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) fn pipe() -> Result<Self, Errno> {
        Self::pipe_in_steps()
    }

    /// For systems without `pipe2`; also compiled for tests.
    #[cfg(any(test, not(any(target_os = "linux", target_os = "android"))))]
    pub(super) fn pipe_in_steps() -> Result<Self, Errno> {
        let mut ends = [-1; 2];
        // SAFETY: `ends` is live and writable, and holds the two ints that the call fills.
        let made = unsafe { libc::pipe(ends.as_mut_ptr()) };
        check(made)?;
        let [read, write] = ends;
        // From here on, a failure closes both by `drop`.
        let nudge = Self { read, write };
        for end in ends {
            fd::set_close_on_exec(end)?;
            fd::set_nonblocking(end, true)?;
        }
        Ok(nudge)
    }

    /// The end to wait on, for reading. Leave the reading to [`drain`](Self::drain).
    pub(crate) const fn fd(&self) -> i32 {
        self.read
    }

    /// Makes [`fd`](Self::fd) readable. Any thread; async-signal-safe. `write(2)`.
    pub(crate) fn nudge(&self) -> Result<(), Errno> {
        write_one(self.write)
    }

    /// Makes it quiet; whether it was nudged. Take what the nudge was about *after* this. `read(2)`.
    pub(crate) fn drain(&self) -> Result<bool, Errno> {
        drain(self.read)
    }

    /// Back from [`into_raw`](Self::into_raw), with the same two numbers and to be called once.
    pub(super) const fn from_raw(read: i32, write: i32) -> Self {
        Self { read, write }
    }

    /// Both numbers, read and write; the caller has them from now on.
    pub(super) fn into_raw(self) -> (i32, i32) {
        let this = core::mem::ManuallyDrop::new(self);
        (this.read, this.write)
    }
}

impl Drop for Nudge {
    fn drop(&mut self) {
        // Neither kind holds data that a failed close could lose.
        let _ = fd::close(self.read);
        if self.write != self.read {
            let _ = fd::close(self.write);
        }
    }
}

/// Makes it readable: adds one to an `eventfd`, or eight bytes to a pipe, unless it is full. Async-signal-safe.
pub(super) fn write_one(write: i32) -> Result<(), Errno> {
    match put(write) {
        // Full: so it is readable, which is all we want.
        Err(e) if would_block(e) => Ok(()),
        result => result,
    }
}

/// Makes a new edge, readable or not: as [`write_one`], but empties it first if it is full. Async-signal-safe.
///
/// Ends: only what other threads write in between makes it go round again, and then those made their edge.
pub(super) fn edge(read: i32, write: i32) -> Result<(), Errno> {
    loop {
        match put(write) {
            Err(e) if would_block(e) => drain(read).map(drop)?,
            result => return result,
        }
    }
}

/// Eight bytes are written whole or not at all.
fn put(write: i32) -> Result<(), Errno> {
    let one = 1_u64;
    let written = retry(|| {
        // SAFETY: `one` is live and eight bytes long.
        let written = unsafe { libc::write(write, (&raw const one).cast(), size_of::<u64>()) };
        count(written)
    });
    written.map(drop)
}

/// Reads until nothing is left: one read from an `eventfd`, one for each 512 bytes from a pipe.
pub(super) fn drain(read: i32) -> Result<bool, Errno> {
    let mut bytes = [0_u8; 512];
    let mut nudged = false;
    loop {
        let got = retry(|| {
            // SAFETY: `bytes` is live, writable, and as long as said.
            let got = unsafe { libc::read(read, bytes.as_mut_ptr().cast(), bytes.len()) };
            count(got)
        });
        match got {
            Ok(got) => {
                nudged |= got > 0;
                if got < bytes.len() {
                    return Ok(nudged);
                }
            }
            Err(e) if would_block(e) => return Ok(nudged),
            Err(e) => return Err(e),
        }
    }
}
