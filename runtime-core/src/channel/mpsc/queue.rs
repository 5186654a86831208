//! What the two sides of a bounded queue share.
//!
//! # Permits
//! There are `capacity` permits. Each is in one of four places: free (`State::free`); with a sender that was given one and
//! has not looked yet (a waiter that is `Notified` with [`GIVEN`]); with a [`Permit`](super::Permit); or it is a message in
//! the ring. So
//!
//! 1. `free + given + held + len == capacity`: who has a permit finds a place in the ring.
//! 2. A free permit means that nobody waits for one. So a place that becomes free goes to the first who waits.
//! 3. After `closed` no permit is taken, and those who wait for one are told; those that are out may still become messages.
//! 4. The ring's places `head .. head + len`, modulo its length, hold messages; `State` and ring are guarded by one lock.

use crate::loom::{Plant, UnsafeCell, planted};
use crate::sharing::{Lock, Sharing};
use crate::sync::waiters::{self, Hand, Look, Stage, Waiter, Waiters};
use alloc::boxed::Box;
use core::mem::MaybeUninit;
use core::pin::Pin;
use core::task::Waker;

/// The word of a waiter that was given a permit.
const GIVEN: usize = 1;
/// The word of a waiter that was told that the queue is closed.
const TOLD: usize = 2;

pub(super) struct Queue<T, S: Sharing> {
    ring: Box<[UnsafeCell<MaybeUninit<T>>]>,
    state: S::Lock<State>,
}

// SAFETY: the lock gives the ring to one thread at a time, and messages go from thread to thread, hence `T: Send`. Under
// `Local`, where the lock is none, neither the queue nor a reference to it leaves its thread: permits and futures hold one.
unsafe impl<T: Send, S: Sharing> Sync for Queue<T, S> where S::Confine: Sync {}
// SAFETY: as above.
unsafe impl<T: Send, S: Sharing> Send for Queue<T, S> where S::Confine: Send {}

/// Untyped: no code of the program runs on it.
#[derive(Debug)]
pub(super) struct State {
    capacity: usize,
    head: usize,
    pub(super) len: usize,
    pub(super) free: usize,
    /// Senders that are not weak.
    pub(super) senders: usize,
    /// The receiver takes nothing new.
    pub(super) closed: bool,
    /// Who waits for a permit.
    waiting: Waiters,
    /// Who waits for the close.
    watching: Waiters,
    receiver: Option<Waker>,
}

/// What the receiver gets.
pub(super) enum Received<T> {
    Message(T),
    Nothing,
    End,
}

impl<T, S: Sharing> Queue<T, S> {
    pub(super) fn new(capacity: usize) -> Self {
        let state = State {
            capacity,
            head: 0,
            len: 0,
            free: capacity,
            senders: 1,
            closed: false,
            waiting: Waiters::new(),
            watching: Waiters::new(),
            receiver: None,
        };
        let ring = (0..capacity).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect();
        Queue { ring, state: Lock::new(state) }
    }

    #[inline(always)]
    pub(super) fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        // SAFETY: under `Local` no handle leaves its thread, so this is the one that uses the queue; no caller's `f` runs code
        // of the program, so it does not come back (rule 2 of `sync`): messages are moved, wakers are moved and compared.
        unsafe { self.state.with(f) }
    }

    pub(super) fn capacity(&self) -> usize {
        self.ring.len()
    }

    /// Puts a message into the ring. The receiver's waker, to be woken without the lock.
    ///
    /// # Safety
    /// The caller has a permit, which this uses up; `state` is this queue's, under its lock.
    #[inline]
    pub(super) unsafe fn put(&self, state: &mut State, message: T) -> Option<Waker> {
        let mut at = state.head + state.len;
        if at >= self.ring.len() {
            at -= self.ring.len();
        }
        // SAFETY: the permit says that the place is free (1), the lock that it is ours (4).
        self.ring[at].with_mut(|place| unsafe { place.write(MaybeUninit::new(message)) });
        state.len += 1;
        state.receiver.take()
    }

    /// Takes the oldest message out and gives its permit on, to the returned waker's task if there is one.
    #[inline]
    pub(super) fn take(&self, state: &mut State) -> (Received<T>, Option<Waker>) {
        if state.len == 0 {
            // Nothing can come any more: nobody is left who could send, or nothing is out that could become a message.
            let end = state.senders == 0 || (state.closed && state.free == state.capacity);
            return (if end { Received::End } else { Received::Nothing }, None);
        }
        // SAFETY: it holds a message (4), and is read once: `head` moves on.
        let message = self.ring[state.head].with(|place| unsafe { place.read() });
        state.head += 1;
        if state.head == self.ring.len() {
            state.head = 0;
        }
        state.len -= 1;
        // SAFETY: filled (4).
        (Received::Message(unsafe { message.assume_init() }), state.give_back())
    }

    /// Receiver: nothing new is sent from now on; everybody who waits is woken.
    pub(super) fn close(&self) {
        self.with(|state| state.closed = true);
        waiters::wake_all(|wakes| {
            self.with(|state| {
                while !wakes.is_full() {
                    match state.tell_one() {
                        Some(waker) => wakes.push(waker),
                        None => {
                            // With nothing out, the receiver's own wait is over.
                            if state.len == 0 && state.free == state.capacity {
                                wakes.push(state.receiver.take());
                            }
                            return false;
                        }
                    }
                }
                true
            })
        });
    }
}

