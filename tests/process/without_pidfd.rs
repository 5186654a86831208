//! The whole suite where `pidfd_open(2)` does not exist: a filter of system calls says so.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

const MARK: &str = "BESPOKE_PROCESS_TEST_WITHOUT_PIDFD";

#[test]
fn everything_again_without_descriptors_of_processes() {
    if std::env::var_os(MARK).is_some() {
        return;
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--nocapture", "--test-threads=1"]).env(MARK, "1");
    // SAFETY: two system calls.
    unsafe { again.pre_exec(deny_pidfd_open) };
    let output = again.output().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {said}{complained}", output.status);
    let summary = said.lines().find_map(|line| line.strip_prefix("test result: ok. ")).unwrap();
    let count: usize = summary.split(' ').next().unwrap().parse().unwrap();
    assert!(count >= 60, "{said}");
}

/// The fallback is what the other tests of that run have run on.
#[test]
fn a_filter_that_denies_denies() {
    // SAFETY: takes integers only.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, std::process::id(), 0) };
    let denied = fd == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::ENOSYS);
    assert_eq!(denied, std::env::var_os(MARK).is_some());
    if !denied {
        // SAFETY: new, and used nowhere else.
        unsafe { libc::close(fd.try_into().unwrap()) };
    }
}

/// From here on, in this process and those that it starts, `pidfd_open` fails with `ENOSYS`. `seccomp(2)`.
fn deny_pidfd_open() -> io::Result<()> {
    const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
    const JUMP_IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
    const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;
    let step = |code, jt, k| libc::sock_filter { code, jt, jf: 0, k };
    let mut steps = [
        step(LOAD, 0, 0), // the number of the call
        step(JUMP_IF_EQUAL, 1, libc::SYS_pidfd_open as u32),
        step(RETURN, 0, libc::SECCOMP_RET_ALLOW),
        step(RETURN, 0, libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: takes integers only.
    let promised = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: the program is live, and as long as it says.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    if promised == 0 && set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
