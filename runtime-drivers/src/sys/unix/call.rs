//! From the return value of a system call to a `Result`.

use bespoke_core::driver::Errno;

/// The error of the last system call that failed on this thread. `errno(3)`.
///
/// # Panics
/// If `errno` is 0: no call that reports a failure leaves it so.
#[cold]
fn last_errno() -> Errno {
    // `std` reads the thread's `errno` without allocating, under the name that each system gives it.
    let code = std::io::Error::last_os_error().raw_os_error().unwrap_or(0);
    Errno::new(code).expect("a system call failed without an error number")
}

/// An `Errno` from one of libc's constants, at compile time.
pub(super) const fn errno(code: libc::c_int) -> Errno {
    match Errno::new(code) {
        Some(errno) => errno,
        None => panic!("an error number is not zero"),
    }
}

/// Reads the result of a call that returns -1 or a value.
pub(super) fn check(returned: libc::c_int) -> Result<libc::c_int, Errno> {
    if returned == -1 { Err(last_errno()) } else { Ok(returned) }
}

/// Reads the result of a call that returns -1 or a count of bytes.
pub(super) fn count(returned: libc::ssize_t) -> Result<usize, Errno> {
    // The kernel returns no negative value but -1, so the conversion fails exactly on failure.
    usize::try_from(returned).map_err(|_| last_errno())
}

/// Makes the call again as long as a signal interrupts it. `signal(7)`, "Interruption of system calls".
pub(super) fn retry<T>(mut call: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    loop {
        match call() {
            Err(e) if e.code() == libc::EINTR => {}
            result => return result,
        }
    }
}

/// Whether the call found nothing to do: `EAGAIN`, and `EWOULDBLOCK` where it is another number.
pub(crate) const fn would_block(errno: Errno) -> bool {
    errno.code() == libc::EAGAIN || errno.code() == libc::EWOULDBLOCK
}

/// Whether the process or the machine is out of descriptors or socket memory: `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`.
///
/// `accept` fails so at once and every time, with the connection left in the queue and the listener still readable: who
/// retries must wait first.
pub(crate) const fn out_of_resources(errno: Errno) -> bool {
    matches!(errno.code(), libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM)
}

/// Of a descriptor that was to be watched: whether the system watches no more for this user. `ENOSPC`, `epoll_ctl(2)`.
pub(crate) const fn out_of_watches(errno: Errno) -> bool {
    errno.code() == libc::ENOSPC
}
