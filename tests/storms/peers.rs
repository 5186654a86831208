//! Peers that end, reset and dawdle. RELIABILITY A17.

use crate::starvation::percentile;
use crate::support::{Random, count, deep, eventually, fds, runtime};
use crate::turns::turns_until;
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use bespoke::{Config, Runtime};
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream as StdStream};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Instant;

/// Closed, the stream is reset.
fn reset_at_close(stream: &StdStream) {
    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
    let len = size_of::<libc::linger>() as libc::socklen_t;
    // SAFETY: the value lives during the call and has the length that is said.
    let set = unsafe {
        libc::setsockopt(stream.as_raw_fd(), libc::SOL_SOCKET, libc::SO_LINGER, (&raw const linger).cast(), len)
    };
    assert_eq!(set, 0);
}

/// How a loop of accepts is ended on every driver, those that cannot cancel one included: told to, then woken.
struct Server {
    over: Arc<AtomicBool>,
    address: SocketAddr,
}

impl Server {
    fn new(address: SocketAddr) -> Self {
        Server { over: Arc::default(), address }
    }

    /// The client ends as it should: one that is reset before it is accepted may be passed over.
    fn end(self) {
        self.over.store(true, Ordering::Release);
        drop(StdStream::connect(self.address).unwrap());
    }
}

