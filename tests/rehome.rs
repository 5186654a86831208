//! Sockets move between the workers of a runtime, with what was read ahead on the old one: one suite for all drivers with a
//! state.
//!
//! Peers are sockets of `std` on threads of their own. Each case runs alone in the process and leaves the count of open
//! descriptors as it was; every wait is bounded, so that a wait for a socket which nobody gives up is a failure and not a hang.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]
#![expect(clippy::disallowed_methods, reason = "peers stand outside of any runtime")]

use bespoke::prelude::*;
use bespoke::rt::{
    AsyncFd, OwnedReadHalf, OwnedWriteHalf, TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream,
};
use bespoke::{Config, Runtime, channel, driver, preset, scheduler};
use core::future::{Future, poll_fn};
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream as StdStream;
use std::sync::{Mutex, PoisonError};
use std::thread;

#[path = "common/descriptors.rs"]
mod descriptors;
#[cfg(target_os = "linux")]
#[path = "common/ring.rs"]
mod ring;
#[cfg(target_os = "linux")]
#[path = "rehome/sending.rs"]
mod sending;

/// What every config of this file is.
trait Moves: Config<Driver: Net + Unix + Udp + Foreign, Scheduler: scheduler::Cores> {}
impl<C: Config<Driver: Net + Unix + Udp + Foreign, Scheduler: scheduler::Cores>> Moves for C {}

const WORKERS: usize = 2;
/// What an event that must come may take on a busy machine.
const LONG: Duration = Duration::from_secs(20);

fn runtime<C: Moves>() -> Runtime<C> {
    Runtime::new().unwrap()
}

async fn soon<C: Config, T>(future: impl Future<Output = T>) -> T {
    C::timeout(LONG, future).await.expect("it did not come in time")
}

/// Runs a future on a worker, to its end.
async fn on<C: Moves, T: Send + 'static>(core: usize, make: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    soon::<C, _>(C::spawn_on(core, make)).await.unwrap()
}

/// Polls `future` so often, and drops it; whether it was over.
async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        let mut future = future.as_mut();
        if let Poll::Ready(output) = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await {
            return Some(output);
        }
        thread::yield_now();
    }
    None
}

/// One case at a time, its descriptors counted.
fn alone(name: &str, case: fn()) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let before = descriptors::fds();
    case();
    // What the kernel closes with a ring goes a moment later than the ring.
    for _ in 0..2000 {
        // Less: one of the case before this one was going when we looked.
        if descriptors::fds() <= before {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert!(
        descriptors::fds() <= before,
        "{name} left descriptors open: {before} before, {} after",
        descriptors::fds()
    );
}

/// A small generator, so that a run can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n
    }
}

/// Byte `at` of the stream of numbers.
fn byte(at: usize) -> u8 {
    ((at / 4) as u32).to_le_bytes()[at % 4]
}

/// A connection: ours, used on no worker yet, and the peer's.
async fn connected<C: Moves>() -> (TcpStream<C>, StdStream) {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
    let peer = StdStream::connect(listener.local_addr().unwrap()).unwrap();
    (soon::<C, _>(listener.accept()).await.unwrap().0, peer)
}

/// A stream that was read on a worker, which has read ahead if its driver does: `ahead` comes, and nobody waits for it.
async fn read_ahead<C: Moves>(core: usize, ahead: &'static [u8]) -> (TcpStream<C>, StdStream) {
    let (mut stream, mut peer) = connected::<C>().await;
    let stream = on::<C, _>(core, async move || {
        peer.write_all(b".").unwrap();
        stream.read_exact(&mut [0]).await.unwrap();
        assert!(polled(1, stream.read(&mut [0])).await.is_none());
        peer.write_all(ahead).unwrap();
        // Two sleeps: what has come is taken in by a turn of the driver.
        C::sleep(Duration::from_millis(2)).await;
        C::sleep(Duration::from_millis(1)).await;
        (stream, peer)
    });
    stream.await
}

/// What the stream yields from now on.
async fn rest<C: Moves>(stream: &mut TcpStream<C>) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 64]);
    loop {
        match soon::<C, _>(stream.read(&mut buffer)).await.unwrap() {
            0 => return all,
            n => all.extend_from_slice(&buffer[..n]),
        }
    }
}

