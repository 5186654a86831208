//! Descriptors that are passed beside bytes. What is passed is an end of a pipe in which a number lies, so that the right
//! one is known when it comes; the peers make their own system calls. [`run`](crate::support::run) counts what is left.

use crate::support::{Random, again, at_most, count, fds, runtime};
use crate::unix::Place;
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{FdsLost, UnixDatagram, UnixListener, UnixStream};
use core::pin::pin;
use core::time::Duration;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read as _, Write as _};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use std::os::unix::net::{UnixDatagram as StdDatagram, UnixStream as StdStream};

/// The reading end of a pipe, in which `number` lies.
fn holding(number: u64) -> OwnedFd {
    let (read, mut write) = std::io::pipe().expect("descriptors are free");
    write.write_all(&number.to_le_bytes()).expect("there is room");
    read.into()
}

/// What lies in the pipe.
fn held(fd: OwnedFd) -> u64 {
    let mut number = [0; 8];
    std::fs::File::from(fd).read_exact(&mut number).expect("a number lies in it");
    u64::from_le_bytes(number)
}

fn closes_on_exec(fd: &OwnedFd) -> bool {
    // SAFETY: the command takes no argument and touches no memory of ours.
    unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFD) & libc::FD_CLOEXEC != 0 }
}

/// Room for the control part of a message.
type Control = [u64; 160];

/// Makes `control` say these descriptors; how long it is then.
fn write_control(control: &mut Control, raw: &[i32]) -> usize {
    let part = libc::cmsghdr {
        // SAFETY: computes a length.
        cmsg_len: unsafe { libc::CMSG_LEN(size_of_val(raw) as u32) } as _,
        cmsg_level: libc::SOL_SOCKET,
        cmsg_type: libc::SCM_RIGHTS,
    };
    // SAFETY: computes a length.
    let room = unsafe { libc::CMSG_SPACE(size_of_val(raw) as u32) } as usize;
    // SAFETY: computes a length.
    let head = unsafe { libc::CMSG_LEN(0) } as usize;
    assert!(room <= size_of_val(control));
    // SAFETY: there is room for a head, and it is aligned.
    unsafe { control.as_mut_ptr().cast::<libc::cmsghdr>().write(part) };
    // SAFETY: in bounds, as asserted.
    let data = unsafe { control.as_mut_ptr().cast::<u8>().add(head) };
    // SAFETY: as above.
    unsafe { data.copy_from(raw.as_ptr().cast(), size_of_val(raw)) };
    room
}

/// A peer sends bytes and descriptors by a call of its own.
fn peer_sends(socket: &impl std::os::fd::AsFd, bytes: &[u8], descriptors: &[OwnedFd]) {
    let raw: Vec<i32> = descriptors.iter().map(|fd| fd.as_raw_fd()).collect();
    let mut control: Control = [0; 160];
    let room = write_control(&mut control, &raw);
    let message = IoSlice::new(bytes);
    // SAFETY: made of integers and pointers, for which zero is a value.
    let mut header: libc::msghdr = unsafe { core::mem::zeroed() };
    header.msg_iov = (&raw const message).cast_mut().cast();
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = room as _;
    let sent = again(|| {
        // SAFETY: the header and all that it names live during the call.
        let sent = unsafe { libc::sendmsg(socket.as_fd().as_raw_fd(), &raw const header, 0) };
        usize::try_from(sent).map_err(|_| std::io::Error::last_os_error())
    });
    assert_eq!(sent.expect("sent"), bytes.len());
}

