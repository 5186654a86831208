//! Unix sockets. The peers are sockets of `std`; each path is one of the process's own, in the folder for such things.

use crate::support::{Random, again, assert_numbered, at_most, bytes, count, runtime};
use bespoke::Config;
use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::{UnixListener, UnixStream};
use core::pin::pin;
use core::time::Duration;
use std::io::{ErrorKind, IoSlice, IoSliceMut, Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener as StdListener, UnixStream as StdStream};
use std::path::PathBuf;

/// A path that nobody has; the file is removed at the end.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("bespoke-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        Place(path)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A stream of the runtime and its peer, a socket of `std`.
async fn connected<C: Config<Driver: Unix>>() -> (UnixStream<C>, StdStream) {
    let place = Place::new("pair");
    let listener = StdListener::bind(&place.0).expect("the path is free");
    let ours = UnixStream::<C>::connect(&place.0).await.expect("a listener is there");
    let (theirs, _) = listener.accept().expect("a connection waits");
    theirs.set_read_timeout(Some(Duration::from_secs(10))).expect("open");
    (ours, theirs)
}

pub(crate) fn unix_echo<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("echo");
        let listener = UnixListener::<C>::bind(&place.0).expect("the path is free");
        let path = place.0.clone();
        let client = std::thread::spawn(move || {
            let mut client = StdStream::connect(path).expect("a listener is there");
            client.write_all(&bytes(0, 100_000)).expect("an echo reads");
            client.shutdown(Shutdown::Write).expect("open");
            let mut back = Vec::new();
            client.read_to_end(&mut back).expect("it ends");
            back
        });
        let (mut stream, peer) = listener.accept().await.expect("a client comes");
        assert!(peer.is_unnamed());
        let mut all = Vec::new();
        let mut buffer = [0; 1000];
        while let n @ 1.. = stream.read(&mut buffer).await.expect("open") {
            all.extend_from_slice(&buffer[..n]);
        }
        assert_numbered(0, &all);
        stream.write_all(all).await.0.expect("open");
        stream.shutdown(Shutdown::Write).expect("open");
        let back = client.join().expect("it has its echo");
        assert_eq!(back.len(), 100_000);
        assert_numbered(0, &back);
    });
}

pub(crate) fn unix_addresses<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("addresses");
        let listener = UnixListener::<C>::bind(&place.0).expect("the path is free");
        assert_eq!(listener.local_addr().expect("bound").as_pathname(), Some(&*place.0));
        let client = UnixStream::<C>::connect(&place.0).await.expect("a listener is there");
        let (server, _) = listener.accept().await.expect("it waits");
        for end in [client.peer_addr(), server.local_addr()] {
            assert_eq!(end.expect("connected").as_pathname(), Some(&*place.0));
        }
        for end in [client.local_addr(), server.peer_addr()] {
            assert!(end.expect("connected").is_unnamed());
        }
        #[cfg(target_os = "linux")]
        {
            use bespoke::rt::UnixAddr;
            use std::os::linux::net::SocketAddrExt as _;
            let name = format!("bespoke-{}", std::process::id());
            let address = UnixAddr::from_abstract_name(&name).expect("short");
            let listener = UnixListener::<C>::bind_addr(&address).expect("the name is free");
            let got = listener.local_addr().expect("bound");
            assert_eq!(got.as_abstract_name(), Some(name.as_bytes()));
            let peer = StdStream::connect_addr(&address).expect("a listener is there");
            drop(listener.accept().await.expect("it waits"));
            drop(peer);
            let stream = UnixStream::<C>::connect_addr(&got).await.expect("a listener is there");
            assert_eq!(stream.peer_addr().expect("connected").as_abstract_name(), Some(name.as_bytes()));
        }
    });
}

pub(crate) fn unix_halves<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let (one, mut other) = UnixStream::<C>::pair().expect("descriptors are free");
        let (mut read, mut write) = one.into_split();
        write.write_all("tea").await.0.expect("open");
        assert!(write.stream().local_addr().expect("open").is_unnamed());
        drop(write);
        let mut got = [0; 8];
        assert_eq!(other.read(&mut got).await.expect("sent"), 3);
        assert_eq!(other.read(&mut got).await.expect("the end"), 0);
        other.write_all("biscuit").await.0.expect("the other direction is open");
        assert_eq!(read.read(&mut got).await.expect("sent"), 7);

        let (one, mut other) = UnixStream::<C>::pair().expect("descriptors are free");
        let (read, write) = one.into_split();
        let error = read.reunite(UnixStream::<C>::pair().expect("free").0.into_split().1).expect_err("of two streams");
        let mut whole = error.0.reunite(write).expect("of one stream");
        whole.write_all("whole").await.0.expect("nothing was ended");
        let (mut read, _) = other.split();
        assert_eq!(read.read(&mut got).await.expect("sent"), 5);
        // A peer that is gone: an error, and no signal.
        drop(other);
        // A driver may close with its next turn.
        C::sleep(Duration::from_millis(1)).await;
        let error = whole.write_all("to nobody").await.0.expect_err("nobody is there");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert_eq!(whole.read(&mut got).await.expect("the end"), 0);
    });
}

