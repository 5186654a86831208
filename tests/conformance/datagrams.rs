//! UDP. The peers are sockets of `std`; loopback loses nothing as long as the receiver's buffer has room, so the cases keep
//! few datagrams on their way and count every one.

use crate::support::{Random, again, at_most, count, runtime, skipped};
use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::prelude::*;
use bespoke::rt::{UdpOptions, UdpSocket};
use core::net::{Ipv4Addr, SocketAddr};
use core::pin::pin;
use core::task::{Context, Waker};
use core::time::Duration;
use std::io::ErrorKind;
use std::net::UdpSocket as StdSocket;
use std::sync::{Arc, Weak};
use std::task::Wake;

const LOCAL: &str = "127.0.0.1:0";

/// A socket of the runtime and one of `std`, and their addresses.
async fn two<C: Config<Driver: Udp>>() -> (UdpSocket<C>, SocketAddr, StdSocket, SocketAddr) {
    let ours = UdpSocket::<C>::bind(LOCAL).await.expect("a port is free");
    let peer = StdSocket::bind(LOCAL).expect("a port is free");
    peer.set_read_timeout(Some(Duration::from_secs(10))).expect("open");
    let (at, peer_at) = (ours.local_addr().expect("bound"), peer.local_addr().expect("bound"));
    (ours, at, peer, peer_at)
}

pub(crate) fn udp_echo<C: Config<Driver: Udp>>() {
    runtime::<C>().block_on(async {
        let (ours, at, peer, peer_at) = two::<C>().await;
        let echo = std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            loop {
                let (n, from) = again(|| peer.recv_from(&mut buffer)).expect("one comes");
                assert_eq!(from, at);
                again(|| peer.send_to(&buffer[..n], at)).expect("sent");
                if n == 0 {
                    return;
                }
            }
        });
        let mut got = [0; 2048];
        for len in (1..1400).step_by(50) {
            let (sent, datagram) = ours.send_to(vec![len as u8; len], peer_at).await;
            assert_eq!(sent.expect("sent"), len);
            let (n, from) = ours.recv_from(&mut got).await.expect("it comes back");
            assert_eq!((&got[..n], from), (&*datagram, peer_at));
        }
        // With a peer; the last one is empty, and is one all the same.
        ours.connect(peer_at).await.expect("an address");
        assert_eq!(ours.peer_addr().expect("it has one"), peer_at);
        assert_eq!(ours.send("tea").await.0.expect("sent"), 3);
        assert_eq!(ours.peek(&mut got).await.expect("it comes back"), 3);
        assert_eq!(ours.peek_from(&mut got).await.expect("still there"), (3, peer_at));
        assert_eq!(ours.recv(&mut got).await.expect("still there"), 3);
        assert_eq!(&got[..3], b"tea");
        assert_eq!(ours.send("").await.0.expect("sent"), 0);
        assert_eq!(ours.recv(&mut got).await.expect("an empty one"), 0);
        echo.join().expect("it saw the empty one");
    });
}

pub(crate) fn udp_cuts_what_is_too_long<C: Config<Driver: Udp>>() {
    runtime::<C>().block_on(async {
        let (ours, at, peer, _) = two::<C>().await;
        for datagram in ["a long story", "next"] {
            again(|| peer.send_to(datagram.as_bytes(), at)).expect("sent");
        }
        let mut got = [0; 6];
        assert_eq!(ours.recv(&mut got).await.expect("the first"), 6);
        assert_eq!(&got, b"a long");
        assert_eq!(ours.recv(&mut got).await.expect("the rest is gone"), 4);
        assert_eq!(&got[..4], b"next");
        let error = ours.send_to(vec![0; 1 << 17], at).await.0.expect_err("no datagram is that long");
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
    });
}

/// Several are there before the first is received: a short one must not count as the last.
pub(crate) fn udp_short_ones_are_not_the_last<C: Config<Driver: Udp>>() {
    runtime::<C>().block_on(async {
        let (ours, at, peer, _) = two::<C>().await;
        for round in 0..20u8 {
            for part in 0..5u8 {
                again(|| peer.send_to(&[round, part], at)).expect("sent");
            }
            // The driver has seen all of them come before the first is received: nothing more will tell it.
            C::sleep(Duration::from_millis(2)).await;
            let mut got = [0; 64];
            for part in 0..5u8 {
                let n = C::timeout(Duration::from_secs(10), ours.recv(&mut got)).await.expect("it is there");
                assert_eq!((n.expect("received"), &got[..2]), (2, &[round, part][..]));
            }
        }
    });
}

