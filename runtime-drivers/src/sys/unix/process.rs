//! Children: what tells of their end, and what ends them. `std::process` starts them and takes their status.

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

/// Ends the child `pid` at once (`SIGKILL`), and nobody else. Of one that has ended and was not waited for, that is nothing.
///
/// The number of a child whose status somebody else took may be a stranger's. So the process behind the number is held first, and
/// looked at after that: if the number is then that of a child which nobody has waited for, what is held is that child, or a
/// process that is gone; a number has one process at a time. Where the system has no descriptors of processes, the look comes
/// first and the number is used: right as long as no other thread waits for this child in between.
///
/// # Errors
/// [`NO_CHILD`]: there is no such child, or its status was taken. `EPERM`: it runs as another user.
pub(crate) fn kill(pid: u32) -> Result<(), Errno> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    let held = pidfd(pid).ok().map(|fd| {
        use std::os::fd::{FromRawFd as _, OwnedFd};
        // SAFETY: new, and nobody else's.
        unsafe { OwnedFd::from_raw_fd(fd) }
    });
    has_nobody_waited_for(pid)?;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(held) = held {
        use std::os::fd::AsRawFd as _;
        if let Some(sent) = kill_by_fd(held.as_raw_fd()) {
            return sent;
        }
    }
    // SAFETY: takes integers only.
    gone_is_no_child(check(unsafe { libc::kill(pid as libc::pid_t, libc::SIGKILL) }))
}

/// Ends the process of a descriptor at once. `None`: this system has no such call. `pidfd_send_signal(2)`, Linux 5.1.
///
/// # Errors
/// As [`kill`].
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn kill_by_fd(pidfd: i32) -> Option<Result<(), Errno>> {
    let (info, flags): (*const libc::siginfo_t, libc::c_uint) = (core::ptr::null(), 0);
    // SAFETY: takes integers, and null for what is not said.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, libc::SIGKILL, info, flags) };
    match gone_is_no_child(check(sent as libc::c_int)) {
        Err(errno) if errno.code() == libc::ENOSYS => None,
        sent => Some(sent),
    }
}

/// # Errors
/// [`NO_CHILD`]: somebody has.
fn has_nobody_waited_for(pid: u32) -> Result<(), Errno> {
    retry(|| {
        let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        let look = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
        // SAFETY: `info` is live and writable, and of the type that the call fills.
        check(unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, info.as_mut_ptr(), look) }).map(drop)
    })
}

fn gone_is_no_child(sent: Result<libc::c_int, Errno>) -> Result<(), Errno> {
    match sent {
        Err(errno) if errno.code() == libc::ESRCH => Err(NO_CHILD),
        sent => sent.map(drop),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    fn is_alive(pid: u32) -> bool {
        // SAFETY: takes integers only; no signal is sent.
        unsafe { libc::kill(pid as libc::pid_t, 0) == 0 }
    }

    #[test]
    fn a_stranger_s_number_is_not_signalled() {
        // The child of a child has a number that is alive, and not ours to end.
        let mut shell = Command::new("sh");
        shell.args(["-c", "sleep 1000 & echo $!; wait"]).stdout(Stdio::piped());
        let mut shell = shell.spawn().expect("a shell is there");
        let mut line = std::string::String::new();
        BufReader::new(shell.stdout.take().expect("piped")).read_line(&mut line).expect("text");
        let stranger: u32 = line.trim().parse().expect("a number");
        assert_eq!(kill(stranger), Err(NO_CHILD));
        assert!(is_alive(stranger), "a process that is no child was ended");

        // A child, running, ended, and waited for.
        let child = shell.id();
        assert_eq!(kill(child), Ok(()));
        wait_for_end_of(child);
        assert_eq!(kill(child), Ok(()), "a zombie's number is its own");
        shell.wait().expect("our child");
        assert_eq!(kill(child), Err(NO_CHILD));
        // SAFETY: takes integers only; the number is that of the child's child, which nobody has waited for.
        unsafe { libc::kill(stranger as libc::pid_t, libc::SIGKILL) };
    }

    /// Leaves its status.
    fn wait_for_end_of(pid: u32) {
        let mut info = core::mem::MaybeUninit::<libc::siginfo_t>::zeroed();
        // SAFETY: `info` is live and writable.
        let ended =
            unsafe { libc::waitid(libc::P_PID, pid as libc::id_t, info.as_mut_ptr(), libc::WEXITED | libc::WNOWAIT) };
        assert_eq!(ended, 0);
    }
}
