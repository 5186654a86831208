//! What is the user's and comes to its end inside a driver: wakers that are woken, values that are dropped.
//!
//! Either runs code of the user's, which may panic. A driver is half way through something of its own then: a completion, the
//! close of a descriptor, an operation that is given up. So the panic ends here, and the driver goes on; the panic hook has
//! told of it.

use core::mem;
use core::panic::AssertUnwindSafe;
use core::task::Waker;
use std::panic::catch_unwind;

/// Wakes, whatever the waker does.
#[inline(always)]
pub(crate) fn wake(waker: Waker) {
    guarded(|| waker.wake());
}

/// Wakes, and keeps the waker.
pub(crate) fn wake_by_ref(waker: &Waker) {
    guarded(|| waker.wake_by_ref());
}

/// Drops a value, whatever its drop does. Of several, each by itself: two panics at once end the process.
pub(crate) fn let_go<T>(value: T) {
    if mem::needs_drop::<T>() {
        guarded(|| drop(value));
    }
}

fn guarded(theirs: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(theirs)) {
        // Its drop may panic as well: that value is forgotten.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(panic))).map_err(mem::forget);
    }
}
