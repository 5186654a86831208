//! Where tasks move: threads that leave the driver with operations under way, and others that run it meanwhile.

#![expect(clippy::disallowed_methods, reason = "the driver stands alone: no runtime has threads")]

use super::moving::{Counted, Gate, eventually, pair, poll_by};
use super::*;
use bespoke_core::roles::Leaves;
use core::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::io::Read as _;
use std::sync::Arc;
use std::thread;

/// The driver of a worker whose base is this thread. `None`: here are no rings that are bound to a thread.
pub(super) fn bound<O: RingOptions>() -> Option<Gate<16, O>> {
    if denied() {
        return None;
    }
    let gate = Gate(LiveUring::start(StartCx::new(0)).expect("io_uring is there"));
    gate.0.arrive().expect("nobody ran it before");
    gate.0.park(Park::Poll).expect("a turn");
    let single = gate.0.0.with(|state| state.ring.flags().single_issuer);
    if !single {
        skipped("this kernel has no rings of one issuer");
    }
    single.then_some(gate)
}

/// What a stand-in does, on a thread of its own.
pub(super) fn elsewhere<O: RingOptions>(gate: &Gate<16, O>, does: impl FnOnce(&LiveUring<16, O, Moving>) + Send) {
    thread::scope(|scope| {
        scope.spawn(|| {
            let live = &{ gate }.0;
            live.arrive().expect("a ring is ahead");
            does(live);
            live.leave(Leaves::ForGood).expect("somebody has left before");
        });
    });
}

pub(super) fn leaves<O: RingOptions>(live: &LiveUring<16, O, Moving>) {
    live.leave(Leaves::InAPoll).expect("a ring can be made");
}

/// Turns until it holds.
#[track_caller]
pub(super) fn turns_until<O: RingOptions>(
    live: &LiveUring<16, O, Moving>,
    what: &str,
    mut holds: impl FnMut() -> bool,
) {
    eventually(what, || {
        live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
        holds()
    });
}

/// All threads are back, and nothing is with the kernel that should not be.
#[track_caller]
pub(super) fn all_are_back<O: RingOptions>(live: &LiveUring<16, O, Moving>) {
    let (left, adrift, elsewhere) = live.0.with(|state| {
        let others = state.others.as_ref().expect("somebody has left");
        (others.left.len(), others.adrift, others.in_kernel)
    });
    assert_eq!((left, adrift, elsewhere), (0, None, 0));
    assert_eq!(live.drain(Nanos(1_000_000_000)).leaked, 0);
}

/// Waits for bytes, here, and has them come.
#[track_caller]
pub(super) fn one_word<O: RingOptions>(live: &LiveUring<16, O, Moving>, stream: Resource, peer: &UnixStream) {
    let (counted, mut to) = (Arc::<Counted>::default(), [0; 8]);
    let waker = Waker::from(counted.clone());
    assert!(poll_by(live, &mut recv(stream, &mut to), &waker).is_pending());
    live.park(Park::Poll).expect("a turn");
    write(peer, b"tea");
    turns_until(live, "bytes wake who waits", || counted.was_woken());
    assert_eq!(poll_by(live, &mut recv(stream, &mut to), Waker::noop()), Poll::Ready(Ok(3)));
}

#[test]
fn a_read_that_was_under_way_ends_at_the_stand_in_and_the_next_ones_where_they_are_begun() {
    let Some(gate) = bound::<Usual>() else { return };
    let live = &gate.0;
    let (stream, peer) = pair(live, 0);
    one_word(live, stream, &peer);
    for _ in 0..20 {
        let counted = Arc::<Counted>::default();
        let waker = Waker::from(counted.clone());
        let mut to = [0; 8];
        assert!(poll_by(live, &mut recv(stream, &mut to), &waker).is_pending());
        live.park(Park::Poll).expect("a turn");
        leaves(live);
        elsewhere(&gate, |live| {
            write(&peer, b"milk");
            turns_until(live, "bytes wake who waits", || counted.was_woken());
            let mut to = [0; 8];
            assert_eq!(poll_by(live, &mut recv(stream, &mut to), Waker::noop()), Poll::Ready(Ok(4)));
            one_word(live, stream, &peer);
        });
        live.arrive().expect("its own ring");
        one_word(live, stream, &peer);
    }
    live.close(stream);
    all_are_back(live);
}

