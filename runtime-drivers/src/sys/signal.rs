//! Signals: a handler that leaves a mark and nudges a descriptor, nothing more. `signal(7)`, `signal-safety(7)`.
//!
//! # Life of a signal
//! ```text
//!                 1              2              3           4
//!   disposition -----> caught ------> pending ----> fd -------> taken
//!   of the program            ^-------------------------------+
//! ```
//! 1. [`install`]: the process-wide disposition is replaced, once per signal, and never put back: another part of the
//!    program may have come to rely on it, and in between a `SIGTERM` would kill. (tokio does the same.)
//! 2. [`on_signal`], on whatever thread the kernel picks: first the mark of the signal, then the nudge.
//! 3. [`fd`] is readable. A driver waits on it, and calls [`drain`] *before* it takes marks.
//! 4. [`pending`] takes the mark. Raises between two takes are one delivery, as in the kernel itself; a raise after a
//!    take has its own mark and nudge, so a delivery follows the last raise.
//!
//! What a handler that was there before did, it does no longer: it is not called from ours, because it may be anything but
//! the default action, and running that as well would end the program that asked to catch the signal. A disposition that
//! the program sets *after* `install` stays, and that signal no longer comes here.
//!
//! A child made by `fork` without `exec` shares the descriptor and would nudge its parent; dispositions go back to the
//! default at `exec`.
//!
//! # Invariants
//! 1. `ENDS` is written once, from [`CLOSED`] to a pair that is open as long as the process is.
//! 2. The handler is installed after (1) only.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use bespoke_core::driver::Errno;

use super::call::{check, errno};
use super::nudge::{self, Nudge};

/// The greatest signal number that can be caught here: Linux's greatest. Elsewhere the named ones are below 32.
pub(crate) const SIGNAL_MAX: i32 = 64;

struct Mark {
    /// Our handler was put in place.
    caught: AtomicBool,
    /// The signal came since [`pending`] last said so.
    pending: AtomicBool,
}

/// By signal number; 0 is no signal.
static MARKS: [Mark; SIGNAL_MAX as usize + 1] =
    [const { Mark { caught: AtomicBool::new(false), pending: AtomicBool::new(false) } }; SIGNAL_MAX as usize + 1];

/// The read end in the upper half, the write end in the lower.
static ENDS: AtomicU64 = AtomicU64::new(CLOSED);

const CLOSED: u64 = u64::MAX;

/// Catches `signal` from now on. `sigaction(2)`.
///
/// Any thread, any number of times; only the first replaces the disposition. Interrupted calls are restarted where the
/// kernel can (`SA_RESTART`), and the handler runs on the thread's alternate stack if it has one.
///
/// # Errors
/// `EINVAL`: no such signal; one that cannot be caught (`SIGKILL`, `SIGSTOP`); or one that tells of a fault in the program
/// (`SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL`), as a handler that only leaves a mark would return to the fault, for ever.
/// `EMFILE`, `ENFILE`, `ENOMEM`, the first time only.
pub(crate) fn install(signal: i32) -> Result<(), Errno> {
    let Some(mark) = mark(signal) else {
        return Err(errno(libc::EINVAL));
    };
    if matches!(signal, libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL) {
        return Err(errno(libc::EINVAL));
    }
    // Two threads here at once both go on: they install the same handler, which is no harm.
    if mark.caught.load(Ordering::Acquire) {
        return Ok(());
    }
    ends()?;
    let action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: made of integers, an optional function and a set of bits, for which zero is a value.
    let mut action = unsafe { action.assume_init() };
    action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // `ONSTACK`: a task may run on a stack too small for the frame that the kernel pushes.
    action.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: the set is live and writable.
    unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
    // SAFETY: `action` is live and whole, its handler is async-signal-safe, and null says that the old one is not wanted.
    let done = unsafe { libc::sigaction(signal, &raw const action, core::ptr::null_mut()) };
    check(done)?;
    mark.caught.store(true, Ordering::Release);
    Ok(())
}

/// The descriptor that is readable when a signal has come; nonblocking. The process has one, and keeps it open.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`, the first time only.
pub(crate) fn fd() -> Result<i32, Errno> {
    ends().map(|(read, _)| read)
}

/// Makes [`fd`] quiet; whether it was nudged. Take the marks after this, not before.
pub(crate) fn drain() -> Result<bool, Errno> {
    nudge::drain(fd()?)
}

/// Takes the mark of `signal`: whether it came since this was last asked. `false` for what is no signal.
///
/// One taker gets it. To tell several listeners is the business of the layer above.
pub(crate) fn pending(signal: i32) -> bool {
    // Pairs with the store in `on_signal`. The plain load first: a look at 64 marks writes to none of them.
    mark(signal).is_some_and(|mark| mark.pending.load(Ordering::Relaxed) && mark.pending.swap(false, Ordering::SeqCst))
}

fn mark(signal: i32) -> Option<&'static Mark> {
    if signal < 1 {
        return None;
    }
    MARKS.get(usize::try_from(signal).ok()?)
}

/// The handler. Async-signal-safe: a lock-free store, a `write(2)`, and `errno` as it was.
extern "C" fn on_signal(signal: libc::c_int) {
    let errno = errno_location();
    // SAFETY: the location is valid as long as this thread is, and no one else writes it.
    let saved = unsafe { errno.read() };
    if let Some(mark) = mark(signal) {
        // Before the nudge, and pairs with the swap in `pending`: who sees the nudge sees the mark.
        mark.pending.store(true, Ordering::SeqCst);
        let (_, write) = unpack(ENDS.load(Ordering::Acquire));
        // The pair is open (inv. 2) and being full is no failure, so nothing is left to go wrong.
        let _ = nudge::write_one(write);
    }
    // SAFETY: as above.
    unsafe { errno.write(saved) };
}

/// Where this thread's `errno` lies. `errno(3)`.
fn errno_location() -> *mut libc::c_int {
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    use libc::__errno as location;
    #[cfg(any(target_os = "linux", target_os = "dragonfly"))]
    use libc::__errno_location as location;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    use libc::__error as location;
    // SAFETY: takes nothing, and is there for every thread.
    unsafe { location() }
}

/// The two ends; makes them the first time.
fn ends() -> Result<(i32, i32), Errno> {
    let known = ENDS.load(Ordering::Acquire);
    if known != CLOSED {
        return Ok(unpack(known));
    }
    let (read, write) = Nudge::new()?.into_raw();
    let made = (u64::from(read as u32) << 32) | u64::from(write as u32);
    match ENDS.compare_exchange(CLOSED, made, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => Ok((read, write)),
        Err(first) => {
            // Another thread was faster; ours was never seen.
            drop(Nudge::from_raw(read, write));
            Ok(unpack(first))
        }
    }
}

const fn unpack(ends: u64) -> (i32, i32) {
    ((ends >> 32) as u32 as i32, ends as u32 as i32)
}
