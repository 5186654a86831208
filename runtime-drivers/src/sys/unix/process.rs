//! Children: what tells of their end. `std::process` starts them, signals them and takes their status.

use super::call::{check, errno, retry};
use bespoke_core::driver::Errno;

/// A descriptor that is readable when the process has ended; close-on-exec. `pidfd_open(2)`.
///
/// For a child that nobody has waited for yet: until then its number is its own.
///
/// # Errors
/// `ENOSYS` before Linux 5.3; what a filter of system calls says; `EMFILE`, `ENFILE`, `ENOMEM`.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn pidfd(pid: u32) -> Result<i32, Errno> {
    let flags: libc::c_uint = 0;
    // SAFETY: takes integers only.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, pid as libc::pid_t, flags) };
    // A descriptor, or -1.
    check(fd as libc::c_int)
}

/// There is no such child, or its status was taken. `ECHILD`.
pub(crate) const NO_CHILD: Errno = errno(libc::ECHILD);

/// Does the error say so?
pub(crate) fn is_no_child(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(libc::ECHILD)
}

/// Waits until some child of this process has ended that nobody has waited for, and leaves it to be waited for.
/// `waitid(2)`, `P_ALL`, `WNOWAIT`.
///
/// # Errors
/// `ECHILD`: there is no child.
pub(crate) fn wait_for_any_end() -> Result<(), Errno> {
    retry(|| {
        let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: `info` is live and writable, and of the type that the call fills.
        let ended = unsafe { libc::waitid(libc::P_ALL, 0, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT) };
        check(ended).map(drop)
    })
}
