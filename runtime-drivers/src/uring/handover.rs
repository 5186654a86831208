//! Where tasks move: a thread leaves its worker in the middle of a poll, and another one runs that on a ring of its own.
//!
//! A ring of one issuer stays with its thread: only that may enter it, and with `DEFER_TASKRUN` nothing completes there
//! meanwhile. So the thread *empties* it before it goes: it has the kernel take back all that is under way, and takes the
//! completions. What was cancelled is armed or made again as if its thread had ended, which is what the rest of the driver knows
//! already; and all of that goes to the ring of whoever arrives. One that ends gives its ring back, on its own thread (see
//! *Threads* in the module's page); one that comes back finds its own. See decision 0071.
//!
//! ```text
//!                       1                            2
//!   in use, by A ────────────▶ adrift, A's is left ────▶ in use, by B; A's is left
//!        ▲                           │ 3 A comes back first    │ 4 B empties its ring, and drops it
//!        └───────────────────────────┴──── 3 ─── adrift ◀──────┘
//! ```
//! 1, 4 [`Uring::leaves`] · 2 [`Uring::takes_over`], with the ring that was set up ahead · 3 the same, with its own
//!
//! # Invariants
//! 1. *Adrift*, the ring in the driver's hands is one that nobody enters: it holds back all that is queued, in order, and whoever
//!    arrives takes that along to its own.
//! 2. `others.in_kernel` counts those entries of `in_kernel` that rings have which are not in use; each of them has its part.
//! 3. A ring that was left is entered by its own thread only: while it is being emptied, and when that is back. Others touch
//!    nothing of it but what it holds back.
//! 4. A buffer that a completion brings is of the ring that it came from.
//! 5. A thread that is away is anybody until it is back, also where its own ring is the one in place: it takes no turn, and no
//!    completion ([`Ring::is_run_here`]).
//! 6. While a ring is left nothing is sent without a copy: the notice of such a send cannot be cancelled, and a stand-in ends
//!    when its ring is empty.

use super::provided::Provided;
use super::ring::{Completion, Ring};
use super::{Kernel, Pool, State, Uring, kind, named};
use crate::sys::ring as calls;
use bespoke_core::error::Error;
use bespoke_core::roles::Leaves;
use bespoke_core::sharing::Sharing;
use core::mem;
use core::time::Duration;
use io_uring::{opcode, types};
use std::time::Instant;
use std::vec::Vec;

/// A ring that is not in use, and what belongs to it.
pub(super) struct Left {
    /// First: it goes before the buffers that the kernel knows of.
    pub(super) ring: Ring,
    provided: Option<Provided>,
    provides: bool,
    wake_armed: bool,
    /// Its part of those that the kernel has.
    pub(super) in_kernel: u32,
    /// Those among them whose notices are due.
    notices: u32,
}

/// The rings of a driver but for the one in use.
#[derive(Default)]
pub(super) struct Others {
    /// Nobody has entered it: it is for the next thread that comes.
    pub(super) spare: Option<Left>,
    /// Their threads come back.
    pub(super) left: Vec<Left>,
    /// Nobody has arrived since a thread left. So many entries the ring has that is in its place (invariant 1).
    pub(super) adrift: Option<u32>,
    /// Invariant 2.
    pub(super) in_kernel: u32,
}

impl Left {
    /// One that nobody has entered.
    fn ahead(ring: Ring) -> Self {
        Left { ring, provided: None, provides: false, wake_armed: false, in_kernel: 0, notices: 0 }
    }

    /// Asks the kernel to end all that it has of it.
    fn cancel(&mut self) {
        let entry = opcode::AsyncCancel2::new(types::CancelBuilder::any()).build();
        // SAFETY: a cancel points at no memory.
        unsafe { self.ring.push(entry.user_data(named(kind::IGNORED, 0, 0)), Kernel::V6_1) };
    }

    /// So many entries its thread leaves where they are: notices, which no cancel ends. One that ends has none (invariant 6).
    fn stays(&self, how: Leaves) -> u32 {
        if how == Leaves::ForGood { 0 } else { self.notices }
    }
}

impl State {
    fn others(&mut self) -> &mut Others {
        self.others.get_or_insert_default()
    }

