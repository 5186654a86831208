//! What a task knows of its worker: the untyped front of every worker.
//!
//! `Worker<C>` embeds a [`Home`] as its first field, so a pointer to one is a pointer to the other. The home outlives the
//! worker proper: after close it is a husk (inbox, count, table, memory) that any thread may drop.
//!
//! # Who holds a home
//! 1. The runtime, one reference from start to the end of close.
//! 2. Each `Handle`, one.
//! 3. Before close: tasks and guests hold none, but for those below; the home outlives them because close counts them.
//! 4. After close: each task that is not freed, and each guest, one. A *guest* is a thing outside the tasks that names the
//!    home: an open resource, a sleep in the wheel, an operation in flight, a lease.
//! 5. A push that replaces `PARKED`, one over the unpark.
//! 6. Homes may form a *team* ([`Home::follow`]): the workers of a runtime that has several. Then references are counted at one
//!    of them, the *lead*, for all, and the memory of all is given back together. So whoever may name one of them may name
//!    the others: a spawn on one worker may choose another that has closed, and finds its inbox closed, not its memory gone.
//!
//! Where tasks move, what any worker may use has its reference (4.) from the start: resources, operations in flight, leases.
//! Sleeps and sets of tasks do not: they are the owner's.
//!
//! `guests` is the owner's plain count of the others; close adds it to `refs` in one step, before the inbox is closed, so that
//! whoever meets the closed inbox finds a reference to give back.

use super::current;
#[cfg(feature = "std")]
use super::header::Untyped;
use super::header::{Task, VTable, node_of};
use super::inbox::{Inbox, Node, NodeKind, Pushed};
use super::owned::Owned;
use super::queue::RunQueue;
use crate::loom::{AtomicUsize, Life, Ordering, Plant, planted};
use crate::sharing::{Lock, SeatWord, Sharing};
use core::any::TypeId;
use core::cell::{Cell, UnsafeCell};
use core::ptr::NonNull;
// The real one, also under loom: what is placed by it is right wherever it goes.
#[cfg(feature = "std")]
use core::sync::atomic::AtomicU32;

/// Which config a home belongs to.
#[derive(Debug, PartialEq, Eq)]
#[repr(C)]
pub(crate) struct Tag {
    pub(crate) name: &'static str,
    pub(crate) id: TypeId,
    /// At which offset of a worker its [values](super::worker_locals) are; `None`: its tasks find none, as several threads may
    /// enter it, one after the other.
    #[cfg(feature = "std")]
    pub(crate) locals: Option<usize>,
}

/// Config and worker number of a home whose sharing is not known: they stand at the same places under each.
///
/// # Safety
/// `home` is a home, and alive.
#[inline(always)]
pub(crate) unsafe fn identity(home: NonNull<()>) -> (&'static Tag, usize) {
    use crate::sharing::{Local, Moving, Shared};
    use core::mem::offset_of;
    const TAG: usize = offset_of!(Home<Local>, tag);
    const WORKER: usize = offset_of!(Home<Local>, worker);
    const {
        assert!(TAG == offset_of!(Home<Shared>, tag) && WORKER == offset_of!(Home<Shared>, worker));
        assert!(TAG == offset_of!(Home<Moving>, tag) && WORKER == offset_of!(Home<Moving>, worker));
    }
    // SAFETY: inside the home.
    let tag = unsafe { home.byte_add(TAG) }.cast::<&'static Tag>();
    // SAFETY: inside the home.
    let worker = unsafe { home.byte_add(WORKER) }.cast::<usize>();
    // SAFETY: its place does not depend on the sharing; written once, before anyone sees it.
    let tag = unsafe { tag.read() };
    // SAFETY: as above.
    (tag, unsafe { worker.read() })
}

/// The turn of the home that this thread runs, which then moves on by `step`; `None`: it runs none. Begins with the seed of the
/// worker: a choice by it is another in each run, and the same in each run of one seed.
#[inline(always)]
pub(crate) fn turn(step: u32) -> Option<u32> {
    use crate::sharing::{Local, Moving, Shared};
    use core::mem::offset_of;
    const TURN: usize = offset_of!(Home<Local>, turn);
    const { assert!(TURN == offset_of!(Home<Shared>, turn) && TURN == offset_of!(Home<Moving>, turn)) };
    let home = NonNull::new(current::current().cast_mut())?;
    // SAFETY: inside the home, which is alive while this thread runs it.
    let turn = unsafe { home.byte_add(TURN) }.cast::<Cell<u32>>();
    // SAFETY: its place does not depend on the sharing, and this thread is the owner.
    let turn = unsafe { turn.as_ref() };
    Some(turn.replace(turn.get().wrapping_add(step)))
}