async fn listen<C: Config<Driver: Net, Threads: StartsThreads>>() -> (TcpListener<C>, SocketAddr) {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Many clients at once end their direction after a random number of bytes: all of them are read, and the answer goes out on
/// the direction that is still open.
pub(crate) fn ended_streams_are_drained<C: Config<Driver: Net, Threads: StartsThreads>>() {
    const CLIENTS: u64 = 8;
    let each = count(25, 1_250);
    let total = Arc::new(AtomicU64::new(0));
    runtime::<C>().block_on(async {
        let (listener, address) = listen::<C>().await;
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let total = total.clone();
                std::thread::spawn(move || {
                    let mut random = Random::new(100 + client);
                    for _ in 0..each {
                        let mut peer = StdStream::connect(address).unwrap();
                        peer.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
                        let most = if random.once_in(10) { 200_000 } else { 3_000 };
                        let sent = random.below(most);
                        peer.write_all(&vec![9; sent as usize]).unwrap();
                        peer.shutdown(Shutdown::Write).unwrap();
                        let mut got = String::new();
                        peer.read_to_string(&mut got).expect("the answer comes");
                        assert_eq!(got, sent.to_string(), "drained to the last byte");
                        total.fetch_add(sent, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for n in 0..CLIENTS * each {
            let (mut stream, _) = listener.accept().await.unwrap();
            drop(C::spawn(async move {
                if n.is_multiple_of(8) {
                    // Bytes and end are there, and the driver has told of both, before anybody reads.
                    C::sleep(Duration::from_millis(2)).await;
                }
                let (mut buffer, mut total) = (vec![0; 4096], 0);
                loop {
                    match stream.read(&mut buffer).await.unwrap() {
                        0 => break,
                        n => total += n,
                    }
                }
                stream.write_all(total.to_string()).await.0.unwrap();
            }));
        }
        C::spawn_blocking(move || clients.into_iter().for_each(|client| client.join().unwrap())).await.unwrap();
    });
    println!("{} streams drained, {} bytes", CLIENTS * each, total.load(Ordering::Relaxed));
}

/// Connections that are reset, at five thousand a second: before they are accepted, while they are read, after bytes that
/// nobody read. Nothing of them is left, also of those of whose reset the kernel forgets to tell (`State::watch` of the rings).
pub(crate) fn resets_leave_nothing<C: Config<Driver: Net, Threads: StartsThreads>>() {
    let resets = count(2_000, 50_000);
    let runtime = runtime::<C>();
    let (ends, errors) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    // Of the runtime, its driver and its blocking threads.
    runtime.block_on(async { C::sleep(Duration::from_millis(1)).await });
    let before = fds();
    // Each of several workers may take one for its first sleep, at any time.
    let workers = if Runtime::<C>::INFO.workers > 1 { Runtime::<C>::INFO.workers } else { 0 };
    let as_before = || (before..=before + workers).contains(&fds());
    let took = runtime.block_on(async {
        let (listener, address) = listen::<C>().await;
        let (seen_ends, seen_errors) = (ends.clone(), errors.clone());
        let server = Server::new(address);
        let over = server.over.clone();
        let serving = C::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                if over.load(Ordering::Acquire) {
                    return;
                }
                let (ends, errors) = (seen_ends.clone(), seen_errors.clone());
                drop(C::spawn(async move {
                    let mut buffer = [0; 64];
                    // It may be reset already.
                    let _ = stream.write_all(b"!").await;
                    let end = loop {
                        match stream.read(&mut buffer).await {
                            Ok(1..) => {}
                            end => break end,
                        }
                    };
                    match end {
                        Ok(_) => ends.fetch_add(1, Ordering::Relaxed),
                        Err(_) => errors.fetch_add(1, Ordering::Relaxed),
                    };
                }));
            }
        });
        let storm = C::spawn_blocking(move || {
            let (mut random, start) = (Random::new(17), Instant::now());
            for n in 0..resets {
                let mut peer = StdStream::connect(address).unwrap();
                reset_at_close(&peer);
                // Of each eight, one waits until it was accepted: of the others a busy machine accepts hardly any in time.
                if n % 8 == 0 {
                    peer.read_exact(&mut [0]).unwrap();
                }
                if random.once_in(2) {
                    peer.write_all(b"never answered").unwrap();
                }
                drop(peer);
                // Five thousand a second, in steps of ten.
                if n % 10 == 9 {
                    let due = Duration::from_micros(200 * (n + 1));
                    std::thread::sleep(due.saturating_sub(start.elapsed()));
                }
            }
            start.elapsed()
        });
        let took = storm.await.unwrap();
        // What is accepted by now is over when its task is: the tasks end by themselves.
        C::sleep(Duration::from_millis(200)).await;
        server.end();
        serving.await.unwrap();
        took
    });
    // A task ends with the turns that its reset takes, and a driver may close with its next ones.
    let over = turns_until(&runtime, || runtime.live_tasks() == 0 && as_before());
    assert!(over, "{} tasks are left", runtime.live_tasks());
    assert_eq!(runtime.open_resources(), 0);
    assert!(eventually(as_before), "{before} descriptors before, {} after", fds());
    let (ends, errors) = (ends.load(Ordering::Relaxed), errors.load(Ordering::Relaxed));
    println!(
        "{resets} connections reset, {:.0} a second; {errors} told as errors, {ends} as ends",
        resets as f64 / took.as_secs_f64()
    );
    // A ring passes over what is reset before it is accepted.
    assert!(errors * 20 > resets, "too few resets were seen to show anything");
}

/// Raises the limit of descriptors to what is allowed. How many connections to ourselves fit.
fn room() -> usize {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is live and writable.
    assert_eq!(unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) }, 0);
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: `limit` is live during the call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    (usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX).saturating_sub(200)) / 2
}

