//! Addresses: what cannot be reached or bound says so and names it; options are read back as they were set.

use crate::support::{pair, runtime, skipped, std_listener};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{Keepalive, TcpListener, TcpOptions, TcpStream};
use core::net::SocketAddr;
use core::time::Duration;
use std::io::ErrorKind;
use std::time::Instant;

/// An address where nobody listens: just now somebody did.
pub(crate) fn nobody() -> SocketAddr {
    std_listener().1
}

pub(crate) fn refused<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        for _ in 0..100 {
            let address = nobody();
            let error = TcpStream::<C>::connect(address).await.expect_err("nobody listens");
            assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
            assert!(error.to_string().contains(&format!("cannot connect to {address}")), "{error}");
        }
    });
}

pub(crate) fn in_use<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let first = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = first.local_addr().expect("bound");
        let error = TcpListener::<C>::bind(address).await.expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&format!("cannot listen on {address}")), "{error}");
        drop(first);
        drop(TcpListener::<C>::bind(address).await.expect("it is free again"));
    });
}

pub(crate) fn bad_text<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        for text in ["", "tea", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:hot", "127.0.0.1:99999"] {
            let error = TcpStream::<C>::connect(text).await.expect_err("no address");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}: {error}");
            let error = TcpListener::<C>::bind(text).await.expect_err("no address");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{text}: {error}");
        }
        let none: &[SocketAddr] = &[];
        let error = TcpStream::<C>::connect(none).await.expect_err("no address at all");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    });
}

/// `.invalid` names nothing, ever (RFC 2606).
pub(crate) fn unknown_name<C: Config<Driver: Net>>() {
    // A resolver without a network may take its time; that is the machine's and not the driver's.
    let start = Instant::now();
    let asked = std::thread::spawn(|| std::net::ToSocketAddrs::to_socket_addrs("no.such.name.invalid:80").is_err());
    while !asked.is_finished() {
        if start.elapsed() > Duration::from_secs(5) {
            return skipped("the system's resolver takes longer than 5 s");
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(asked.join().expect("the resolver answers"), "the resolver of this machine knows `.invalid` names");
    runtime::<C>().block_on(async {
        let error = TcpStream::<C>::connect("no.such.name.invalid:80").await.expect_err("no such name");
        assert!(error.to_string().contains("cannot find \"no.such.name.invalid\""), "{error}");
        let error = TcpListener::<C>::bind("no.such.name.invalid:0").await.expect_err("no such name");
        assert!(error.to_string().contains("cannot find \"no.such.name.invalid\""), "{error}");
    });
}

pub(crate) fn first_that_answers<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (listener, address) = std_listener();
        let stream = TcpStream::<C>::connect(&[nobody(), address, nobody()][..]).await.expect("the second answers");
        assert_eq!(stream.peer_addr().expect("connected"), address);
        drop(listener);
        let error = TcpStream::<C>::connect(&[nobody(), address][..]).await.expect_err("nobody listens any more");
        assert!(error.to_string().contains(&address.to_string()), "the last error is told: {error}");
        let local = TcpListener::<C>::bind("localhost:0").await.expect("every machine knows itself");
        let address = local.local_addr().expect("bound");
        drop(TcpStream::<C>::connect(("localhost", address.port())).await.expect("a listener is there"));
    });
}

pub(crate) fn local_and_peer<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (stream, peer) = pair::<C>().await;
        assert_eq!(stream.local_addr().expect("connected"), peer.peer_addr().expect("connected"));
        assert_eq!(stream.peer_addr().expect("connected"), peer.local_addr().expect("connected"));
        assert!(stream.take_error().expect("open").is_none());
    });
}

pub(crate) fn v6<C: Config<Driver: Net>>() {
    if let Err(error) = std::net::TcpListener::bind("[::1]:0") {
        return skipped(format_args!("this machine has no IPv6: {error}"));
    }
    runtime::<C>().block_on(async {
        let options = TcpOptions { only_v6: Some(true), ..TcpOptions::default() };
        let listener = TcpListener::<C>::bind_with("[::1]:0", options).await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        assert!(address.is_ipv6());
        let peer = std::thread::spawn(move || std::net::TcpStream::connect(address).expect("a listener is there"));
        let (stream, from) = listener.accept().await.expect("a client comes");
        let peer = peer.join().expect("connected");
        assert_eq!(peer.local_addr().expect("connected"), from);
        assert_eq!(stream.peer_addr().expect("connected"), from);
        stream.set_ttl(33).expect("open");
        assert_eq!(stream.ttl().expect("open"), 33);
    });
}

pub(crate) fn options<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (stream, _peer) = pair::<C>().await;
        for on in [true, false] {
            stream.set_nodelay(on).expect("open");
            assert_eq!(stream.nodelay().expect("open"), on);
        }
        for (set, got) in [(Some(1_500), Some(2)), (Some(0), Some(0)), (None, None)] {
            stream.set_linger(set.map(Duration::from_millis)).expect("open");
            assert_eq!(stream.linger().expect("open"), got.map(Duration::from_secs), "rounded up to seconds");
        }
        let probes =
            Keepalive { idle: Some(Duration::from_secs(77)), interval: Some(Duration::from_secs(7)), count: Some(3) };
        match stream.set_keepalive(Some(probes)) {
            // `WSAENOPROTOOPT`: Windows before version 10, and wine 8, do not know the figures.
            Err(error) if cfg!(windows) && error.raw_os_error() == Some(10042) => {
                skipped("in part: this system has no figures for keepalive");
                stream.set_keepalive(Some(Keepalive::default())).expect("without figures");
                assert_eq!(stream.keepalive().expect("open"), Some(Keepalive::default()));
            }
            set => {
                set.expect("open");
                assert_eq!(stream.keepalive().expect("open"), Some(probes));
            }
        }
        stream.set_keepalive(None).expect("open");
        assert_eq!(stream.keepalive().expect("open"), None);
        stream.set_recv_buffer_size(50_000).expect("open");
        assert!(stream.recv_buffer_size().expect("open") >= 50_000);
        stream.set_send_buffer_size(60_000).expect("open");
        assert!(stream.send_buffer_size().expect("open") >= 60_000);
        stream.set_ttl(42).expect("open");
        assert_eq!(stream.ttl().expect("open"), 42);
        assert_eq!(stream.set_ttl(0).expect_err("no hop at all").kind(), ErrorKind::InvalidInput);
        let shared = TcpOptions { reuse_port: true, ..TcpOptions::default() };
        if cfg!(windows) {
            let error = TcpListener::<C>::bind_with("127.0.0.1:0", shared).await.expect_err("the system cannot");
            return assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        }
        let one = TcpListener::<C>::bind_with("127.0.0.1:0", shared).await.expect("a port is free");
        let address = one.local_addr().expect("bound");
        drop(TcpListener::<C>::bind_with(address, shared).await.expect("the port is shared"));
    });
}
