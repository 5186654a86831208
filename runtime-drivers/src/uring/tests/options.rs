//! What the options of a ring change: a thread of the kernel's that takes entries, sleeps that end in batches.
#![expect(clippy::disallowed_methods, reason = "threads and times of the test stand outside of any runtime")]

use super::*;
use crate::sys::ring::code;
use bespoke_core::driver::{Nop, Timeout};
use std::string::ToString as _;
use std::time::Instant;

/// A thread that never sleeps while a test runs.
struct Awake;
impl RingOptions for Awake {
    const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_secs(60)));
}

/// One that sleeps most of the time.
pub(super) struct Drowsy;
impl RingOptions for Drowsy {
    const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1)));
}

#[test]
fn a_thread_that_is_awake_takes_entries_without_a_call() {
    let Some(live) = driver::<64, Awake>() else { return };
    let _alone = sleeps_alone();
    assert!(live.report().by.contains("a thread of the kernel's"), "{}", live.report());
    // It sleeps at first, whatever its time is.
    let mut first = Default::default();
    assert!(poll(&live, &mut Nop, &mut first).is_pending());
    live.park(Park::Until(Nanos(10_000_000_000))).expect("a turn");
    assert!(poll(&live, &mut Nop, &mut first).is_ready());
    let before = enters(&live);
    let mut flights: Vec<_> = (0..32).map(|_| Default::default()).collect();
    for flight in &mut flights {
        assert!(poll(&live, &mut Nop, flight).is_pending());
    }
    let start = Instant::now();
    while in_kernel(&live) > 0 {
        live.park(Park::Poll).expect("a turn");
        assert!(start.elapsed() < Duration::from_secs(10), "nobody takes the entries");
    }
    for flight in &mut flights {
        assert!(poll(&live, &mut Nop, flight).is_ready());
    }
    assert_eq!(enters(&live), before);
}

