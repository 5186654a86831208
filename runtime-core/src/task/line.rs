//! What a worker shows of its polls to a thread that watches it: [`Line`].
//!
//! The worker writes with stores that release, plain ones on x86: four for a poll of a task. It reads no clock, and never
//! waits. Whoever looks reads what is static or a number, and nothing of a task.
//!
//! # Invariants
//! 1. One thread at a time writes, the owner of the worker.
//! 2. `table` and `root` are null or of a `'static`; so what a look makes of them is never stale, whatever it was that it saw.
//! 3. `turn` changes at the begin and at the end of each poll, and a value does not come again before its counter is worn out.
//!    `table`, `task` and `root` are written while `turn` says that there is no poll.
//!
//! # What a look tells is of one poll
//! A look reads `turn`, then `table` and `task`, then `turn` again, and tells nothing unless both are equal. (a) The first read
//! acquires what the begin of that poll released: so the two words are those of this poll or of a later one. (b) If one were of a
//! later one, its read would acquire what that poll's begin released, and before that the end of this poll was written: so the
//! second read of `turn` would find another value. A model (`tests/loom.rs`) makes sure of both.
//!
//! Soundness does not rest on it: with invariant 2 the worst that a torn look could do is to name another task of the worker's.

#[cfg(all(test, loom, not(shuttle)))]
mod tests;

use super::header::VTable;
use crate::loom::{AtomicPtr, AtomicUsize, Ordering, Plant, planted};
use crate::machine::trace::Level;
use crate::machine::trace::ask::{ask_unbegun, passes};
use core::alloc::Layout;
use core::pin::Pin;
use core::ptr::{NonNull, from_ref, null_mut};
use core::task::Context;

/// What a worker shows. On lines of its own: it is written twice for each poll, and read a few times in a second.
#[repr(align(128))]
pub(crate) struct Line {
    /// The number of polls, and in the low bits what is polled: [`NOTHING`], [`TASK`] or [`ROOT`].
    turn: AtomicUsize,
    table: AtomicPtr<VTable>,
    task: AtomicUsize,
    root: AtomicPtr<Root>,
}

const NOTHING: usize = 0;
const TASK: usize = 1;
const ROOT: usize = 2;
const KIND: usize = 3;

impl Line {
    /// The owner begins to poll the task at `task`, which has this table.
    #[inline(always)]
    pub(crate) fn begins(&self, table: &'static VTable, task: usize) {
        if planted(Plant::ShownBeforeItsName) {
            self.turns(TASK);
        }
        self.table.store(from_ref(table).cast_mut(), Ordering::Release);
        self.task.store(task, Ordering::Release);
        if !planted(Plant::ShownBeforeItsName) {
            self.turns(TASK);
        }
    }

    /// The owner begins to poll what it said to be the [root](Self::is_under).
    #[inline(always)]
    pub(crate) fn begins_root(&self) {
        self.turns(ROOT);
    }

    #[inline(always)]
    fn turns(&self, kind: usize) {
        let before = self.turn.load(Ordering::Relaxed) & !KIND;
        self.turn.store(before.wrapping_add(KIND + 1) | kind, Ordering::Release);
    }

    /// The owner's poll is over, or there is none.
    #[inline(always)]
    pub(crate) fn ends(&self) {
        let turn = self.turn.load(Ordering::Relaxed) & !KIND;
        // Release: a look that meets a later task meets this.
        self.turn.store(turn, Ordering::Release);
    }

    /// The owner is about to run a `block_on` of this future, and polls it by [`begins_root`](Self::begins_root).
    pub(crate) fn is_under(&self, root: &'static Root) {
        let order = if planted(Plant::RootOutOfTurn) { Ordering::Relaxed } else { Ordering::Release };
        self.root.store(from_ref(root).cast_mut(), order);
    }

