//! The budget of a poll, as adapters see it that answer before what they began is done.

use crate::task::home;
use core::cell::Cell;
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// Calls `begin`, all of which counts as one operation of this poll's budget; or as none, if none is completed in it.
/// [`Pending`](Poll::Pending), with the waker woken: the budget is spent, and nothing was called.
///
/// For what tells its caller "taken" before it is sent: an operation that finds the budget spent does not reach the driver, and
/// a caller who was told "taken" need not poll again. Where no runtime runs the caller there is no budget.
pub fn as_one_operation<R>(cx: &mut Context<'_>, begin: impl FnOnce(&mut Context<'_>) -> R) -> Poll<R> {
    let Some((budget, closing)) = home::poll_budget() else { return Poll::Ready(begin(cx)) };
    // SAFETY: this thread runs the home, for longer than this call.
    let cell = unsafe { budget.as_ref() };
    let left = cell.get();
    if left == 0 {
        // In a close there is no other poll to wake for.
        if !closing {
            cx.waker().wake_by_ref();
        }
        return Poll::Pending;
    }
    cell.set(u32::MAX);
    let _counted = Counted { budget, left };
    Poll::Ready(begin(cx))
}

/// Puts back what is left, also when a panic ends the call.
struct Counted {
    budget: NonNull<Cell<u32>>,
    left: u32,
}

impl Drop for Counted {
    fn drop(&mut self) {
        // SAFETY: as in the call that this is of.
        let budget = unsafe { self.budget.as_ref() };
        let completed = budget.get() != u32::MAX;
        budget.set(self.left - u32::from(completed));
    }
}
