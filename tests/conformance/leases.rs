//! Reads whose bytes stay in a buffer of the driver's: what is lent is whole and stays so, wherever the lease goes, and the
//! buffer comes home. How much memory that takes is tested with the transfers.

use crate::end_of::end_of;
use crate::support::{Random, again, assert_numbered, at_most, bytes, count, pair, runtime};
use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::prelude::*;
use bespoke::rt::{Lease, TcpStream};
use core::pin::{Pin, pin};
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream as StdStream};

/// What was lent, and where in the stream it stands.
type Placed<C> = (u64, Lease<C>);

/// Reads until the end; a lease each.
async fn all<C: Config<Driver: Net>>(stream: &mut TcpStream<C>, mut at: u64) -> Vec<Placed<C>> {
    let mut leases = Vec::new();
    loop {
        let lease = stream.read_lease().await.expect("bytes or the end");
        assert!(lease.len() <= <C::Driver as Driver>::LEASE_BYTES);
        if lease.is_empty() {
            return leases;
        }
        let begin = at;
        at += lease.len() as u64;
        leases.push((begin, lease));
    }
}

#[track_caller]
fn unchanged<C: Config>((at, lease): &Placed<C>) {
    assert_numbered(*at, lease);
}

/// Sends so much, and ends the stream.
fn sender(mut peer: StdStream, len: usize) -> std::thread::JoinHandle<()> {
    std::thread::spawn(move || {
        for (n, part) in bytes(0, len).chunks(1_500).enumerate() {
            peer.write_all(part).expect("it is read");
            if n % 8 == 0 {
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        peer.shutdown(Shutdown::Write).expect("open");
        // Until we close: closing first would be a reset if an echo was not read.
        std::io::copy(&mut peer, &mut std::io::sink()).expect("closed in order");
    })
}

pub(crate) fn leases_are_echoed_without_a_copy<C: Config<Driver: Net>>() {
    const LEN: usize = 300_000;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let mut sending = peer.try_clone().expect("a descriptor is free");
        let sender = std::thread::spawn(move || {
            sending.write_all(&bytes(0, LEN)).expect("it is read");
            sending.shutdown(Shutdown::Write).expect("open");
        });
        let reader = std::thread::spawn(move || {
            let mut got = Vec::new();
            peer.read_to_end(&mut got).expect("the echo, then the end");
            assert_eq!(got.len(), LEN);
            assert_numbered(0, &got);
        });
        loop {
            let lease = stream.read_lease().await.expect("bytes or the end");
            if lease.is_empty() {
                break;
            }
            let (place, len) = (lease.as_ptr(), lease.len());
            let (written, lease) = stream.write_all(lease).await;
            written.expect("the peer reads");
            assert_eq!((lease.as_ptr(), lease.len()), (place, len), "the buffer comes back where it was");
        }
        drop(stream);
        end_of::<C, _>(sender).await.expect("all was sent");
        end_of::<C, _>(reader).await.expect("all came back");
    });
}

pub(crate) fn leases_end_with_the_stream<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(b"tea").expect("room");
        assert_eq!(&*stream.read_lease().await.expect("they come"), b"tea");
        drop(peer);
        for _ in 0..3 {
            let end = stream.read_lease().await.expect("the end");
            assert!(end.is_empty() && end.as_ref() == b"" && format!("{end:?}").contains("len: 0"));
        }
        let end = stream.read_lease().await.expect("the end");
        stream.write_all(end).await.0.expect("nothing to send");
        let (mut stream, peer) = pair::<C>().await;
        stream.write_all("never read").await.0.expect("room");
        again(|| peer.peek(&mut [0])).expect("they have come");
        drop(peer);
        let told = crate::resets::are_told();
        match stream.read_lease().await {
            Ok(end) if !told => assert!(end.is_empty()),
            read => assert_eq!(read.expect_err("the connection is reset").kind(), ErrorKind::ConnectionReset),
        }
    });
}

pub(crate) fn leases_of_halves<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(b"one").expect("room");
        let (mut read, mut write) = stream.split();
        let lease = read.read_lease().await.expect("they come");
        write.write_all(lease).await.0.expect("room");
        peer.write_all(b"two").expect("room");
        let (mut read, mut write) = stream.into_split();
        let lease = read.read_lease().await.expect("they come");
        drop(read);
        write.write_all(lease).await.0.expect("room");
        drop(write);
        let mut got = String::new();
        peer.read_to_string(&mut got).expect("closed in order");
        assert_eq!(got, "onetwo");
    });
}

