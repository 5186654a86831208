//! Nothing is told.

use crate::roles::DriverReport;
use crate::task::JoinHandle;
#[cfg(feature = "std")]
use core::panic::Location;

/// Where a task was spawned.
#[derive(Clone, Copy)]
pub(crate) struct At;

impl At {
    #[inline(always)]
    pub(crate) const fn caller() -> Self {
        At
    }

    #[cfg(feature = "std")]
    #[inline(always)]
    pub(crate) const fn of(_: &'static Location<'static>) -> Self {
        At
    }
}

/// A future as it is spawned.
pub(crate) type Traced<F> = F;

/// What is left to tell when the task has its identity.
pub(crate) struct Birth;

impl Birth {
    #[inline(always)]
    pub(crate) fn of<T>(self, _: &JoinHandle<T>) {}
}

#[inline(always)]
pub(crate) fn wrap<F>(future: F, _: Option<&'static str>, _: At) -> (Traced<F>, Birth) {
    (future, Birth)
}

/// The future of a `block_on`.
#[inline(always)]
pub(crate) fn root<F>(future: F, _: At) -> Traced<F> {
    future
}

/// A job as it is given to the pool.
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn job<F>(closure: F, _: At) -> (F, Birth) {
    (closure, Birth)
}

/// The future, which was not spawned.
#[inline(always)]
pub(crate) fn unwrap<F>(future: Traced<F>) -> F {
    future
}

/// A runtime has started.
#[inline(always)]
pub(crate) fn started(_: &'static str, _: &DriverReport) {}
