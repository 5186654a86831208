//! Sockets of which something is said before they connect or listen.

use crate::addresses::nobody;
use crate::support::{again, runtime, std_listener};
use bespoke::prelude::*;
use bespoke::rt::{Keepalive, TcpSocket};
use bespoke::{Config, Runtime};
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream as StdStream;

const LOCAL: SocketAddr = SocketAddr::V4(core::net::SocketAddrV4::new(core::net::Ipv4Addr::LOCALHOST, 0));

fn socket<C: Config<Driver: Net>>() -> TcpSocket<C> {
    TcpSocket::new_v4().expect("a descriptor is free")
}

pub(crate) fn sockets_connect<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (listener, address) = std_listener();
        let ours = socket::<C>();
        ours.set_recv_buffer_size(50_000).expect("open");
        ours.bind(LOCAL).expect("a port is free");
        let from = ours.local_addr().expect("bound");
        assert_ne!(from.port(), 0);
        let mut stream = ours.connect(address).await.expect("a listener is there");
        let (mut peer, peer_at) = again(|| listener.accept()).expect("it waits");
        assert_eq!((peer_at, stream.local_addr().expect("connected")), (from, from));
        assert!(stream.recv_buffer_size().expect("open") >= 50_000, "it is the same socket");
        stream.write_all("tea").await.0.expect("sent");
        let mut got = [0; 3];
        peer.read_exact(&mut got).expect("it comes");
        peer.write_all(b"for two").expect("sent");
        let mut got = [0; 7];
        stream.read_exact(&mut got).await.expect("it comes");
        assert_eq!(&got, b"for two");

        let gone = nobody();
        let error = socket::<C>().connect(gone).await.expect_err("nobody is there");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert!(error.to_string().contains(&gone.to_string()), "{error}");
    });
}

pub(crate) fn sockets_listen<C: Config<Driver: Net>>() {
    let runtime: Runtime<C> = runtime();
    runtime.block_on(async {
        let ours = socket::<C>();
        ours.set_reuseaddr(true).expect("open");
        ours.bind(LOCAL).expect("a port is free");
        let listener = ours.listen(8).expect("nobody listens there");
        let address = listener.local_addr().expect("bound");
        for round in 0..3 {
            // One that waits already, and one that comes later.
            let client = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(5 * round));
                let mut client = StdStream::connect(address).expect("a listener is there");
                let mut got = [0; 5];
                client.read_exact(&mut got).expect("it comes");
                got
            });
            let (mut stream, _) = listener.accept().await.expect("it comes");
            stream.write_all("hello").await.0.expect("sent");
            assert_eq!(&client.join().expect("it got it"), b"hello");
        }
        assert_eq!(runtime.open_resources(), 1, "the socket became the listener");
        let other = socket::<C>();
        let error = other.bind(address).expect_err("somebody listens there");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&address.to_string()), "{error}");
    });
    assert_eq!(runtime.open_resources(), 0);
}

pub(crate) fn sockets_take_options<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let ours = socket::<C>();
        for on in [true, false, true] {
            ours.set_reuseaddr(on).expect("open");
            assert_eq!(ours.reuseaddr().expect("open"), on);
            ours.set_nodelay(on).expect("open");
            assert_eq!(ours.nodelay().expect("open"), on);
            if cfg!(unix) {
                ours.set_reuseport(on).expect("open");
                assert_eq!(ours.reuseport().expect("open"), on);
            }
        }
        ours.set_send_buffer_size(60_000).expect("open");
        assert!(ours.send_buffer_size().expect("open") >= 60_000);
        ours.set_ttl(42).expect("open");
        assert_eq!(ours.ttl().expect("open"), 42);
        ours.set_linger(Some(Duration::from_secs(3))).expect("open");
        assert_eq!(ours.linger().expect("open"), Some(Duration::from_secs(3)));
        ours.set_keepalive(Some(Keepalive::default())).expect("open");
        assert!(ours.keepalive().expect("open").is_some());
        assert!(ours.take_error().expect("open").is_none());
        if cfg!(unix) {
            // Two listeners share a port.
            ours.bind(LOCAL).expect("a port is free");
            let first = ours.listen(8).expect("nobody listens there");
            let second = socket::<C>();
            second.set_reuseport(true).expect("open");
            second.bind(first.local_addr().expect("bound")).expect("it is shared");
            second.listen(8).expect("it is shared");
        }
    });
}

pub(crate) fn sockets_outlive_their_runtime<C: Config<Driver: Net>>() {
    let runtime: Runtime<C> = runtime();
    let (ours, other) = runtime.block_on(async { (socket::<C>(), socket::<C>()) });
    drop(runtime);
    assert_eq!(ours.bind(LOCAL).expect_err("closed").kind(), ErrorKind::BrokenPipe);
    assert_eq!(other.listen(8).expect_err("closed").kind(), ErrorKind::BrokenPipe);
}
