//! The suite, on the `Driver` of the module that has this one.

use crate::{COUNTED, LONG, beside_others, count, fds, fds_at_rest};
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Config, Runtime, preset, scheduler};
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::task::{Context, Poll};
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

#[cfg(unix)]
#[path = "forks.rs"]
mod forks;
#[cfg(unix)]
#[path = "wakers.rs"]
pub(super) mod wakers;

pub(super) struct Thieves;

#[bespoke::config(base = preset::Default, module = thieves)]
impl Config for Thieves {
    type Scheduler = scheduler::WorkStealing<4>;
    type Driver = super::Driver;
    const WORKERS_EXACT: bool = true;
    // Often: each look may find what another worker waits for.
    const EVENT_INTERVAL: u32 = 3;
}

type Stream = TcpStream<Thieves>;

pub(super) fn runtime() -> Runtime<Thieves> {
    Runtime::new().expect("a runtime starts")
}

#[track_caller]
pub(super) fn ends(runtime: Runtime<Thieves>) {
    let shutdown = runtime.shutdown_timeout(LONG);
    assert!(shutdown.is_clean(), "{shutdown}");
}

pub(super) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match Thieves::timeout(LONG, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: nothing comes"),
    }
}

/// Gives the task to whoever takes it: it is queued behind others, and a worker without work takes half of them.
async fn wander(random: &mut u64) {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
    if *random >> 62 == 0 {
        Thieves::yield_now().await;
    }
}