    /// Is the ring in use the only one that may have anything (invariant 6)?
    pub(super) fn none_is_left(&self) -> bool {
        self.others.as_ref().is_none_or(|others| others.left.is_empty() && others.adrift.is_none())
    }

    /// Does this thread have the ring in use, which no other may enter?
    fn is_bound_to(&self, here: usize) -> bool {
        let adrift = self.others.as_ref().is_some_and(|others| others.adrift.is_some());
        !adrift && self.ring.flags().single_issuer && self.ring.thread() == here && !self.ring.is_copy()
    }

    /// This thread leaves the ring in use, which goes along as it is.
    fn goes_along(&mut self, here: usize) {
        if !self.ring.flags().single_issuer && self.ring.thread() == here && !self.ring.is_copy() {
            self.ring.leave();
        }
    }

    /// Is there no ring for a thread that comes?
    fn lacks_spare(&self) -> bool {
        self.others.as_ref().is_none_or(|others| others.spare.is_none())
    }

    /// The ring in use changes places with another.
    fn change(&mut self, other: &mut Left) {
        mem::swap(&mut self.ring, &mut other.ring);
        mem::swap(&mut self.provided, &mut other.provided);
        mem::swap(&mut self.provides, &mut other.provides);
        mem::swap(&mut self.wake_armed, &mut other.wake_armed);
        mem::swap(&mut self.notices, &mut other.notices);
    }

    /// Puts another ring in the place of the one in use, which is the caller's now: one that holds back what is queued.
    fn steps_aside(&mut self, how: Leaves) -> Option<Left> {
        let all = self.in_kernel;
        let others = self.others();
        let in_kernel = all - others.in_kernel;
        let mut other = match how {
            Leaves::InAPoll => others.spare.take()?,
            // Whoever comes has one of these.
            Leaves::BetweenTurns | Leaves::ForGood => others.left.pop().or_else(|| others.spare.take())?,
        };
        others.adrift = Some(other.in_kernel);
        others.in_kernel += in_kernel;
        self.change(&mut other);
        other.in_kernel = in_kernel;
        self.ring.hold_back();
        self.asleep = false;
        Some(other)
    }

    /// The ring that this thread has left, if it has.
    fn own(&mut self, here: usize) -> Option<Left> {
        let others = self.others();
        let at = others.left.iter().position(|left| left.ring.thread() == here)?;
        Some(others.left.swap_remove(at))
    }

    /// `own` is in use from now on, with what was held back.
    fn steps_in(&mut self, mut own: Left, pool: &Pool) {
        let others = self.others();
        let held = others.adrift.take().unwrap_or(0);
        others.in_kernel -= own.in_kernel;
        self.change(&mut own);
        self.ring.goes_on_with(&mut own.ring);
        own.in_kernel = held;
        if own.provides && !self.provides {
            // Entries that come along may ask for buffers.
            self.provide(pool);
        }
        let others = self.others();
        match own.ring.thread() {
            0 => others.spare = Some(own),
            _ => others.left.push(own),
        }
    }
}

impl<S: Sharing> Uring<S> {
    /// This thread, which runs the worker, leaves it to another.
    ///
    /// # Errors
    /// There is no ring for a thread that comes to stand in. Nothing has changed then.
    pub(super) fn leaves(&self, how: Leaves) -> Result<(), Error> {
        let here = calls::thread();
        if !S::MOVING {
            return Ok(());
        }
        if !self.with(|state| state.is_bound_to(here)) {
            self.with(|state| state.goes_along(here));
            return Ok(());
        }
        if how == Leaves::InAPoll && self.with(|state| state.lacks_spare()) {
            // It may wait for memory, so nothing is locked.
            let spare = Left::ahead(Ring::new(self.settings)?);
            self.with(|state| state.others().spare = Some(spare));
        }
        let Some(mut left) = self.with(|state| state.steps_aside(how)) else {
            unreachable!("whoever has the worker next has left a ring, or there is one ahead")
        };
        self.alarm.leave_ring();
        self.empty(&mut left, how);
        if how != Leaves::ForGood {
            self.with(|state| state.others().left.push(left));
        } else if left.in_kernel == 0 {
            drop(left); // here: its index is this thread's
        } else {
            mem::forget(left); // the kernel tells no more, and may use what it has (invariant 2 of the driver)
        }
        Ok(())
    }

