//! Threads, kernels that know less, completions of nothing, and the end.
#![expect(clippy::disallowed_methods, reason = "threads of the test stand outside of any runtime")]

use super::*;
use crate::sys::{fd, socket};
use bespoke_core::driver::{Nop, Timeout};
use std::os::fd::AsRawFd as _;
use std::string::ToString as _;

#[test]
fn an_idle_driver_moves_to_another_thread_and_a_busy_one_says_why_not() {
    let Some(live) = driver::<8, Usual>() else { return };
    if !live.0.with(|state| state.ring.flags().single_issuer) {
        return skipped("this kernel has no rings of one issuer");
    }
    let (live, mut flight) = std::thread::spawn(move || {
        live.arrive().expect("nothing is on its way");
        let mut flight = Default::default();
        assert!(poll(&live, &mut Nop, &mut flight).is_pending());
        live.park(Park::Forever).expect("a turn");
        assert!(poll(&live, &mut Nop, &mut flight).is_ready());
        let mut flight = Default::default();
        assert!(poll(&live, &mut Timeout { after: Nanos(u64::MAX) }, &mut flight).is_pending());
        live.park(Park::Poll).expect("a turn");
        (live, flight)
    })
    .join()
    .expect("it moved");
    let error = live.arrive().expect_err("a timer is on its way in the ring of the other thread");
    assert!(error.to_string().contains("RingOptions::MOVABLE"), "{error}");
    let start = std::time::Instant::now();
    assert_eq!(live.drain(Nanos(20_000_000_000)), Drained { cancelled: 0, leaked: 1 });
    assert!(
        std::time::Instant::now() - start < Duration::from_secs(10),
        "nothing could come, so nothing is waited for"
    );
    drop(live);
    // It lent the kernel nothing that may be in use for ever.
    assert!(matches!(flight.poll_closed::<Timeout>(), Poll::Ready(None)));
}

#[test]
fn buffers_lie_ready_from_the_first_stream_that_waits_also_in_a_new_ring() {
    let Some(live) = driver::<8, Usual>() else { return };
    let ready = |live: &LiveUring<8, Usual>| live.0.with(|state| state.provided.as_ref().map(Provided::ready));
    assert!(ready(&live).is_none(), "nobody reads");
    let read = move |live: &LiveUring<8, Usual>| {
        let streams = Streams::armed(live, 2);
        let Some(at_first) = ready(live) else { return false };
        for peer in &streams.peers {
            write(peer, b"abc");
        }
        live.park(Park::Poll).expect("a turn");
        assert_eq!(ready(live), Some(at_first - 2));
        for stream in &streams.ours {
            assert_eq!(poll(live, &mut recv(*stream, &mut [0; 2]), &mut ()), Poll::Ready(Ok(2)));
        }
        assert_eq!(ready(live), Some(at_first - 2), "a byte is left in each");
        for stream in &streams.ours {
            assert_eq!(poll(live, &mut recv(*stream, &mut [0; 2]), &mut ()), Poll::Ready(Ok(1)));
        }
        assert_eq!(
            (ready(live), live.0.with_pool(|_, pool| pool.is_empty())),
            (Some(at_first), true),
            "what is read lies ready at once"
        );
        streams.close(live);
        ends(live);
        live.0.with(|state| state.draining = false);
        true
    };
    if !read(&live) {
        return skipped("this kernel has no rings of provided buffers");
    }
    if !live.0.with(|state| state.ring.flags().single_issuer) {
        return skipped("this kernel has no rings of one issuer");
    }
    let there = std::thread::spawn(move || {
        live.arrive().expect("nothing is on its way");
        assert!(ready(&live).is_none(), "nobody reads from the new ring");
        read(&live)
    });
    assert!(there.join().expect("it moved"));
}

struct Moves;
impl RingOptions for Moves {
    const MOVABLE: bool = true;
}

#[test]
fn a_movable_driver_moves_with_all_that_is_on_its_way() {
    let Some(live) = driver::<8, Moves>() else { return };
    let streams = Streams::armed(&live, 1);
    std::thread::scope(|scope| {
        // A driver is used by one thread after the other: this one waits.
        struct Lent<'a>(&'a LiveUring<8, Moves>);
        // SAFETY: the other thread is the only one that uses the driver meanwhile.
        unsafe impl Send for Lent<'_> {}
        let (lent, streams) = (Lent(&live), &streams);
        let other = scope.spawn(move || {
            let lent = lent;
            let live = lent.0;
            live.arrive().expect("it may");
            write(&streams.peers[0], b"abc");
            let mut to = [0; 8];
            loop {
                live.park(Park::Until(Nanos(10_000_000))).expect("a turn");
                if let Poll::Ready(read) = poll(live, &mut recv(streams.ours[0], &mut to), &mut ()) {
                    return assert_eq!((read, &to[..3]), (Ok(3), &b"abc"[..]));
                }
            }
        });
        other.join().expect("it read");
    });
    live.arrive().expect("it may");
    streams.close(&live);
    ends(&live);
}