/// A stream of numbers whose reader is now on this worker, now on that, and on the caller's; reads are dropped on the way, so
/// that the driver is left with what nobody waits for.
fn a_numbered_stream_moves_midway<C: Moves>() {
    const BYTES: usize = 400_000;
    let rt = runtime::<C>();
    rt.block_on(async {
        let (mut stream, mut peer) = connected::<C>().await;
        let writer = thread::spawn(move || {
            let (mut random, mut at) = (Random(7), 0);
            while at < BYTES {
                let len = (1 + random.below(3000)).min(BYTES - at);
                let part: Vec<u8> = (at..at + len).map(byte).collect();
                peer.write_all(&part).unwrap();
                at += len;
                if random.below(20) == 0 {
                    thread::sleep(Duration::from_micros(300));
                }
            }
        });
        let (mut at, mut random) = (0, Random(11));
        let mut leg = 0;
        loop {
            let seed = 1 + random.below(1 << 30) as u64;
            let reads = async move |mut stream: TcpStream<C>, mut at: usize| {
                let (mut random, mut ended) = (Random(seed), false);
                let mut buffer = vec![0; 5000];
                for _ in 0..1 + random.below(8) {
                    let len = 1 + random.below(buffer.len());
                    let n = if random.below(3) == 0 {
                        let Some(n) = polled(1, stream.read(&mut buffer[..len])).await else { continue };
                        n.unwrap()
                    } else {
                        stream.read(&mut buffer[..len]).await.unwrap()
                    };
                    for (i, got) in buffer[..n].iter().enumerate() {
                        assert_eq!(*got, byte(at + i), "byte {} of the stream", at + i);
                    }
                    at += n;
                    ended |= n == 0;
                }
                (stream, at, ended)
            };
            let ended;
            (stream, at, ended) = match leg % 3 {
                2 => soon::<C, _>(reads(stream, at)).await,
                core => on::<C, _>(core, async move || reads(stream, at).await).await,
            };
            leg += 1;
            if ended {
                break;
            }
        }
        assert_eq!(at, BYTES);
        assert!(leg > 20, "it moved {leg} times only");
        writer.join().unwrap();
    });
}

/// Bytes, and the end behind them, that the old worker has taken in and nobody has read.
fn what_was_read_ahead_goes_along<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        for core in 0..WORKERS {
            let (mut stream, peer) = read_ahead::<C>(core, b"0123456789").await;
            drop(peer);
            C::sleep(Duration::from_millis(2)).await;
            let all = on::<C, _>(1 - core, async move || {
                let mut two = [0; 2];
                stream.read_exact(&mut two).await.unwrap();
                (stream, two)
            });
            let (mut stream, two) = all.await;
            assert_eq!(&two, b"01");
            // And to the third one, the caller's own.
            assert_eq!(rest(&mut stream).await, b"23456789");
        }
    });
}

/// A lease of the old worker's driver lives while its stream moves, and its bytes are a part of the stream like any others.
fn a_lease_outlives_the_move<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let (mut stream, mut peer) = read_ahead::<C>(0, b"tea").await;
        let (mut stream, lease) = on::<C, _>(0, async move || {
            let lease = stream.read_lease().await.unwrap();
            (stream, lease)
        })
        .await;
        peer.write_all(b" for two").unwrap();
        drop(peer);
        let (lease, all) = on::<C, _>(1, async move || (lease, rest(&mut stream).await)).await;
        assert_eq!((&*lease, &*all), (&b"tea"[..], &b" for two"[..]));
        drop(lease); // of worker 0, dropped by the caller
    });
}

fn connections_accepted_ahead_go_along<C: Moves>() {
    const CONNECTIONS: usize = 40;
    let rt = runtime::<C>();
    rt.block_on(async {
        let (listener, clients) = on::<C, _>(0, async move || {
            let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
            assert!(polled(1, listener.accept()).await.is_none());
            let address = listener.local_addr().unwrap();
            let connect = move || (0..CONNECTIONS).map(|_| StdStream::connect(address).unwrap()).collect::<Vec<_>>();
            let clients = thread::spawn(connect).join().unwrap();
            C::sleep(Duration::from_millis(2)).await;
            C::sleep(Duration::from_millis(1)).await;
            (listener, clients)
        })
        .await;
        let mut expected: Vec<SocketAddr> = clients.iter().map(|client| client.local_addr().unwrap()).collect();
        let mut peers = on::<C, _>(1, async move || {
            let mut peers = Vec::new();
            for _ in 0..CONNECTIONS {
                peers.push(soon::<C, _>(listener.accept()).await.unwrap().1);
            }
            assert!(polled(2, listener.accept()).await.is_none(), "one too many");
            peers
        })
        .await;
        expected.sort();
        peers.sort();
        assert_eq!(peers, expected);
        drop(clients);
        // And those that nobody takes any more are closed, wherever the listener is: the count of descriptors tells.
        for moved in [false, true] {
            let (listener, client) = on::<C, _>(0, async move || {
                let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
                assert!(polled(1, listener.accept()).await.is_none());
                let client = StdStream::connect(listener.local_addr().unwrap()).unwrap();
                C::sleep(Duration::from_millis(2)).await;
                (listener, client)
            })
            .await;
            on::<C, _>(1, async move || {
                if moved {
                    listener.rehome().await.unwrap();
                } else {
                    // Asked for, and dropped.
                    polled(1, listener.rehome()).await;
                }
            })
            .await;
            drop(client);
        }
    });
}

