//! The clocks.

use crate::instant::Instant;
use crate::roles::Clock;
use crate::sharing::{Lock, Locked};
use alloc::sync::Arc;
use core::time::Duration;

/// The monotonic clock of the operating system. It does not jump with the wall clock; whether it counts while the machine
/// is suspended is up to the system (`CLOCK_MONOTONIC` on Linux does not).
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy)]
pub struct Monotonic;

#[cfg(feature = "std")]
impl Clock for Monotonic {
    const NAME: &'static str = "monotonic";
    type Live = std::time::Instant;

    #[expect(clippy::disallowed_methods, reason = "this is the clock that everyone else is told to use")]
    fn start() -> Self::Live {
        std::time::Instant::now()
    }

    #[inline]
    fn now(start: &Self::Live) -> Instant {
        // 2^64 ns are 584 years: the cast does not cut.
        Instant::from_nanos(start.elapsed().as_nanos() as u64)
    }
}

/// A clock that moves when it is told to, for tests. It starts at [`Instant::ZERO`].
///
/// With `AUTO_ADVANCE` (the default), a runtime that has nothing to do but wait for a timer jumps to that timer at once: a
/// test of an hour takes a moment. I/O that is under way does not hold the jump up. Without it, time moves by
/// [`Ambient::advance`](crate::runtime::Ambient::advance) only, and waiting for a timer waits until somebody calls that.
#[derive(Debug, Clone, Copy)]
pub struct Manual<const AUTO_ADVANCE: bool = true>;

/// The time of a [`Manual`] clock; clones share it.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct ManualTime(Arc<Locked<u64>>);

impl ManualTime {
    fn with<R>(&self, f: impl FnOnce(&mut u64) -> R) -> R {
        // SAFETY: a real lock; `f` does not come back here.
        unsafe { self.0.with(f) }
    }

    /// Moves the time forward.
    pub(crate) fn advance(&self, by: Duration) {
        self.with(|now| *now = (Instant::from_nanos(*now) + by).as_nanos());
    }
}

impl<const AUTO_ADVANCE: bool> Clock for Manual<AUTO_ADVANCE> {
    const NAME: &'static str = if AUTO_ADVANCE { "manual" } else { "manual, stands still" };
    const PASSES: bool = false;
    type Live = ManualTime;

    fn start() -> ManualTime {
        ManualTime(Arc::new(Lock::new(0)))
    }

    fn now(live: &ManualTime) -> Instant {
        live.with(|now| Instant::from_nanos(*now))
    }

    fn idle_until(live: &ManualTime, deadline: Instant) -> bool {
        if AUTO_ADVANCE {
            live.with(|now| *now = (*now).max(deadline.as_nanos()));
        }
        AUTO_ADVANCE
    }
}