impl<T, S: Sharing> Drop for Queue<T, S> {
    fn drop(&mut self) {
        // What a permit sent after the receiver was dropped.
        while let (Received::Message(message), waker) = self.with(|state| self.take(state)) {
            debug_assert!(waker.is_none(), "nobody is left who could wait");
            drop(message);
        }
    }
}

/// What became of a wait for a permit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The permit is the caller's.
    Given,
    Closed,
}

impl State {
    /// A permit at once, if one is free.
    #[inline]
    pub(super) fn try_take_permit(&mut self) -> Result<(), super::TrySendError<()>> {
        if self.closed {
            return Err(super::TrySendError::Closed(()));
        }
        self.free = self.free.checked_sub(1).ok_or(super::TrySendError::Full(()))?;
        Ok(())
    }

    /// A permit comes back: to the first who waits, whose waker this is; or it is free.
    #[inline]
    pub(super) fn give_back(&mut self) -> Option<Waker> {
        // SAFETY: the caller holds the lock, as it has the state.
        if let Some(waker) = unsafe { self.waiting.pop(GIVEN, |_| true) } {
            return waker;
        }
        self.free += 1;
        // The receiver of a closed queue waits for what is out.
        if self.closed && self.free == self.capacity { self.receiver.take() } else { None }
    }

    /// Tells one who waits, for a permit or for the close, that the queue is closed: the waker, if there was one. `None`:
    /// nobody waits any more.
    fn tell_one(&mut self) -> Option<Option<Waker>> {
        if !planted(Plant::CloseSilent) {
            // SAFETY: the caller holds the lock, as it has the state.
            let told = unsafe { self.waiting.pop(TOLD, |_| true) };
            if told.is_some() {
                return told;
            }
        }
        // SAFETY: as above.
        unsafe { self.watching.pop(TOLD, |_| true) }
    }

    /// One look of a sender that waits for a permit.
    ///
    /// # Safety
    /// `waiter` is idle, or belongs to the list of those who wait here; its future lets go by [`leave`](Self::leave).
    pub(super) unsafe fn ask(&mut self, waiter: Pin<&Waiter>, hand: &mut Hand<'_>) -> Look<Asked> {
        // SAFETY: the caller holds the lock, here and below.
        let asked = match unsafe { waiter.stage() } {
            Stage::Idle => match self.try_take_permit() {
                Ok(()) => Asked::Given,
                Err(super::TrySendError::Closed(())) => Asked::Closed,
                // SAFETY: as above; the future lets go (contract).
                Err(super::TrySendError::Full(())) => return unsafe { self.waiting.wait(waiter, hand) },
            },
            // SAFETY: as above.
            Stage::Waiting => return unsafe { self.waiting.wait(waiter, hand) },
            // SAFETY: as above.
            Stage::Notified if unsafe { waiter.word() } == GIVEN => Asked::Given,
            Stage::Notified => Asked::Closed,
            Stage::Finished => unreachable!("a future of sending was polled after it yielded"),
        };
        // SAFETY: as above; it is not in the list.
        unsafe { waiter.finish() };
        Look::Ready(asked)
    }

    /// A sender stops waiting: who is woken now, and what is dropped without the lock.
    ///
    /// # Safety
    /// As [`ask`](Self::ask).
    pub(super) unsafe fn leave(&mut self, waiter: &Waiter) -> (Option<Waker>, Option<Waker>) {
        // SAFETY: the caller holds the lock, here and below.
        match unsafe { waiter.stage() } {
            // SAFETY: it waits in this list.
            Stage::Waiting => (None, unsafe { self.waiting.remove(waiter) }),
            // SAFETY: as above.
            Stage::Notified if unsafe { waiter.word() } == GIVEN && !planted(Plant::PermitDropped) => {
                (self.give_back(), None)
            }
            _ => (None, None),
        }
    }

    /// One look of a sender that waits for the close.
    ///
    /// # Safety
    /// `waiter` is idle, or belongs to the list of those who watch; its future lets go by [`unwatch`](Self::unwatch).
    pub(super) unsafe fn watch(&mut self, waiter: Pin<&Waiter>, hand: &mut Hand<'_>) -> Look<()> {
        if !self.closed {
            // SAFETY: the caller holds the lock; the future lets go.
            return unsafe { self.watching.wait(waiter, hand) };
        }
        // SAFETY: the lock is held.
        hand.gone = unsafe { self.unwatch(waiter.get_ref()) };
        // SAFETY: the lock is held, and it is not in the list.
        unsafe { waiter.finish() };
        Look::Ready(())
    }

    /// A sender stops watching; what is dropped without the lock.
    ///
    /// # Safety
    /// As [`watch`](Self::watch).
    pub(super) unsafe fn unwatch(&mut self, waiter: &Waiter) -> Option<Waker> {
        // SAFETY: the caller holds the lock.
        let waits = unsafe { waiter.stage() } == Stage::Waiting;
        // SAFETY: as above; it waits in this list.
        if waits { unsafe { self.watching.remove(waiter) } } else { None }
    }

    /// Would `waker` change nothing?
    #[inline]
    pub(super) fn receiver_waits_with(&self, waker: &Waker) -> bool {
        self.receiver.as_ref().is_some_and(|mine| mine.will_wake(waker))
    }

    /// The receiver waits for a message.
    pub(super) fn wait_for_message<R>(&mut self, hand: &mut Hand<'_>) -> Look<R> {
        hand.keep(&mut self.receiver)
    }

    /// A sender is gone. The receiver's waker, if it was the last.
    pub(super) fn sender_goes(&mut self) -> Option<Waker> {
        self.senders -= 1;
        if self.senders == 0 && !planted(Plant::LastSenderSilent) { self.receiver.take() } else { None }
    }
}