/// The peer resets the connection while it moves: what was read before, or the error, and never silence.
fn a_reset_meets_the_move<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let mut random = Random(5);
        for _ in 0..100 {
            let (mut stream, peer) = read_ahead::<C>(0, b"x").await;
            let wait = random.below(200) as u64;
            let resets = thread::spawn(move || {
                thread::sleep(Duration::from_micros(wait));
                reset(peer);
            });
            let ended = on::<C, _>(1, async move || {
                let mut got = Vec::new();
                loop {
                    let mut buffer = [0; 8];
                    match soon::<C, _>(stream.read(&mut buffer)).await {
                        Ok(0) => return (got, None),
                        Ok(n) => got.extend_from_slice(&buffer[..n]),
                        Err(error) => return (got, Some(error.kind())),
                    }
                }
            });
            let (got, error) = ended.await;
            resets.join().unwrap();
            assert_eq!(error, Some(ErrorKind::ConnectionReset), "after {got:?}");
            assert!(got.is_empty() || got == b"x", "{got:?}");
        }
    });
}

/// Closes a connection with an RST.
fn reset(stream: StdStream) {
    use std::os::fd::AsRawFd as _;
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    // SAFETY: the descriptor is open, and `linger` is what the option takes.
    let set = unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_LINGER,
            (&raw const linger).cast(),
            size_of::<libc::linger>() as u32,
        )
    };
    assert_eq!(set, 0);
}

/// A wait for the move is dropped after so many polls, while the old worker is busy, or idle. The stream is whole, whoever reads
/// it next.
fn a_wait_is_dropped_at_each_step<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let mut random = Random(3);
        for round in 0..240 {
            let (mut stream, mut peer) = read_ahead::<C>(0, b"ab").await;
            let busy = random.below(3);
            let keeps_busy = C::spawn_on(0, async move || {
                if busy > 0 {
                    thread::sleep(Duration::from_micros(200 * busy as u64));
                }
            });
            let polls = round % 4;
            let reads = round % 8 >= 4;
            let (mut stream, taken) = on::<C, _>(1, async move || {
                if reads {
                    // A read instead: it may come to its end.
                    let mut one = [0];
                    if let Some(n) = polled(polls, stream.read(&mut one)).await {
                        assert_eq!((n.unwrap(), &one), (1, b"a"));
                        return (stream, 1);
                    }
                } else if let Some(moved) = polled(polls, stream.rehome()).await {
                    moved.unwrap();
                }
                (stream, 0)
            })
            .await;
            peer.write_all(b"cd").unwrap();
            drop(peer);
            let all = match random.below(4) {
                3 => {
                    drop(stream);
                    soon::<C, _>(keeps_busy).await.unwrap();
                    continue;
                }
                2 => rest(&mut stream).await,
                core => on::<C, _>(core, async move || rest(&mut stream).await).await,
            };
            assert_eq!(all, &b"abcd"[taken..], "round {round}");
            soon::<C, _>(keeps_busy).await.unwrap();
        }
    });
}

/// Says that another worker uses it.
fn assert_busy<T>(result: std::io::Result<T>) {
    let Err(error) = result else { panic!("it came, although it was in use") };
    assert_eq!(error.kind(), ErrorKind::ResourceBusy);
    assert_eq!(error.to_string(), "resource busy: it belongs to another worker, which uses it");
}

