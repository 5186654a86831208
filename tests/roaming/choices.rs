//! What is polled by workers of which one runs the one driver, and the next the other.

use super::suite::wakers::{Slow, waker};
use super::suite::{Thieves, ends, runtime, soon};
use crate::beside_others;
use bespoke::rt::TcpListener;
use bespoke_core::driver::{Operation, Timeout};
use bespoke_core::roles::Nanos;
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use core::task::{Context, Waker};
use core::time::Duration;
use std::panic::catch_unwind;
use std::sync::Arc;

#[path = "../common/ring.rs"]
mod ring;

#[test]
fn workers_in_turn_have_a_ring() {
    let _beside = beside_others();
    if ring::is_denied("workers_in_turn_have_a_ring") {
        return;
    }
    let runtime = runtime();
    let drivers: Vec<_> = runtime.driver_reports().map(|report| report.driver).collect();
    assert_eq!(drivers, ["io_uring", "mio", "io_uring", "mio"]);
    ends(runtime);
}

fn timeout() -> Pin<Box<Operation<Thieves, Timeout>>> {
    Box::pin(Operation::timeout(Nanos(1_000_000)))
}

/// A poll that begins nothing: the waker of its task panics when it is cloned.
fn fails_to_begin(operation: Pin<&mut Operation<Thieves, Timeout>>) {
    let fails = waker(&Slow::new(|| panic!("no waker for you")));
    let polled = catch_unwind(AssertUnwindSafe(|| operation.poll(&mut Context::from_waker(&fails)).is_ready()));
    let panic = polled.expect_err("it clones its waker");
    assert_eq!(panic.downcast_ref(), Some(&"no waker for you"));
}

/// Each `block_on` has a worker of its own, and every second one a ring.
#[test]
fn what_has_not_begun_with_one_driver_begins_with_the_other() {
    let _beside = beside_others();
    let runtime = runtime();
    let mut operation = timeout();
    for _ in 0..4 {
        runtime.block_on(async { fails_to_begin(operation.as_mut()) });
    }
    runtime.block_on(soon("a timeout", operation)).0.expect("the time is over");
    ends(runtime);
}

/// The same of one that has begun, with a worker that is gone.
#[test]
fn what_has_begun_with_one_driver_ends_with_it() {
    let _beside = beside_others();
    let runtime = runtime();
    for _ in 0..4 {
        let mut operation = timeout();
        runtime.block_on(async {
            assert!(operation.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        });
        assert!(operation.is_under_way());
        // Whether the end of the time or that of the worker is told depends on the driver: it is over.
        let _over = runtime.block_on(soon("a timeout of another block_on", pin!(operation)));
    }
    ends(runtime);
}

/// Three names of one listener, watched by workers of both kinds, which want it in different modes: none of them stands still in a
/// call, whoever came last.
#[test]
fn names_of_one_listener_are_watched_by_both() {
    let _beside = beside_others();
    let runtime = runtime();
    let first = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = first.local_addr().expect("bound");
    let taken = Arc::new(AtomicUsize::new(0));
    let names = [first.try_clone().expect("a name"), first.try_clone().expect("a name"), first];
    for name in names {
        let listener = runtime.block_on(async { TcpListener::<Thieves>::from_std(name) }).expect("it listens");
        let taken = taken.clone();
        drop(runtime.spawn(async move {
            while listener.accept().await.is_ok() {
                taken.fetch_add(1, SeqCst);
            }
        }));
    }
    let peers: Vec<_> = (0..20)
        .map(|_| {
            std::thread::sleep(Duration::from_millis(2));
            std::net::TcpStream::connect(address).expect("it listens")
        })
        .collect();
    let all = async {
        while taken.load(SeqCst) < peers.len() {
            Thieves::sleep(Duration::from_millis(1)).await;
        }
    };
    runtime.block_on(soon("every connection", pin!(all)));
    // A worker that stands in a call would not hear that it is to end.
    ends(runtime);
}
