//! Ticks at a steady pace.

use super::{Instant, Sleep};
use crate::config::Config;
use crate::worker::ambient;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

/// What an [`Interval`] does about ticks that were missed because nobody waited in time.
///
/// A tick is *missed* when it is taken more than 5 ms after its time. One that is less late counts as taken in time, and the
/// next one keeps the old pace under every policy: a worker that was busy for a moment, or a system that woke it late, must
/// not make `Delay` drift a little with every tick. With a period of less than 5 ms several ticks may be due before one of
/// them is missed; they come at once.
///
/// Meaning, threshold and default are those of tokio's type of the same name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Catches up: the missed ticks come at once, then the pace is the old one. Tick number `k` is `k` periods after the
    /// start, and none is left out.
    #[default]
    Burst,
    /// Starts anew: the next tick is one period after the moment at which the late one was taken.
    Delay,
    /// Leaves the missed ticks out: the next tick is at the next multiple of the period, counted from the start.
    Skip,
}

/// Yields at a steady pace. Made by `interval` and `interval_at`; the first tick is at the start.
#[derive(Debug)]
pub struct Interval<C: Config> {
    sleep: Sleep<C>,
    period: Duration,
    missed: MissedTickBehavior,
}

/// A tick is missed when it is taken later than this after its time; see [`MissedTickBehavior`]. A hundred times the default
/// [`TIMER_SLACK`](Config::TIMER_SLACK): what the runtime itself makes a timer late is never a missed tick.
const LATE: Duration = Duration::from_millis(5);

impl<C: Config> Interval<C> {
    #[track_caller]
    pub(crate) fn new(start: Instant, period: Duration) -> Self {
        assert!(!period.is_zero(), "the period of an interval must not be zero");
        Interval { sleep: Sleep::until(start), period, missed: MissedTickBehavior::default() }
    }

    /// Waits for the next tick; yields its time, which may have passed.
    ///
    /// # Cancel safety
    /// Cancel safe: no tick is lost.
    pub async fn tick(&mut self) -> Instant {
        core::future::poll_fn(|cx| self.poll_tick(cx)).await
    }

    /// As [`tick`](Self::tick), for code that polls by hand.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.sleep).poll(cx));
        let due = self.sleep.deadline();
        // SAFETY: the ambient worker is alive.
        let now = unsafe { ambient::worker::<C>().as_ref() }.now();
        let next = if now > due + LATE { self.after_missed(due, now) } else { due + self.period };
        Pin::new(&mut self.sleep).reset(next);
        Poll::Ready(due)
    }

    fn after_missed(&self, due: Instant, now: Instant) -> Instant {
        match self.missed {
            MissedTickBehavior::Burst => due + self.period,
            MissedTickBehavior::Delay => now + self.period,
            MissedTickBehavior::Skip => {
                let period = u64::try_from(self.period.as_nanos()).unwrap_or(u64::MAX);
                let into = (now - due).as_nanos() as u64 % period;
                now + Duration::from_nanos(period - into)
            }
        }
    }

    /// The next tick is one period from now.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread.
    #[track_caller]
    pub fn reset(&mut self) {
        // SAFETY: the ambient worker is alive.
        let now = unsafe { ambient::worker::<C>().as_ref() }.now();
        Pin::new(&mut self.sleep).reset(now + self.period);
    }

    /// The time between ticks.
    #[must_use]
    pub fn period(&self) -> Duration {
        self.period
    }

    /// What is done about missed ticks.
    #[must_use]
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Says what to do about missed ticks.
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }
}

/// The times of the ticks; never ends.
#[cfg(feature = "futures-core")]
impl<C: Config> futures_core::Stream for Interval<C> {
    type Item = Instant;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.get_mut().poll_tick(cx).map(Some)
    }
}
