//! Bytes of a pipe that go on to a stream, given up on the way: what is written next comes behind them.

use super::sending::{fill, turns, what_came};
use super::*;
use crate::op::{Interrupted, SpillPipe};
use crate::sys::send_file::Pipe;
use crate::sys::splice;
use crate::uring::lower::splice::Spilling;
use std::io::Read as _;
use std::sync::Arc;

/// A thread of the kernel's is about to splice, splices, or waits for room after a part, when its future is dropped; and the peer
/// makes room at once, for that thread as for the write.
#[test]
fn a_write_waits_behind_a_dropped_spill() {
    const ROOM: usize = 40 << 10;
    const MARK: &[u8] = b"<a mark>";
    let Some(live) = driver::<8, Usual>() else { return };
    let (mut cut, mut none) = (0, 0);
    let before = in_kernel(&live);
    for round in 0..count(60, 3_000) {
        let streams = Streams::of(&live, 1);
        let (stream, mut peer) = (streams.ours[0], &streams.peers[0]);
        let filled = fill(stream.raw) - ROOM;
        peer.read_exact(&mut [0; ROOM]).expect("it is there");
        let pipe = Arc::new(Pipe::new().expect("descriptors are free"));
        let sevens = std::vec![7; pipe.room()];
        assert_eq!(splice::write(pipe.write_end(), &sevens), Ok(sevens.len()), "so much fits in");
        let mut op = SpillPipe { stream, pipe: pipe.read_end(), len: sevens.len() };
        let mut state = Spilling::of_all(sevens.len());
        assert!(poll(&live, &mut op, &mut state).is_pending());
        // In the queue, submitted, or waiting for room.
        for _ in 0..round % 6 {
            live.park(Park::Until(Nanos(200_000))).expect("a turn");
        }
        if round % 6 > 0 {
            assert!(poll(&live, &mut op, &mut state).is_pending(), "there is no room for all of it");
        }
        abandon(&live, &mut op, &mut state, MaybeDangling::new(pipe.clone()));

        let (mut write, mut writing) = (transmit(stream, MARK), Default::default());
        let entries = in_kernel(&live);
        assert!(poll(&live, &mut write, &mut writing).is_pending());
        assert_eq!(in_kernel(&live), entries, "no entry of the write is made while the spill may send");
        let mut came = what_came(peer);
        let mut written = Poll::Pending;
        turns(&live, || {
            written = poll(&live, &mut write, &mut writing);
            came.extend(what_came(peer));
            written.is_ready()
        });
        assert_eq!(written, Poll::Ready((MARK.len(), Ok(()))));
        assert_eq!(Arc::strong_count(&pipe), 1, "the pipe was given back before the write began");
        let told = sevens.len() - splice::held(pipe.read_end()).expect("a pipe");
        came.extend(what_came(peer));
        let (zeroes, rest) = came.split_at(filled);
        assert!(zeroes.iter().all(|byte| *byte == 0), "round {round}");
        assert_eq!(rest.len(), told + MARK.len(), "round {round}: what the pipe does not hold was sent");
        assert!(rest[..told].iter().all(|byte| *byte == 7) && rest[told..] == *MARK, "round {round}: in order");
        let Poll::Ready(taken) = poll(&live, &mut Interrupted { stream }, &mut ()) else {
            panic!("nothing is on its way")
        };
        assert!(taken.is_none(), "the stream does not count what the pipe tells");
        cut += u64::from(told > 0);
        none += u64::from(told == 0);
        streams.close(&live);
        turns(&live, || in_kernel(&live) == before);
    }
    assert!(cut > 0 && none > 0, "{cut} had sent a part, {none} nothing");
    ends(&live);
}
