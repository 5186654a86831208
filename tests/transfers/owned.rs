//! Reads into buffers that they own.

use crate::support::{allocations, bytes, once, pair, runtime};
use bespoke::Config;
use bespoke::io::IoBuf as _;
use bespoke::prelude::*;
use core::time::Duration;
use std::io::{ErrorKind, Write as _};

pub(crate) fn fills_spare_capacity_and_says_how_much<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(b"0123456789").expect("room");
        let (read, buffer) = stream.read_into(Vec::with_capacity(64)).await;
        assert_eq!((read.expect("they come"), &*buffer), (10, &b"0123456789"[..]));
        // It begins anew, whatever was there, and its length follows.
        peer.write_all(b"abc").expect("room");
        let place = buffer.as_ptr();
        let (read, buffer) = stream.read_into(buffer).await;
        assert_eq!((read.expect("they come"), &*buffer), (3, &b"abc"[..]));
        assert_eq!((buffer.as_ptr(), buffer.capacity()), (place, 64), "it is the same memory");
    });
}

pub(crate) fn every_kind_of_buffer<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(b"0123456789").expect("room");
        while stream.peek(&mut [0; 10]).await.expect("they come") < 10 {
            C::yield_now().await;
        }
        let (read, array) = stream.read_into(Box::new([7u8; 2])).await;
        assert_eq!((read.expect("there"), *array), (2, *b"01"));
        let (mut half, _write) = stream.split();
        let (read, slice) = half.read_into(vec![7; 3].into_boxed_slice()).await;
        assert_eq!((read.expect("there"), &*slice), (3, &b"234"[..]));
        let (mut half, _write) = stream.into_split();
        let (read, part) = half.read_into(vec![7; 4].slice(1..3)).await;
        assert_eq!((read.expect("there"), part.into_inner()), (2, vec![7, b'5', b'6', 7]));
        let (read, none) = half.read_into(Vec::new()).await;
        assert_eq!((read.expect("there is no room"), none), (0, Vec::new()));
        let (read, rest) = half.read_into(Vec::with_capacity(10)).await;
        assert_eq!((read.expect("there"), &*rest), (3, &b"789"[..]));
    });
}

pub(crate) fn ends_and_errors_give_the_buffer_back<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        drop(peer);
        let (read, buffer) = stream.read_into(vec![1, 2, 3]).await;
        assert_eq!((read.expect("the end"), buffer.len(), buffer.capacity()), (0, 0, 3));
        let (mut stream, peer) = pair::<C>().await;
        stream.write_all("never read").await.0.expect("room");
        drop(peer); // with unread bytes: a reset
        let told = crate::resets::are_told();
        let (read, buffer) = stream.read_into(vec![1, 2, 3]).await;
        match read {
            Ok(0) if !told => assert_eq!(buffer, []),
            read => {
                assert_eq!((read.expect_err("a reset").kind(), buffer), (ErrorKind::ConnectionReset, vec![1, 2, 3]))
            }
        }
    });
}

pub(crate) fn dropped_owned_reads_lose_nothing<C: Config<Driver: Net>>() {
    const LEN: usize = 100_000;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let sender = std::thread::spawn(move || {
            for (n, part) in bytes(0, LEN).chunks(41).enumerate() {
                peer.write_all(part).expect("it is read");
                if n % 50 == 0 {
                    std::thread::sleep(Duration::from_micros(50));
                }
            }
        });
        let (mut got, mut dropped) = (Vec::new(), 0);
        while got.len() < LEN {
            match once(stream.read_into(Vec::with_capacity(53))).await {
                Some((read, buffer)) => {
                    assert_eq!(read.expect("they come"), buffer.len());
                    assert!(!buffer.is_empty(), "the end after {} bytes", got.len());
                    got.extend_from_slice(&buffer);
                }
                None => {
                    dropped += 1;
                    C::yield_now().await;
                }
            }
        }
        sender.join().expect("all was sent");
        assert!(got == bytes(0, LEN));
        assert!(dropped > 0, "no read was dropped under way");
    });
}

pub(crate) fn owned_reads_allocate_nothing<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        // A driver that takes in what nobody reads yet grows to the most of that: it may take some rounds.
        let mut counts = Vec::new();
        while counts.last() != Some(&0) {
            assert!(counts.len() < 10, "allocations of each thousand reads: {counts:?}");
            let (mut stream, mut peer) = pair::<C>().await;
            let sender = std::thread::spawn(move || {
                for _ in 0..1000 {
                    peer.write_all(&[1; 100]).expect("it is read");
                }
            });
            let mut buffer = Vec::with_capacity(16);
            let (mut total, mut before) = (0, None);
            loop {
                let (read, back) = stream.read_into(buffer).await;
                buffer = back;
                total += read.expect("open");
                if buffer.is_empty() {
                    break;
                }
                before.get_or_insert_with(allocations);
            }
            counts.push(allocations() - before.expect("something came"));
            assert_eq!(total, 100_000);
            sender.join().expect("all was sent");
        }
    });
}
