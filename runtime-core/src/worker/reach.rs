//! What any thread may do with the driver of a worker: end its sleep, and say how it works. It is there when the driver is, and
//! stays when that is dropped.

use crate::roles::{DriverReport, Live, Unpark};
#[cfg(not(feature = "std"))]
use core::cell::OnceCell as Once;
#[cfg(feature = "std")]
use std::sync::OnceLock as Once;

/// Of the driver `L`, once it is there.
pub(super) struct Reach<L: Live>(Once<Known<L>>);

struct Known<L: Live> {
    unparker: L::Unparker,
    report: DriverReport,
}

impl<L: Live> Default for Reach<L> {
    fn default() -> Self {
        Reach(Once::new())
    }
}

impl<L: Live> Reach<L> {
    /// The driver is there. Called once, by the owner; without threads, before anybody else knows the worker.
    pub(super) fn comes(&self, live: &L) {
        if self.0.set(Known { unparker: live.unparker(), report: live.report() }).is_err() {
            unreachable!("a worker gets one driver");
        }
    }

    /// Is it there, or was it?
    pub(super) fn is_there(&self) -> bool {
        self.0.get().is_some()
    }

    /// Ends the sleep of the worker, or the next one; of one without a driver, which does not sleep, nothing.
    #[inline]
    pub(super) fn unpark(&self) {
        if let Some(known) = self.0.get() {
            known.unparker.unpark();
        }
    }

    /// How the driver does its work.
    pub(super) fn report(&self) -> Option<DriverReport> {
        self.0.get().map(|known| known.report)
    }
}
