//! One call per turn, whatever the number of operations; and queues that are full.

use super::*;
use bespoke_core::driver::{Nop, Timeout};
use std::io::Read as _;

/// Reads of as many streams, all of which have something: the calls from the first poll until all are served.
fn calls_for(reads: u32) -> u64 {
    let live = started::<64, Usual>();
    learn(&live);
    let streams = Streams::of(&live, reads);
    streams.peers.iter().for_each(|peer| write(peer, b"x"));
    let before = enters(&live);
    let mut to = [0; 8];
    for stream in &streams.ours {
        assert!(poll(&live, &mut recv(*stream, &mut to), &mut ()).is_pending());
    }
    live.park(Park::Poll).expect("a turn");
    let calls = enters(&live) - before;
    for stream in &streams.ours {
        assert_eq!(poll(&live, &mut recv(*stream, &mut to), &mut ()), Poll::Ready(Ok(1)));
    }
    streams.close(&live);
    ends(&live);
    calls
}

#[test]
fn sixty_four_reads_are_one_call_and_one_more_is_two_where_the_queue_has_as_many_entries() {
    if denied() {
        return;
    }
    assert_eq!((calls_for(1), calls_for(64), calls_for(65)), (1, 1, 2));
}

#[test]
fn reads_of_an_armed_stream_take_no_call_but_that_of_the_turn() {
    let Some(live) = driver::<8, Usual>() else { return };
    let streams = Streams::armed(&live, 1);
    let mut to = [0; 8];
    for _ in 0..100 {
        write(&streams.peers[0], b"abc");
        let before = enters(&live);
        live.park(Park::Forever).expect("a turn");
        assert_eq!(poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()), Poll::Ready(Ok(3)));
        assert!(poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()).is_pending());
        assert_eq!(enters(&live) - before, 1);
    }
    streams.close(&live);
    ends(&live);
}

/// How many of 200 streams that were armed, and then written to, one turn serves, and by how many calls.
fn served_by(park: Park) -> (usize, u64) {
    let live = started::<256, Usual>();
    let streams = Streams::armed(&live, 200);
    let mut to = [0; 8];
    streams.peers.iter().for_each(|peer| write(peer, b"x"));
    let before = enters(&live);
    live.park(park).expect("a turn");
    let calls = enters(&live) - before;
    let served =
        streams.ours.iter().filter(|stream| poll(&live, &mut recv(**stream, &mut to), &mut ()).is_ready()).count();
    streams.close(&live);
    ends(&live);
    (served, calls)
}

#[test]
fn a_turn_takes_all_that_is_ready_whether_it_waits_or_not() {
    if denied() {
        return;
    }
    let live = started::<8, Usual>();
    let deferred = live.0.with(|state| state.ring.flags().defer_taskrun);
    ends(&live);
    for park in [Park::Poll, Park::Forever] {
        let (served, calls) = served_by(park);
        // A wait ends with the first, where completions are not put off.
        assert!(served == 200 || park == Park::Forever && !deferred && served > 0, "a turn served {served} of 200");
        if deferred && kernel() >= (6, 14) {
            // The kernel's bound is 20. Were it gone, calling again would be needless. Linux 6.12 has none.
            assert!(calls > 2, "a turn took {calls} calls");
        }
    }
}

/// The version of the kernel that runs.
fn kernel() -> (u32, u32) {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").expect("Linux has it");
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().expect("a number"));
    (numbers.next().expect("the first"), numbers.next().expect("the second"))
}

struct Eight;
impl RingOptions for Eight {
    const COMPLETIONS: u32 = 8;
    const BUFFERS: u16 = 4;
}

#[test]
fn no_completion_is_lost_where_the_kernel_has_room_for_eight() {
    let Some(live) = driver::<8, Eight>() else { return };
    let (operations, at_once) = (count(100_000, 1_000_000), 1_000);
    let mut overflowed = 0;
    for _ in 0..operations / at_once {
        let mut flights: Vec<_> = (0..at_once).map(|_| Default::default()).collect();
        for flight in &mut flights {
            assert!(poll(&live, &mut Nop, flight).is_pending());
        }
        overflowed += u64::from(live.0.with(|state| state.ring.overflows()));
        while in_kernel(&live) > 0 {
            live.park(Park::Poll).expect("a turn");
        }
        for flight in &mut flights {
            assert!(poll(&live, &mut Nop, flight).is_ready());
        }
    }
    assert!(overflowed > 0, "the queue of completions was never too small");
    assert_eq!(live.0.with_table(|table| (table.in_flight(), table.stale())), (0, 0));
}

#[test]
fn ten_thousand_operations_at_once_through_eight_entries() {
    let Some(live) = driver::<8, Eight>() else { return };
    let mut flights: Vec<_> =
        (0..10_000_u64).map(|n| (Timeout { after: Nanos(n % 1_000) }, Default::default())).collect();
    for (op, flight) in &mut flights {
        assert!(poll(&live, op, flight).is_pending());
    }
    while in_kernel(&live) > 0 {
        live.park(Park::Forever).expect("a turn");
    }
    for (op, flight) in &mut flights {
        assert_eq!(poll(&live, op, flight), Poll::Ready(Ok(())));
    }
}

