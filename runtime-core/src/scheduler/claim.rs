//! Who runs, or closes, a worker that is handed to a thread.

use crate::loom::{AtomicU32, Ordering, Plant, planted};

/// Who runs, or closes, a worker that was handed over: the thread or its starter. A source of threads may say that there is no
/// thread, and start one all the same.
pub(super) struct Claim(AtomicU32);

impl Claim {
    pub(super) fn new() -> Self {
        Claim(AtomicU32::new(0))
    }

    /// `true` for the first who asks.
    pub(super) fn win(&self) -> bool {
        if planted(Plant::WorkerClaimInTwoSteps) {
            let was = self.0.load(Ordering::Acquire);
            self.0.store(1, Ordering::Release);
            return was == 0;
        }
        // AcqRel: what the starter did to the worker comes before the thread's first look, and the other way round.
        self.0.swap(1, Ordering::AcqRel) == 0
    }
}
