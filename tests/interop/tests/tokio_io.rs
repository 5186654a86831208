//! Our streams under tokio's own helpers, and tokio's streams under ours.
#![allow(clippy::disallowed_methods, reason = "the peers stand outside of any runtime")]

#[macro_use]
mod support;

use bespoke::Config;
use bespoke::io::{
    BufReader, FromTokio, PollFile, PollStream, PollWriter, Reads as _, Seeks as _, Writes as _, copy_bidirectional,
    duplex,
};
use bespoke::prelude::*;
use futures_lite::StreamExt as _;
use std::io::{ErrorKind, Read as _, SeekFrom, Write as _};
use support::{bytes, pair};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};
use tokio_util::codec::{Framed, LinesCodec};

on_each_driver!(
    echo,
    lines_and_ends,
    large_writes_to_a_slow_reader,
    question_and_answer_without_a_flush,
    framed,
    a_file_that_is_sought
);

/// `read_exact`, `write_all`, `shutdown` as a program of tokio's calls them.
async fn echo<C: Config<Driver: Net>>() {
    let (ours, mut theirs) = pair::<C>().await;
    let peer = std::thread::spawn(move || {
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).expect("it ends");
        theirs.write_all(&all).expect("it is read");
    });
    let mut stream = PollStream::from(ours);
    let all = bytes(300_000);
    stream.write_all(&all).await.expect("open");
    stream.shutdown().await.expect("open");
    let mut head = [0; 1000];
    stream.read_exact(&mut head).await.expect("all comes back");
    let mut rest = Vec::new();
    assert_eq!(stream.read_to_end(&mut rest).await.expect("it ends"), all.len() - 1000);
    assert!(all[..1000] == head && all[1000..] == rest);
    assert_eq!(stream.read_exact(&mut head).await.expect_err("it has ended").kind(), ErrorKind::UnexpectedEof);
    peer.join().expect("it ends");
}

async fn lines_and_ends<C: Config<Driver: Net>>() {
    let (ours, mut theirs) = pair::<C>().await;
    theirs.write_all(b"one\ntwo\r\nthree").expect("room");
    drop(theirs);
    // `AsyncBufRead` without another buffer.
    let mut lines = PollStream::from(ours).lines();
    for line in ["one", "two", "three"] {
        assert_eq!(lines.next_line().await.expect("open").as_deref(), Some(line));
    }
    assert_eq!(lines.next_line().await.expect("ended"), None);
}

async fn large_writes_to_a_slow_reader<C: Config<Driver: Net>>() {
    const LEN: usize = 8 << 20;
    let (ours, mut theirs) = pair::<C>().await;
    let peer = std::thread::spawn(move || {
        let (mut got, mut part) = (Vec::new(), vec![0; 100_000]);
        while let n @ 1.. = theirs.read(&mut part).expect("open") {
            got.extend_from_slice(&part[..n]);
            std::thread::sleep(std::time::Duration::from_micros(200));
        }
        assert!(got == bytes(LEN));
    });
    let (_reader, mut writer) = PollStream::from(ours).into_split();
    for part in bytes(LEN).chunks(70_001) {
        writer.write_all(part).await.expect("open");
    }
    writer.flush().await.expect("open");
    writer.shutdown().await.expect("open");
    peer.join().expect("it has all");
}

/// As it works over tokio's sockets: what was written is sent while the answer is waited for.
async fn question_and_answer_without_a_flush<C: Config<Driver: Net>>() {
    const LEN: usize = 6 << 20;
    let (ours, mut theirs) = pair::<C>().await;
    let peer = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let mut question = vec![0; LEN];
        theirs.read_exact(&mut question).expect("the whole question comes");
        assert!(question == bytes(LEN));
        theirs.write_all(b"answer").expect("it is read");
    });
    let mut stream = PollStream::from(ours);
    stream.write_all(&bytes(LEN)).await.expect("open");
    let mut answer = [0; 6];
    stream.read_exact(&mut answer).await.expect("it comes");
    assert_eq!(&answer, b"answer");
    peer.join().expect("it ends");
}

