//! Pipes and FIFOs. The peers are pipes of `std`; what goes through is the numbered stream.

use crate::support::{Random, again, assert_numbered, at_most, bytes, count, fds, poll_once, runtime};
use crate::unix::Place;
use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::io::{BufReader, Reads as _, Writes as _, copy};
use bespoke::prelude::*;
use bespoke::rt::pipe::{self, OpenOptions, Receiver, Sender};
use core::pin::pin;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::fd::{AsRawFd as _, OwnedFd};

/// A time that nothing here takes.
const LONG: Duration = Duration::from_secs(30);

fn receiver<C: Config<Driver: Pipes>>() -> (Receiver<C>, std::io::PipeWriter) {
    let (read, write) = std::io::pipe().expect("descriptors are free");
    (Receiver::from_owned_fd(read.into()).expect("it can be read"), write)
}

fn sender<C: Config<Driver: Pipes>>() -> (std::io::PipeReader, Sender<C>) {
    let (read, write) = std::io::pipe().expect("descriptors are free");
    (read, Sender::from_owned_fd(write.into()).expect("it can be written"))
}

fn waits(fd: &OwnedFd) -> bool {
    // SAFETY: the command takes no argument and touches no memory of ours.
    unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) & libc::O_NONBLOCK == 0 }
}

/// A driver may close with its next turns, and the worker is about to be blocked by who waits for that. However slow the machine,
/// each sleep is one: a cancel, its end and the close behind it take three.
async fn turns<C: Config>() {
    for _ in 0..5 {
        C::sleep(Duration::from_millis(1)).await;
    }
}

pub(crate) fn pipes_in_both_roles<C: Config<Driver: Pipes>>() {
    const LEN: usize = 1_000_000;
    runtime::<C>().block_on(async {
        let (mut peer, mut ours) = sender::<C>();
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            again(|| peer.read_to_end(&mut all)).expect("it ends");
            all
        });
        ours.write_all(bytes(0, LEN)).await.0.expect("somebody reads");
        drop(ours);
        turns::<C>().await;
        let all = reader.join().expect("it read all");
        assert_eq!(all.len(), LEN);
        assert_numbered(0, &all);

        let (mut ours, mut peer) = receiver::<C>();
        let writer = std::thread::spawn(move || {
            for part in 0..LEN / 10_000 {
                peer.write_all(&bytes(part as u64 * 10_000, 10_000)).expect("somebody reads");
            }
        });
        let (mut at, mut buffer) = (0, [0; 3_000]);
        while let n @ 1.. = ours.read(&mut buffer).await.expect("it comes") {
            assert_numbered(at, &buffer[..n]);
            at += n as u64;
        }
        writer.join().expect("all was read");
        assert_eq!(at, LEN as u64);
        for _ in 0..3 {
            assert_eq!(ours.read(&mut buffer).await.expect("the end, again"), 0);
        }
        let error = ours.read_exact(&mut buffer[..2]).await.expect_err("there is no more");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    });
}

pub(crate) fn pipes_of_ones_own<C: Config<Driver: Pipes>>() {
    runtime::<C>().block_on(async {
        let (mut sender, receiver) = pipe::pipe::<C>().expect("descriptors are free");
        sender.write_all("one\ntwo\n").await.0.expect("there is room");
        let (mut to, from) = pipe::pipe::<C>().expect("descriptors are free");
        sender.end_writes().await.expect("descriptors are free");
        assert_eq!(sender.write("more").await.0.expect_err("it is ended").kind(), ErrorKind::BrokenPipe);
        let mut receiver = receiver;
        assert_eq!(copy(&mut receiver, &mut to).await.expect("to the end"), 8);
        drop(to);
        let mut lines = BufReader::new(from).lines();
        assert_eq!(lines.next_line().await.expect("a line"), Some("one"));
        assert_eq!(lines.next_line().await.expect("a line"), Some("two"));
        assert_eq!(lines.next_line().await.expect("the end"), None);

        let (mut sender, mut receiver) = pipe::pipe::<C>().expect("descriptors are free");
        assert_eq!(receiver.read(&mut []).await.expect("nothing was asked for"), 0);
        assert_eq!(sender.write("").await.0.expect("nothing"), 0);
        drop(receiver);
        let (written, buffer) = sender.write_all(vec![1, 2]).await;
        assert_eq!((written.expect_err("nobody reads").kind(), buffer), (ErrorKind::BrokenPipe, vec![1, 2]));
    });
}