/// A peer receives bytes, and at most eight descriptors, by a call of its own.
fn peer_receives(socket: &impl std::os::fd::AsFd) -> (Vec<u8>, Vec<OwnedFd>) {
    let (mut bytes, mut control) = ([0; 64], [0; 160]);
    let mut message = IoSliceMut::new(&mut bytes);
    // SAFETY: made of integers and pointers, for which zero is a value.
    let mut header: libc::msghdr = unsafe { core::mem::zeroed() };
    header.msg_iov = (&raw mut message).cast();
    header.msg_iovlen = 1;
    header.msg_control = (&raw mut control).cast::<Control>().cast();
    header.msg_controllen = size_of::<Control>() as _;
    let got = again(|| {
        // SAFETY: the header and all that it names live and are writable during the call.
        let got = unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut header, 0) };
        usize::try_from(got).map_err(|_| std::io::Error::last_os_error())
    });
    // SAFETY: the kernel filled it.
    let head = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
    let mut descriptors = Vec::new();
    if !head.is_null() {
        // SAFETY: as above.
        let part = unsafe { *head };
        // SAFETY: computes a length.
        let len = part.cmsg_len as usize - unsafe { libc::CMSG_LEN(0) } as usize;
        // SAFETY: computes an address.
        let data = unsafe { libc::CMSG_DATA(head) }.cast::<i32>();
        for index in 0..len / 4 {
            // SAFETY: in bounds, as the kernel says.
            let place = unsafe { data.add(index) };
            // SAFETY: as above.
            let raw = unsafe { place.read_unaligned() };
            // SAFETY: the kernel has just made it.
            descriptors.push(unsafe { OwnedFd::from_raw_fd(raw) });
        }
    }
    (bytes[..got.expect("received")].to_vec(), descriptors)
}

async fn pair<C: Config<Driver: Descriptors>>() -> (UnixStream<C>, StdStream) {
    let (ours, peer) = StdStream::pair().expect("descriptors are free");
    peer.set_read_timeout(Some(Duration::from_secs(30))).expect("open");
    (UnixStream::from_std(ours).expect("from std"), peer)
}

pub(crate) fn fds_go_with_bytes<C: Config<Driver: Descriptors>>() {
    runtime::<C>().block_on(async {
        let (mut ours, peer) = pair::<C>().await;
        for number in 0..20_u64 {
            let files: Vec<_> = (0..number % 4).map(|n| holding(number * 10 + n)).collect();
            let list: Vec<_> = files.iter().map(|fd| fd.as_fd()).collect();
            let (sent, buffer) = ours.send_with_fds(vec![number as u8; 8], &list).await;
            assert_eq!((sent.expect("sent"), buffer.len()), (8, 8));
            drop(files);
            let (bytes, descriptors) = peer_receives(&peer);
            assert_eq!(bytes, [number as u8; 8]);
            let numbers: Vec<_> = descriptors.into_iter().map(held).collect();
            assert_eq!(numbers, (0..number % 4).map(|n| number * 10 + n).collect::<Vec<_>>());
        }
        for number in 0..20_u64 {
            let files: Vec<_> = (0..1 + number % 4).map(|n| holding(number * 10 + n)).collect();
            peer_sends(&peer, &[number as u8; 8], &files);
            drop(files);
            let (mut bytes, mut places) = ([0; 64], [const { None }; 4]);
            let (len, came) = ours.recv_with_fds(&mut bytes, &mut places).await.expect("it comes");
            assert_eq!((&bytes[..len], came as u64), (&[number as u8; 8][..], 1 + number % 4));
            for (n, place) in places.into_iter().enumerate() {
                assert_eq!(place.is_some(), n < came);
                if let Some(fd) = place {
                    assert!(closes_on_exec(&fd));
                    assert_eq!(held(fd), number * 10 + n as u64);
                }
            }
        }
        drop(peer);
        assert_eq!(ours.recv_with_fds(&mut [0; 8], &mut [None]).await.expect("the end"), (0, 0));
    });
}

