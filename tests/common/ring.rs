//! Does this system let a program have an io_uring? Containers often do not.
//!
//! The system itself is asked, not the driver: a driver that refuses where the system would not has to fail its tests.

use std::io::{Error, Write as _};

/// Is it denied? Says so, with the cause, where the harness shows it, also for a test that passes.
pub(crate) fn is_denied(test: &str) -> bool {
    let Some(cause) = cause() else { return false };
    // Not `println!`, which the harness keeps to itself.
    writeln!(std::io::stderr(), "skipped {test}: {cause}").expect("the terminal takes a line");
    true
}

/// Which of the three calls is denied, and with what. Each is made so that it fails for another reason where it is allowed: it
/// is given no parameters, or a descriptor that is none.
fn cause() -> Option<String> {
    // SAFETY: the kernel reads no parameters from a null pointer: it fails.
    let set_up = unsafe { libc::syscall(libc::SYS_io_uring_setup, 1, core::ptr::null_mut::<u8>()) };
    let set_up = ("io_uring_setup", set_up, Error::last_os_error());
    // SAFETY: no pointer is passed, and -1 is no descriptor.
    let enter = unsafe { libc::syscall(libc::SYS_io_uring_enter, -1, 0, 0, 0, core::ptr::null::<u8>(), 0_usize) };
    let enter = ("io_uring_enter", enter, Error::last_os_error());
    // SAFETY: as above.
    let register = unsafe { libc::syscall(libc::SYS_io_uring_register, -1, 0, core::ptr::null::<u8>(), 0) };
    let register = ("io_uring_register", register, Error::last_os_error());
    [set_up, enter, register].into_iter().find_map(|(call, made, error)| {
        assert_eq!(made, -1, "`{call}` was given nothing that it could do");
        let denied = matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES | libc::ENOSYS));
        denied.then(|| format!("this system denies `{call}`: {error}"))
    })
}
