//! Where tasks move: one thread takes the turns, and this one polls what it watches.

#![expect(clippy::disallowed_methods, reason = "the driver stands alone: no runtime has threads or time")]

use super::*;
use crate::op::{Accept, RecvDatagram};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::string::ToString as _;
use std::sync::Arc;
use std::task::Wake;
use std::thread;
use std::time::Instant;

/// What must come comes by then.
const LONG: Duration = Duration::from_secs(20);

/// A driver that several threads use, as inside a gate.
pub(super) struct Gate<const ENTRIES: u32, O: RingOptions>(pub(super) LiveUring<ENTRIES, O, Moving>);

// SAFETY: what `LiveUring` of `Moving` may be asked from anywhere is all that threads ask which are not its worker's.
unsafe impl<const ENTRIES: u32, O: RingOptions> Sync for Gate<ENTRIES, O> {}

/// Runs `elsewhere` beside a worker.
fn beside_a_worker<O: RingOptions>(elsewhere: impl FnOnce(&LiveUring<16, O, Moving>)) {
    if denied() {
        return;
    }
    let gate = Gate::<16, O>(LiveUring::start(StartCx::new(0)).expect("io_uring is there"));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let live = &{ &gate }.0;
            live.arrive().expect("nobody ran it before");
            while !over.load(Ordering::Relaxed) {
                live.park(Park::Forever).expect("a turn");
            }
            assert_eq!(live.drain(Nanos(20_000_000_000)).leaked, 0);
        });
        // The worker ends, also when this fails.
        let ended = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| elsewhere(&gate.0)));
        over.store(true, Ordering::Relaxed);
        gate.0.unparker().unpark();
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    });
}

pub(super) fn poll_by<O: RingOptions, P: Op>(
    live: &LiveUring<16, O, Moving>,
    op: &mut P,
    waker: &Waker,
) -> Poll<P::Output>
where
    IoUring<16, O>: Submit<P, Live<Moving> = LiveUring<16, O, Moving>>,
{
    let mut state = Default::default();
    <IoUring<16, O> as Submit<P>>::poll_op::<Moving>(live, op, &mut state, &mut Context::from_waker(waker))
}

pub(super) fn pair<O: RingOptions>(live: &LiveUring<16, O, Moving>, key: u32) -> (Resource, UnixStream) {
    let (ours, peer) = UnixStream::pair().expect("descriptors are free");
    let ours = Resource { raw: ours.into_raw_fd(), key };
    live.register(ours, Kind::Stream).expect("a stream");
    (ours, peer)
}

#[track_caller]
pub(super) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < LONG, "{what}");
        thread::yield_now();
    }
}

#[derive(Default)]
pub(super) struct Counted(AtomicUsize);

