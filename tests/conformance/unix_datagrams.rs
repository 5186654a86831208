//! Datagrams of Unix sockets: none is lost, cut or turned round unless the receiver's buffer is too short, and a sender waits
//! for room.

use crate::support::{Random, again, at_most, count, runtime};
use crate::unix::Place;
use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::prelude::*;
use bespoke::rt::UnixDatagram;
use core::pin::pin;
use core::time::Duration;
use std::io::ErrorKind;
use std::net::Shutdown;
use std::os::unix::net::UnixDatagram as StdSocket;

/// A time that nothing here takes.
const LONG: Duration = Duration::from_secs(30);

fn std_socket(place: &Place) -> StdSocket {
    let socket = StdSocket::bind(&place.0).expect("the path is free");
    socket.set_read_timeout(Some(LONG)).expect("open");
    socket
}

pub(crate) fn unix_datagrams_echo<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let (ours_at, peer_at) = (Place::new("datagrams"), Place::new("datagrams-peer"));
        let ours = UnixDatagram::<C>::bind(&ours_at.0).expect("the path is free");
        assert_eq!(ours.local_addr().expect("bound").as_pathname(), Some(&*ours_at.0));
        assert_eq!(ours.peer_addr().expect_err("it has none").kind(), ErrorKind::NotConnected);
        let peer = std_socket(&peer_at);
        let echo = std::thread::spawn(move || {
            let mut buffer = [0; 2048];
            loop {
                let (n, from) = again(|| peer.recv_from(&mut buffer)).expect("one comes");
                again(|| peer.send_to(&buffer[..n], from.as_pathname().expect("bound"))).expect("sent");
                if n == 0 {
                    return;
                }
            }
        });
        let mut got = [0; 2048];
        for len in (1..2000).step_by(100) {
            let (sent, datagram) = ours.send_to(vec![len as u8; len], &peer_at.0).await;
            assert_eq!(sent.expect("sent"), len);
            let (n, from) = ours.recv_from(&mut got).await.expect("it comes back");
            assert_eq!((&got[..n], from.as_pathname()), (&*datagram, Some(&*peer_at.0)));
            if len % 200 == 1 {
                assert_eq!(ours.send_to_addr(datagram, &from).await.0.expect("sent"), len);
                assert_eq!(ours.recv(&mut got).await.expect("it comes back"), len);
            }
        }
        ours.connect(&peer_at.0).expect("it is there");
        assert_eq!(ours.peer_addr().expect("it has one").as_pathname(), Some(&*peer_at.0));
        assert_eq!(ours.send("tea").await.0.expect("sent"), 3);
        assert_eq!(ours.recv(&mut got[..2]).await.expect("it comes back"), 2, "the rest is gone");
        // An empty one is a datagram like any other.
        assert_eq!(ours.send("").await.0.expect("sent"), 0);
        assert_eq!(ours.recv(&mut got).await.expect("it comes back"), 0);
        echo.join().expect("it saw the empty one");
    });
}

pub(crate) fn unix_datagram_pairs<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let (one, other) = UnixDatagram::<C>::pair().expect("descriptors are free");
        for message in ["a", "few", "of", "them"] {
            one.send(message).await.0.expect("sent");
        }
        let mut got = [0; 16];
        for message in ["a", "few", "of", "them"] {
            let (n, from) = other.recv_from(&mut got).await.expect("it is there");
            assert_eq!(&got[..n], message.as_bytes());
            assert!(from.is_unnamed());
        }
        #[cfg(target_os = "linux")]
        {
            let peer = one.peer_credentials().expect("of a pair");
            assert_eq!(peer.process, Some(std::process::id().cast_signed()));
        }
        one.set_send_buffer_size(50_000).expect("open");
        assert!(one.send_buffer_size().expect("open") >= 50_000);
        assert!(one.take_error().expect("open").is_none());
        one.shutdown(Shutdown::Both).expect("it has a peer");
        assert_eq!(one.send("more").await.0.expect_err("ended").kind(), ErrorKind::BrokenPipe);
        assert_eq!(other.send("more").await.0.expect_err("nobody receives").kind(), ErrorKind::BrokenPipe);
    });
}