    /// Any thread: what is being polled now.
    pub(crate) fn look(&self) -> Option<Look> {
        let turn = self.turn.load(Ordering::Acquire);
        let table = self.table.load(Ordering::Acquire);
        let task = self.task.load(Ordering::Acquire);
        let root = self.root.load(Ordering::Acquire);
        if self.turn.load(Ordering::Relaxed) != turn && !planted(Plant::LooksOnce) {
            return None; // it has gone on
        }
        let subject = match turn & KIND {
            // SAFETY: null, or of a `'static` (invariant 2).
            TASK => Subject::Task(unsafe { table.as_ref() }?, task),
            // SAFETY: as above.
            ROOT => Subject::Root(unsafe { root.as_ref() }?),
            _ => return None,
        };
        Some(Look { turn, subject })
    }
}

impl Default for Line {
    fn default() -> Self {
        Line {
            turn: AtomicUsize::new(NOTHING),
            table: AtomicPtr::new(null_mut()),
            task: AtomicUsize::new(0),
            root: AtomicPtr::new(null_mut()),
        }
    }
}

/// A poll that was under way.
#[derive(Clone, Copy)]
pub(crate) struct Look {
    /// Of two looks at one line: they saw the same poll if it is the same.
    pub(crate) turn: usize,
    pub(crate) subject: Subject,
}

/// What is polled.
#[derive(Clone, Copy)]
pub(crate) enum Subject {
    /// A task, of which nothing but these is known: it may be gone.
    Task(&'static VTable, usize),
    /// The future of a `block_on`.
    Root(&'static Root),
}

impl Subject {
    /// The address of the task, if it is one: its identity.
    pub(crate) fn task(self) -> Option<usize> {
        match self {
            Subject::Task(_, task) => Some(task),
            Subject::Root(_) => None,
        }
    }

    /// What the compiler calls the type of the future.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Subject::Task(table, _) => (table.type_name)(),
            Subject::Root(root) => (root.type_name)(),
        }
    }

    /// The future of that type, as a trace tells of one that was not polled yet. No future is looked at: of a function under
    /// `#[async_fn]` this makes one that has not begun, in memory of its own.
    pub(crate) fn level(self) -> Option<Level> {
        match self {
            Subject::Task(table, _) => {
                let poll = |stand_in: *mut (), cx: &mut Context<'_>| {
                    let Some(stand_in) = NonNull::new(stand_in) else { unreachable!("memory has an address") };
                    // SAFETY: a poll of a task looks at its stage alone, where the future is, which may lie in a stand-in
                    // (`passes`).
                    let _ = unsafe { (table.poll)(stand_in.cast(), cx) };
                };
                // SAFETY: the layout is that of the block which the poll takes.
                unsafe { ask_unbegun((table.type_name)(), table.passes, table.layout, poll) }
            }
            Subject::Root(root) => {
                let poll = |stand_in: *mut (), cx: &mut Context<'_>| {
                    // SAFETY: the future may lie in a stand-in (`passes`), which is aligned for it.
                    unsafe { (root.poll)(stand_in, cx) }
                };
                // SAFETY: the layout is that of the future which the poll takes.
                unsafe { ask_unbegun((root.type_name)(), root.passes, root.layout, poll) }
            }
        }
    }
}

/// What is known of the type of a future that `block_on` runs.
pub(crate) struct Root {
    type_name: fn() -> &'static str,
    passes: fn() -> bool,
    layout: Layout,
    poll: unsafe fn(*mut (), &mut Context<'_>),
}

impl Root {
    /// Of the type `F`.
    pub(crate) const fn of<F: Future>() -> &'static Root {
        const {
            &Root {
                type_name: core::any::type_name::<F>,
                passes: passes::<F>,
                layout: Layout::new::<F>(),
                poll: Self::poll::<F>,
            }
        }
    }

    /// # Safety
    /// At `at` is an `F`, or what may stand in for one, which is not moved until it is given back.
    unsafe fn poll<F: Future>(at: *mut (), cx: &mut Context<'_>) {
        // SAFETY: as the caller.
        let future = unsafe { &mut *at.cast::<F>() };
        // SAFETY: as the caller.
        let _ = unsafe { Pin::new_unchecked(future) }.poll(cx);
    }
}