    /// Has the kernel give back what it has of a ring, which is no more in use.
    fn empty(&self, left: &mut Left, how: Leaves) {
        let start = now();
        let mut cancels = true;
        // What was put off is of this ring, whether more is to come or not (invariant 4).
        while let Some(completion) = left.ring.put_off_before() {
            self.completed_at(left, completion);
        }
        while left.in_kernel > left.stays(how) {
            // A cancel completes itself, which would end a wait.
            let wait = if cancels { Duration::ZERO } else { AGAIN_AFTER };
            if cancels {
                left.cancel();
            }
            cancels = !cancels;
            let entered = left.ring.enter(Some(wait));
            while let Some(completion) = left.ring.put_off_before().or_else(|| left.ring.completion()) {
                self.completed_at(left, completion);
            }
            // A ring that is broken tells so in a turn of its thread, and what it has is told then or never.
            let late =
                how != Leaves::ForGood && now().saturating_duration_since(start) > MOST && left.ring.is_settled();
            if entered.is_err() || late {
                return;
            }
        }
    }

    /// A completion of a ring that is being emptied.
    fn completed_at(&self, left: &mut Left, completion: Completion) {
        let kind = completion.user_data >> 60;
        let last = !completion.more();
        match kind {
            kind::WAKE => {
                left.wake_armed &= !last;
                return;
            }
            kind::IGNORED => return,
            _ => {}
        }
        if last {
            left.in_kernel -= 1;
            self.with(|state| state.others().in_kernel -= 1);
        }
        match kind {
            kind::SLOT if completion.is_of_two() => self.one_of_two(completion, Some(&mut left.notices)),
            kind::SLOT => self.slot_completed(completion),
            kind::CLOSE => self.with(|state| state.closed(completion)),
            _ => {
                let buffer = completion.buffer().and_then(|id| left.provided.as_mut()?.take(id));
                self.source_completed_with(completion, buffer);
            }
        }
    }

    /// This thread runs the worker from now on, which another one has left, or this one itself. `false`: none has.
    ///
    /// # Errors
    /// There is no ring for it. Nothing has changed then.
    pub(super) fn takes_over(&self, here: usize) -> Result<bool, Error> {
        let (adrift, known) = self.with(|state| {
            let Some(others) = &state.others else { return (false, true) };
            let ahead = others.spare.is_some() || state.ring.thread() == 0 || state.ring.thread() == here;
            let known = ahead || others.left.iter().any(|left| left.ring.thread() == here);
            (others.adrift.is_some(), known)
        });
        if !adrift {
            return Ok(false);
        }
        // Only where a thread gave the worker up between two turns, and one comes that nobody has sent for.
        let made = if known { None } else { Some(Left::ahead(Ring::new(self.settings)?)) };
        self.with_pool(|state, pool| {
            if state.ring.thread() == here {
                let others = state.others();
                others.in_kernel -= others.adrift.take().unwrap_or(0);
                state.ring.come_back();
            } else if let Some(own) = state.own(here) {
                state.steps_in(own, pool);
            } else if state.ring.thread() == 0 {
                state.ring.arrive(here)?;
                state.others().adrift = None;
            } else if let Some(mut own) = made.or_else(|| state.others().spare.take()) {
                own.ring.arrive(here)?;
                state.steps_in(own, pool);
            }
            self.alarm.connect(state.ring.fd());
            Ok(true)
        })
    }
}

/// So long a thread that comes back waits for what does not end by a cancel, as work of a disk: it goes then, and hears of the
/// rest when it is back.
pub(super) const MOST: Duration = Duration::from_secs(1);

/// After so long it asks again: what was cancelled while it ran elsewhere in the kernel is found by a later one.
const AGAIN_AFTER: Duration = Duration::from_millis(1);

#[expect(clippy::disallowed_methods, reason = "how long a disk may take is the system's time")]
fn now() -> Instant {
    Instant::now()
}
