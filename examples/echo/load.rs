//! The clients, generic over the config: closed loop, one message in flight per connection, every byte checked.

use crate::args::Load;
use crate::measure::{self, Latencies};
use bespoke::Instant;
use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Before the measured part: connections are made, pools and tables grow to their size.
const WARM_UP: Duration = Duration::from_millis(300);

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Requests in the measured part.
    pub(crate) requests: u64,
    /// How long the measured part was.
    pub(crate) time: Duration,
    pub(crate) latencies: Latencies,
    /// Heap allocations of the whole process in the measured part: server, clients and this driver.
    pub(crate) allocations: u64,
    pub(crate) rss_bytes: Option<u64>,
    /// Bytes that were compared.
    pub(crate) checked: u64,
}

struct Shared {
    requests: AtomicU64,
    measuring: AtomicBool,
    stop: AtomicBool,
}

pub(crate) async fn drive<C: Config<Driver: Net>>(address: SocketAddr, load: &Load) -> io::Result<Outcome> {
    let shared = Arc::new(Shared {
        requests: AtomicU64::new(0),
        measuring: AtomicBool::new(false),
        stop: AtomicBool::new(false),
    });
    let mut clients = Vec::with_capacity(load.connections);
    for id in 0..load.connections {
        clients.push(C::spawn(client::<C>(id as u64, address, load.size, shared.clone())));
    }
    C::sleep(WARM_UP).await;

    let start = C::now();
    let (requests, allocations) = (shared.requests.load(Ordering::Relaxed), measure::allocations());
    shared.measuring.store(true, Ordering::Relaxed);
    progress::<C>(start, load.time, &shared, requests).await;
    shared.measuring.store(false, Ordering::Relaxed);
    let allocations = measure::allocations() - allocations;
    let requests = shared.requests.load(Ordering::Relaxed) - requests;
    let time = C::now() - start;

    shared.stop.store(true, Ordering::Relaxed);
    let mut latencies = Latencies::new();
    let mut checked = 0;
    for client in clients {
        let (own, bytes) = client.await??;
        latencies.add(&own);
        checked += bytes;
    }
    Ok(Outcome { requests, time, latencies, allocations, rss_bytes: measure::rss_bytes(), checked })
}

/// Waits, and says four times a second how it goes.
async fn progress<C: Config>(start: Instant, time: Duration, shared: &Shared, before: u64) {
    let mut last = (start, before);
    while C::now() - start < time {
        C::sleep((time - (C::now() - start)).min(Duration::from_millis(250))).await;
        let now = (C::now(), shared.requests.load(Ordering::Relaxed));
        let rate = (now.1 - last.1) as f64 / (now.0 - last.0).as_secs_f64();
        last = now;
        // The line is a courtesy: a closed terminal does not end the run.
        let _ = write!(io::stderr(), "\r{:4.1} s  {:>9.0} requests/s ", (now.0 - start).as_secs_f64(), rate);
    }
    let _ = write!(io::stderr(), "\r{:34}\r", "");
}

/// One connection: sends a message that no other connection and no other round sends, and compares what comes back.
#[bespoke::async_fn]
async fn client<C: Config<Driver: Net>>(
    id: u64,
    address: SocketAddr,
    size: usize,
    shared: Arc<Shared>,
) -> io::Result<(Latencies, u64)> {
    let mut stream = TcpStream::<C>::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut latencies = Latencies::new();
    let (mut message, mut answer) = (vec![0u8; size], vec![0u8; size]);
    let (mut round, mut checked) = (0u64, 0u64);
    while !shared.stop.load(Ordering::Relaxed) {
        fill(&mut message, id, round);
        let sent = C::now();
        let (written, back) = stream.write_all(message).await;
        written?;
        message = back;
        stream.read_exact(&mut answer).await?;
        if answer != message {
            let at = answer.iter().zip(&message).position(|(a, b)| a != b).unwrap_or(0);
            return Err(io::Error::other(format!("connection {id}, message {round}: byte {at} came back wrong")));
        }
        checked += size as u64;
        round += 1;
        shared.requests.fetch_add(1, Ordering::Relaxed);
        if shared.measuring.load(Ordering::Relaxed) {
            latencies.record(C::now() - sent);
        }
    }
    Ok((latencies, checked))
}

/// Bytes that depend on connection, round and place (SplitMix64).
fn fill(message: &mut [u8], id: u64, round: u64) {
    let mut x = id << 40 ^ round;
    for chunk in message.chunks_mut(8) {
        x = x.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = x;
        z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        chunk.copy_from_slice(&(z ^ z >> 31).to_le_bytes()[..chunk.len()]);
    }
}
