//! What comes first is told first, also when the user's code puts completions off in the middle of a turn; and streams that
//! found no buffer are fed by the ring of another thread.

use super::*;
use bespoke_core::driver::Nop;
use std::net::Shutdown;
use std::sync::Arc;
use std::task::Wake;

/// A ring whose completions come with any system call of its thread.
struct Moves;

impl RingOptions for Moves {
    const MOVABLE: bool = true;
}

struct OneBuffer;

impl RingOptions for OneBuffer {
    const BUFFERS: u16 = 1;
}

/// What comes behind the first two bytes of a stream.
#[derive(Clone, Copy)]
enum Then {
    Bytes,
    End,
}

/// A waker of the user's that gives a stream away, in the middle of a turn, and then makes another one's peer go on.
///
/// 1. `live` outlives every turn in which this is called, and the thread is the driver's.
struct GivesAway {
    live: *const LiveUring<16, Moves>,
    given: Resource,
    peer: UnixStream,
    then: Then,
}

// SAFETY: called on the thread of the driver alone (invariant 1).
unsafe impl Send for GivesAway {}
// SAFETY: as above.
unsafe impl Sync for GivesAway {}

impl Wake for GivesAway {
    fn wake(self: Arc<Self>) {
        // SAFETY: it is there (invariant 1).
        let live = unsafe { &*self.live };
        live.release(self.given).expect("it is idle");
        match self.then {
            Then::Bytes => write(&self.peer, b"22"),
            Then::End => self.peer.shutdown(Shutdown::Write).expect("the peer is open"),
        }
    }
}

/// Reads a stream while the completion before its first one wakes a `GivesAway`.
fn read_behind(then: Then) -> Option<Vec<Result<Vec<u8>, Errno>>> {
    let live = driver::<16, Moves>()?;
    let streams = Streams::armed(&live, 2);
    let (read, given) = (streams.ours[0], streams.ours[1]);
    let peer = streams.peers[0].try_clone().expect("the peer is open");
    let waker = Waker::from(Arc::new(GivesAway { live: &raw const live, given, peer, then }));
    let (mut first, mut flight) = (Nop, Default::default());
    let mut cx = Context::from_waker(&waker);
    assert!(
        <IoUring<16, Moves> as Submit<Nop>>::poll_op::<Local>(&live, &mut first, &mut flight, &mut cx).is_pending()
    );
    live.0.with(|state| state.ring.submit_now());
    write(&streams.peers[0], b"11");
    let mut got = Vec::new();
    for _ in 0..4 {
        live.park(Park::Poll).expect("a turn");
        let mut to = [0; 8];
        if let Poll::Ready(read) = poll(&live, &mut recv(read, &mut to), &mut ()) {
            got.push(read.map(|n| to[..n].to_vec()));
        }
    }
    assert!(poll(&live, &mut first, &mut flight).is_ready());
    fd::close(given.raw).expect("it was given away open");
    live.close(read);
    ends(&live);
    Some(got)
}

#[test]
fn bytes_come_in_their_order_though_a_waker_gives_a_stream_away_in_the_turn() {
    let Some(got) = read_behind(Then::Bytes) else { return };
    let all: Vec<u8> = got.iter().flatten().flatten().copied().collect();
    assert_eq!(all, b"1122", "{got:?}");
}

#[test]
fn an_end_comes_behind_its_bytes_though_a_waker_gives_a_stream_away_in_the_turn() {
    let Some(got) = read_behind(Then::End) else { return };
    assert_eq!(got.first(), Some(&Ok(b"11".to_vec())), "{got:?}");
    assert!(got[1..].iter().all(|read| *read == Ok(Vec::new())), "{got:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test is about another thread")]
fn a_stream_that_found_no_buffer_is_fed_by_the_ring_of_another_thread() {
    let Some(live) = driver::<16, OneBuffer>() else { return };
    let streams = Streams::armed(&live, 1);
    write(&streams.peers[0], &[7; 8192]);
    live.park(Park::Poll).expect("a turn");
    let mut to = [0; 4096];
    assert_eq!(poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()), Poll::Ready(Ok(4096)));
    assert!(poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()).is_pending());
    assert_eq!(live.0.with(|state| (state.in_kernel, state.starved.len())), (0, 1), "what this test is about");
    let there = move || {
        live.arrive().expect("nothing is on its way");
        for _ in 0..2_000 {
            live.park(Park::Until(Nanos(10_000_000))).expect("a turn");
            if let Poll::Ready(read) = poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()) {
                assert_eq!(read, Ok(4096));
                streams.close(&live);
                return ends(&live);
            }
        }
        panic!("it was never fed; the driver says that it has work: {}", live.has_work());
    };
    std::thread::spawn(there).join().expect("it is fed");
}
