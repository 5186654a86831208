//! The operation [`Timeout`]: deadlines that the driver keeps itself, beside those for which its worker parks.
//!
//! They lie in a wheel of their own, which is made with the first of them: a driver that is asked for none has no wheel,
//! and its park one branch. Their clock is the system's, in nanoseconds since the wheel was made.
//!
//! 1. No reference to the wheel is held while a waker is cloned, woken or dropped.

use crate::theirs::{let_go, wake};
use bespoke_core::driver::{Errno, Timeout};
use bespoke_core::roles::{Nanos, Park};
use bespoke_core::sharing::{Lock, Sharing};
use bespoke_core::util::wheel::{Key, Polled, Wheel};
use core::task::{Context, Poll};
use std::boxed::Box;
use std::time::Instant;

/// The timeouts of one driver.
pub(super) struct Timeouts<S: Sharing>(S::DriverLock<Option<Box<Running>>>);

#[derive(Debug)]
struct Running {
    wheel: Wheel,
    epoch: Instant,
}

impl Running {
    #[expect(clippy::disallowed_methods, reason = "the clock of the operation is the system's")]
    fn new() -> Box<Self> {
        Box::new(Running { wheel: Wheel::new(), epoch: Instant::now() })
    }

    #[expect(clippy::disallowed_methods, reason = "the clock of the operation is the system's")]
    fn now(&self) -> u64 {
        u64::try_from(Instant::now().saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The timer of a timeout under way.
#[derive(Debug, Default)]
pub struct Ticking(Option<Key>);

impl Ticking {
    pub(super) fn is_in_flight(&self) -> bool {
        self.0.is_some()
    }
}

impl<S: Sharing> Timeouts<S> {
    pub(super) fn new() -> Self {
        Timeouts(Lock::new(None))
    }

    /// Runs `f` on what there is. `f` runs nothing of the user's, nor clones or drops a waker (invariant 1).
    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut Option<Box<Running>>) -> R) -> R {
        // SAFETY: one thread, or a lock; and `f` does not come back here (invariant 1).
        unsafe { self.0.with(f) }
    }

    /// Is nothing waited for?
    #[inline(always)]
    pub(super) fn is_idle(&self) -> bool {
        self.with(|running| running.as_ref().is_none_or(|running| running.wheel.is_empty()))
    }

    /// `begun` is called when a timer begins: where tasks move, the worker that has the driver may sleep meanwhile.
    pub(super) fn poll(
        &self,
        op: &Timeout,
        state: &mut Ticking,
        cx: &mut Context<'_>,
        begun: impl FnOnce(),
    ) -> Poll<Result<(), Errno>> {
        let Some(key) = state.0 else {
            let polled = self.start(op.after, state, cx);
            if state.is_in_flight() {
                begun();
            }
            return polled;
        };
        let polled = self.with(|running| running.as_mut().map(|running| running.wheel.poll(key, cx.waker())));
        match polled {
            Some(Polled::Fired) => {
                self.forget(state);
                Poll::Ready(Ok(()))
            }
            Some(Polled::Pending) => Poll::Pending,
            Some(Polled::Unwatched) => {
                let waker = cx.waker().clone();
                let old =
                    self.with(|running| running.as_mut().and_then(|running| running.wheel.replace_waker(key, waker)));
                drop(old);
                // Another worker may have fired it meanwhile, and have woken who waited before.
                let fired = S::MOVING
                    && self.with(|running| {
                        let polled = running.as_mut().map(|running| running.wheel.poll(key, cx.waker()));
                        matches!(polled, Some(Polled::Fired))
                    });
                if fired {
                    self.forget(state);
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending
            }
            Some(Polled::Stale) | None => unreachable!("the timer of a timeout is its own until it is dropped"),
        }
    }

    #[cold]
    fn start(&self, after: Nanos, state: &mut Ticking, cx: &mut Context<'_>) -> Poll<Result<(), Errno>> {
        if after.0 == 0 {
            return Poll::Ready(Ok(()));
        }
        let waker = cx.waker().clone();
        let inserted = self.with(|running| {
            let running = running.get_or_insert_with(Running::new);
            running.wheel.insert(running.now().saturating_add(after.0), waker)
        });
        match inserted {
            Ok(key) => {
                state.0 = Some(key);
                Poll::Pending
            }
            Err((_, waker)) => {
                drop(waker);
                Poll::Ready(Err(Errno::OUT_OF_MEMORY))
            }
        }
    }

    /// The operation is over, or its future gone.
    pub(super) fn forget(&self, state: &mut Ticking) {
        let Some(key) = state.0.take() else { return };
        let waker = self.with(|running| running.as_mut().and_then(|running| running.wheel.cancel(key)));
        let_go(waker);
    }

    /// The park that does not miss the next deadline.
    pub(super) fn earlier(&self, park: Park) -> Park {
        let next = self.with(|running| {
            let running = running.as_ref()?;
            Some(running.wheel.next_deadline()?.saturating_sub(running.now()))
        });
        match (park, next) {
            (Park::Forever, Some(next)) => Park::Until(Nanos(next)),
            (Park::Until(wait), Some(next)) => Park::Until(Nanos(next).min(wait)),
            (park, _) => park,
        }
    }

    /// Wakes whose time has come.
    pub(super) fn fire(&self) {
        let Some(now) = self.with(|running| running.as_ref().map(|running| running.now())) else { return };
        while let Some(waker) = self.with(|running| running.as_mut()?.wheel.expire(now)) {
            wake(waker);
        }
    }

    /// Wakes all, before their time: who asks then hears that the runtime is closed. Returns how many there were.
    pub(super) fn cancel_all(&self) -> usize {
        let mut count = 0;
        let next = || {
            self.with(|running| {
                let wheel = &mut running.as_mut()?.wheel;
                wheel.expire(u64::MAX).or_else(|| wheel.expire_never())
            })
        };
        while let Some(waker) = next() {
            count += 1;
            wake(waker);
        }
        count
    }
}
