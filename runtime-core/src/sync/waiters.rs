//! The wait list: first in, first out, and intrusive, so that waiting allocates nothing.
//!
//! A [`Waiter`] lies in the future that waits, a [`Waiters`] in the state that a lock guards. The list is not generic: what
//! a notification means is up to its owner, who has a word in every waiter for it.
//!
//! ```text
//!          (1) push              (2) pop
//!   Idle ───────────► Waiting ───────────► Notified ───► Finished
//!     │                  │                    (4) finish    ▲
//!     │                  └──────────────────────────────────┤ (3) remove
//!     └─────────────────────────────────────────────────────┘ (4) finish
//! ```
//!
//! # Invariants
//! 1. A waiter is `Waiting` iff it is in the list that it was pushed to. Both links of a list's nodes are in the list.
//! 2. Every access to a waiter that is not `Idle` holds the lock that guards its list.
//! 3. A waiter is pinned from its push on, and its future removes it before its memory goes: the drop of a pinned value
//!    cannot be skipped by whoever wants its memory back. A future that is forgotten keeps its memory.
//! 4. A list calls no waker: it hands them out.

use crate::loom::UnsafeCell;
use crate::task::run::guard;
use core::fmt;
use core::marker::PhantomPinned;
use core::pin::Pin;
use core::ptr::{NonNull, null};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::task::{Poll, Waker};

/// Where a waiter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not pushed yet.
    Idle,
    /// In the list.
    Waiting,
    /// Taken out of the list by a notification, which its future has not seen yet.
    Notified,
    /// The future has its answer.
    Finished,
}

/// A place in a wait list, inside the future that waits.
pub(crate) struct Waiter {
    fields: UnsafeCell<Fields>,
    /// Was it pushed, and has its future not got its answer? Its future alone reads and writes it, hence relaxed: so a future
    /// that never waited, or has its answer, goes without the lock.
    pending: AtomicBool,
    _pinned: PhantomPinned,
}

struct Fields {
    previous: *const Waiter,
    next: *const Waiter,
    waker: Option<Waker>,
    stage: Stage,
    word: usize,
}

// SAFETY: the type gives no access by itself; what may touch it holds the list's lock (invariant 2), and a waker is `Send`.
unsafe impl Send for Waiter {}
// SAFETY: as above.
unsafe impl Sync for Waiter {}

impl Waiter {
    /// A waiter in no list. `word` belongs to whoever owns the list.
    pub(crate) fn new(word: usize) -> Self {
        let fields = Fields { previous: null(), next: null(), waker: None, stage: Stage::Idle, word };
        Waiter { fields: UnsafeCell::new(fields), pending: AtomicBool::new(false), _pinned: PhantomPinned }
    }

    /// Must its future let go under the lock? Asked by the future.
    #[inline(always)]
    pub(crate) fn is_pending(&self) -> bool {
        self.pending.load(Relaxed)
    }

    /// # Safety
    /// As invariant 2: it is `Idle` and the caller's alone, or the caller holds the lock of its list. `f` does not come back
    /// here.
    #[inline(always)]
    unsafe fn with<R>(&self, f: impl FnOnce(&mut Fields) -> R) -> R {
        // SAFETY: alone (contract).
        self.fields.with_mut(|fields| f(unsafe { &mut *fields }))
    }

    /// # Safety
    /// As [`with`](Self::with).
    #[inline(always)]
    pub(crate) unsafe fn stage(&self) -> Stage {
        // SAFETY: as the caller.
        unsafe { self.with(|fields| fields.stage) }
    }

    /// # Safety
    /// As [`with`](Self::with).
    #[inline(always)]
    pub(crate) unsafe fn word(&self) -> usize {
        // SAFETY: as the caller.
        unsafe { self.with(|fields| fields.word) }
    }

    /// The future has its answer (4).
    ///
    /// # Safety
    /// As [`with`](Self::with); it is not `Waiting`.
    #[inline(always)]
    pub(crate) unsafe fn finish(&self) {
        self.pending.store(false, Relaxed);
        // SAFETY: as the caller.
        unsafe {
            self.with(|fields| {
                debug_assert_ne!(fields.stage, Stage::Waiting);
                fields.stage = Stage::Finished;
            });
        }
    }
}

impl fmt::Debug for Waiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Waiter")
    }
}

/// A wait list; see the module.
pub(crate) struct Waiters {
    first: *const Waiter,
    last: *const Waiter,
}

