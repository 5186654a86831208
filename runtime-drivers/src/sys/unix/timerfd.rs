//! A timer that is a descriptor: readable from its deadline on. Linux. `timerfd_create(2)`.
//!
//! On `CLOCK_MONOTONIC`, so a change of the wall clock does not move it, and a suspended machine's time does not count.

use bespoke_core::driver::Errno;

use super::call::{check, count, errno, retry};

/// A new timer, not armed; nonblocking and close-on-exec.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`.
pub(crate) fn create() -> Result<i32, Errno> {
    // SAFETY: takes integers only.
    let fd = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC) };
    check(fd)
}

/// Fires once, `delay_ns` from now, in place of what was armed before. 0 is "at once" (the kernel's "off" is [`disarm`]).
pub(crate) fn arm_after(fd: i32, delay_ns: u64) -> Result<(), Errno> {
    set(fd, 0, delay_ns.max(1))
}

/// Fires once, when `CLOCK_MONOTONIC` reads `deadline_ns`, in place of what was armed before; at once if it is past.
pub(crate) fn arm_at(fd: i32, deadline_ns: u64) -> Result<(), Errno> {
    set(fd, libc::TFD_TIMER_ABSTIME, deadline_ns.max(1))
}

/// Forgets what was armed, and a firing that nobody has read yet.
pub(crate) fn disarm(fd: i32) -> Result<(), Errno> {
    set(fd, 0, 0)
}

/// `timerfd_settime(2)`; 0 ns is "off".
fn set(fd: i32, flags: libc::c_int, at_ns: u64) -> Result<(), Errno> {
    let time = libc::itimerspec {
        it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: libc::timespec {
            // 64 bits of nanoseconds are 18 G s: beyond a 32-bit `time_t`, which then waits as long as it can.
            tv_sec: libc::time_t::try_from(at_ns / 1_000_000_000).unwrap_or(libc::time_t::MAX),
            tv_nsec: (at_ns % 1_000_000_000) as _,
        },
    };
    // SAFETY: `time` is live during the call, and null says that the old value is not wanted.
    let done = unsafe { libc::timerfd_settime(fd, flags, &raw const time, core::ptr::null_mut()) };
    check(done).map(drop)
}

/// Takes the firing: how many there were since it was armed or read, at least 1. `read(2)`.
///
/// # Errors
/// [`would_block`](super::would_block) if it has not fired.
pub(crate) fn read(fd: i32) -> Result<u64, Errno> {
    let mut fired = 0_u64;
    let got = retry(|| {
        // SAFETY: `fired` is live, writable and eight bytes long.
        let got = unsafe { libc::read(fd, (&raw mut fired).cast(), size_of::<u64>()) };
        count(got)
    })?;
    // A timer gives eight bytes or an error; less is another kind of file.
    if got == size_of::<u64>() { Ok(fired) } else { Err(errno(libc::EINVAL)) }
}