fn what_is_in_use_stays<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let (stream, mut peer) = connected::<C>().await;
        let (mut reader, mut writer): (OwnedReadHalf<C>, OwnedWriteHalf<C>) = stream.into_split();
        let (waits, waiting) = channel::oneshot::channel();
        let reads = C::spawn_on(0, async move || {
            let mut got = [0; 3];
            {
                let mut read = pin!(reader.read(&mut got));
                assert!(poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await.is_pending());
                waits.send(()).unwrap();
                assert_eq!(read.await.unwrap(), 3);
            }
            (reader, got)
        });
        soon::<C, _>(waiting).await.unwrap();
        let mut writer = on::<C, _>(1, async move || {
            let (written, bytes) = writer.write_all(b"no".to_vec()).await;
            assert_busy(written);
            assert_eq!(bytes, b"no", "the buffer comes back");
            assert_busy(writer.stream().rehome().await);
            // What is no operation needs no worker.
            writer.stream().set_nodelay(true).unwrap();
            writer
        })
        .await;
        peer.write_all(b"tea").unwrap();
        let (reader, got) = soon::<C, _>(reads).await.unwrap();
        assert_eq!(&got, b"tea");
        // Nobody waits any more.
        on::<C, _>(1, async move || {
            writer.write_all("yes").await.0.unwrap();
            drop((reader, writer));
        })
        .await;
        let mut all = String::new();
        peer.read_to_string(&mut all).unwrap();
        assert_eq!(all, "yes", "nothing of what was refused was written");
    });
}

fn a_listener_is_one_workers_while_somebody_waits<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let listener = std::sync::Arc::new(TcpListener::<C>::bind("127.0.0.1:0").await.unwrap());
        let address = listener.local_addr().unwrap();
        let (waits, waiting) = channel::oneshot::channel();
        let first = listener.clone();
        let accepts = C::spawn_on(0, async move || {
            let mut accept = pin!(first.accept());
            // The listener was the caller's: it comes first.
            first.rehome().await.unwrap();
            assert!(poll_fn(|cx| Poll::Ready(accept.as_mut().poll(cx))).await.is_pending());
            waits.send(()).unwrap();
            accept.await.unwrap().1
        });
        soon::<C, _>(waiting).await.unwrap();
        let second = listener.clone();
        on::<C, _>(1, async move || assert_busy(second.accept().await)).await;
        let client = StdStream::connect(address).unwrap();
        assert_eq!(soon::<C, _>(accepts).await.unwrap(), client.local_addr().unwrap());
        // A wait that is dropped is none.
        let first = listener.clone();
        on::<C, _>(0, async move || assert!(polled(1, first.accept()).await.is_none())).await;
        let client = StdStream::connect(address).unwrap();
        let accepted = on::<C, _>(1, async move || listener.accept().await.unwrap().1).await;
        assert_eq!(accepted, client.local_addr().unwrap());
    });
}

/// The first poll of a read is here, the others are there: it begins anew, where its stream comes.
#[expect(clippy::async_yields_async, reason = "the read goes on elsewhere")]
fn a_read_that_moves_takes_its_stream_along<C: Moves>() {
    type Reads = Pin<Box<dyn Future<Output = (Vec<u8>, &'static str)> + Send>>;
    let rt = runtime::<C>();
    rt.block_on(async {
        let (mut stream, mut peer) = connected::<C>().await;
        let mut read: Reads = Box::pin(async move {
            let mut got = vec![0; 3];
            stream.read_exact(&mut got).await.unwrap();
            (got, "read")
        });
        for core in [0, 1, 1, 0] {
            read = on::<C, _>(core, async move || {
                // One poll asks for it, the next finds it here: then it waits.
                for _ in 0..20 {
                    assert!(poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await.is_pending());
                    C::sleep(Duration::from_micros(100)).await;
                }
                read
            })
            .await;
        }
        peer.write_all(b"tea").unwrap();
        let (got, said) = on::<C, _>(1, async move || read.await).await;
        assert_eq!((&*got, said), (&b"tea"[..], "read"));
    });
}

/// How far a write came that was dropped is told wherever the stream is, and no byte is sent twice or not at all.
fn an_interrupted_write_is_told_elsewhere<C: Moves>() {
    const LEN: usize = 8 << 20;
    let rt = runtime::<C>();
    rt.block_on(async {
        let (mut stream, mut peer) = connected::<C>().await;
        let whole: Vec<u8> = (0..LEN).map(byte).collect();
        let (mut stream, whole) = on::<C, _>(0, async move || {
            assert!(
                polled(1, stream.write_all(whole.clone())).await.is_none(),
                "no buffer of the system is that large"
            );
            (stream, whole)
        })
        .await;
        let taken = on::<C, _>(1, async move || {
            // The kernel may need a moment to let go of the write.
            loop {
                match stream.rehome().await {
                    Ok(()) => break,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::ResourceBusy),
                }
                C::sleep(Duration::from_millis(1)).await;
            }
            let taken = stream.take_interrupted().await;
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            (taken, stream)
        });
        let mut got = Vec::new();
        let reads = thread::spawn(move || {
            peer.read_to_end(&mut got).unwrap();
            got
        });
        let (taken, stream) = taken.await;
        let got = reads.join().unwrap();
        assert!(got == whole[..got.len()], "the bytes are those of the buffer");
        match taken {
            Some(taken) => {
                assert_eq!(taken.bytes, got.len());
                assert_eq!(taken.kept.downcast::<Vec<u8>>().unwrap().len(), LEN);
            }
            None => assert!(got.is_empty(), "{} bytes were sent, and nobody was told", got.len()),
        }
        drop(stream);
    });
}

