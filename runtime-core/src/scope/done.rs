//! How a task of a set says that it is over.
//!
//! The future of each task is wrapped in a [`Member`], whose [`Note`] goes when the future has gone: after its output, its
//! panic, or its abort. Then the number of the task is in the queue of its set, and the set's waker is woken. So a set does
//! work for tasks that are over, and none for those that run.
//!
//! # Invariants
//! 1. Every number that a set gives out comes into its queue once.
//! 2. The queue has room for all numbers that are out: a note allocates nothing.
//! 3. Under `Local`, notes are made and dropped on the owner: it spawns the task, and drops its future. The set's own share
//!    is the owner's, too: a set that is dropped elsewhere goes home in a box. Blocking jobs end anywhere, so their queue is one
//!    under `Shared` in every set.

use crate::loom::{Plant, given_up, planted};
#[cfg(feature = "std")]
use crate::machine::trace::ask::Asked;
use crate::sharing::{Lock, Sharing};
use crate::sync::counted::Counted;
use crate::sync::waiters::{Hand, Look, wake};
use alloc::collections::VecDeque;
use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// What a set and its tasks share.
pub(super) struct Done<S: Sharing>(Counted<S::Lock<Queue>, S>);

// SAFETY: under `Local` only the owner uses it (invariant 3), wherever the set itself is; under `Shared` it is a lock, counted
// by an atomic.
unsafe impl<S: Sharing> Send for Done<S> {}
// SAFETY: as above.
unsafe impl<S: Sharing> Sync for Done<S> {}

pub(super) struct Queue {
    numbers: VecDeque<u32>,
    waker: Option<Waker>,
}

impl<S: Sharing> Done<S> {
    pub(super) fn new() -> Self {
        Done(Counted::new(Lock::new(Queue { numbers: VecDeque::new(), waker: None })))
    }

    fn with<R>(&self, f: impl FnOnce(&mut Queue) -> R) -> R {
        // SAFETY: the owner (invariant 3), and `f` runs no code of the program.
        unsafe { self.0.with(f) }
    }

    /// Makes room for `numbers` in all. How many there is room for now.
    pub(super) fn make_room(&self, numbers: usize) -> usize {
        // Without the lock: an allocator may be anybody's code.
        let mut larger = VecDeque::with_capacity(numbers.next_power_of_two().max(8));
        let room = larger.capacity();
        self.with(|queue| {
            larger.extend(queue.numbers.drain(..));
            core::mem::swap(&mut larger, &mut queue.numbers);
        });
        room
    }

    /// A note for task `number`.
    pub(super) fn note(&self, number: u32) -> Note<S> {
        Note { done: Done(self.0.clone()), number }
    }

    /// The number of a task that is over.
    pub(super) fn next(&self) -> Option<u32> {
        self.with(|queue| queue.numbers.pop_front())
    }

    /// One look for a task that is over; there is one that is not.
    pub(super) fn look(&self, hand: &mut Hand<'_>) -> Look<u32> {
        let blind = planted(Plant::SetInTwoSteps) && hand.has_spare();
        self.with(|queue| match queue.numbers.pop_front().filter(|_| !blind) {
            Some(number) => Look::Ready(number),
            None => hand.keep(&mut queue.waker),
        })
    }

    /// Nobody waits any more.
    pub(super) fn forget_waker(&self) {
        drop(self.with(|queue| queue.waker.take()));
    }
}

impl<S: Sharing> fmt::Debug for Done<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Done")
    }
}

/// Says, when it is dropped, that a task is over.
#[derive(Debug)]
pub(crate) struct Note<S: Sharing> {
    done: Done<S>,
    number: u32,
}

impl<S: Sharing> Drop for Note<S> {
    fn drop(&mut self) {
        if given_up() {
            return;
        }
        let waker = self.done.with(|queue| {
            queue.numbers.push_back(self.number);
            queue.waker.take()
        });
        // In the drop of a task's future: a panic of whoever waits is not the task's.
        wake(waker);
    }
}

/// The future of a task of a set.
pub(crate) struct Member<F, S: Sharing> {
    /// Pinned with this. First: it goes before the note does.
    future: F,
    _note: Note<S>,
}

impl<F, S: Sharing> Member<F, S> {
    pub(crate) fn new(future: F, note: Note<S>) -> Self {
        Member { future, _note: note }
    }
}

// SAFETY: a pointer that is not null and a number may be any; its poll polls the future, and reads nothing.
#[cfg(feature = "std")]
unsafe impl<F: Asked, S: Sharing> Asked for Member<F, S> {}

impl<F: Future, S: Sharing> Future for Member<F, S> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: pinned with this.
        unsafe { self.map_unchecked_mut(|member| &mut member.future) }.poll(cx)
    }
}

/// The closure of a blocking job of a set.
#[cfg(feature = "std")]
pub(crate) struct Noted<F> {
    /// First: it goes before the note does, whether it runs or not.
    closure: F,
    note: Note<crate::sharing::Shared>,
}

#[cfg(feature = "std")]
impl<F> Noted<F> {
    pub(crate) fn new(closure: F, note: Note<crate::sharing::Shared>) -> Self {
        Noted { closure, note }
    }

    pub(crate) fn run<T>(self) -> T
    where
        F: FnOnce() -> T,
    {
        let Noted { closure, note: _note } = self;
        closure()
    }
}