struct As515;
impl RingOptions for As515 {
    const KERNEL: Kernel = Kernel::V5_15;
}
struct As61;
impl RingOptions for As61 {
    const KERNEL: Kernel = Kernel::V6_1;
}

#[test]
fn older_kernels_are_asked_for_less() {
    if denied() {
        return;
    }
    let old = started::<8, As515>();
    let streams = Streams::armed(&old, 1);
    old.0.with(|state| {
        assert_eq!(state.ring.flags(), super::super::ring::Flags::default());
        assert!(state.provides && state.provided.is_none());
    });
    streams.close(&old);
    ends(&old);
    let newer = started::<8, As61>();
    newer.0.with(|state| assert!(!state.ring.flags().no_sqarray));
    // A multishot request is refused once, and never tried again.
    let (listener, at) = (std::net::TcpListener::bind("127.0.0.1:0").expect("free"), 0);
    let address = listener.local_addr().expect("bound");
    let resource = Resource { raw: listener.into_raw_fd(), key: at };
    old.register(resource, Kind::Listener).expect("a listener");
    let mut accept = crate::op::Accept { listener: resource };
    assert!(poll(&old, &mut accept, &mut ()).is_pending());
    old.park(Park::Poll).expect("a turn");
    assert!(!old.0.with(|state| state.multi_accept));
    let client = std::net::TcpStream::connect(address).expect("it listens");
    let (raw, peer) = loop {
        match poll(&old, &mut accept, &mut ()) {
            Poll::Ready(accepted) => break accepted.expect("a connection waits"),
            Poll::Pending => old.park(Park::Forever).expect("a turn"),
        }
    };
    assert_eq!(peer, client.local_addr().expect("connected"));
    fd::close(raw).expect("open");
    old.close(resource);
    ends(&old);
}

#[test]
fn completions_of_nothing_change_nothing() {
    let Some(live) = driver::<64, Usual>() else { return };
    let streams = Streams::of(&live, 2);
    let mut to = [0; 8];
    assert!(poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()).is_pending());
    let mut flight = Default::default();
    assert!(poll(&live, &mut Timeout { after: Nanos(u64::MAX) }, &mut flight).is_pending());
    live.park(Park::Poll).expect("a turn");
    let before = in_kernel(&live);
    for n in 0..count(1_000, 100_000) as u32 {
        // An accept that is stale brings a descriptor, which is closed: there is none here.
        for kind in [kind::SLOT, kind::RECV, kind::POLL_READ, kind::POLL_WRITE, kind::IGNORED] {
            // Of a later generation, or of a number that was never given.
            let user_data = named(kind, 1 + n % 3, if n % 2 == 0 { n } else { 0 });
            let entry = opcode::Nop::new().build().user_data(user_data);
            // SAFETY: it points at no memory.
            live.0.with(|state| unsafe { state.ring.push(entry, Kernel::V5_15) });
        }
        live.park(Park::Poll).expect("a turn");
    }
    assert_eq!(in_kernel(&live), before);
    assert!(live.0.with_table(Table::stale) > 0);
    write(&streams.peers[0], b"ok");
    live.park(Park::Poll).expect("a turn");
    assert_eq!(poll(&live, &mut recv(streams.ours[0], &mut to), &mut ()), Poll::Ready(Ok(2)));
    abandon(&live, &mut Timeout { after: Nanos(u64::MAX) }, &mut flight, MaybeDangling::new(()));
    streams.close(&live);
    ends(&live);
}

#[test]
fn a_key_is_given_away_while_its_old_source_closes() {
    let Some(live) = driver::<8, Usual>() else { return };
    let streams = Streams::armed(&live, 1);
    let mut to = [0; 8];
    let (old, old_peer) = (streams.ours[0], &streams.peers[0]);
    let socket = named_by(old.raw);
    live.close(old);
    assert!(socket.is_some() && named_by(old.raw) == socket, "the kernel still has its `recv`");
    let new = Streams::of(&live, 1);
    write(&new.peers[0], b"new");
    write(old_peer, b"old");
    assert!(poll(&live, &mut recv(new.ours[0], &mut to), &mut ()).is_pending());
    live.park(Park::Poll).expect("a turn");
    live.park(Park::Poll).expect("a turn");
    assert_ne!(named_by(old.raw), socket);
    assert_eq!(poll(&live, &mut recv(new.ours[0], &mut to), &mut ()), Poll::Ready(Ok(3)));
    assert_eq!(&to[..3], b"new");
    new.close(&live);
    ends(&live);
}

