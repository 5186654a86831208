//! Leases: how much memory they take. What is in them is tested with the drivers.
//!
//! Buffers are counted for the whole process, so each of these runs alone.

use crate::support::{allocations, buffers, once, pair, runtime};
use bespoke::driver::Driver;
use bespoke::prelude::*;
use bespoke::rt::{Lease, SharingOf, TcpStream};
use bespoke::scheduler::Sharing;
use bespoke::{Config, Runtime};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream as StdStream;

/// Does the driver keep buffers for later?
fn keeps<C: Config>() -> bool {
    !<C::Driver as Driver>::STATELESS
}

/// A driver made `made` buffers more: as many as were held at once. One that keeps some ready makes them from fewer.
#[track_caller]
fn made<C: Config>(made: isize, held: isize) {
    if <C::Driver as Driver>::RING_BYTES == 0 {
        assert_eq!(made, held)
    } else {
        assert!(made <= held, "{made} for {held}")
    }
}

/// The buffers that there are while nobody holds one. A driver that keeps some ready makes them with the first stream that waits;
/// where tasks move, each driver with the first that it watches, in a turn.
async fn kept_ready<C: Config<Driver: Net>>() -> isize {
    let moving = <SharingOf<C> as Sharing>::MOVING;
    for _ in 0..if moving { 2 * Runtime::<C>::INFO.workers } else { 1 } {
        let (mut stream, mut peer) = pair::<C>().await;
        if <C::Driver as Driver>::RING_BYTES > 0 {
            assert!(once(stream.read_lease()).await.is_none());
            if moving {
                drop(lease(&mut stream, &mut peer).await);
            }
        }
    }
    buffers()
}

/// Sends something, and reads it as a lease.
async fn lease<C: Config<Driver: Net>>(stream: &mut TcpStream<C>, peer: &mut StdStream) -> Lease<C> {
    peer.write_all(b"something").expect("room");
    let lease = stream.read_lease().await.expect("it comes");
    assert_eq!(&*lease, b"something");
    lease
}

pub(crate) fn leases_allocate_nothing<C: Config<Driver: Net>>() {
    runtime::<C>().block_on(async {
        let (mut stream, mut peer) = pair::<C>().await;
        let mut before = 0;
        for round in 0..1000 {
            if round == 10 {
                before = allocations();
            }
            let lease = lease(&mut stream, &mut peer).await;
            stream.write_all(lease).await.0.expect("room");
            peer.read_exact(&mut [0; 9]).expect("the echo");
        }
        // Without state each has a buffer of its own.
        assert_eq!(allocations() - before, if keeps::<C>() { 0 } else { 990 });
    });
}

/// Nor does a thread that gives them back.
pub(crate) fn leases_from_elsewhere_allocate_nothing<C: Config<Driver: Net>>() {
    let none = buffers();
    runtime::<C>().block_on(async {
        let before = kept_ready::<C>().await;
        let (mut stream, mut peer) = pair::<C>().await;
        for _ in 0..100 {
            let mut leases = Vec::with_capacity(4);
            while leases.len() < 4 {
                leases.push(lease(&mut stream, &mut peer).await);
            }
            let dropper = std::thread::spawn(move || {
                let before = allocations();
                leases.clear();
                allocations() - before
            });
            assert_eq!(dropper.join().expect("it only drops"), 0);
            assert!(buffers() - before <= 5, "{} buffers for 4 leases at once", buffers() - before);
            // They come home at the latest when the worker has nothing else to do.
            C::sleep(Duration::from_micros(50)).await;
        }
        made::<C>(buffers() - before, if keeps::<C>() { 4 } else { 0 });
    });
    assert_eq!(buffers(), none);
}

pub(crate) fn leases_are_not_held_by_streams_at_rest<C: Config<Driver: Net>>() {
    let none = buffers();
    runtime::<C>().block_on(async {
        let before = kept_ready::<C>().await;
        let mut pairs = Vec::new();
        for _ in 0..32 {
            pairs.push(pair::<C>().await);
        }
        for (stream, peer) in &mut pairs {
            // One that waits: it is new, or has been read from.
            for _ in 0..2 {
                if <C::Driver as Driver>::CAPS.suspends {
                    assert!(once(stream.read_lease()).await.is_none());
                }
                drop(lease(stream, peer).await);
            }
        }
        // One was out at once, of each driver.
        let drivers = if <SharingOf<C> as Sharing>::MOVING { Runtime::<C>::INFO.workers as isize } else { 1 };
        let one_each = if keeps::<C>() { drivers } else { 0 };
        made::<C>(buffers() - before, one_each);
        let (mut ended, peer) = pair::<C>().await;
        drop(peer);
        for _ in 0..3 {
            assert!(ended.read_lease().await.expect("the end").is_empty());
        }
        // The end holds none.
        made::<C>(buffers() - before, one_each);
        let mut held = Vec::new();
        for (stream, peer) in &mut pairs {
            held.push(lease(stream, peer).await);
        }
        made::<C>(buffers() - before, 32);
        drop(held);
        // The most that were out at once.
        made::<C>(buffers() - before, if keeps::<C>() { 32 } else { 0 });
    });
    assert_eq!(buffers(), none, "the driver's go with the runtime");
}

pub(crate) fn leases_are_freed_once<C: Config<Driver: Net>>() {
    let before = buffers();
    for round in 0..20 {
        let runtime = runtime::<C>();
        let mut leases = runtime.block_on(async {
            let (mut stream, mut peer) = pair::<C>().await;
            let mut leases = Vec::new();
            while leases.len() < 12 {
                leases.push(lease(&mut stream, &mut peer).await);
            }
            leases.truncate(8);
            leases
        });
        let (here, there) = (leases.split_off(6), leases.split_off(3));
        let dropper = std::thread::spawn(move || drop(there));
        if round % 2 == 0 {
            // In the inbox when the runtime closes.
            dropper.join().expect("it only drops");
            drop(runtime);
        } else {
            drop(runtime);
            dropper.join().expect("it only drops");
        }
        assert_eq!(buffers() - before, 5, "what is held is there");
        drop(here);
        drop(leases);
        assert_eq!(buffers(), before);
    }
}