pub(crate) fn fds_stay_with_their_bytes<C: Config<Driver: Descriptors>>() {
    runtime::<C>().block_on(async {
        let (ours, peer) = pair::<C>().await;
        let (mut read, mut write) = ours.into_split();
        for number in 0..3 {
            peer_sends(&peer, b"ab", &[holding(number)]);
        }
        (&peer).write_all(b"cd").expect("open");
        let (mut bytes, mut places) = ([0; 64], [None]);
        for number in 0..2 {
            // What the last round left in the place is closed.
            let came = read.recv_with_fds(&mut bytes, &mut places).await.expect("it is there");
            assert_eq!(came, (2, 1), "no more than what belongs to one message");
            if number == 1 {
                assert_eq!(held(places[0].take().expect("one came")), 1);
            }
        }
        // A read that does not ask for them, and one that has no room for a byte.
        assert_eq!(read.read(&mut bytes).await.expect("it is there"), 2);
        assert_eq!(read.recv_with_fds(&mut [], &mut places).await.expect("nothing was asked for"), (0, 0));
        assert_eq!(read.recv_with_fds(&mut bytes, &mut []).await.expect("it is there"), (2, 0));
        write.send_with_fds("half", &[holding(7).as_fd()]).await.0.expect("sent");
        assert_eq!(held(peer_receives(&peer).1.remove(0)), 7);
        let (mut one, mut other) = UnixStream::<C>::pair().expect("descriptors are free");
        let (mut read, mut write) = (one.split().0, other.split().1);
        write.send_with_fds("half", &[holding(8).as_fd()]).await.0.expect("sent");
        assert_eq!(read.recv_with_fds(&mut bytes, &mut places).await.expect("sent"), (4, 1));
        assert_eq!(places[0].take().map(held), Some(8));
    });
}

pub(crate) fn fds_that_have_no_place<C: Config<Driver: Descriptors>>() {
    runtime::<C>().block_on(async {
        let (mut ours, peer) = pair::<C>().await;
        let files: Vec<_> = (0..3).map(holding).collect();
        let before = fds();
        for room in 0..3 {
            peer_sends(&peer, b"three", &files);
            let (mut bytes, mut places) = ([0; 64], [const { None }; 4]);
            let error = ours.recv_with_fds(&mut bytes, &mut places[..room]).await.expect_err("too many came");
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert_eq!(FdsLost::of(&error).expect("it says so").bytes(), 5);
            assert_eq!(&bytes[..5], b"three");
            assert!(places.iter().all(Option::is_none));
            assert_eq!(fds(), before, "all that came are closed");
        }
        peer_sends(&peer, b"three", &files);
        let mut places = [const { None }; 3];
        assert_eq!(ours.recv_with_fds(&mut [0; 64], &mut places).await.expect("as many places"), (5, 3));
        assert_eq!(fds(), before + 3);
    });
}

pub(crate) fn fds_that_cannot_go<C: Config<Driver: Descriptors>>() {
    runtime::<C>().block_on(async {
        let (mut ours, mut peer) = pair::<C>().await;
        let file = holding(1);
        let list: Vec<BorrowedFd<'_>> = (0..254).map(|_| file.as_fd()).collect();
        let (sent, buffer) = ours.send_with_fds("too many", &list).await;
        assert_eq!(sent.expect_err("too many").kind(), ErrorKind::InvalidInput);
        assert_eq!(buffer.as_ref(), b"too many");
        let error = ours.send_with_fds("", &list[..1]).await.0.expect_err("a stream has no place for them");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        ours.write_all("!").await.0.expect("the stream is as good as before");
        assert_eq!(again(|| peer.read(&mut [0; 8])).expect("nothing else came"), 1);
        let (mut one, mut other) = UnixStream::<C>::pair().expect("descriptors are free");
        one.send_with_fds("as many as can", &list[..253]).await.0.expect("sent");
        let mut places = [const { None }; 253];
        assert_eq!(other.recv_with_fds(&mut [0; 64], &mut places).await.expect("it comes"), (14, 253));
    });
}

