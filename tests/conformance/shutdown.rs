//! A runtime that closes with operations on their way. RELIABILITY A7.

use crate::support::{Random, again, closes, count, pair, poll_once, runtime, std_listener};
use bespoke::Config;
use bespoke::io::IoBuf;
use bespoke::prelude::*;
use bespoke::rt::{SharingOf, TcpListener, TcpStream};
use bespoke::scheduler::Sharing;
use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::{Arc, Barrier, mpsc};

type Held = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A future that is polled once, inside the runtime, and kept. One that is over then, as other workers of the runtime have been
/// busy meanwhile, is over ever after.
async fn started(future: impl Future<Output = ()> + Send + 'static) -> Held {
    let mut future: Held = Box::pin(future);
    let over = poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
    if over { Box::pin(async {}) } else { future }
}

fn says_closed(error: &std::io::Error) {
    assert_eq!(error.kind(), ErrorKind::BrokenPipe, "{error}");
    assert!(error.to_string().contains("the runtime that owned this is closed"), "{error}");
}

/// Every kind of operation, as a future that owns what it is about. What it ends with, if it is polled after the runtime
/// closed, is that the runtime is closed.
async fn operation<C: Config<Driver: Net>>(kind: u64) -> (Held, Option<std::net::TcpStream>) {
    match kind {
        0 => {
            let (mut stream, peer) = pair::<C>().await;
            let read = async move { says_closed(&stream.read(&mut [0; 64]).await.expect_err("nothing was sent")) };
            (started(read).await, Some(peer))
        }
        1 => {
            let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
            let accept = async move { says_closed(&listener.accept().await.expect_err("nobody came")) };
            (started(accept).await, None)
        }
        2 => {
            // The kernel answers at once, but nobody asks it before the runtime closes. A driver may ask late: until then
            // nobody else may listen at this port.
            let (listener, address) = std_listener();
            let connect = async move {
                let _listener = listener;
                if let Err(error) = TcpStream::<C>::connect(address).await {
                    says_closed(&error);
                }
            };
            (started(connect).await, None)
        }
        3 => {
            let (mut stream, peer) = pair::<C>().await;
            stream.set_send_buffer_size(4096).expect("open");
            let write = async move {
                let (written, buffer) = stream.write_all(vec![1; 16 << 20]).await;
                says_closed(&written.expect_err("nobody reads"));
                assert_eq!(buffer.len(), 16 << 20, "the buffer comes back");
            };
            (started(write).await, Some(peer))
        }
        _ => (started(C::sleep(Duration::from_secs(3600))).await, None),
    }
}

pub(crate) fn operations_under_way<C: Config<Driver: Net>>() {
    let rounds = count(200, 10_000);
    let mut random = Random::new(7);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        let runtime = runtime::<C>();
        // In `held`: what outlives the runtime. The rest is in tasks that the runtime drops.
        let (mut held, mut tasks, mut streams, mut peers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        runtime.block_on(async {
            for kind in 0..10 {
                let (future, peer) = operation::<C>(kind % 5).await;
                peers.extend(peer);
                if random.once_in(2) {
                    held.push((kind % 5, future));
                } else {
                    tasks.push(C::spawn(future));
                }
            }
            for _ in 0..3 {
                let (stream, peer) = pair::<C>().await;
                streams.push(stream);
                peers.push(peer);
            }
            for _ in 0..random.below(4) {
                C::yield_now().await;
            }
        });
        slowest = slowest.max(closes(runtime));
        for (kind, mut future) in held {
            // Half of them are asked once more, the others only dropped. A sleep may not be asked.
            if kind < 4 && random.once_in(2) {
                assert!(poll_once(future.as_mut()).is_ready(), "operation {kind} waits for a closed runtime");
            }
        }
        for task in &mut tasks {
            match poll_once(Pin::new(task)) {
                Poll::Ready(ended) => {
                    assert!(!ended.is_err_and(|error| error.is_panic()), "a task panicked: see above")
                }
                Poll::Pending => panic!("a task waits for a closed runtime"),
            }
        }
        for mut stream in streams {
            if random.once_in(2) {
                match poll_once(pin!(stream.read(&mut [0; 8]))) {
                    Poll::Ready(result) => says_closed(&result.expect_err("closed")),
                    Poll::Pending => panic!("a read waits for a closed runtime"),
                }
            }
        }
    }
    println!("{rounds} runtimes closed, the slowest took {slowest:?}");
}

