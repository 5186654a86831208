//! How a machine is asked where nobody can name its type: in a task, whose future may be any.
//!
//! All that such code can do to a future is to poll it, so the question comes as a poll, of a *stand-in*: memory of the size of
//! the future (of the task's whole block, in fact), in which every byte is [`ASKED`].
//!
//! ```text
//!  [`ask`] ── poll ──► the machine in the stand-in: its state is ASKED, and becomes POISONED
//!     ▲                        │
//!     └────── the constant ────┘   no place of the machine, and nothing of the real one
//!     │
//!     ├─ finds what became of it: there is the state, of the real one as well, and by the constant its other places
//!     └─ calls the function of the constant, with the places of the real one
//! ```
//!
//! 1. No state has the number [`ASKED`], so the machine in the stand-in takes the arm of the dispatch for polls after the end: it
//!    is cold, and there anyway. There [`resumed`] unwinds, and what notes that a poll unwound, `Poison`, is there anyway, too:
//!    it hands out a constant of the machine, a `Table`.
//! 2. **No place of the machine is handed out**: a machine whose address is known elsewhere stays in memory, where it would be
//!    in registers. Where it lies is seen by the state, which is another one after a poll that unwinds.
//! 3. **The poll does not return** but unwinds, as it does after the end: of a poll that could be pending because of a question
//!    the compiler could not say any more that it never is, and it says so of many. Nothing is dropped on the way, for nothing
//!    is there. In a program that does not unwind (`panic = "abort"`) the poll has to return: it is pending and poisoned, which
//!    it never is otherwise.
//! 4. The poll function has no caller more than a program without traces has, and is inlined where it would be: a task is
//!    asked by the function that polls tasks.
//! 5. Whether a future `F` may lie in a stand-in, that is, whether it is [`Asked`], is a question about a type parameter
//!    without a bound. [`passes`] answers it by what [`Iterator::fuse`] documents: an iterator that is not a
//!    `FusedIterator` yields nothing after a `None`; for one that is, the wrapper is a no-op.
//!
//! From the machine on inwards types are known, as far as functions under `#[async_fn]` await each other: see
//! [`Awaited::tell`](super::super::parts::Awaited::tell).
//!
//! # Invariants
//! 1. A machine's state is [`ASKED`](Number::ASKED) only in a stand-in.
//! 2. In a stand-in every byte is [`ASKED`] until its one poll; afterwards every byte but those of one state is. That one is
//!    [`POISONED`](Number::POISONED), no byte of which is [`ASKED`].
//! 3. One thread asks at a time, and has the `TURN`; `ASKING` is true of it until its poll has ended. Only a machine in a
//!    stand-in writes the `ANSWER`, so the constant that is there after the poll is that of the machine which was polled.

use super::super::frame::HasState;
use super::super::parts::nothing;
use super::super::{Machine, Number, Step};
use super::Walk;
use core::iter::FusedIterator;
use core::marker::PhantomData;
#[cfg(feature = "std")]
use core::mem::offset_of;
#[cfg(feature = "std")]
use core::ptr;
#[cfg(feature = "std")]
use core::sync::atomic::Ordering::Relaxed;
use core::task::Context;

#[cfg(feature = "std")]
pub(crate) use question::{ask, ask_unbegun, is_question};

/// A future that may lie in a stand-in.
///
/// # Safety
/// Memory of this type in which every byte is [`ASKED`] is a valid value. Polling it does what a machine does, or nothing but to
/// poll one other `Asked` future that lies in it; if that unwinds, nothing is dropped and nothing else is done. It may be given
/// back without a drop.
///
/// A machine reads its state, hands out a constant that is its own, and is poisoned.
pub unsafe trait Asked: Future {}

// SAFETY: a machine is two parts of which every byte may be anything, and functions of size 0 (`machine` asserts it). Its poll
// reads the state, which it does not know, and comes to `resumed`: so `machine` asks. The constant is of the parts' own types.
unsafe impl<H, S, R, P, D> Asked for Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
}

/// Each byte of a stand-in.
pub const ASKED: u8 = 0xfd;

/// Yields nothing, and then something: what a fused iterator never does.
struct Probe<F> {
    asked_before: bool,
    _of: PhantomData<fn() -> F>,
}

impl<F> Iterator for Probe<F> {
    type Item = ();

    fn next(&mut self) -> Option<()> {
        core::mem::replace(&mut self.asked_before, true).then_some(())
    }
}

// The lie that `passes` looks for: only types that are `Asked` tell it.
impl<F: Asked> FusedIterator for Probe<F> {}

/// Is `F` [`Asked`]?
///
/// [`Iterator::fuse`] makes sure that nothing comes after a `None`, so this is `false` for every other type: soundness rests on
/// this half. That it is a no-op for what says it is fused is the other half: without it machines would be told of by the names
/// of their types.
#[must_use]
pub fn passes<F>() -> bool {
    let mut probe = Probe::<F> { asked_before: false, _of: PhantomData }.fuse();
    probe.next().is_none() && probe.next().is_some()
}

