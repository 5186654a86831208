//! A call that needs a runtime and finds none says so, and names the line of the call: not a line of ours, and not the line
//! where its future is polled.

use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::panic::catch_unwind;

const SECOND: Duration = Duration::from_secs(1);
const LATER: bespoke::Instant = bespoke::Instant::from_nanos(1);

/// `call` panics, and names `line`.
#[track_caller]
fn names(line: u32, call: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(call)).expect_err("there is no runtime here");
    let text = panic.downcast::<String>().expect("the message is formatted");
    let wanted = format!("no runtime on this thread: {}:{line} asks for `Default`", file!());
    assert!(text.starts_with(&wanted), "{text}");
}

#[test]
fn tasks() {
    names(line!(), || drop(bespoke::spawn(async {})));
    names(line!(), || drop(bespoke::spawn_blocking(|| ())));
    names(line!(), || drop(bespoke::handle()));
}

#[test]
fn times() {
    names(line!(), || drop(bespoke::time::sleep(SECOND)));
    names(line!(), || drop(bespoke::time::sleep_until(LATER)));
    names(line!(), || drop(bespoke::time::timeout(SECOND, async {})));
    names(line!(), || drop(bespoke::time::timeout_at(LATER, async {})));
    names(line!(), || drop(bespoke::time::interval(SECOND)));
    names(line!(), || drop(bespoke::time::interval_at(LATER, SECOND)));
    names(line!(), || _ = bespoke::time::now());
}