/// The same operations, begun by tasks: closing ends each of them, and the tasks see nothing of it.
pub(crate) fn tasks_under_way<C: Config<Driver: Net>>() {
    let rounds = count(50, 2_000);
    let mut random = Random::new(10);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        let runtime = runtime::<C>();
        let (mut tasks, mut peers) = (Vec::new(), Vec::new());
        runtime.block_on(async {
            for _ in 0..2 {
                let (mut reads, peer) = pair::<C>().await;
                peers.push(peer);
                let (mut writes, peer) = pair::<C>().await;
                peers.push(peer);
                writes.set_send_buffer_size(4096).expect("open");
                let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
                let handle = C::handle();
                tasks.push(handle.spawn(async move { panic!("it read {:?}", reads.read(&mut [0; 64]).await) }));
                tasks.push(
                    handle.spawn(async move { panic!("it wrote {:?}", writes.write_all(vec![1; 16 << 20]).await.0) }),
                );
                tasks.push(handle.spawn(async move { panic!("it accepted {:?}", listener.accept().await) }));
                tasks.push(handle.spawn(async { C::sleep(Duration::from_secs(3600)).await }));
            }
            // Some have begun, or none, or all.
            match random.below(3) {
                0 => {}
                1 => C::yield_now().await,
                _ => C::sleep(Duration::from_millis(2)).await,
            }
        });
        slowest = slowest.max(closes(runtime));
        for task in &mut tasks {
            match poll_once(Pin::new(task)) {
                Poll::Ready(ended) => assert!(ended.expect_err("it cannot end").is_cancelled(), "see above"),
                Poll::Pending => panic!("a task waits for a closed runtime"),
            }
        }
    }
    println!("{rounds} runtimes closed, the slowest took {slowest:?}");
}

pub(crate) fn closed_streams_say_so<C: Config<Driver: Net>>() {
    let runtime = runtime::<C>();
    let (mut stream, _peer, listener, halves, _other) = runtime.block_on(async {
        let (stream, peer) = pair::<C>().await;
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let (halved, other) = pair::<C>().await;
        (stream, peer, listener, halved.into_split(), other)
    });
    let handle = runtime.handle();
    drop(runtime);
    assert!(handle.is_closed());

    fn now<F: Future>(future: F) -> F::Output {
        match poll_once(pin!(future)) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("an operation waits for a closed runtime"),
        }
    }
    says_closed(&now(stream.read(&mut [0; 8])).expect_err("closed"));
    says_closed(&now(stream.peek(&mut [0; 8])).expect_err("closed"));
    says_closed(&now(stream.read_exact(&mut [0; 8])).expect_err("closed"));
    let (written, buffer) = now(stream.write("tea"));
    says_closed(&written.expect_err("closed"));
    assert_eq!(buffer, "tea", "the buffer comes back");
    says_closed(&now(stream.write_all("tea")).0.expect_err("closed"));
    assert!(now(stream.take_interrupted()).is_none());
    says_closed(&now(listener.accept()).expect_err("closed"));
    says_closed(&listener.local_addr().expect_err("closed"));
    says_closed(&stream.local_addr().expect_err("closed"));
    says_closed(&stream.peer_addr().expect_err("closed"));
    says_closed(&stream.set_nodelay(true).expect_err("closed"));
    says_closed(&stream.shutdown(std::net::Shutdown::Both).expect_err("closed"));
    let (mut read, mut write) = halves;
    says_closed(&now(read.read(&mut [0; 8])).expect_err("closed"));
    says_closed(&now(write.write_all("tea")).0.expect_err("closed"));
    says_closed(&write.shutdown().expect_err("closed"));
    drop(now(read
        .reunite(write)
        .map_or_else(|_| panic!("of one stream"), |mut s| async move { s.read(&mut []).await })));
}

/// An end of a stream that the runtime has nothing to do with.
#[cfg(unix)]
type Stranger = std::os::unix::net::UnixStream;
#[cfg(windows)]
type Stranger = std::net::TcpStream;

