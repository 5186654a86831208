//! Streams to streams without a copy: every byte in its place, and none lost when futures are dropped at any point.

use crate::support::{allocations, bytes, once, pair, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{Splicer, TcpStream, UnixStream};
use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream as StdStream};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream as StdUnix;
use std::thread::JoinHandle;

/// More than two connections and a pipe hold.
const LEN: usize = 16 << 20;

fn writes(mut peer: impl std::io::Write + Send + 'static, all: Vec<u8>) -> JoinHandle<()> {
    std::thread::spawn(move || peer.write_all(&all).expect("it is read"))
}

/// Reads until the end, on a thread of its own.
fn reads_all(mut peer: impl std::io::Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut got = Vec::new();
        peer.read_to_end(&mut got).expect("closed in order");
        got
    })
}

/// What it has read, once the end came. A stream that a thread of the kernel's has written to is closed for its peer in the next
/// turn of the worker at the latest, so nobody blocks it meanwhile.
async fn all_of<C: Config>(reader: JoinHandle<Vec<u8>>) -> Vec<u8> {
    while !reader.is_finished() {
        C::sleep(Duration::from_millis(1)).await;
    }
    reader.join().expect("closed in order")
}

/// Polls once, and keeps the future.
async fn touched<F: Future + ?Sized>(mut future: core::pin::Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}

/// Numbers that look random, and are the same each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

pub(crate) fn spliced_bytes_are_those_of_the_source<C: Config<Driver: ZeroCopy>>() {
    runtime::<C>().block_on(async {
        let (mut from, source) = pair::<C>().await;
        let (mut to, target) = pair::<C>().await;
        let (sender, receiver) = (writes(source, bytes(0, LEN)), reads_all(target));
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        assert_eq!(splicer.forward(0).await.expect("nothing to do"), 0);
        let mut moved = 0;
        for len in [1, 4095, 4097, 70_001, 300_000, 3_000_000] {
            assert_eq!(splicer.forward(len).await.expect("open"), len);
            moved += len;
            assert_eq!((splicer.taken(), splicer.held().await.expect("a pipe")), (moved, 0), "no more than that");
        }
        // The next bytes are the source's, and the target's, to use.
        let mut next = [0; 5];
        splicer.source().read_exact(&mut next).await.expect("they come");
        assert_eq!(next, *bytes(moved as usize, 5));
        splicer.target().write_all(next.to_vec()).await.0.expect("it is read");
        assert_eq!(splicer.forward_all().await.expect("closed in order"), LEN as u64 - moved - 5);
        assert_eq!(splicer.forward(9).await.expect("closed in order"), 0, "the end stays");
        assert_eq!(splicer.take_held().await.expect("a pipe"), b"");
        let (_, to) = splicer.into_inner();
        to.shutdown(Shutdown::Write).expect("connected");
        sender.join().expect("all was sent");
        assert!(all_of::<C>(receiver).await == bytes(0, LEN));
    });
}

pub(crate) fn every_kind_of_stream_is_spliced<C: Config<Driver: ZeroCopy + Unix>>() {
    let unix = || {
        let (ours, theirs) = StdUnix::pair().expect("descriptors are free");
        theirs.set_read_timeout(Some(Duration::from_secs(10))).expect("it takes options");
        (UnixStream::<C>::from_std(ours).expect("a runtime"), theirs)
    };
    const LEN: usize = 1_000_001;
    runtime::<C>().block_on(async {
        // Unix to TCP, by halves that are borrowed.
        let ((mut from, source), (mut to, target)) = (unix(), pair::<C>().await);
        let (sender, receiver) = (writes(source, bytes(0, LEN)), reads_all(target));
        let mut splicer = Splicer::new(from.split().0, to.split().1).expect("descriptors are free");
        assert_eq!(splicer.forward_all().await.expect("closed in order"), LEN as u64);
        splicer.target().shutdown().expect("connected");
        sender.join().expect("all was sent");
        assert!(all_of::<C>(receiver).await == bytes(0, LEN));

        // TCP to Unix, by halves that own the stream: the end of the one is passed on with the half.
        let ((from, source), (to, target)) = (pair::<C>().await, unix());
        let (sender, receiver) = (writes(source, bytes(7, LEN)), reads_all(target));
        let (mut splicer, _back) = {
            let ((reader, back), (_reader, writer)) = (from.into_split(), to.into_split());
            (Splicer::new(reader, writer).expect("descriptors are free"), (back, _reader))
        };
        assert_eq!(splicer.forward_all().await.expect("closed in order"), LEN as u64);
        drop(splicer);
        sender.join().expect("all was sent");
        assert!(all_of::<C>(receiver).await == bytes(7, LEN));

        // Unix to Unix, whole.
        let ((from, source), (to, target)) = (unix(), unix());
        let (sender, receiver) = (writes(source, bytes(9, LEN)), reads_all(target));
        let mut splicer = Splicer::new(from, to).expect("descriptors are free");
        assert_eq!(splicer.forward_all().await.expect("closed in order"), LEN as u64);
        drop(splicer);
        sender.join().expect("all was sent");
        assert!(all_of::<C>(receiver).await == bytes(9, LEN));
    });
}