#[cfg(target_os = "linux")]
pub(crate) fn unix_datagrams_without_files<C: Config<Driver: Unix>>() {
    use bespoke::rt::UnixAddr;
    use std::os::linux::net::SocketAddrExt as _;
    runtime::<C>().block_on(async {
        let name = format!("bespoke-datagrams-{}", std::process::id());
        let address = UnixAddr::from_abstract_name(&name).expect("short");
        let ours = UnixDatagram::<C>::bind_addr(&address).expect("the name is free");
        let client = UnixDatagram::<C>::unbound().expect("a descriptor is free");
        client.connect_addr(&address).expect("it is there");
        client.send("tea").await.0.expect("sent");
        let (n, from) = ours.recv_from(&mut [0; 8]).await.expect("it comes");
        assert!(n == 3 && from.is_unnamed());
        ours.send_to_addr("self", &address).await.0.expect("sent");
        let (n, from) = ours.recv_from(&mut [0; 8]).await.expect("it comes");
        assert_eq!((n, from.as_abstract_name()), (4, Some(name.as_bytes())));
    });
}

pub(crate) fn unix_datagram_errors<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("datagram-errors");
        let ours = UnixDatagram::<C>::bind(&place.0).expect("the path is free");
        let error = UnixDatagram::<C>::bind(&place.0).expect_err("it is taken");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&place.0.display().to_string()), "{error}");
        let long = "x".repeat(200);
        assert_eq!(UnixDatagram::<C>::bind(&long).expect_err("too long").kind(), ErrorKind::InvalidInput);
        let (sent, back) = ours.send_to(vec![1, 2], &long).await;
        assert_eq!((sent.expect_err("too long").kind(), back), (ErrorKind::InvalidInput, vec![1, 2]));
        let nobody = Place::new("datagram-nobody");
        let (sent, back) = ours.send_to(vec![1, 2], &nobody.0).await;
        assert_eq!((sent.expect_err("nobody").kind(), back), (ErrorKind::NotFound, vec![1, 2]));
        assert_eq!(ours.connect(&nobody.0).expect_err("nobody").kind(), ErrorKind::NotFound);
        assert_eq!(ours.send("tea").await.0.expect_err("it has no peer").kind(), ErrorKind::NotConnected);
        let error = ours.send_to(vec![0; 8 << 20], &place.0).await.0.expect_err("no datagram is that long");
        assert_eq!(error.raw_os_error(), Some(libc::EMSGSIZE));
        // The file of one that is closed.
        drop(StdSocket::bind(&nobody.0).expect("the path is free"));
        assert_eq!(ours.send_to("tea", &nobody.0).await.0.expect_err("closed").kind(), ErrorKind::ConnectionRefused);
    });
}

/// A receiver that is slow: its sender waits, and each datagram comes once, in order.
pub(crate) fn unix_datagrams_to_a_slow_receiver<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let (ours, peer) = StdSocket::pair().expect("descriptors are free");
        peer.set_read_timeout(Some(LONG)).expect("open");
        let ours = UnixDatagram::<C>::from_std(ours).expect("from std");
        let reader = std::thread::spawn(move || {
            for number in 0..2_000_u32 {
                if number % 500 == 0 {
                    std::thread::sleep(Duration::from_millis(2));
                }
                let mut got = [0; 1024];
                assert_eq!(again(|| peer.recv(&mut got)).expect("it comes"), 1024);
                assert_eq!(got[..4], number.to_le_bytes());
            }
        });
        for number in 0..2_000_u32 {
            let mut datagram = vec![0; 1024];
            datagram[..4].copy_from_slice(&number.to_le_bytes());
            C::timeout(LONG, ours.send(datagram)).await.expect("it is read").0.expect("sent");
        }
        reader.join().expect("it got all of them");
    });
}

