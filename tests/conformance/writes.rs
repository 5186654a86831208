//! Writes that are dropped at every point: what the system took is on the wire, in order, and `take_interrupted` tells how
//! much that was and gives the buffer back. RELIABILITY A1, A2.
//!
//! The socket holds little, so that most writes are dropped half done; a run without those proves nothing and fails. The
//! buffers are overwritten when they are freed: a driver that reads one too late puts the wrong bytes on the wire.

use crate::support::{Random, again, assert_numbered, at_most, bytes, count, pair, runtime};
use bespoke::Config;
use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::TcpStream;
use core::panic::AssertUnwindSafe;
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, UdpSocket};
use std::panic::catch_unwind;
use std::sync::{Mutex, PoisonError};

/// What a freed buffer is filled with.
const FREED: u8 = 0xA5;
/// Freed buffers are kept aside, this many, and looked at when they leave: nobody may have written to them.
const KEPT_ASIDE: usize = 256;

static ASIDE: Mutex<VecDeque<Vec<u8>>> = Mutex::new(VecDeque::new());

/// A buffer that shows when it is used after it was freed.
struct Canary(Vec<u8>);

// SAFETY: the bytes are on the heap, and nothing changes or moves them before the value is dropped.
unsafe impl IoBuf for Canary {
    fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        let mut freed = core::mem::take(&mut self.0);
        freed.fill(FREED);
        let mut aside = ASIDE.lock().unwrap_or_else(PoisonError::into_inner);
        aside.push_back(freed);
        if aside.len() > KEPT_ASIDE {
            look_at(&aside.pop_front().expect("there are more than none"));
        }
    }
}

fn look_at(freed: &[u8]) {
    assert!(freed.iter().all(|byte| *byte == FREED), "a buffer was written to after it was freed");
}

fn look_at_all() {
    ASIDE.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(|freed| look_at(&freed));
}

pub(crate) fn dropped_writes_are_accounted<C: Config<Driver: Net>>() {
    let drops = count(5_000, 250_000);
    let mut random = Random::new(3);
    let (mut sent, mut dropped, mut partial, mut short) = (0, 0, 0, 0);
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        stream.set_send_buffer_size(4096).expect("open");
        let mut pace = Random::new(4);
        let reader = std::thread::spawn(move || {
            let (mut buffer, mut at) = (vec![0; 65_536], 0);
            loop {
                let len = 1 + pace.below(65_536) as usize;
                if pace.once_in(50) {
                    std::thread::sleep(Duration::from_micros(100));
                }
                let n = again(|| peer.read(&mut buffer[..len])).expect("bytes or the end");
                assert_numbered(at, &buffer[..n]);
                at += n as u64;
                if n == 0 {
                    return at;
                }
                // An answer carries the acknowledgement; alone it may come 40 ms later, and the full socket waits for it.
                let _ = again(|| peer.write(b"+"));
            }
        });
        let mut answers = [0; 4096];
        while dropped < drops {
            // The answers; there may be none.
            if let Some(answer) = at_most(Pin::new(&mut stream.read(&mut answers)), 1, || ()).await {
                answer.expect("the peer is there");
            }
            // What the driver knows by now, and for the write below a whole budget.
            C::yield_now().await;
            let most = if random.once_in(4) { 300 } else { 100_000 };
            let len = 1 + random.below(most) as usize;
            let polls = [0, 1, 1, 1, 2, 3, 5, u32::MAX][random.below(8) as usize];
            let buffer = Canary(bytes(sent, len));
            let one = random.once_in(4);
            // How many bytes, and the buffer; or it was dropped.
            let ended = if one {
                let mut future = stream.write(buffer);
                at_most(Pin::new(&mut future), polls, || ())
                    .await
                    .map(|(n, buffer)| (n.expect("the peer reads"), buffer))
            } else {
                let mut future = stream.write_all(buffer);
                let ended = at_most(Pin::new(&mut future), polls, || ()).await;
                ended.map(|(done, buffer)| {
                    done.expect("the peer reads");
                    (len, buffer)
                })
            };
            if let Some((n, buffer)) = ended {
                assert_numbered(sent, &buffer.0);
                short += u64::from(n < len);
                sent += n as u64;
                continue;
            }
            dropped += 1;
            if let Some(taken) = stream.take_interrupted().await {
                let buffer = taken.kept.downcast::<Canary>().expect("the buffer of this write");
                assert_eq!(buffer.0.len(), len);
                assert_numbered(sent, &buffer.0);
                assert!(taken.bytes <= len, "{} of {len} bytes were taken", taken.bytes);
                partial += u64::from(taken.bytes > 0 && taken.bytes < len);
                sent += taken.bytes as u64;
            }
            assert!(stream.take_interrupted().await.is_none(), "told once");
        }
        stream.shutdown(Shutdown::Write).expect("open");
        // The rest of the answers: closing on unread bytes would be a reset.
        while stream.read(&mut answers).await.expect("answers or the end") > 0 {}
        assert_eq!(reader.join().expect("the stream is in order"), sent, "bytes are on the wire that nobody counted");
    });
    look_at_all();
    println!("{dropped} writes dropped, {partial} half done; {short} short; {sent} bytes written");
    assert!(partial > drops / 50, "only {partial} writes were dropped half done: too few to show anything");
}

