//! Streams: what is sent arrives, in order and once, and so do ends and errors.

use crate::end_of::end_of;
use crate::resets;
use crate::support::{again, assert_numbered, bytes, count, pair, runtime, std_listener};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use core::future::poll_fn;
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream as StdStream};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Instant;

const SOON: Duration = Duration::from_secs(20);

async fn echo_until_end<C: Config<Driver: Net>>(mut stream: TcpStream<C>) -> u64 {
    let (mut buffer, mut total) = (vec![0; 4096], 0);
    loop {
        let n = stream.read(&mut buffer).await.expect("a peer that sends");
        if n == 0 {
            return total;
        }
        total += n as u64;
        stream.write_all(buffer[..n].to_vec()).await.0.expect("a peer that reads");
    }
}

pub(crate) fn echo<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let peer = std::thread::spawn(move || {
            let mut peer = StdStream::connect(address).expect("a listener is there");
            for round in 0..200 {
                let sent = bytes(round * 1000, 1000);
                peer.write_all(&sent).expect("sent");
                let mut got = vec![0; 1000];
                peer.read_exact(&mut got).expect("echoed");
                assert_eq!(got, sent);
            }
            peer.local_addr().expect("connected")
        });
        let (stream, from) = listener.accept().await.expect("a client comes");
        assert_eq!(echo_until_end(stream).await, 200_000);
        assert_eq!(peer.join().expect("the peer saw its echo"), from);
    });
}

pub(crate) fn many_connections_in_turn<C: Config<Driver: Net>>() {
    let rounds = if cfg!(debug_assertions) { count(1_000, 10_000) } else { 10_000 };
    let runtime = runtime::<C>();
    runtime.block_on(async {
        let (listener, address) = std_listener();
        let peer = std::thread::spawn(move || {
            for _ in 0..rounds {
                let (mut peer, _) = listener.accept().expect("a client comes");
                let mut got = Vec::new();
                peer.read_to_end(&mut got).expect("its end comes");
                assert_eq!(got, b"ping");
            }
        });
        for _ in 0..rounds {
            let mut stream = TcpStream::<C>::connect(address).await.expect("a listener is there");
            stream.write_all("ping").await.0.expect("sent");
        }
        peer.join().expect("the peer saw every end");
    });
    assert_eq!(runtime.open_resources(), 0, "every stream was closed by its drop");
}

pub(crate) fn half_close_by_us<C: Config<Driver: Net>>() {
    const LEN: usize = 300_000;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let peer = std::thread::spawn(move || {
            let mut got = Vec::new();
            peer.read_to_end(&mut got).expect("an end comes");
            // The other direction is still open.
            peer.write_all(&got).expect("sent back");
        });
        stream.write_all(bytes(0, LEN)).await.0.expect("sent");
        stream.shutdown(Shutdown::Write).expect("open");
        let (result, buffer) = stream.write_all("late").await;
        assert_eq!(result.expect_err("this direction is ended").kind(), ErrorKind::BrokenPipe);
        assert_eq!(buffer, "late");
        let mut back = vec![0; LEN];
        stream.read_exact(&mut back).await.expect("everything comes back");
        assert_numbered(0, &back);
        assert_eq!(stream.read(&mut back).await.expect("the end"), 0);
        peer.join().expect("the peer saw the end");
    });
}

/// The last bytes before the end are the ones that a driver loses which takes the end for an error, or a short read for the
/// last one. So: many streams, each of few bytes.
pub(crate) fn half_close_by_the_peer<C: Config<Driver: Net>>() {
    let rounds = count(300, 10_000);
    runtime::<C>().block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let peer = std::thread::spawn(move || {
            for round in 0..rounds {
                let mut peer = StdStream::connect(address).expect("a listener is there");
                peer.write_all(&bytes(0, 1 + round as usize % 3000)).expect("sent");
                peer.shutdown(Shutdown::Write).expect("connected");
                let mut got = Vec::new();
                peer.read_to_end(&mut got).expect("the answer comes");
                assert_eq!(got, b"seen");
            }
        });
        for round in 0..rounds {
            let (mut stream, _) = listener.accept().await.expect("a client comes");
            let (mut buffer, mut at) = (vec![0; 1024], 0);
            loop {
                let n = stream.read(&mut buffer).await.expect("bytes or the end");
                assert_numbered(at, &buffer[..n]);
                at += n as u64;
                if n == 0 {
                    break;
                }
            }
            assert_eq!(at, 1 + round % 3000, "drained to the last byte");
            stream.write_all("seen").await.0.expect("this direction is open");
        }
        peer.join().expect("the peer saw every answer");
    });
}