/// Many are out at once, and go home in any order, while others come.
pub(crate) fn leases_held_by_many<C: Config<Driver: Net>>() {
    const LEN: usize = 60_000;
    let mut random = Random::new(30);
    runtime::<C>().block_on(async {
        let (mut held, mut senders): (Vec<Placed<C>>, _) = (Vec::new(), Vec::new());
        for round in 0..20 {
            let (mut stream, peer) = pair::<C>().await;
            senders.push(sender(peer, LEN));
            let task = C::handle().spawn(async move { all(&mut stream, 0).await });
            held.extend(task.await.expect("read to the end"));
            while held.len() > 64 * (round + 1) {
                let one = held.swap_remove(random.below(held.len() as u64) as usize);
                unchanged(&one);
            }
        }
        assert!(held.len() > 100, "only {} leases at once", held.len());
        held.iter().for_each(unchanged);
        drop(held);
        for sender in senders {
            end_of::<C, _>(sender).await.expect("all was sent");
        }
    });
}

pub(crate) fn leases_dropped_on_another_thread<C: Config<Driver: Net>>() {
    const LEN: usize = 400_000;
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        let sender = sender(peer, LEN);
        let (to, from) = std::sync::mpsc::channel::<Placed<C>>();
        let dropper = std::thread::spawn(move || {
            let mut total = 0;
            for placed in from {
                unchanged(&placed);
                total += placed.1.len();
                // Some go home one by one, into an idle worker or a busy one.
                if total % 7 == 0 {
                    std::thread::sleep(Duration::from_micros(200));
                }
            }
            total
        });
        let mut at = 0;
        loop {
            let lease = stream.read_lease().await.expect("bytes or the end");
            if lease.is_empty() {
                break;
            }
            let begin = at;
            at += lease.len() as u64;
            to.send((begin, lease)).expect("it listens");
        }
        drop((to, stream));
        end_of::<C, _>(sender).await.expect("all was sent");
        assert_eq!(dropper.join().expect("every lease was whole"), LEN);
    });
}

pub(crate) fn leases_outlive_their_runtime<C: Config<Driver: Net>>() {
    const LEN: usize = 50_000;
    for round in 0..20 {
        let runtime = runtime::<C>();
        let (mut leases, sender, _stream) = runtime.block_on(async {
            let (mut stream, peer) = pair::<C>().await;
            let sender = sender(peer, LEN);
            (all(&mut stream, 0).await, sender, stream)
        });
        let some = leases.split_off(leases.len() / 2);
        if round % 2 == 0 {
            drop(runtime);
            let dropper = std::thread::spawn(move || some.iter().for_each(unchanged));
            dropper.join().expect("every lease is whole");
        } else {
            // While it closes.
            let dropper = std::thread::spawn(move || some.into_iter().for_each(|one| unchanged(&one)));
            drop(runtime);
            dropper.join().expect("every lease is whole");
        }
        leases.iter().for_each(unchanged);
        // Bytes to write, for another runtime as well.
        let other = crate::support::runtime::<C>();
        other.block_on(async {
            let (mut stream, mut peer) = pair::<C>().await;
            let (at, lease) = leases.pop().expect("there is one");
            let (written, lease) = stream.write_all(lease).await;
            written.expect("room");
            let mut got = vec![0; lease.len()];
            peer.read_exact(&mut got).expect("sent");
            assert_numbered(at, &got);
        });
        drop((_stream, leases));
        sender.join().expect("all was sent");
    }
}