/// Bytes that came before are read in front of those that came to another ring, whichever buffers they are in.
#[test]
fn bytes_stay_in_order() {
    let Some(gate) = bound::<Usual>() else { return };
    let live = &gate.0;
    let (stream, peer) = pair(live, 0);
    let (next, mut read) = (AtomicU8::new(0), 0_u8);
    let send = || write(&peer, &[next.fetch_add(1, Relaxed)]);
    assert!(poll_by(live, &mut recv(stream, &mut [0; 8]), Waker::noop()).is_pending());
    for round in 0..300 {
        send();
        if round % 3 != 0 {
            live.park(Park::Poll).expect("a turn");
            send();
        }
        leaves(live);
        send();
        elsewhere(&gate, |live| {
            send();
            live.park(Park::Poll).expect("a turn");
            send();
        });
        live.arrive().expect("its own ring");
        if round % 2 == 0 {
            continue;
        }
        while read != next.load(Relaxed) {
            let mut to = [0; 8];
            match poll_by(live, &mut recv(stream, &mut to), Waker::noop()) {
                Poll::Pending => live.park(Park::Until(Nanos(1_000_000))).expect("a turn"),
                Poll::Ready(bytes) => {
                    for byte in &to[..bytes.expect("connected")] {
                        assert_eq!(*byte, read, "round {round}");
                        read = read.wrapping_add(1);
                    }
                }
            }
        }
    }
    live.close(stream);
    all_are_back(live);
}

/// A write that waits for room is cancelled with what it has written, and goes on in the other ring.
#[test]
fn a_write_that_was_under_way_goes_on() {
    let Some(gate) = bound::<Usual>() else { return };
    let live = &gate.0;
    let (stream, mut peer) = pair(live, 0);
    let bytes: Vec<u8> = (0..4_000_000_u32).map(|n| (n % 251) as u8).collect();
    let counted = Arc::<Counted>::default();
    let waker = Waker::from(counted.clone());
    let (mut op, mut flight) = (transmit(stream, &bytes), Default::default());
    let mut poll = |live: &LiveUring<16, Usual, Moving>| {
        <IoUring<16, Usual> as Submit<Transmit>>::poll_op::<Moving>(
            live,
            &mut op,
            &mut flight,
            &mut Context::from_waker(&waker),
        )
    };
    assert!(poll(live).is_pending());
    live.park(Park::Poll).expect("a turn");
    leaves(live);
    let reads = thread::spawn(move || {
        let mut all = Vec::new();
        let mut part = std::vec![0; 4_000_000];
        while all.len() < 4_000_000 {
            let read = peer.read(&mut part).expect("it writes");
            all.extend_from_slice(&part[..read]);
        }
        all
    });
    let gate = &gate;
    let ended = thread::scope(|scope| {
        let ended = scope.spawn(|| {
            let live = &{ gate }.0;
            live.arrive().expect("a ring is ahead");
            let mut ended = None;
            turns_until(live, "the write ends", || match poll(live) {
                Poll::Pending => false,
                Poll::Ready(bytes) => {
                    ended = Some(bytes);
                    true
                }
            });
            live.leave(Leaves::ForGood).expect("somebody has left before");
            ended
        });
        ended.join().expect("no panic")
    });
    assert_eq!(ended, Some((bytes.len(), Ok(()))));
    assert!(reads.join().expect("no panic") == bytes, "each byte once, in order");
    live.arrive().expect("its own ring");
    live.close(stream);
    all_are_back(live);
}

/// Who is back before anybody came goes on with what was queued meanwhile, and the ring that was ahead is there for the next
/// time.
#[test]
fn what_is_queued_while_nobody_runs_it_goes_along() {
    let Some(gate) = bound::<Usual>() else { return };
    let live = &gate.0;
    let (stream, peer) = pair(live, 0);
    let (other, _peer) = pair(live, 1);
    for _ in 0..5 {
        assert!(poll_by(live, &mut recv(other, &mut [0; 8]), Waker::noop()).is_pending());
        leaves(live);
        let counted = Arc::<Counted>::default();
        let waker = Waker::from(counted.clone());
        let mut to = [0; 8];
        assert!(poll_by(live, &mut recv(stream, &mut to), &waker).is_pending());
        let ahead = |state: &mut State| (state.ring.thread(), state.ring.fd());
        let before = live.0.with(ahead);
        assert_eq!(before.0, 0, "nobody has entered it");
        live.arrive().expect("its own ring");
        write(&peer, b"tea");
        turns_until(live, "bytes wake who waits", || counted.was_woken());
        assert_eq!(poll_by(live, &mut recv(stream, &mut to), Waker::noop()), Poll::Ready(Ok(3)));
        let spare = live.0.with(|state| state.others.as_ref()?.spare.as_ref().map(|spare| spare.ring.fd()));
        assert_eq!(spare, Some(before.1));
    }
    live.close(stream);
    live.close(other);
    all_are_back(live);
}