/// Nobody is there, and the network says so.
pub(crate) fn udp_refused<C: Config<Driver: Udp>>() {
    runtime::<C>().block_on(async {
        let nobody = StdSocket::bind(LOCAL).and_then(|gone| gone.local_addr()).expect("a port is free");
        let ours = UdpSocket::<C>::bind(LOCAL).await.expect("a port is free");
        ours.connect(nobody).await.expect("nothing is sent");
        ours.send("hello?").await.0.expect("sent");
        let error = ours.recv(&mut [0; 8]).await.expect_err("nobody is there");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "{error}");
        // The socket is as good as before.
        let (at, peer) = (ours.local_addr().expect("bound"), StdSocket::bind(LOCAL).expect("a port is free"));
        ours.connect(peer.local_addr().expect("bound")).await.expect("another peer");
        again(|| peer.send_to(b"tea", at)).expect("sent");
        assert_eq!(ours.recv(&mut [0; 8]).await.expect("from the new peer"), 3);
    });
}

pub(crate) fn udp_options<C: Config<Driver: Udp>>() {
    runtime::<C>().block_on(async {
        let (ours, at, ..) = two::<C>().await;
        for on in [true, false] {
            ours.set_broadcast(on).expect("open");
            assert_eq!(ours.broadcast().expect("open"), on);
            ours.set_multicast_loop_v4(on).expect("open");
            assert_eq!(ours.multicast_loop_v4().expect("open"), on);
        }
        ours.set_multicast_ttl_v4(7).expect("open");
        assert_eq!(ours.multicast_ttl_v4().expect("open"), 7);
        assert_eq!(ours.set_multicast_ttl_v4(256).expect_err("too many").kind(), ErrorKind::InvalidInput);
        ours.set_ttl(42).expect("open");
        assert_eq!(ours.ttl().expect("open"), 42);
        ours.set_recv_buffer_size(50_000).expect("open");
        assert!(ours.recv_buffer_size().expect("open") >= 50_000);
        ours.set_send_buffer_size(60_000).expect("open");
        assert!(ours.send_buffer_size().expect("open") >= 60_000);
        assert!(ours.take_error().expect("open").is_none());
        assert_eq!(ours.peer_addr().expect_err("it has none").kind(), ErrorKind::NotConnected);

        let error = UdpSocket::<C>::bind(at).await.expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().starts_with(&format!("cannot bind {at}: ")), "{error}");
        let shared = UdpOptions { reuse_port: true, ..UdpOptions::default() };
        let one = UdpSocket::<C>::bind_with(LOCAL, shared).await.expect("a port is free");
        drop(UdpSocket::<C>::bind_with(one.local_addr().expect("bound"), shared).await.expect("it is shared"));
        if StdSocket::bind("[::1]:0").is_ok() {
            let v6 = UdpOptions { only_v6: Some(true), ..UdpOptions::default() };
            let v6 = UdpSocket::<C>::bind_with("[::1]:0", v6).await.expect("a port is free");
            v6.set_multicast_loop_v6(false).expect("open");
            assert!(!v6.multicast_loop_v6().expect("open"));
        }
    });
}

/// What is sent to a group comes to its members, and no longer when they have left.
pub(crate) fn udp_groups<C: Config<Driver: Udp>>() {
    runtime::<C>().block_on(async {
        let group = Ipv4Addr::new(239, 255, 77, 1);
        let options = UdpOptions { reuse_address: true, ..UdpOptions::default() };
        let member = UdpSocket::<C>::bind_with("0.0.0.0:0", options).await.expect("a port is free");
        let port = member.local_addr().expect("bound").port();
        if let Err(error) = member.join_multicast_v4(group, Ipv4Addr::LOCALHOST) {
            return skipped(format_args!("this machine has no groups on its loopback: {error}"));
        }
        // A socket that is bound to the loopback's address sends to groups there.
        let peer = StdSocket::bind(LOCAL).expect("a port is free");
        if let Err(error) = again(|| peer.send_to(b"all", (group, port))) {
            return skipped(format_args!("this machine sends to no groups: {error}"));
        }
        let mut got = [0; 8];
        let n = C::timeout(Duration::from_secs(10), member.recv(&mut got)).await.expect("it comes");
        assert_eq!(&got[..n.expect("received")], b"all");
        member.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).expect("it was a member");
        let again = member.leave_multicast_v4(group, Ipv4Addr::LOCALHOST).expect_err("it is none any more");
        assert_eq!(again.kind(), ErrorKind::AddrNotAvailable);
    });
}

/// A runtime that closes does not wait for a datagram.
pub(crate) fn udp_at_shutdown<C: Config<Driver: Udp>>() {
    let runtime = runtime::<C>();
    let waits = runtime.block_on(async {
        let (told, waits) = std::sync::mpsc::channel();
        let task = C::spawn(async move {
            let ours = UdpSocket::<C>::bind(LOCAL).await.expect("a port is free");
            told.send(ours.local_addr().expect("bound")).expect("asked");
            ours.recv_from(&mut [0; 8]).await.map(|(n, _)| n)
        });
        C::sleep(Duration::from_millis(20)).await;
        (task, waits.recv().expect("it is bound"))
    });
    drop(runtime);
    let (task, at) = waits;
    assert!(task.is_finished());
    drop(StdSocket::bind(at).expect("the port is free again"));
}

