//! The end of resources and of drivers: what is closed, when, and what is left to others.
#![expect(clippy::disallowed_methods, reason = "threads of the test stand outside of any runtime")]

use super::*;
use crate::op::ReadAt;
use bespoke_core::driver::Timeout;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::io::Read as _;
use std::os::fd::{BorrowedFd, FromRawFd as _};
use std::sync::Arc;
use std::task::Wake;

#[test]
fn a_drain_without_time_closes_what_it_frees() {
    let Some(live) = driver::<8, Usual>() else { return };
    let Streams { ours, peers } = Streams::armed(&live, 1);
    let socket = named_by(ours[0].raw);
    live.close(ours[0]);
    assert!(socket.is_some() && named_by(ours[0].raw) == socket, "the kernel still has its `recv`");
    let drained = live.drain(Nanos(0));
    assert_eq!((drained.leaked, in_kernel(&live)), (0, 0));
    assert_ne!(named_by(ours[0].raw), socket);
    drop(peers);
}

/// With the end of the peer's direction the poll ends that watched the stream, so that a close need not wait for it.
#[test]
fn a_stream_that_was_read_to_its_end_has_nothing_in_the_kernel() {
    if denied() {
        return;
    }
    let live = started::<8, Usual>();
    let Streams { ours, peers } = Streams::of(&live, 1);
    let mut to = [0; 8];
    for bytes in [b"abc", b"def"] {
        assert!(poll(&live, &mut recv(ours[0], &mut to), &mut ()).is_pending());
        live.park(Park::Poll).expect("a turn");
        write(&peers[0], bytes);
        live.park(Park::Forever).expect("a turn");
        assert_eq!(poll(&live, &mut recv(ours[0], &mut to), &mut ()), Poll::Ready(Ok(3)));
    }
    assert_eq!(in_kernel(&live), 2, "a `recv` and a poll");
    peers[0].shutdown(std::net::Shutdown::Write).expect("open");
    live.park(Park::Forever).expect("a turn");
    assert_eq!(poll(&live, &mut recv(ours[0], &mut to), &mut ()), Poll::Ready(Ok(0)));
    assert_eq!(in_kernel(&live), 0);
    live.close(ours[0]);
    assert!(named_by(ours[0].raw).is_none());
    ends(&live);
}

/// Closes what has a request in the ring of a thread that is gone, and drains, which gives up. Not where any thread may
/// enter the ring.
fn is_given_up(live: &LiveUring<8, Usual>, resource: Resource) -> bool {
    let stays = live.0.with(|state| state.ring.flags().single_issuer);
    if stays {
        live.close(resource);
        assert!(live.drain(Nanos(0)).leaked > 0, "this is not the thread of the ring");
    } else {
        skipped("this kernel has no rings of one issuer");
    }
    stays
}

#[test]
fn what_is_given_up_is_ended_for_its_peer_unless_others_share_it() {
    if denied() {
        return;
    }
    for shared in [false, true] {
        let made = std::thread::spawn(move || {
            let live = started::<8, Usual>();
            let Streams { ours, mut peers } = Streams::of(&live, 1);
            if shared {
                live.share(ours[0]);
            }
            let mut to = [0; 8];
            assert!(poll(&live, &mut recv(ours[0], &mut to), &mut ()).is_pending());
            live.park(Park::Poll).expect("a turn");
            (live, ours[0], peers.remove(0))
        });
        let (live, stream, peer) = made.join().expect("it only begins");
        // SAFETY: open: the driver has it still.
        let theirs = unsafe { BorrowedFd::borrow_raw(stream.raw) }.try_clone_to_owned().expect("open");
        if !is_given_up(&live, stream) {
            return;
        }
        peer.set_nonblocking(true).expect("open");
        let ended = (&peer).read(&mut [0; 8]).is_ok_and(|n| n == 0);
        assert_ne!(ended, shared);
        drop(theirs);
    }
}

/// Counts its wakes.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Whoever waits for what the kernel was lent nothing for is woken, and told. A write whose bytes it has never ends: its future
/// would give them back.
#[test]
fn what_lends_nothing_hears_that_its_ring_is_given_up() {
    type Ring = IoUring<8, Usual>;
    fn first<P: Op>(live: &LiveUring<8, Usual>, mut op: P, woken: &Arc<Woken>) -> <Ring as Submit<P>>::InFlight<Local>
    where
        Ring: Submit<P>,
    {
        let (mut state, waker) = (Default::default(), Waker::from(woken.clone()));
        let mut cx = Context::from_waker(&waker);
        assert!(<Ring as Submit<P>>::poll_op::<Local>(live, &mut op, &mut state, &mut cx).is_pending());
        state
    }
    if denied() {
        return;
    }
    let woken: [Arc<Woken>; 2] = Default::default();
    let counted = woken.clone();
    let made = std::thread::spawn(move || {
        let live = started::<8, Usual>();
        let Streams { ours, peers } = Streams::of(&live, 1);
        let timeout = first(&live, Timeout { after: Nanos(3_600_000_000_000) }, &counted[0]);
        let bytes: &'static [u8] = std::vec![7; 16 << 20].leak();
        let write = first(&live, transmit(ours[0], bytes), &counted[1]);
        live.park(Park::Poll).expect("a turn");
        (live, timeout, write, ours[0], peers)
    });
    let (live, mut timeout, mut write, stream, peers) = made.join().expect("it only begins");
    if !is_given_up(&live, stream) {
        return;
    }
    assert_eq!(woken.each_ref().map(|woken| woken.0.load(Relaxed)), [1, 0]);
    drop(live);
    let cx = &mut Context::from_waker(Waker::noop());
    assert_eq!(<Ring as Submit<Timeout>>::poll_closed::<Local>(&mut timeout, cx), Poll::Ready(None));
    assert!(<Ring as Submit<Transmit>>::poll_closed::<Local>(&mut write, cx).is_pending());
    drop(peers);
}