/// Until it has found nothing to do for its time, and says that it must be woken.
pub(super) fn until_the_thread_sleeps<const ENTRIES: u32>(live: &LiveUring<ENTRIES, Drowsy>) {
    let start = Instant::now();
    while !live.0.with(|state| state.ring.thread_sleeps()) {
        assert!(start.elapsed() < Duration::from_secs(20), "it never sleeps");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_thread_that_sleeps_is_woken() {
    let Some(live) = driver::<8, Drowsy>() else { return };
    let _alone = sleeps_alone();
    let mut flight = Default::default();
    for _ in 0..count(20, 1_000) {
        until_the_thread_sleeps(&live);
        assert!(!live.has_work(), "there is no entry");
        assert!(poll(&live, &mut Nop, &mut flight).is_pending());
        assert!(live.has_work(), "an entry that nobody takes");
        let (start, before) = (Instant::now(), enters(&live));
        live.park(Park::Until(Nanos(40_000_000_000))).expect("a turn");
        assert!(start.elapsed() < Duration::from_secs(20), "the thread sleeps on");
        assert!(poll(&live, &mut Nop, &mut flight).is_ready());
        assert_eq!(enters(&live) - before, 1, "it is woken by the call that waits");
    }
}

struct DrowsyEight;
impl RingOptions for DrowsyEight {
    const COMPLETIONS: u32 = 8;
    const BUFFERS: u16 = 4;
    const SQ_POLL: Option<SqPoll> = Drowsy::SQ_POLL;
}

#[test]
fn ten_thousand_operations_at_once_through_eight_entries_that_a_thread_takes() {
    let Some(live) = driver::<8, DrowsyEight>() else { return };
    let mut flights: Vec<_> =
        (0..10_000_u64).map(|n| (Timeout { after: Nanos(n % 1_000) }, Default::default())).collect();
    for (op, flight) in &mut flights {
        assert!(poll(&live, op, flight).is_pending());
    }
    let start = Instant::now();
    while in_kernel(&live) > 0 {
        live.park(Park::Forever).expect("a turn");
        assert!(start.elapsed() < Duration::from_secs(60), "{} are left", in_kernel(&live));
    }
    for (op, flight) in &mut flights {
        assert_eq!(poll(&live, op, flight), Poll::Ready(Ok(())));
    }
}

#[test]
fn a_drain_without_time_gives_the_thread_some() {
    if denied() {
        return;
    }
    let is_enough = || {
        let live = started::<8, Drowsy>();
        let streams = Streams::armed(&live, 4);
        let mut flight = Default::default();
        assert!(poll(&live, &mut Timeout { after: Nanos(u64::MAX) }, &mut flight).is_pending());
        let open: Vec<_> = streams.ours.iter().map(|stream| (stream.raw, named_by(stream.raw))).collect();
        streams.close(&live);
        if live.drain(Nanos(0)).leaked > 0 {
            return false;
        }
        for (raw, socket) in open {
            assert!(socket.is_some() && named_by(raw) != socket, "a descriptor is left");
        }
        drop(live);
        assert!(matches!(flight.poll_closed::<Timeout>(), Poll::Ready(None)), "it ended before its driver did");
        true
    };
    for _ in 0..count(20, 1_000) {
        assert!(in_the_end(is_enough), "it has no time to take the cancels");
    }
}

/// Does it hold in one of ten tries? What a driver gives a thread of the kernel's is little beside what a busy machine may take.
fn in_the_end(holds: impl Fn() -> bool) -> bool {
    (0..10).any(|_| holds())
}

/// Is the descriptor of a stream open when its driver gave up? The driver believes that an entry of it never ends, and
/// that the thread has left some, if `left`.
fn is_open_in_the_end(left: bool) -> bool {
    let live = started::<8, Drowsy>();
    let streams = Streams::armed(&live, 1);
    let raw = streams.ours[0].raw;
    let socket = named_by(raw);
    assert!(socket.is_some());
    live.0.with(|state| {
        let (number, _) = state.named(0);
        state.in_kernel += 1;
        state.sources[number as usize].pending += 1;
        if left {
            state.ring.gets_stuck();
        }
    });
    streams.close(&live);
    assert!(live.drain(Nanos(0)).leaked > 0, "one that never ends");
    drop(live);
    named_by(raw) == socket
}

#[test]
fn an_entry_that_the_thread_takes_late_finds_its_own_descriptor() {
    if denied() {
        return;
    }
    assert!(is_open_in_the_end(true));
    assert!(in_the_end(|| !is_open_in_the_end(false)));
}

#[test]
fn a_stream_is_given_away_by_a_cancel_that_a_thread_takes() {
    let Some(live) = driver::<8, Drowsy>() else { return };
    for _ in 0..count(20, 1_000) {
        let streams = Streams::armed(&live, 1);
        live.release(streams.ours[0]).expect("nobody uses it");
        crate::sys::fd::close(streams.ours[0].raw).expect("it is ours");
    }
    ends(&live);
}

#[test]
fn a_listener_that_others_share_is_let_go_at_once() {
    let Some(live) = driver::<8, Drowsy>() else { return };
    for key in 0..count(20, 1_000) as u32 {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("free");
        let theirs = listener.try_clone().expect("open");
        let resource = Resource { raw: listener.into_raw_fd(), key };
        live.register(resource, Kind::Listener).expect("a listener");
        live.share(resource);
        assert!(poll(&live, &mut crate::op::Accept { listener: resource }, &mut ()).is_pending());
        live.park(Park::Poll).expect("a turn");
        live.close(resource);
        assert!(!live.0.with(|state| state.ring.goes_on()), "the cancel waits for the next turn");
        drop(theirs);
    }
    ends(&live);
}

#[test]
fn a_ring_with_a_thread_moves_with_all_that_is_on_its_way() {
    let Some(live) = driver::<8, Drowsy>() else { return };
    let streams = Streams::armed(&live, 1);
    let there = move || {
        live.arrive().expect("it may");
        write(&streams.peers[0], b"abc");
        let mut to = [0; 8];
        for _ in 0..1_000 {
            live.park(Park::Until(Nanos(10_000_000))).expect("a turn");
            if let Poll::Ready(read) = poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()) {
                assert_eq!((read, &to[..3]), (Ok(3), &b"abc"[..]));
                streams.close(&live);
                return ends(&live);
            }
        }
        panic!("what was armed on another thread never told");
    };
    std::thread::spawn(there).join().expect("it read");
}

struct OnNoProcessor;
impl RingOptions for OnNoProcessor {
    const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(1)).on_cpu(1_000_000));
}