pub(crate) fn reset_is_an_error<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        // By the peer. `std` has no linger, but a close with bytes that nobody read is a reset.
        let (mut stream, peer) = pair::<C>().await;
        stream.write_all("never read").await.0.expect("sent");
        again(|| peer.peek(&mut [0])).expect("they have come");
        drop(peer);
        let told = resets::are_told();
        match stream.read(&mut [0; 8]).await {
            Ok(0) if !told => {}
            result => assert_eq!(result.expect_err("the connection is reset").kind(), ErrorKind::ConnectionReset),
        }
        match stream.read(&mut [0; 8]).await {
            // Windows tells it again and again.
            Err(error) if cfg!(windows) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
            result => assert_eq!(result.expect("the reset was told"), 0),
        }

        // By us, while the peer waits.
        let (stream, mut peer) = pair::<C>().await;
        let peer = std::thread::spawn(move || again(|| peer.read(&mut [0; 8])).map_err(|error| error.kind()));
        stream.set_linger(Some(Duration::ZERO)).expect("open");
        drop(stream);
        let heard = peer.join().expect("it only reads");
        assert!(heard == Err(ErrorKind::ConnectionReset) || (!told && heard == Ok(0)), "{heard:?}");
    });
}

pub(crate) fn end_is_read_again_and_again<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(b"last").expect("sent");
        drop(peer);
        // The driver hears of bytes and end at once, before anybody reads: no further event comes.
        C::sleep(Duration::from_millis(20)).await;
        let mut buffer = [0; 3];
        for expected in [3, 1, 0, 0, 0, 0] {
            let read = C::timeout(SOON, stream.read(&mut buffer)).await.expect("the end does not keep a read waiting");
            assert_eq!(read.expect("bytes or the end"), expected);
        }
    });
}

/// Nothing to read into, or to send: over at once, whatever the peer does.
pub(crate) fn empty_reads_and_writes<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let read = C::timeout(SOON, stream.read(&mut [])).await.expect("an empty read does not wait for the peer");
        assert_eq!(read.expect("nothing was asked"), 0);
        peer.write_all(b"x").expect("sent");
        assert_eq!(stream.peek(&mut [0; 8]).await.expect("it comes"), 1);
        assert_eq!(stream.read(&mut []).await.expect("nothing was asked"), 0);
        assert_eq!(stream.read(&mut [0; 8]).await.expect("it is still there"), 1);
        assert_eq!(stream.write("").await.0.expect("nothing to send"), 0);
        stream.write_all(Vec::new()).await.0.expect("nothing to send");
    });
}

pub(crate) fn one_byte_reads<C: Config<Driver: Net>>() {
    let len = count(100_000, 2_000_000);
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let peer = std::thread::spawn(move || {
            for at in (0..len).step_by(1000) {
                peer.write_all(&bytes(at, 1000)).expect("sent");
            }
        });
        let mut buffer = [0];
        for at in 0..len {
            assert_eq!(stream.read(&mut buffer).await.expect("a byte"), 1);
            assert_numbered(at, &buffer);
        }
        assert_eq!(stream.read(&mut buffer).await.expect("the end"), 0);
        peer.join().expect("the peer sent all");
    });
}

pub(crate) fn big_write_to_a_slow_reader<C: Config<Driver: Net>>() {
    const LEN: usize = 8 << 20;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let peer = std::thread::spawn(move || {
            let (mut buffer, mut at) = (vec![0; 1 << 20], 0);
            loop {
                std::thread::sleep(Duration::from_millis(2));
                let n = again(|| peer.read(&mut buffer)).expect("bytes or the end");
                assert_numbered(at, &buffer[..n]);
                at += n as u64;
                if n == 0 {
                    return at;
                }
            }
        });
        let (result, buffer) = stream.write_all(bytes(0, LEN)).await;
        result.expect("sent");
        assert_eq!(buffer.len(), LEN, "the buffer comes back");
        assert!(stream.take_interrupted().await.is_none(), "nothing was interrupted");
        drop(stream);
        assert_eq!(peer.join().expect("the peer read all"), LEN as u64);
    });
}