/// A driver may have more of the stream than was read: that comes first. And it is read again afterwards.
pub(crate) fn what_was_read_ahead_is_spliced_first<C: Config<Driver: ZeroCopy>>() {
    const STEP: usize = 50_000;
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (mut to, mut target) = pair::<C>().await;
        let mut at = 0;
        for round in 0..20 {
            let all = bytes(at, STEP);
            let sender = std::thread::spawn(move || {
                source.write_all(&all).expect("it is read");
                source
            });
            // A read that waits has the driver bring more.
            let mut got = vec![0; 3 + round];
            from.read_exact(&mut got).await.expect("they come");
            assert!(got == bytes(at, got.len()), "round {round}");
            C::sleep(Duration::from_millis(2)).await;
            let rest = (STEP - got.len()) as u64;
            let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
            let receiver = std::thread::spawn(move || {
                let mut got = vec![0; rest as usize];
                target.read_exact(&mut got).expect("they come");
                (target, got)
            });
            assert_eq!(splicer.forward(rest).await.expect("open"), rest);
            let (back, passed) = receiver.join().expect("they came");
            assert!(passed == bytes(at + got.len(), rest as usize), "round {round}");
            (source, target) = (sender.join().expect("all was sent"), back);
            at += STEP;
        }
        // The end, and an error, come to a splice as to a read, also behind what was read ahead.
        source.write_all(b"last").expect("connected");
        drop(source);
        assert_eq!(from.read(&mut [0]).await.expect("it comes"), 1);
        C::sleep(Duration::from_millis(2)).await;
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        assert_eq!(splicer.forward_all().await.expect("closed in order"), 3);
        let mut got = [0; 3];
        target.read_exact(&mut got).expect("they came");
        assert_eq!(&got, b"ast");
    });
}

/// The system's splice stops in front of an urgent byte, and says what it says at the end.
pub(crate) fn an_urgent_byte_stops_nothing<C: Config<Driver: ZeroCopy>>() {
    let urgent = |peer: &StdStream, byte: u8| {
        let bytes = [byte];
        loop {
            // SAFETY: borrowed during the call.
            let sent = unsafe { libc::send(peer.as_raw_fd(), bytes.as_ptr().cast(), 1, libc::MSG_OOB) };
            match std::io::Error::last_os_error().kind() {
                ErrorKind::Interrupted if sent < 0 => {}
                _ => break assert_eq!(sent, 1),
            }
        }
    };
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (mut to, target) = pair::<C>().await;
        let receiver = reads_all(target);
        let sender = std::thread::spawn(move || {
            source.write_all(b"before").expect("it is read");
            std::thread::sleep(Duration::from_millis(20));
            urgent(&source, b'!');
            source.write_all(b"behind").expect("it is read");
            std::thread::sleep(Duration::from_millis(20));
            source.write_all(b"more").expect("it is read");
            urgent(&source, b'!');
            std::thread::sleep(Duration::from_millis(20));
            source.write_all(b"last").expect("it is read");
        });
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        assert_eq!(splicer.forward_all().await.expect("closed in order"), 20, "urgent bytes are not among them");
        drop(to);
        sender.join().expect("all was sent");
        assert_eq!(all_of::<C>(receiver).await, b"beforebehindmorelast");
    });
}

