//! What comes again and again, under the helpers of futures-lite, which are written for `futures_core::Stream`; and the buffers of
//! the crate `bytes` in reads and writes.
#![allow(clippy::disallowed_methods, reason = "the peers stand outside of any runtime")]

#[macro_use]
mod support;

use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, UnixListener};
use bytes::{Bytes, BytesMut};
use futures_lite::{Stream, StreamExt as _};
use std::io::{Read as _, Write as _};
use std::time::Duration;
use support::{bytes as numbered, pair};

on_each_driver!(connections, unix_connections, buffers);

async fn connections<C: Config<Driver: Net>>() {
    let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("bound");
    let clients = std::thread::spawn(move || {
        for n in 0..20u8 {
            std::net::TcpStream::connect(address).expect("it listens").write_all(&[n]).expect("open");
        }
    });
    let served = listener.into_incoming().take(20).then(|accepted| async move {
        let (mut stream, _) = accepted.expect("it comes");
        let mut byte = [0];
        stream.read_exact(&mut byte).await.expect("open");
        byte[0]
    });
    let mut served: Vec<u8> = served.collect().await;
    served.sort_unstable();
    assert_eq!(served, (0..20).collect::<Vec<u8>>());
    clients.join().expect("all were accepted");
}

async fn unix_connections<C: Config<Driver: Unix>>() {
    let path = std::env::temp_dir().join(format!("bespoke-incoming-{}-{}", std::process::id(), C::NAME.len()));
    let _ = std::fs::remove_file(&path);
    let mut incoming = UnixListener::<C>::bind(&path).expect("the path is free").into_incoming();
    let client = std::os::unix::net::UnixStream::connect(&path).expect("it listens");
    let (stream, _) = incoming.next().await.expect("open").expect("it comes");
    drop((stream, client));
    std::fs::remove_file(&path).expect("it is ours");
}

async fn buffers<C: Config<Driver: Net>>() {
    let (mut ours, mut theirs) = pair::<C>().await;
    let whole = Bytes::from(numbered(100_000));
    let peer = std::thread::spawn(move || {
        let mut all = vec![0; 60_000];
        theirs.read_exact(&mut all).expect("open");
        theirs.write_all(&all).expect("it is read");
        all
    });
    // A part of a shared one is written without a copy, and comes back.
    let part = Bytes::slice(&whole, 20_000..80_000);
    let (written, part) = ours.write_all(part).await;
    written.expect("open");
    assert!(part == whole[20_000..80_000]);
    let (mut buffer, mut got) = (BytesMut::with_capacity(5000), Vec::new());
    while got.len() < 60_000 {
        let (read, back) = ours.read_into(buffer).await;
        assert_eq!(read.expect("open"), back.len());
        buffer = back;
        got.extend_from_slice(&buffer.split());
        buffer.reserve(5000);
    }
    assert!(got == part && peer.join().expect("it ends") == got);
}

/// A wait that is dropped takes no connection with it, and the stream ends with its runtime.
#[test]
fn incoming_goes_on_and_ends() {
    let runtime = bespoke::Runtime::<bespoke::preset::Default>::new().expect("a runtime starts");
    let mut incoming = runtime.block_on(async {
        let listener = bespoke::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let mut incoming = listener.into_incoming();
        for _ in 0..50 {
            assert!(bespoke::time::timeout(Duration::from_micros(200), incoming.next()).await.is_err(), "nobody comes");
            let client = std::net::TcpStream::connect(address).expect("it listens");
            let (_, peer) = incoming.next().await.expect("open").expect("it comes");
            assert_eq!(peer, client.local_addr().expect("connected"));
        }
        incoming
    });
    drop(runtime);
    assert!(futures_lite::future::block_on(incoming.next()).is_none(), "its runtime is closed");
    assert!(futures_lite::future::block_on(incoming.next()).is_none());
}

#[test]
fn ticks_messages_tasks_and_signals() {
    support::run(async {
        let every = bespoke::time::interval(Duration::from_millis(2));
        let ticks: Vec<bespoke::Instant> = every.take(3).collect().await;
        assert_eq!(ticks[2] - ticks[0], Duration::from_millis(4));

        let (sender, receiver) = bespoke::channel::mpsc::channel(4);
        let sends = bespoke::spawn(async move {
            for n in 0..100 {
                sender.send(n).await.expect("it is received");
            }
        });
        assert_eq!(receiver.collect::<Vec<i32>>().await, (0..100).collect::<Vec<_>>());
        sends.await.expect("it ends");

        let mut set = bespoke::JoinSet::new();
        (1..=4).for_each(|n| drop(set.spawn(async move { n * n })));
        assert_eq!((&mut set).map(|square| square.expect("it ends")).fold(0, |sum, square| sum + square).await, 30);
        assert!(set.next().await.is_none());
        set.spawn(async { 7 });
        assert_eq!(set.next().await.expect("it goes on").expect("it ends"), 7);

        let hangups = bespoke::signal::signal(bespoke::signal::SignalKind::hangup()).expect("it can be caught");
        let mut hangups = hangups.into_incoming();
        let kill = format!("kill -HUP {}", std::process::id());
        std::process::Command::new("sh").args(["-c", &kill]).status().expect("a shell is there");
        assert_eq!(hangups.next().await, Some(()));
    });
}

/// In code that knows neither config nor sharing.
#[allow(dead_code, reason = "to compile is to pass")]
fn streams<C: Config<Driver: Net + Unix + Foreign>>(
    interval: bespoke::rt::Interval<C>,
    set: bespoke::rt::JoinSet<u8, C>,
    receiver: bespoke::rt::mpsc::Receiver<u8, bespoke::rt::SharingOf<C>>,
    listener: TcpListener<C>,
    signal: bespoke::rt::Signal<C>,
) {
    fn stream(_: impl Stream + Unpin) {}
    fn sends(_: impl Stream + Unpin + Send) {}
    sends(interval);
    sends(set);
    stream(receiver);
    sends(listener.into_incoming());
    sends(signal.into_incoming());
}