/// The budget of the home that this thread runs, and whether that closes; `None`: it runs none. The cell is the owner's, and is
/// there as long as this thread runs the home.
pub(crate) fn poll_budget() -> Option<(NonNull<Cell<u32>>, bool)> {
    use crate::sharing::{Local, Moving, Shared};
    use core::mem::offset_of;
    const BUDGET: usize = offset_of!(Home<Local>, budget);
    const CLOSING: usize = offset_of!(Home<Local>, closing);
    const {
        assert!(BUDGET == offset_of!(Home<Shared>, budget) && CLOSING == offset_of!(Home<Shared>, closing));
        assert!(BUDGET == offset_of!(Home<Moving>, budget) && CLOSING == offset_of!(Home<Moving>, closing));
    }
    let home = NonNull::new(current::current().cast_mut())?;
    // SAFETY: inside the home, which is alive while this thread runs it.
    let budget = unsafe { home.byte_add(BUDGET) }.cast::<Cell<u32>>();
    // SAFETY: as above.
    let closing = unsafe { home.byte_add(CLOSING) }.cast::<Cell<bool>>();
    // SAFETY: its place does not depend on the sharing, and this thread is the owner.
    Some((budget, unsafe { closing.as_ref() }.get()))
}

/// See [`HomeTable`]. It takes the home whose table it was found in.
#[cfg(feature = "std")]
pub(crate) type Offload = unsafe fn(NonNull<()>, Untyped);

/// What gives a blocking job to the pool of a home whose sharing is not known: a driver may be generic over it, or know it
/// wrong, as one that calls another does.
///
/// # Safety
/// `home` is a home, and alive.
#[cfg(feature = "std")]
pub(crate) unsafe fn offload_of(home: NonNull<()>) -> Option<Offload> {
    use crate::sharing::{Local, Moving, Shared};
    use core::mem::offset_of;
    const OFFLOAD: usize = offset_of!(HomeTable<Local>, offload);
    const {
        assert!(offset_of!(Home<Local>, table) == 0 && offset_of!(Home<Shared>, table) == 0);
        assert!(offset_of!(Home<Moving>, table) == 0);
        assert!(OFFLOAD == offset_of!(HomeTable<Shared>, offload));
        assert!(OFFLOAD == offset_of!(HomeTable<Moving>, offload));
    }
    // SAFETY: the first field of a home, a reference; written once, before anyone sees it.
    let table = unsafe { home.cast::<NonNull<()>>().read() };
    // SAFETY: inside the table, which is a constant.
    let offload = unsafe { table.byte_add(OFFLOAD) }.cast::<Option<Offload>>();
    // SAFETY: its place does not depend on the sharing.
    unsafe { offload.read() }
}

/// What knows the worker behind a home.
#[repr(C)]
pub(crate) struct HomeTable<S: Sharing> {
    /// Ends the worker's park. Any thread that holds the home.
    pub(crate) unpark: unsafe fn(NonNull<Home<S>>),
    /// The last reference is gone, also of those that follow this home.
    pub(crate) free: unsafe fn(NonNull<Home<S>>),
    /// Gives a blocking job to the pool; `None`: the config has no blocking threads. Any thread that holds the home.
    #[cfg(feature = "std")]
    pub(crate) offload: Option<Offload>,
}

/// The untyped front of a worker.
#[repr(C)]
pub(crate) struct Home<S: Sharing> {
    pub(crate) table: &'static HomeTable<S>,
    pub(crate) tag: &'static Tag,
    /// The number of the worker, for messages.
    pub(crate) worker: usize,
    /// Owner only: see [`turn`].
    pub(crate) turn: Cell<u32>,
    /// Owner only. Operations that the running task may still complete in this poll. Here, and not below, for [`poll_budget`].
    pub(crate) budget: Cell<u32>,
    /// Owner only.
    pub(crate) closing: Cell<bool>,
    /// Where tasks are shared and stay: how many are in the table. Written with it, read by who places tasks by it. Here, and not
    /// below: others write it, where the inbox is, which they write as well.
    #[cfg(feature = "std")]
    listed: AtomicU32,
    /// Any thread.
    pub(crate) inbox: Inbox,
    /// Any thread. References of the team, in its lead; in a home that follows another nobody looks at it.
    refs: AtomicUsize,
    /// Where references are counted: itself, or the lead of its team (rule 6). Written before other threads know the home.
    lead: Cell<NonNull<Home<S>>>,
    /// All tasks that are not freed yet.
    pub(crate) owned: S::Lock<Owned<S>>,
    /// The place among workers that take tasks from each other, if this is one of those; see [`steal`](super::steal).
    pub(crate) seat: S::Seat,
    /// Owner only, as everything below.
    queue: UnsafeCell<RunQueue<S>>,
    /// The runtime asked the worker to end; heard through the inbox.
    pub(crate) stopping: Cell<bool>,
    /// Where tasks move: the loop of the worker has more to look at before each turn than its queues. It is to end, say.
    pub(crate) attends: Cell<bool>,
    /// Where tasks move: the thread that runs the worker is not the one that polls its kept tasks, whose futures need not be
    /// `Send`. See [`steal::helm`](super::steal).
    pub(crate) stood_in: Cell<bool>,
    pub(crate) guests: Cell<usize>,
    pub(crate) life: Life,
}