pub(crate) fn a_target_that_is_gone_loses_nothing<C: Config<Driver: ZeroCopy + Unix>>() {
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (ours, theirs) = StdUnix::pair().expect("descriptors are free");
        let mut to = UnixStream::<C>::from_std(ours).expect("a runtime");
        drop(theirs);
        source.write_all(b"tea").expect("connected");
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        let error = splicer.forward_all().await.expect_err("nobody reads");
        assert_eq!(error.kind(), ErrorKind::BrokenPipe);
        assert!(error.to_string().starts_with("cannot splice to the target: "), "{error}");
        assert_eq!((splicer.taken(), splicer.held().await.expect("a pipe")), (3, 3));
        assert_eq!(splicer.take_held().await.expect("a pipe"), b"tea");
        assert_eq!(splicer.held().await.expect("a pipe"), 0);
        drop(splicer);
        // What comes next is spliced to somebody else.
        let (mut to, target) = pair::<C>().await;
        let receiver = reads_all(target);
        source.write_all(b"biscuits").expect("connected");
        drop(source);
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        assert_eq!(splicer.forward_all().await.expect("closed in order"), 8);
        drop(to);
        assert_eq!(all_of::<C>(receiver).await, b"biscuits");
    });
}

/// A reset is an error, and no end: whoever forwards until the end would take what came for all.
pub(crate) fn a_source_that_is_reset_is_an_error<C: Config<Driver: ZeroCopy>>() {
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (mut to, mut target) = pair::<C>().await;
        source.write_all(b"tea").expect("connected");
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        assert_eq!(splicer.forward(3).await.expect("open"), 3);
        let reset = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            let linger = libc::linger { l_onoff: 1, l_linger: 0 };
            let len = size_of_val(&linger) as libc::socklen_t;
            let value = (&raw const linger).cast();
            // SAFETY: `linger` is live and readable, and `len` says how long it is.
            let set = unsafe { libc::setsockopt(source.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, value, len) };
            assert_eq!(set, 0);
            drop(source);
        });
        let error = splicer.forward_all().await.expect_err("it was reset");
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(error.to_string().starts_with("cannot splice from the source: "), "{error}");
        reset.join().expect("closed");
        let mut got = [0; 3];
        target.read_exact(&mut got).expect("they came before");
        assert_eq!(&got, b"tea");
    });
}