#[test]
fn a_thread_on_a_processor_that_is_not_there_is_refused_by_its_name() {
    if denied() {
        return;
    }
    let error = LiveUring::<8, OnNoProcessor>::start(StartCx::new(0)).map(drop).expect_err("no machine has so many");
    let text = error.to_string();
    assert!(text.contains("SQ_POLL") && text.contains("processor"), "{text}");
    assert_eq!(error.code(), Some(code::INVALID));
}

struct Batches;
impl RingOptions for Batches {
    const BATCH: Option<Batch> = Some(Batch::of(4, LEAST));
}

const LEAST: Duration = Duration::from_millis(500);
/// Sooner than that is at once, with room for a busy machine.
const SOON: Duration = Duration::from_millis(400);
const LONG: Nanos = Nanos(20_000_000_000);

/// How long a turn takes.
fn turn<O: RingOptions>(live: &LiveUring<8, O>, park: Park) -> Duration {
    let start = Instant::now();
    live.park(park).expect("a turn");
    start.elapsed()
}

/// How long it takes; of ten times the first that is at once, as a busy machine may take the processor away in some. What has
/// come is read behind each that is not.
fn soon<O: RingOptions>(live: &LiveUring<8, O>, streams: &Streams, mut takes: impl FnMut() -> Duration) -> Duration {
    let mut took = takes();
    for _ in 1..10 {
        if took < SOON {
            break;
        }
        for stream in &streams.ours {
            while let Poll::Ready(read) = poll(live, &mut recv(*stream, &mut [0; 8]), &mut ()) {
                assert!(read.expect("open") > 0);
            }
        }
        while live.has_work() {
            live.park(Park::Poll).expect("a turn");
        }
        took = takes();
    }
    took
}

#[test]
fn a_sleep_ends_with_its_batch_or_with_one_completion_after_its_least_time() {
    let Some(live) = driver::<8, Batches>() else { return };
    if live.0.with(|state| state.ring.batch().is_none()) {
        return skipped("this kernel has no sleeps with a least time");
    }
    assert!(live.report().by.ends_with("end a sleep in batches"), "{}", live.report());
    let _alone = sleeps_alone();
    let streams = Streams::armed(&live, 4);
    let full = soon(&live, &streams, || {
        streams.peers.iter().for_each(|peer| write(peer, b"x"));
        turn(&live, Park::Until(LONG))
    });
    assert!(full < SOON, "four completions are a batch: {full:?}");
    write(&streams.peers[0], b"x");
    let alone = turn(&live, Park::Until(LONG));
    assert!(alone >= SOON, "one completion is no batch: {alone:?}");
    assert!(alone < Duration::from_secs(10), "one completion is enough after the least time: {alone:?}");
    let short = soon(&live, &streams, || {
        let short = turn(&live, Park::Until(Nanos(50_000_000)));
        assert!(short >= Duration::from_millis(50), "nothing came, and the deadline is not there: {short:?}");
        short
    });
    assert!(short < SOON, "a deadline ends the least time: {short:?}");
    let late = std::thread::scope(|scope| {
        let peer = &streams.peers[1];
        scope.spawn(move || {
            std::thread::sleep(LEAST * 3);
            write(peer, b"x");
        });
        turn(&live, Park::Forever)
    });
    assert!(late >= LEAST * 2, "a sleep without a deadline ended with its least time: {late:?}");
    assert!(late < Duration::from_secs(15), "a completion behind the least time ends it at once: {late:?}");
    let unparker = live.unparker();
    let unparked = std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(LEAST / 10);
            unparker.unpark();
        });
        turn(&live, Park::Forever)
    });
    assert!(unparked < Duration::from_secs(10), "a wake ends it: {unparked:?}");
    streams.close(&live);
    ends(&live);
}