/// Bytes of a numbered stream.
fn byte(at: u64) -> u8 {
    (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8
}

/// Echoes until the peer ends; reads so little at a time that most reads empty the socket and wait.
async fn echo(mut stream: Stream, mut random: u64) -> usize {
    let (mut buffer, mut total) = ([0; 97], 0);
    loop {
        let n = stream.read(&mut buffer).await.expect("open");
        if n == 0 {
            return total;
        }
        total += n;
        wander(&mut random).await;
        stream.write_all(buffer[..n].to_vec()).await.0.expect("open");
        wander(&mut random).await;
    }
}

/// Writes `len` bytes in one task and reads them back in another, through halves of one stream.
async fn halves(stream: Stream, len: u64, seed: u64) {
    let (mut reader, mut writer) = stream.into_split();
    let writes = Thieves::spawn(async move {
        let (mut at, mut random) = (0, seed);
        while at < len {
            let n = (1 + random % 300).min(len - at);
            let bytes: Vec<u8> = (at..at + n).map(byte).collect();
            writer.write_all(bytes).await.0.expect("open");
            at += n;
            wander(&mut random).await;
        }
        writer
    });
    let reads = Thieves::spawn(async move {
        let (mut at, mut buffer, mut random) = (0, [0; 61], seed ^ 1);
        while at < len {
            let n = reader.read(&mut buffer).await.expect("open");
            assert!(n > 0, "the stream ends at byte {at} of {len}");
            for got in &buffer[..n] {
                assert_eq!(*got, byte(at), "byte {at}");
                at += 1;
            }
            wander(&mut random).await;
        }
        reader
    });
    drop(soon("the bytes are written", writes).await.expect("it writes"));
    drop(soon("the bytes come back", reads).await.expect("it reads"));
}

#[test]
fn halves_of_streams_are_read_and_written_by_whoever_runs_their_tasks() {
    let _beside = beside_others();
    let (streams, len) = (16, count(40_000, 1_000_000) as u64);
    let runtime = runtime();
    let total = runtime.block_on(async {
        let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let server = Thieves::spawn(async move {
            let mut echoes = Vec::new();
            for seed in 0..streams {
                let (stream, _) = listener.accept().await.expect("somebody comes");
                echoes.push(Thieves::spawn(echo(stream, seed)));
            }
            let mut total = 0;
            for echo in echoes {
                total += echo.await.expect("it echoes");
            }
            total
        });
        let clients: Vec<_> = (0..streams)
            .map(|seed| {
                Thieves::spawn(async move {
                    let stream = Stream::connect(address).await.expect("a listener is there");
                    halves(stream, len, seed * 2 + 1).await;
                })
            })
            .collect();
        for client in clients {
            client.await.expect("it writes and reads");
        }
        soon("the server ends", server).await.expect("it ends")
    });
    assert_eq!(total as u64, streams * len);
    let metrics = runtime.metrics();
    let tasks = |worker: &bespoke::metrics::StealingMetrics| {
        [worker.from_core, worker.from_cache, worker.from_node, worker.from_machine]
            .map(|from| from.tasks)
            .iter()
            .sum::<u64>()
    };
    let stolen: u64 = metrics.workers.iter().filter_map(|worker| worker.stealing.as_ref()).map(tasks).sum();
    assert!(stolen > 0, "no task has moved: nothing was tested");
    ends(runtime);
}

/// One byte to and fro: each read waits, so an edge that is forgotten, or a waker that comes too late for it, is a hang.
#[test]
fn no_edge_is_lost_between_a_call_that_would_block_and_the_wait_after_it() {
    let _beside = beside_others();
    let (pairs, rounds) = (8, count(20_000, 500_000));
    let runtime = runtime();
    runtime.block_on(async {
        let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let mut tasks = Vec::new();
        for pair in 0..pairs {
            let mut one = Stream::connect(address).await.expect("a listener is there");
            let (mut other, _) = listener.accept().await.expect("it connects");
            one.set_nodelay(true).expect("open");
            other.set_nodelay(true).expect("open");
            tasks.push(Thieves::spawn(async move {
                let (mut random, mut got) = (pair, [0; 1]);
                for round in 0..rounds {
                    one.write_all(vec![round as u8]).await.0.expect("open");
                    wander(&mut random).await;
                    assert_eq!(one.read(&mut got).await.expect("open"), 1);
                    assert_eq!(got[0], round as u8);
                }
            }));
            tasks.push(Thieves::spawn(async move {
                let (mut random, mut got) = (pair ^ 7, [0; 1]);
                while other.read(&mut got).await.expect("open") == 1 {
                    wander(&mut random).await;
                    other.write_all(got.to_vec()).await.0.expect("open");
                }
            }));
        }
        for task in tasks {
            soon("a byte", task).await.expect("it plays");
        }
    });
    ends(runtime);
}

/// Futures that are begun by one worker, polled by another and dropped by a third; peers see each socket close.
#[test]
fn what_is_dropped_by_any_worker_or_thread_is_closed() {
    let _beside = beside_others();
    let rounds = count(300, 20_000);
    let runtime = runtime();
    runtime.block_on(async {
        let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        for round in 0..rounds {
            let mut peer = std::net::TcpStream::connect(address).expect("a listener is there");
            let (mut stream, _) = listener.accept().await.expect("it connects");
            let task = Thieves::spawn(async move {
                let mut buffer = [0; 8];
                let mut read = Box::pin(async move { stream.read(&mut buffer).await.map(drop) });
                // Begun here; it may go on elsewhere.
                core::future::poll_fn(|cx| {
                    assert!(read.as_mut().poll(cx).is_pending());
                    Poll::Ready(())
                })
                .await;
                Thieves::yield_now().await;
                read
            });
            let mut read = task.await.expect("it begins");
            match round % 3 {
                0 => drop(read),
                1 => std::thread::spawn(move || drop(read)).join().expect("it only drops"),
                _ => {
                    let task = Thieves::spawn(async move {
                        core::future::poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx).is_pending())).await
                    });
                    assert!(task.await.expect("it polls"), "nothing was sent");
                }
            }
            peer.set_read_timeout(Some(LONG)).expect("open");
            assert_eq!(peer.read(&mut [0; 1]).expect("it ends"), 0);
        }
    });
    assert!((0..20_000).any(|_| {
        std::thread::sleep(Duration::from_millis(1));
        runtime.open_resources() == 0
    }));
    ends(runtime);
}

