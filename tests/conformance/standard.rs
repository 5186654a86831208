//! Sockets of the standard library become ours, and ours theirs. That a socket waits or not is seen by a read of `std` that
//! has a time limit: it fails at once on one that does not wait.

use crate::support::{again, eventually, panic_of, runtime, std_listener};
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Config, Runtime};
use core::net::SocketAddr;
use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener as StdListener, TcpStream as StdStream};

fn two() -> (StdStream, StdStream) {
    let (listener, address) = std_listener();
    let one = StdStream::connect(address).expect("a listener is there");
    (one, again(|| listener.accept()).expect("a connection waits").0)
}

#[cfg(unix)]
fn number(stream: &StdStream) -> i32 {
    std::os::fd::AsRawFd::as_raw_fd(stream)
}
#[cfg(windows)]
fn number(stream: &StdStream) -> u64 {
    std::os::windows::io::AsRawSocket::as_raw_socket(stream)
}

/// Does a read of it wait? Nothing must have come.
fn waits(mut stream: &StdStream) -> bool {
    const LIMIT: Duration = Duration::from_millis(50);
    stream.set_read_timeout(Some(LIMIT)).expect("open");
    let begin = std::time::Instant::now();
    again(|| stream.read(&mut [0])).expect_err("nothing has come");
    begin.elapsed() > LIMIT / 2
}

pub(crate) fn std_streams_come_and_go<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        for nonblocking in [false, true] {
            let (stream, mut peer) = two();
            stream.set_nonblocking(nonblocking).expect("open");
            let was = number(&stream);
            let mut ours = TcpStream::<C>::from_std(stream).expect("a socket like any other");
            peer.write_all(b"tea").expect("sent");
            let mut got = [0; 3];
            ours.read_exact(&mut got).await.expect("it comes");
            assert_eq!(&got, b"tea");
            ours.write_all("for two").await.0.expect("sent");
            let mut got = [0; 7];
            peer.read_exact(&mut got).expect("it comes");
            assert_eq!(&got, b"for two");
            // What is not read goes along.
            peer.write_all(b"more").expect("sent");
            let mut theirs = ours.into_std().expect("nothing is under way");
            assert_eq!(number(&theirs), was);
            let mut got = [0; 4];
            theirs.read_exact(&mut got).expect("it is still there");
            assert_eq!(&got, b"more");
            assert!(waits(&theirs), "as `std` makes them");
            theirs.write_all(b"bye").expect("open");
            drop(theirs);
            assert_eq!(again(|| peer.read(&mut [0; 8])).expect("the last word"), 3);
            assert_eq!(again(|| peer.read(&mut [0; 8])).expect("the end"), 0);
        }
    });
}

pub(crate) fn std_listeners_come_and_go<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (listener, address) = std_listener();
        // One connection is there before the listener is ours.
        let early = StdStream::connect(address).expect("a listener is there");
        let ours = TcpListener::<C>::from_std(listener).expect("a socket like any other");
        assert_eq!(ours.local_addr().expect("bound"), address);
        let (_, peer) = ours.accept().await.expect("it waits");
        assert_eq!(peer, early.local_addr().expect("connected"));
        let late = connect_later(address);
        ours.accept().await.expect("it comes");
        late.join().expect("connected");
        let theirs: StdListener = ours.into_std().expect("nothing is under way");
        let late = connect_later(address);
        again(|| theirs.accept()).expect("a listener that waits");
        late.join().expect("connected");
    });
}

fn connect_later(address: SocketAddr) -> std::thread::JoinHandle<StdStream> {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(5));
        StdStream::connect(address).expect("a listener is there")
    })
}

/// While another descriptor names the file, closing ours does not take it out of an epoll: the same number, given to the
/// same file again, would be refused.
pub(crate) fn std_clones_are_known_to_be_there<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (kept, mut peer) = two();
        for round in 0..3 {
            let mut ours = TcpStream::<C>::from_std(kept.try_clone().expect("a number is free"));
            let ours = ours.as_mut().unwrap_or_else(|error| panic!("in round {round}: {error}"));
            peer.write_all(&[round]).expect("sent");
            let mut got = [9];
            ours.read_exact(&mut got).await.expect("it comes");
            assert_eq!(got, [round]);
        }
        // Both at once.
        let mut one = TcpStream::<C>::from_std(kept.try_clone().expect("a number is free")).expect("one");
        let mut other = TcpStream::<C>::from_std(kept).expect("the other");
        one.write_all("a").await.0.expect("sent");
        other.write_all("b").await.0.expect("sent");
        drop(one);
        peer.write_all(b"c").expect("sent");
        assert_eq!(other.read(&mut [0; 8]).await.expect("it is still open"), 1);
        let mut got = [0; 2];
        peer.read_exact(&mut got).expect("both were sent");
        assert_eq!(&got, b"ab");
    });
}

pub(crate) fn std_of_a_runtime_that_is_closed<C: Config<Driver: Net>>() {
    let runtime: Runtime<C> = runtime();
    let (stream, peer) = two();
    let ours = runtime.block_on(async { TcpStream::<C>::from_std(stream) }).expect("a socket like any other");
    drop(runtime);
    assert_eq!(ours.into_std().expect_err("closed with its runtime").kind(), ErrorKind::BrokenPipe);
    assert!(eventually(|| matches!((&peer).read(&mut [0]), Ok(0) | Err(_))), "it is closed");
}