/// Both directions of a pair at once, and the end of each passed on by itself.
pub(crate) fn a_proxy_of_two_directions<C: Config<Driver: ZeroCopy>>() {
    runtime::<C>().block_on(async {
        let (mut left, client) = pair::<C>().await;
        let (mut right, server) = pair::<C>().await;
        let (from_left, to_left) = left.split();
        let (from_right, to_right) = right.split();
        let talks = |peer: StdStream, from: usize| {
            let reader = peer.try_clone().expect("descriptors are free");
            let said = std::thread::spawn(move || {
                (&peer).write_all(&bytes(from, LEN / 2)).expect("it is read");
                peer.shutdown(Shutdown::Write).expect("connected");
            });
            (said, reads_all(reader))
        };
        let (client, server) = (talks(client, 3), talks(server, 5));
        let mut there = Splicer::new(from_left, to_right).expect("descriptors are free");
        let mut back = Splicer::new(from_right, to_left).expect("descriptors are free");
        let mut there = pin!(async {
            let moved = there.forward_all().await.expect("closed in order");
            there.target().shutdown().expect("connected");
            moved
        });
        let mut back = pin!(async {
            let moved = back.forward_all().await.expect("closed in order");
            back.target().shutdown().expect("connected");
            moved
        });
        let (mut went, mut came) = (None, None);
        poll_fn(|cx| {
            if went.is_none()
                && let Poll::Ready(moved) = there.as_mut().poll(cx)
            {
                went = Some(moved);
            }
            if came.is_none()
                && let Poll::Ready(moved) = back.as_mut().poll(cx)
            {
                came = Some(moved);
            }
            if went.is_some() && came.is_some() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert_eq!((went, came), (Some(LEN as u64 / 2), Some(LEN as u64 / 2)));
        client.0.join().expect("all was sent");
        server.0.join().expect("all was sent");
        assert!(all_of::<C>(client.1).await == bytes(5, LEN / 2));
        assert!(all_of::<C>(server.1).await == bytes(3, LEN / 2));
    });
}

/// What the target has got, and what is held, is what has left the source, whenever a future was dropped; and all of it comes, in
/// order, however often.
pub(crate) fn dropped_splices_lose_nothing<C: Config<Driver: ZeroCopy>>() {
    let mut random = Random(73);
    let (mut dropped, mut held_some, mut whole) = (0, 0, 0);
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (mut to, mut target) = pair::<C>().await;
        let sender = std::thread::spawn(move || {
            for (n, part) in bytes(0, LEN).chunks(9_973).enumerate() {
                source.write_all(part).expect("it is read");
                if n % 50 == 0 {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
        });
        target.set_nonblocking(true).expect("it takes options");
        let mut got = 0;
        let mut room = vec![0; 256 << 10];
        let mut reads = |got: &mut usize, max: usize| match target.read(&mut room[..max]) {
            Ok(n) => {
                assert!(room[..n] == bytes(*got, n), "after {got} bytes");
                *got += n;
            }
            // In the step that interrupts every call: the next one reads.
            Err(error) => assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted), "{error}"),
        };
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        let mut told = 0;
        // For a while the target reads, and then it does not until no more goes in.
        let (mut reading, mut still) = (0, 0);
        while told < LEN as u64 {
            let before = told;
            {
                let len = 1 << random.below(22);
                let mut forwarding = pin!(splicer.forward(len));
                for _ in 0..random.below(8) {
                    if let Poll::Ready(moved) = touched(forwarding.as_mut()).await {
                        let moved = moved.expect("open");
                        assert!(moved == len || told + moved == LEN as u64, "the source goes on");
                        told += moved;
                        break;
                    }
                    if random.below(2) == 0 {
                        C::sleep(Duration::from_micros(random.below(200))).await;
                    }
                    if reading > 0 && random.below(3) > 0 {
                        reads(&mut got, 1 + random.below(256 << 10) as usize);
                    }
                }
            }
            // Asked at once, or only by the next call.
            if told == before || random.below(4) == 0 {
                dropped += 1;
                let held = splicer.held().await.expect("a pipe");
                held_some += u32::from(held > 0);
                told = splicer.taken() - held as u64;
                assert!(got as u64 <= told, "{got} bytes came, {told} were told");
            } else {
                whole += 1;
            }
            still = if told == before { still + 1 } else { 0 };
            if reading > 0 {
                reading -= 1;
                reads(&mut got, 256 << 10);
            } else if still > 10 {
                reading = 1 + random.below(60);
            }
        }
        assert_eq!(told, LEN as u64);
        drop(splicer);
        drop(to);
        sender.join().expect("all was sent");
        for _ in 0..10_000 {
            if got == LEN {
                break;
            }
            reads(&mut got, 256 << 10);
            C::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(got, LEN, "all of it");
    });
    println!("{dropped} were dropped, {held_some} of them held some bytes, {whole} were whole");
    assert!(dropped > 20 && held_some > 3 && whole > 0, "all of them happen");
}

/// Dropped while the target has no room: what it then says it holds is what was not sent, and a write waits behind what was.
pub(crate) fn what_is_held_is_what_was_not_sent<C: Config<Driver: ZeroCopy>>() {
    runtime::<C>().block_on(async {
        let (mut from, source) = pair::<C>().await;
        let (mut to, target) = pair::<C>().await;
        let sender = writes(source, bytes(0, LEN));
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        {
            let mut forwarding = pin!(splicer.forward_all());
            // Nobody reads, so it ends up waiting for room.
            for _ in 0..100 {
                assert!(touched(forwarding.as_mut()).await.is_pending());
                C::sleep(Duration::from_millis(4)).await;
            }
        }
        let held = splicer.held().await.expect("a pipe");
        let told = splicer.taken() as usize - held;
        assert!(held > 0 && told > 0, "{held} of {} are held", splicer.taken());
        let rest = splicer.take_held().await.expect("a pipe");
        assert!(rest == bytes(told, held));
        assert!(splicer.target().take_interrupted().await.is_none(), "the splicer counts, and the stream does not");
        let (from, to) = splicer.into_inner();
        let receiver = reads_all(target);
        to.write_all(rest).await.0.expect("it is read");
        let mut splicer = Splicer::new(from, to).expect("descriptors are free");
        assert_eq!(splicer.forward_all().await.expect("closed in order"), (LEN - told - held) as u64);
        to_end(splicer);
        sender.join().expect("all was sent");
        assert!(all_of::<C>(receiver).await == bytes(0, LEN));
    });
}

/// Ends the writes of the target.
fn to_end<C: Config<Driver: ZeroCopy>>(splicer: Splicer<&mut TcpStream<C>, &mut TcpStream<C>>) {
    let (_, to) = splicer.into_inner();
    to.shutdown(Shutdown::Write).expect("connected");
}

pub(crate) fn splices_allocate_nothing<C: Config<Driver: ZeroCopy>>() {
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (mut to, mut target) = pair::<C>().await;
        let mut splicer = Splicer::new(&mut from, &mut to).expect("descriptors are free");
        let mut least = u64::MAX;
        for round in 0..50 {
            let before = allocations();
            if round % 2 == 0 {
                // One that has to wait is polled first.
                assert!(once(splicer.forward(4)).await.is_none());
            }
            source.write_all(b"word").expect("connected");
            assert_eq!(splicer.forward(4).await.expect("open"), 4);
            // The first ones make what the driver keeps.
            if round > 10 {
                least = least.min(allocations() - before);
            }
            target.read_exact(&mut [0; 4]).expect("they came");
        }
        assert_eq!(least, 0);
    });
}

