//! What is polled by workers of which one runs the one driver, and the next the other.

use super::suite::wakers::{Slow, waker};
use super::suite::{Thieves, ends, runtime, soon};
use crate::beside_others;
use bespoke_core::driver::{Operation, Timeout};
use bespoke_core::roles::Nanos;
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::task::{Context, Waker};
use std::panic::catch_unwind;

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