pub(crate) fn dropped_leases_lose_nothing<C: Config<Driver: Net>>() {
    let drops = count(20_000, 1_000_000);
    let mut random = Random::new(31);
    let (mut sent, mut read, mut dropped, mut under_way) = (0u64, 0u64, 0, 0);
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let mut send = |len: u64, read: u64| {
            // Well below what the socket holds: this never blocks.
            let len = len.min((read + (16 << 10)).saturating_sub(sent));
            peer.write_all(&bytes(sent, len as usize)).expect("there is room");
            sent += len;
        };
        let mut held: Vec<Placed<C>> = Vec::new();
        while dropped < drops {
            if random.once_in(3) {
                send(1 + random.below(200), read);
            }
            let polls = [0, 1, 1, 2, 2, 9][random.below(6) as usize];
            let more = 1 + random.below(200);
            if random.once_in(5) {
                // A copying read between two leases takes what comes next, too.
                let mut buffer = [0; 100];
                let output = at_most(pin!(stream.read(&mut buffer)), polls, || send(more, read)).await;
                if let Some(n) = output.map(|result| result.expect("bytes: the peer is there")) {
                    assert_numbered(read, &buffer[..n]);
                    read += n as u64;
                }
                continue;
            }
            let mut halves;
            let mut future = if random.once_in(2) {
                stream.read_lease()
            } else {
                halves = stream.split();
                halves.0.read_lease()
            };
            let output = at_most(Pin::new(&mut future), polls, || send(more, read)).await;
            if output.is_none() && random.once_in(1000) {
                core::mem::forget(future);
            } else {
                drop(future);
            }
            match output {
                Some(lease) => {
                    let lease = lease.expect("bytes: the peer is there");
                    assert!(!lease.is_empty(), "the peer has not ended");
                    let begin = read;
                    read += lease.len() as u64;
                    held.push((begin, lease));
                    if held.len() > 32 {
                        unchanged(&held.swap_remove(random.below(32) as usize));
                    }
                }
                None => {
                    dropped += 1;
                    under_way += u64::from(polls > 0);
                }
            }
            if random.once_in(64) {
                C::sleep(Duration::from_micros(20)).await;
            } else if random.once_in(16) {
                C::yield_now().await;
            }
        }
        held.iter().for_each(unchanged);
        peer.shutdown(Shutdown::Write).expect("open");
        let rest = all(&mut stream, read).await;
        rest.iter().for_each(unchanged);
        read += rest.iter().map(|(_, lease)| lease.len() as u64).sum::<u64>();
    });
    assert_eq!(read, sent, "the tail of the stream is lost");
    println!("{dropped} reads dropped, {under_way} of them under way; {read} bytes read");
    assert!(under_way > drops / 4, "too few drops under way to show anything");
}

/// A lease that is the buffer of a write: the write is dropped half done, on either thread, and the driver holds the lease,
/// which is its own, until it is asked, or there is another, or the runtime closes.
pub(crate) fn interrupted_writes_of_leases<C: Config<Driver: Net>>() {
    let mut random = Random::new(32);
    let (mut half_done, mut left) = (0, 0);
    for _ in 0..8 {
        let runtime = runtime::<C>();
        let held = runtime.block_on(async {
            let (mut from, mut source) = pair::<C>().await;
            let (mut to, mut sink) = pair::<C>().await;
            to.set_send_buffer_size(4096).expect("open");
            sink.set_nonblocking(true).expect("open");
            let (mut sent, mut dropped) = (0, Vec::new());
            for _ in 0..500 {
                source.write_all(&bytes(sent, 4096)).expect("there is room");
                let lease = from.read_lease().await.expect("they come");
                let begin = sent;
                sent += lease.len() as u64;
                // What the lease did not take.
                let mut rest = vec![0; 4096 - lease.len()];
                from.read_exact(&mut rest).await.expect("they come");
                sent += rest.len() as u64;
                C::yield_now().await;
                let mut write = to.write_all(lease);
                let done = at_most(Pin::new(&mut write), 1, || ()).await.is_some();
                if random.once_in(4) {
                    std::thread::scope(|scope| scope.spawn(move || drop(write)).join().expect("it only drops"));
                } else {
                    drop(write);
                }
                if !done {
                    dropped.push(begin);
                }
                if !done && random.once_in(2) {
                    C::yield_now().await;
                    if let Some(taken) = to.take_interrupted().await {
                        let lease = taken.kept.downcast::<Lease<C>>().expect("the buffer of this write");
                        // All of it: where the system writes behind the polls, nobody was there to be told.
                        assert!(0 < taken.bytes && taken.bytes <= lease.len());
                        // This one, or the last one that had begun.
                        let whole = |begin: &u64| lease[..] == bytes(*begin, lease.len());
                        assert!(dropped.iter().any(whole), "the bytes of a lease have changed");
                        half_done += 1;
                    }
                } else {
                    left += u64::from(!done);
                }
                let most = 1 + random.below(6_000) as usize;
                // Room again; or there was nothing to read.
                let _ = sink.read(&mut vec![0; most]);
            }
            (from, to, source, sink)
        });
        drop(runtime);
        drop(held);
    }
    println!("{half_done} writes of leases dropped half done and asked for, {left} not asked for");
    assert!(half_done > 20 && left > 20, "{half_done} and {left}: too few to show anything");
}
