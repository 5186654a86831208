//! The block that both ends of a oneshot share, and the steps on its state word.
//!
//! | bit | set by | means |
//! |---|---|---|
//! | `DONE` | sender | it has spoken: nothing will come any more |
//! | `VALUE` | sender, with `DONE` | and the value lies there |
//! | `SENDER_GONE` | sender | it does not touch the block any more |
//! | `CLOSED` | receiver | it takes nothing any more; a value that lies there is still its own |
//! | `RECEIVER_GONE` | receiver | it does not touch the block any more |
//! | `RECEIVER_WAKER` | receiver | its waker lies in its slot |
//! | `SENDER_WAKER` | sender | its waker lies in its slot |
//!
//! # Invariants
//! 1. The value is the sender's until `VALUE`, then the receiver's.
//! 2. A waker slot is its owner's while the bit is clear. Whoever clears the bit takes the waker: the owner, to put another
//!    one there, or the other side in the step that tells it something. Nobody sets the bit after that something was told.
//! 3. Whoever sets the second of the two `GONE` bits frees the block, and what wakers still lie there. So a side that has
//!    to take a waker goes in two steps: it tells, takes the waker, and then is gone.
//!
//! Each step is one [`StateWord::update`]: plain under `Local`, a compare-exchange that acquires and releases under `Shared`.
//! It is the only synchronisation; what is written before a bit is seen by whoever sees the bit.

use crate::loom::{Life, Plant, UnsafeCell, given_up, planted};
use crate::sharing::{Sharing, StateWord};
use crate::sync::waiters::wake;
use alloc::boxed::Box;
use core::marker::PhantomData;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::task::{Poll, Waker};

const DONE: usize = 1;
const VALUE: usize = 2;
const SENDER_GONE: usize = 4;
const CLOSED: usize = 8;
const RECEIVER_GONE: usize = 16;
const RECEIVER_WAKER: usize = 32;
const SENDER_WAKER: usize = 64;

struct Block<T, S: Sharing> {
    state: S::State,
    value: UnsafeCell<MaybeUninit<T>>,
    receiver_waker: Slot,
    sender_waker: Slot,
    life: Life,
}

/// A place for a waker (invariant 2).
struct Slot(UnsafeCell<MaybeUninit<Waker>>);

impl Slot {
    fn new() -> Self {
        Slot(UnsafeCell::new(MaybeUninit::uninit()))
    }

    /// # Safety
    /// The caller took the waker that lies here (invariant 2).
    unsafe fn take(&self) -> Waker {
        // SAFETY: the slot is the caller's, for reading at least.
        let waker = self.0.with(|waker| unsafe { waker.read() });
        // SAFETY: it was filled.
        unsafe { waker.assume_init() }
    }

    /// # Safety
    /// The slot is the caller's, and empty.
    unsafe fn put(&self, waker: Waker) {
        // SAFETY: the caller's alone.
        self.0.with_mut(|place| unsafe { place.write(MaybeUninit::new(waker)) });
    }

    /// Is it the waker that lies here? The other side may be taking it: that reads the slot, too, and what is compared are
    /// two words in it.
    ///
    /// # Safety
    /// The slot's owner calls, and its bit was set when it looked last.
    unsafe fn has(&self, waker: &Waker) -> bool {
        self.0.with(|mine| {
            // SAFETY: only its owner writes it.
            let mine = unsafe { &*mine };
            // SAFETY: filled.
            unsafe { mine.assume_init_ref() }.will_wake(waker)
        })
    }
}

/// What the receiver heard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// It may still come.
    Nothing,
    Value,
    /// It will not come.
    Closed,
}

/// One end of the channel: of two, the one that a method is about. Whoever drops an end says first that it leaves.
pub(super) struct End<T, S: Sharing> {
    block: NonNull<Block<T, S>>,
    _stays: PhantomData<S::Confine>,
}

// SAFETY: the word orders all access (module); a value is sent from thread to thread, hence `T: Send`. A `Local` end stays,
// by `S::Confine`.
unsafe impl<T: Send, S: Sharing> Send for End<T, S> where S::Confine: Send {}
// SAFETY: a shared reference reads the word only; everything else needs the end itself, or `&mut` of it.
unsafe impl<T: Send, S: Sharing> Sync for End<T, S> where S::Confine: Sync {}

impl<T, S: Sharing> End<T, S> {
    /// The sender's end and the receiver's.
    pub(super) fn pair() -> (Self, Self) {
        let block = NonNull::from(Box::leak(Box::new(Block {
            state: S::State::new(0),
            value: UnsafeCell::new(MaybeUninit::uninit()),
            receiver_waker: Slot::new(),
            sender_waker: Slot::new(),
            life: Life::new(),
        })));
        (End { block, _stays: PhantomData }, End { block, _stays: PhantomData })
    }

