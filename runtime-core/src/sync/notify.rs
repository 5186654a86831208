//! A signal without a value.

use super::waiters::{self, Hand, Look, Stage, Waiter, Waiters, wake};
use crate::loom::{AtomicUsize, Ordering, Plant, given_up, planted};
use crate::sharing::{Lock, Shared, Sharing};
use core::fmt;
use core::marker::PhantomData;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// Tells one waiting task, or all of them, that something happened.
///
/// [`notify_one`](Self::notify_one) without a waiting task leaves a *permit*: the next [`notified`](Self::notified) is ready
/// at once. There is one permit at most. [`notify_waiters`](Self::notify_waiters) leaves none: it reaches every
/// [`Notified`] that exists.
///
/// Tasks are told in the order in which they began to wait. A `Local` one is neither `Send` nor `Sync`, and costs no atomic
/// instruction.
///
/// ```
/// use bespoke_core::sync::Notify;
/// use std::pin::pin;
/// use std::task::{Context, Waker};
///
/// let mut cx = Context::from_waker(Waker::noop());
/// let notify: Notify = Notify::new();
/// notify.notify_one();
/// notify.notify_one(); // there is a permit already
/// assert!(pin!(notify.notified()).poll(&mut cx).is_ready());
/// assert!(pin!(notify.notified()).poll(&mut cx).is_pending());
/// ```
pub struct Notify<S: Sharing = Shared> {
    /// How often `notify_waiters` was called. Written under the lock, read without it as well.
    calls: AtomicUsize,
    state: S::Lock<State>,
    _stays: PhantomData<S::Confine>,
}

struct State {
    /// A waiter's word is `calls` when it was made; once it is notified, [`ONE`].
    ///
    /// 1. A waiter whose word is not `calls` is told already: a `notify_waiters` is on its way to its waker.
    /// 2. A permit means that no waiter has the word `calls`.
    waiters: Waiters,
    permit: bool,
}

/// The word of a waiter that was told by `notify_one`, or by a `notify_waiters` that took it out: told either way, and only
/// the first is passed on.
const ONE: usize = 1;
const ALL: usize = 2;

impl<S: Sharing> Notify<S> {
    /// Nobody waits, and there is no permit.
    #[must_use]
    pub fn new() -> Self {
        Notify {
            calls: AtomicUsize::new(0),
            state: Lock::new(State { waiters: Waiters::new(), permit: false }),
            _stays: PhantomData,
        }
    }

    #[inline(always)]
    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: under `Local` this type is neither `Send` nor `Sync`, so this is the one thread that uses it; `f` runs no
        // code of the program, so it does not come back (rule 2 of the room).
        unsafe { self.state.with(f) }
    }

    /// Waits until it is told.
    ///
    /// # Cancel safety
    /// Cancel safe. Dropped, it loses its place in the queue; if it was told already by
    /// [`notify_one`](Self::notify_one), the next one is told instead.
    pub fn notified(&self) -> Notified<'_, S> {
        // Acquire: who sees the number of a call sees what was written before that call. It pairs with the store there.
        let calls = self.calls.load(Ordering::Acquire);
        Notified { notify: self, calls, waiter: Waiter::new(calls) }
    }

    /// Tells the task that has waited longest, or leaves a permit.
    pub fn notify_one(&self) {
        wake(self.with(|state| self.tell_one(state)));
    }

    fn tell_one(&self, state: &mut State) -> Option<Waker> {
        let calls = self.calls.load(Ordering::Relaxed);
        // Not one that a `notify_waiters` is about to wake (invariant 1): it would hear two calls as one.
        // SAFETY: the lock is held.
        match unsafe { state.waiters.pop(ONE, |word| word == calls || planted(Plant::AllTakesOne)) } {
            Some(waker) => waker,
            None => {
                state.permit = true;
                None
            }
        }
    }

    /// Tells every task that waits, and every [`Notified`] that was made and not polled yet. Leaves no permit.
    pub fn notify_waiters(&self) {
        let now = self.with(|_| {
            let now = self.calls.load(Ordering::Relaxed).wrapping_add(1);
            let order = if planted(Plant::CallsRelaxed) { Ordering::Relaxed } else { Ordering::Release };
            self.calls.store(now, order);
            now
        });
        waiters::wake_all(|wakes| {
            self.with(|state| {
                while !wakes.is_full() {
                    // Those who came after this call have its number, or a later one.
                    // SAFETY: the lock is held.
                    match unsafe { state.waiters.pop(ALL, |word| now.wrapping_sub(word).cast_signed() > 0) } {
                        Some(waker) => wakes.push(waker),
                        None => return false,
                    }
                }
                true
            })
        });
    }
}

