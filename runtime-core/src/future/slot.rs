//! A future, and then its output, in one place.

use crate::machine::trace::{Tells, Walk};
use core::pin::Pin;
use core::task::{Context, Poll};

/// A future, then its output, then nothing.
///
/// # Invariants
/// 1. The future is pinned with the slot: it is dropped in place and never moved. The output is not pinned.
pub(super) enum Slot<F: Future> {
    Waits(F),
    Done(F::Output),
    Taken,
}

impl<F: Future> Slot<F> {
    /// Polls the future, if it is not done. Is it done now?
    ///
    /// # Panics
    /// If the output was taken.
    pub(super) fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> bool {
        // SAFETY: the future is not moved out of the reference.
        let output = match unsafe { self.as_mut().get_unchecked_mut() } {
            // SAFETY: pinned with the slot (invariant 1).
            Slot::Waits(future) => match unsafe { Pin::new_unchecked(future) }.poll(cx) {
                Poll::Ready(output) => output,
                Poll::Pending => return false,
            },
            Slot::Done(_) => return true,
            Slot::Taken => panic!("several futures were polled as one after that yielded"),
        };
        // Drops the future in place.
        self.set(Slot::Done(output));
        true
    }

    /// Tells of the future, or that it is ready.
    ///
    /// # Safety
    /// That of [`Tells::tell`], of a slot.
    pub(super) unsafe fn tell(this: *mut Self, walk: &mut Walk<'_>)
    where
        F: Tells,
    {
        // SAFETY: the slot is there, and nobody uses it. What may be borrowed from within is not `Unpin`, nor is then the
        // slot, so this reference claims nothing of it.
        match unsafe { &mut *this } {
            // SAFETY: the caller's promise.
            Slot::Waits(future) => unsafe { F::tell(future, walk) },
            Slot::Done(_) | Slot::Taken => walk.is_ready(),
        }
    }

    /// The output, to look at.
    pub(super) fn output(self: Pin<&mut Self>) -> Option<&mut F::Output> {
        // SAFETY: the future is not reached, and the output is not pinned.
        match unsafe { self.get_unchecked_mut() } {
            Slot::Done(output) => Some(output),
            _ => None,
        }
    }

    /// The output.
    ///
    /// # Panics
    /// If it is not there.
    pub(super) fn take(self: Pin<&mut Self>) -> F::Output {
        // SAFETY: a future is not moved: only what is `Done` is taken out.
        let this = unsafe { self.get_unchecked_mut() };
        assert!(matches!(this, Slot::Done(_)), "taken when all are done");
        match core::mem::replace(this, Slot::Taken) {
            Slot::Done(output) => output,
            _ => unreachable!("seen above"),
        }
    }
}
