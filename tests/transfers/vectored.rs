//! Several buffers at once.

use crate::support::{allocations, bytes, once, pair, runtime};
use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::io::Static;
use bespoke::prelude::*;
use core::time::Duration;
use std::io::{ErrorKind, IoSliceMut, Read as _, Write as _};

/// Reads exactly `N` bytes.
fn take<const N: usize>(peer: &mut std::net::TcpStream) -> [u8; N] {
    let mut got = [0; N];
    peer.read_exact(&mut got).expect("they were sent");
    got
}

pub(crate) fn order_is_that_of_the_list<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let (written, buffers) = stream.write_vectored(["ab", "", "cde", "f"].map(Static::from)).await;
        assert_eq!(written.expect("there is room"), 6);
        assert_eq!(buffers, ["ab", "", "cde", "f"]);
        assert_eq!(&take::<6>(&mut peer), b"abcdef");

        peer.write_all(b"0123456789").expect("there is room");
        assert_eq!(stream.peek(&mut [0]).await.expect("they come"), 1);
        let (mut a, mut b, mut c) = ([0; 3], [0; 4], [0; 8]);
        let mut slices =
            [IoSliceMut::new(&mut a), IoSliceMut::new(&mut []), IoSliceMut::new(&mut b), IoSliceMut::new(&mut c)];
        assert_eq!(stream.read_vectored(&mut slices).await.expect("they came"), 10);
        assert_eq!((&a, &b, &c), (b"012", b"3456", b"789\0\0\0\0\0"));
    });
}

pub(crate) fn every_kind_of_list<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let (written, (head, body)) = stream.write_vectored((Static::from("head"), vec![b'b'; 2])).await;
        assert_eq!((written.expect("room"), head, body), (6, "head".into(), vec![b'b'; 2]));
        let (written, list) = stream.write_vectored(vec![vec![b'c'], vec![b'd', b'e']]).await;
        assert_eq!((written.expect("room"), list.len()), (3, 2));
        let (mut read, mut write) = stream.split();
        assert_eq!(
            write.write_vectored((Static::from("f"), Static::from("g"), String::from("h"))).await.0.expect("room"),
            3
        );
        peer.write_all(b"xyz").expect("room");
        let (mut a, mut b) = ([0; 1], [0; 2]);
        read.read_vectored(&mut [IoSliceMut::new(&mut a)]).await.expect("they come");
        read.read_vectored(&mut [IoSliceMut::new(&mut b)]).await.expect("they come");
        assert_eq!((&a, &b), (b"x", b"yz"));
        let (mut read, mut write) = stream.into_split();
        assert_eq!(write.write_vectored(["i"; 1].map(Static::from)).await.0.expect("room"), 1);
        assert_eq!(&take::<13>(&mut peer), b"headbbcdefghi");
        drop(write);
        assert_eq!(peer.read_to_end(&mut Vec::new()).expect("the end"), 0);
        drop(peer);
        assert_eq!(read.read_vectored(&mut [IoSliceMut::new(&mut a)]).await.expect("the end"), 0);
    });
}

pub(crate) fn short_write_gives_the_buffers_back<C: Config<Driver: Net>>() {
    const EACH: usize = 8 << 20;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let reader = std::thread::spawn(move || {
            // Later than a send that does not wait for room.
            std::thread::sleep(Duration::from_millis(50));
            let mut got = Vec::new();
            peer.read_to_end(&mut got).expect("closed in order");
            got
        });
        let all = bytes(0, 2 * EACH);
        let (written, buffers) = stream.write_vectored([all[..EACH].to_vec(), all[EACH..].to_vec()]).await;
        let written = written.expect("some is taken");
        // A send that blocks is over when all is taken.
        let short = <C::Driver as Driver>::CAPS.suspends;
        assert_eq!(written < 2 * EACH, short, "{written} of {} bytes in one send", 2 * EACH);
        assert!(written > 0);
        assert_eq!(buffers.concat(), all);
        drop(stream);
        let got = reader.join().expect("it ends");
        assert!(got == all[..written], "{} bytes arrived, {written} were taken", got.len());
    });
}

pub(crate) fn nothing_to_write_or_read<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let none: [Static; 0] = [];
        assert_eq!(stream.write_vectored(none).await.0.expect("open"), 0);
        assert_eq!(stream.write_vectored(["", ""].map(Static::from)).await.0.expect("open"), 0);
        // Nothing has come, and there is no room: it does not wait.
        assert_eq!(stream.read_vectored(&mut []).await.expect("open"), 0);
        assert_eq!(stream.read_vectored(&mut [IoSliceMut::new(&mut [])]).await.expect("open"), 0);
        peer.write_all(b"x").expect("room");
        assert_eq!(stream.read(&mut [0; 2]).await.expect("it is still there"), 1);
    });
}

pub(crate) fn more_buffers_than_one_call_takes<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let mut list: Vec<Vec<u8>> = (0..50u8).map(|n| vec![n]).collect();
        list.insert(0, Vec::new());
        let (written, mut list) = stream.write_vectored(list).await;
        assert_eq!(written.expect("room"), 16, "the first 16 that are not empty");
        list.drain(..17);
        while !list.is_empty() {
            let (written, back) = stream.write_vectored(list).await;
            list = back;
            list.drain(..written.expect("room"));
        }
        assert_eq!(take::<50>(&mut peer), core::array::from_fn(|n| n as u8));
    });
}