/// What is used up, and what is gone, keeps nobody from ending a pipe.
pub(crate) fn pipes_end_without_descriptor_and_runtime<C: Config<Driver: Pipes>>() {
    let runtime = runtime::<C>();
    let mut late = runtime.block_on(async {
        let (mut sender, mut receiver) = pipe::pipe::<C>().expect("descriptors are free");
        turns::<C>().await; // the first sleep may cost a timer
        let open = fds();
        sender.write_all("tea").await.0.expect("there is room");
        sender.end_writes().await.expect("it needs nothing");
        turns::<C>().await;
        assert_eq!(fds(), open - 1, "an end that was ended holds a descriptor");
        let mut all = Vec::new();
        receiver.read_to_end(&mut all).await.expect("it ends");
        assert_eq!(all, b"tea");
        sender.end_writes().await.expect("it is ended already");
        let (written, buffer) = sender.write_all(vec![1, 2]).await;
        assert_eq!((written.expect_err("it is ended").kind(), buffer), (ErrorKind::BrokenPipe, vec![1, 2]));
        let (written, buffer) = sender.write(vec![3]).await;
        assert_eq!((written.expect_err("it is ended").kind(), buffer), (ErrorKind::BrokenPipe, vec![3]));
        let error = sender.with_fd(|_| ()).expect_err("it is closed");
        assert_eq!((error.kind(), format!("{sender:?}").as_str()), (ErrorKind::BrokenPipe, r#"Sender("ended")"#));
        assert_eq!(sender.into_blocking_fd().expect_err("it is closed").kind(), ErrorKind::BrokenPipe);
        pipe::pipe::<C>().expect("descriptors are free").0
    });
    drop(runtime);
    // No runtime of `C` is on this thread.
    let ended = poll_once(pin!(late.end_writes()));
    assert!(matches!(ended, core::task::Poll::Ready(Ok(()))), "{ended:?}");
}

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn pipes_hold_so_much<C: Config<Driver: Pipes>>() {
    runtime::<C>().block_on(async {
        let (mut sender, mut receiver) = pipe::pipe::<C>().expect("descriptors are free");
        sender.set_capacity(10_000).expect("less than the limit");
        assert_eq!((sender.capacity().expect("open"), receiver.capacity().expect("open")), (16_384, 16_384));
        let (written, buffer) = sender.write(bytes(0, 20_000)).await;
        assert_eq!((written.expect("there is room"), buffer.len()), (16_384, 20_000));
        assert_eq!(receiver.set_capacity(4096).expect_err("there is more in it").kind(), ErrorKind::ResourceBusy);
        let mut all = vec![0; 16_384];
        receiver.read_exact(&mut all).await.expect("it is there");
        assert_numbered(0, &all);
    });
}

pub(crate) fn pipes_from_elsewhere<C: Config<Driver: Pipes>>() {
    runtime::<C>().block_on(async {
        let (read, write) = std::io::pipe().expect("descriptors are free");
        let error = Receiver::<C>::from_owned_fd(write.into()).expect_err("it cannot be read");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let error = Sender::<C>::from_owned_fd(read.into()).expect_err("it cannot be written");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        let file = std::fs::File::open("Cargo.toml").expect("it is there");
        assert_eq!(Receiver::<C>::from_file(file).expect_err("no pipe").kind(), ErrorKind::InvalidInput);

        // What is in it goes along.
        let (mut ours, mut peer) = receiver::<C>();
        peer.write_all(b"tea for two").expect("there is room");
        ours.read_exact(&mut [0; 4]).await.expect("it is there");
        let theirs = ours.into_nonblocking_fd().expect("nothing is under way");
        assert!(!waits(&theirs));
        let mut ours = Receiver::<C>::from_owned_fd(theirs).expect("it can be read");
        ours.read_exact(&mut [0; 4]).await.expect("it is there");
        let theirs = ours.into_blocking_fd().expect("nothing is under way");
        assert!(waits(&theirs));
        let mut rest = [0; 3];
        std::fs::File::from(theirs).read_exact(&mut rest).expect("it is there");
        assert_eq!(&rest, b"two");

        // A clone keeps the pipe open, and does not keep ours in the poll.
        let (read, mut peer) = std::io::pipe().expect("descriptors are free");
        for round in 0..3 {
            let clone = read.try_clone().expect("a descriptor is free");
            let mut ours = Receiver::<C>::from_owned_fd(clone.into()).expect("it can be read");
            peer.write_all(&[round]).expect("there is room");
            let mut got = [9];
            ours.read_exact(&mut got).await.expect("it is there");
            assert_eq!(got, [round]);
        }
    });
}

/// A FIFO at a path that nobody has.
fn fifo(name: &str) -> Place {
    let place = Place::new(name);
    let path = std::ffi::CString::new(place.0.as_os_str().as_encoded_bytes()).expect("no zero in it");
    // SAFETY: a C string that lives during the call.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0, "{}", std::io::Error::last_os_error());
    place
}

pub(crate) fn fifos<C: Config<Driver: Pipes>>() {
    runtime::<C>().block_on(async {
        let (place, options) = (fifo("fifo"), OpenOptions::<C>::new());
        let error = options.open_sender(&place.0).expect_err("nobody reads");
        assert!(error.to_string().contains(&place.0.display().to_string()), "{error}");
        // Who waits for a reader asks for this.
        assert_eq!(bespoke::Error::from(&error).code(), Some(libc::ENXIO), "{error:?}");
        assert!(error.to_string().contains("nobody has it open to read"), "{error}");
        let mut receiver = options.open_receiver(&place.0).expect("it waits for nobody");
        let mut got = [0; 16];
        let waited = C::timeout(Duration::from_millis(30), receiver.read(&mut got)).await;
        assert!(waited.is_err(), "it waits for its first writer");
        for round in 0..3 {
            let mut sender = options.open_sender(&place.0).expect("somebody reads");
            sender.write_all(vec![round; 3]).await.0.expect("there is room");
            assert_eq!(receiver.read(&mut got).await.expect("it comes"), 3);
            assert_eq!(got[..3], [round; 3]);
            drop(sender);
            assert_eq!(receiver.read(&mut got).await.expect("the writer is gone"), 0);
        }
        drop(receiver);
        let nowhere = Place::new("fifo-nowhere");
        assert_eq!(options.open_receiver(&nowhere.0).expect_err("nothing there").kind(), ErrorKind::NotFound);
        assert_eq!(options.open_receiver("Cargo.toml").expect_err("no FIFO").kind(), ErrorKind::InvalidInput);
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let mut options = options.clone();
            options.read_write(true).unchecked(true);
            let mut sender = options.open_sender(&place.0).expect("it needs nobody");
            sender.write_all("tea").await.0.expect("there is room");
            let mut receiver = options.open_receiver(&place.0).expect("it is there");
            drop(sender);
            assert_eq!(receiver.read(&mut got).await.expect("it is there"), 3);
            let waited = C::timeout(Duration::from_millis(30), receiver.read(&mut got)).await;
            assert!(waited.is_err(), "it never ends: it could be written to by itself");
        }
    });
}

pub(crate) fn pipes_outlive_their_runtime<C: Config<Driver: Pipes>>() {
    let first = runtime::<C>();
    let (mut sender, mut receiver) = first.block_on(async { pipe::pipe::<C>() }).expect("descriptors are free");
    drop(first);
    let later = runtime::<C>();
    if !<C::Driver as Driver>::STATELESS {
        assert_eq!(later.block_on(receiver.read(&mut [0; 8])).expect_err("closed").kind(), ErrorKind::BrokenPipe);
        assert_eq!(later.block_on(sender.write("tea")).0.expect_err("closed").kind(), ErrorKind::BrokenPipe);
    }
    assert_eq!(receiver.into_blocking_fd().expect_err("closed").kind(), ErrorKind::BrokenPipe);
}

/// One task waits to read when the runtime closes, one to write.
pub(crate) fn pipes_at_shutdown<C: Config<Driver: Pipes>>() {
    let runtime = runtime::<C>();
    let (peers, tasks) = runtime.block_on(async {
        let (mut ours, writer) = receiver::<C>();
        let (reader, mut full) = sender::<C>();
        let reads = C::spawn(async move { ours.read(&mut [0; 8]).await.map(drop) });
        let writes = C::spawn(async move {
            loop {
                full.write(vec![0; 4096]).await.0?;
            }
        });
        C::sleep(Duration::from_millis(20)).await;
        ((writer, reader), [reads, writes])
    });
    drop(runtime);
    assert!(tasks.iter().all(|task| task.is_finished()));
    drop(peers);
}

/// Reads that are dropped at every point.
pub(crate) fn dropped_reads_of_pipes_lose_nothing<C: Config<Driver: Pipes>>() {
    let len = count(400_000, 20_000_000);
    let mut random = Random::new(43);
    let mut dropped = 0u64;
    runtime::<C>().block_on(async {
        let (mut ours, mut peer) = receiver::<C>();
        let writer = std::thread::spawn(move || {
            let mut random = Random::new(44);
            let mut at = 0;
            while at < len {
                let part = (1 + random.below(700)).min(len - at);
                peer.write_all(&bytes(at, part as usize)).expect("somebody reads");
                at += part;
            }
        });
        let (mut at, mut buffer) = (0, [0; 512]);
        loop {
            let polls = random.below(3) as u32;
            let read = at_most(pin!(ours.read(&mut buffer)), polls, || ()).await;
            match read {
                Some(read) => match read.expect("it comes") {
                    0 => break,
                    n => {
                        assert_numbered(at, &buffer[..n]);
                        at += n as u64;
                    }
                },
                None => dropped += 1,
            }
            if random.once_in(4) {
                C::yield_now().await;
            }
        }
        writer.join().expect("all was read");
        assert_eq!(at, len);
    });
    println!("{len} bytes, {dropped} reads dropped");
    assert!(dropped > 100, "too few drops to show anything");
}

/// Writes of one call that are dropped at every point: one that was dropped has put nothing into the pipe.
pub(crate) fn dropped_writes_to_pipes_put_nothing<C: Config<Driver: Pipes>>() {
    let len = count(4_000_000, 80_000_000);
    let mut random = Random::new(45);
    let mut dropped = 0u64;
    runtime::<C>().block_on(async {
        let (mut peer, mut ours) = sender::<C>();
        let reader = std::thread::spawn(move || {
            let mut random = Random::new(46);
            let (mut at, mut buffer) = (0, vec![0; 30_000]);
            loop {
                let room = 1 + random.below(30_000) as usize;
                let n = again(|| peer.read(&mut buffer[..room])).expect("open");
                if n == 0 {
                    return at;
                }
                assert_numbered(at, &buffer[..n]);
                at += n as u64;
            }
        });
        let mut at = 0;
        while at < len {
            let part = (1 + random.below(200_000)).min(len - at);
            let polls = random.below(3) as u32;
            let written = {
                let write = pin!(ours.write(bytes(at, part as usize)));
                C::timeout(LONG, at_most(write, polls, || ())).await.expect("somebody reads")
            };
            match written {
                Some((written, _)) => at += written.expect("somebody reads") as u64,
                None => dropped += 1,
            }
            if random.once_in(4) {
                C::yield_now().await;
            }
        }
        drop(ours);
        turns::<C>().await;
        assert_eq!(reader.join().expect("in order"), at);
    });
    println!("{len} bytes, {dropped} writes dropped");
    assert!(dropped > 0, "no write waited");
}

/// A write of everything that is dropped under way: its beginning is in the pipe, and what is written later comes behind.
pub(crate) fn pipes_keep_the_beginning_of_a_dropped_write<C: Config<Driver: Pipes>>() {
    const LEN: usize = 1 << 20;
    runtime::<C>().block_on(async {
        let (mut peer, mut ours) = sender::<C>();
        assert!(at_most(pin!(ours.write_all(bytes(0, LEN))), 1, || ()).await.is_none(), "a pipe holds less");
        let mut beginning = vec![0; LEN];
        let n = again(|| peer.read(&mut beginning)).expect("open");
        assert!(n > 0, "it was not under way");
        assert_numbered(0, &beginning[..n]);
        ours.write_all("tea").await.0.expect("there is room");
        drop(ours);
        turns::<C>().await;
        let mut rest = Vec::new();
        again(|| peer.read_to_end(&mut rest)).expect("it ends");
        let (more, behind) = rest.split_at(rest.len() - 3);
        assert_numbered(n as u64, more);
        assert_eq!(behind, b"tea");
    });
}