/// One task reads and writes at once: more than both directions hold, so each side waits for the other.
pub(crate) fn borrowed_halves<C: Config<Driver: Net>>() {
    const LEN: usize = 4 << 20;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let peer = std::thread::spawn(move || {
            std::io::copy(&mut peer.try_clone().expect("a descriptor is free"), &mut peer).expect("echoed")
        });
        let mut back = vec![0; LEN];
        {
            let (mut read, mut write) = stream.split();
            let mut reading = pin!(read.read_exact(&mut back));
            let mut writing = pin!(async {
                write.write_all(bytes(0, LEN)).await.0.expect("sent");
                write.shutdown().expect("open");
            });
            let (mut written, mut all_back) = (false, false);
            // All may be back before a driver is told that all was sent.
            poll_fn(|cx| {
                written = written || writing.as_mut().poll(cx).is_ready();
                all_back = all_back || reading.as_mut().poll(cx).map(|read| read.expect("all comes back")).is_ready();
                if written && all_back { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
        assert_numbered(0, &back);
        assert_eq!(stream.read(&mut [0]).await.expect("the end"), 0);
        assert_eq!(peer.join().expect("the peer echoed"), LEN as u64);
    });
}

pub(crate) fn owned_halves<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        // Two tasks; the drop of the write half is the end.
        let (stream, mut peer) = pair::<C>().await;
        let (mut read, mut write) = stream.into_split();
        let writer = C::spawn(async move {
            write.write_all(bytes(0, 50_000)).await.0.expect("sent");
            assert!(write.take_interrupted().await.is_none());
        });
        let peer = std::thread::spawn(move || {
            let mut got = Vec::new();
            peer.read_to_end(&mut got).expect("the end comes with the drop of the half");
            assert_numbered(0, &got);
            peer.write_all(&got).expect("sent back");
        });
        writer.await.expect("written");
        let mut back = vec![0; 50_000];
        read.read_exact(&mut back).await.expect("this half is open");
        assert_numbered(0, &back);
        assert_eq!(read.read(&mut back).await.expect("the end"), 0);
        peer.join().expect("the peer saw the end");

        // Together again: both directions are as open as before.
        let (stream, mut peer) = pair::<C>().await;
        let (read, write) = stream.into_split();
        let mut stream = read.reunite(write).expect("halves of one stream");
        stream.write_all("whole").await.0.expect("open");
        let mut got = [0; 5];
        peer.read_exact(&mut got).expect("sent");
        assert_eq!(&got, b"whole");

        // The read half alone keeps the connection; dropped last, it closes it.
        let (read, write) = stream.into_split();
        drop(write);
        assert_eq!(again(|| peer.read(&mut got)).expect("the end"), 0);
        drop(read);
    });
}

pub(crate) fn halves_of_two_streams_do_not_reunite<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let ((one, mut peer), (two, _other)) = (pair::<C>().await, pair::<C>().await);
        let ((one_read, one_write), (two_read, two_write)) = (one.into_split(), two.into_split());
        let error = one_read.reunite(two_write).expect_err("of two streams");
        assert!(error.to_string().contains("not of the same stream"), "{error}");
        // Both come back unharmed.
        let mut one = error.0.reunite(one_write).expect("of one stream");
        one.write_all("!").await.0.expect("open");
        assert_eq!(again(|| peer.read(&mut [0; 8])).expect("sent"), 1);
        two_read.reunite(error.1).expect("of one stream");
    });
}

pub(crate) fn halves_know_their_stream<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let ends = (peer.peer_addr().expect("connected"), peer.local_addr().expect("connected"));
        peer.write_all(b"tea").expect("sent");
        let mut buffer = [0; 8];

        let (mut read, write) = stream.split();
        assert_eq!(read.peek(&mut buffer).await.expect("it comes"), 3);
        for addresses in [(read.local_addr(), read.peer_addr()), (write.local_addr(), write.peer_addr())] {
            assert_eq!((addresses.0.expect("open"), addresses.1.expect("open")), ends);
        }
        read.stream().set_nodelay(true).expect("open");
        assert!(write.stream().nodelay().expect("open"), "the halves are of one stream");

        let (mut read, write) = stream.into_split();
        assert_eq!(read.peek(&mut buffer).await.expect("it is still there"), 3);
        for addresses in [(read.local_addr(), read.peer_addr()), (write.local_addr(), write.peer_addr())] {
            assert_eq!((addresses.0.expect("open"), addresses.1.expect("open")), ends);
        }
        write.stream().set_nodelay(false).expect("open");
        assert!(!read.stream().nodelay().expect("open"), "the halves are of one stream");
        assert_eq!(read.read(&mut buffer).await.expect("it is still there"), 3);
    });
}

pub(crate) fn peek_leaves_the_bytes<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let peer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            peer.write_all(b"tea").expect("sent");
            peer
        });
        let mut buffer = [0; 8];
        for _ in 0..3 {
            // Waits the first time; a short peek is not the sign that there is no more.
            assert_eq!(stream.peek(&mut buffer).await.expect("it comes"), 3);
            assert_eq!(&buffer[..3], b"tea");
        }
        assert_eq!(stream.read(&mut buffer).await.expect("it is still there"), 3);
        drop(peer.join().expect("the peer sent"));
        assert_eq!(stream.peek(&mut buffer).await.expect("the end"), 0);
    });
}

pub(crate) fn read_exact_tells_of_an_early_end<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(b"12345").expect("sent");
        drop(peer);
        let error = stream.read_exact(&mut [0; 8]).await.expect_err("five bytes are no eight");
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        assert!(error.to_string().contains("after 5 of 8 bytes"), "{error}");
    });
}