    #[inline(always)]
    fn block(&self) -> &Block<T, S> {
        // SAFETY: this end is not gone, so the block is there (invariant 3).
        let block = unsafe { self.block.as_ref() };
        block.life.touch();
        block
    }

    /// Frees the block.
    ///
    /// # Safety
    /// Both sides are gone, or the caller is the one that is not, and goes now. `state` is the last value of the word.
    #[inline]
    unsafe fn free(self, state: usize) {
        let block = self.block();
        // SAFETY: both are gone, so the slots are ours; a set bit says that a waker lies there (invariant 2).
        let left = [
            (state & RECEIVER_WAKER != 0).then(|| unsafe { block.receiver_waker.take() }),
            // SAFETY: as above.
            (state & SENDER_WAKER != 0).then(|| unsafe { block.sender_waker.take() }),
        ];
        #[cfg(loom)]
        block.life.end();
        // SAFETY: the block came from a box, and nobody uses it after this.
        drop(unsafe { Box::from_raw(self.block.as_ptr()) });
        // Last: a waker may be anybody's code.
        drop(left);
    }

    /// Says that this side, whose bit is `mine`, does not touch the block any more; frees it if the other did so before.
    ///
    /// # Safety
    /// The caller holds nothing of the block's that is still needed.
    #[inline]
    unsafe fn go(self, mine: usize) {
        let other = if mine == SENDER_GONE { RECEIVER_GONE } else { SENDER_GONE };
        let before = if planted(Plant::OneshotGoesInTwoSteps) {
            let before = self.block().state.load();
            self.block().state.update(|state| (Some(state | mine), ()));
            before
        } else {
            let before = self.block().state.load();
            if before & other != 0 {
                // The other side is gone, so nobody else changes the word: no second step.
                before
            } else {
                self.block().state.update(|state| (Some(state | mine), state))
            }
        };
        if before & other != 0 {
            // SAFETY: both are gone.
            unsafe { self.free(before) }
        }
    }

    /// Sender: gives the value over.
    #[inline]
    pub(super) fn send(self, value: T) -> Result<(), T> {
        // SAFETY: the value is the sender's until `VALUE` (invariant 1).
        self.block().value.with_mut(|place| unsafe { place.write(MaybeUninit::new(value)) });
        match self.speak(DONE | VALUE) {
            Ok(()) => Ok(()),
            Err(end) => {
                // SAFETY: `VALUE` was not set, so it is the sender's still, and filled.
                let value = end.block().value.with(|place| unsafe { place.read() });
                // The waker of `closed` was taken when the receiver closed.
                // SAFETY: the value is out; nothing of the block's is needed.
                unsafe { end.go(SENDER_GONE) };
                // SAFETY: filled above.
                Err(unsafe { value.assume_init() })
            }
        }
    }

    /// Sender: goes without a value.
    #[cold]
    pub(super) fn leave_unsent(self) {
        if given_up() {
            return;
        }
        if let Err(end) = self.speak(DONE) {
            // SAFETY: nothing of the block's is needed.
            unsafe { end.go(SENDER_GONE) };
        }
    }

    /// Sender: sets `told`, wakes the receiver, and is gone. `Err`: the receiver closed the channel first.
    #[inline]
    fn speak(self, told: usize) -> Result<(), Self> {
        let early = planted(Plant::OneshotWakesAfterGone);
        let before = self.block().state.update(|state| {
            if state & CLOSED != 0 {
                return (None, state);
            }
            // With a waker to take, the block is needed a little longer (invariant 3).
            let gone = if state & RECEIVER_WAKER == 0 || early { SENDER_GONE } else { 0 };
            (Some((state | told | gone) & !RECEIVER_WAKER), state)
        });
        if before & CLOSED != 0 {
            return Err(self);
        }
        if before & RECEIVER_WAKER != 0 {
            // SAFETY: we cleared the bit (invariant 2).
            let waker = unsafe { self.block().receiver_waker.take() };
            if !early {
                // SAFETY: the waker is out.
                unsafe { self.go(SENDER_GONE) };
            }
            wake(Some(waker));
        }
        Ok(())
    }

    /// Sender: was the channel closed?
    pub(super) fn is_closed(&self) -> bool {
        self.block().state.load() & CLOSED != 0
    }

