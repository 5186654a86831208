//! The queue of all workers: tasks that were woken or spawned by threads that are none of them, and what a full local queue gave
//! away. Intrusive: a queued task takes no memory but the link in its header, so nothing is ever allocated.
//!
//! A lock guards the two ends. What is done under it is a few words long, but for the cut of a batch, which walks as many
//! links; nothing of the user's runs there.
//!
//! 1. Each task in the list has its pin there, which goes to whoever takes it out. Its link is the list's until then.
//! 2. `open` counts the workers that may still take from it. The last that leaves closes it, and takes what is there: a push
//!    that comes later is refused, and its caller does what that worker would have done.
//! 3. `len` is what the list holds; by a thread without the lock, held a moment ago. A push is seen by whoever comes after it
//!    in the order of things.

use crate::loom::{AtomicUsize, Ordering, Plant, planted};
use crate::roles::BATCH_MAX;
use crate::sharing::{Lock, Locked, Moving};
use crate::task::header::{Task, node_of, task_of};
use crate::task::home::Closed;
use crate::util::link::Node;
use alloc::boxed::Box;
use core::ptr::{NonNull, null_mut};

/// The queues of all workers of a crew: one for each memory node, and of those one for each class.
///
/// A task goes to that of its home's node: its memory is there, and homes are chosen in turn. What a full local queue gives away
/// goes to that of the worker's node. A worker looks into its own node's, and in a search into all; one that never searches, as
/// it has always something to run, looks into those of other nodes in turn ([`Injectors::far_in_turn`]). Of its own node's it
/// takes the share of one worker of the node; of another's that of one of all. Every worker may take from each of them, so each
/// is open as long as any worker is there.
pub(super) struct Injectors {
    /// All nodes of the first class, then all of the second.
    list: Box<[Injector]>,
    nodes: usize,
}

impl Injectors {
    /// For so many workers, on so many nodes.
    pub(super) fn new(workers: usize, nodes: usize, classes: usize) -> Self {
        Injectors { list: (0..nodes * classes).map(|_| Injector::new(workers)).collect(), nodes }
    }

    /// That of a node and a class.
    pub(super) fn of(&self, node: usize, latency: bool) -> &Injector {
        &self.list[if latency { self.nodes } else { 0 } + node]
    }

    /// Those of the other nodes, of a class.
    pub(super) fn beside(&self, node: usize, latency: bool) -> impl Iterator<Item = &Injector> {
        // From the next one on, so that not all begin at the same.
        (1..self.nodes).map(move |n| self.of((node + n) % self.nodes, latency))
    }

    /// The one that a worker of `node` looks into before its own node's, at its so-many-th turn of this class: none at three
    /// turns, and at the fourth that of another node, one after the other.
    pub(super) fn far_in_turn(&self, node: usize, latency: bool, turn: u32) -> Option<&Injector> {
        if turn % 4 != 3 || self.nodes == 1 {
            return None;
        }
        let far = 1 + (turn / 4) as usize % (self.nodes - 1);
        Some(self.of((node + far) % self.nodes, latency))
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Injector> {
        self.list.iter()
    }

    /// Those that a worker of `node` looks into that goes to sleep: all of them.
    pub(super) fn before_sleep(&self, node: usize) -> impl Iterator<Item = &Injector> {
        let classes = if planted(Plant::SleepsOverLatency) { self.nodes } else { self.list.len() };
        let seen = move |at: &usize| !planted(Plant::SleepsOverFarNodes) || at % self.nodes == node;
        (0..classes).filter(seen).map(|at| &self.list[at])
    }
}

/// The queue of all workers of a node, of one class.
///
/// Aligned as seats are: those of several nodes and classes lie beside each other, and whoever looks at one would wait for the
/// line that another node writes.
#[repr(align(128))]
pub(super) struct Injector {
    len: AtomicUsize,
    list: Locked<List>,
}

struct List {
    oldest: *mut Node,
    newest: *mut Node,
    len: usize,
    open: usize,
}

// SAFETY: the nodes are the list's (invariant 1), and the list is used by one thread at a time.
unsafe impl Send for List {}

/// Tasks that were taken out, oldest first.
pub(super) struct Taken(*mut Node);

impl Injector {
    /// For so many workers.
    pub(super) fn new(workers: usize) -> Self {
        let list = List { oldest: null_mut(), newest: null_mut(), len: 0, open: workers };
        Injector { len: AtomicUsize::new(0), list: Locked::new(list) }
    }

