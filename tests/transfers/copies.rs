//! Copying until the end, in one direction and in both.

use crate::end_of::end_of;
use crate::support::{allocations, bytes, pair, runtime};
use bespoke::Config;
use bespoke::io::{BufReader, IoBuf, Reads, Writes, copy, copy_bidirectional};
use bespoke::prelude::*;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;

const LEN: usize = 3 << 20;

pub(crate) fn copies_all_and_leaves_the_writer_open<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (mut to, mut sink) = pair::<C>().await;
        let sender = std::thread::spawn(move || source.write_all(&bytes(0, LEN)).expect("it is read"));
        let receiver = std::thread::spawn(move || {
            let mut got = Vec::new();
            sink.read_to_end(&mut got).expect("closed in order");
            got
        });
        assert_eq!(copy(&mut from, &mut to).await.expect("open"), LEN as u64);
        to.write_all("more").await.0.expect("it is still open");
        drop(to);
        let got = receiver.join().expect("it ends");
        assert!(got[..LEN] == bytes(0, LEN) && &got[LEN..] == b"more");
        sender.join().expect("all was sent");
    });
}

pub(crate) fn what_a_reader_holds_is_copied_too<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (stream, mut peer) = pair::<C>().await;
        peer.write_all(b"head\nbody").expect("room");
        peer.shutdown(Shutdown::Write).expect("open");
        let (read, mut write) = stream.into_split();
        let mut reader = BufReader::new(read);
        reader.read_line(&mut String::new()).await.expect("open");
        assert_eq!(copy(&mut reader, &mut write).await.expect("open"), 4);
        write.end_writes().await.expect("open");
        let mut got = String::new();
        peer.read_to_string(&mut got).expect("closed in order");
        assert_eq!(got, "body");
    });
}

pub(crate) fn both_directions_end_on_their_own<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut a, mut left) = pair::<C>().await;
        let (mut b, mut right) = pair::<C>().await;
        let left = std::thread::spawn(move || {
            left.write_all(b"question").expect("room");
            left.shutdown(Shutdown::Write).expect("open");
            let mut got = Vec::new();
            left.read_to_end(&mut got).expect("closed in order");
            got
        });
        let right = std::thread::spawn(move || {
            let mut got = String::new();
            // The end comes through while the answer is not yet sent.
            right.read_to_string(&mut got).expect("the end is passed on");
            right.write_all(&bytes(0, LEN)).expect("it is read");
            got
        });
        let copied = copy_bidirectional(&mut a, &mut b).await.expect("open");
        assert_eq!(copied, (8, LEN as u64));
        assert_eq!(right.join().expect("it ends"), "question");
        assert!(left.join().expect("it ends") == bytes(0, LEN));
    });
}

pub(crate) fn writer_that_is_gone_ends_the_copy<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut from, mut source) = pair::<C>().await;
        let (mut to, sink) = pair::<C>().await;
        drop(sink);
        let sender = std::thread::spawn(move || while source.write_all(&[1; 4096]).is_ok() {});
        let error = copy(&mut from, &mut to).await.expect_err("nobody reads");
        assert!(matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset), "{error}");
        drop(from);
        end_of::<C, _>(sender).await.expect("it ends when we close");
    });
}

/// Takes three bytes per write, and `room` in all.
struct Narrow {
    got: Vec<u8>,
    room: usize,
}

impl Writes for Narrow {
    async fn write<B: IoBuf>(&mut self, buffer: B) -> (io::Result<usize>, B) {
        let taken = buffer.len().min(3).min(self.room - self.got.len());
        self.got.extend_from_slice(&buffer.as_bytes()[..taken]);
        (Ok(taken), buffer)
    }
    async fn end_writes(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The traits are open: a reader and a writer of one's own.
pub(crate) fn own_readers_and_writers<C: Config<Driver: Net>>() {
    struct Row(usize);
    impl Reads for Row {
        async fn read<'a>(&'a mut self, buffer: &'a mut [u8]) -> io::Result<usize> {
            let len = buffer.len().min(self.0).min(1000);
            buffer[..len].copy_from_slice(&bytes(10_000 - self.0, len));
            self.0 -= len;
            Ok(len)
        }
    }
    runtime::<C>().block_on(async {
        let mut narrow = Narrow { got: Vec::new(), room: 20_000 };
        assert_eq!(copy(&mut Row(10_000), &mut narrow).await.expect("room"), 10_000);
        assert!(narrow.got == bytes(0, 10_000));
        let (written, back) = Narrow { got: Vec::new(), room: 4 }.write_all(vec![1, 2, 3, 4, 5]).await;
        let error = written.expect_err("no room");
        assert_eq!((error.kind(), back), (ErrorKind::WriteZero, vec![1, 2, 3, 4, 5]));
        assert!(error.to_string().contains("4 of 5 bytes"), "{error}");
    });
}

pub(crate) fn a_copy_allocates_once<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        // A driver that takes in what nobody reads yet grows to the most of that: it may take some rounds.
        let mut counts = Vec::new();
        while counts.last() != Some(&1) {
            assert!(counts.len() < 10, "allocations of each copy: {counts:?}");
            let (mut from, mut source) = pair::<C>().await;
            let (mut to, mut sink) = pair::<C>().await;
            // What a first wait costs the driver is not counted.
            source.write_all(b"x").expect("room");
            from.read(&mut [0]).await.expect("it comes");
            to.write_all("x").await.0.expect("room");
            let sender = std::thread::spawn(move || source.write_all(&bytes(0, LEN)).expect("it is read"));
            let receiver = std::thread::spawn(move || io::copy(&mut sink, &mut io::sink()).expect("closed in order"));
            let before = allocations();
            assert_eq!(copy(&mut from, &mut to).await.expect("open"), LEN as u64);
            counts.push(allocations() - before);
            drop(to);
            assert_eq!(receiver.join().expect("it ends"), LEN as u64 + 1);
            sender.join().expect("all was sent");
        }
    });
}