/// The caller's own worker closes while others ask for what it has: they get it, or hear that it is closed.
fn the_old_worker_closes_in_the_midst<C: Moves>() {
    let rt = runtime::<C>();
    let (mut moved, mut round) = (0, 0);
    // On a busy machine the other workers may come too late in many of them.
    while round < 200 || moved == 0 && round < 5_000 {
        round += 1;
        let (task, mut peer) = rt.block_on(async {
            let (mut stream, mut peer) = connected::<C>().await;
            peer.write_all(b".tea").unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
            assert!(polled(1, stream.peek(&mut [0; 3])).await.is_none_or(|peeked| peeked.is_ok()));
            let task = C::spawn_on(round % WORKERS, async move || {
                let mut got = [0; 3];
                stream.read_exact(&mut got).await.map(|()| (stream, got))
            });
            if round % 3 > 0 {
                C::sleep(Duration::from_micros(30 * (round as u64 % 7) * (1 + round as u64 / 200))).await;
            }
            (task, peer)
        });
        let read = rt.block_on(soon::<C, _>(task)).unwrap();
        match read {
            Ok((stream, got)) => {
                assert_eq!(&got, b"tea");
                moved += 1;
                drop(stream);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}"),
        }
        // Closed on either side: the peer hears it.
        let mut all = Vec::new();
        let _ = peer.read_to_end(&mut all);
    }
    assert!(moved > 0, "none of them moved");
}

/// The runtime closes while streams are on their way everywhere.
fn the_runtime_closes_in_the_midst<C: Moves>() {
    for round in 0..40 {
        let rt = runtime::<C>();
        let peers = rt.block_on(async {
            let mut peers = Vec::new();
            for n in 0..6 {
                let (stream, peer) = connected::<C>().await;
                peers.push(peer);
                let (to, mut from) = channel::mpsc::channel::<TcpStream<C>>(1);
                let (back, mut again) = channel::mpsc::channel::<TcpStream<C>>(1);
                to.send(stream).await.unwrap();
                drop(C::spawn_on(n % WORKERS, async move || {
                    while let Some(stream) = from.recv().await {
                        stream.rehome().await.unwrap();
                        back.send(stream).await.unwrap();
                    }
                }));
                drop(C::spawn_on((n + 1) % WORKERS, async move || {
                    while let Some(mut stream) = again.recv().await {
                        polled(1 + n % 3, stream.read(&mut [0; 8])).await;
                        to.send(stream).await.unwrap();
                    }
                }));
            }
            C::sleep(Duration::from_micros(50 * round)).await;
            peers
        });
        let shutdown = rt.shutdown_timeout(LONG);
        assert!(shutdown.is_clean(), "{shutdown}");
        for mut peer in peers {
            // Every stream is closed: the peer hears its end, or its reset.
            peer.set_read_timeout(Some(LONG)).unwrap();
            match peer.read(&mut [0; 8]) {
                Ok(n) => assert_eq!(n, 0),
                Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            }
        }
    }
}

