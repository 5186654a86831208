//! Who may use what is open on a worker off its thread: everyone, until the worker closes it.
//!
//! A number is given out again as soon as it was closed, so a call with one that another thread closes meanwhile may do to
//! a stranger's file what was meant for a socket. On the worker nothing closes a resource while a call uses it, and a
//! handle that is dropped is used by nobody. What is left is the close of the runtime against a call off the worker: such
//! a call holds the gate, and close waits for those that are inside. They are system calls that do not wait for a peer; and,
//! where tasks move, polls of operations by other workers, which use the driver itself.
//!
//! 1. While a caller of [`pass`](Gate::pass) is inside, no resource of the worker is closed by the close of its runtime, and its
//!    driver is not dropped.
//! 2. After [`close`](Gate::close) nobody passes.
//! 3. Who is inside may pass again, or be refused; it never waits. A poll may drop what is the user's, and that may close a
//!    resource of the same worker. It may even end the runtime, which then does not wait for its workers: [`is_inside`].

use crate::loom::{AtomicUsize, Ordering, Plant, planted};

/// The gate of one worker. Callers share it; close is alone.
///
/// The word is twice the number of those inside, and whether it is closed.
#[derive(Debug)]
pub(crate) struct Gate(AtomicUsize);

const CLOSED: usize = 1;
const ONE: usize = 2;

/// Somebody is inside.
struct Inside<'a>(&'a Gate);

impl<'a> Inside<'a> {
    fn new(gate: &'a Gate) -> Self {
        #[cfg(feature = "std")]
        GATES.set(GATES.get() + 1);
        Inside(gate)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        #[cfg(feature = "std")]
        GATES.set(GATES.get() - 1);
        // Release: close sees what was done inside.
        self.0.0.fetch_sub(ONE, Ordering::Release);
    }
}

#[cfg(feature = "std")]
std::thread_local! {
    /// How many gates this thread is inside.
    static GATES: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// Is this thread inside a gate? Then a worker that closes may be waiting for it.
#[cfg(feature = "std")]
pub(crate) fn is_inside() -> bool {
    GATES.get() > 0
}

impl Gate {
    pub(crate) fn new() -> Self {
        Gate(AtomicUsize::new(0))
    }

    /// Runs `f`, which does not wait, while the resources and the driver stay what they are. `None`: closed.
    #[inline]
    pub(crate) fn pass<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        // Counted before the look, so close waits for whoever found the gate open. Acquire: who finds it closed comes after
        // what the owner did before.
        let before = self.0.fetch_add(ONE, Ordering::Acquire);
        let inside = Inside::new(self);
        if before & CLOSED != 0 {
            return None;
        }
        if planted(Plant::NumberUsedAfterLook) {
            drop(inside);
            return Some(f());
        }
        let result = f();
        drop(inside);
        Some(result)
    }

    /// Lets nobody in from now on, and waits until nobody is inside. Once.
    pub(crate) fn close(&self) {
        if planted(Plant::NumbersClosedUnasked) {
            return;
        }
        // Release: who finds it closed comes after what was done before.
        self.0.fetch_add(CLOSED, Ordering::Release);
        let mut looks = 0;
        // Acquire: pairs with the release of each that was inside.
        while self.0.load(Ordering::Acquire) != CLOSED {
            crate::loom::yield_thread(looks);
            looks = looks.saturating_add(1);
        }
    }
}
