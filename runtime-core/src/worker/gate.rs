//! Who may use the system's numbers of a worker's resources off its thread: everyone, until the worker closes them.
//!
//! A number is given out again as soon as it was closed, so a call with one that another thread closes meanwhile may do to
//! a stranger's file what was meant for a socket. On the worker nothing closes a resource while a call uses it, and a
//! handle that is dropped is used by nobody. What is left is the close of the runtime against a call off the worker: such
//! a call holds the gate, and close waits for those that are inside. They are single system calls that do not wait.
//!
//! 1. While a caller of [`pass`](Gate::pass) is inside, no resource of the worker is closed by the close of its runtime.
//! 2. After [`close`](Gate::close) nobody passes.
//!
//! Without `std` callers do not share it, as there is no such lock: one is inside at a time, and nothing interrupts it.

#[cfg(not(feature = "std"))]
use crate::sharing::{Lock, Locked};
#[cfg(feature = "std")]
use {
    crate::loom::{Plant, planted},
    std::sync::PoisonError,
};

#[cfg(loom)]
use loom::sync::RwLock;
#[cfg(all(feature = "std", not(loom)))]
use std::sync::RwLock;

/// The gate of one worker. Callers share it; close is alone.
#[derive(Debug)]
pub(crate) struct Gate {
    #[cfg(feature = "std")]
    closed: RwLock<bool>,
    #[cfg(not(feature = "std"))]
    closed: Locked<bool>,
}

#[cfg(not(feature = "std"))]
impl Gate {
    pub(crate) fn new() -> Self {
        Gate { closed: Lock::new(false) }
    }

    /// As below.
    pub(crate) fn pass<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        // SAFETY: a real lock; `f` does not come back here.
        unsafe { self.closed.with(|closed| if *closed { None } else { Some(f()) }) }
    }

    /// As below.
    pub(crate) fn close(&self) {
        // SAFETY: a real lock; nothing comes back here.
        unsafe { self.closed.with(|closed| *closed = true) }
    }
}

#[cfg(feature = "std")]
impl Gate {
    pub(crate) fn new() -> Self {
        Gate { closed: RwLock::new(false) }
    }

    /// Runs `f`, which neither waits nor comes back here, while the resources stay what they are. `None`: closed.
    pub(crate) fn pass<R>(&self, f: impl FnOnce() -> R) -> Option<R> {
        // A panic of `f` leaves the word whole.
        let closed = self.closed.read().unwrap_or_else(PoisonError::into_inner);
        if *closed {
            return None;
        }
        if planted(Plant::NumberUsedAfterLook) {
            drop(closed);
            return Some(f());
        }
        let result = f();
        drop(closed);
        Some(result)
    }

    /// Lets nobody in from now on, and waits until nobody is inside.
    pub(crate) fn close(&self) {
        if !planted(Plant::NumbersClosedUnasked) {
            *self.closed.write().unwrap_or_else(PoisonError::into_inner) = true;
        }
    }
}