    /// How many tasks are in it.
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Is there nothing? After a fence, what was pushed before the other's fence is seen.
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }

    fn with<R>(&self, f: impl FnOnce(&mut List) -> R) -> R {
        // SAFETY: a real lock; `f` is ours.
        unsafe { self.list.with(f) }
    }

    /// Queues tasks, with their pins, in this order. `Err`: closed, and nothing was done.
    pub(super) fn push(&self, tasks: impl Iterator<Item = Task<Moving>>) -> Result<(), Closed> {
        // Linked before the lock is taken.
        let (mut first, mut last, mut n) = (null_mut::<Node>(), null_mut::<Node>(), 0);
        for task in tasks {
            let node = node_of(task).as_ptr();
            set_next(node, null_mut());
            match NonNull::new(last) {
                None => first = node,
                Some(last) => set_next(last.as_ptr(), node),
            }
            last = node;
            n += 1;
        }
        if n == 0 {
            return Ok(());
        }
        self.with(|list| {
            if list.open == 0 && !planted(Plant::InjectorStaysOpen) {
                return Err(Closed);
            }
            match NonNull::new(list.newest) {
                None => list.oldest = first,
                Some(newest) => set_next(newest.as_ptr(), first),
            }
            list.newest = last;
            list.len += n;
            self.len.store(list.len, Ordering::Release);
            Ok(())
        })
    }

    /// Takes the share of one of `workers`, at least one task and at most [`BATCH_MAX`] and `most`, oldest first.
    pub(super) fn take_share(&self, workers: usize, most: usize) -> Taken {
        if self.is_empty() {
            return Taken(null_mut());
        }
        self.with(|list| {
            let share = (list.len / workers + 1).min(BATCH_MAX).min(most).min(list.len);
            let first = list.oldest;
            let mut last = null_mut();
            for _ in 0..share {
                last = list.oldest;
                list.oldest = next(last);
            }
            if share > 0 {
                set_next(last, null_mut());
            }
            if list.oldest.is_null() {
                list.newest = null_mut();
            }
            list.len -= share;
            self.len.store(list.len, Ordering::Release);
            Taken(if share > 0 { first } else { null_mut() })
        })
    }

    /// A worker leaves. The last one closes the queue, and gets what is in it.
    pub(super) fn leave(&self) -> Taken {
        self.with(|list| {
            list.open -= 1;
            if list.open > 0 {
                return Taken(null_mut());
            }
            list.len = 0;
            list.newest = null_mut();
            self.len.store(0, Ordering::Release);
            Taken(core::mem::replace(&mut list.oldest, null_mut()))
        })
    }
}

impl Iterator for Taken {
    type Item = Task<Moving>;

    fn next(&mut self) -> Option<Task<Moving>> {
        let node = NonNull::new(self.0)?;
        // The link is read before the task is handed out: whoever gets its pin may queue it again.
        self.0 = next(node.as_ptr());
        // SAFETY: only tasks are in the list.
        Some(unsafe { task_of(node) })
    }
}

/// The link of a node that is ours.
fn next(node: *mut Node) -> *mut Node {
    // SAFETY: its pin is held by the list or by the taker, so it is alive.
    let link = unsafe { &(*node).link };
    // SAFETY: the link is the list's, or the taker's.
    link.with(|link| unsafe { *link })
}

fn set_next(node: *mut Node, next: *mut Node) {
    // SAFETY: its pin is held by the list, or by who pushes it.
    let link = unsafe { &(*node).link };
    // SAFETY: as above.
    link.with_mut(|link| unsafe { *link = next });
}
