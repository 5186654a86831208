//! System calls that wait until a test has looked, and go on or fail as it says. `seccomp_unotify(2)`.

use core::mem::zeroed;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

/// What becomes of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Answer {
    Goes,
    Fails(libc::c_int),
}

/// Runs `f` on a thread of which, and of those that it starts, each call of `calls` waits for what `each` says of it.
pub(crate) fn held<T: Send>(
    calls: &[libc::c_long],
    f: impl FnOnce() -> T + Send,
    mut each: impl FnMut(libc::c_long) -> Answer,
) -> T {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let held = scope.spawn(move || {
            send.send(listener(calls).expect("the system lets a thread filter its own calls")).expect("heard below");
            f()
        });
        let listener = receive.recv().expect("told at the beginning");
        while !held.is_finished() {
            let mut poll = libc::pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: one element, live and writable.
            if unsafe { libc::poll(&raw mut poll, 1, 10) } == 1 && poll.revents & libc::POLLIN != 0 {
                answer(&listener, &mut each);
            }
        }
        held.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// `SECCOMP_IOCTL_NOTIF_RECV`, `SECCOMP_IOCTL_NOTIF_SEND`: `_IOWR('!', 0 and 1)`, with the sizes of what they take.
const RECEIVE: u64 = 0xC000_2100 | (size_of::<libc::seccomp_notif>() as u64) << 16;
const SEND: u64 = 0xC000_2101 | (size_of::<libc::seccomp_notif_resp>() as u64) << 16;

fn answer(listener: &OwnedFd, each: &mut impl FnMut(libc::c_long) -> Answer) {
    // SAFETY: made of integers.
    let mut asked: libc::seccomp_notif = unsafe { zeroed() };
    // SAFETY: live, writable, zeroed, and of the type that the call fills.
    if unsafe { libc::ioctl(listener.as_raw_fd(), RECEIVE as _, &raw mut asked) } != 0 {
        return; // the thread was interrupted, and makes the call again
    }
    // SAFETY: made of integers.
    let mut said: libc::seccomp_notif_resp = unsafe { zeroed() };
    said.id = asked.id;
    match each(libc::c_long::from(asked.data.nr)) {
        Answer::Goes => said.flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
        Answer::Fails(errno) => said.error = -errno,
    }
    // SAFETY: live, and of the type that the call reads.
    let sent = unsafe { libc::ioctl(listener.as_raw_fd(), SEND as _, &raw mut said) };
    assert_eq!(sent, 0, "{}", io::Error::last_os_error());
}

/// Has this thread's calls of these numbers told to what it yields.
fn listener(calls: &[libc::c_long]) -> io::Result<OwnedFd> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const IS_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    let step = |code: u32, k: u32, on_no: u8| libc::sock_filter { code: code as u16, jt: 0, jf: on_no, k };
    // The number of the call is the first field of what a filter sees.
    let mut steps = vec![step(LOAD, 0, 0)];
    for &call in calls {
        steps.push(step(IS_EQUAL, u32::try_from(call).expect("numbers of calls are small"), 1));
        steps.push(step(RETURN, libc::SECCOMP_RET_USER_NOTIF, 0));
    }
    steps.push(step(RETURN, libc::SECCOMP_RET_ALLOW, 0));
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    // SAFETY: takes integers only.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    let (set, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // SAFETY: `program` and the steps that it points at are live; the system copies them.
    let made = unsafe { libc::syscall(libc::SYS_seccomp, set, flags, &raw const program) };
    if bound != 0 || made < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: new, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(made as i32) })
}
