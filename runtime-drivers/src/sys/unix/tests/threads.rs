//! The ends of threads, waited for with a limit.

use super::super::thread::join_within;
use core::time::Duration;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

#[test]
fn a_thread_that_runs_comes_back_when_the_time_is_over() {
    let (go_on, waits) = mpsc::channel::<()>();
    let mut thread = thread::spawn(move || {
        let _ = waits.recv();
    });
    for time in [0, 1, 30].map(Duration::from_millis) {
        let begin = Instant::now();
        thread = join_within(thread, time).expect_err("it runs");
        assert!(begin.elapsed() >= time, "{:?} of {time:?}", begin.elapsed());
        assert!(!thread.is_finished());
    }
    drop(go_on);
    assert!(join_within(thread, Duration::from_secs(20)).is_ok());
}

/// Joined once: the handle neither joins it again nor detaches it.
#[test]
fn a_thread_that_has_ended_is_joined_at_once() {
    for _ in 0..200 {
        let thread = thread::spawn(|| ());
        while !thread.is_finished() {
            thread::yield_now();
        }
        // It may be on its last steps in the kernel.
        assert!(join_within(thread, Duration::from_secs(20)).is_ok());
    }
}

/// A panic of the thread ends with it, as in a join without a limit.
#[test]
fn a_thread_that_panicked_has_ended() {
    let thread = thread::spawn(|| std::panic::resume_unwind(Box::new(7)));
    assert!(join_within(thread, Duration::from_secs(20)).is_ok());
}

#[test]
fn a_time_beyond_what_the_system_counts_is_refused_at_once() {
    let (go_on, waits) = mpsc::channel::<()>();
    let thread = thread::spawn(move || {
        let _ = waits.recv();
    });
    let thread = join_within(thread, Duration::MAX).expect_err("there is no such deadline");
    drop(go_on);
    assert!(thread.join().is_ok());
}
