//! Futures that are dropped at any point: what the kernel may still use stays, what it took is on the wire.

use super::options::{Drowsy, until_the_thread_sleeps};
use super::*;
use crate::op::Interrupted;
use crate::sys::guard::Guarded;
use std::io::{ErrorKind, Read as _};

/// Every write is one message of its own number, over and over. Those that were dropped may be cut short; none may be mixed
/// with another, and no byte may come from memory that was given back.
fn dropped_writes<O: RingOptions>(seed: u64, turn: Park) {
    let live = started::<8, O>();
    let streams = Streams::of(&live, 1);
    streams.peers[0].set_nonblocking(true).expect("open");
    dropped_writes_to(&live, (streams.ours[0], &streams.peers[0]), count(2_000, 200_000), seed, turn, None);
    streams.close(&live);
    ends(&live);
}

/// The same on a stream, whose peer does not block. With `acknowledges` it reads on while a dropped one is waited for, and then
/// says so by that.
pub(super) fn dropped_writes_to<O: RingOptions, S>(
    live: &LiveUring<8, O>,
    (stream, peer): (Resource, &S),
    messages: u64,
    seed: u64,
    turn: Park,
    acknowledges: Option<fn(&S)>,
) where
    for<'a> &'a S: std::io::Read,
{
    const LEN: usize = 4096;
    // Less than the window of a new TCP stream: a peer that is not read stops a send without a copy, as its notice does not come.
    const UNREAD: usize = 32 << 10;
    let mut random = Random(seed | 1);
    let (mut sent, mut got) = (Vec::new(), Vec::new());
    let (mut whole, mut cut, mut nothing) = (0, 0, 0);
    let mut room = [0; 16 << 10];
    for message in 0..messages {
        let mut keep = MaybeDangling::new(Guarded::new(LEN, message as u8));
        let (mut op, mut flight) = (transmit(stream, keep.get_mut().bytes()), Default::default());
        // Before the first poll, in the queue, in the kernel, complete and unread, over.
        let (mut turns, mut over) = (random.below(5), None);
        while turns > 0 && over.is_none() {
            turns -= 1;
            match poll(live, &mut op, &mut flight) {
                Poll::Ready(output) => over = Some(output),
                Poll::Pending if random.below(2) == 0 => live.park(turn).expect("a turn"),
                Poll::Pending => {}
            }
        }
        let bytes = match over {
            Some((bytes, end)) => {
                end.expect("the peer is there");
                assert_eq!(bytes, LEN);
                drop(keep);
                whole += 1;
                bytes
            }
            None => {
                abandon(live, &mut op, &mut flight, keep);
                let interrupted = loop {
                    match poll(live, &mut Interrupted { stream }, &mut ()) {
                        Poll::Ready(interrupted) => break interrupted,
                        Poll::Pending => live.park(turn).expect("a turn"),
                    }
                    if let Some(acknowledges) = acknowledges {
                        drain_peer(peer, &mut room, &mut got);
                        acknowledges(peer);
                    }
                };
                match interrupted {
                    Some(taken) => {
                        let kept = taken.kept.downcast::<Guarded>().expect("what was kept for it");
                        assert!(kept.bytes().iter().all(|byte| *byte == message as u8));
                        cut += u64::from(taken.bytes < LEN);
                        taken.bytes
                    }
                    None => {
                        nothing += 1;
                        0
                    }
                }
            }
        };
        sent.extend(core::iter::repeat_n(message as u8, bytes));
        if random.below(3) == 0 {
            drain_peer(peer, &mut room, &mut got);
        }
        while sent.len() - got.len() > UNREAD {
            drain_peer(peer, &mut room, &mut got);
        }
    }
    while got.len() < sent.len() {
        drain_peer(peer, &mut room, &mut got);
    }
    assert!(got == sent, "bytes on the wire are not those that were counted");
    assert!(whole > 0 && nothing > 0, "{whole} whole, {cut} cut short, {nothing} never begun");
    assert_eq!(live.0.faults(), 0, "the kernel found memory that was given back");
}

fn drain_peer<S>(mut peer: &S, room: &mut [u8], got: &mut Vec<u8>)
where
    for<'a> &'a S: std::io::Read,
{
    match peer.read(room) {
        Ok(n) => got.extend_from_slice(&room[..n]),
        Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
    }
}

#[test]
fn dropped_writes_are_counted_and_read_no_memory_that_was_given_back() {
    if denied() {
        return;
    }
    dropped_writes::<Usual>(0x5EED, Park::Poll);
}

struct As515;
impl RingOptions for As515 {
    const KERNEL: Kernel = Kernel::V5_15;
}

#[test]
fn dropped_writes_on_an_old_kernel() {
    if denied() {
        return;
    }
    dropped_writes::<As515>(0x01D, Park::Poll);
}

#[test]
fn dropped_writes_that_a_thread_of_the_kernels_takes() {
    if denied() {
        return;
    }
    dropped_writes::<Drowsy>(0x7EAD, Park::Until(Nanos(50_000)));
}

/// The test above would see it: memory that is given back before the kernel is done with it is a fault.
#[test]
fn memory_that_is_given_back_too_early_is_seen() {
    let Some(live) = driver::<8, Usual>() else { return };
    let streams = Streams::of(&live, 1);
    let keep = Guarded::new(4096, 7);
    let (mut op, mut flight) = (transmit(streams.ours[0], keep.bytes()), Default::default());
    assert!(poll(&live, &mut op, &mut flight).is_pending());
    drop(keep);
    live.park(Park::Poll).expect("a turn");
    assert!(matches!(poll(&live, &mut op, &mut flight), Poll::Ready((0, Err(_)))));
    assert_eq!(live.0.faults(), 1);
    streams.close(&live);
    ends(&live);
}

/// The same of an entry that was queued, and that the thread takes when the call of its poll is long over.
#[test]
fn memory_that_is_given_back_before_the_thread_takes_its_entry_is_seen() {
    let Some(live) = driver::<8, Drowsy>() else { return };
    let _alone = sleeps_alone();
    let streams = Streams::of(&live, 1);
    let keep = Guarded::new(4096, 7);
    let (mut op, mut flight) = (transmit(streams.ours[0], keep.bytes()), Default::default());
    until_the_thread_sleeps(&live);
    assert!(poll(&live, &mut op, &mut flight).is_pending());
    drop(keep);
    live.park(Park::Until(Nanos(10_000_000_000))).expect("a turn");
    assert!(matches!(poll(&live, &mut op, &mut flight), Poll::Ready((0, Err(_)))));
    assert_eq!(live.0.faults(), 1);
    streams.close(&live);
    ends(&live);
}

/// Waits that are dropped leave nothing, and what comes later is read by the next.
#[test]
fn what_comes_for_a_dropped_read_waits() {
    let Some(live) = driver::<8, Usual>() else { return };
    let streams = Streams::armed(&live, 1);
    let mut to = [0; 8];
    // Nobody waits; thirty messages come one by one, more than are stashed at once.
    for n in 0..30 {
        write(&streams.peers[0], &[n]);
        live.park(Park::Poll).expect("a turn");
    }
    let mut got = Vec::new();
    while got.len() < 30 {
        match poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()) {
            Poll::Ready(read) => got.extend_from_slice(&to[..read.expect("open")]),
            Poll::Pending => live.park(Park::Poll).expect("a turn"),
        }
    }
    assert!(got.iter().copied().eq(0..30), "{got:?}");
    streams.close(&live);
    ends(&live);
}