/// From a runtime on one driver to one on another, and back.
pub(crate) fn std_between_runtimes<C: Config<Driver: Net>>() {
    let (stream, mut peer) = two();
    let first = runtime::<C>();
    let second = runtime::<crate::Threads>();
    let mut stream = stream;
    for round in 0..3 {
        stream = first.block_on(async {
            let mut ours = TcpStream::<C>::from_std(stream).expect("from std");
            ours.write_all(vec![round]).await.0.expect("sent");
            ours.into_std().expect("to std")
        });
        peer.write_all(&[round]).expect("sent");
        stream = second.block_on(async {
            let mut ours = TcpStream::<crate::Threads>::from_std(stream).expect("from std");
            let mut got = [9];
            ours.read_exact(&mut got).await.expect("it waits for it");
            assert_eq!(got, [round]);
            ours.into_std().expect("to std")
        });
    }
    let mut got = [9; 3];
    peer.read_exact(&mut got).expect("sent");
    assert_eq!(got, [0, 1, 2]);
}

/// A stream belongs to its worker, and so does giving it away.
pub(crate) fn std_on_another_thread<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (stream, mut peer) = two();
        let ours = TcpStream::<C>::from_std(stream).expect("from std");
        let elsewhere = std::thread::spawn(move || panic_of(|| drop(ours.into_std())));
        let message = elsewhere.join().expect("the panic was caught");
        assert!(message.contains("worker"), "{message}");
        // The owner closes it, soon.
        C::sleep(Duration::from_millis(1)).await;
        assert_eq!(again(|| peer.read(&mut [0])).expect("the end"), 0);
    });
}

#[cfg(unix)]
pub(crate) use self::unix_only::{std_datagrams_come_and_go, std_unix_sockets_come_and_go};

#[cfg(unix)]
mod unix_only {
    use super::*;
    use bespoke::rt::{UdpSocket, UnixListener, UnixStream};
    use std::os::unix::net as std_unix;

    pub(crate) fn std_datagrams_come_and_go<C: Config<Driver: Udp>>() {
        runtime::<C>().block_on(async {
            let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
            let at = socket.local_addr().expect("bound");
            let ours = UdpSocket::<C>::from_std(socket).expect("from std");
            let peer = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
            again(|| peer.send_to(b"tea", at)).expect("sent");
            assert_eq!(ours.recv(&mut [0; 8]).await.expect("it comes"), 3);
            again(|| peer.send_to(b"more", at)).expect("sent");
            let theirs = ours.into_std().expect("nothing is under way");
            assert_eq!(again(|| theirs.recv(&mut [0; 8])).expect("it is still there"), 4);
        });
    }

    pub(crate) fn std_unix_sockets_come_and_go<C: Config<Driver: Unix>>() {
        runtime::<C>().block_on(async {
            let path = std::env::temp_dir().join(format!("bespoke-standard-{}-{}", C::NAME, std::process::id()));
            let listener = std_unix::UnixListener::bind(&path).expect("the path is free");
            let ours = UnixListener::<C>::from_std(listener).expect("from std");
            let client = std_unix::UnixStream::connect(&path).expect("a listener is there");
            std::fs::remove_file(&path).expect("bind made it");
            let (mut stream, _) = ours.accept().await.expect("it waits");
            let mut client = UnixStream::<C>::from_std(client).expect("from std");
            client.write_all("tea").await.0.expect("sent");
            let mut got = [0; 3];
            stream.read_exact(&mut got).await.expect("it comes");
            let (mut one, other) = (client.into_std().expect("to std"), stream.into_std().expect("to std"));
            one.write_all(b"more").expect("a stream that waits");
            let mut got = [0; 4];
            (&other).read_exact(&mut got).expect("a stream that waits");
            assert_eq!(&got, b"more");
            drop(ours.into_std().expect("to std"));
        });
    }
}

/// A descriptor is lent for a call, and not after its runtime.
#[cfg(unix)]
pub(crate) fn fds_are_lent_for_a_call<C: Config<Driver: Net>>() {
    use std::os::fd::AsRawFd as _;
    let first = runtime::<C>();
    let stream = first.block_on(async {
        let (stream, peer) = crate::support::pair::<C>().await;
        let (mut is_on, mut len) = (0, size_of::<libc::c_int>() as libc::socklen_t);
        let done = stream.with_fd(|fd| {
            let on: libc::c_int = 1;
            let on: *const libc::c_int = &raw const on;
            let on_len = size_of::<libc::c_int>() as libc::socklen_t;
            // SAFETY: `on` is live, and so long.
            let set =
                unsafe { libc::setsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_OOBINLINE, on.cast(), on_len) };
            let out = (&raw mut is_on).cast();
            // SAFETY: both are live and writable, and `len` says how long the first is.
            let got =
                unsafe { libc::getsockopt(fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_OOBINLINE, out, &raw mut len) };
            (set, got)
        });
        assert_eq!(done.expect("open"), (0, 0));
        assert_ne!(is_on, 0, "it is on");
        drop(peer);
        stream
    });
    drop(first);
    if !<C::Driver as bespoke::driver::Driver>::STATELESS {
        let refused = stream.with_fd(|_| unreachable!("nothing is lent")).expect_err("closed");
        assert_eq!(refused.kind(), std::io::ErrorKind::BrokenPipe);
    }
}
