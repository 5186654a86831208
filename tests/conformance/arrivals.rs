//! Accepts and connects that are dropped at every point: no connection is lost, no descriptor is left. RELIABILITY A3.

use crate::support::{Random, again, at_most, count, runtime, std_listener};
use bespoke::Config;
use bespoke::prelude::*;
use bespoke::rt::{TcpListener, TcpStream};
use core::pin::pin;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{ErrorKind, Read as _};
use std::net::TcpStream as StdStream;
use std::sync::Arc;

pub(crate) fn dropped_accepts_lose_nothing<C: Config<Driver: Net>>() {
    let drops = count(2_000, 20_000);
    let clients = drops / 10;
    let mut random = Random::new(5);
    let mut dropped = 0;
    runtime::<C>().block_on(async {
        let listener = TcpListener::<C>::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("bound");
        let peer = std::thread::spawn(move || {
            for client in 0..clients {
                let mut peer = StdStream::connect(address).expect("a listener is there");
                peer.set_read_timeout(Some(Duration::from_secs(20))).expect("connected");
                let ended = again(|| peer.read(&mut [0]));
                assert!(matches!(ended, Ok(0)), "client {client} was not served within twenty seconds: {ended:?}");
            }
        });
        for _ in 0..clients {
            for _ in 0..12 {
                let polls = if random.once_in(20) { 2 } else { random.below(2) as u32 };
                let accept = pin!(listener.accept());
                // Two polls wait for a client, and the last one may have been served already: not for ever.
                match C::timeout(Duration::from_millis(20), at_most(accept, polls, || ())).await {
                    // Before its time: that is a client less for the end.
                    Ok(Some(early)) => drop(early.expect("a client")),
                    Ok(None) | Err(_) => dropped += 1,
                }
                if random.once_in(8) {
                    C::yield_now().await;
                }
            }
        }
        // Whoever was not served above.
        while !peer.is_finished() {
            if let Ok(accepted) = C::timeout(Duration::from_millis(5), listener.accept()).await {
                drop(accepted.expect("a client"));
            } else {
                dropped += 1;
            }
        }
        peer.join().expect("every client was served");
    });
    println!("{dropped} accepts dropped, {clients} clients served");
    assert!(dropped > drops / 2, "too few drops to show anything");
}

pub(crate) fn dropped_connects_close_their_sockets<C: Config<Driver: Net>>() {
    let drops = count(1_000, 20_000);
    let mut random = Random::new(6);
    let runtime = runtime::<C>();
    let (mut dropped, mut under_way, mut made) = (0, 0, 0);
    runtime.block_on(async {
        let (listener, address) = std_listener();
        listener.set_nonblocking(true).expect("open");
        let over = Arc::new(AtomicBool::new(false));
        let peer = std::thread::spawn({
            let over = over.clone();
            move || {
                let mut served = 0u64;
                loop {
                    // Asked first: what came before the end is still accepted.
                    let last = over.load(Ordering::Acquire);
                    match listener.accept() {
                        Ok((mut peer, _)) => {
                            peer.set_nonblocking(false).expect("open");
                            peer.set_read_timeout(Some(Duration::from_secs(20))).expect("open");
                            match again(|| peer.read(&mut [0])) {
                                Ok(0) => {}
                                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                                other => panic!("a socket of a dropped connect is still open: {other:?}"),
                            }
                            served += 1;
                        }
                        Err(error) if error.kind() == ErrorKind::WouldBlock && last => return served,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {
                            std::thread::sleep(Duration::from_micros(50))
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        });
        while dropped < drops {
            let polls = random.below(4) as u32;
            match at_most(pin!(TcpStream::<C>::connect(address)), polls, || ()).await {
                Some(connected) => {
                    drop(connected.expect("a listener is there"));
                    made += 1;
                }
                None => {
                    dropped += 1;
                    under_way += u64::from(polls > 0);
                }
            }
            if random.once_in(16) {
                C::yield_now().await;
            }
        }
        over.store(true, Ordering::Release);
        // A driver may close with its next turn: the worker is not blocked meanwhile.
        while !peer.is_finished() {
            C::sleep(Duration::from_millis(1)).await;
        }
        let served = peer.join().expect("every socket was closed");
        assert!(served >= made, "{made} connections were made, {served} arrived");
    });
    assert_eq!(runtime.open_resources(), 0);
    println!("{dropped} connects dropped, {under_way} of them under way; {made} made");
    // How many of them are is the machine's choice: a busy one has connected at the first look.
    assert!(under_way > drops / 20, "too few drops under way to show anything");
}