/// A target that does not read costs a poll on a ring, and no thread.
pub(crate) fn slow_targets_hold_no_threads<C: Config<Driver: ZeroCopy>>() {
    const PAIRS: usize = 48;
    let ours = |name: &String| name.starts_with("iou-");
    let name =
        |thread: std::io::Result<std::fs::DirEntry>| std::fs::read_to_string(thread.ok()?.path().join("comm")).ok();
    let threads = || std::fs::read_dir("/proc/self/task").expect("Linux has it").filter_map(name).filter(ours).count();
    runtime::<C>().block_on(async {
        let mut peers = Vec::new();
        let mut tasks = Vec::new();
        for _ in 0..PAIRS {
            let (from, source) = pair::<C>().await;
            let (to, target) = pair::<C>().await;
            source.set_nonblocking(true).expect("it takes options");
            peers.push((source, target));
            tasks.push(C::spawn(async move {
                let mut splicer = Splicer::new(from, to)?;
                splicer.forward_all().await
            }));
        }
        // Each source gives as much as goes in, a few times.
        let all = bytes(0, LEN);
        let mut given = [0; PAIRS];
        for _ in 0..50 {
            for ((source, _), given) in peers.iter_mut().zip(&mut given) {
                while let Ok(n) = source.write(&all[*given..]) {
                    *given += n;
                    if n == 0 {
                        break;
                    }
                }
            }
            C::sleep(Duration::from_millis(10)).await;
        }
        let mut least = usize::MAX;
        for _ in 0..100 {
            C::sleep(Duration::from_millis(100)).await;
            least = least.min(threads());
            if least < PAIRS / 2 {
                break;
            }
        }
        assert!(least < PAIRS / 2, "{least} threads while {PAIRS} targets do not read");
        assert!(tasks.iter().all(|task| !task.is_finished()), "nobody reads");
        // Each goes on.
        let (source, target) = peers.pop().expect("as many as that");
        let last = reads_all(target);
        let given = given[PAIRS - 1];
        drop(source);
        assert_eq!(tasks.pop().expect("as many as that").await.expect("no panic").expect("it is read"), given as u64);
        assert!(all_of::<C>(last).await == all[..given]);
        for task in &tasks {
            task.abort();
        }
    });
}
