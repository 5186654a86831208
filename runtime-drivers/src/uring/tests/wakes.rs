//! Wakes from other threads: by messages to the ring, and by the eventfd where a message does not arrive.
#![expect(clippy::disallowed_methods, reason = "threads and times of the test stand outside of any runtime")]

use super::*;
use std::os::fd::AsRawFd as _;
use std::time::Instant;

struct ByMessage;
impl RingOptions for ByMessage {
    const WAKES_BY_MESSAGE: bool = true;
}

/// Longer than that nothing takes, on the busiest machine.
const LONG: Nanos = Nanos(20_000_000_000);

/// A driver that this thread runs and that messages wake; `None`, with a word, where there is none.
fn by_message() -> Option<LiveUring<8, ByMessage>> {
    let live = driver::<8, ByMessage>()?;
    if !live.0.alarm.is_by_message() {
        skipped("this kernel has no messages without a ring");
        return None;
    }
    assert!(live.report().by.ends_with("; woken by messages"), "{}", live.report());
    Some(live)
}

/// Does a park end because another thread unparks in the midst of it, or a bit before?
fn is_woken<O: RingOptions>(live: &LiveUring<8, O>, after: Duration) -> bool {
    let unparker = live.unparker();
    let start = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(after);
            unparker.unpark();
        });
        live.park(Park::Until(LONG)).expect("a turn");
    });
    start.elapsed() < Duration::from_secs(10)
}

#[test]
fn a_message_ends_a_sleep_and_the_eventfd_stays_quiet() {
    let Some(live) = by_message() else { return };
    for round in 1..=count(200, 20_000) {
        // Before the sleep begins, as it does, and in the midst of it.
        assert!(is_woken(&live, Duration::from_micros(round % 3 * 50)), "a message was lost");
        assert_eq!(live.0.alarm.sent(), round);
    }
    assert!(!live.0.alarm.was_nudged());
    assert_eq!(in_kernel(&live), 0, "a message is no operation");
}

#[test]
fn a_message_that_comes_before_a_sleep_is_work_and_ends_it() {
    let Some(live) = by_message() else { return };
    assert!(!live.has_work());
    live.unparker().unpark();
    assert!(live.has_work(), "what came is found by a turn");
    let start = Instant::now();
    live.park(Park::Until(LONG)).expect("a turn");
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!((live.0.alarm.sent(), live.has_work()), (1, false));
}

#[test]
fn who_wakes_before_the_worker_has_arrived_or_by_a_message_that_fails_nudges() {
    if denied() {
        return;
    }
    let live = LiveUring::<8, ByMessage>::start(StartCx::new(0)).expect("io_uring is there");
    live.unparker().unpark();
    live.arrive().expect("nobody ran it before");
    let start = Instant::now();
    live.park(Park::Until(LONG)).expect("a turn");
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!((live.0.alarm.sent(), live.0.alarm.was_nudged()), (0, true));
    if !live.0.alarm.is_by_message() {
        return skipped("this kernel has no messages without a ring");
    }
    live.0.alarm.breaks();
    for _ in 0..10 {
        assert!(is_woken(&live, Duration::from_millis(1)), "a message that failed was not followed by the eventfd");
        assert_eq!((live.0.alarm.sent(), live.0.alarm.was_nudged()), (0, true));
    }
}

#[test]
fn messages_go_to_the_ring_of_the_thread_that_runs_the_worker() {
    let Some(live) = by_message() else { return };
    assert!(is_woken(&live, Duration::ZERO));
    let unparker = live.unparker();
    let there = move || {
        live.arrive().expect("nothing is on its way");
        // The move itself ends a sleep: a message may have come to the ring that was left.
        live.park(Park::Until(LONG)).expect("a turn");
        live.0.alarm.was_nudged();
        for round in 0..20 {
            assert!(is_woken(&live, Duration::from_micros(round % 3 * 50)), "a message went to the ring that was left");
        }
        assert_eq!((live.0.alarm.sent(), live.0.alarm.was_nudged()), (21, false));
    };
    std::thread::spawn(there).join().expect("it is woken there");
    // Its driver is gone.
    unparker.unpark();
}

#[test]
fn an_unparker_that_stays_keeps_no_ring() {
    let Some(live) = by_message() else { return };
    let unparker = live.unparker();
    let number = live.0.alarm.number().expect("it sends messages");
    let ring = |number| named_by(number).is_some_and(|name| name.ends_with("anon_inode:[io_uring]"));
    assert!(ring(number) && live.0.with(|state| ring(state.ring.queues().as_raw_fd())));
    drop(live);
    assert!(named_by(number).is_some() && !ring(number), "the number is the alarm's, and names no ring");
    for _ in 0..10 {
        unparker.unpark();
    }
    assert_eq!(unparker.0.sent(), 0);
}

/// As the number is kept, no ring of somebody else is ever found there.
#[test]
fn a_message_that_comes_late_meets_no_stranger() {
    let Some(live) = by_message() else { return };
    let unparker = live.unparker();
    drop(live);
    let mut strangers: Vec<_> = (0..8).map(|_| ::io_uring::IoUring::new(8).expect("descriptors are free")).collect();
    unparker.0.pretends_to_be_connected();
    for _ in 0..8 {
        unparker.unpark();
    }
    assert_eq!(unparker.0.sent(), 0);
    for stranger in &mut strangers {
        stranger.submit().expect("a turn");
        assert!(stranger.completion().next().is_none(), "a ring that is not ours has a message");
    }
}

struct On612;
impl RingOptions for On612 {
    const WAKES_BY_MESSAGE: bool = true;
    const KERNEL: Kernel = Kernel::V6_12;
}

#[test]
fn on_an_older_kernel_the_eventfd_wakes_and_the_report_says_so() {
    let Some(live) = driver::<8, On612>() else { return };
    assert!(live.report().by.ends_with("not woken by messages, which need Linux 6.13"), "{}", live.report());
    assert!(is_woken(&live, Duration::from_millis(1)));
    assert_eq!((live.0.alarm.sent(), live.0.alarm.was_nudged()), (0, true));
}

#[test]
fn without_the_option_no_message_is_sent() {
    let Some(live) = driver::<8, Usual>() else { return };
    assert!(is_woken(&live, Duration::from_millis(1)));
    assert_eq!((live.0.alarm.sent(), live.0.alarm.was_nudged(), live.0.alarm.number()), (0, true, None));
}
