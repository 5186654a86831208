//! Which thread runs a worker: one at a time is at the *helm*, and it alone is the worker's owner.
//!
//! Usually that is the worker's *base*, the thread that was started for it, from its start to its close. A thread that is to
//! block in the middle of a poll goes *away*, and a *stand-in* takes the helm. That one may meet a task that blocks as well, so
//! several threads may be away, each in the middle of one poll. Those want the helm back, and end their polls one after the
//! other.
//!
//! ```text
//!            [1]                 [2]                       [4]
//!   at helm ─────► away (blocks) ─────► away, wants back ─────► at helm, in its poll
//!      ▲            │ helm free                                   │ [5] the poll ends
//!      │        [3] ▼                                             ▼
//!      └─────── a stand-in comes                              at helm, between two turns ──► [5] gives it up, ends or waits
//! ```
//! [1] [`Helm::leaves`] · [2] [`Helm::comes_back`] · [3] [`Helm::stands_in`] · [4] whoever has the helm gives it, at [1] or [5] ·
//! [5] [`Helm::at_turn`].
//!
//! # Invariants
//! 1. At most one thread is at the helm. Who takes it comes after all that the one before did there: it changes hands under the
//!    lock.
//! 2. The helm is given at [1] and [5] only, by the thread that has it, which touches nothing of the worker's afterwards: so no
//!    other frame is in the middle of a turn.
//! 3. It goes to one that is away and wants it back, the first to come; else to the base, if it waits; else, at [1], it is free.
//! 4. Free, it is taken by the first who comes: a stand-in, of which one is on its way (`sent`) unless the worker failed, or one
//!    that comes back. A stand-in that finds it taken goes. At most one is on its way.
//! 5. `asked` says that somebody waits, at the latest when the lock that it was noted under is given up. Who waits rings the
//!    worker after that; whoever is at the helm looks before each turn, and a ring that comes before its sleep ends that.
//! 6. While anybody is away the base does not close the worker.
//! 7. What is in a `Cell` is of whoever has the helm.

use crate::loom::{AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, Plant, planted};
use core::cell::Cell;
use std::sync::PoisonError;

/// The helm of one worker.
pub(crate) struct Helm {
    state: Mutex<State>,
    /// Rung when the helm is given to somebody who waits.
    given: Condvar,
    /// 1: somebody waits (invariant 5). Written under the lock.
    asked: AtomicUsize,
    /// Threads in the middle of a poll who are not at the helm.
    away: Cell<usize>,
    /// A thread at the helm failed outside of the tasks: the worker ends.
    failed: Cell<bool>,
    /// Tasks were cancelled ahead of the close.
    cancelled: Cell<bool>,
    /// Those that are kept as well.
    cancelled_kept: Cell<bool>,
}

// SAFETY: invariant 7, and the helm changes hands under the lock (invariant 1).
unsafe impl Send for Helm {}
// SAFETY: as above.
unsafe impl Sync for Helm {}

/// What the lock guards.
struct State {
    free: bool,
    base_waits: bool,
    /// How many have wanted the helm back; each has the number of those before it.
    came: usize,
    /// How many of them have it, or had it.
    went: usize,
    /// A stand-in is on its way.
    sent: bool,
}

/// What a thread at the helm does after a turn.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The next turn.
    Go,
    /// It is not at the helm any more, and ends.
    End,
}

