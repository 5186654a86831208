//! A gate before one system call of a thread: closed, the call fails; opened, it goes through. `seccomp_unotify(2)`.
//!
//! What a filter says stands for ever. So this one asks another thread each time, the keeper.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::sync::mpsc;
use std::{io, thread};

#[derive(Debug, Default)]
pub(crate) struct Gate {
    is_open: AtomicBool,
    is_over: AtomicBool,
    refused: AtomicU32,
}

impl Gate {
    /// Calls go through from now on.
    pub(crate) fn open(&self) {
        self.is_open.store(true, Ordering::Release);
    }

    /// How many calls were refused.
    pub(crate) fn refused(&self) -> u32 {
        self.refused.load(Ordering::Acquire)
    }
}

/// Runs `f` on a thread of its own. There, and on threads that it starts, `call` fails with `errno` until the gate is opened.
pub(crate) fn behind_a_gate(call: libc::c_long, errno: i32, f: impl FnOnce(&Gate) + Send) {
    let gate = &Gate::default();
    thread::scope(|scope| {
        let (hand_over, handed_over) = mpsc::channel();
        scope.spawn(move || {
            if let Ok(questions) = handed_over.recv() {
                keep(gate, &questions, errno);
            }
        });
        let filtered = scope.spawn(move || {
            let questions =
                filter(call).expect("the system lets a thread filter its own calls; without that nothing is shown");
            hand_over.send(questions).unwrap();
            f(gate);
        });
        let ended = filtered.join();
        gate.is_over.store(true, Ordering::Release);
        ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
}

/// Filters `call` of this thread; where the filter's questions come.
fn filter(call: libc::c_long) -> io::Result<OwnedFd> {
    const LOAD: u32 = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    const IS_EQUAL: u32 = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    const RETURN: u32 = libc::BPF_RET | libc::BPF_K;
    let step = |code: u32, k: u32, on_no: u8| libc::sock_filter { code: code as u16, jt: 0, jf: on_no, k };
    let mut steps = [
        step(LOAD, 0, 0), // the number of the call
        step(IS_EQUAL, u32::try_from(call).expect("numbers of calls are small"), 1),
        step(RETURN, libc::SECCOMP_RET_USER_NOTIF, 0),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0),
    ];
    let program = libc::sock_fprog { len: steps.len() as u16, filter: steps.as_mut_ptr() };
    let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
    // Who cannot gain rights may filter itself.
    // SAFETY: takes integers only.
    let bound = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    // SAFETY: `program` and the steps that it points at are live; the system copies them.
    let made = unsafe { libc::syscall(libc::SYS_seccomp, mode, flags, &raw const program) };
    match i32::try_from(made) {
        // SAFETY: the descriptor is new, and nobody else's.
        Ok(fd @ 0..) if bound == 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Answers questions until it is over.
fn keep(gate: &Gate, questions: &OwnedFd, errno: i32) {
    while !gate.is_over.load(Ordering::Acquire) {
        let mut ready = libc::pollfd { fd: questions.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one live, writable entry.
        let asked = unsafe { libc::poll(&raw mut ready, 1, 20) };
        if asked <= 0 || ready.revents & libc::POLLIN == 0 {
            continue;
        }
        let mut question = core::mem::MaybeUninit::<libc::seccomp_notif>::zeroed();
        // SAFETY: zeroed, as the call wants it, live and writable.
        let got = unsafe { libc::ioctl(questions.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, question.as_mut_ptr()) };
        if got != 0 {
            continue; // who asked was interrupted, and asks again
        }
        // SAFETY: filled by the call.
        let id = unsafe { question.assume_init() }.id;
        let goes_on = gate.is_open.load(Ordering::Acquire);
        if !goes_on {
            gate.refused.fetch_add(1, Ordering::AcqRel);
        }
        let flags = if goes_on { libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32 } else { 0 };
        let mut answer = libc::seccomp_notif_resp { id, val: 0, error: if goes_on { 0 } else { -errno }, flags };
        // SAFETY: live during the call. It fails for who no longer waits for an answer.
        unsafe { libc::ioctl(questions.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw mut answer) };
    }
}