/// Two tasks hand a connection to each other, each reads and writes; descriptors are counted in the midst, too.
fn ten_thousand_moves<C: Moves>() {
    const MOVES: usize = 10_000;
    let rt = runtime::<C>();
    rt.block_on(async {
        let (stream, mut peer) = connected::<C>().await;
        let echo = thread::spawn(move || {
            let mut one = [0];
            while let Ok(1) = peer.read(&mut one) {
                peer.write_all(&one).unwrap();
            }
        });
        let (to, mut from) = channel::mpsc::channel::<TcpStream<C>>(1);
        let (back, mut again) = channel::mpsc::channel::<TcpStream<C>>(1);
        back.send(stream).await.unwrap();
        async fn beat<C: Moves>(stream: &mut TcpStream<C>, n: usize) {
            stream.write_all(vec![n as u8]).await.0.unwrap();
            let mut one = [0];
            stream.read_exact(&mut one).await.unwrap();
            assert_eq!(one[0], n as u8);
            // Leaves the driver with what nobody waits for.
            if n.is_multiple_of(5) {
                assert!(polled(1, stream.read(&mut one)).await.is_none());
            }
        }
        let first = C::spawn_on(0, async move || {
            let mut counts = (0, 0);
            for n in 0..MOVES / 2 {
                let mut stream = again.recv().await.unwrap();
                beat(&mut stream, n).await;
                counts.1 = descriptors::fds();
                if n == 10 {
                    counts.0 = counts.1;
                }
                to.send(stream).await.unwrap();
            }
            counts
        });
        let second = C::spawn_on(1, async move || {
            for n in 0..MOVES / 2 {
                let mut stream = from.recv().await.unwrap();
                beat(&mut stream, n).await;
                if back.send(stream).await.is_err() {
                    assert_eq!(n, MOVES / 2 - 1);
                }
            }
        });
        // Not `soon`: on a loaded machine this is minutes.
        let counts = C::timeout(Duration::from_secs(240), first).await.unwrap().unwrap();
        soon::<C, _>(second).await.unwrap();
        assert_eq!(counts.0, counts.1, "descriptors at the beginning and at the end");
        echo.join().unwrap();
        assert_eq!(rt.open_resources(), 0, "no worker has it any more");
    });
}

/// A server as generic code has it: accepted here, served wherever the task is placed.
fn an_accept_loop_that_spawns<C: Moves>() {
    const CLIENTS: usize = 60;
    async fn serve<C: Moves>(listener: TcpListener<C>) -> std::io::Result<()> {
        loop {
            let (mut stream, _) = listener.accept().await?;
            drop(C::spawn(async move {
                let mut buffer = vec![0; 512];
                while let Ok(n @ 1..) = stream.read(&mut buffer).await {
                    if stream.write_all(buffer[..n].to_vec()).await.0.is_err() {
                        break;
                    }
                }
            }));
        }
    }
    let rt = runtime::<C>();
    rt.block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = C::spawn(serve(listener));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|n| {
                C::spawn(async move {
                    let mut stream = TcpStream::<C>::connect(address).await.unwrap();
                    for round in 0..10 {
                        let said = format!("client {n}, round {round}").into_bytes();
                        stream.write_all(said.clone()).await.0.unwrap();
                        let mut got = vec![0; said.len()];
                        stream.read_exact(&mut got).await.unwrap();
                        assert_eq!(got, said);
                    }
                })
            })
            .collect();
        for client in clients {
            soon::<C, _>(client).await.unwrap();
        }
        server.abort();
        assert!(soon::<C, _>(server).await.unwrap_err().is_cancelled());
    });
}