#[test]
fn a_listener_that_is_given_up_goes_on_for_others() {
    if denied() {
        return;
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("free");
    let (address, theirs) = (listener.local_addr().expect("bound"), listener.try_clone().expect("open"));
    let made = std::thread::spawn(move || {
        let live = started::<8, Usual>();
        let resource = Resource { raw: listener.into_raw_fd(), key: 0 };
        live.register(resource, Kind::Listener).expect("a listener");
        assert!(poll(&live, &mut crate::op::Accept { listener: resource }, &mut ()).is_pending());
        live.park(Park::Poll).expect("a turn");
        (live, resource)
    });
    let (live, resource) = made.join().expect("it only begins");
    if is_given_up(&live, resource) {
        std::net::TcpStream::connect(address).expect("it listens for the others");
    }
    drop(theirs);
}

#[test]
fn a_stream_whose_read_was_dropped_is_given_away() {
    let Some(live) = driver::<8, Usual>() else { return };
    let Streams { ours, peers } = Streams::armed(&live, 1);
    let mut to = [0; 8];
    // The read is gone, its waker is still here: nothing is armed again for that.
    assert_eq!(live.release(ours[0]), Ok(()));
    write(&peers[0], b"abc");
    ends(&live);
    // SAFETY: it is ours again.
    let mut stream = UnixStream::from(unsafe { std::os::fd::OwnedFd::from_raw_fd(ours[0].raw) });
    stream.read_exact(&mut to[..3]).expect("it is all there");
    assert_eq!(&to[..3], b"abc");
}

#[test]
fn a_source_with_two_requests_is_closed_after_the_last() {
    let Some(live) = driver::<8, Usual>() else { return };
    let Streams { ours, peers } = Streams::of(&live, 1);
    let (stream, mut to) = (ours[0], [0; 8]);
    assert!(poll(&live, &mut recv(stream, &mut to), &mut ()).is_pending());
    let mut ready = crate::op::Ready { resource: stream, direction: crate::op::Direction::Read, would_block: false };
    assert!(poll(&live, &mut ready, &mut ()).is_pending());
    live.park(Park::Poll).expect("a turn");
    assert_eq!(live.0.with(|state| state.sources[0].pending), 2);
    let socket = named_by(stream.raw);
    live.close(stream);
    // Whichever ends first, the other is still that of the same source.
    ends(&live);
    assert_ne!(named_by(stream.raw), socket);
    drop(peers);
}

/// Closes a worker's hundred streams, one of which begins to wait late; the calls until the drain.
fn closes_a_hundred<O: RingOptions>() -> u64 {
    let live = started::<8, O>();
    let streams = Streams::armed(&live, 100).and(&live, 100..101);
    let before = enters(&live);
    live.closes();
    assert!(poll(&live, &mut recv(streams.ours[100], &mut [0; 8]), &mut ()).is_pending());
    streams.ours.iter().for_each(|stream| live.close(*stream));
    let calls = enters(&live) - before;
    ends(&live);
    for mut peer in streams.peers {
        assert_eq!(peer.read(&mut [0]).expect("closed in order"), 0);
    }
    calls
}

#[test]
fn a_worker_that_closes_ends_its_streams_by_one_entry() {
    if denied() {
        return;
    }
    assert_eq!(closes_a_hundred::<Usual>(), 0, "one cancel, and what the late one asks for, have room in the queue");
    // One that has no such entry is asked for each.
    closes_a_hundred::<super::files::As515>();
}

/// A close by an entry may be made by a thread of the kernel's, which a cancel of all finds; that of a socket is not.
#[test]
fn only_sockets_are_closed_by_an_entry() {
    let Some(live) = driver::<8, Usual>() else { return };
    let (pipe, writer) = std::io::pipe().expect("descriptors are free");
    let raw = pipe.into_raw_fd();
    let open = named_by(raw).expect("it is open");
    let file = Resource { raw, key: 1000 };
    live.register(file, Kind::File).expect("a file");
    let number = live.0.with(|state| state.named(file.key).0);
    let mut to = [0];
    let mut op = ReadAt { file, to: to.as_mut_ptr(), len: 1, at: None, all: false };
    let mut state = Default::default();
    assert!(poll(&live, &mut op, &mut state).is_pending(), "nothing is in it");
    live.park(Park::Poll).expect("a turn");
    live.close(file);
    assert_eq!(named_by(raw).as_ref(), Some(&open), "an entry names it");
    abandon(&live, &mut op, &mut state, MaybeDangling::new(to));
    sending::turns(&live, || live.0.with(|state| state.free.contains(&number)));
    assert_ne!(named_by(raw), Some(open), "an entry is to close it");
    drop(writer);
    ends(&live);
}

#[test]
fn a_worker_that_closes_without_time_leaks_nothing_that_waits() {
    if denied() {
        return;
    }
    fn leaks<O: RingOptions>(knows: bool) -> usize {
        let live = started::<8, O>();
        // What a kernel knows of which no probe tells.
        live.0.with(|state| state.cancel_all |= !knows);
        let streams = Streams::armed(&live, 1);
        live.closes();
        streams.ours.iter().for_each(|stream| live.close(*stream));
        live.drain(Nanos(0)).leaked
    }
    assert_eq!(leaks::<Usual>(true), 0);
    assert_eq!(leaks::<super::files::As515>(true), 0);
    assert_eq!(leaks::<super::files::As515>(false), 0, "it is asked otherwise when it says that it cannot");
}
