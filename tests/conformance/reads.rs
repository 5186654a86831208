//! Reads that are dropped at every point: no byte is lost, none comes twice. RELIABILITY A1, A2.
//!
//! The peer is a socket in the same thread, so that the seed decides which bytes arrive before, between and after the
//! polls of a read; the kernel's loopback delivers within the call.

use crate::support::{Random, assert_numbered, at_most, bytes, count, pair, runtime};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use core::pin::Pin;
use core::time::Duration;
use std::io::Write as _;
use std::net::{Shutdown, TcpStream as StdStream};

/// How far the peer may be ahead: well below what the socket holds, so that its writes never block.
const AHEAD: u64 = 16 << 10;

/// The peer: what it has sent of the numbered stream.
struct Source {
    peer: StdStream,
    sent: u64,
}

impl Source {
    fn send(&mut self, len: u64, read: u64) {
        let len = len.min((read + AHEAD).saturating_sub(self.sent));
        self.peer.write_all(&bytes(self.sent, len as usize)).expect("there is room");
        self.sent += len;
    }

    /// Ends the stream; what is left of it must come, and then the end.
    async fn drain<C: Config<Driver: Net>>(self, stream: &mut TcpStream<C>, mut read: u64) {
        self.peer.shutdown(Shutdown::Write).expect("open");
        let mut buffer = [0; 4096];
        loop {
            let n = stream.read(&mut buffer).await.expect("bytes or the end");
            assert_numbered(read, &buffer[..n]);
            read += n as u64;
            if n == 0 {
                return assert_eq!(read, self.sent, "the tail of the stream is lost");
            }
        }
    }
}

pub(crate) fn dropped_reads_lose_nothing<C: Config<Driver: Net>>() {
    let drops = count(20_000, 1_000_000);
    let mut random = Random::new(1);
    let (mut read, mut dropped, mut after_a_poll, mut after_a_wake) = (0, 0, 0, 0);
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        let mut source = Source { peer, sent: 0 };
        let mut buffer = [0; 300];
        while dropped < drops {
            if random.once_in(3) {
                source.send(1 + random.below(200), read);
            }
            // 0: made, never polled. 1: polled once. 2: polled, woken, polled. 9: to its end.
            let polls = [0, 1, 1, 2, 2, 9][random.below(6) as usize];
            let len = 1 + random.below(300) as usize;
            let peek = random.once_in(8);
            let mut halves;
            let mut future = if peek {
                stream.peek(&mut buffer[..len])
            } else if random.once_in(2) {
                stream.read(&mut buffer[..len])
            } else {
                halves = stream.split();
                halves.0.read(&mut buffer[..len])
            };
            let (more, late, mut waited) = (1 + random.below(200), random.once_in(2), false);
            let output = at_most(Pin::new(&mut future), polls, || source.send(more, read)).await;
            if output.is_none() && polls > 0 && late {
                // It arrives while the future is there and nobody asks.
                source.send(more, read);
                if random.once_in(16) {
                    // And the driver hears of it and wakes the task, which drops the future all the same.
                    C::sleep(Duration::from_micros(20)).await;
                    waited = true;
                }
            }
            if output.is_none() && random.once_in(1000) {
                core::mem::forget(future);
            } else {
                drop(future);
            }
            match output {
                Some(result) => {
                    let n = result.expect("bytes: the peer is there");
                    assert_numbered(read, &buffer[..n]);
                    assert!(n > 0, "the peer has not ended");
                    read += if peek { 0 } else { n as u64 };
                }
                None => {
                    dropped += 1;
                    after_a_poll += u64::from(polls > 0);
                    after_a_wake += u64::from(waited);
                }
            }
            if random.once_in(16) {
                C::yield_now().await;
            }
            if random.once_in(64) {
                // Lets the worker sleep in its driver.
                C::sleep(Duration::from_micros(20)).await;
            }
        }
        source.drain(&mut stream, read).await;
    });
    println!("{dropped} reads dropped, {after_a_poll} of them under way, {after_a_wake} woken; {read} bytes read");
    assert!(after_a_poll > drops / 4 && after_a_wake > drops / 200, "too few drops under way to show anything");
}

pub(crate) fn timeouts_around_reads_lose_nothing<C: Config<Driver: Net>>() {
    let rounds = count(2_000, 100_000);
    let mut random = Random::new(2);
    let (mut read, mut elapsed) = (0, 0);
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        let mut source = Source { peer, sent: 0 };
        let mut buffer = [0; 300];
        for _ in 0..rounds {
            if random.once_in(2) {
                source.send(1 + random.below(300), read);
            }
            let len = 1 + random.below(300) as usize;
            let time = Duration::from_micros(random.below(200));
            match C::timeout(time, stream.read(&mut buffer[..len])).await {
                Ok(result) => {
                    let n = result.expect("bytes: the peer is there");
                    assert_numbered(read, &buffer[..n]);
                    read += n as u64;
                }
                Err(_) => elapsed += 1,
            }
        }
        source.drain(&mut stream, read).await;
    });
    println!("{elapsed} of {rounds} timeouts were up; {read} bytes read");
    assert!(elapsed > rounds / 10 && read > 0, "too few of one kind to show anything");
}