/// What a machine hands out: how its parts lie, and which function tells of them.
#[cfg(feature = "std")]
#[derive(Debug)]
struct Table {
    /// Tells of a machine whose head and storage these are.
    tell: unsafe fn(*mut (), *mut (), &mut Walk<'_>),
    /// From a head to its state.
    state: usize,
    /// From a machine to its parts.
    head: usize,
    storage: usize,
}

/// What hands out a constant of its own when a poll of it unwinds that was a question.
pub trait Answers {
    /// The number's type.
    type Number: Number;

    /// A poll in this state unwound.
    fn answer(state: Self::Number);
}

impl<H, S, R, P, D> Answers for Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    type Number = H::Number;

    /// A store and no call: around one the compiler would save registers in polls that need none saved.
    #[inline(always)]
    fn answer(state: H::Number) {
        #[cfg(feature = "std")]
        if state == H::Number::ASKED {
            question::ANSWER.store(ptr::from_ref(&Self::TABLE).cast_mut(), Relaxed);
        }
        let _ = state;
    }
}

#[cfg(feature = "std")]
impl<H, S, R, P, D> Machine<H, S, R, P, D>
where
    H: HasState,
    P: Fn(*mut H, *mut S, &mut Context<'_>) -> Step<R, H::Number>,
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    const TABLE: Table =
        Table { tell: Self::tell, state: H::AT, head: offset_of!(Self, head), storage: offset_of!(Self, storage) };

    unsafe fn tell(head: *mut (), storage: *mut (), walk: &mut Walk<'_>) {
        // SAFETY: the pointers are those of a machine of this type, as the caller says.
        unsafe { tell::<H, S, D>(head.cast(), storage.cast(), walk) };
    }
}