pub(crate) fn unix_credentials<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let (ours, _theirs) = connected::<C>().await;
        let peer = ours.peer_credentials().expect("connected");
        // SAFETY: this call does nothing but answer.
        assert_eq!(peer.user, unsafe { libc::geteuid() });
        // SAFETY: as above.
        assert_eq!(peer.group, unsafe { libc::getegid() });
        if cfg!(target_os = "linux") {
            assert_eq!(peer.process, i32::try_from(std::process::id()).ok());
        }
        assert!(ours.take_error().expect("open").is_none());
        ours.set_send_buffer_size(60_000).expect("open");
        assert!(ours.send_buffer_size().expect("open") >= 60_000);
    });
}

pub(crate) fn unix_errors<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let place = Place::new("errors");
        let error = UnixStream::<C>::connect(&place.0).await.expect_err("there is nothing");
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let at = format!("cannot connect to `{}`: ", place.0.display());
        assert!(error.to_string().starts_with(&at), "{error}");
        drop(UnixListener::<C>::bind(&place.0).expect("the path is free"));
        let error = UnixStream::<C>::connect(&place.0).await.expect_err("nobody listens any more");
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        let error = UnixListener::<C>::bind(&place.0).expect_err("the file is still there");
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        let long = "x".repeat(200);
        let error = UnixStream::<C>::connect(&long).await.expect_err("no address");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains(&long), "{error}");
    });
}

/// The system ends a read at a message that carries descriptors, although more is there: that read is short, and must not
/// count as the last.
pub(crate) fn unix_reads_go_on_after_descriptors<C: Config<Driver: Unix>>() {
    /// Sends two bytes and a descriptor.
    fn send_with_descriptor(stream: &StdStream) {
        let message = IoSlice::new(b"ab");
        // SAFETY: computes a length.
        let room = unsafe { libc::CMSG_SPACE(4) } as usize;
        // SAFETY: as above.
        let len = unsafe { libc::CMSG_LEN(4) };
        let mut control = [0u64; 8];
        assert!(room <= size_of_val(&control));
        // SAFETY: made of integers and pointers, for which zero is a value.
        let mut header: libc::msghdr = unsafe { core::mem::zeroed() };
        header.msg_iov = (&raw const message).cast_mut().cast();
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = room as _;
        // SAFETY: the header has room for one, as said above.
        let first = unsafe { libc::CMSG_FIRSTHDR(&raw const header) };
        let part = libc::cmsghdr { cmsg_len: len as _, cmsg_level: libc::SOL_SOCKET, cmsg_type: libc::SCM_RIGHTS };
        // SAFETY: `first` points to room for it in `control`.
        unsafe { first.write(part) };
        // SAFETY: what it says stands in `control`, behind the part's head.
        let data = unsafe { libc::CMSG_DATA(first) };
        // SAFETY: there is room for one descriptor.
        unsafe { data.cast::<libc::c_int>().write_unaligned(stream.as_raw_fd()) };
        let sent = again(|| {
            // SAFETY: the header and all that it names live during the call.
            let sent = unsafe { libc::sendmsg(stream.as_raw_fd(), &raw const header, 0) };
            if sent < 0 { Err(std::io::Error::last_os_error()) } else { Ok(sent) }
        });
        assert_eq!(sent.expect("open"), 2);
    }
    runtime::<C>().block_on(async {
        for round in 0..3 {
            let (mut ours, mut theirs) = connected::<C>().await;
            if round > 0 {
                // As one that was accepted, or of a pair.
                let place = Place::new("early");
                let listener = UnixListener::<C>::bind(&place.0).expect("the path is free");
                theirs = StdStream::connect(&place.0).expect("a listener is there");
                ours = listener.accept().await.expect("it waits").0;
            }
            send_with_descriptor(&theirs);
            theirs.write_all(b"cd").expect("open");
            // The driver has seen both come before the first read: nothing more will tell it.
            C::sleep(Duration::from_millis(5)).await;
            let mut got = [0; 64];
            let mut all = Vec::new();
            while all.len() < 4 {
                let read = async {
                    if round == 1 {
                        let (one, two) = got.split_at_mut(1);
                        ours.read_vectored(&mut [IoSliceMut::new(one), IoSliceMut::new(two)]).await
                    } else {
                        ours.read(&mut got).await
                    }
                };
                let read = C::timeout(Duration::from_secs(10), read).await.expect("more is there");
                all.extend_from_slice(&got[..read.expect("open")]);
            }
            assert_eq!(all, b"abcd");
        }
    });
}