/// Runtimes that close while their tasks read, write, accept and connect on drivers of each other: nothing hangs, no task sees
/// it, and no descriptor is left.
#[test]
fn a_runtime_closes_under_load() {
    let _alone = COUNTED.write().unwrap_or_else(PoisonError::into_inner);
    let cycles = count(60, 3_000);
    let before = fds_at_rest();
    for cycle in 0..cycles {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let runtime = runtime();
        let (address, told) = runtime.block_on(async {
            let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
            let address = listener.local_addr().expect("bound");
            let told = seen.clone();
            let tells = seen.clone();
            drop(Thieves::spawn(async move {
                loop {
                    let stream = match listener.accept().await {
                        Ok((stream, _)) => stream,
                        Err(error) => {
                            tells.lock().expect("nobody panics").push(format!("accept: {error}"));
                            return;
                        }
                    };
                    let tells = tells.clone();
                    drop(Thieves::spawn(async move {
                        let mut stream = stream;
                        let mut buffer = [0; 64];
                        while let Ok(n) = stream.read(&mut buffer).await {
                            if n == 0 {
                                return;
                            }
                            if let Err(error) = stream.write_all(buffer[..n].to_vec()).await.0
                                && error.kind() == ErrorKind::BrokenPipe
                                && error.to_string().contains("closed")
                            {
                                tells.lock().expect("nobody panics").push(format!("write: {error}"));
                            }
                        }
                    }));
                }
            }));
            (address, told)
        });
        let over = Arc::new(AtomicBool::new(false));
        let peers: Vec<_> = (0..3)
            .map(|_| {
                let over = over.clone();
                std::thread::spawn(move || {
                    while !over.load(SeqCst) {
                        let Ok(mut peer) = std::net::TcpStream::connect(address) else { return };
                        for _ in 0..20 {
                            if peer.write_all(&[7; 64]).is_err() || peer.read(&mut [0; 64]).is_err() {
                                break;
                            }
                        }
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_micros(500 * (cycle % 20) as u64));
        ends(runtime);
        over.store(true, SeqCst);
        for peer in peers {
            peer.join().expect("it plays");
        }
        let told = told.lock().expect("nobody panics");
        assert!(told.is_empty(), "a task saw the end of its runtime: {told:?}");
        // What the kernel closes with a ring goes a moment later than the ring.
        let begin = Instant::now();
        while fds() != before {
            assert!(begin.elapsed() < LONG, "{} descriptors, and {before} before", fds());
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What was opened by a `block_on` is watched when that has returned.
#[test]
fn what_a_block_on_has_opened_outlives_it() {
    let _beside = beside_others();
    let runtime = runtime();
    let listener = runtime.block_on(TcpListener::<Thieves>::bind("127.0.0.1:0")).expect("a port is free");
    let address = listener.local_addr().expect("bound");
    let server = runtime.spawn(async move { listener.accept().await.expect("somebody comes").0 });
    std::thread::sleep(Duration::from_millis(5));
    let mut client = runtime.block_on(Stream::connect(address)).expect("a listener is there");
    let mut stream = runtime.block_on(soon("a connection", server)).expect("it accepts");
    runtime.block_on(client.write_all("tea")).0.expect("open");
    let mut got = [0; 3];
    runtime.block_on(soon("three bytes", stream.read_exact(&mut got))).expect("open");
    assert_eq!(&got, b"tea");
    ends(runtime);
}

/// Sockets are watched by each worker in turn, so one accept loop, which spawns meanwhile, does not load one driver.
#[test]
fn what_one_task_accepts_is_spread_over_the_drivers() {
    let _beside = beside_others();
    let runtime = runtime();
    let held = runtime.block_on(async {
        let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let mut held = vec![];
        for _ in 0..15 {
            let peer = std::net::TcpStream::connect(address).expect("a listener is there");
            let (mut stream, _) = listener.accept().await.expect("it connects");
            let waits = Thieves::spawn(async move { stream.read(&mut [0; 1]).await.map(drop) });
            held.push((waits, peer));
        }
        (listener, held)
    });
    let open: Vec<usize> = runtime.metrics().workers.iter().map(|worker| worker.resources).collect();
    assert_eq!(open, [4; 4], "a listener and fifteen streams");
    drop(held);
    ends(runtime);
}

/// A budget is that of the worker that polls: a stream that is always ready does not keep its task for ever.
#[test]
fn a_task_that_always_finds_bytes_lets_others_run() {
    let _beside = beside_others();
    let runtime = runtime();
    runtime.block_on(async {
        let listener = TcpListener::<Thieves>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let over = Arc::new(AtomicBool::new(false));
        let mut hot = Vec::new();
        for _ in 0..4 {
            let mut peer = std::net::TcpStream::connect(address).expect("a listener is there");
            let (mut stream, _) = listener.accept().await.expect("it connects");
            let stop = over.clone();
            std::thread::spawn(move || while !stop.load(SeqCst) && peer.write_all(&[1; 65_536]).is_ok() {});
            let stop = over.clone();
            hot.push(Thieves::spawn(async move {
                let mut one = [0; 1];
                while !stop.load(SeqCst) {
                    stream.read(&mut one).await.expect("open");
                }
            }));
        }
        for _ in 0..50 {
            let task = Thieves::spawn(async {});
            soon("a task beside four that are always ready", task).await.expect("it runs");
        }
        over.store(true, SeqCst);
        for task in hot {
            soon("the end", task).await.expect("it ends");
        }
    });
    ends(runtime);
}

#[test]
fn futures_of_sockets_are_send() {
    let _beside = beside_others();
    fn send<T: Send>(value: T) -> T {
        value
    }
    let runtime = runtime();
    let mut future = pin!(send(async { TcpListener::<Thieves>::bind("127.0.0.1:0").await.map(drop) }));
    runtime.block_on(async {
        core::future::poll_fn(|cx: &mut Context<'_>| Pin::new(&mut future).poll(cx)).await.expect("a port is free");
    });
    ends(runtime);
}