    /// Sender: waits for the receiver to close.
    pub(super) fn poll_closed(&self, waker: &Waker) -> Poll<()> {
        match self.poll(waker, CLOSED, SENDER_WAKER, |block| &block.sender_waker) {
            Poll::Ready(_) => Poll::Ready(()),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Receiver: waits for the sender to speak.
    #[inline]
    pub(super) fn poll_heard(&self, waker: &Waker) -> Poll<Heard> {
        // Closed by ourselves, nothing will come either.
        self.poll(waker, DONE | CLOSED, RECEIVER_WAKER, |block| &block.receiver_waker).map(heard)
    }

    /// Receiver: has the sender spoken?
    pub(super) fn look(&self) -> Heard {
        heard(self.block().state.load())
    }

    /// Waits until one of the bits `told` is set, with `waker` in a slot whose bit is `bit`. The word, then.
    #[inline]
    fn poll(&self, waker: &Waker, told: usize, bit: usize, slot: impl Fn(&Block<T, S>) -> &Slot) -> Poll<usize> {
        let block = self.block();
        let state = block.state.load();
        if state & told != 0 {
            return Poll::Ready(state);
        }
        // SAFETY: ours, and filled.
        if state & bit != 0 && unsafe { slot(block).has(waker) } {
            return Poll::Pending;
        }
        // Before anything of ours is half done: a clone may be anybody's code.
        let waker = waker.clone();
        let mut old = None;
        if state & bit != 0 {
            let state = block.state.update(|now| {
                let next = if now & told == 0 { Some(now & !bit) } else { None };
                (next, now)
            });
            if state & told != 0 {
                return Poll::Ready(state);
            }
            // SAFETY: we cleared the bit.
            old = Some(unsafe { slot(block).take() });
        }
        // SAFETY: the bit is clear, and nobody but us sets it (invariant 2).
        unsafe { slot(block).put(waker) };
        let skip = planted(Plant::OneshotSecondLookSkipped);
        let state = block.state.update(|now| {
            let next = if now & told == 0 || skip { Some(now | bit) } else { None };
            (next, now)
        });
        if state & told != 0 && !skip {
            // SAFETY: the bit was not set, so the slot is ours still.
            old = Some(unsafe { slot(block).take() });
        }
        drop(old);
        if state & told != 0 && !skip { Poll::Ready(state) } else { Poll::Pending }
    }

    /// Receiver: takes the value, and is gone.
    ///
    /// # Safety
    /// `heard` is the last that this end heard.
    #[inline]
    pub(super) unsafe fn receive(self, heard: Heard) -> Option<T> {
        let value = (heard == Heard::Value).then(|| {
            // SAFETY: `VALUE` was seen: it is ours, and this end is used up, so it is read once (invariant 1).
            let value = self.block().value.with(|place| unsafe { place.read() });
            // SAFETY: the sender wrote it.
            unsafe { value.assume_init() }
        });
        // Our own `CLOSED` may have come first, and the sender may be waiting for no such thing: it was woken then.
        self.leave();
        value
    }

    /// Receiver: takes nothing any more, and wakes the sender if it waits for that. What was heard before.
    pub(super) fn close(&self) -> Heard {
        let before = self.block().state.update(|state| {
            // A sender that is gone has no use for its waker: the last side frees it.
            let taken = if state & SENDER_GONE == 0 { SENDER_WAKER } else { 0 };
            (Some((state | CLOSED) & !taken), state)
        });
        if before & SENDER_WAKER != 0 && before & SENDER_GONE == 0 {
            // SAFETY: we cleared the bit, and this side is not gone, so the block is there.
            let waker = unsafe { self.block().sender_waker.take() };
            wake(Some(waker));
        }
        heard(before)
    }

    /// Receiver: is gone, after it closed the channel if the sender has not spoken.
    #[inline]
    fn leave(self) {
        let state = self.block().state.load();
        if state & (SENDER_GONE | CLOSED) == 0 {
            self.close();
        }
        // SAFETY: nothing of the block's is needed: the value is out, or there is none.
        unsafe { self.go(RECEIVER_GONE) };
    }

    /// Receiver: goes without looking.
    #[cold]
    pub(super) fn leave_unheard(self) {
        if given_up() {
            return;
        }
        let heard = if planted(Plant::OneshotValueForgotten) { Heard::Closed } else { self.close() };
        // SAFETY: what was heard when the channel was closed; nothing is sent after that.
        drop(unsafe { self.receive(heard) });
    }
}

/// What the receiver hears in the word.
fn heard(state: usize) -> Heard {
    match state {
        state if state & VALUE != 0 => Heard::Value,
        state if state & (DONE | CLOSED) != 0 => Heard::Closed,
        _ => Heard::Nothing,
    }
}
