//! What a worker keeps its queued tasks in, where workers take tasks from each other.

use core::cell::Cell;
use core::ptr::NonNull;

/// Names what each worker of [`WorkStealing<N, P, Q>`](crate::scheduler::WorkStealing) keeps its queued tasks in.
///
/// Every such queue is first in, first out, in each class if it has two, holds at most
/// [`LOCAL_QUEUE`](crate::config::Config::LOCAL_QUEUE) tasks, and gives its older half to a worker that has nothing to run, or,
/// when it is full, to the queue of all. They differ in how that is done, and so in what it costs.
///
/// Until 1.0 queues are the project's own: the trait can be named in bounds, and not implemented elsewhere.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a queue of tasks",
    label = "expected a queue",
    note = "queues of `WorkStealing<N, P, Q>`: `Ring`, with the feature `crossbeam-deque` `Deque`, and `Classes` of one of them"
)]
pub trait LocalQueue: 'static {
    #[doc(hidden)]
    #[allow(non_upper_case_globals, reason = "the compiler prints the name as advice")]
    const QUEUES_ARE_THE_PROJECTS_OWN_until_1_0: super::Sealed;

    /// What one worker has.
    #[cfg(feature = "std")]
    #[doc(hidden)]
    type Live: Lanes;
}

/// What one worker keeps queued tasks in: a queue, or one for each class of tasks. See `task/steal/lanes.rs`.
pub trait Lanes: Sized + Send + Sync + 'static {
    /// One of the queues.
    type Lane: LiveQueue;
    /// After so many polls of `Latency` comes one of `Throughput`; 0: there is one class, and one lane.
    const LATENCY_RUNS_MAX: u32;
    /// How many lanes there are.
    const COUNT: usize = if Self::LATENCY_RUNS_MAX > 0 { 2 } else { 1 };

    /// Empty ones. `capacity` is that of each, and a power of two.
    fn new(capacity: usize) -> Self;

    /// The lane of a class; the only one, if there is one.
    fn lane(&self, latency: bool) -> &Self::Lane;

    /// Whose turn it is; `None`: there is one class.
    fn turns(&self) -> Option<&Turns>;

    /// Is the owner inside of a verb of any lane, in code that is none of ours?
    #[inline(always)]
    fn is_inside(&self) -> bool {
        self.lane(false).is_entered() || Self::COUNT > 1 && self.lane(true).is_entered()
    }
}

/// Whose turn it is, of two classes. The owner's.
#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "read by workers that have threads"))]
#[derive(Debug, Default)]
pub struct Turns {
    /// Polls of `Latency` since the front of the other lane was taken; at the bound, and the turns of the other class since.
    pub(crate) passed: Cell<u32>,
    /// Turns of `Latency` since one came from the injector first.
    pub(crate) turn: Cell<u32>,
}

/// A queued task, with its pin. Queues do not look into it.
pub type Entry = NonNull<()>;

/// What a thief got.
#[derive(Clone, Copy, Debug)]
pub struct Stolen {
    /// The oldest entry, for the thief to run.
    pub first: Entry,
    /// How many came, with the first. For counts alone: a queue that cannot know says fewer, but never none.
    pub tasks: usize,
}

/// The queue of one worker. One thread at a time is its *owner*; it pushes and pops. A *thief* is the owner of another one.
///
/// # Who does what
/// 1. [`push`](Self::push), [`pop`](Self::pop), [`shed`](Self::shed) and [`own_len`](Self::own_len) are the owner's. The owner
///    may change, if everything that the one before did with the queue comes before everything that the next one does.
/// 2. [`steal`](Self::steal) is the thief's. It is the owner of the queue that it steals into.
/// 3. [`len`](Self::len) is anybody's.
///
/// # Invariants
/// What an implementation promises:
/// 1. *Once.* An entry whose push said `true` comes out once, of one pop, shed or steal; nothing else ever does. A push that said
///    `false` did nothing. What a steal leaves in the queue of the thief counts as pushed there.
/// 2. *In order.* Entries come out oldest first. A steal takes the older half, rounded up, of what it saw; of more than
///    [`BATCH_MAX`], or of what the thief wants at most, only so many, and no more than the thief has room for beside the one
///    that it gets in hand.
/// 3. *Published.* Whoever gets an entry sees what its pusher did before the push.
/// 4. *Bounded.* There are never more entries than the capacity. Unless the owner is inside of a verb (6.), a push is refused
///    only by a queue that the owner sees full.
/// 5. *`len` errs towards work.* It may count entries that are gone already. It does not leave one out that is there: the
///    owner sees all that it has pushed and nobody took; and any thread sees an entry whose push comes before a `SeqCst` fence
///    of the owner, if that fence comes before a `SeqCst` fence of its own. A worker on its way to sleep relies on it (rules 1
///    and 2 of `idle`).
/// 6. *Nothing is lost inside of a verb.* A verb of the owner may run code that is none of ours (a collector's, say), which may
///    wake a task, so that the owner comes back while it is inside. Then a push may be refused, and a pop may find nothing.
/// 7. *Nobody waits.* No verb waits for another thread to go on. A thief may get nothing of a queue that is not empty, because
///    somebody else was faster, or the owner moved the queue.
///
/// # Safety
/// An implementation keeps the invariants: a task that comes out twice is run by two workers at once, and freed twice.
pub unsafe trait LiveQueue: Sized + Send + Sync + 'static {
    /// For how many entries a new one has memory; `None`: for as many as its capacity.
    const STARTS_WITH: Option<usize> = None;
    /// May a verb of the owner run code that is none of ours (6.)?
    const RUNS_OTHERS_CODE: bool = false;

    /// An empty one. `capacity` is a power of two.
    fn new(capacity: usize) -> Self;

    /// Queues an entry. `false`: it was not taken.
    ///
    /// # Safety
    /// The caller is the owner.
    unsafe fn push(&self, entry: Entry) -> bool;

    /// Takes the oldest entry.
    ///
    /// # Safety
    /// The caller is the owner.
    unsafe fn pop(&self) -> Option<Entry>;

    /// Takes the older half of what `self` has, and `most` entries at most: gives the oldest to the thief in hand, and leaves
    /// the others in `own`. `most` is at least 1.
    ///
    /// # Safety
    /// The caller is the owner of `own`, which is another queue.
    unsafe fn steal(&self, own: &Self, most: usize) -> Option<Stolen>;

    /// How many entries there are, as far as this thread knows.
    fn len(&self) -> usize;

    /// Is there nothing, as far as this thread knows?
    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many entries there are.
    ///
    /// # Safety
    /// The caller is the owner.
    #[inline(always)]
    unsafe fn own_len(&self) -> usize {
        self.len()
    }

    /// Is the owner inside of a verb, in code that is none of ours (6.)?
    #[inline(always)]
    fn is_entered(&self) -> bool {
        false
    }

    /// Takes the older half, of at most [`BATCH_MAX`] entries, for the queue of all. Nothing, if somebody else was faster.
    ///
    /// # Safety
    /// The caller is the owner, also while it uses the iterator.
    unsafe fn shed(&self) -> impl Iterator<Item = Entry> {
        // SAFETY: as the caller.
        let half = unsafe { self.own_len() }.div_ceil(2).min(BATCH_MAX);
        // SAFETY: as the caller.
        core::iter::from_fn(move || unsafe { self.pop() }).take(half)
    }
}

/// How many entries move at once at most: from one queue to another, or to the queue of all and back.
pub const BATCH_MAX: usize = 128;