/// Thousands of clients that send a byte now and then and never finish their line, beside a few that do.
pub(crate) fn slow_peers_do_not_slow_the_others<C: Config<Driver: Net, Threads: StartsThreads>>() {
    const HONEST: usize = 4;
    // A thread for each slow peer is what the other driver is not for.
    let wanted = if <C::Driver as bespoke::driver::Driver>::CAPS.suspends { count(200, 5_000) } else { count(50, 500) };
    let slow = usize::try_from(wanted).unwrap();
    assert!(room() >= slow, "the limit of descriptors leaves room for {} connections, {slow} are wanted", room());
    let (rounds, time) = if deep() { (9, Duration::from_secs(1)) } else { (1, Duration::from_millis(300)) };
    let runtime = runtime::<C>();
    let connected = Arc::new(AtomicUsize::new(0));
    let (alone, beside) = runtime.block_on(async {
        let (listener, address) = listen::<C>().await;
        let server = Server::new(address);
        let over = server.over.clone();
        let serving = C::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                if over.load(Ordering::Acquire) {
                    return;
                }
                drop(C::spawn(echo_lines(stream)));
            }
        });
        let count = connected.clone();
        let measured = C::spawn_blocking(move || {
            let (mut alone, mut beside) = (Vec::new(), Vec::new());
            for _ in 0..rounds {
                alone.push(honest(address, HONEST, time));
                let stop = Arc::new(AtomicBool::new(false));
                let dawdlers = std::thread::spawn({
                    let (stop, count) = (stop.clone(), count.clone());
                    move || dawdle(address, slow, &stop, &count)
                });
                while count.load(Ordering::Acquire) < slow {
                    std::thread::sleep(Duration::from_millis(1));
                }
                beside.push(honest(address, HONEST, time));
                stop.store(true, Ordering::Release);
                dawdlers.join().unwrap();
                count.store(0, Ordering::Release);
            }
            (alone, beside)
        });
        let latencies = measured.await.unwrap();
        server.end();
        serving.await.unwrap();
        latencies
    });
    // The connections that are reset at the end are heard of in the turns after it.
    assert!(turns_until(&runtime, || runtime.live_tasks() == 0), "{} tasks are left", runtime.live_tasks());
    // In turn, and the best of each: what else runs on the machine makes a latency longer, never shorter.
    let best = |of: &[Duration]| of.iter().min().copied().unwrap_or_default().as_secs_f64();
    let ratio = best(&beside) / best(&alone);
    println!("p99 of honest clients, alone: {alone:.2?}");
    println!("p99 of honest clients, beside {slow} slow ones: {beside:.2?}; ratio of the best: {ratio:.2}");
    // A thread for each slow peer is the kernel's business, not ours.
    let ours = <C::Driver as bespoke::driver::Driver>::CAPS.suspends;
    assert!(!deep() || !ours || ratio < 2.0, "slow peers slow the honest ones by {ratio:.2}");
}

async fn echo_lines<C: Config<Driver: Net, Threads: StartsThreads>>(mut stream: TcpStream<C>) {
    let (mut line, mut buffer) = (Vec::new(), [0; 512]);
    while let Ok(n @ 1..) = stream.read(&mut buffer).await {
        line.extend_from_slice(&buffer[..n]);
        if line.ends_with(b"\n") && stream.write_all(core::mem::take(&mut line)).await.0.is_err() {
            return;
        }
    }
}

/// The 99th percentile of the round trips of so many clients in so much time.
fn honest(address: SocketAddr, clients: usize, time: Duration) -> Duration {
    let clients: Vec<_> = (0..clients)
        .map(|_| {
            std::thread::spawn(move || {
                let mut peer = StdStream::connect(address).unwrap();
                reset_at_close(&peer);
                peer.set_nodelay(true).unwrap();
                peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let (mut latencies, end, message) = (Vec::new(), Instant::now() + time, [b'x'; 63]);
                while Instant::now() < end {
                    let start = Instant::now();
                    peer.write_all(&message).unwrap();
                    peer.write_all(b"\n").unwrap();
                    peer.read_exact(&mut [0; 64]).unwrap();
                    latencies.push(start.elapsed());
                    std::thread::sleep(Duration::from_micros(500));
                }
                latencies
            })
        })
        .collect();
    let mut all: Vec<_> = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
    all.sort_unstable();
    percentile(&all, 990)
}

/// Opens `slow` connections and sends a byte on each every few seconds, until it is stopped.
fn dawdle(address: SocketAddr, slow: usize, stop: &AtomicBool, connected: &AtomicUsize) {
    let mut peers = Vec::with_capacity(slow);
    for _ in 0..slow {
        let peer = StdStream::connect(address).unwrap();
        reset_at_close(&peer);
        peers.push(peer);
        connected.fetch_add(1, Ordering::AcqRel);
    }
    // A thousand bytes a second in all: with five thousand peers, one from each in five seconds.
    for peer in (0..slow).cycle() {
        if stop.load(Ordering::Acquire) {
            return;
        }
        peers[peer].write_all(b"x").unwrap();
        if peer % 4 == 3 {
            std::thread::sleep(Duration::from_millis(4));
        }
    }
}
