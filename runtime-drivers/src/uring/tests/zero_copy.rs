//! Sends without a copy: the kernel reads the memory until its notice, and the operation is over no earlier.
//!
//! On one machine the kernel copies what the peer has room for, at once. What a peer has no room for lies in the queue of the
//! sender, where it is read from the sender's own memory: so these peers read late.
#![expect(clippy::disallowed_methods, reason = "threads and times of the test stand outside of any runtime")]

use super::drops::dropped_writes_to;
use super::*;
use crate::op::{Interrupted, Stretches, TransmitVectored};
use crate::sys::guard::Guarded;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{ErrorKind, Read as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;

pub(super) struct All;
impl RingOptions for All {
    const ZERO_COPY: Option<usize> = Some(1);
}

/// From so many bytes on.
struct Large;
impl RingOptions for Large {
    const ZERO_COPY: Option<usize> = Some(LEN + 1);
}

pub(super) const LEN: usize = 16 << 10;

/// A TCP stream of the driver, with key 0, and its peer, which does not block.
pub(super) fn tcp<const ENTRIES: u32, O: RingOptions, S: Sharing>(
    live: &LiveUring<ENTRIES, O, S>,
) -> (Resource, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let peer = TcpStream::connect(listener.local_addr().expect("bound")).expect("it listens");
    let (ours, _) = listener.accept().expect("it connected");
    peer.set_nonblocking(true).expect("open");
    let stream = Resource { raw: ours.into_raw_fd(), key: 0 };
    live.register(stream, Kind::Stream).expect("a stream");
    (stream, peer)
}

fn set_send_room(socket: RawFd, bytes: i32) {
    let (name, len) = (libc::SO_SNDBUF, size_of::<i32>() as libc::socklen_t);
    // SAFETY: `bytes` is live over the call, which reads so many of it.
    let rc = unsafe { libc::setsockopt(socket, libc::SOL_SOCKET, name, (&raw const bytes).cast(), len) };
    assert_eq!(rc, 0, "{}", std::io::Error::last_os_error());
}

/// A peer that has nothing to say acknowledges up to 40 ms late, at once when it has read all and is asked to; the notice comes
/// with that.
fn acknowledge(peer: &TcpStream) {
    let (yes, len) = (1_i32, size_of::<i32>() as libc::socklen_t);
    let (socket, name) = (peer.as_raw_fd(), libc::TCP_QUICKACK);
    // SAFETY: `yes` is live over the call, which reads so many bytes of it.
    let rc = unsafe { libc::setsockopt(socket, libc::IPPROTO_TCP, name, (&raw const yes).cast(), len) };
    assert_eq!(rc, 0, "{}", std::io::Error::last_os_error());
}

/// Fills the peer's room and ours with zeroes, then makes some of ours: what is sent now waits here. How many zeroes.
pub(super) fn until_the_peer_has_no_room(socket: RawFd) -> usize {
    set_send_room(socket, 32 << 10);
    let (zeroes, mut filled) = ([0; 4096], 0);
    fd::set_nonblocking(socket, true).expect("open");
    // What is underway still makes room for a moment.
    for _ in 0..20 {
        // SAFETY: `zeroes` is live, and nobody writes it.
        while let Ok(sent) = unsafe { crate::sys::transfer::send(socket, zeroes.as_ptr(), zeroes.len(), true) } {
            filled += sent;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    fd::set_nonblocking(socket, false).expect("open");
    set_send_room(socket, 1 << 20);
    filled
}

/// What comes until `len` bytes have, or the end.
pub(super) fn read(mut peer: &TcpStream, len: usize) -> Vec<u8> {
    let (mut got, mut room) = (Vec::new(), [0; 16 << 10]);
    let since = std::time::Instant::now();
    while got.len() < len {
        match peer.read(&mut room) {
            Ok(0) => break,
            Ok(n) => got.extend_from_slice(&room[..n]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
        }
        assert!(since.elapsed() < Duration::from_secs(20), "{} of {len} came", got.len());
    }
    got
}

fn turn<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>) {
    live.park(Park::Until(Nanos(1_000_000))).expect("a turn");
}

/// So many requests name the stream.
fn pending<const ENTRIES: u32, O: RingOptions>(live: &LiveUring<ENTRIES, O>, stream: Resource) -> u32 {
    live.0.with(|state| {
        let (number, _) = state.named(stream.key);
        state.sources[number as usize].pending
    })
}

/// A send that the stream has taken, and whose notice has not come; what came before it, and its own buffer.
struct Taken<O: RingOptions> {
    live: LiveUring<8, O>,
    stream: Resource,
    peer: TcpStream,
    filled: usize,
    op: Transmit,
    flight: <IoUring<8, O> as Submit<Transmit>>::InFlight<Local>,
    buffer: Guarded,
    before: u32,
}

fn taken() -> Option<Taken<All>> {
    let live = driver::<8, All>()?;
    if !live.0.with(|state| state.known.zero_copy) {
        skipped("the kernel has no sends without a copy");
        return None;
    }
    let (stream, peer) = tcp(&live);
    let filled = until_the_peer_has_no_room(stream.raw);
    let before = in_kernel(&live);
    let buffer = Guarded::new(LEN, 7);
    let (mut op, mut flight) = (transmit(stream, buffer.bytes()), Default::default());
    assert!(poll(&live, &mut op, &mut flight).is_pending());
    assert_eq!(pending(&live, stream), 1);
    for _ in 0..20_000 {
        turn(&live);
        if pending(&live, stream) == 0 {
            break;
        }
    }
    assert_eq!(pending(&live, stream), 0, "the stream takes it");
    assert!(poll(&live, &mut op, &mut flight).is_pending(), "over before its notice");
    assert_eq!(in_kernel(&live), before + 1, "the kernel reads it still");
    Some(Taken { live, stream, peer, filled, op, flight, buffer, before })
}

#[test]
fn a_send_is_over_with_its_notice() {
    let Some(mut sent) = taken() else { return };
    let got = read(&sent.peer, sent.filled + LEN);
    assert!(got[sent.filled..].iter().all(|byte| *byte == 7));
    let result = loop {
        turn(&sent.live);
        if let Poll::Ready(result) = poll(&sent.live, &mut sent.op, &mut sent.flight) {
            break result;
        }
    };
    assert_eq!(result, (LEN, Ok(())));
    assert_eq!(in_kernel(&sent.live), sent.before);
    sent.live.close(sent.stream);
    ends(&sent.live);
}

/// The test above would see a send that is over too early: what is written to its buffer then is what the peer reads.
#[test]
fn memory_that_is_used_again_before_the_notice_is_read() {
    let Some(mut sent) = taken() else { return };
    // SAFETY: mapped, and no reference to it is alive.
    unsafe { sent.buffer.room().write_bytes(9, LEN) };
    let got = read(&sent.peer, sent.filled + LEN);
    assert!(got[sent.filled..].iter().all(|byte| *byte == 9), "the kernel copied it: this test shows nothing");
    while poll(&sent.live, &mut sent.op, &mut sent.flight).is_pending() {
        turn(&sent.live);
    }
    sent.live.close(sent.stream);
    ends(&sent.live);
}

/// Says when it is dropped.
struct Watched(Guarded, Arc<AtomicBool>);

impl Drop for Watched {
    fn drop(&mut self) {
        self.1.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_dropped_send_keeps_its_memory_until_the_notice() {
    let Some(mut sent) = taken() else { return };
    let gone = Arc::new(AtomicBool::new(false));
    let keep = Watched(sent.buffer, gone.clone());
    abandon(&sent.live, &mut sent.op, &mut sent.flight, MaybeDangling::new(keep));
    for _ in 0..5 {
        turn(&sent.live);
    }
    assert!(!gone.load(Ordering::Relaxed), "the kernel reads it still");
    let stream = sent.stream;
    assert!(poll(&sent.live, &mut Interrupted { stream }, &mut ()).is_pending(), "the next write waits");
    let got = read(&sent.peer, sent.filled + LEN);
    assert!(got[sent.filled..].iter().all(|byte| *byte == 7));
    let taken = loop {
        turn(&sent.live);
        if let Poll::Ready(taken) = poll(&sent.live, &mut Interrupted { stream }, &mut ()) {
            break taken.expect("it was sent");
        }
    };
    assert_eq!(taken.bytes, LEN);
    let kept = taken.kept.downcast::<Watched>().expect("what was kept for it");
    assert!(kept.0.bytes().iter().all(|byte| *byte == 7));
    assert!(!gone.load(Ordering::Relaxed));
    drop(kept);
    assert!(gone.load(Ordering::Relaxed));
    sent.live.close(stream);
    ends(&sent.live);
}

/// The notice names no descriptor: who closes the stream need not wait for it, and its peer gets all, and the end.
#[test]
fn a_stream_is_closed_before_the_notice() {
    let Some(mut sent) = taken() else { return };
    let name = named_by(sent.stream.raw).expect("open");
    let gone = Arc::new(AtomicBool::new(false));
    let keep = Watched(sent.buffer, gone.clone());
    abandon(&sent.live, &mut sent.op, &mut sent.flight, MaybeDangling::new(keep));
    let raw = sent.stream.raw;
    sent.live.close(sent.stream);
    for _ in 0..20_000 {
        if named_by(raw).as_ref() != Some(&name) {
            break;
        }
        turn(&sent.live);
    }
    assert_ne!(named_by(raw).as_ref(), Some(&name), "it is open still");
    assert!(!gone.load(Ordering::Relaxed), "the kernel reads it still");
    let got = read(&sent.peer, usize::MAX);
    assert_eq!(got.len(), sent.filled + LEN);
    assert!(got[sent.filled..].iter().all(|byte| *byte == 7));
    for _ in 0..20_000 {
        if gone.load(Ordering::Relaxed) {
            break;
        }
        turn(&sent.live);
    }
    assert!(gone.load(Ordering::Relaxed), "nobody dropped it");
    ends(&sent.live);
}

/// The peer reads nothing, so that the notice never comes: the memory stays, and the driver says so.
#[test]
fn a_driver_that_ends_before_the_notice_leaks_the_memory() {
    let Some(mut sent) = taken() else { return };
    let gone = Arc::new(AtomicBool::new(false));
    let keep = Watched(sent.buffer, gone.clone());
    abandon(&sent.live, &mut sent.op, &mut sent.flight, MaybeDangling::new(keep));
    sent.live.close(sent.stream);
    assert_eq!(sent.live.drain(Nanos(20_000_000)).leaked, 1);
    drop(sent.live);
    assert!(!gone.load(Ordering::Relaxed), "the kernel reads it still");
    let got = read(&sent.peer, usize::MAX);
    assert!(got[sent.filled..].iter().all(|byte| *byte == 7));
}

/// Unix streams cannot. These are registered as if they were of TCP, and the kernel says so once.
#[test]
fn a_stream_that_refuses_copies_from_then_on() {
    let Some(live) = driver::<8, All>() else { return };
    let streams = Streams::of(&live, 1);
    let (stream, mut peer) = (streams.ours[0], &streams.peers[0]);
    let copies = || live.0.with(|state| state.more(state.named(stream.key).0).copies);
    for round in 0..3 {
        let bytes = [round; 100];
        let (mut op, mut flight) = (transmit(stream, &bytes), Default::default());
        let mut turns = 0;
        let result = loop {
            match poll(&live, &mut op, &mut flight) {
                Poll::Ready(result) => break result,
                Poll::Pending => turn(&live),
            }
            turns += 1;
        };
        assert_eq!(result, (100, Ok(())));
        assert!(copies(), "it is tried again");
        assert_eq!(turns, if round == 0 { 2 } else { 1 }, "round {round}");
        let mut got = [9; 100];
        peer.read_exact(&mut got).expect("it came");
        assert_eq!(got, bytes);
    }
    streams.close(&live);
    ends(&live);
}

/// Whoever drops each write when it was polled once would else never send anything.
#[test]
fn a_refusal_is_heard_when_the_write_was_dropped() {
    let Some(live) = driver::<8, All>() else { return };
    let streams = Streams::of(&live, 1);
    let stream = streams.ours[0];
    let (mut op, mut flight) = (transmit(stream, &[7; 100]), Default::default());
    assert!(poll(&live, &mut op, &mut flight).is_pending());
    abandon(&live, &mut op, &mut flight, MaybeDangling::new(()));
    while poll(&live, &mut Interrupted { stream }, &mut ()).is_pending() {
        turn(&live);
    }
    assert!(live.0.with(|state| state.more(state.named(stream.key).0).copies));
    streams.close(&live);
    ends(&live);
}

#[test]
fn small_sends_are_copied() {
    let Some(live) = driver::<8, Large>() else { return };
    let (stream, _peer) = tcp(&live);
    let number = live.0.with(|state| state.named(stream.key));
    let known = live.0.with(|state| state.known.zero_copy);
    assert!(!live.0.sends_without_copy(|| LEN, Some(number)));
    assert_eq!(live.0.sends_without_copy(|| LEN + 1, Some(number)), known);
    assert!(!live.0.sends_without_copy(|| LEN + 1, None), "of no stream");
    live.close(stream);
    ends(&live);
}

#[test]
fn a_send_of_several_stretches_is_over_with_its_notice() {
    let Some(Taken { live, stream, peer, filled, mut op, mut flight, buffer, before }) = taken() else { return };
    let (first, second) = (Guarded::new(4096, 8), Guarded::new(4096, 9));
    let mut from = Stretches::new();
    from.push(first.bytes());
    from.push(second.bytes());
    let (mut vectored, mut another) = (TransmitVectored { stream, from }, Default::default());
    assert!(poll(&live, &mut vectored, &mut another).is_pending());
    while pending(&live, stream) > 0 {
        turn(&live);
    }
    assert!(poll(&live, &mut vectored, &mut another).is_pending(), "over before its notice");
    assert_eq!(in_kernel(&live), before + 2);
    let got = read(&peer, filled + LEN + 8192);
    assert!(got[filled..].iter().copied().eq([[7; 4096]; 4].into_iter().chain([[8; 4096], [9; 4096]]).flatten()));
    let (mut sent, mut both) = (None, None);
    while sent.is_none() || both.is_none() {
        turn(&live);
        if sent.is_none()
            && let Poll::Ready(result) = poll(&live, &mut op, &mut flight)
        {
            sent = Some(result);
        }
        if both.is_none()
            && let Poll::Ready(result) = poll(&live, &mut vectored, &mut another)
        {
            both = Some(result);
        }
    }
    assert_eq!((sent, both), (Some((LEN, Ok(()))), Some(Ok(8192))));
    drop(buffer);
    live.close(stream);
    ends(&live);
}

#[test]
fn dropped_sends_are_counted() {
    let Some(live) = driver::<8, All>() else { return };
    let (stream, peer) = tcp(&live);
    let turn = Park::Until(Nanos(50_000));
    dropped_writes_to(&live, (stream, &peer), count(2_000, 100_000), 0x2E40, turn, Some(acknowledge));
    live.close(stream);
    ends(&live);
}

struct Old;
impl RingOptions for Old {
    const ZERO_COPY: Option<usize> = Some(1);
    const KERNEL: Kernel = Kernel::V5_15;
}

#[test]
fn the_report_says_whether_sends_are_copied() {
    let Some(live) = driver::<8, Usual>() else { return };
    assert!(!live.report().by.contains("without a copy"), "{}", live.report());
    let new = started::<8, All>();
    let said = if new.0.with(|state| state.known.zero_copy) { "are sent without a copy" } else { "needs Linux 6.1" };
    assert!(new.report().by.contains(said), "{}", new.report());
    let old = started::<8, Old>();
    assert!(old.report().by.contains("to send without a copy needs Linux 6.1"), "{}", old.report());
    let (stream, peer) = tcp(&old);
    let (mut op, mut flight) = (transmit(stream, &[7; 100]), Default::default());
    assert!(poll(&old, &mut op, &mut flight).is_pending());
    turn(&old);
    assert_eq!(poll(&old, &mut op, &mut flight), Poll::Ready((100, Ok(()))));
    assert_eq!(read(&peer, 100), [7; 100]);
    old.close(stream);
    ends(&old);
}
