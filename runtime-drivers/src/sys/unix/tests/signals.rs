use core::time::Duration;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::unix::SourceFd;
use mio::{Events, Token};

use super::super::nudge::{self, Nudge};
use super::super::poll::{Interest, poll_ready};
use super::super::signal::{self, SIGNAL_MAX};
use super::{Owned, PATIENCE, code, fd, in_child, is_close_on_exec, is_nonblocking};

/// Counts and descriptor are the process's: one test at a time raises.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn raise(number: i32) {
    // SAFETY: a handler is installed that only counts.
    assert_eq!(unsafe { libc::raise(number) }, 0);
}

/// An edge-triggered poll with the descriptor in it.
fn edges_of(fd: i32) -> mio::Poll {
    let poll = mio::Poll::new().unwrap();
    // Both directions, as the driver does it.
    let both = mio::Interest::READABLE | mio::Interest::WRITABLE;
    poll.registry().register(&mut SourceFd(&fd), Token(0), both).unwrap();
    poll
}

fn has_edge(poll: &mut mio::Poll, timeout: Option<Duration>) -> bool {
    let mut events = Events::with_capacity(4);
    poll.poll(&mut events, timeout).unwrap();
    events.iter().any(mio::event::Event::is_readable)
}

const NOW: Option<Duration> = Some(Duration::ZERO);

#[test]
fn each_signal_counts_its_raises() {
    let _alone = alone();
    signal::install(libc::SIGUSR1).unwrap();
    signal::install(libc::SIGUSR2).unwrap();
    let fd = signal::fd().unwrap();
    assert!(is_close_on_exec(fd) && is_nonblocking(fd));
    let (first, second) = (signal::raises(libc::SIGUSR1), signal::raises(libc::SIGUSR2));
    raise(libc::SIGUSR1);
    raise(libc::SIGUSR1);
    assert!(poll_ready(fd, Interest::Read, PATIENCE).unwrap());
    assert_eq!(signal::raises(libc::SIGUSR1), first.wrapping_add(2));
    assert_eq!(signal::raises(libc::SIGUSR2), second);
}

#[test]
fn every_raise_is_an_edge_in_every_poll_though_nobody_reads() {
    let _alone = alone();
    signal::install(libc::SIGUSR1).unwrap();
    let shared = signal::fd().unwrap();
    let (one, other) = (Owned(fd::duplicate(shared).unwrap()), Owned(fd::duplicate(shared).unwrap()));
    raise(libc::SIGUSR1);
    let mut polls = [edges_of(one.0), edges_of(other.0)];
    for poll in &mut polls {
        assert!(has_edge(poll, PATIENCE), "it was readable when it was registered");
    }
    for round in 0..100 {
        for (n, poll) in polls.iter_mut().enumerate() {
            assert!(!has_edge(poll, NOW), "round {round}, poll {n}: an edge without a raise");
        }
        raise(libc::SIGUSR1);
        for (n, poll) in polls.iter_mut().enumerate() {
            assert!(has_edge(poll, PATIENCE), "round {round}, poll {n}");
        }
    }
}

/// What other systems have in place of the `eventfd`. Linux makes an edge even for a write that found a pipe full, so that
/// the writes really go in is what this looks at.
#[test]
fn a_pipe_that_is_full_is_emptied_and_written_to() {
    let (read, write) = Nudge::pipe_in_steps().unwrap().into_raw();
    let (read, write) = (Owned(read), Owned(write));
    let mut poll = edges_of(read.0);
    // More than any pipe holds: the greatest size on Linux without privilege is 1 MiB, and elsewhere it is less.
    for _ in 0..(3 << 20) / size_of::<u64>() {
        nudge::write_one(write.0).unwrap();
    }
    assert!(has_edge(&mut poll, PATIENCE));
    let mut bytes = [0_u8; 4096];
    nudge::edge(read.0, write.0).unwrap();
    assert!(has_edge(&mut poll, PATIENCE));
    // SAFETY: a live slice, borrowed for writing.
    let left = unsafe { libc::read(read.0, bytes.as_mut_ptr().cast(), bytes.len()) };
    assert_eq!(left, 8, "what was full holds the one write");
}

#[test]
fn what_cannot_be_caught_is_refused() {
    let faults = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL];
    for number in [i32::MIN, -1, 0, SIGNAL_MAX + 1, i32::MAX, libc::SIGKILL, libc::SIGSTOP].into_iter().chain(faults) {
        assert_eq!(code(signal::install(number)), libc::EINVAL, "{number}");
        assert_eq!(signal::raises(number), 0);
    }
}

#[test]
fn raises_from_many_threads_are_all_counted() {
    let _alone = alone();
    signal::install(libc::SIGUSR1).unwrap();
    let copy = Owned(fd::duplicate(signal::fd().unwrap()).unwrap());
    let mut poll = edges_of(copy.0);
    let before = signal::raises(libc::SIGUSR1);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5000).for_each(|_| raise(libc::SIGUSR1)));
        }
        // The listener's loop: look, and wait for an edge if there was nothing new.
        let mut seen = before;
        while seen.wrapping_sub(before) < 20_000 {
            let raises = signal::raises(libc::SIGUSR1);
            if raises == seen {
                assert!(has_edge(&mut poll, PATIENCE), "no edge after raise {}", seen.wrapping_sub(before));
            }
            seen = raises;
        }
    });
    assert_eq!(signal::raises(libc::SIGUSR1).wrapping_sub(before), 20_000);
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
        // To the process, so on whatever thread the kernel picks, some time.
        let mut polls = 0;
        while signal::raises(number) == 0 && polls < 10_000 {
            std::thread::sleep(Duration::from_millis(1));
            polls += 1;
        }
        assert_eq!(signal::raises(number), 1);
        assert!(poll_ready(signal::fd().unwrap(), Interest::Read, NOW).unwrap());
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
    assert_eq!(signal::raises(libc::SIGTERM), 0);
    assert!(!poll_ready(signal::fd().unwrap(), Interest::Read, NOW).unwrap());
}

#[cfg(any(target_os = "linux", target_os = "android"))]
#[test]
fn the_handler_leaves_errno_alone_and_makes_an_edge_though_the_eventfd_is_full() {
    if !in_child("signals::the_handler_leaves_errno_alone_and_makes_an_edge_though_the_eventfd_is_full") {
        return;
    }
    signal::install(libc::SIGUSR1).unwrap();
    // Full: the handler's write fails with EAGAIN, which sets errno. On Linux the one descriptor is both ends.
    let brim = u64::MAX - 1;
    // SAFETY: eight live bytes.
    let written = unsafe { libc::write(signal::fd().unwrap(), (&raw const brim).cast(), 8) };
    assert_eq!(written, 8);
    let mut poll = edges_of(signal::fd().unwrap());
    assert!(has_edge(&mut poll, PATIENCE));
    // SAFETY: takes an integer; fails and sets errno.
    assert_eq!(unsafe { libc::close(-1) }, -1);
    // SAFETY: a handler is installed that only counts. No call in between that could set errno.
    let raised = unsafe { libc::raise(libc::SIGUSR1) };
    let errno = std::io::Error::last_os_error().raw_os_error();
    assert_eq!((raised, errno), (0, Some(libc::EBADF)));
    assert_eq!(signal::raises(libc::SIGUSR1), 1);
    assert!(has_edge(&mut poll, PATIENCE));
}