fn other_sockets_move_as_well<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        // Datagrams, one of which has come and waits.
        let socket = UdpSocket::<C>::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        assert!(polled(1, socket.recv_from(&mut [0; 8])).await.is_none());
        std::net::UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"tea", address).unwrap();
        let socket = on::<C, _>(0, async move || {
            let mut got = [0; 8];
            assert_eq!(socket.recv_from(&mut got).await.unwrap().0, 3);
            assert!(polled(1, socket.recv_from(&mut got)).await.is_none());
            socket.send_to("again", address).await.0.unwrap();
            socket
        })
        .await;
        on::<C, _>(1, async move || assert_eq!(socket.recv_from(&mut [0; 8]).await.unwrap().0, 5)).await;

        // Unix streams, their listener, their datagrams.
        let (mut one, mut other) = UnixStream::<C>::pair().unwrap();
        on::<C, _>(0, async move || {
            assert!(polled(1, one.read(&mut [0])).await.is_none());
            other.write_all("tea").await.0.unwrap();
            on::<C, _>(1, async move || {
                let mut got = [0; 3];
                one.read_exact(&mut got).await.unwrap();
                assert_eq!(&got, b"tea");
            })
            .await;
            assert_eq!(other.read(&mut [0; 8]).await.unwrap(), 0);
        })
        .await;
        let path = std::env::temp_dir().join(format!("bespoke-rehome-{}-{}", std::process::id(), C::NAME));
        let listener = UnixListener::<C>::bind(&path).unwrap();
        assert!(polled(1, listener.accept()).await.is_none());
        let client = std::os::unix::net::UnixStream::connect(&path).unwrap();
        on::<C, _>(1, async move || {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all("tea").await.0.unwrap();
        })
        .await;
        let mut all = String::new();
        (&client).read_to_string(&mut all).unwrap();
        assert_eq!(all, "tea");
        std::fs::remove_file(&path).unwrap();
        let (one, other) = UnixDatagram::<C>::pair().unwrap();
        assert!(polled(1, one.recv(&mut [0; 8])).await.is_none());
        other.send("tea").await.0.unwrap();
        on::<C, _>(0, async move || assert_eq!(one.recv(&mut [0; 8]).await.unwrap(), 3)).await;

        // What is somebody else's.
        let (mut theirs, ours) = std::os::unix::net::UnixStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let fd = AsyncFd::<C, _>::new(ours).unwrap();
        let fd = on::<C, _>(0, async move || {
            let mut guard = fd.readable().await.unwrap();
            assert!(guard.try_io(|mut ours| ours.read(&mut [0; 8])).is_err(), "nothing has come");
            drop(guard);
            assert!(polled(1, fd.readable()).await.is_none());
            fd
        })
        .await;
        theirs.write_all(b"tea").unwrap();
        on::<C, _>(1, async move || {
            loop {
                let mut guard = soon::<C, _>(fd.readable()).await.unwrap();
                if let Ok(read) = guard.try_io(|mut ours| ours.read(&mut [0; 8])) {
                    break assert_eq!(read.unwrap(), 3);
                }
            }
        })
        .await;
    });
}

fn the_standard_library_gets_it_where_it_is<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let (stream, mut peer) = on::<C, _>(0, async move || {
            let (mut stream, mut peer) = connected::<C>().await;
            peer.write_all(b".").unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
            (stream, peer)
        })
        .await;
        let mut theirs = on::<C, _>(1, async move || {
            stream.rehome().await.unwrap();
            stream.into_std().unwrap()
        })
        .await;
        peer.write_all(b"tea").unwrap();
        let mut got = [0; 3];
        theirs.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"tea");
        // Asked for by a wait that was dropped, and given away by its own worker before that has heard of it.
        let (stream, _peer) = on::<C, _>(0, async move || {
            let (stream, peer) = connected::<C>().await;
            stream.rehome().await.unwrap();
            let stream = std::sync::Arc::new(stream);
            let (told, heard) = std::sync::mpsc::channel();
            let asks = stream.clone();
            drop(C::spawn_on(1, async move || {
                let asked = polled(1, asks.rehome()).await.is_none();
                drop(asks);
                told.send(asked).unwrap();
            }));
            // This worker is inside of a poll until then: it cannot have answered.
            assert!(heard.recv_timeout(LONG).unwrap());
            (std::sync::Arc::into_inner(stream).unwrap().into_std().unwrap(), peer)
        })
        .await;
        drop(stream);
        // One that no worker has yet belongs to whoever asks.
        let (stream, peer) = connected::<C>().await;
        drop((stream.into_std().unwrap(), peer));
    });
}

/// Options are asked for on a thread outside of the runtime while the stream moves to and fro.
fn numbers_are_lent_while_it_moves<C: Moves>() {
    let rt = runtime::<C>();
    rt.block_on(async {
        let (stream, peer) = connected::<C>().await;
        let stream = std::sync::Arc::new(stream);
        let over = std::sync::Arc::new(core::sync::atomic::AtomicBool::new(false));
        let (lent, until, local) = (stream.clone(), over.clone(), peer.local_addr().unwrap());
        let (told, asked) = std::sync::mpsc::channel();
        let asks = thread::spawn(move || {
            while !until.load(core::sync::atomic::Ordering::SeqCst) {
                assert_eq!(lent.peer_addr().unwrap(), local);
                // One inside of the other.
                lent.with_fd(|_| assert_eq!(lent.peer_addr().unwrap(), local)).unwrap();
                let _ = told.send(());
            }
        });
        asked.recv_timeout(LONG).unwrap();
        for n in 0..2000 {
            let stream = stream.clone();
            on::<C, _>(n % WORKERS, async move || stream.rehome().await.unwrap()).await;
        }
        over.store(true, core::sync::atomic::Ordering::SeqCst);
        asks.join().unwrap();
    });
}

