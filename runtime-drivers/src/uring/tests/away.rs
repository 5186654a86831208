//! Where tasks move: threads that have left the driver for the time of a closure, and use it from there, as any thread may.

#![expect(clippy::disallowed_methods, reason = "the driver stands alone: no runtime has threads or time")]

use super::handover::{all_are_back, bound, elsewhere, leaves, one_word, turns_until};
use super::moving::{ByThread, Counted, Gate, pair, poll_by};
use super::*;
use bespoke_core::roles::Leaves;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

struct Movable;
impl RingOptions for Movable {
    const MOVABLE: bool = true;
}

/// So long somebody who waits for nobody would be through with anything.
const A_WHILE: Duration = Duration::from_millis(50);

/// A thread that is away gives a socket up while nobody runs the worker, and its own ring is the one in place: what that holds
/// back is the next thread's.
#[test]
fn who_is_away_takes_no_turn_though_its_ring_is_in_place() {
    let Some(gate) = bound::<Usual>() else { return };
    let (gate, live) = (&gate, &gate.0);
    let ((stream, peer), (other, _kept)) = (pair(live, 0), pair(live, 1));
    let counted = Arc::<Counted>::default();
    let waker = Waker::from(counted.clone());
    // Both threads have buffers of their own, of which the kernel may fill any.
    one_word(live, stream, &peer);
    leaves(live);
    let (is_there, (away, is_away), (goes, go)) = (&AtomicBool::new(false), channel(), channel());
    let (stream_of, peer_of) = (&stream, &peer);
    thread::scope(|scope| {
        let goes = goes; // it goes with this closure, if that fails
        let releases = scope.spawn(move || {
            let live = &{ gate }.0;
            live.arrive().expect("a ring is ahead");
            one_word(live, *stream_of, peer_of);
            assert!(poll_by(live, &mut recv(*stream_of, &mut [0; 8]), &waker).is_pending());
            assert!(poll_by(live, &mut recv(other, &mut [0; 8]), Waker::noop()).is_pending());
            live.park(Park::Poll).expect("a turn");
            leaves(live);
            away.send(()).expect("somebody waits");
            go.recv().expect("it comes");
            // Its own is in place: the last one to leave before.
            assert!(live.0.with(|state| state.ring.is_left() && state.ring.thread() == calls::thread()));
            let before = live.0.with(|state| state.ring.enters());
            let released = live.release(other);
            assert!(is_there.load(SeqCst), "somebody who is away has taken a turn");
            (before, released)
        });
        is_away.recv().expect("it comes");
        elsewhere(gate, |live| live.park(Park::Poll).expect("a turn"));
        write(&peer, b"milk");
        goes.send(()).expect("somebody waits");
        thread::sleep(A_WHILE);
        is_there.store(true, SeqCst);
        live.arrive().expect("its own ring");
        turns_until(live, "it is given up", || releases.is_finished());
        let (before, released) = releases.join().expect("no panic");
        assert_eq!(released, Ok(()));
        let after = live.0.with(|state| state.others.as_ref().map(|others| others.left[0].ring.enters()));
        assert_eq!(after, Some(before), "nobody has entered its ring");
    });
    let _ = fd::close(other.raw);
    turns_until(live, "bytes wake who waits", || counted.was_woken());
    let mut to = [0; 8];
    assert_eq!(poll_by(live, &mut recv(stream, &mut to), Waker::noop()), Poll::Ready(Ok(4)));
    assert_eq!(&to[..4], b"milk");
    live.close(stream);
    // The other thread has ended, as none does that is away: so has its ring.
    live.0.with(|state| state.others.as_mut().map(|others| others.left.clear()));
    all_are_back(live);
}

