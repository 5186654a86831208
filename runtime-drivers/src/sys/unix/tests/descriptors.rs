use core::time::Duration;

use super::super::poll::{Interest, monotonic_ns, poll_ms, poll_ready};
use super::super::{fd, out_of_resources, socket};
use super::{Owned, PATIENCE, accept, code, connect, in_child, is_close_on_exec, listener, recv_soon, send, v4};

/// A number that no thread of this process has opened.
const NEVER_OPEN: i32 = i32::MAX;

#[test]
fn a_wrong_number_is_an_error() {
    assert_eq!(code(fd::close(NEVER_OPEN)), libc::EBADF);
    assert_eq!(code(fd::duplicate(NEVER_OPEN)), libc::EBADF);
    assert_eq!(code(fd::set_nonblocking(NEVER_OPEN, true)), libc::EBADF);
    assert_eq!(code(poll_ready(NEVER_OPEN, Interest::Read, PATIENCE)), libc::EBADF);
    assert_eq!(code(socket::accept(NEVER_OPEN, true)), libc::EBADF);
    assert_eq!(code(socket::take_error(NEVER_OPEN)), libc::EBADF);
    assert_eq!(code(send(&core::mem::ManuallyDrop::new(Owned(NEVER_OPEN)), b"x")), libc::EBADF);
}

#[test]
fn a_copy_outlives_the_original() {
    let (listener, address) = listener(v4());
    let client = connect(address);
    let server = accept(&listener);
    let copy = Owned(fd::duplicate(server.0).unwrap());
    assert!(is_close_on_exec(copy.0));
    drop(server);
    send(&client, b"x").unwrap();
    assert_eq!(recv_soon(&copy, &mut [0; 4]), Ok(1));
}

#[test]
fn a_copy_is_no_standard_stream() {
    if !in_child("descriptors::a_copy_is_no_standard_stream") {
        return;
    }
    fd::close(0).unwrap();
    let copy = Owned(fd::duplicate(1).unwrap());
    assert!(copy.0 >= 3, "{}", copy.0);
}

#[test]
fn the_spare_is_close_on_exec() {
    let spare = Owned(fd::spare_fd().unwrap());
    assert!(is_close_on_exec(spare.0));
}

#[test]
fn a_wait_is_rounded_up_to_milliseconds() {
    let cases = [(0, 0), (1, 1), (999_999, 1), (1_000_000, 1), (1_000_001, 2), (u64::MAX, i32::MAX)];
    for (left_ns, wait_ms) in cases {
        assert_eq!(poll_ms(left_ns), wait_ms);
    }
}

#[test]
fn a_timeout_is_never_early() {
    let (listener, _) = listener(v4());
    for wait in [Duration::ZERO, Duration::from_micros(1), Duration::from_micros(2500), Duration::from_millis(20)] {
        let before = monotonic_ns();
        assert!(!poll_ready(listener.0, Interest::Read, Some(wait)).unwrap());
        let passed = monotonic_ns() - before;
        assert!(u128::from(passed) >= wait.as_nanos(), "{wait:?}: {passed} ns");
    }
}

#[test]
fn running_out_of_descriptors() {
    if !in_child("descriptors::running_out_of_descriptors") {
        return;
    }
    let (listener, address) = listener(v4());
    let first = connect(address);
    let spare = fd::spare_fd().unwrap();
    // `spare` is the greatest number in use, as numbers are given from below: no room after it.
    let limit = libc::rlimit { rlim_cur: spare as libc::rlim_t + 1, rlim_max: spare as libc::rlim_t + 1 };
    // SAFETY: `limit` is live and whole.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    assert_eq!(fd::nofile_limit().unwrap().soft, spare as u64 + 1);
    assert_eq!(fd::nofile_limit().unwrap().hard, spare as u64 + 1);

    for makes_one in [
        fd::spare_fd(),
        fd::duplicate(listener.0),
        socket::stream_socket(&v4(), true),
        socket::accept(listener.0, true).map(|(stream, _)| stream),
    ] {
        let e = makes_one.unwrap_err();
        assert_eq!(e.code(), libc::EMFILE);
        assert!(out_of_resources(e));
    }
    // The connection is still in the queue, and the listener says so at once, every time.
    assert!(poll_ready(listener.0, Interest::Read, Some(Duration::ZERO)).unwrap());

    // The way out: give the spare up, accept, close, and the peer learns of it.
    fd::close(spare).unwrap();
    let turned_away = accept(&listener);
    drop(turned_away);
    assert_eq!(recv_soon(&first, &mut [0; 1]), Ok(0));
    let spare = fd::spare_fd().unwrap();
    drop(first);

    // And with a number free again, service goes on.
    fd::close(spare).unwrap();
    let second = connect(address);
    let server = accept(&listener);
    send(&second, b"x").unwrap();
    assert_eq!(recv_soon(&server, &mut [0; 1]), Ok(1));
}
