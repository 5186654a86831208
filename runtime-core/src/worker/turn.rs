//! What a worker does between polls: inbox, timers, driver, sleep.
//!
//! A worker that has nothing to run says so in its inbox (`PARKED`), and sleeps in its driver until the next deadline. The
//! order is what rules out a lost wake-up: first the flag, then the driver's own sleep; a push that comes after the flag
//! unparks, one that came before makes the flag fail.

use super::Worker;
use crate::config::{Config, SharingOf};
use crate::instant::Instant;
use crate::loom::{Plant, planted};
use crate::roles::{Clock, Driver, Live, Nanos, Park};
#[cfg(feature = "std")]
use crate::roles::{Placement, Scheduler};
use crate::sharing::{Lock, Sharing};
use crate::task::home::Home;
use crate::task::run::guard;
use crate::util::wheel;
use core::ptr::NonNull;
#[cfg(feature = "std")]
use core::time::Duration;

impl<C: Config> Worker<C> {
    /// How many polls a busy worker makes between two looks around. Where operations block, each may have taken longer than
    /// the time to the next deadline.
    pub(crate) const LOOK_INTERVAL: u32 = if <C::Driver as Driver>::CAPS.suspends { C::EVENT_INTERVAL } else { 1 };

    /// A poll begins: the task may complete so many operations in it. Without a budget nothing counts, and the word stays what it
    /// was at first, until close.
    #[inline(always)]
    pub(crate) fn grant_budget(home: &Home<SharingOf<C>>) {
        if C::POLL_BUDGET != u32::MAX {
            home.budget.set(C::POLL_BUDGET);
        }
    }

    /// Takes in what other threads left.
    ///
    /// # Safety
    /// As [`look_around`](Self::__bespoke_cold_look_around).
    #[inline]
    pub(crate) unsafe fn visit_inbox(worker: NonNull<Self>) {
        // SAFETY: the owner.
        let inbox = unsafe { &worker.as_ref().home.inbox };
        if inbox.looks_filled() {
            // SAFETY: as the caller.
            unsafe { Self::__bespoke_cold_take_inbox(worker) };
        }
    }

    /// The inbox is not empty: visits what is in it.
    ///
    /// # Safety
    /// As [`look_around`](Self::__bespoke_cold_look_around).
    #[cold]
    #[inline(never)]
    unsafe fn __bespoke_cold_take_inbox(worker: NonNull<Self>) {
        // SAFETY: the owner.
        let inbox = unsafe { &worker.as_ref().home.inbox };
        // SAFETY: the owner took it.
        unsafe { Self::visit_all(worker, inbox.take(), false, false) };
    }

    /// A busy worker's look around, after `polls` polls: inbox, due timers, ready I/O. Does not sleep.
    ///
    /// # Safety
    /// The caller is the owner, in its context, between polls.
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn __bespoke_cold_look_around(worker: NonNull<Self>, polls: u32) {
        // SAFETY: the owner.
        let this = unsafe { worker.as_ref() };
        this.tally.looks.add(1);
        // SAFETY: as the caller.
        unsafe { this.counts(polls) };
        // SAFETY: the owner, between polls.
        unsafe { Self::visit_inbox(worker) };
        // SAFETY: the owner.
        unsafe { this.fire_timers() };
        // SAFETY: the owner; the driver is there.
        let driver = unsafe { Self::driver(worker) };
        if driver.has_work() {
            this.common.assert_no_copy();
            park(driver, Park::Poll);
        }
    }

    /// Nothing to run after `polls` polls: takes in what came, else sleeps until something does.
    ///
    /// # Safety
    /// As [`look_around`](Self::__bespoke_cold_look_around).
    #[cold]
    #[inline(never)]
    pub(crate) unsafe fn __bespoke_cold_idle(worker: NonNull<Self>, polls: u32) {
        // SAFETY: the owner.
        let this = unsafe { worker.as_ref() };
        // SAFETY: as the caller.
        unsafe { this.counts(polls) };
        let home = &this.home;
        // SAFETY: the owner took it.
        unsafe { Self::visit_all(worker, home.inbox.take(), false, false) };
        // SAFETY: the owner.
        let next = unsafe { this.fire_timers() };
        // What came may be the request to end, which nothing follows that would wake a sleeper.
        // SAFETY: the owner.
        if home.stopping.get() && !planted(Plant::StopSleptOver) || !unsafe { home.queue_is_empty() } {
            return;
        }
        // SAFETY: the owner; the queue is not in use.
        unsafe { home.queue_rest() };
        let park_for = match next {
            None => Park::Forever,
            Some(deadline) if C::Clock::idle_until(&this.common.clock, deadline) => return,
            Some(deadline) => {
                let wait = deadline.saturating_duration_since(this.now()) + C::TIMER_SLACK;
                Park::Until(Nanos::of(wait))
            }
        };
        // SAFETY: as the caller.
        unsafe { Self::park_for(worker, park_for) };
    }

