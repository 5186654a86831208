//! System calls that the system refuses to a thread, as a sandbox does: by a filter that the thread gives itself. `seccomp(2)`,
//! Linux.
//!
//! A filter is of a thread and of those that it starts, for ever: so it is put on a thread of its own.

use std::io;

/// A call, by its number, and the error that it ends with.
pub(crate) type Denied = (libc::c_long, libc::c_int);

/// Runs `f` on a thread for which the calls of `denied` fail as said, and on which it starts its own.
pub(crate) fn without<T: Send>(denied: &[Denied], f: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let denied = scope.spawn(|| {
            deny(denied).expect("the system lets a thread filter its own calls; without that nothing is shown");
            f()
        });
        denied.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Denies them to this thread, and to those that it starts from now on.
pub(crate) fn deny(denied: &[Denied]) -> io::Result<()> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const IS_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    let step = |code: u32, k: u32, on_no: u8| libc::sock_filter { code: code as u16, jt: 0, jf: on_no, k };
    // The number of the call is the first field of what a filter sees. This process has calls of one architecture only.
    let mut steps = vec![step(LOAD, 0, 0)];
    for &(call, errno) in denied {
        steps.push(step(IS_EQUAL, u32::try_from(call).expect("numbers of calls are small"), 1));
        steps.push(step(RETURN, libc::SECCOMP_RET_ERRNO | u32::try_from(errno).expect("errors are positive"), 0));
    }
    steps.push(step(RETURN, libc::SECCOMP_RET_ALLOW, 0));
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // Who cannot gain rights may filter itself.
    // SAFETY: takes integers only.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: `program` and the steps that it points at are live; the system copies them.
    let set = unsafe { libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program) };
    if bound == 0 && set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