pub(crate) fn fds_go_with_datagrams<C: Config<Driver: Descriptors>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("passing");
        let (bound, peer) = (UnixDatagram::<C>::bind(&place.0), StdDatagram::unbound());
        let (bound, peer) = (bound.expect("the path is free"), peer.expect("a descriptor is free"));
        peer.connect(&place.0).expect("it is there");
        let (mut bytes, mut places) = ([0; 64], [const { None }; 2]);
        peer_sends(&peer, b"tea", &[holding(1), holding(2)]);
        let (len, came, from) = bound.recv_from_with_fds(&mut bytes, &mut places).await.expect("it comes");
        assert!(len == 3 && came == 2 && from.is_unnamed());
        assert_eq!(places.each_mut().map(|place| place.take().map(held)), [Some(1), Some(2)]);
        // An empty one.
        peer_sends(&peer, b"", &[holding(3)]);
        assert_eq!(bound.recv_with_fds(&mut bytes, &mut places).await.expect("it comes"), (0, 1));
        assert_eq!(places[0].take().map(held), Some(3));
        // Too many, and then a plain receive, which closes them.
        peer_sends(&peer, b"tea", &[holding(1), holding(2)]);
        let error = bound.recv_with_fds(&mut bytes, &mut places[..1]).await.expect_err("too many came");
        assert_eq!(FdsLost::of(&error).map(FdsLost::bytes), Some(3));
        // Its sender can be answered.
        let named = Place::new("passing-named");
        let other = StdDatagram::bind(&named.0).expect("the path is free");
        other.connect(&place.0).expect("it is there");
        peer_sends(&other, b"tea", &[holding(1), holding(2)]);
        let error = bound.recv_from_with_fds(&mut bytes, &mut places[..1]).await.expect_err("too many came");
        let sender = FdsLost::of(&error).and_then(FdsLost::sender).expect("a datagram has one");
        assert_eq!(sender.as_pathname(), Some(&*named.0));
        peer_sends(&peer, b"tea", &[holding(4)]);
        assert_eq!(bound.recv(&mut bytes).await.expect("it comes"), 3);

        let (one, other) = UnixDatagram::<C>::pair().expect("descriptors are free");
        one.send_with_fds("", &[holding(5).as_fd()]).await.0.expect("sent");
        assert_eq!(other.recv_with_fds(&mut bytes, &mut places).await.expect("it comes"), (0, 1));
        assert_eq!(places[0].take().map(held), Some(5));
        let to = bound.local_addr().expect("bound");
        let from_place = Place::new("passing-from");
        let sender = UnixDatagram::<C>::bind(&from_place.0).expect("the path is free");
        let name = sender.local_addr().expect("bound");
        sender.send_to_addr_with_fds("named", &to, &[holding(6).as_fd()]).await.0.expect("sent");
        let (len, came, from) = bound.recv_from_with_fds(&mut bytes, &mut places).await.expect("it comes");
        assert_eq!((len, came, from.as_pathname()), (5, 1, name.as_pathname()));
        assert_eq!(places[0].take().map(held), Some(6));
    });
}

/// A server gives each connection away: to a process of its own, say.
pub(crate) fn fds_of_connections<C: Config<Driver: Descriptors>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("handed");
        let listener = UnixListener::<C>::bind(&place.0).expect("the path is free");
        let mut client = StdStream::connect(&place.0).expect("a listener is there");
        let accepted = listener.accept().await.expect("it waits").0.into_std().expect("nothing is under way");
        let (mut one, mut other) = UnixStream::<C>::pair().expect("descriptors are free");
        one.send_with_fds("yours", &[accepted.as_fd()]).await.0.expect("sent");
        drop(accepted);
        let mut places = [None];
        other.recv_with_fds(&mut [0; 8], &mut places).await.expect("it comes");
        let stream = StdStream::from(places[0].take().expect("one came"));
        let mut stream = UnixStream::<C>::from_std(stream).expect("a stream like any other");
        stream.write_all("hello").await.0.expect("open");
        let mut got = [0; 5];
        client.read_exact(&mut got).expect("sent");
        assert_eq!(&got, b"hello");
    });
}

