//! Waiting until a point in time.
//!
//! 1. `worker` is `Some` iff `key` names a timer of that worker's wheel that is this sleep's alone, and then the sleep is
//!    a guest of the worker.

use crate::config::{Config, SharingOf};
use crate::instant::Instant;
use crate::loom::{Plant, planted};
use crate::machine::trace::{Tells, Walk, says};
use crate::sharing::Sharing;
use crate::task::home::{Closed, Home};
use crate::task::inbox::NodeKind;
use crate::task::join::foreign_poll;
use crate::util::wheel::{Key, Polled, Wheel};
use crate::worker::Worker;
use crate::worker::ambient;
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// Waits until a deadline. Made by `sleep` and `sleep_until`; the timer starts at the first poll.
///
/// Never early; late by at most [`Config::TIMER_SLACK`] and what the system adds. A deadline that has passed is ready at
/// once. [`Instant::FAR_FUTURE`] never comes.
///
/// # Cancel safety
/// Cancel safe: dropping it removes the timer. Dropping it on another thread hands that to its worker.
///
/// # Panics
/// When polled without a runtime of `C`; after its first poll, when polled by another worker
/// of a local scheduler, or after the runtime closed.
#[must_use = "a sleep does nothing unless it is awaited"]
pub struct Sleep<C: Config> {
    pub(super) deadline: Instant,
    key: Key,
    worker: Option<NonNull<Worker<C>>>,
    _config: PhantomData<fn() -> C>,
}

// SAFETY: the pointer is used by its owner only, but for posting the timer's node, which any thread may do (invariant 1).
unsafe impl<C: Config> Send for Sleep<C> {}
// SAFETY: a shared reference gives the deadline only.
unsafe impl<C: Config> Sync for Sleep<C> {}

impl<C: Config> Sleep<C> {
    /// Until `deadline`.
    pub fn until(deadline: Instant) -> Self {
        Sleep { deadline, key: Key { slot: 0, generation: 0 }, worker: None, _config: PhantomData }
    }

    /// For `duration` from now.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread.
    #[track_caller]
    pub fn after(duration: core::time::Duration) -> Self {
        // SAFETY: the ambient worker is alive.
        let now = unsafe { ambient::worker::<C>().as_ref() }.now();
        Self::until(now + duration)
    }

    /// When it is ready.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Has the deadline passed?
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread.
    #[track_caller]
    #[must_use]
    pub fn is_elapsed(&self) -> bool {
        // SAFETY: the ambient worker is alive.
        unsafe { ambient::worker::<C>().as_ref() }.now() >= self.deadline
    }

    /// Moves the deadline; a sleep that was ready waits again.
    pub fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        if !planted(Plant::ResetKeepsTimer) {
            self.forget_timer();
        }
        self.deadline = deadline;
    }

    /// The first poll: starts the timer unless the deadline has passed.
    fn start(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let worker = ambient::worker::<C>();
        // SAFETY: the ambient worker is alive, and this thread is its owner.
        let this = unsafe { worker.as_ref() };
        if this.now() >= self.deadline {
            return Poll::Ready(());
        }
        if this.home.closing.get() {
            // Who would wake it? A close that wakes sleeps until there is none must find an end.
            return Poll::Pending;
        }
        let waker = cx.waker().clone();
        let deadline = self.deadline.as_nanos();
        // SAFETY: the owner; the waker was cloned before.
        match unsafe { this.with_wheel(|wheel| wheel.insert(deadline, waker)) } {
            Ok(key) => {
                // SAFETY: the owner.
                unsafe { this.home.guest_comes() };
                self.key = key;
                self.worker = Some(worker);
                Poll::Pending
            }
            Err((error, waker)) => {
                drop(waker);
                panic!("{error}")
            }
        }
    }

    /// Removes the timer, if there is one, from any thread.
    fn forget_timer(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        let home = Worker::home_of(worker);
        if Home::<SharingOf<C>>::is_current(home) {
            // SAFETY: the owner.
            let this = unsafe { worker.as_ref() };
            let key = self.key;
            // SAFETY: the owner; the waker is dropped after the borrow.
            let waker = unsafe { this.with_wheel(|wheel| wheel.cancel(key)) };
            // SAFETY: the owner; this sleep was a guest.
            unsafe { this.home.guest_goes() };
            drop(waker);
            return;
        }
        self.__bespoke_cold_forget_foreign(worker);
    }

    /// Hands the timer to its worker: this thread is not running it.
    #[cold]
    #[inline(never)]
    fn __bespoke_cold_forget_foreign(&self, worker: NonNull<Worker<C>>) {
        let home = Worker::home_of(worker);
        // SAFETY: a guest keeps the worker alive, and its wheel with it; the slot is that of a live key.
        let node = unsafe { Wheel::node(Worker::wheel_ptr(worker), self.key.slot) };
        let Some(node) = NonNull::new(node.cast_mut()) else { unreachable!("a timer has an address") };
        // SAFETY: the sleep is the node's pin.
        if let Err(Closed) = unsafe { Home::post(home, node, NodeKind::Timer) } {
            // SAFETY: the reference that close took for this guest.
            unsafe { Home::release(home) };
        }
    }
}

impl<C: Config> Future for Sleep<C> {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(worker) = self.worker else { return self.start(cx) };
        let home = Worker::home_of(worker);
        if !Home::is_current(home) {
            if <SharingOf<C> as Sharing>::SHARED {
                // Moved to another task after its first poll: from now on that task's worker keeps the time.
                self.forget_timer();
                return self.start(cx);
            }
            // SAFETY: a guest keeps the worker alive.
            let this = unsafe { worker.as_ref() };
            assert!(!this.home.inbox.is_closed(), "a `Sleep` was polled after its runtime `{}` closed", C::NAME);
            foreign_poll("a `Sleep`", C::NAME, this.home.worker);
        }
        // SAFETY: the owner.
        let this = unsafe { worker.as_ref() };
        let key = self.key;
        // SAFETY: the owner; nothing of the user's runs (`will_wake` compares two words).
        match unsafe { this.with_wheel(|wheel| wheel.poll(key, cx.waker())) } {
            // By a close, which wakes before the time.
            Polled::Fired if this.home.closing.get() => Poll::Pending,
            Polled::Fired => {
                self.forget_timer();
                Poll::Ready(())
            }
            Polled::Pending => Poll::Pending,
            Polled::Unwatched => {
                let waker = cx.waker().clone();
                // SAFETY: the owner; the waker was cloned before, the old one is dropped after.
                let old = unsafe { this.with_wheel(|wheel| wheel.replace_waker(key, waker)) };
                drop(old);
                Poll::Pending
            }
            Polled::Stale => unreachable!("a sleep's own timer was cancelled by another"),
        }
    }
}

// SAFETY: reads the deadline, which nobody else borrows.
unsafe impl<C: Config> Tells for Sleep<C> {
    unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>) {
        // SAFETY: the sleep is there.
        let deadline = unsafe { (*this).deadline };
        walk.is(format_args!("a sleep until {:?} of the clock", deadline.saturating_duration_since(Instant::ZERO)));
    }
}
says!([C: Config] Sleep<C>);

impl<C: Config> Drop for Sleep<C> {
    #[inline]
    fn drop(&mut self) {
        self.forget_timer();
    }
}

impl<C: Config> fmt::Debug for Sleep<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