// SAFETY: it reaches waiters only, which are `Send` and `Sync`, and only for whoever holds the lock (invariant 2).
unsafe impl Send for Waiters {}

impl Waiters {
    pub(crate) const fn new() -> Self {
        Waiters { first: null(), last: null() }
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_null()
    }

    /// Waits on: an idle waiter is put at the end (1), one that is waiting gets the waker of the task that polls it now.
    ///
    /// # Safety
    /// As [`push`](Self::push); or `waiter` is waiting in this list.
    pub(crate) unsafe fn wait<R>(&mut self, waiter: Pin<&Waiter>, hand: &mut Hand<'_>) -> Look<R> {
        // SAFETY: the lock is held.
        if unsafe { waiter.stage() } == Stage::Waiting {
            // SAFETY: as above; a waker that is compared or moved does not come back here.
            return unsafe { waiter.with(|fields| hand.keep(&mut fields.waker)) };
        }
        if hand.waker.is_some() && hand.spare.is_none() {
            return Look::NeedsWaker;
        }
        // SAFETY: as the caller.
        unsafe { self.push(waiter, hand.spare.take()) };
        Look::Waits
    }

    /// Puts an idle waiter at the end (1).
    ///
    /// # Safety
    /// The caller holds the lock that guards this list. `waiter` is idle. Its future calls [`remove`](Self::remove), under
    /// that lock, before its memory goes, unless it is notified by then (invariant 3).
    unsafe fn push(&mut self, waiter: Pin<&Waiter>, waker: Option<Waker>) {
        let waiter: *const Waiter = waiter.get_ref();
        // SAFETY: the caller's, and idle.
        let this = unsafe { &*waiter };
        this.pending.store(true, Relaxed);
        let last = self.last;
        // SAFETY: idle, so the caller's alone.
        unsafe {
            this.with(|fields| {
                debug_assert_eq!(fields.stage, Stage::Idle);
                fields.stage = Stage::Waiting;
                fields.previous = last;
                fields.waker = waker;
            });
        }
        self.last = waiter;
        // SAFETY: a waiter of this list is alive (invariant 3).
        match unsafe { last.as_ref() } {
            // SAFETY: the lock is held.
            Some(last) => unsafe { last.with(|fields| fields.next = waiter) },
            None => self.first = waiter,
        }
    }

    /// Notifies the first waiter that `admits` its word (2): `None` without one, else its waker, if it has one yet.
    ///
    /// # Safety
    /// The caller holds the lock that guards this list. `mark` becomes the waiter's word.
    #[inline]
    pub(crate) unsafe fn pop(&mut self, mark: usize, admits: impl Fn(usize) -> bool) -> Option<Option<Waker>> {
        let mut at = self.first;
        let found = loop {
            // SAFETY: a waiter of this list is alive (invariant 3).
            let waiter = unsafe { at.as_ref() }?;
            // SAFETY: the lock is held.
            let (word, next) = unsafe { waiter.with(|fields| (fields.word, fields.next)) };
            if admits(word) {
                break waiter;
            }
            at = next;
        };
        // SAFETY: it is in this list.
        let waker = unsafe { self.unlink(found, Stage::Notified) };
        // SAFETY: the lock is held.
        unsafe { found.with(|fields| fields.word = mark) };
        Some(waker)
    }

    /// Takes a waiter out (3): its waker, to be dropped without the lock.
    ///
    /// # Safety
    /// The caller holds the lock that guards this list, in which `waiter` is waiting.
    pub(crate) unsafe fn remove(&mut self, waiter: &Waiter) -> Option<Waker> {
        // SAFETY: as the caller.
        unsafe { self.unlink(waiter, Stage::Finished) }
    }

    /// # Safety
    /// As [`remove`](Self::remove).
    unsafe fn unlink(&mut self, waiter: &Waiter, stage: Stage) -> Option<Waker> {
        // SAFETY: the lock is held.
        let (previous, next, waker) = unsafe {
            waiter.with(|fields| {
                debug_assert_eq!(fields.stage, Stage::Waiting);
                fields.stage = stage;
                let links = (fields.previous, fields.next, fields.waker.take());
                (fields.previous, fields.next) = (null(), null());
                links
            })
        };
        // SAFETY: a neighbour is in the list (invariant 1), so it is alive (invariant 3).
        match unsafe { previous.as_ref() } {
            // SAFETY: the lock is held.
            Some(previous) => unsafe { previous.with(|fields| fields.next = next) },
            None => self.first = next,
        }
        // SAFETY: as above.
        match unsafe { next.as_ref() } {
            // SAFETY: the lock is held.
            Some(next) => unsafe { next.with(|fields| fields.previous = previous) },
            None => self.last = previous,
        }
        waker
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiters").field("first", &NonNull::new(self.first.cast_mut())).finish_non_exhaustive()
    }
}

