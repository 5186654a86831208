use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::poll::{Interest, poll_ready};
use super::super::signal::{self, SIGNAL_MAX};
use super::{PATIENCE, code, in_child, is_close_on_exec, is_nonblocking};

/// The descriptor is the process's: one test at a time drains it.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn raise(number: i32) {
    // SAFETY: a handler is installed that only leaves a mark.
    assert_eq!(unsafe { libc::raise(number) }, 0);
}

#[test]
fn a_raise_is_seen_once() {
    let _alone = alone();
    signal::install(libc::SIGUSR1).unwrap();
    signal::install(libc::SIGUSR2).unwrap();
    let fd = signal::fd().unwrap();
    assert!(is_close_on_exec(fd) && is_nonblocking(fd));
    assert!(!signal::drain().unwrap());
    assert!(!poll_ready(fd, Interest::Read, Some(Duration::ZERO)).unwrap());
    raise(libc::SIGUSR1);
    raise(libc::SIGUSR1);
    assert!(poll_ready(fd, Interest::Read, PATIENCE).unwrap());
    assert!(signal::drain().unwrap());
    assert!(!signal::pending(libc::SIGUSR2));
    assert!(signal::pending(libc::SIGUSR1));
    assert!(!signal::pending(libc::SIGUSR1));
    assert!(!signal::drain().unwrap());
}

#[test]
fn what_cannot_be_caught_is_refused() {
    let faults = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
    for number in [i32::MIN, -1, 0, SIGNAL_MAX + 1, i32::MAX, libc::SIGKILL, libc::SIGSTOP].into_iter().chain(faults) {
        assert_eq!(code(signal::install(number)), libc::EINVAL, "{number}");
        assert!(!signal::pending(number));
    }
}

#[test]
fn a_delivery_follows_the_last_raise() {
    let _alone = alone();
    signal::install(libc::SIGUSR1).unwrap();
    let fd = signal::fd().unwrap();
    let mut deliveries = 0;
    for round in 0..200 {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..50 {
                    raise(libc::SIGUSR1);
                }
            });
            // Takes while the raises come; whatever the last take left must still be announced below.
            for _ in 0..round {
                if signal::drain().unwrap() && signal::pending(libc::SIGUSR1) {
                    deliveries += 1;
                }
            }
        });
        raise(libc::SIGUSR1);
        assert!(poll_ready(fd, Interest::Read, PATIENCE).unwrap());
        assert!(signal::drain().unwrap());
        assert!(signal::pending(libc::SIGUSR1), "round {round}");
        deliveries += 1;
    }
    assert!(deliveries >= 200);
}

#[test]
fn terminate_and_interrupt_do_not_kill() {
    if !in_child("signals::terminate_and_interrupt_do_not_kill") {
        return;
    }
    for number in [libc::SIGTERM, libc::SIGINT] {
        signal::install(number).unwrap();
        let me = libc::pid_t::try_from(std::process::id()).unwrap();
        // SAFETY: takes integers only; to this very process.
        assert_eq!(unsafe { libc::kill(me, number) }, 0);
        assert!(poll_ready(signal::fd().unwrap(), Interest::Read, PATIENCE).unwrap());
        assert!(signal::drain().unwrap());
        assert!(signal::pending(number));
    }
}

#[test]
fn installed_once_so_a_later_disposition_stays() {
    if !in_child("signals::installed_once_so_a_later_disposition_stays") {
        return;
    }
    signal::install(libc::SIGTERM).unwrap();
    // SAFETY: to ignore needs no handler.
    unsafe { libc::signal(libc::SIGTERM, libc::SIG_IGN) };
    signal::install(libc::SIGTERM).unwrap();
    raise(libc::SIGTERM);
    assert!(!signal::drain().unwrap());
    assert!(!signal::pending(libc::SIGTERM));
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn the_handler_leaves_errno_alone() {
    let _alone = alone();
    signal::install(libc::SIGUSR1).unwrap();
    // An eventfd one short of full: the handler's write fails with EAGAIN, which sets errno.
    let brim = u64::MAX - 1;
    // SAFETY: eight live bytes; on Linux the one descriptor is both ends.
    let written = unsafe { libc::write(signal::fd().unwrap(), (&raw const brim).cast(), 8) };
    assert_eq!(written, 8);
    // SAFETY: takes an integer; fails and sets errno.
    assert_eq!(unsafe { libc::close(-1) }, -1);
    // SAFETY: a handler is installed that only leaves a mark. No call in between that could set errno.
    let raised = unsafe { libc::raise(libc::SIGUSR1) };
    let errno = std::io::Error::last_os_error().raw_os_error();
    assert_eq!((raised, errno), (0, Some(libc::EBADF)));
    assert!(signal::drain().unwrap());
    assert!(signal::pending(libc::SIGUSR1));
}
