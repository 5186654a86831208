//! A point in time of a runtime's clock.

use core::ops::{Add, AddAssign, Sub, SubAssign};
use core::time::Duration;

/// A point in time of a runtime's clock, in nanoseconds since the clock started.
///
/// Arithmetic saturates: `now + Duration::MAX` is [`Instant::FAR_FUTURE`], which no timer reaches (584 years).
/// Instants of two runtimes cannot be compared in a meaningful way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Instant = Instant(0);
    /// Later than anything that happens: a timer with this deadline never fires.
    pub const FAR_FUTURE: Instant = Instant(u64::MAX);

    /// `nanos` nanoseconds after the start of the clock.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Instant(nanos)
    }

    /// Nanoseconds since the start of the clock.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The time from `earlier` to `self`; zero if `earlier` is later.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Instant) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// `self + duration`, at most [`Instant::FAR_FUTURE`].
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Instant {
        let nanos = duration.as_nanos();
        if nanos > u64::MAX as u128 { Instant::FAR_FUTURE } else { Instant(self.0.saturating_add(nanos as u64)) }
    }

    /// `self + duration`, or `None` past the end of time.
    #[must_use]
    pub const fn checked_add(self, duration: Duration) -> Option<Instant> {
        let nanos = duration.as_nanos();
        if nanos > u64::MAX as u128 {
            return None;
        }
        match self.0.checked_add(nanos as u64) {
            Some(nanos) => Some(Instant(nanos)),
            None => None,
        }
    }
}

impl Add<Duration> for Instant {
    type Output = Instant;
    fn add(self, duration: Duration) -> Instant {
        self.saturating_add(duration)
    }
}

impl AddAssign<Duration> for Instant {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl Sub<Duration> for Instant {
    type Output = Instant;
    fn sub(self, duration: Duration) -> Instant {
        let nanos = duration.as_nanos();
        Instant(if nanos > u128::from(self.0) { 0 } else { self.0 - nanos as u64 })
    }
}

impl SubAssign<Duration> for Instant {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl Sub<Instant> for Instant {
    type Output = Duration;
    /// Zero if `earlier` is later.
    fn sub(self, earlier: Instant) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends_of_time() {
        assert_eq!(Instant::ZERO + Duration::MAX, Instant::FAR_FUTURE);
        assert_eq!(Instant::ZERO - Duration::from_secs(1), Instant::ZERO);
        assert_eq!(Instant::ZERO - Instant::FAR_FUTURE, Duration::ZERO);
        assert_eq!(Instant::FAR_FUTURE.checked_add(Duration::from_nanos(1)), None);
        assert_eq!(Instant::from_nanos(5) + Duration::from_nanos(7), Instant::from_nanos(12));
    }
}