/// Both ends, in descriptors that the runtime may just have closed.
fn strangers() -> (Stranger, Stranger) {
    #[cfg(unix)]
    return Stranger::pair().expect("descriptors are left");
    #[cfg(windows)]
    {
        let (listener, address) = std_listener();
        let one = Stranger::connect(address).expect("a listener is there");
        (one, listener.accept().expect("a connection waits").0)
    }
}

fn strangers_are_whole(strangers: &mut Vec<(Stranger, Stranger)>) {
    for (one, other) in strangers.drain(..) {
        for (mut from, mut to) in [(&one, &other), (&other, &one)] {
            let sent = again(|| from.write(b"x"));
            assert_eq!(sent.as_ref().ok(), Some(&1), "a stranger's socket was shut down: {sent:?}");
            assert_eq!(again(|| to.read(&mut [0; 8])).expect("a whole socket"), 1);
        }
    }
}

pub(crate) fn calls_off_the_worker_meet_no_stranger<C: Config<Driver: Net>>() {
    const STREAMS: usize = 48;
    for round in 0..count(100, 2_000) {
        let runtime = runtime::<C>();
        let (mut streams, mut halves, mut peers) = (Vec::new(), Vec::new(), Vec::new());
        runtime.block_on(async {
            for _ in 0..STREAMS {
                let (stream, peer) = pair::<C>().await;
                peers.push(peer);
                if round % 2 == 0 {
                    streams.push(stream);
                } else {
                    halves.push(stream.into_split());
                }
            }
        });
        let begin = Barrier::new(2);
        std::thread::scope(|scope| {
            // Takes every descriptor that falls free while the sockets are closed one by one, and ends directions as if none
            // had: by the drop of a write half, or by a call.
            scope.spawn(|| {
                let mut strangers = Vec::new();
                let mut stranger = || {
                    strangers.push(self::strangers());
                    if strangers.len() == STREAMS {
                        strangers_are_whole(&mut strangers);
                    }
                };
                begin.wait();
                for (read, write) in halves {
                    stranger();
                    drop(write);
                    drop(read);
                }
                let mut open = streams;
                while !open.is_empty() {
                    stranger();
                    open.retain(|stream| {
                        !stream.shutdown(Shutdown::Both).is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
                    });
                }
                strangers_are_whole(&mut strangers);
            });
            begin.wait();
            drop(runtime);
        });
    }
}

/// A buffer that asks its stream for something as it goes.
struct Asks<C: Config<Driver: Net>> {
    bytes: Vec<u8>,
    stream: Arc<TcpStream<C>>,
    said: mpsc::Sender<std::io::Result<()>>,
}

// SAFETY: the bytes are those of the vector.
unsafe impl<C: Config<Driver: Net>> IoBuf for Asks<C> {
    fn as_ptr(&self) -> *const u8 {
        self.bytes.as_ptr()
    }
    fn len(&self) -> usize {
        self.bytes.len()
    }
}

impl<C: Config<Driver: Net>> Drop for Asks<C> {
    fn drop(&mut self) {
        let _ = self.said.send(self.stream.shutdown(Shutdown::Both));
    }
}

/// What the driver kept of a dropped write goes while the sockets are closed, on the worker: a buffer that names one which
/// was closed before hears of it, and meets no stranger.
pub(crate) fn buffers_that_ask_as_they_go<C: Config<Driver: Net>>() {
    let runtime = runtime::<C>();
    let (sender, said) = mpsc::channel();
    let (streams, _peers) = runtime.block_on(async {
        // In this order they are closed.
        let (first, its_peer) = pair::<C>().await;
        let (mut second, another) = pair::<C>().await;
        let first = Arc::new(first);
        second.set_send_buffer_size(4096).expect("open");
        let buffer = Asks { bytes: vec![1; 16 << 20], stream: first.clone(), said: sender };
        let mut write = Box::pin(second.write_all(buffer));
        // With a poll of its own: connecting may have spent the budget of this one.
        C::yield_now().await;
        poll_fn(|cx| {
            assert!(write.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(write);
        ([first, Arc::new(second)], [its_peer, another])
    });
    assert!(said.try_recv().is_err(), "the buffer is with the driver");
    drop(runtime);
    match said.recv().expect("the buffer is gone") {
        Err(closed) => says_closed(&closed),
        // The worker that watched it closed after that of the other stream.
        Ok(()) => assert!(<SharingOf<C> as Sharing>::MOVING, "closed"),
    }
    drop(streams);
}
