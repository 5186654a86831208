//! Signals: a handler that counts and nudges a descriptor, nothing more. `signal(7)`, `signal-safety(7)`.
//!
//! # Life of a signal
//! ```text
//!                 1              2                3             4
//!   disposition -----> caught ------> one more ------> an edge ----> seen, by each listener for itself
//!   of the program            ^---------------------------------+
//! ```
//! 1. [`install`]: the process-wide disposition is replaced, once per signal, and never put back: another part of the
//!    program may have come to rely on it, and in between a `SIGTERM` would kill. (tokio does the same.)
//! 2. [`on_signal`], on whatever thread the kernel picks: first the count of the signal, then the nudge.
//! 3. [`fd`] is readable from the first raise on, for ever, and every raise makes a new edge in every epoll and kqueue that
//!    a duplicate of it is in, whether or not it was readable before.
//! 4. A listener remembers the [count](raises) that it saw last. It looks at the count *after* it was registered, and
//!    again after each edge: a different one is a delivery. Raises between two looks are one delivery, as in the kernel
//!    itself; a raise after a look makes an edge after that look, so a delivery follows the last raise.
//!
//! # Nobody drains
//! A listener must not read the descriptor: the others, in this runtime or another, may not have looked yet, and kqueue
//! forgets an edge when the descriptor is empty by the time it is asked. What nobody reads fills up, and a write to what is
//! full makes no edge. An `eventfd` counts to 2⁶⁴ − 2, so on Linux that never happens. A pipe holds some thousand raises;
//! the handler that finds it full empties it and writes again ([`nudge::edge`]). An edge that someone misses because the
//! pipe is empty at that moment is followed by that write's, and the counts were raised before.
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
//! 3. Only the handler reads the descriptor, and whoever does writes to it afterwards.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use bespoke_core::driver::Errno;

use super::call::{check, errno};
use super::nudge::{self, Nudge};

/// The greatest signal number that can be caught here: Linux's greatest. Elsewhere the named ones are below 32.
pub(crate) const SIGNAL_MAX: i32 = 64;

struct Caught {
    /// Our handler was put in place.
    installed: AtomicBool,
    /// How often the signal came since, wrapping.
    raises: AtomicU32,
}

/// By signal number; 0 is no signal.
static SIGNALS: [Caught; SIGNAL_MAX as usize + 1] =
    [const { Caught { installed: AtomicBool::new(false), raises: AtomicU32::new(0) } }; SIGNAL_MAX as usize + 1];

/// The read end in the upper half, the write end in the lower.
static ENDS: AtomicU64 = AtomicU64::new(CLOSED);

const CLOSED: u64 = u64::MAX;

/// May a signal be caught here?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Catch {
    Yes,
    /// There is no such signal.
    Unknown,
    /// The system refuses: `SIGKILL`, `SIGSTOP`.
    Never,
    /// It tells of a fault in the program: a handler that only counts would return to the fault, for ever.
    Fault,
}

/// May it be caught here? What the system's library keeps for itself is told by [`install`] alone.
pub(crate) fn can_catch(signal: i32) -> Catch {
    match signal {
        libc::SIGKILL | libc::SIGSTOP => Catch::Never,
        libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL => Catch::Fault,
        _ if caught(signal).is_none() => Catch::Unknown,
        _ => Catch::Yes,
    }
}

/// Catches `signal` from now on. `sigaction(2)`.
///
/// Any thread, any number of times; only the first replaces the disposition. Interrupted calls are restarted where the
/// kernel can (`SA_RESTART`), and the handler runs on the thread's alternate stack if it has one.
///
/// # Errors
/// `EINVAL`: one that [may not be caught](can_catch), or that the system's library keeps for itself.
/// `EMFILE`, `ENFILE`, `ENOMEM`, the first time only.
pub(crate) fn install(signal: i32) -> Result<(), Errno> {
    let Some(caught) = caught(signal) else {
        return Err(errno(libc::EINVAL));
    };
    if can_catch(signal) != Catch::Yes {
        return Err(errno(libc::EINVAL));
    }
    // Two threads here at once both go on: they install the same handler, which is no harm.
    if caught.installed.load(Ordering::Acquire) {
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
    caught.installed.store(true, Ordering::Release);
    Ok(())
}

/// The descriptor that has a new edge with every raise; nonblocking. The process has one, and keeps it open. To be
/// duplicated and waited on, never read.
///
/// # Errors
/// `EMFILE`, `ENFILE`, `ENOMEM`, the first time only.
pub(crate) fn fd() -> Result<i32, Errno> {
    ends().map(|(read, _)| read)
}

/// How often `signal` came since it was caught first, wrapping; 0 for what is no signal.
///
/// A listener compares it for equality with what it saw last. 2³² raises between two looks would go unseen.
pub(crate) fn raises(signal: i32) -> u32 {
    // What orders the count and the edge is the kernel; `Acquire` pairs with the handler's `Release` for what the raising
    // thread wrote before.
    caught(signal).map_or(0, |caught| caught.raises.load(Ordering::Acquire))
}

fn caught(signal: i32) -> Option<&'static Caught> {
    if signal < 1 {
        return None;
    }
    SIGNALS.get(usize::try_from(signal).ok()?)
}

/// The handler. Async-signal-safe: a lock-free addition, a `write(2)`, seldom a `read(2)`, and `errno` as it was.
extern "C" fn on_signal(signal: libc::c_int) {
    let errno = errno_location();
    // SAFETY: the location is valid as long as this thread is, and no one else writes it.
    let saved = unsafe { errno.read() };
    if let Some(caught) = caught(signal) {
        // Before the nudge: who sees the edge sees the count. Pairs with the load in `raises`.
        caught.raises.fetch_add(1, Ordering::Release);
        let (read, write) = unpack(ENDS.load(Ordering::Acquire));
        // The pair is open (inv. 2) and being full is no failure, so nothing is left to go wrong.
        let _ = nudge::edge(read, write);
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

/// The signals that the typed layer has names for. Their numbers differ between systems.
pub(crate) mod number {
    pub(crate) const ALARM: i32 = libc::SIGALRM;
    pub(crate) const CHILD: i32 = libc::SIGCHLD;
    pub(crate) const HANGUP: i32 = libc::SIGHUP;
    #[cfg(any(
        target_vendor = "apple",
        target_os = "freebsd",
        target_os = "dragonfly",
        target_os = "netbsd",
        target_os = "openbsd"
    ))]
    pub(crate) const INFO: i32 = libc::SIGINFO;
    pub(crate) const INTERRUPT: i32 = libc::SIGINT;
    pub(crate) const IO: i32 = libc::SIGIO;
    pub(crate) const PIPE: i32 = libc::SIGPIPE;
    pub(crate) const QUIT: i32 = libc::SIGQUIT;
    pub(crate) const TERMINATE: i32 = libc::SIGTERM;
    pub(crate) const USER_1: i32 = libc::SIGUSR1;
    pub(crate) const USER_2: i32 = libc::SIGUSR2;
    pub(crate) const WINDOW_CHANGE: i32 = libc::SIGWINCH;
}