pub(crate) fn udp_outlives_its_runtime<C: Config<Driver: Udp>>() {
    let runtime = runtime::<C>();
    let ours = runtime.block_on(UdpSocket::<C>::bind(LOCAL)).expect("a port is free");
    drop(runtime);
    let later = crate::support::runtime::<C>();
    if !<C::Driver as Driver>::STATELESS {
        let error = later.block_on(ours.recv(&mut [0; 8])).expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    }
    assert_eq!(ours.local_addr().expect_err("closed").kind(), ErrorKind::BrokenPipe);
    assert_eq!(ours.set_broadcast(true).expect_err("closed").kind(), ErrorKind::BrokenPipe);
}

/// Numbered datagrams, a few at a time, and receives that are dropped at every point: every number comes, once, in order.
pub(crate) fn udp_dropped_receives_lose_nothing<C: Config<Driver: Udp>>() {
    let datagrams = count(2_000, 50_000);
    let mut random = Random::new(31);
    let mut dropped = 0u64;
    runtime::<C>().block_on(async {
        let (ours, at, peer, peer_at) = two::<C>().await;
        // The window: the peer sends four, and waits for the answer to the last.
        let sender = std::thread::spawn(move || {
            for number in 0..datagrams {
                again(|| peer.send_to(&number.to_le_bytes(), at)).expect("sent");
                if number % 4 == 3 {
                    assert_eq!(again(|| peer.recv(&mut [0; 8])).expect("an answer"), 1);
                }
            }
        });
        let mut buffer = [0; 8];
        for number in 0..datagrams {
            loop {
                let polls = random.below(3) as u32;
                let received = if random.once_in(2) {
                    at_most(pin!(ours.recv_from(&mut buffer)), polls, || ()).await.map(|r| r.map(|(n, _)| n))
                } else {
                    let receive = pin!(ours.recv(&mut buffer));
                    let limit = Duration::from_micros(random.below(200));
                    C::timeout(limit, at_most(receive, polls, || ())).await.ok().flatten()
                };
                match received {
                    Some(n) => break assert_eq!(n.expect("received"), 8),
                    None => dropped += 1,
                }
                if random.once_in(4) {
                    C::yield_now().await;
                }
            }
            assert_eq!(u64::from_le_bytes(buffer), number, "one is lost, or came twice");
            if number % 4 == 3 {
                ours.send_to("!", peer_at).await.0.expect("sent");
            }
        }
        sender.join().expect("every window was answered");
    });
    println!("{dropped} receives dropped, {datagrams} datagrams came");
    assert!(dropped > datagrams / 2, "too few drops to show anything");
}

/// Several tasks receive from one socket: each that waits is woken, and every datagram goes to one of them.
pub(crate) fn udp_many_tasks_receive<C: Config<Driver: Udp>>() {
    const TASKS: u32 = 8;
    runtime::<C>().block_on(async {
        let (ours, at, peer, _) = two::<C>().await;
        let ours = Arc::new(ours);
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let ours = ours.clone();
                C::spawn(async move {
                    let mut got = [0; 4];
                    ours.recv(&mut got).await.expect("one for each");
                    u32::from_le_bytes(got)
                })
            })
            .collect();
        C::sleep(Duration::from_millis(5)).await; // all of them wait
        for number in 0..TASKS {
            again(|| peer.send_to(&number.to_le_bytes(), at)).expect("sent");
        }
        let mut numbers = Vec::new();
        for task in tasks {
            let number = C::timeout(Duration::from_secs(10), task).await.expect("each is woken");
            numbers.push(number.expect("no panic"));
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (0..TASKS).collect::<Vec<_>>());
    });
}

struct Nobody;

impl Wake for Nobody {
    fn wake(self: Arc<Self>) {}
}

/// A set of futures makes a waker for each. Where nothing comes, those of waits that were dropped must not stay for ever.
pub(crate) fn udp_waits_that_are_dropped_leave_little<C: Config<Driver: Udp>>() {
    runtime::<C>().block_on(async {
        let (ours, at, peer, peer_at) = two::<C>().await;
        let mut got = [0; 8];
        let mut receive = pin!(ours.recv_from(&mut got));
        // One that waits all the while.
        assert!(at_most(receive.as_mut(), 1, || ()).await.is_none(), "nobody has sent anything");
        let mut left: Vec<Weak<Nobody>> = Vec::new();
        for n in 0..count(5_000, 100_000) {
            let nobody = Arc::new(Nobody);
            left.push(Arc::downgrade(&nobody));
            let waker = Waker::from(nobody);
            let mut other = [0; 8];
            let polled = pin!(ours.recv_from(&mut other)).poll(&mut Context::from_waker(&waker));
            assert!(polled.is_pending());
            drop(waker);
            if n % 100 == 0 {
                C::yield_now().await;
                left.retain(|nobody| nobody.strong_count() > 0);
                assert!(left.len() <= 256, "{} wakers of nobody", left.len());
            }
        }
        again(|| peer.send_to(b"here", at)).expect("sent");
        assert_eq!(receive.await.expect("it comes"), (4, peer_at));
    });
}