/// A receiver that others have filled. Of one that is not its peer, the system does not tell a sender when there is room.
#[cfg(target_os = "linux")]
pub(crate) fn unix_datagrams_to_a_full_receiver<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("datagram-full");
        let receiver = std_socket(&place);
        let fill = || {
            let filler = StdSocket::unbound().expect("a descriptor is free");
            filler.set_nonblocking(true).expect("open");
            let mut count = 0;
            while again(|| filler.send_to(b"full", &place.0)).is_ok() {
                count += 1;
            }
            count
        };
        let (ours, connected) = (UnixDatagram::<C>::unbound(), UnixDatagram::<C>::unbound());
        let (ours, connected) = (ours.expect("a descriptor is free"), connected.expect("a descriptor is free"));
        connected.connect(&place.0).expect("it is there");
        for round in 0..4 {
            let full = fill();
            assert!(full > 0, "there was room");
            // One that is given up leaves nothing.
            let (mut polls, mut send) = (0, pin!(ours.send_to("never", &place.0)));
            let counted = core::future::poll_fn(|cx| {
                polls += 1;
                send.as_mut().poll(cx)
            });
            assert!(C::timeout(Duration::from_millis(40), counted).await.is_err(), "there is no room");
            assert!(polls < 200, "it waits, and does not spin: {polls} polls");
            let reader = receiver.try_clone().expect("a descriptor is free");
            let reader = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(3));
                let mut got = [0; 16];
                for _ in 0..full {
                    assert_eq!(again(|| reader.recv(&mut got)).expect("it is there"), 4);
                }
                let n = again(|| reader.recv(&mut got)).expect("it comes");
                String::from_utf8_lossy(&got[..n]).into_owned()
            });
            let send = async {
                if round % 2 == 0 { ours.send_to("at last", &place.0).await } else { connected.send("at last").await }
            };
            C::timeout(LONG, send).await.expect("there is room again").0.expect("sent");
            assert_eq!(reader.join().expect("it read all"), "at last");
        }
    });
}

pub(crate) fn unix_datagrams_outlive_their_runtime<C: Config<Driver: Unix>>() {
    let first = runtime::<C>();
    let (ours, other) = first.block_on(async { UnixDatagram::<C>::pair() }).expect("descriptors are free");
    drop(first);
    let later = runtime::<C>();
    if !<C::Driver as Driver>::STATELESS {
        let error = later.block_on(ours.recv(&mut [0; 8])).expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
        let error = later.block_on(ours.send("tea")).0.expect_err("closed");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    }
    assert_eq!(other.local_addr().expect_err("closed").kind(), ErrorKind::BrokenPipe);
    assert_eq!(other.into_std().expect_err("closed").kind(), ErrorKind::BrokenPipe);
}

/// Tasks that wait to receive and to send when the runtime closes.
pub(crate) fn unix_datagrams_at_shutdown<C: Config<Driver: Unix>>() {
    let place = Place::new("datagram-shutdown");
    let receiver = std_socket(&place);
    let runtime = runtime::<C>();
    let path = place.0.clone();
    let tasks = runtime.block_on(async {
        let waits = C::spawn(async {
            let ours = UnixDatagram::<C>::unbound().expect("a descriptor is free");
            ours.recv_from(&mut [0; 8]).await.map(|(n, _)| n)
        });
        let sends = C::spawn(async move {
            let ours = UnixDatagram::<C>::unbound().expect("a descriptor is free");
            loop {
                ours.send_to("tea", &path).await.0?;
            }
            #[expect(unreachable_code, reason = "the type of the task")]
            std::io::Result::Ok(0)
        });
        C::sleep(Duration::from_millis(20)).await;
        [waits, sends]
    });
    drop(runtime);
    assert!(tasks.iter().all(|task| task.is_finished()));
    drop(receiver);
}

pub(crate) fn unix_datagrams_come_and_go<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let (one, other) = StdSocket::pair().expect("descriptors are free");
        let ours = UnixDatagram::<C>::from_std(one).expect("from std");
        again(|| other.send(b"tea")).expect("sent");
        assert_eq!(ours.recv(&mut [0; 8]).await.expect("it comes"), 3);
        again(|| other.send(b"more")).expect("sent");
        let theirs = ours.into_std().expect("nothing is under way");
        assert_eq!(again(|| theirs.recv(&mut [0; 8])).expect("it is still there"), 4);
    });
}