/// Of a ring that goes along, too: the stand-in is on its way, and would take completions beside it.
fn who_is_away_waits_for_the_stand_in<O: RingOptions>() {
    if denied() {
        return;
    }
    let gate = &Gate::<16, O>(LiveUring::start(StartCx::new(0)).expect("io_uring is there"));
    let live = &gate.0;
    live.arrive().expect("nobody ran it before");
    for _ in 0..3 {
        let (stream, _kept) = pair(live, 0);
        assert!(poll_by(live, &mut recv(stream, &mut [0; 8]), Waker::noop()).is_pending());
        live.park(Park::Poll).expect("a turn");
        leaves(live);
        let (is_there, over) = (&AtomicBool::new(false), &AtomicBool::new(false));
        thread::scope(|scope| {
            let stands = scope.spawn(move || {
                let live = &{ gate }.0;
                thread::sleep(A_WHILE);
                is_there.store(true, SeqCst);
                live.arrive().expect("any thread may");
                turns_until(live, "it is given up", || over.load(SeqCst));
                live.leave(Leaves::ForGood).expect("somebody has left before");
            });
            let released = live.release(stream);
            let was_there = is_there.load(SeqCst);
            over.store(true, SeqCst);
            stands.join().expect("no panic");
            assert_eq!((released, was_there), (Ok(()), true), "somebody who is away has taken a turn");
        });
        live.arrive().expect("any thread may");
        let _ = fd::close(stream.raw);
    }
    assert_eq!(live.drain(Nanos(1_000_000_000)).leaked, 0);
}

#[test]
fn who_is_away_takes_no_turn_of_a_movable_ring() {
    who_is_away_waits_for_the_stand_in::<Movable>();
}

#[test]
fn who_is_away_takes_no_turn_of_a_ring_with_a_thread() {
    who_is_away_waits_for_the_stand_in::<ByThread>();
}

/// A thread has sixteen indexes, and a ring that goes to and fro between two takes one of each at a time.
#[test]
fn a_ring_that_goes_along_keeps_no_index() {
    if denied() {
        return;
    }
    let gate = &Gate::<16, Movable>(LiveUring::start(StartCx::new(0)).expect("io_uring is there"));
    gate.0.arrive().expect("nobody ran it before");
    if !gate.0.0.with(|state| state.ring.has_index()) {
        return skipped("this kernel has no indexes");
    }
    let ((there, comes_there), (back, comes_back)) = (channel(), channel());
    let round = |how| {
        let live = &{ gate }.0;
        live.arrive().expect("any thread may");
        let has_index = live.0.with(|state| state.ring.has_index());
        live.park(Park::Poll).expect("a turn");
        live.leave(how).expect("any thread may");
        has_index
    };
    let with_index = thread::scope(|scope| {
        let stands = scope.spawn(move || {
            let rounds = comes_there.iter().map(|()| {
                let has_index = round(Leaves::ForGood);
                back.send(()).expect("somebody waits");
                usize::from(has_index)
            });
            rounds.sum::<usize>()
        });
        let mut with_index = 0;
        for _ in 0..40 {
            with_index += usize::from(round(Leaves::InAPoll));
            there.send(()).expect("somebody waits");
            comes_back.recv().expect("it comes");
        }
        drop(there);
        (with_index, stands.join().expect("no panic"))
    });
    assert_eq!(with_index, (40, 40));
    gate.0.arrive().expect("any thread may");
    assert_eq!(gate.0.drain(Nanos(1_000_000_000)).leaked, 0);
}

/// Another worker takes a socket back while a thread leaves, which may take a second, and none has come.
#[test]
fn a_release_waits_while_nobody_runs_the_worker() {
    let Some(gate) = bound::<Usual>() else { return };
    let (gate, live) = (&gate, &gate.0);
    let (stream, _kept) = pair(live, 0);
    assert!(poll_by(live, &mut recv(stream, &mut [0; 8]), Waker::noop()).is_pending());
    live.park(Park::Poll).expect("a turn");
    leaves(live);
    thread::scope(|scope| {
        let releases = scope.spawn(move || { gate }.0.release(stream));
        // More than a worker is given that somebody runs.
        thread::sleep(Duration::from_millis(600));
        live.arrive().expect("its own ring");
        turns_until(live, "it is given up", || releases.is_finished());
        assert_eq!(releases.join().expect("no panic"), Ok(()));
    });
    let _ = fd::close(stream.raw);
    all_are_back(live);
}