#[test]
fn a_driver_ends_with_all_kinds_on_their_way() {
    if denied() {
        return;
    }
    for round in 0..count(200, 10_000) {
        let live = started::<8, Usual>();
        let streams = Streams::of(&live, 4);
        let mut to = [0; 8];
        for stream in &streams.ours[..3] {
            assert!(poll(&live, &mut recv(*stream, &mut to), &mut ()).is_pending());
        }
        let (mut kept, mut dropped) = (Default::default(), Default::default());
        let mut never = Timeout { after: Nanos(u64::MAX) };
        assert!(poll(&live, &mut never, &mut kept).is_pending());
        assert!(poll(&live, &mut never, &mut dropped).is_pending());
        if round % 2 == 0 {
            live.park(Park::Poll).expect("a turn");
        }
        abandon(&live, &mut never, &mut dropped, MaybeDangling::new(std::vec![0; 64]));
        let open: Vec<_> = streams.ours.iter().map(|stream| (stream.raw, named_by(stream.raw))).collect();
        streams.close(&live);
        ends(&live);
        for (raw, socket) in open {
            assert!(socket.is_some() && named_by(raw) != socket, "a descriptor is left");
        }
        drop(live);
        assert!(matches!(kept.poll_closed::<Timeout>(), Poll::Ready(None)), "it ended before its driver did");
    }
}

#[test]
fn streams_that_learn_together_that_there_is_no_limit_are_still_armed_for_many() {
    let Some(live) = driver::<8, As61>() else { return };
    let streams = Streams::armed(&live, 3);
    if live.0.with(|state| state.provided.is_none()) {
        return skipped("this kernel has no rings of provided buffers");
    }
    live.park(Park::Poll).expect("a turn");
    let (limit, multi) = live.0.with(|state| (state.multi_limit, state.multi_recv));
    assert_eq!((limit, multi), (false, true));
    streams.close(&live);
    ends(&live);
}

/// The first requests of a ring on an older kernel, taken back in the turn in which it refuses them as unknown: that is no error
/// of the socket, which would be busy with it, or take it along to its next owner.
#[test]
fn what_is_taken_back_before_its_kernel_refuses_it_has_no_error() {
    if denied() {
        return;
    }
    let live = started::<8, As61>();
    let streams = Streams::of(&live, 2);
    let [given, moved] = [streams.ours[0], streams.ours[1]];
    for stream in [given, moved] {
        assert!(poll(&live, &mut recv(stream, &mut [0; 8]), &mut ()).is_pending());
    }
    live.release(given).expect("nothing has come");
    let mut luggage = live.give_up(moved, Kind::Stream).expect("nothing has come");
    live.take_in(moved, &mut luggage).expect("there is room");
    let mut to = [0; 8];
    assert!(poll(&live, &mut recv(moved, &mut to), &mut ()).is_pending());
    write(&streams.peers[1], b"abc");
    live.park(Park::Poll).expect("a turn");
    live.park(Park::Poll).expect("a turn");
    assert_eq!(poll(&live, &mut recv(moved, &mut to), &mut ()), Poll::Ready(Ok(3)));
    fd::close(given.raw).expect("it is ours");
    live.close(moved);
    ends(&live);

    let live = started::<8, As515>();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("free");
    let resource = Resource { raw: listener.into_raw_fd(), key: 0 };
    live.register(resource, Kind::Listener).expect("a listener");
    assert!(poll(&live, &mut crate::op::Accept { listener: resource }, &mut ()).is_pending());
    live.release(resource).expect("nobody has come");
    fd::close(resource.raw).expect("it is ours");
    ends(&live);
}

