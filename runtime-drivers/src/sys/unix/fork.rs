//! How often the process was forked. `fork(2)`, `pthread_atfork(3)`.
//!
//! Calls of `fork` are counted, also those of a library; a raw system call (`clone(2)`) is not seen, nor is what
//! `std::process` starts, which runs nothing of ours.

use super::call::errno;
use bespoke_core::driver::Errno;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;

/// Written by a child that has one thread, and read by the threads that it starts: starting orders the two.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// Counts from now on. Any thread, any number of times.
///
/// # Errors
/// `ENOMEM`, the first time only.
pub(crate) fn watch() -> Result<(), Errno> {
    static WATCHED: OnceLock<libc::c_int> = OnceLock::new();
    let done = *WATCHED.get_or_init(|| {
        // SAFETY: the handler is async-signal-safe, and there for as long as the process is.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) }
    });
    if done == 0 { Ok(()) } else { Err(errno(libc::ENOMEM)) }
}

/// The count of this process.
#[inline]
pub(crate) fn forks() -> u32 {
    FORKS.load(Ordering::Relaxed)
}

/// Runs `in_copy` in a forked child, which ends with the number that it yields; waits for that, at most ten seconds. `None`: it
/// did not end in time, or by a signal.
#[cfg(test)]
pub(crate) fn in_a_copy(in_copy: impl FnOnce() -> u8) -> Option<u8> {
    // SAFETY: the child calls what is under test, and ends.
    let copy = unsafe { libc::fork() };
    if copy == 0 {
        let code = std::panic::catch_unwind(core::panic::AssertUnwindSafe(in_copy)).unwrap_or(u8::MAX);
        // SAFETY: nothing of the process that was copied is to be run any more.
        unsafe { libc::_exit(code.into()) };
    }
    let mut status = 0;
    for _ in 0..10_000 {
        // SAFETY: `status` is live and writable.
        if unsafe { libc::waitpid(copy, &raw mut status, libc::WNOHANG) } == copy {
            return libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status) as u8);
        }
        #[expect(clippy::disallowed_methods, reason = "a test outside of every runtime")]
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    // SAFETY: our child, which was not waited for.
    unsafe { libc::kill(copy, libc::SIGKILL) };
    // SAFETY: `status` is live and writable.
    unsafe { libc::waitpid(copy, &raw mut status, 0) };
    None
}

unsafe extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