impl Wake for Counted {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

impl Counted {
    pub(super) fn was_woken(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

std::thread_local! {
    /// What happens when a waker is cloned on this thread: between a look and what the look leaves behind.
    static MEANWHILE: core::cell::RefCell<Option<std::boxed::Box<dyn FnOnce()>>> = const { core::cell::RefCell::new(None) };
}

/// A waker that counts, and has something happen when it is first cloned.
fn slow(counted: &Arc<Counted>, meanwhile: impl FnOnce() + 'static) -> Waker {
    static TABLE: core::task::RawWakerVTable = core::task::RawWakerVTable::new(
        |at| {
            let meanwhile = MEANWHILE.with_borrow_mut(Option::take);
            if let Some(meanwhile) = meanwhile {
                meanwhile();
            }
            // SAFETY: the waker that is cloned holds one.
            unsafe { Arc::increment_strong_count(at.cast::<Counted>()) };
            core::task::RawWaker::new(at, &TABLE)
        },
        // SAFETY: the waker's own, which ends here.
        |at| unsafe { Arc::from_raw(at.cast::<Counted>()) }.wake(),
        |at| {
            // SAFETY: the waker holds one, and goes on holding it.
            let counted = core::mem::ManuallyDrop::new(unsafe { Arc::from_raw(at.cast::<Counted>()) });
            counted.0.fetch_add(1, Ordering::Relaxed);
        },
        // SAFETY: the waker's own, which ends here.
        |at| drop(unsafe { Arc::from_raw(at.cast::<Counted>()) }),
    );
    MEANWHILE.set(Some(std::boxed::Box::new(meanwhile)));
    let at = Arc::into_raw(counted.clone()).cast();
    // SAFETY: each function of the table does with the count what a waker's does.
    unsafe { Waker::from_raw(core::task::RawWaker::new(at, &TABLE)) }
}

/// The driver, for what happens in a clone.
struct There<O: RingOptions>(*const LiveUring<16, O, Moving>);

impl<O: RingOptions> There<O> {
    fn eventually(&self, mut holds: impl FnMut(&mut State) -> bool) {
        // SAFETY: the test that made this waits in the poll.
        let live = unsafe { &*self.0 };
        eventually("the worker takes it", || live.0.with(&mut holds));
    }
}

#[test]
fn bytes_that_come_before_the_waker_wake() {
    beside_a_worker::<Usual>(|live| {
        // A ring of an older kernel learns with its first bytes how it may ask, and asks again only for who has left a waker.
        let (first, peer) = pair(live, 0);
        write(&peer, b"tea");
        eventually("bytes come", || poll_by(live, &mut recv(first, &mut [0; 8]), Waker::noop()).is_ready());
        live.close(first);
        for _ in 0..count(50, 5_000) {
            let (stream, peer) = pair(live, 0);
            let mut to = [0; 8];
            assert!(poll_by(live, &mut recv(stream, &mut to), Waker::noop()).is_pending());
            let (counted, there) = (Arc::default(), There(live));
            // One is left, so that no end comes behind the bytes.
            let writes = peer.try_clone().expect("descriptors are free");
            let waker = slow(&counted, move || {
                write(&writes, b"tea");
                there.eventually(|state| !state.sources[state.named(0).0 as usize].stash.is_empty());
            });
            assert!(poll_by(live, &mut recv(stream, &mut to), &waker).is_pending());
            eventually("bytes wake who waits", || counted.was_woken());
            assert_eq!(poll_by(live, &mut recv(stream, &mut to), Waker::noop()), Poll::Ready(Ok(3)));
            live.close(stream);
        }
    });
}

#[test]
fn a_connection_that_comes_before_the_waker_wakes() {
    beside_a_worker::<Usual>(|live| {
        for _ in 0..count(50, 5_000) {
            let ours = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
            let address = ours.local_addr().expect("bound").to_string();
            let listener = Resource { raw: ours.into_raw_fd(), key: 0 };
            live.register(listener, Kind::Listener).expect("a listener");
            assert!(poll_by(live, &mut Accept { listener }, Waker::noop()).is_pending());
            let (counted, there) = (Arc::default(), There(live));
            let waker = slow(&counted, move || {
                drop(std::net::TcpStream::connect(&address).expect("it listens"));
                there.eventually(|state| {
                    let (number, _) = state.named(0);
                    !state.more(number).accepted.is_empty()
                });
            });
            assert!(poll_by(live, &mut Accept { listener }, &waker).is_pending());
            eventually("a connection wakes who waits", || counted.was_woken());
            live.close(listener);
        }
    });
}

#[test]
fn a_datagram_that_comes_before_the_waker_wakes() {
    beside_a_worker::<Usual>(|live| {
        for _ in 0..count(50, 5_000) {
            let (ours, peer) = std::os::unix::net::UnixDatagram::pair().expect("descriptors are free");
            ours.set_nonblocking(true).expect("open");
            let socket = Resource { raw: ours.into_raw_fd(), key: 0 };
            live.register(socket, Kind::Datagram).expect("a socket");
            let mut to = [0; 8];
            let mut receives = || RecvDatagram { socket, to: to.as_mut_ptr(), len: 8, peek: false };
            assert!(poll_by(live, &mut receives(), Waker::noop()).is_pending());
            let edges = |state: &mut State| state.side(state.named(0).0, false).edges;
            let before = live.0.with(edges);
            let (counted, there) = (Arc::default(), There(live));
            let waker = slow(&counted, move || {
                assert_eq!(peer.send(b"tea").expect("there is room"), 3);
                there.eventually(|state| edges(state) != before);
            });
            assert!(poll_by(live, &mut receives(), &waker).is_pending());
            eventually("a datagram wakes who waits", || counted.was_woken());
            live.close(socket);
        }
    });
}

#[test]
fn the_end_comes_behind_the_bytes() {
    beside_a_worker::<Usual>(|live| {
        for _ in 0..count(3_000, 100_000) {
            let (stream, peer) = pair(live, 0);
            let mut to = [0; 8];
            assert!(poll_by(live, &mut recv(stream, &mut to), Waker::noop()).is_pending());
            let writes = thread::spawn(move || write(&peer, b"tea"));
            eventually("bytes come", || match poll_by(live, &mut recv(stream, &mut to), Waker::noop()) {
                Poll::Pending => false,
                Poll::Ready(read) => {
                    assert_eq!(read, Ok(3), "the end came first");
                    true
                }
            });
            writes.join().expect("it writes");
            live.close(stream);
        }
    });
}

/// A read of many bytes takes them from the socket, if the ring has asked for none; and not past those that it has brought.
#[test]
fn large_reads_keep_the_order() {
    const WORDS: u32 = 4 << 20;
    beside_a_worker::<Usual>(|live| {
        let (stream, peer) = pair(live, 0);
        live.share(stream);
        let writes = thread::spawn(move || {
            for first in (0..WORDS).step_by(4096) {
                let block: Vec<u8> = (first..first + 4096).flat_map(u32::to_le_bytes).collect();
                write(&peer, &block);
            }
        });
        let (mut to, mut rest, mut at) = (std::vec![0; 16 << 10], Vec::new(), 0_u32);
        while at < WORDS {
            let Poll::Ready(read) = poll_by(live, &mut recv(stream, &mut to), Waker::noop()) else { continue };
            rest.extend_from_slice(&to[..read.expect("connected")]);
            let whole = rest.len() / 4 * 4;
            for word in rest[..whole].chunks(4) {
                assert_eq!(word, at.to_le_bytes(), "word {at}");
                at += 1;
            }
            rest.drain(..whole);
        }
        writes.join().expect("it writes");
        live.close(stream);
    });
}

/// A worker that ends alone closes what tasks of others wait for.
#[test]
fn a_close_wakes_who_waits() {
    beside_a_worker::<Usual>(|live| {
        let (stream, _peer) = pair(live, 0);
        let counted = Arc::<Counted>::default();
        let waker = Waker::from(counted.clone());
        assert!(poll_by(live, &mut recv(stream, &mut [0; 8]), &waker).is_pending());
        live.close(stream);
        eventually("a close wakes", || counted.was_woken());
    });
}

pub(super) struct ByThread;

impl RingOptions for ByThread {
    const SQ_POLL: Option<SqPoll> = Some(SqPoll::idle_after(Duration::from_millis(50)));
}

/// Who gives a socket up elsewhere takes no completion: the worker would sleep past it.
fn others_are_woken_past_a_release<O: RingOptions>(rounds: u64) {
    beside_a_worker::<O>(|live| {
        for _ in 0..rounds {
            let ((stream, peer), (other, _kept)) = (pair(live, 0), pair(live, 1));
            let counted = Arc::<Counted>::default();
            let waker = Waker::from(counted.clone());
            let mut to = [0; 8];
            assert!(poll_by(live, &mut recv(stream, &mut to), &waker).is_pending());
            assert!(poll_by(live, &mut recv(other, &mut to), Waker::noop()).is_pending());
            thread::sleep(Duration::from_micros(300));
            write(&peer, b"tea");
            live.release(other).expect("nothing has come");
            eventually("the bytes wake who waits", || counted.was_woken());
            let _ = fd::close(other.raw);
            live.close(stream);
        }
    });
}

#[test]
fn a_release_elsewhere_takes_no_completion() {
    others_are_woken_past_a_release::<Usual>(count(200, 10_000));
}

#[test]
fn a_release_elsewhere_takes_no_completion_of_a_ring_with_a_thread() {
    others_are_woken_past_a_release::<ByThread>(count(500, 10_000));
}

/// The kernel takes a ring of buffers from the worker's thread alone.
#[test]
fn buffers_are_provided_also_when_the_first_stream_waits_elsewhere() {
    beside_a_worker::<Usual>(|live| {
        // The waker's poll is with the kernel: the worker has begun.
        eventually("the worker begins", || live.0.with(|state| state.wake_armed));
        let single = live.0.with(|state| state.ring.flags().single_issuer);
        if !single {
            return skipped("this kernel has no rings of one issuer");
        }
        let streams = [pair(live, 0), pair(live, 1)];
        for (stream, peer) in &streams {
            let (counted, mut to) = (Arc::<Counted>::default(), [0; 8]);
            let waker = Waker::from(counted.clone());
            assert!(poll_by(live, &mut recv(*stream, &mut to), &waker).is_pending());
            write(peer, b"tea");
            eventually("bytes wake who waits", || counted.was_woken());
            assert_eq!(poll_by(live, &mut recv(*stream, &mut to), Waker::noop()), Poll::Ready(Ok(3)));
        }
        let (provided, own) = live.0.with(|state| {
            (
                state.provided.is_some(),
                state
                    .sources
                    .iter()
                    .filter(|source| source.more.as_ref().is_some_and(|more| more.own.is_some()))
                    .count(),
            )
        });
        assert!(provided, "one issuer came with 6.0, rings of buffers with 5.19");
        assert_eq!(own, 0, "a stream that waits holds no buffer");
        for (stream, _) in &streams {
            live.close(*stream);
        }
    });
}
