//! Lines and buffered reads over real streams. How lines are cut is tested beside the reader, against every way to come.

use crate::end_of::end_of;
use crate::support::{allocations, pair, runtime};
use bespoke::Config;
use bespoke::io::{BufReader, Reads};
use bespoke::prelude::*;
use core::time::Duration;
use std::io::{ErrorKind, Write as _};

pub(crate) fn lines_until_the_end<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (stream, mut peer) = pair::<C>().await;
        let sender = std::thread::spawn(move || {
            for n in 0..2000 {
                write!(peer, "line {n}{}", if n % 2 == 0 { "\n" } else { "\r\n" }).expect("it is read");
            }
            peer.write_all(b"last").expect("it is read");
        });
        let (read, _write) = stream.into_split();
        let mut lines = BufReader::with_capacity(64, read).lines();
        for n in 0..2000 {
            assert_eq!(lines.next_line().await.expect("open"), Some(&*format!("line {n}")));
        }
        assert_eq!(lines.next_line().await.expect("open"), Some("last"));
        assert_eq!(lines.next_line().await.expect("open"), None);
        assert_eq!(lines.next_line().await.expect("open"), None, "the end stays the end");
        sender.join().expect("all was sent");
    });
}

pub(crate) fn timeouts_around_lines_lose_nothing<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        // A byte follows a read that was given up: so every part of a line sees one, however slow the machine is.
        let (give_up, given_up) = std::sync::mpsc::channel();
        let sender = std::thread::spawn(move || {
            for byte in "first\nsecond\nthird\n".bytes() {
                given_up.recv().expect("the reader goes on");
                peer.write_all(&[byte]).expect("it is read");
            }
        });
        let (read, mut write) = stream.split();
        let mut reader = BufReader::new(read);
        let (mut got, mut late) = (Vec::new(), 0);
        while got.len() < 3 {
            let mut line = String::new();
            match C::timeout(Duration::from_millis(1), reader.read_line(&mut line)).await {
                Ok(read) => {
                    assert!(read.expect("open") > 0, "the end after {got:?}");
                    got.push(line);
                }
                Err(_) => {
                    assert_eq!(line, "", "nothing is told of a part of a line");
                    late += 1;
                    // All may be sent by now.
                    let _ = give_up.send(());
                }
            }
        }
        assert_eq!(got, ["first\n", "second\n", "third\n"]);
        assert!(late >= 19, "only {late} reads of lines were dropped");
        write.write_all("the other direction is free").await.0.expect("room");
        sender.join().expect("all was sent");
    });
}

pub(crate) fn endless_line_is_refused<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (stream, mut peer) = pair::<C>().await;
        let sender = std::thread::spawn(move || {
            // Until we close.
            while peer.write_all(&[b'x'; 4096]).is_ok() {}
        });
        let mut reader = BufReader::new(stream).max_line(10_000);
        let mut line = String::new();
        let error = reader.read_line(&mut line).await.expect_err("it has no end");
        assert_eq!((error.kind(), &*line), (ErrorKind::InvalidData, ""));
        assert!(error.to_string().contains("10000 bytes"), "{error}");
        assert!(reader.buffer().len() <= 10_000, "{} bytes are held", reader.buffer().len());
        drop(reader);
        end_of::<C, _>(sender).await.expect("it ends when we close");
    });
}

/// What is generic over the reader can be spawned: its futures are `Send`.
pub(crate) fn generic_readers_can_be_spawned<C: Config<Driver: Net>>() {
    async fn count_of_lines(reader: impl Reads) -> usize {
        let mut lines = BufReader::new(reader).lines();
        let mut count = 0;
        while lines.next_line().await.expect("open").is_some() {
            count += 1;
        }
        count
    }
    fn spawned<C: Config>(reader: impl Reads + 'static) -> bespoke::JoinHandle<usize> {
        C::handle().spawn(count_of_lines(reader))
    }
    runtime::<C>().block_on(async {
        let (stream, mut peer) = pair::<C>().await;
        peer.write_all(b"a\nb\nc").expect("room");
        drop(peer);
        assert_eq!(spawned::<C>(stream).await.expect("it ends"), 3);
    });
}

pub(crate) fn lines_allocate_nothing<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        // A driver that takes in what nobody reads yet grows to the most of that: it may take some rounds.
        let mut counts = Vec::new();
        while counts.last() != Some(&0) {
            assert!(counts.len() < 10, "allocations of each thousand lines: {counts:?}");
            let (stream, mut peer) = pair::<C>().await;
            let sender = std::thread::spawn(move || {
                for _ in 0..1000 {
                    peer.write_all(b"the same line every time\n").expect("it is read");
                }
            });
            let mut lines = BufReader::new(stream).lines();
            let mut text = String::with_capacity(64);
            let mut before = 0;
            for n in 0..500 {
                if n == 10 {
                    before = allocations();
                }
                assert_eq!(lines.next_line().await.expect("open"), Some("the same line every time"));
                text.clear();
                assert_eq!(lines.get_mut().read_line(&mut text).await.expect("open"), 25);
            }
            counts.push(allocations() - before);
            sender.join().expect("all was sent");
        }
    });
}