/// A read that fills all slices that it used has perhaps not emptied the socket.
pub(crate) fn more_slices_than_one_call_takes<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        peer.write_all(&bytes(0, 1500)).expect("room");
        let mut got = [0; 1500];
        while stream.peek(&mut got).await.expect("they come") < 1500 {
            C::yield_now().await;
        }
        got = [0; 1500];
        let mut slices: Vec<IoSliceMut<'_>> = got.chunks_mut(1).map(IoSliceMut::new).collect();
        let first = stream.read_vectored(&mut slices).await.expect("they came");
        assert_eq!(first, 1024);
        let rest = C::timeout(Duration::from_secs(10), stream.read_vectored(&mut slices[first..])).await;
        assert_eq!(rest.expect("the rest is there").expect("they came"), 1500 - 1024);
        drop(slices);
        assert!(got[..] == bytes(0, 1500));
    });
}

pub(crate) fn dropped_vectored_reads_lose_nothing<C: Config<Driver: Net>>() {
    const LEN: usize = 100_000;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let sender = std::thread::spawn(move || {
            for (n, part) in bytes(0, LEN).chunks(37).enumerate() {
                peer.write_all(part).expect("it is read");
                if n % 50 == 0 {
                    std::thread::sleep(Duration::from_micros(50));
                }
            }
        });
        let (mut got, mut dropped) = (Vec::new(), 0);
        while got.len() < LEN {
            let (mut a, mut b) = ([0; 13], [0; 29]);
            match once(stream.read_vectored(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)])).await {
                Some(read) => {
                    let read = read.expect("they come");
                    assert!(read > 0, "the end after {} bytes", got.len());
                    got.extend_from_slice(&[&a[..], &b[..]].concat()[..read]);
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

pub(crate) fn waits_for_room_and_for_bytes<C: Config<Driver: Net>>() {
    // More than the two buffers of a connection ever hold.
    const LEN: usize = 32 << 20;
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        // The peer begins to read when a write has had to wait.
        let (begin, begun) = std::sync::mpsc::channel();
        let echo = std::thread::spawn(move || {
            begun.recv().expect("a write has to wait: both buffers are full");
            let mut all = vec![0; LEN];
            peer.read_exact(&mut all).expect("they come");
            peer.write_all(&all).expect("they are read");
        });
        let all = bytes(0, LEN);
        let (mut sent, mut waited) = (0, 0);
        if !<C::Driver as Driver>::CAPS.suspends {
            // Here it waits inside of a poll.
            waited = 1;
            begin.send(()).expect("it listens");
        }
        while sent < LEN {
            let (middle, end) = ((sent + 100_000).min(LEN), (sent + 300_000).min(LEN));
            let list = [all[sent..middle].to_vec(), all[middle..end].to_vec()];
            let mut write = core::pin::pin!(stream.write_vectored(list));
            let mut first = true;
            let (written, _) = core::future::poll_fn(|cx| {
                let polled = write.as_mut().poll(cx);
                if core::mem::take(&mut first) && polled.is_pending() {
                    waited += 1;
                    // It listens once.
                    let _ = begin.send(());
                }
                polled
            })
            .await;
            sent += written.expect("open");
        }
        assert!(waited > 0, "no write had to wait");
        let mut got = vec![0; LEN];
        let mut filled = 0;
        while filled < LEN {
            let (a, b) = got[filled..].split_at_mut((LEN - filled).min(1000));
            filled += stream.read_vectored(&mut [IoSliceMut::new(a), IoSliceMut::new(b)]).await.expect("open");
        }
        echo.join().expect("it echoed");
        assert!(got == all);
    });
}

pub(crate) fn reset_gives_the_buffers_back<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, peer) = pair::<C>().await;
        assert_eq!(stream.write("never read").await.0.expect("room"), 10);
        // Unread bytes at the close: the peer resets.
        drop(peer);
        let told = crate::resets::are_told();
        match stream.read_vectored(&mut [IoSliceMut::new(&mut [0])]).await {
            Ok(0) if !told => {}
            read => assert_eq!(read.expect_err("a reset").kind(), ErrorKind::ConnectionReset),
        }
        let (written, buffers) = stream.write_vectored([vec![1], vec![2]]).await;
        let kind = written.expect_err("gone").kind();
        // Windows knows no broken pipe of a socket that its peer has reset.
        let fine = if cfg!(windows) { ErrorKind::ConnectionReset } else { ErrorKind::BrokenPipe };
        assert!(kind == fine || kind == ErrorKind::ConnectionAborted && cfg!(windows), "{kind:?}");
        assert_eq!(buffers, [[1], [2]]);
    });
}

pub(crate) fn vectored_calls_allocate_nothing<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let echo = std::thread::spawn(move || {
            let mut round = [0; 5];
            while peer.read_exact(&mut round).is_ok() {
                peer.write_all(&round).expect("it is read");
            }
        });
        let mut body = vec![b'x'; 3];
        let mut before = 0;
        for round in 0..1000 {
            if round == 10 {
                before = allocations();
            }
            let (written, (_, back)) = stream.write_vectored((Static::from("ab"), body)).await;
            assert_eq!(written.expect("room"), 5);
            body = back;
            let (mut got, mut a, mut b) = (0, [0; 2], [0; 3]);
            while got < 5 {
                let mut slices = [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)];
                got += stream.read_vectored(&mut slices).await.expect("the echo");
            }
        }
        assert_eq!(allocations() - before, 0);
        drop(stream);
        echo.join().expect("it echoed");
    });
}