/// Tells of a machine by its function.
///
/// # Safety
/// `head` and `storage` are the parts of a machine that was made with a `D`, of which the [invariants](super) hold.
pub(in super::super) unsafe fn tell<H, S, D>(head: *mut H, storage: *mut S, walk: &mut Walk<'_>)
where
    D: Fn(*mut H, *mut S, Option<&mut Walk<'_>>),
{
    walk.asks(core::any::type_name::<D>());
    // SAFETY: the machine has a `D`, or had one that was forgotten.
    let drop = unsafe { nothing::<D>() };
    drop(head, storage, Some(walk));
}

/// What a poll comes to that finds a state which is none: a question, or a mistake.
///
/// # Panics
/// If the machine is over: it returned its value, or its poll panicked.
#[inline(always)]
#[track_caller]
pub fn resumed<R, N: Number>(state: N) -> Step<R, N> {
    __bespoke_cold_resumed(state);
    #[cfg(not(panic = "unwind"))]
    Step::Pending(N::POISONED)
}

#[cfg(panic = "unwind")]
#[cold]
#[inline(never)]
#[track_caller]
fn __bespoke_cold_resumed<N: Number>(state: N) -> ! {
    #[cfg(feature = "std")]
    if state == N::ASKED && is_question() {
        std::panic::resume_unwind(alloc::boxed::Box::new(()));
    }
    over(state)
}

#[cfg(not(panic = "unwind"))]
#[cold]
#[inline(never)]
#[track_caller]
fn __bespoke_cold_resumed<N: Number>(state: N) {
    #[cfg(feature = "std")]
    if state == N::ASKED && is_question() {
        return;
    }
    over(state)
}

/// Ends a poll of a machine that has nothing left to do. `state` is [`DONE`](Number::DONE) or
/// [`POISONED`](Number::POISONED).
#[cold]
#[inline(never)]
#[track_caller]
fn over<N: Number>(state: N) -> ! {
    if state == N::DONE {
        panic!("the future of an `#[async_fn]` was polled after completion")
    } else {
        panic!("the future of an `#[async_fn]` was polled after a panic in it")
    }
}

/// Without `std` nobody can ask.
#[cfg(all(feature = "alloc", feature = "tracing", not(feature = "std")))]
pub(crate) fn is_question() -> bool {
    false
}

#[cfg(feature = "std")]
mod question {
    //! The question, and the poll that carries it.

    use super::super::{Level, Walk};
    use super::{ASKED, Table};
    use alloc::vec;
    use alloc::vec::Vec;
    use core::alloc::Layout;
    use core::cell::Cell;
    use core::panic::AssertUnwindSafe;
    use core::ptr;
    use core::sync::atomic::Ordering::{Acquire, Relaxed, Release};
    use core::sync::atomic::{AtomicPtr, AtomicU32};
    use core::task::{Context, Waker};
    use std::panic::catch_unwind;

    std::thread_local! {
        static ASKING: Cell<bool> = const { Cell::new(false) };
    }

    /// The process of which a thread asks; 0: nobody does. One thread asks at a time.
    ///
    /// A watchdog asks whenever it reports, and so perhaps when its process is forked. The copy of a lock would be held for
    /// ever then by a thread that the child has not; this one is of another process, and taken.
    static TURN: AtomicU32 = AtomicU32::new(0);

    /// This thread asks, until it is dropped.
    struct Turn;

    impl Turn {
        fn take() -> Turn {
            let here = process();
            loop {
                let before = TURN.load(Relaxed);
                // Acquire: what was asked before is answered.
                if before != here && TURN.compare_exchange_weak(before, here, Acquire, Relaxed).is_ok() {
                    return Turn;
                }
                // A question takes some microseconds.
                std::thread::yield_now();
            }
        }
    }

    impl Drop for Turn {
        fn drop(&mut self) {
            TURN.store(0, Release);
        }
    }

    /// Its number, which is not 0. Where there is no `fork`, any will do.
    fn process() -> u32 {
        if cfg!(unix) { std::process::id() } else { 1 }
    }

    /// The constant of the machine that was asked last.
    pub(super) static ANSWER: AtomicPtr<Table> = AtomicPtr::new(ptr::null_mut());

    /// Is this thread asking? For what does more than to poll an [`Asked`](super::Asked) future.
    pub(crate) fn is_question() -> bool {
        ASKING.get()
    }

    /// Asks what is at `at`, in memory laid out so; `poll` polls it in a stand-in.
    ///
    /// # Safety
    /// `poll` does no more than to poll an [`Asked`](super::Asked) future at its place in the memory that it is given. The real
    /// one is at `at`, with the provenance of all of it, and may be told of: the [invariants](super::super) hold.
    pub(crate) unsafe fn ask(
        at: *const (),
        layout: Layout,
        poll: impl FnOnce(*mut (), &mut Context<'_>),
        walk: &mut Walk<'_>,
    ) {
        let mut memory = vec![ASKED; layout.size() + layout.align()];
        let memory = memory.as_mut_ptr();
        let stand_in = memory.wrapping_add(memory.align_offset(layout.align()));
        if ASKING.get() {
            return; // asked by the program's allocator, of which this question wants memory
        }
        let turn = Turn::take();
        ANSWER.store(ptr::null_mut(), Relaxed);
        ASKING.set(true);
        // It unwinds with nothing: nothing else happens in such a poll.
        let _ = catch_unwind(AssertUnwindSafe(|| poll(stand_in.cast(), &mut Context::from_waker(Waker::noop()))));
        ASKING.set(false);
        let answer = ANSWER.load(Relaxed);
        drop(turn);
        // SAFETY: a constant of a machine, if anything (invariant 3).
        let Some(table) = (unsafe { answer.as_ref() }) else { return };
        // SAFETY: every byte is initialised, the polled ones as well: what was written there was a state.
        let asked = |n: &usize| ASKED == unsafe { stand_in.wrapping_add(*n).read() };
        // What was written first in memory is the state, for it is all that was (invariant 2).
        let Some(state) = (0..layout.size()).find(|n| !asked(n)) else { return };
        let head = at.wrapping_byte_add(state).wrapping_byte_sub(table.state).cast_mut();
        let storage = head.wrapping_byte_sub(table.head).wrapping_byte_add(table.storage);
        // SAFETY: the parts are those of the real machine, of the type that the table is of; the rest is the caller's.
        unsafe { (table.tell)(head, storage, walk) };
    }

    /// What is told of a future of a type, if there were one that was not polled yet. On any thread: there is none. `poll` polls
    /// one that is laid out so, in a stand-in, and is called if it [`passes`](super::passes).
    ///
    /// Behind an `#[async_fn]` that is its function: a machine that was not polled yet is in state 0, tells of its function by
    /// that, and nothing else of it is read.
    ///
    /// # Safety
    /// As [`ask`], but that there is no real one.
    pub(crate) unsafe fn ask_unbegun(
        type_name: &'static str,
        passes: fn() -> bool,
        layout: Layout,
        poll: impl FnOnce(*mut (), &mut Context<'_>),
    ) -> Option<Level> {
        let mut levels = Vec::new();
        let mut walk = Walk::new(&mut levels, true);
        if passes() {
            let memory = vec![0u8; layout.size() + layout.align()];
            let begin = memory.as_ptr();
            let at = begin.wrapping_add(begin.align_offset(layout.align()));
            // SAFETY: as the caller. In place of the real one is memory that is ours and all of whose bytes are 0: a machine in
            // state 0, of which no more than that state is read.
            unsafe { ask(at.cast(), layout, poll, &mut walk) };
        } else {
            walk.is_called(type_name);
        }
        levels.pop()
    }
}