impl<S: Sharing> Default for Notify<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Sharing> fmt::Debug for Notify<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (permit, waited_for) = self.with(|state| (state.permit, !state.waiters.is_empty()));
        f.debug_struct("Notify").field("permit", &permit).field("waited_for", &waited_for).finish()
    }
}

/// Waits to be told; made by [`Notify::notified`].
#[must_use = "`notified` does not wait unless it is awaited"]
pub struct Notified<'a, S: Sharing = Shared> {
    notify: &'a Notify<S>,
    /// `Notify::calls` when this was made.
    calls: usize,
    waiter: Waiter,
}

impl<S: Sharing> Notified<'_, S> {
    fn waiter(self: Pin<&Self>) -> Pin<&Waiter> {
        // SAFETY: the waiter is pinned with its future and never moved out.
        unsafe { self.map_unchecked(|this| &this.waiter) }
    }

    /// One look, under the lock.
    fn look(self: Pin<&Self>, state: &mut State, hand: &mut Hand<'_>) -> Look<()> {
        let waiter = self.waiter();
        let told = self.notify.calls.load(Ordering::Relaxed) != self.calls;
        // SAFETY: the lock is held, here and below.
        match unsafe { waiter.stage() } {
            Stage::Finished => return Look::Ready(()),
            Stage::Notified => {}
            Stage::Waiting if told => {
                // SAFETY: it is waiting in this list.
                hand.gone = unsafe { state.waiters.remove(waiter.get_ref()) };
            }
            Stage::Idle if told => {}
            Stage::Idle if state.permit && !(planted(Plant::WaitInTwoSteps) && hand.has_spare()) => {
                state.permit = false
            }
            // SAFETY: the lock is held; idle or waiting in this list, from which the drop below removes it.
            Stage::Idle | Stage::Waiting => return unsafe { state.waiters.wait(waiter, hand) },
        }
        // SAFETY: the lock is held, and it is not in the list.
        unsafe { waiter.finish() };
        Look::Ready(())
    }

    #[cold]
    fn wait(self: Pin<&Self>, waker: &Waker) -> Poll<()> {
        let look = |hand: &mut Hand<'_>| self.notify.with(|state| self.look(state, hand));
        if self.waiter.is_pending() { waiters::poll(Some(waker), look) } else { waiters::poll_again(waker, look) }
    }

    /// Joins the queue without being polled; `true` if it is told already.
    ///
    /// For code that looks at a condition and then waits: what is told between the two is not lost.
    ///
    /// ```
    /// use bespoke_core::sync::Notify;
    /// use std::pin::pin;
    ///
    /// let notify: Notify = Notify::new();
    /// let mut first = pin!(notify.notified());
    /// assert!(!first.as_mut().enable());
    /// notify.notify_one(); // meant for `first`
    /// let second = pin!(notify.notified());
    /// assert!(!second.enable());
    /// assert!(first.enable());
    /// ```
    pub fn enable(self: Pin<&mut Self>) -> bool {
        let this = self.into_ref();
        waiters::poll(None, |hand| this.notify.with(|state| this.look(state, hand))).is_ready()
    }
}

impl<S: Sharing> Future for Notified<'_, S> {
    type Output = ();

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.into_ref();
        // Often it is told before it is asked: then one lock, and no waker.
        // SAFETY: not pending, so it is in no list, and this future's alone.
        if !this.waiter.is_pending() && unsafe { this.waiter.stage() } == Stage::Idle {
            let told = this.notify.with(|state| {
                this.notify.calls.load(Ordering::Relaxed) != this.calls || core::mem::take(&mut state.permit)
            });
            if told {
                // SAFETY: as above.
                unsafe { this.waiter.finish() };
                return Poll::Ready(());
            }
        }
        this.wait(cx.waker())
    }
}

impl<S: Sharing> Drop for Notified<'_, S> {
    fn drop(&mut self) {
        if given_up() || !self.waiter.is_pending() {
            return;
        }
        let (notify, waiter) = (self.notify, &self.waiter);
        let mut gone = None;
        let passed_on = notify.with(|state| {
            // SAFETY: the lock is held, here and below.
            match unsafe { waiter.stage() } {
                Stage::Waiting => {
                    // SAFETY: it is waiting in this list.
                    gone = unsafe { state.waiters.remove(waiter) };
                    None
                }
                // SAFETY: as above.
                Stage::Notified if unsafe { waiter.word() } == ONE && !planted(Plant::NotificationDropped) => {
                    notify.tell_one(state)
                }
                _ => None,
            }
        });
        drop(gone);
        wake(passed_on);
    }
}

impl<S: Sharing> fmt::Debug for Notified<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notified").finish_non_exhaustive()
    }
}
