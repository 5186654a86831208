use core::time::Duration;

use super::super::poll::{Interest, monotonic_ns, poll_ready};
use super::super::{timerfd, would_block};
use super::{Owned, PATIENCE, code, is_close_on_exec, is_nonblocking};

fn timer() -> Owned {
    let timer = Owned(timerfd::create().unwrap());
    assert!(is_close_on_exec(timer.0) && is_nonblocking(timer.0));
    assert!(would_block(timerfd::read(timer.0).unwrap_err()));
    timer
}

fn fires_once(timer: &Owned) {
    assert!(poll_ready(timer.0, Interest::Read, PATIENCE).unwrap());
    assert_eq!(timerfd::read(timer.0), Ok(1));
    assert!(would_block(timerfd::read(timer.0).unwrap_err()));
}

#[test]
fn fires_after_a_delay_and_not_before() {
    let timer = timer();
    for delay_ns in [0, 1, 300_000, 15_000_000] {
        let before = monotonic_ns();
        timerfd::arm_after(timer.0, delay_ns).unwrap();
        fires_once(&timer);
        assert!(monotonic_ns() - before >= delay_ns);
    }
}

#[test]
fn fires_at_a_deadline_past_or_to_come() {
    let timer = timer();
    for deadline_ns in [0, 1, monotonic_ns(), monotonic_ns() + 10_000_000] {
        timerfd::arm_at(timer.0, deadline_ns).unwrap();
        fires_once(&timer);
        assert!(monotonic_ns() >= deadline_ns);
    }
}

#[test]
fn disarmed_does_not_fire() {
    let timer = timer();
    timerfd::arm_after(timer.0, 2_000_000).unwrap();
    timerfd::disarm(timer.0).unwrap();
    assert!(!poll_ready(timer.0, Interest::Read, Some(Duration::from_millis(20))).unwrap());
    // Fired and not read: disarming takes that back, too.
    timerfd::arm_after(timer.0, 0).unwrap();
    assert!(poll_ready(timer.0, Interest::Read, PATIENCE).unwrap());
    timerfd::disarm(timer.0).unwrap();
    assert!(would_block(timerfd::read(timer.0).unwrap_err()));
}

#[test]
fn the_last_arming_counts() {
    let timer = timer();
    timerfd::arm_after(timer.0, u64::MAX).unwrap();
    timerfd::arm_at(timer.0, u64::MAX).unwrap();
    assert!(!poll_ready(timer.0, Interest::Read, Some(Duration::from_millis(2))).unwrap());
    timerfd::arm_after(timer.0, 1_000_000).unwrap();
    fires_once(&timer);
}

#[test]
fn another_kind_of_file_is_refused() {
    let file = Owned(super::super::fd::spare_fd().unwrap());
    assert_eq!(code(timerfd::arm_after(file.0, 1)), libc::EINVAL);
    assert_eq!(code(timerfd::read(file.0)), libc::EINVAL);
}