/// A write that another thread drops is told to the worker later: by then its stream may be closed, and a new one may stand
/// in its place.
pub(crate) fn interrupted_write_stays_with_its_stream<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        stream.set_send_buffer_size(4096).expect("open");
        let mut future = stream.write_all(vec![7; 16 << 20]);
        core::future::poll_fn(|cx| {
            assert!(Pin::new(&mut future).poll(cx).is_pending(), "more than the sockets hold");
            Poll::Ready(())
        })
        .await;
        std::thread::scope(|scope| scope.spawn(move || drop(future)).join().expect("it only drops"));
        drop(stream);
        drop(peer);
        let (mut next, _peer): (TcpStream<C>, _) = pair::<C>().await;
        for _ in 0..10 {
            C::yield_now().await;
        }
        assert!(next.take_interrupted().await.is_none(), "the new stream has written nothing");
    });
}

/// A buffer whose drop panics.
struct Loud(Vec<u8>);

// SAFETY: the bytes are on the heap, and nothing changes or moves them before the value is dropped.
unsafe impl IoBuf for Loud {
    fn as_ptr(&self) -> *const u8 {
        self.0.as_ptr()
    }
    fn len(&self) -> usize {
        self.0.len()
    }
}

impl Drop for Loud {
    fn drop(&mut self) {
        panic!("a buffer that panics as it goes");
    }
}

/// What is kept of a dropped write goes with its stream. When its drop panics, the stream is closed all the same, and once: by
/// the end of the runtime its descriptor may be a stranger's.
pub(crate) fn buffers_that_panic_as_they_go<C: Config<Driver: Net>>() {
    let runtime = runtime::<C>();
    runtime.block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        stream.set_send_buffer_size(4096).expect("open");
        let mut write = stream.write_all(Loud(vec![7; 16 << 20]));
        let pause = || async { C::sleep(Duration::from_millis(2)).await };
        for _ in 0..3 {
            let polled = at_most(Pin::new(&mut write), 1, || ()).await;
            assert!(polled.is_none(), "more than the sockets hold");
            pause().await;
        }
        drop(write);
        pause().await;
        assert!(catch_unwind(AssertUnwindSafe(|| drop(stream))).is_ok(), "the panic is the buffer's alone");
        let mut sent = Vec::new();
        again(|| peer.read_to_end(&mut sent)).expect("it is closed");
        assert!(!sent.is_empty() && sent.iter().all(|byte| *byte == 7));
    });
    assert_eq!(runtime.open_resources(), 0);
    let strangers: Vec<_> = (0..64).map(|_| UdpSocket::bind("127.0.0.1:0").expect("a port is free")).collect();
    drop(runtime);
    for stranger in &strangers {
        stranger.local_addr().expect("nobody closed it");
    }
}