#[test]
fn a_shared_listener_takes_no_connection_ahead() {
    let Some(live) = driver::<8, Usual>() else { return };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("free");
    let (address, theirs) = (listener.local_addr().expect("bound"), listener.try_clone().expect("open"));
    let resource = Resource { raw: listener.into_raw_fd(), key: 0 };
    live.register(resource, Kind::Listener).expect("a listener");
    live.share(resource);
    let mut accept = crate::op::Accept { listener: resource };
    assert!(poll(&live, &mut accept, &mut ()).is_pending());
    live.park(Park::Poll).expect("a turn");
    let clients: Vec<_> = (0..3).map(|_| std::net::TcpStream::connect(address).expect("it listens")).collect();
    let (raw, peer) = loop {
        match poll(&live, &mut accept, &mut ()) {
            Poll::Ready(accepted) => break accepted.expect("a connection waits"),
            Poll::Pending => live.park(Park::Forever).expect("a turn"),
        }
    };
    fd::close(raw).expect("open");
    assert_eq!(peer, clients[0].local_addr().expect("connected"));
    live.park(Park::Poll).expect("a turn");
    // The others are there for who shares it.
    theirs.set_nonblocking(true).expect("open");
    for client in &clients[1..] {
        assert_eq!(theirs.accept().expect("it waits").1, client.local_addr().expect("connected"));
    }
    live.close(resource);
    ends(&live);
}

/// The system gives the number of a thread that is gone to another; a test may ask for that where it is the system's root.
#[test]
fn a_thread_with_the_number_of_one_that_is_gone_is_another() {
    if denied() {
        return;
    }
    fn number() -> u32 {
        let this = std::fs::read_link("/proc/thread-self").expect("it is there");
        this.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number")
    }
    let made = std::thread::spawn(move || (started::<8, Usual>(), number()));
    let (mut live, first) = made.join().expect("it only begins");
    for _ in 0..100 {
        if let Err(error) = std::fs::write("/proc/sys/kernel/ns_last_pid", (first - 1).to_string()) {
            return skipped(format_args!("numbers are not to be had: {error}"));
        }
        let other = std::thread::spawn(move || {
            if number() != first {
                return Some(live);
            }
            live.arrive().expect("nothing is on its way");
            live.park(Park::Poll).expect("a ring of this thread");
            None
        });
        match other.join().expect("it has a ring of its own") {
            Some(back) => live = back,
            None => return,
        }
    }
    skipped("the number went to others");
}

/// As at the end of its thread, after which another goes on with a `MOVABLE` ring.
#[test]
fn a_connect_that_is_cancelled_from_outside_goes_on() {
    let Some(live) = driver::<8, Moves>() else { return };
    // A listener whose queue is full leaves a connection that is asked for without a word.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("free");
    let address = listener.local_addr().expect("bound");
    socket::listen(listener.as_raw_fd(), 0).expect("bound");
    let mut waiting = Vec::new();
    while let Ok(client) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(client);
        assert!(waiting.len() < 100, "the queue has room for ever");
    }
    let raw = socket::stream_socket(&address, true).expect("descriptors are free");
    let resource = Resource { raw, key: 0 };
    live.register(resource, Kind::Unconnected).expect("a socket");
    let (mut connect, mut flight) = (crate::op::Connect { socket: resource, address }, Default::default());
    assert!(poll(&live, &mut connect, &mut flight).is_pending());
    live.park(Park::Poll).expect("a turn");
    let token = live.0.with_table(|table| table.next_incomplete(None)).expect("nobody answers");
    live.0.cancel(token.bits());
    live.park(Park::Poll).expect("a turn");
    for _ in 0..3 {
        assert!(poll(&live, &mut connect, &mut flight).is_pending(), "nobody has answered");
        live.park(Park::Poll).expect("a turn");
    }
    // Now there is room. The system asks again after a second.
    waiting.iter().for_each(|_| drop(listener.accept().expect("it waits")));
    let connected = loop {
        match poll(&live, &mut connect, &mut flight) {
            Poll::Ready(connected) => break connected,
            Poll::Pending => live.park(Park::Until(Nanos(10_000_000_000))).expect("a turn"),
        }
    };
    assert_eq!(connected, Ok(()));
    assert_eq!(socket::peer_addr(raw), Ok(address));
    live.close(resource);
    ends(&live);
}

#[test]
fn the_ring_of_the_parent_is_dropped_without_a_trace() {
    let Some(live) = driver::<16, Usual>() else { return };
    for _ in 0..13 {
        let entry = opcode::Nop::new().build().user_data(named(kind::IGNORED, 0, 0));
        // SAFETY: it points at no memory.
        live.0.with(|state| unsafe { state.ring.push(entry, Kernel::V5_15) });
    }
    let fd = live.0.with(|state| state.ring.queues().as_raw_fd());
    // How far its queues are: no other ring of these tests has as many waiting.
    let told = || std::fs::read_to_string(std::format!("/proc/self/fdinfo/{fd}")).ok();
    let before = told();
    assert!(before.is_some());
    live.0.with(|state| state.ring.becomes_a_copy());
    drop(live);
    assert_eq!(told(), before, "the queues of the parent were taken down");
}