async fn framed<C: Config<Driver: Net>>() {
    let (ours, mut theirs) = pair::<C>().await;
    let peer = std::thread::spawn(move || {
        let mut got = String::new();
        theirs.write_all(b"first\nsecond\n").expect("room");
        theirs.read_to_string(&mut got).expect("it ends");
        got
    });
    let mut framed = Framed::new(PollStream::from(ours), LinesCodec::new());
    let mut got = Vec::new();
    for _ in 0..2 {
        got.push(framed.next().await.expect("there are two").expect("open"));
    }
    assert_eq!(got, ["first", "second"]);
    for line in got {
        send(&mut framed, line).await;
    }
    framed.get_mut().shutdown().await.expect("open");
    assert_eq!(peer.join().expect("it ends"), "first\nsecond\n");
}

/// `SinkExt::send`, spelled out.
async fn send<T: tokio::io::AsyncWrite + Unpin>(framed: &mut Framed<T, LinesCodec>, line: String) {
    use tokio_util::codec::Encoder as _;
    let mut bytes = tokio_util::bytes::BytesMut::new();
    LinesCodec::new().encode(line, &mut bytes).expect("it is a line");
    framed.get_mut().write_all(&bytes).await.expect("open");
}

/// One cursor for reads, writes and seeks, through a buffer that reads ahead; and the file of ours that is theirs as ours again.
async fn a_file_that_is_sought<C: Config<Driver: Fs>>() {
    let (file, path) = support::file::<C>("tokio").await;
    let mut file = PollFile::new(file);
    file.write_all(&bytes(20_000)).await.expect("there is room");
    assert_eq!(file.stream_position().await.expect("open"), 20_000);
    assert_eq!(file.seek(SeekFrom::Start(100)).await.expect("open"), 100);
    let mut part = [0; 50];
    file.read_exact(&mut part).await.expect("there is more");
    assert_eq!(part[..], bytes(150)[100..]);
    // The cursor is where the reader is, not where the buffer ends.
    file.write_all(b"over").await.expect("open");
    assert_eq!(file.seek(SeekFrom::Current(-54)).await.expect("open"), 100);
    file.read_exact(&mut part).await.expect("there is more");
    let mut four = [0; 4];
    file.read_exact(&mut four).await.expect("there is more");
    assert_eq!(&four, b"over");
    assert_eq!(file.seek(SeekFrom::End(-3)).await.expect("open"), 19_997);
    assert_eq!(file.seek(SeekFrom::Start(u64::MAX)).await.expect_err("too far").kind(), ErrorKind::InvalidInput);
    let mut rest = Vec::new();
    assert_eq!(file.read_to_end(&mut rest).await.expect("open"), 3);
    file.flush().await.expect("open");
    let mut back = FromTokio::new(file);
    assert_eq!(back.seek(SeekFrom::Start(150)).await.expect("open"), 150);
    back.read_exact(&mut four).await.expect("there is more");
    assert_eq!(&four, b"over");
    let mut all = bytes(20_000);
    all[150..154].copy_from_slice(b"over");
    assert!(std::fs::read(&path).expect("it is there") == all);
    std::fs::remove_file(path).expect("it is there");
}

/// Tokio's halves share a stream under a lock, one task each: neither takes the other's wakes.
#[test]
fn split_between_two_tasks() {
    support::run(async {
        let (ours, mut theirs) = pair::<bespoke::preset::Default>().await;
        let peer = std::thread::spawn(move || {
            let (mut at, mut part) = (0, vec![0; 40_000]);
            while at < 3_000_000 {
                let n = theirs.read(&mut part).expect("open");
                theirs.write_all(&part[..n]).expect("it is read");
                at += n;
            }
        });
        let (mut reader, mut writer) = tokio::io::split(PollStream::from(ours));
        let writes = bespoke::spawn(async move {
            for part in bytes(3_000_000).chunks(12_345) {
                writer.write_all(part).await.expect("open");
            }
            writer.flush().await.expect("open");
        });
        let mut back = vec![0; 3_000_000];
        reader.read_exact(&mut back).await.expect("all comes back");
        assert!(back == bytes(3_000_000));
        writes.await.expect("it ends");
        peer.join().expect("it ends");
    });
}