/// What a look under the lock came to.
#[must_use]
pub(crate) enum Look<R> {
    Ready(R),
    Waits,
    /// It has to wait, and for that it needs a waker.
    NeedsWaker,
}

/// The wakers that one poll has to do with: made before the lock, dropped after it.
pub(crate) struct Hand<'a> {
    /// The waker of the poll; without one, there is nobody to be woken yet.
    waker: Option<&'a Waker>,
    /// A clone of it, to wait with.
    spare: Option<Waker>,
    /// The one that was there before.
    pub(crate) gone: Option<Waker>,
}

impl Hand<'_> {
    /// Is this the second look, which goes with a clone of the waker?
    pub(crate) fn has_spare(&self) -> bool {
        self.spare.is_some()
    }

    /// Waits with the waker in `place`.
    pub(crate) fn keep<R>(&mut self, place: &mut Option<Waker>) -> Look<R> {
        let Some(waker) = self.waker else { return Look::Waits };
        if place.as_ref().is_some_and(|mine| mine.will_wake(waker)) {
            return Look::Waits;
        }
        let Some(spare) = self.spare.take() else { return Look::NeedsWaker };
        self.gone = place.replace(spare);
        Look::Waits
    }
}

/// One poll: `look` looks under the lock, once, and a second time if it has to wait. A waker may be anybody's code, so it is
/// cloned between the two.
#[inline(always)]
pub(crate) fn poll<R>(waker: Option<&Waker>, look: impl FnMut(&mut Hand<'_>) -> Look<R>) -> Poll<R> {
    poll_with(Hand { waker, spare: None, gone: None }, look)
}

/// As [`poll`], for who looked already and saw that it will have to wait.
#[inline(always)]
pub(crate) fn poll_again<R>(waker: &Waker, look: impl FnMut(&mut Hand<'_>) -> Look<R>) -> Poll<R> {
    poll_with(Hand { waker: Some(waker), spare: Some(waker.clone()), gone: None }, look)
}

#[inline(always)]
fn poll_with<R>(mut hand: Hand<'_>, mut look: impl FnMut(&mut Hand<'_>) -> Look<R>) -> Poll<R> {
    loop {
        match look(&mut hand) {
            Look::Ready(output) => return Poll::Ready(output),
            Look::Waits => return Poll::Pending,
            Look::NeedsWaker => hand.spare = hand.waker.cloned(),
        }
    }
}

/// Wakes who waits on the other side, without the lock. Its waker may panic; the panic hook has told of it then, and this side,
/// which may hold a message or be unwinding itself, goes on.
#[inline]
pub(crate) fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        wake_guarded(waker);
    }
}

/// Out of line: most calls find nobody waiting, and pay for no more than that look.
#[inline(never)]
fn wake_guarded(waker: Waker) {
    guard(|| waker.wake());
}

/// Wakers taken out under a lock, to be woken without it, also if something panics in between.
#[derive(Debug)]
pub(crate) struct Wakes {
    wakers: [Option<Waker>; Wakes::MAX],
    len: usize,
}

impl Wakes {
    pub(crate) const MAX: usize = 16;

    pub(crate) fn new() -> Self {
        Wakes { wakers: [const { None }; Self::MAX], len: 0 }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.len == Self::MAX
    }

    /// # Panics
    /// If it is full.
    pub(crate) fn push(&mut self, waker: Option<Waker>) {
        if waker.is_some() {
            self.wakers[self.len] = waker;
            self.len += 1;
        }
    }

    fn wake_all(&mut self) {
        // The oldest first: who waited longest runs first.
        for at in 0..self.len {
            wake(self.wakers[at].take());
        }
        self.len = 0;
    }

    /// Wakes them, without the lock.
    pub(crate) fn wake(mut self) {
        self.wake_all();
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        self.wake_all();
    }
}

/// Wakes whom `next` puts in, as often as it says that there may be more.
pub(crate) fn wake_all(mut next: impl FnMut(&mut Wakes) -> bool) {
    let mut more = true;
    while more {
        let mut wakes = Wakes::new();
        more = next(&mut wakes);
        wakes.wake();
    }
}