/// Under a driver whose operations block a socket is nobody's: there is nothing to move, and a task of any thread uses it.
#[test]
fn under_a_blocking_driver_there_is_nothing_to_do() {
    type C = preset::Blocking;
    let rt = Runtime::<C>::new().unwrap();
    rt.block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
        let mut peer = StdStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        peer.write_all(b"tea for two").unwrap();
        drop(peer);
        let mut tea = [0; 3];
        stream.read_exact(&mut tea).await.unwrap();
        let all = C::spawn(async move {
            stream.rehome().await.unwrap();
            let mut all = vec![0; 8];
            stream.read_exact(&mut all).await.unwrap();
            all
        });
        assert_eq!((&tea, &*all.await.unwrap()), (b"tea", &b" for two"[..]));
    });
}

macro_rules! suite {
    ($($suite:ident: $config:ty, $rings:expr;)+ => $cases:tt) => {
        $(mod $suite {
            use crate as room;
            suite!(@ $config, $rings, $cases);
        })+
    };
    ($($suite:ident: $config:ty, $rings:expr;)+ => sending $cases:tt) => {
        $(#[cfg(target_os = "linux")]
        mod $suite {
            use crate::sending as room;
            suite!(@ $config, $rings, $cases);
        })+
    };
    (@ $config:ty, $rings:expr, [$($case:ident)+]) => {
        $(#[test]
        fn $case() {
            #[cfg(target_os = "linux")]
            if $rings && crate::ring::is_denied(concat!(module_path!(), "::", stringify!($case))) {
                return;
            }
            crate::alone(stringify!($case), room::$case::<$config>);
        })+
    };
}

macro_rules! configs {
    ($($(#[$condition:meta])* $name:ident: $driver:ty;)+) => {
        $(
            $(#[$condition])*
            struct $name;

            $(#[$condition])*
            #[bespoke::config(base = preset::Default)]
            impl Config for $name {
                type Scheduler = scheduler::PerCore<WORKERS>;
                type Driver = $driver;
                const WORKERS_EXACT: bool = true;
            }
        )+
    };
}

/// Workers ask each other for sockets all the time: by messages.
#[cfg(target_os = "linux")]
struct Messaged;

#[cfg(target_os = "linux")]
impl driver::RingOptions for Messaged {
    const WAKES_BY_MESSAGE: bool = true;
}

configs! {
    OnMio: driver::Mio;
    OnPoll: driver::Mio<driver::PosixPoll>;
    #[cfg(target_os = "linux")]
    OnRings: driver::IoUring<64>;
    #[cfg(target_os = "linux")]
    OnMessages: driver::IoUring<64, Messaged>;
    #[cfg(target_os = "linux")]
    OnEither: driver::Fallback<driver::IoUring<64>, driver::Mio>;
}
#[cfg(not(target_os = "linux"))]
type OnRings = OnMio;
#[cfg(not(target_os = "linux"))]
type OnMessages = OnMio;
#[cfg(not(target_os = "linux"))]
type OnEither = OnMio;

suite! {
    mio: crate::OnMio, false;
    poll: crate::OnPoll, false;
    rings: crate::OnRings, true;
    messages: crate::OnMessages, true;
    fallback: crate::OnEither, false;
    => [
        a_numbered_stream_moves_midway
        what_was_read_ahead_goes_along
        a_lease_outlives_the_move
        connections_accepted_ahead_go_along
        a_reset_meets_the_move
        a_wait_is_dropped_at_each_step
        what_is_in_use_stays
        a_listener_is_one_workers_while_somebody_waits
        a_read_that_moves_takes_its_stream_along
        an_interrupted_write_is_told_elsewhere
        the_old_worker_closes_in_the_midst
        the_runtime_closes_in_the_midst
        ten_thousand_moves
        an_accept_loop_that_spawns
        other_sockets_move_as_well
        the_standard_library_gets_it_where_it_is
        numbers_are_lent_while_it_moves
    ]
}

suite! {
    mio_sends: crate::OnMio, false;
    poll_sends: crate::OnPoll, false;
    rings_send: crate::OnRings, true;
    fallback_sends: crate::OnEither, false;
    => sending [
        a_file_and_a_stream_come_to_who_sends
        a_file_that_is_sent_stays
        a_dropped_send_is_told_elsewhere
    ]
}
suite! {
    mio_sends_waiting: crate::OnMio, false;
    poll_sends_waiting: crate::OnPoll, false;
    => sending [a_send_that_has_sent_nothing_moves]
}