#[test]
fn tokios_streams_are_ours() {
    support::run(async {
        let (a, mut b) = tokio::io::duplex(16);
        let mut ours = FromTokio::new(a);
        let (written, back) = ours.write_all(b"hello\nand more".to_vec()).await;
        written.expect("room");
        assert_eq!(back.len(), 14);
        ours.flush().await.expect("open");
        ours.end_writes().await.expect("open");
        let mut text = String::new();
        b.read_to_string(&mut text).await.expect("it ends");
        assert_eq!(text, "hello\nand more");
        b.write_all(b"line\nrest").await.expect("room");
        drop(b);
        let mut lines = BufReader::new(ours).lines();
        assert_eq!(lines.next_line().await.expect("open"), Some("line"));
        let mut rest = Vec::new();
        lines.into_inner().read_to_end(&mut rest).await.expect("it ends");
        assert_eq!(rest, b"rest");
    });
}

/// A write that is dropped under way has taken nothing: as it is with tokio's own.
#[test]
fn dropped_reads_and_writes_of_tokios_streams_lose_nothing() {
    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::Poll;
    support::run(async {
        let (a, mut b) = tokio::io::duplex(4);
        let mut ours = FromTokio::new(a);
        assert_eq!(ours.write(b"full!".to_vec()).await.0.expect("room"), 4);
        {
            let mut write = pin!(ours.write(b"dropped".to_vec()));
            assert!(poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await.is_pending());
        }
        let mut buffer = [0; 8];
        {
            let mut read = pin!(ours.read(&mut buffer));
            assert!(poll_fn(|cx| Poll::Ready(read.as_mut().poll(cx))).await.is_pending());
        }
        assert_eq!(b.read(&mut buffer).await.expect("open"), 4);
        assert_eq!(&buffer[..4], b"full");
        b.write_all(b"kept").await.expect("room");
        assert_eq!(ours.read(&mut buffer).await.expect("open"), 4);
    });
}

/// A foreign stream beside one of ours, in both directions at once; and tokio's copy over two of ours.
#[test]
fn copies_between_theirs_and_ours() {
    support::run(async {
        let (mut left, a) = tokio::io::duplex(100);
        let (b, right) = duplex(7);
        let (mut a, mut b) = (FromTokio::new(a), b);
        let copied = bespoke::spawn(async move { copy_bidirectional(&mut a, &mut b).await });
        // From here on under tokio's helpers.
        let mut right = PollStream::from(right);
        left.write_all(b"to the right").await.expect("room");
        left.shutdown().await.expect("open");
        let mut text = String::new();
        right.read_to_string(&mut text).await.expect("it ends");
        assert_eq!(text, "to the right");
        right.write_all(b"and back").await.expect("room");
        right.shutdown().await.expect("open");
        text.clear();
        left.read_to_string(&mut text).await.expect("it ends");
        assert_eq!(text, "and back");
        assert_eq!(copied.await.expect("it ends").expect("open"), (12, 8));

        let (x, y) = duplex(5);
        let (mut from, mut to) = (PollStream::from(x), PollWriter::new(Vec::new()));
        bespoke::spawn(async move {
            let mut y = y;
            y.write_all(bytes(1000)).await.0.expect("it is read");
        });
        assert_eq!(tokio::io::copy(&mut from, &mut to).await.expect("open"), 1000);
        assert!(to.into_inner().expect("it was flushed") == bytes(1000));
    });
}