#[test]
fn entries_that_waited_for_room_keep_their_order() {
    let Some(live) = driver::<8, Eight>() else { return };
    let streams = Streams::of(&live, 1);
    // As many as a socket holds, whose every message takes most of a kilobyte.
    let messages: Vec<[u8; 4]> = (0..200_u32).map(u32::to_le_bytes).collect();
    let mut flights: Vec<_> = messages.iter().map(|m| (transmit(streams.ours[0], m), Default::default())).collect();
    for (op, flight) in &mut flights {
        assert!(poll(&live, op, flight).is_pending());
    }
    while in_kernel(&live) > 0 {
        live.park(Park::Forever).expect("a turn");
    }
    for (op, flight) in &mut flights {
        assert_eq!(poll(&live, op, flight), Poll::Ready((4, Ok(()))));
    }
    let mut got = std::vec![0; 800];
    (&streams.peers[0]).read_exact(&mut got).expect("all were sent");
    assert!(got.chunks(4).zip(&messages).all(|(got, sent)| got == sent));
    streams.close(&live);
    ends(&live);
}

struct FourBuffers;
impl RingOptions for FourBuffers {
    const BUFFERS: u16 = 4;
}

#[test]
fn four_hundred_streams_share_four_buffers_and_none_is_stuck() {
    let Some(live) = driver::<64, FourBuffers>() else { return };
    let streams = Streams::of(&live, 400);
    let mut to = [0; 8];
    for round in 0..5_u8 {
        for (n, stream) in streams.ours.iter().enumerate() {
            // Half of the readers sleep: what comes for them stays.
            if n % 2 == 0 || round == 4 {
                let _ = poll(&live, &mut recv(*stream, &mut to), &mut ()).is_ready();
            }
        }
        live.park(Park::Poll).expect("a turn");
        streams.peers.iter().for_each(|peer| write(peer, &[round]));
    }
    let mut got = std::vec![Vec::new(); streams.ours.len()];
    for _ in 0..10_000 {
        for (got, stream) in got.iter_mut().zip(&streams.ours) {
            while got.len() < 5
                && let Poll::Ready(read) = poll(&live, &mut recv(*stream, &mut to), &mut ())
            {
                got.extend_from_slice(&to[..read.expect("open")]);
            }
        }
        if got.iter().all(|got| got.len() >= 4) {
            break;
        }
        live.park(Park::Poll).expect("a turn");
    }
    // What was read before the last round is not counted: each stream has its bytes in order, up to the last.
    for got in &got {
        assert!(got.ends_with(&[4]) && got.is_sorted(), "{got:?}");
    }
    streams.close(&live);
    ends(&live);
}

#[test]
fn streams_that_found_no_buffer_are_work() {
    let Some(live) = driver::<64, FourBuffers>() else { return };
    let streams = Streams::armed(&live, 8);
    let mut to = [0; 8];
    streams.peers.iter().for_each(|peer| write(peer, b"x"));
    live.park(Park::Poll).expect("a turn");
    if live.0.with(|state| state.provided.is_none()) {
        return skipped("this kernel has no rings of provided buffers");
    }
    assert!(live.0.with(|state| !state.starved.is_empty()), "there were buffers for all");
    // As beside a task that never waits: turns are made only as long as there is work.
    let mut turns = 0;
    while live.has_work() {
        turns += 1;
        assert!(turns < 100, "there is work for ever");
        live.park(Park::Poll).expect("a turn");
    }
    for stream in &streams.ours {
        assert_eq!(poll(&live, &mut recv(*stream, &mut to), &mut ()), Poll::Ready(Ok(1)));
    }
    streams.close(&live);
    ends(&live);
}

/// Room and a backlog at once come about when entries are taken without a turn. A cancel must not pass its target.
#[test]
fn what_is_pushed_behind_a_backlog_stays_behind_it() {
    if denied() {
        return;
    }
    let live = LiveUring::<8, Usual>::start(StartCx::new(0)).expect("io_uring is there");
    let push = |n: u32| {
        let entry = opcode::Nop::new().build().user_data(named(kind::IGNORED, 0, n));
        // SAFETY: it points at no memory.
        live.0.with(|state| unsafe { state.ring.push(entry, Kernel::V5_15) });
    };
    // Eight in the queue, four behind it: nobody may enter yet.
    (0..12).for_each(push);
    live.arrive().expect("nobody ran it before");
    live.0.with(|state| state.ring.submit_now());
    // The queue is empty, the four still wait.
    push(12);
    let mut order = Vec::new();
    for _ in 0..100 {
        live.0.with(|state| {
            state.ring.enter(Some(Duration::ZERO)).expect("a turn");
            while let Some(completion) = state.ring.completion() {
                order.push(completion.user_data as u32);
            }
        });
    }
    assert!(order.iter().copied().eq(0..13), "{order:?}");
}