impl<S: Sharing> Home<S> {
    /// Once it lies where it stays, the caller lets it [follow](Self::follow) itself, before anything else.
    pub(crate) fn new(table: &'static HomeTable<S>, tag: &'static Tag, worker: usize, queue: usize) -> Self {
        Home {
            table,
            tag,
            worker,
            turn: Cell::new(0),
            budget: Cell::new(u32::MAX),
            closing: Cell::new(false),
            inbox: Inbox::new(),
            refs: AtomicUsize::new(1),
            lead: Cell::new(NonNull::dangling()),
            owned: Lock::new(Owned::new()),
            seat: SeatWord::new(),
            queue: UnsafeCell::new(RunQueue::new(queue)),
            stopping: Cell::new(false),
            attends: Cell::new(false),
            stood_in: Cell::new(false),
            #[cfg(feature = "std")]
            listed: AtomicU32::new(0),
            guests: Cell::new(0),
            life: Life::new(),
        }
    }

    /// Owner: the runtime asks the worker to end.
    pub(crate) fn stops(&self) {
        self.stopping.set(true);
        self.attends.set(true);
    }

    /// Is this thread running this home now?
    #[inline(always)]
    pub(crate) fn is_current(home: NonNull<Home<S>>) -> bool {
        current::is_current(home.as_ptr().cast_const().cast())
    }

    /// # Safety
    /// The caller is the owner, and does not hold the queue already.
    #[inline(always)]
    pub(crate) unsafe fn queue_push(&self, task: Task<S>) {
        // SAFETY: owner only, and nothing re-enters (contract).
        let queue = unsafe { &mut *self.queue.get() };
        queue.push(task);
    }

    /// # Safety
    /// As [`queue_push`](Self::queue_push).
    #[inline(always)]
    pub(crate) unsafe fn queue_pop(&self) -> Option<Task<S>> {
        // SAFETY: owner only, and nothing re-enters (contract).
        let queue = unsafe { &mut *self.queue.get() };
        queue.pop()
    }

    /// # Safety
    /// As [`queue_push`](Self::queue_push).
    #[inline(always)]
    pub(crate) unsafe fn queue_is_empty(&self) -> bool {
        // SAFETY: owner only, and nothing re-enters (contract).
        unsafe { &*self.queue.get() }.is_empty()
    }

    /// How many tasks are queued.
    ///
    /// # Safety
    /// As [`queue_push`](Self::queue_push).
    #[cfg(feature = "std")]
    pub(crate) unsafe fn queue_len(&self) -> usize {
        // SAFETY: owner only, and nothing re-enters (contract).
        unsafe { &*self.queue.get() }.len()
    }

    /// A task was listed, or is no more; called by who holds the table. A store, and only where tasks are shared and stay.
    #[inline(always)]
    pub(crate) fn lists(&self, owned: &Owned<S>) {
        #[cfg(feature = "std")]
        if S::SHARED && !S::MOVING {
            // Relaxed: whoever reads it knows nothing else by that. No more tasks than indices of the table.
            self.listed.store(owned.live() as u32, Ordering::Relaxed);
        }
        #[cfg(not(feature = "std"))]
        let _ = owned;
    }

    /// How many tasks there are that are not freed, as far as this thread knows; 0 where nobody counts them for others.
    #[cfg(feature = "std")]
    pub(crate) fn listed(&self) -> usize {
        self.listed.load(Ordering::Relaxed) as usize
    }

    /// Gives back what a burst took.
    ///
    /// # Safety
    /// As [`queue_push`](Self::queue_push).
    #[inline(always)]
    pub(crate) unsafe fn queue_rest(&self) {
        // SAFETY: owner only, and nothing re-enters (contract).
        let queue = unsafe { &mut *self.queue.get() };
        if queue.is_large() {
            queue.shrink();
        }
    }

    /// From now on references of `home` are counted at `lead`: at itself, for a home of its own, or for one of a team. The
    /// references that `home` has are counted there already.
    ///
    /// # Safety
    /// No other thread knows `home` yet. `lead` is counted at itself, and its memory is given back with that of `home`, or
    /// later. Both pointers carry the provenance of their workers.
    pub(crate) unsafe fn follow(home: NonNull<Home<S>>, lead: NonNull<Home<S>>) {
        // SAFETY: the caller's own.
        unsafe { home.as_ref() }.lead.set(lead);
    }