/// Receives, and sends of more than there is room for, that are dropped at every point: each descriptor comes once, with its
/// bytes, and none is left.
pub(crate) fn dropped_calls_with_fds_lose_nothing<C: Config<Driver: Descriptors>>() {
    let messages = count(600, 10_000);
    let mut random = Random::new(41);
    let mut dropped = 0u64;
    runtime::<C>().block_on(async {
        let (mut ours, peer) = pair::<C>().await;
        let sender = std::thread::spawn(move || {
            for number in 0..messages {
                peer_sends(&peer, &number.to_le_bytes(), &[holding(number)]);
            }
            peer
        });
        for number in 0..messages {
            let (mut bytes, mut places) = ([0; 8], [const { None }; 2]);
            let came = loop {
                let receive = pin!(ours.recv_with_fds(&mut bytes, &mut places));
                match at_most(receive, random.below(3) as u32, || ()).await {
                    Some(came) => break came.expect("it comes"),
                    None => dropped += 1,
                }
                if random.once_in(2) {
                    C::yield_now().await;
                }
            };
            assert_eq!(came, (8, 1));
            assert_eq!((u64::from_le_bytes(bytes), held(places[0].take().expect("one came"))), (number, number));
        }
        // Nobody reads now: the sends that are given up have sent nothing, or all.
        let peer = sender.join().expect("all were sent");
        let mut sent = 0u64;
        for _ in 0..2_000 {
            let file = holding(sent);
            let list = [file.as_fd()];
            // A poll of its own: the last one may have no budget left.
            C::yield_now().await;
            let send = pin!(ours.send_with_fds(sent.to_le_bytes().to_vec(), &list));
            match at_most(send, 1, || ()).await {
                Some((taken, _)) => {
                    assert_eq!(taken.expect("open"), 8);
                    sent += 1;
                }
                None => break,
            }
        }
        assert!((1..2_000).contains(&sent), "there was room for one, and not for all: {sent}");
        for number in 0..sent {
            let (bytes, mut descriptors) = peer_receives(&peer);
            assert_eq!((&*bytes, held(descriptors.remove(0))), (&number.to_le_bytes()[..], number));
        }
    });
    println!("{messages} messages, {dropped} receives dropped");
    assert!(dropped > messages / 8, "too few drops to show anything");
}

/// Who reads bytes alone takes no more of them than it asks for: the descriptors that come behind are for the next reader.
pub(crate) fn fds_come_behind_a_short_read<C: Config<Driver: Descriptors>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("behind");
        let listener = std::os::unix::net::UnixListener::bind(&place.0).expect("the path is free");
        let connected = UnixStream::<C>::connect(&place.0).await.expect("a listener is there");
        let (accepted, _) = listener.accept().expect("it waits");
        let (from_elsewhere, peer) = pair::<C>().await;
        for (mut ours, peer) in [(connected, accepted), (from_elsewhere, peer)] {
            // Both come while the reader waits for the first.
            let sender = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                peer_sends(&peer, b"head", &[]);
                peer_sends(&peer, b"body", &[holding(7)]);
                peer
            });
            let mut head = [0; 4];
            ours.read_exact(&mut head).await.expect("it comes");
            assert_eq!(&head, b"head");
            C::sleep(Duration::from_millis(20)).await;
            let (mut body, mut places) = ([0; 8], [const { None }; 2]);
            let (len, came) = ours.recv_with_fds(&mut body, &mut places).await.expect("it comes");
            assert_eq!((&body[..len], came), (&b"body"[..], 1));
            assert_eq!(held(places[0].take().expect("one came")), 7);
            sender.join().expect("both were sent");
        }
    });
}

pub(crate) fn fds_at_shutdown<C: Config<Driver: Descriptors>>() {
    let runtime = runtime::<C>();
    let (peers, tasks) = runtime.block_on(async {
        let (mut one, peer) = pair::<C>().await;
        // Something comes, and nobody takes it.
        let (waiting, other) = pair::<C>().await;
        peer_sends(&other, b"late", &[holding(1)]);
        let task = C::spawn(async move {
            let _waiting = waiting;
            one.recv_with_fds(&mut [0; 8], &mut [None]).await.map(drop)
        });
        C::sleep(Duration::from_millis(20)).await;
        ((peer, other), task)
    });
    drop(runtime);
    assert!(tasks.is_finished());
    drop(peers);
}
