//! Our streams under the helpers of futures-lite, which are written for futures-io, and such streams under ours.
#![allow(clippy::disallowed_methods, reason = "the peers stand outside of any runtime")]

#[macro_use]
mod support;

use bespoke::Config;
use bespoke::io::{FromFutures, PollFile, PollStream, Reads as _, Seeks as _, Writes as _, copy_bidirectional, duplex};
use bespoke::prelude::*;
use futures_lite::StreamExt as _;
use futures_lite::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _, Cursor};
use std::io::{Read as _, SeekFrom, Write as _};
use support::{bytes, pair};

on_each_driver!(echo, lines, a_file_that_is_sought);

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
    stream.close().await.expect("open");
    let mut back = Vec::new();
    stream.read_to_end(&mut back).await.expect("it ends");
    assert!(back == all);
    peer.join().expect("it ends");
}

async fn lines<C: Config<Driver: Net>>() {
    let (ours, mut theirs) = pair::<C>().await;
    theirs.write_all(b"one\ntwo\nthree").expect("room");
    drop(theirs);
    let lines: Vec<String> = PollStream::from(ours).lines().map(|line| line.expect("open")).collect().await;
    assert_eq!(lines, ["one", "two", "three"]);
}

async fn a_file_that_is_sought<C: Config<Driver: Fs>>() {
    let (file, path) = support::file::<C>("futures").await;
    let mut file = PollFile::with_capacity(7, file);
    file.write_all(b"one\ntwo\nthree").await.expect("there is room");
    assert_eq!(file.seek(SeekFrom::Start(4)).await.expect("open"), 4);
    let mut line = String::new();
    file.read_line(&mut line).await.expect("open");
    assert_eq!(line, "two\n");
    assert_eq!(file.seek(SeekFrom::Current(0)).await.expect("open"), 8, "where the reader is");
    file.write_all(b"THREE").await.expect("open");
    file.close().await.expect("open");
    let mut ours = FromFutures::new(file);
    assert_eq!(ours.seek(SeekFrom::Start(2)).await.expect("open"), 2);
    let mut text = String::new();
    ours.read_to_string(&mut text).await.expect("open");
    assert_eq!(text, "e\ntwo\nTHREE");
    std::fs::remove_file(path).expect("it is there");
}

#[test]
fn their_streams_are_ours() {
    support::run(async {
        let mut ours = FromFutures::new(Cursor::new(b"in memory".to_vec()));
        let mut text = String::new();
        ours.read_to_string(&mut text).await.expect("it ends");
        assert_eq!(text, "in memory");
        ours.write_all(b", and more".to_vec()).await.0.expect("it grows");
        ours.end_writes().await.expect("nothing to do");
        assert_eq!(ours.into_inner().into_inner(), b"in memory, and more");

        // In both directions at once, over a stream that is theirs by way of ours.
        let (mut left, a) = duplex(9);
        let (b, mut right) = duplex(9);
        let mut a = FromFutures::new(PollStream::from(a));
        let mut b = b;
        let copied = bespoke::spawn(async move { copy_bidirectional(&mut a, &mut b).await });
        left.write_all(b"question".to_vec()).await.0.expect("room");
        left.end_writes().await.expect("open");
        let mut got = Vec::new();
        right.read_to_end(&mut got).await.expect("it ends");
        right.write_all(b"answer".to_vec()).await.0.expect("room");
        drop(right);
        left.read_to_end(&mut got).await.expect("it ends");
        assert_eq!(got, b"questionanswer");
        assert_eq!(copied.await.expect("it ends").expect("open"), (8, 6));
    });
}