/// Numbered datagrams, and receives that are dropped at every point: every number comes, once, in order.
pub(crate) fn unix_dropped_receives_lose_nothing<C: Config<Driver: Unix>>() {
    let datagrams = count(2_000, 50_000);
    let mut random = Random::new(37);
    let mut dropped = 0u64;
    runtime::<C>().block_on(async {
        let (ours, peer) = StdSocket::pair().expect("descriptors are free");
        let ours = UnixDatagram::<C>::from_std(ours).expect("from std");
        let sender = std::thread::spawn(move || {
            for number in 0..datagrams {
                again(|| peer.send(&number.to_le_bytes())).expect("sent");
            }
            peer
        });
        let mut buffer = [0; 8];
        for number in 0..datagrams {
            loop {
                let polls = random.below(3) as u32;
                let received = if random.once_in(2) {
                    at_most(pin!(ours.recv_from(&mut buffer)), polls, || ()).await.map(|r| r.map(|(n, _)| n))
                } else {
                    at_most(pin!(ours.recv(&mut buffer)), polls, || ()).await
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
        }
        drop(sender.join().expect("all were sent"));
    });
    println!("{datagrams} datagrams, {dropped} receives dropped");
    assert!(dropped > datagrams / 8, "too few drops to show anything");
}

/// Linux lets a path fill its 108 bytes without a zero behind it; `std` holds no such name. A peer that has one is a peer.
#[cfg(target_os = "linux")]
pub(crate) fn unix_names_of_108_bytes<C: Config<Driver: Unix>>() {
    use bespoke::rt::UnixListener;
    use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
    use std::path::Path;

    /// The address with so many bytes, and its length without a zero.
    fn address(path: &Path) -> (libc::sockaddr_un, libc::socklen_t) {
        // SAFETY: made of integers, for which zero is a value.
        let mut address: libc::sockaddr_un = unsafe { core::mem::zeroed() };
        address.sun_family = libc::AF_UNIX as _;
        let bytes = path.as_os_str().as_encoded_bytes();
        address.sun_path.iter_mut().zip(bytes).for_each(|(to, byte)| *to = *byte as _);
        (address, (core::mem::offset_of!(libc::sockaddr_un, sun_path) + bytes.len()) as _)
    }
    fn socket_at(path: &Path, kind: libc::c_int) -> OwnedFd {
        // SAFETY: takes integers only.
        let raw = unsafe { libc::socket(libc::AF_UNIX, kind | libc::SOCK_CLOEXEC, 0) };
        assert!(raw >= 0, "{}", std::io::Error::last_os_error());
        // SAFETY: new, and nobody else's.
        let socket = unsafe { OwnedFd::from_raw_fd(raw) };
        let (address, len) = address(path);
        // SAFETY: the address is live and so long.
        let bound = unsafe { libc::bind(raw, (&raw const address).cast(), len) };
        assert_eq!(bound, 0, "{}", std::io::Error::last_os_error());
        socket
    }
    fn connect(socket: &OwnedFd, to: &Path) {
        let (address, len) = address(to);
        // SAFETY: the address is live and so long.
        let done = unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), len) };
        assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
    }

    let short = Place::new("n");
    let missing = 108 - short.0.as_os_str().len();
    let name = short.0.file_name().expect("a file").to_string_lossy().into_owned();
    let long = Place(short.0.with_file_name(format!("{name}{}", "p".repeat(missing))));
    let _ = std::fs::remove_file(&long.0);
    assert_eq!(long.0.as_os_str().len(), 108);
    runtime::<C>().block_on(async {
        let at = Place::new("names-stream");
        let listener = UnixListener::<C>::bind(&at.0).expect("the path is free");
        let peer = socket_at(&long.0, libc::SOCK_STREAM);
        connect(&peer, &at.0);
        let (mut stream, address) =
            C::timeout(LONG, listener.accept()).await.expect("it comes").expect("it is a peer like any other");
        assert!(address.is_unnamed(), "{address:?}");
        drop((peer, std::fs::remove_file(&long.0)));
        assert_eq!(stream.read(&mut [0; 8]).await.expect("the peer has gone"), 0);

        let at = Place::new("names-datagram");
        let ours = UnixDatagram::<C>::bind(&at.0).expect("the path is free");
        let peer = socket_at(&long.0, libc::SOCK_DGRAM);
        connect(&peer, &at.0);
        let sent = again(|| {
            // SAFETY: the bytes live during the call.
            let sent = unsafe { libc::send(peer.as_raw_fd(), b"tea".as_ptr().cast(), 3, 0) };
            usize::try_from(sent).map_err(|_| std::io::Error::last_os_error())
        });
        assert_eq!(sent.expect("connected"), 3);
        let mut buffer = [0; 8];
        let (n, sender) = ours.recv_from(&mut buffer).await.expect("it is a datagram like any other");
        assert_eq!(&buffer[..n], b"tea");
        assert!(sender.is_unnamed(), "{sender:?}");
    });
}