    /// Where references are counted (rule 6).
    #[inline(always)]
    fn count(&self) -> &AtomicUsize {
        // SAFETY: the lead is there while any home of its team is (contract of `follow`).
        &unsafe { self.lead.get().as_ref() }.refs
    }

    /// One reference more, made from one that is held (or under the promise of rule 3).
    pub(crate) fn acquire(&self) {
        self.acquire_many(1);
    }

    /// As many references more, as [`acquire`](Self::acquire).
    pub(crate) fn acquire_many(&self, n: usize) {
        if self.count().fetch_add(n, Ordering::Relaxed) > isize::MAX as usize {
            crate::util::abort("more than isize::MAX references to a runtime");
        }
    }

    /// One reference less.
    ///
    /// # Safety
    /// The caller holds the reference, and does not use the home again.
    pub(crate) unsafe fn release(home: NonNull<Home<S>>) {
        // SAFETY: the caller's reference keeps it alive.
        let this = unsafe { home.as_ref() };
        this.life.touch();
        let (free, lead) = (this.table.free, this.lead.get());
        // AcqRel: whoever frees sees every use.
        let order = if planted(Plant::RelaxedHomeDrop) { Ordering::Relaxed } else { Ordering::AcqRel };
        if this.count().fetch_sub(1, order) == 1 {
            // SAFETY: it was the last reference of the whole team.
            unsafe { free(lead) }
        }
    }

    /// Hands `node` to the owner, from any thread. `Err`: the runtime is closed, and nothing was done.
    ///
    /// # Safety
    /// The caller won the node's pin, and with it the memory of node and home until the push.
    pub(crate) unsafe fn post(home: NonNull<Home<S>>, node: NonNull<Node>, kind: NodeKind) -> Result<(), Closed> {
        // SAFETY: the pin holds the home.
        let this = unsafe { home.as_ref() };
        this.life.touch();
        let (table, refs) = (this.table, this.count());
        // SAFETY: the pin is the caller's (contract).
        match unsafe { this.inbox.push(node, kind, refs) } {
            Pushed::Queued => Ok(()),
            Pushed::MustUnpark => {
                // SAFETY: the push took a reference of the home for us.
                unsafe { (table.unpark)(home) };
                if !planted(Plant::UnparkWithoutReference) {
                    // SAFETY: that reference; nothing is used afterwards.
                    unsafe { Home::release(home) };
                }
                Ok(())
            }
            Pushed::Closed => Err(Closed),
        }
    }

    /// A guest more.
    ///
    /// # Safety
    /// The caller is the owner.
    #[inline(always)]
    pub(crate) unsafe fn guest_comes(&self) {
        self.guests.set(self.guests.get() + 1);
    }

    /// A guest less, before close.
    ///
    /// # Safety
    /// The caller is the owner.
    #[inline(always)]
    pub(crate) unsafe fn guest_goes(&self) {
        self.guests.set(self.guests.get() - 1);
    }

    /// A guest more that any worker of the team may bring and take away, where tasks move: it holds a reference itself then.
    ///
    /// # Safety
    /// The caller is the owner or, where tasks move, holds the home.
    #[inline(always)]
    pub(crate) unsafe fn caller_comes(&self) {
        if S::MOVING {
            self.acquire();
        } else {
            // SAFETY: the owner.
            unsafe { self.guest_comes() }
        }
    }

    /// Such a guest less, before close.
    ///
    /// # Safety
    /// The caller is the owner or, where tasks move, has the guest's reference, and does not use the home again by that.
    #[inline(always)]
    pub(crate) unsafe fn caller_goes(home: NonNull<Home<S>>) {
        if S::MOVING {
            // SAFETY: the guest's reference.
            unsafe { Home::release(home) }
        } else {
            // SAFETY: the owner's home is alive.
            let this = unsafe { home.as_ref() };
            // SAFETY: the owner.
            unsafe { this.guest_goes() }
        }
    }
}

/// The runtime is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

/// Pushes a task that another thread woke, aborted or let go.
///
/// # Safety
/// The caller just won the task's pin.
pub(crate) unsafe fn post_task<S: Sharing>(task: Task<S>) -> Result<(), Closed> {
    // SAFETY: the pin keeps the task alive.
    let home = unsafe { task.as_ref() }.home;
    // SAFETY: the pin is ours.
    unsafe { Home::post(home, node_of(task), NodeKind::Task) }
}

impl<S: Sharing> core::fmt::Debug for Home<S> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Home").field("config", &self.tag.name).field("worker", &self.worker).finish_non_exhaustive()
    }
}

impl core::fmt::Debug for VTable {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("VTable").field("stage", &self.stage).finish_non_exhaustive()
    }
}
