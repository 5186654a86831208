//! Sends that complete twice where tasks move: a thread leaves between the two, or just before such a send is queued.

use super::handover::{all_are_back, bound, elsewhere, leaves, turns_until};
use super::moving::{Gate, eventually};
use super::zero_copy::{All, LEN, read, tcp, until_the_peer_has_no_room};
use super::*;
use crate::uring::slots::{Aside, End, Flight, Lower};
use bespoke_core::driver::Late;
use bespoke_core::roles::Leaves;
use io_uring::squeue::Entry;
use std::net::TcpStream;
use std::sync::mpsc::channel;
use std::thread;

/// The driver of a worker, a stream whose peer has no room, that peer, and how much it has to read before what is sent now.
fn without_room() -> Option<(Gate<16, All>, Resource, TcpStream, usize)> {
    let gate = bound::<All>()?;
    if !gate.0.0.with(|state| state.known.zero_copy) {
        skipped("the kernel has no sends without a copy");
        return None;
    }
    let (stream, peer) = tcp(&gate.0);
    let filled = until_the_peer_has_no_room(stream.raw);
    Some((gate, stream, peer, filled))
}

type WithoutCopies = LiveUring<16, All, Moving>;

fn poll_send<O: Lower>(live: &WithoutCopies, op: &mut O, flight: &mut Flight<Moving>) -> Poll<O::Output> {
    live.0.poll_slot(op, flight, &mut Context::from_waker(Waker::noop()))
}

/// What others do between the look whether a send copies and its entry.
struct Meanwhile(*const WithoutCopies);

std::thread_local! {
    static MEANWHILE: core::cell::Cell<Option<Meanwhile>> = const { core::cell::Cell::new(None) };
}

/// A send that takes its time to be expressed: a thread leaves meanwhile, for once.
struct Slow(Transmit);

// SAFETY: as what is in it.
unsafe impl Op for Slow {
    type Output = <Transmit as Op>::Output;
    const NAME: &'static str = Transmit::NAME;
    const LATE: Late = Transmit::LATE;

    fn about(&mut self) -> Option<&mut Resource> {
        self.0.about()
    }

    fn refused(errno: Errno) -> Self::Output {
        Transmit::refused(errno)
    }
}

impl Lower for Slow {
    const WRITES: bool = Transmit::WRITES;

    fn bytes(&self) -> usize {
        self.0.bytes()
    }

    fn resource(&self) -> Option<Resource> {
        self.0.resource()
    }

    fn entry(&self, taken: usize, aside: &Aside<'_>) -> Entry {
        let entry = self.0.entry(taken, aside);
        if let Some(Meanwhile(live)) = MEANWHILE.take() {
            // SAFETY: the test that left it waits in its poll.
            leaves(unsafe { &*live });
        }
        entry
    }

    fn end(&self, taken: &mut usize, result: Result<u32, Errno>, aside: &Aside<'_>) -> End<Self::Output> {
        self.0.end(taken, result, aside)
    }
}

/// The ring of a stand-in, which ends, would wait for a notice that comes when the peer has read.
#[test]
fn a_send_copies_if_a_thread_leaves_before_it_is_queued() {
    let Some((gate, stream, peer, filled)) = without_room() else { return };
    let live = &gate.0;
    let bytes = std::vec![7; LEN];
    let (mut op, mut flight) = (Slow(transmit(stream, &bytes)), Default::default());
    MEANWHILE.set(Some(Meanwhile(live)));
    assert!(poll_send(live, &mut op, &mut flight).is_pending());
    assert!(live.0.with(|state| state.ring.is_left()), "a thread has left");
    let mut ended = Poll::Pending;
    elsewhere(&gate, |live| {
        turns_until(live, "it is over when the stream has it", || {
            ended = poll_send(live, &mut op, &mut flight);
            ended.is_ready()
        });
    });
    assert_eq!(ended, Poll::Ready((LEN, Ok(()))));
    live.arrive().expect("its own ring");
    let got = read(&peer, filled + LEN);
    assert!(got[filled..].iter().all(|byte| *byte == 7));
    live.close(stream);
    all_are_back(live);
}

/// A notice that is due stays with its ring, also when another thread is away.
#[test]
fn who_leaves_waits_for_no_notice() {
    let Some((gate, stream, peer, filled)) = without_room() else { return };
    let (gate, live) = (&gate, &gate.0);
    let bytes = std::vec![7; LEN];
    let (mut op, mut flight) = (transmit(stream, &bytes), Default::default());
    assert!(poll_send(live, &mut op, &mut flight).is_pending());
    turns_until(live, "the stream takes it", || live.0.with(|state| state.notices) == 1);
    leaves(live);
    let ((away, is_away), (goes, go)) = (channel(), channel());
    thread::scope(|scope| {
        let goes = goes; // it goes with this closure, if that fails
        let stands = scope.spawn(move || {
            let live = &{ gate }.0;
            live.arrive().expect("a ring is ahead");
            leaves(live);
            away.send(()).expect("somebody waits");
            go.recv().expect("it comes");
            live.arrive().expect("its own ring");
            live.leave(Leaves::ForGood).expect("somebody has left before");
        });
        is_away.recv().expect("it comes");
        live.arrive().expect("its own ring");
        let (notices, before) = live.0.with(|state| (state.notices, state.ring.enters()));
        leaves(live);
        let after = live.0.with(|state| {
            let left = &state.others.as_ref().expect("two are away").left;
            left.last().expect("two are away").ring.enters()
        });
        goes.send(()).expect("somebody waits");
        stands.join().expect("no panic");
        assert_eq!(notices, 1, "its own");
        assert!(after - before < 20, "{} calls, to wait for what no cancel ends", after - before);
    });
    live.arrive().expect("its own ring");
    assert_eq!(read(&peer, filled + LEN).len(), filled + LEN);
    eventually("the notice comes", || {
        live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
        poll_send(live, &mut op, &mut flight) == Poll::Ready((LEN, Ok(())))
    });
    live.close(stream);
    all_are_back(live);
}