impl Helm {
    /// The base is at the helm.
    pub(super) fn new() -> Self {
        Helm {
            state: Mutex::new(State { free: false, base_waits: false, came: 0, went: 0, sent: false }),
            given: Condvar::new(),
            asked: AtomicUsize::new(0),
            away: Cell::new(0),
            failed: Cell::new(false),
            cancelled: Cell::new(false),
            cancelled_kept: Cell::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing of the user's runs under this lock, so a poisoned one has a whole value all the same.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says to others what the lock guards.
    fn tell(&self, state: &State) {
        let asked = state.came > state.went || state.base_waits;
        self.asked.store(usize::from(asked), Ordering::Release);
    }

    /// Gives the helm to somebody who waits, if anybody does (invariant 3).
    fn pass(&self, state: &mut State) -> bool {
        if state.came > state.went {
            state.went += 1;
            self.away.set(self.away.get() - 1);
        } else if state.base_waits {
            state.base_waits = false;
        } else {
            return false;
        }
        self.tell(state);
        if !planted(Plant::HelmGivenUnheard) {
            self.given.notify_all();
        }
        true
    }

    /// [1] This thread, in the middle of a poll, leaves the helm. `true`: the caller sends a stand-in. Else somebody who waited
    /// has it, or one is on its way; or the worker has failed, and nobody could run it.
    ///
    /// # Safety
    /// The caller is at the helm, and is not from now on.
    pub(crate) unsafe fn leaves(&self) -> bool {
        let mut state = self.lock();
        self.away.set(self.away.get() + 1);
        if self.pass(&mut state) {
            return false;
        }
        state.free = true;
        // One that was sent to an earlier closure, which was over before, comes to this one.
        !self.failed.get() && !core::mem::replace(&mut state.sent, true)
    }

    /// There is no stand-in to send.
    pub(crate) fn unsent(&self) {
        self.lock().sent = false;
    }

    /// Is nobody at the helm, at this moment?
    pub(crate) fn is_free(&self) -> bool {
        self.lock().free
    }

    /// Takes the helm if it is free: by one that is away.
    fn take_back(&self, state: &mut State) -> bool {
        let free = core::mem::replace(&mut state.free, false);
        if free {
            self.away.set(self.away.get() - 1);
        }
        free
    }

    /// [2] This thread wants the helm back, and waits for it. `ring` ends the sleep of whoever has it.
    ///
    /// # Safety
    /// The caller is away. It is at the helm from now on.
    pub(crate) unsafe fn comes_back(&self, ring: impl FnOnce()) {
        let mut state = self.lock();
        if self.take_back(&mut state) {
            return;
        }
        let before = state.came;
        state.came += 1;
        self.tell(&state);
        drop(state);
        if !planted(Plant::HelmAskedSilently) {
            ring();
        }
        let mut state = self.lock();
        while state.went <= before {
            state = self.given.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// [3] A stand-in comes. `true`: it is at the helm.
    pub(crate) fn stands_in(&self) -> bool {
        if planted(Plant::HelmTakenInTwoSteps) {
            let free = self.lock().free;
            let mut state = self.lock();
            (state.sent, state.free) = (false, false);
            return free;
        }
        let mut state = self.lock();
        state.sent = false;
        core::mem::replace(&mut state.free, false)
    }

    /// Does anybody wait for the helm?
    #[inline]
    pub(crate) fn is_asked_for(&self) -> bool {
        self.asked.load(Ordering::Acquire) != 0
    }

    /// [5] Between two turns, if somebody [asks](Self::is_asked_for). A stand-in gives the helm up, and the base until it gets it
    /// back.
    ///
    /// # Safety
    /// The caller is at the helm, between two turns; after [`Turn::End`] it is not.
    pub(crate) unsafe fn at_turn(&self, base: bool) -> Turn {
        let mut state = self.lock();
        if !self.pass(&mut state) {
            return Turn::Go;
        }
        if !base {
            return Turn::End;
        }
        drop(self.base_waits(state));
        Turn::Go
    }

    /// The base has given the helm up, or left it free, and waits until it gets it.
    fn base_waits<'a>(&'a self, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        state.base_waits = true;
        self.tell(&state);
        while state.base_waits {
            state = self.given.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// Is no thread away (invariant 6)?
    ///
    /// # Safety
    /// The caller is at the helm.
    pub(crate) unsafe fn all_are_here(&self) -> bool {
        self.away.get() == 0 || planted(Plant::ClosedWhileAway)
    }

    /// A stand-in failed outside of the tasks. It gives the helm to whoever waits, or leaves it free for the next who comes back.
    ///
    /// # Safety
    /// The caller is at the helm, and is not from now on.
    pub(crate) unsafe fn fails(&self) {
        self.failed.set(true);
        let mut state = self.lock();
        if !self.pass(&mut state) {
            state.free = true;
        }
    }

    /// This thread, at the helm, finds that it cannot run the worker: the base ends it.
    ///
    /// # Safety
    /// The caller is at the helm.
    pub(crate) unsafe fn note_failure(&self) {
        self.failed.set(true);
    }

    /// Has a thread at the helm failed?
    ///
    /// # Safety
    /// The caller is at the helm.
    pub(crate) unsafe fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// The base, which runs no turns any more, waits until nobody is away.
    ///
    /// # Safety
    /// The caller is the base, at the helm, between two turns.
    pub(crate) unsafe fn until_all_are_back(&self) {
        let mut state = self.lock();
        while self.away.get() > 0 {
            if !self.pass(&mut state) {
                // Who comes back takes it, and gives it to the base when its poll has ended.
                state.free = true;
            }
            state = self.base_waits(state);
        }
    }

    /// Were tasks cancelled ahead of the close? `kept`: also those that are kept.
    ///
    /// # Safety
    /// The caller is at the helm.
    pub(crate) unsafe fn has_cancelled(&self, kept: bool) -> bool {
        self.cancelled.get() && (!kept || self.cancelled_kept.get())
    }

    /// Tasks are cancelled ahead of the close. `true`: for the first time.
    ///
    /// # Safety
    /// The caller is at the helm.
    pub(crate) unsafe fn cancels(&self, kept: bool) -> bool {
        // SAFETY: as the caller.
        let first = !unsafe { self.has_cancelled(kept) };
        self.cancelled.set(true);
        self.cancelled_kept.set(self.cancelled_kept.get() || kept);
        first
    }
}

impl core::fmt::Debug for Helm {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Helm").finish_non_exhaustive()
    }
}