    /// Takes in what came, and wakes whose deadline has come. Returns the next deadline.
    ///
    /// # Safety
    /// As [`look_around`](Self::__bespoke_cold_look_around).
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) unsafe fn take_in(worker: NonNull<Self>) -> Option<Instant> {
        // SAFETY: the owner.
        let this = unsafe { worker.as_ref() };
        // SAFETY: the owner took it.
        unsafe { Self::visit_all(worker, this.home.inbox.take(), false, false) };
        // SAFETY: the owner.
        unsafe { this.fire_timers() }
    }

    /// Is there nothing in the worker's own queue?
    ///
    /// # Safety
    /// As [`look_around`](Self::__bespoke_cold_look_around).
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) unsafe fn may_sleep(worker: NonNull<Self>) -> bool {
        // SAFETY: the owner.
        let home = unsafe { &worker.as_ref().home };
        // What came may be the request to end, which nothing follows that would wake a sleeper.
        // SAFETY: the owner.
        (!home.stopping.get() || planted(Plant::StopSleptOver)) && unsafe { home.queue_is_empty() }
    }

    /// Sleeps until something comes, or the deadline `next` is there, or for `at_most` so long.
    ///
    /// # Safety
    /// As [`look_around`](Self::__bespoke_cold_look_around).
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) unsafe fn sleep(worker: NonNull<Self>, next: Option<Instant>, at_most: Option<Duration>) {
        // SAFETY: the owner.
        let this = unsafe { worker.as_ref() };
        let home = &this.home;
        // SAFETY: the owner; the queue is not in use.
        unsafe { home.queue_rest() };
        let wait = match next {
            // There is work: a clock that jumps over waiting stands still.
            _ if at_most == Some(Duration::ZERO) => at_most,
            None => at_most,
            Some(deadline) if C::Clock::idle_until(&this.common.clock, deadline) => return,
            Some(deadline) => {
                let wait = deadline.saturating_duration_since(this.now()) + C::TIMER_SLACK;
                Some(at_most.map_or(wait, |most| wait.min(most)))
            }
        };
        let park_for = match wait {
            None => Park::Forever,
            Some(Duration::ZERO) => Park::Poll,
            Some(wait) => Park::Until(Nanos::of(wait)),
        };
        // SAFETY: as the caller.
        unsafe { Self::park_for(worker, park_for) };
    }

    /// Sleeps as `park_for` says, unless something came meanwhile; takes in what came, and fires timers.
    ///
    /// # Safety
    /// As [`look_around`](Self::__bespoke_cold_look_around).
    #[inline(always)]
    unsafe fn park_for(worker: NonNull<Self>, park_for: Park) {
        // SAFETY: the owner.
        let this = unsafe { worker.as_ref() };
        let home = &this.home;
        // SAFETY: the owner; the driver is there.
        let driver = unsafe { Self::driver(worker) };
        this.common.assert_no_copy();
        if home.inbox.park() {
            if park_for != Park::Poll {
                this.tally.parks.add(1);
            }
            park(driver, park_for);
            // At once: while the head says PARKED, every push makes a system call.
            // SAFETY: the owner took it.
            unsafe { Self::visit_all(worker, home.inbox.take(), false, false) };
        } else {
            park(driver, Park::Poll);
        }
        // SAFETY: the owner.
        unsafe { this.fire_timers() };
    }

    /// Tasks that are not freed, but for the root, which is there until the worker closes, if it has one.
    ///
    /// # Safety
    /// The caller is the owner, or the table has a real lock; nothing of the user's runs under it.
    pub(crate) unsafe fn live_tasks(&self) -> usize {
        // SAFETY: as the caller.
        unsafe { self.home.owned.with(|owned| owned.live().saturating_sub(usize::from(self.rooted && !owned.closed))) }
    }

    /// So many polls were made since the last count.
    ///
    /// # Safety
    /// The caller is the owner, between polls.
    pub(crate) unsafe fn counts(&self, polls: u32) {
        self.tally.polls.add(polls as usize);
        if !<SharingOf<C> as Sharing>::SHARED {
            // SAFETY: the owner; nothing of the user's runs.
            self.tally.tasks.set(unsafe { self.live_tasks() });
        }
        #[cfg(feature = "std")]
        if const { matches!(<C::Scheduler as Scheduler>::PLACEMENT, Placement::InTurn) } {
            // SAFETY: the owner, between polls.
            self.tally.queued.set(unsafe { self.home.queue_len() });
        }
    }

    /// Wakes whose deadline has come. Returns the next deadline.
    ///
    /// # Safety
    /// The caller is the owner, between polls.
    unsafe fn fire_timers(&self) -> Option<Instant> {
        // SAFETY: the owner; nothing of the user's runs.
        let next = unsafe { self.with_wheel(|wheel| wheel.next_deadline()) }?;
        let now = self.now().as_nanos();
        if next > now {
            return Some(Instant::from_nanos(next));
        }
        // SAFETY: the owner; the waker runs after the borrow.
        if let Some(waker) = unsafe { self.with_wheel(|wheel| wheel.expire(now)) } {
            self.tally.timers.add(1);
            guard(|| waker.wake());
            // SAFETY: the owner; nothing of the user's runs.
            if unsafe { self.with_wheel(|wheel| wheel.next_deadline()) }? <= now {
                // SAFETY: the owner.
                unsafe { self.__bespoke_cold_fire_more(now) };
            }
        }
        // SAFETY: the owner; nothing of the user's runs.
        unsafe { self.with_wheel(|wheel| wheel.next_deadline()) }.map(Instant::from_nanos)
    }

    /// Wakes the others whose deadline has come, where one had: many at a time.
    ///
    /// # Safety
    /// As [`fire_timers`](Self::fire_timers).
    #[cold]
    #[inline(never)]
    unsafe fn __bespoke_cold_fire_more(&self, now: u64) {
        loop {
            let mut due = [const { None }; wheel::BATCH];
            // SAFETY: the owner; the wakers run after the borrow.
            let count = unsafe { self.with_wheel(|wheel| wheel.expire_some(now, &mut due)) };
            if count == 0 {
                return;
            }
            self.tally.timers.add(count);
            for waker in due.into_iter().flatten() {
                guard(|| waker.wake());
            }
        }
    }
}

fn park<L: Live>(live: &L, park: Park) {
    if let Err(errno) = live.park(park) {
        // The driver cannot wait: going on would spin, and nothing would ever complete.
        panic!("the I/O driver cannot wait: {}", crate::error::Error::from(errno));
    }
}