/// As of TCP. Not every kernel has urgent bytes of Unix streams.
pub(crate) fn unix_reads_go_on_after_an_urgent_byte<C: Config<Driver: Unix>>() {
    runtime::<C>().block_on(async {
        let (mut ours, theirs) = connected::<C>().await;
        let send = |bytes: &[u8], flags| {
            again(|| {
                // SAFETY: the bytes live during the call.
                let sent = unsafe { libc::send(theirs.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
                usize::try_from(sent).map_err(|_| std::io::Error::last_os_error())
            })
        };
        for _ in 0..2 {
            assert_eq!(send(b"abc", 0).expect("open"), 3);
            match send(b"d", libc::MSG_OOB) {
                Ok(sent) => assert_eq!(sent, 1),
                Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {
                    return crate::support::skipped("no urgent bytes of Unix streams here");
                }
                Err(error) => panic!("open: {error}"),
            }
            assert_eq!(send(b"efg", 0).expect("open"), 3);
            C::sleep(Duration::from_millis(20)).await; // all of it is there
            let (mut got, mut buffer) = (Vec::new(), [0; 64]);
            while got.len() < 6 {
                let read = C::timeout(Duration::from_secs(10), ours.read(&mut buffer)).await.expect("there is more");
                got.extend_from_slice(&buffer[..read.expect("open")]);
            }
            assert_eq!(got, b"abcefg");
        }
    });
}

pub(crate) fn unix_at_shutdown<C: Config<Driver: Unix>>() {
    let runtime = runtime::<C>();
    let place = Place::new("shutdown");
    let (tasks, kept) = runtime.block_on(async {
        let listener = UnixListener::<C>::bind(&place.0).expect("the path is free");
        let (mut one, kept) = UnixStream::<C>::pair().expect("descriptors are free");
        let reads = C::spawn(async move { one.read(&mut [0; 8]).await.map(drop) });
        let accepts = C::spawn(async move { listener.accept().await.map(drop) });
        C::sleep(Duration::from_millis(20)).await;
        ([reads, accepts], kept)
    });
    drop(runtime);
    assert!(tasks.iter().all(bespoke::JoinHandle::is_finished));
    let error = kept.local_addr().expect_err("the runtime is closed");
    assert_eq!(error.kind(), ErrorKind::BrokenPipe);
    // Its drop on another thread closes it, or has nothing to close.
    std::thread::spawn(move || drop(kept)).join().expect("it only drops");
}

/// Numbered bytes in both directions; reads and writes that are dropped at every point.
pub(crate) fn unix_dropped_reads_and_writes_lose_nothing<C: Config<Driver: Unix>>() {
    let total = count(500_000, 50_000_000);
    let mut random = Random::new(77);
    let mut dropped = 0u64;
    runtime::<C>().block_on(async {
        let (mut ours, mut theirs) = connected::<C>().await;
        let echo = std::thread::spawn(move || {
            let mut buffer = [0; 3000];
            let mut at = 0;
            while let n @ 1.. = again(|| theirs.read(&mut buffer)).expect("open") {
                assert_numbered(at, &buffer[..n]);
                at += n as u64;
                theirs.write_all(&buffer[..n]).expect("open");
            }
            at
        });
        let (mut sent, mut got) = (0u64, 0u64);
        let mut buffer = [0; 2000];
        while got < total {
            if sent < total && sent - got < 20_000 {
                let len = (1 + random.below(30_000)).min(total - sent) as usize;
                let polls = random.below(3) as u32;
                let write = at_most(pin!(ours.write_all(bytes(sent, len))), polls, || ()).await;
                match write {
                    Some((written, _)) => {
                        written.expect("open");
                        sent += len as u64;
                    }
                    None => {
                        dropped += 1;
                        if let Some(taken) = ours.take_interrupted().await {
                            let kept = taken.kept.downcast::<Vec<u8>>().expect("the buffer of that write");
                            assert_numbered(sent, kept.as_bytes());
                            sent += taken.bytes as u64;
                        }
                    }
                }
            }
            let polls = random.below(3) as u32;
            let limit = 1 + random.below(2000) as usize;
            let read = at_most(pin!(ours.read(&mut buffer[..limit])), polls, || ()).await;
            match read {
                Some(n) => {
                    let n = n.expect("open");
                    assert!(n > 0, "it ended early");
                    assert_numbered(got, &buffer[..n]);
                    got += n as u64;
                }
                None => dropped += 1,
            }
            if random.once_in(4) {
                C::yield_now().await;
            }
        }
        ours.shutdown(Shutdown::Write).expect("open");
        assert_eq!(echo.join().expect("all was numbered"), total);
    });
    println!("{dropped} dropped, {total} bytes there and back");
    assert!(dropped > 100, "too few drops to show anything");
}

/// More clients than the queue of the listener holds: the last one waits.
#[cfg(target_os = "linux")]
pub(crate) fn unix_connects_wait_for_a_full_listener<C: Config<Driver: Unix>>() {
    let place = Place::new("full");
    let listener = StdListener::bind(&place.0).expect("the path is free");
    // SAFETY: takes integers only.
    assert_eq!(unsafe { libc::listen(listener.as_raw_fd(), 0) }, 0); // one may wait
    runtime::<C>().block_on(async {
        let first = UnixStream::<C>::connect(&place.0).await.expect("there is room");
        let accepts = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            [(); 3].map(|()| listener.accept().expect("a client waits").0)
        });
        for _ in 0..2 {
            UnixStream::<C>::connect(&place.0).await.expect("there is room soon");
        }
        drop((first, accepts.join().expect("three clients")));
    });
}
