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

unsafe extern "C" fn in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
}