struct BatchesOf61;
impl RingOptions for BatchesOf61 {
    const BATCH: Option<Batch> = Batches::BATCH;
    const KERNEL: Kernel = Kernel::V6_1;
}

#[test]
fn on_an_older_kernel_each_completion_wakes_and_the_report_says_so() {
    let Some(live) = driver::<8, BatchesOf61>() else { return };
    assert!(live.report().by.ends_with("not in batches, which need Linux 6.12"), "{}", live.report());
    let streams = Streams::armed(&live, 1);
    let alone = soon(&live, &streams, || {
        write(&streams.peers[0], b"x");
        turn(&live, Park::Until(LONG))
    });
    assert!(alone < SOON, "{alone:?}");
    streams.close(&live);
    ends(&live);
}

/// Options that are nowhere else, and what is wrong with them.
macro_rules! refused {
    ($words:expr, $entries:literal { $($option:tt)* }) => {{
        struct Refused;
        impl RingOptions for Refused {
            $($option)*
        }
        let why = <IoUring<$entries, Refused> as Driver>::CHECK.expect("it is refused");
        for word in $words {
            assert!(why.contains(word), "{why}");
        }
    }};
}

#[test]
fn options_that_make_no_sense_are_refused_by_their_names() {
    const US: Duration = Duration::from_micros(1);
    refused!(["BATCH", "SQ_POLL", "take one"], 8 {
        const BATCH: Option<Batch> = Some(Batch::of(2, US));
        const SQ_POLL: Option<SqPoll> = Drowsy::SQ_POLL;
    });
    refused!(["BATCH", "MOVABLE", "take one"], 8 {
        const BATCH: Option<Batch> = Some(Batch::of(2, US));
        const MOVABLE: bool = true;
    });
    refused!(["WAKES_BY_MESSAGE", "SQ_POLL", "take one"], 8 {
        const WAKES_BY_MESSAGE: bool = true;
        const SQ_POLL: Option<SqPoll> = Drowsy::SQ_POLL;
    });
    refused!(["WAKES_BY_MESSAGE", "MOVABLE", "take one"], 8 {
        const WAKES_BY_MESSAGE: bool = true;
        const MOVABLE: bool = true;
    });
    refused!(["BATCH", "counts"], 8 { const BATCH: Option<Batch> = Some(Batch::of(1, US)); });
    refused!(["BATCH", "counts"], 8 { const BATCH: Option<Batch> = Some(Batch::of(33, US)); });
    refused!(["BATCH", "waits"], 8 { const BATCH: Option<Batch> = Some(Batch::of(2, Duration::from_nanos(999))); });
    refused!(["BATCH", "waits"], 8 { const BATCH: Option<Batch> = Some(Batch::of(2, Duration::from_secs(2))); });
    refused!(["SQ_POLL", "sleeps"], 8 { const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(US)); });
    refused!(["SQ_POLL", "sleeps"], 8 { const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::MAX)); });
    refused!(["COMPLETIONS"], 8 { const COMPLETIONS: u32 = 7; });
    refused!(["COMPLETIONS"], 8 { const COMPLETIONS: u32 = 65_537; });
    refused!(["entries"], 3 {});
    assert_eq!(<IoUring<32_768> as Driver>::CHECK, None);
    assert_eq!(<IoUring<8, Batches> as Driver>::CHECK, None);
    assert_eq!(<IoUring<8, Drowsy> as Driver>::CHECK, None);
}