/// `accept` takes `&self`, so several tasks may wait for one listener: each connection must reach one that still waits.
pub(crate) fn two_tasks_accept_from_one_listener<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let listener = Arc::new(TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free"));
        let address = listener.local_addr().expect("bound");
        let tasks: Vec<_> = (0..3)
            .map(|_| {
                let listener = listener.clone();
                // Each takes one connection and then leaves the listener alone.
                C::spawn(async move { drop(listener.accept().await.expect("a client comes")) })
            })
            .collect();
        let peer = std::thread::spawn(move || {
            for _ in 0..3 {
                std::thread::sleep(Duration::from_millis(20));
                let mut peer = StdStream::connect(address).expect("a listener is there");
                peer.set_read_timeout(Some(SOON)).expect("connected");
                assert_eq!(again(|| peer.read(&mut [0])).expect("accepted and closed"), 0);
            }
        });
        for task in tasks {
            C::timeout(SOON, task).await.expect("every task that waits gets one").expect("it does not panic");
        }
        peer.join().expect("every client was served");
    });
}

/// A worker that always has something to run must look at its driver all the same, also after sockets that never got as
/// far as a connection.
pub(crate) fn busy_task_does_not_starve_the_driver<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        for _ in 0..4 {
            // No route goes there: the system refuses at once.
            TcpStream::<C>::connect("255.255.255.255:9").await.expect_err("nobody is everybody");
        }
        let busy = C::spawn(async {
            let end = Instant::now() + SOON;
            while Instant::now() < end {
                C::yield_now().await;
            }
        });
        let peer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            peer.write_all(b"x").expect("sent");
        });
        let start = Instant::now();
        stream.read(&mut [0]).await.expect("it comes");
        assert!(start.elapsed() < SOON / 2, "the read waited {:?} for a busy task", start.elapsed());
        busy.abort();
        peer.join().expect("the peer sent");
    });
}

pub(crate) fn panicking_task_closes_its_sockets<C: Config<Driver: Net>>() {
    let runtime = runtime::<C>();
    runtime.block_on(async {
        let (stream, mut peer) = pair::<C>().await;
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let task = C::spawn(async move {
            let _both = (stream, listener);
            C::yield_now().await;
            panic!("as planned");
        });
        assert!(task.await.expect_err("it panics").is_panic());
        let end = std::thread::spawn(move || again(|| peer.read(&mut [0])).expect("the end"));
        assert_eq!(end_of::<C, _>(end).await.expect("it only reads"), 0);
    });
    assert_eq!(runtime.open_resources(), 0);
}

/// A future may be polled after it yielded. That panics; the buffer is the caller's by then, and what came since is left for
/// the next read.
pub(crate) fn a_read_that_yielded_is_over<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(b"one").expect("open");
        let mut read = stream.read_into(Vec::with_capacity(8));
        let (len, buffer) = (&mut read).await;
        assert_eq!((len.expect("open"), &buffer[..]), (3, &b"one"[..]));
        peer.write_all(b"two").expect("open");
        C::sleep(Duration::from_millis(20)).await;
        let again = poll_fn(|cx| {
            let poll = AssertUnwindSafe(|| Pin::new(&mut read).poll(cx).is_ready());
            Poll::Ready(catch_unwind(poll))
        });
        assert!(again.await.is_err(), "polled after it yielded");
        assert_eq!(buffer, b"one");
        drop(read);
        let (len, buffer) = stream.read_into(buffer).await;
        assert_eq!((len.expect("open"), &buffer[..]), (3, &b"two"[..]));
    });
}

/// A read ends at an urgent byte, though more has come behind it: that is no sign that the stream is empty.
#[cfg(unix)]
pub(crate) fn an_urgent_byte_hangs_no_reader<C: Config<Driver: Net>>() {
    use std::os::fd::AsRawFd as _;
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        let send = |bytes: &[u8], flags| {
            let sent = again(|| {
                // SAFETY: the bytes live during the call.
                let sent = unsafe { libc::send(peer.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), flags) };
                usize::try_from(sent).map_err(|_| std::io::Error::last_os_error())
            });
            assert_eq!(sent.expect("connected"), bytes.len());
        };
        for _ in 0..2 {
            send(b"abc", 0);
            send(b"d", libc::MSG_OOB);
            send(b"efg", 0);
            C::sleep(Duration::from_millis(20)).await; // all of it is there
            let (mut got, mut buffer) = (Vec::new(), [0; 64]);
            while got.len() < 6 {
                let read = C::timeout(SOON, stream.read(&mut buffer)).await.expect("there is more");
                got.extend_from_slice(&buffer[..read.expect("connected")]);
            }
            assert_eq!(got, b"abcefg");
        }
    });
}