/// Three threads, of which two are away at a time, and come back in the other order: entries go to the ring of whoever is next.
#[test]
fn several_are_away() {
    let Some(gate) = bound::<Usual>() else { return };
    let live = &gate.0;
    let (stream, peer) = pair(live, 0);
    let (go, goes) = std::sync::mpsc::channel();
    let (begun, begins) = std::sync::mpsc::channel();
    let gate = &gate;
    let counted = Arc::<Counted>::default();
    let waker = Waker::from(counted.clone());
    assert!(poll_by(live, &mut recv(stream, &mut [0; 8]), &waker).is_pending());
    live.park(Park::Poll).expect("a turn");
    leaves(live);
    thread::scope(|scope| {
        let peer = &peer;
        scope.spawn(move || {
            let live = &{ gate }.0;
            live.arrive().expect("a ring is ahead");
            live.park(Park::Poll).expect("a turn");
            leaves(live);
            begun.send(()).expect("somebody waits");
            goes.recv().expect("it comes");
            // The base has left it again.
            live.arrive().expect("its own ring");
            one_word(live, stream, peer);
            live.leave(Leaves::ForGood).expect("somebody has left before");
        });
        begins.recv().expect("it comes");
        elsewhere(gate, |live| {
            write(peer, b"tea");
            turns_until(live, "bytes wake who waits", || counted.was_woken());
            assert_eq!(poll_by(live, &mut recv(stream, &mut [0; 8]), Waker::noop()), Poll::Ready(Ok(3)));
        });
        live.arrive().expect("its own ring");
        one_word(live, stream, peer);
        live.leave(Leaves::BetweenTurns).expect("somebody has left before");
        go.send(()).expect("somebody waits");
    });
    live.arrive().expect("its own ring");
    one_word(live, stream, &peer);
    live.close(stream);
    all_are_back(live);
}

/// A close while nobody runs the driver takes back what is armed by then, and the descriptor is closed.
#[test]
fn what_is_closed_meanwhile_is_closed() {
    let Some(gate) = bound::<Usual>() else { return };
    let live = &gate.0;
    let (stream, mut peer) = pair(live, 0);
    assert!(poll_by(live, &mut recv(stream, &mut [0; 8]), Waker::noop()).is_pending());
    live.park(Park::Poll).expect("a turn");
    leaves(live);
    // Armed again, for who still waits, in the ring of who is next.
    live.close(stream);
    elsewhere(&gate, |live| {
        turns_until(live, "the kernel gives it back", || live.0.with(|state| state.in_kernel) == 0);
        peer.set_read_timeout(Some(Duration::from_secs(10))).expect("open");
        assert_eq!(peer.read(&mut [0; 8]).expect("the end"), 0);
    });
    live.arrive().expect("its own ring");
    all_are_back(live);
}

/// A thread has sixteen indexes: each stand-in gives its own back, and who comes back keeps its own.
#[test]
fn a_ring_is_given_back_on_its_thread() {
    let Some(gate) = bound::<Usual>() else { return };
    let open = || std::fs::read_dir("/proc/self/fdinfo").expect("Linux").count();
    let name = |state: &mut State| (state.ring.thread(), state.ring.fd());
    let own = gate.0.0.with(name);
    for _ in 0..40 {
        leaves(&gate.0);
        elsewhere(&gate, |live| live.park(Park::Poll).expect("a turn"));
        gate.0.arrive().expect("its own ring");
        assert_eq!(gate.0.0.with(name), own);
        gate.0.park(Park::Poll).expect("a turn");
    }
    // Other tests have theirs.
    assert!(open() < 1000, "{} descriptors", open());
    all_are_back(&gate.0);
}
