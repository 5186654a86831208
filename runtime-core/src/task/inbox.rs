//! What other threads hand to a worker. The head of the inbox is the park state of the worker, too.
//!
//! `head` is one of: null (awake, empty) · `PARKED` · `CLOSED` · the newest node. A push is a compare-exchange loop that
//! retries only when another push succeeded; a take is one swap. Nothing ever waits for a thread that was preempted in
//! between, because there is no state in between.
//!
//! 1. Only the push that replaces `PARKED` must unpark the worker, also if what it pushed is a mere drop: later pushes
//!    will not.
//! 2. It must hold the home over the unpark: after the push the owner may free the node, and the home with it. So the
//!    push takes a reference of the home *before* the exchange.
//! 3. A push that meets `CLOSED` changes nothing; the caller does what the owner would have done.
//! 4. A node is in at most one inbox, once: whoever pushes it has won its pin first.
//!
//! A node's kind travels in the low bits of the pointer to it, so a node is one word.

use crate::loom::{AtomicPtr, AtomicUsize, Ordering, Plant, planted};
pub(crate) use crate::util::link::Node;
use core::ptr::{NonNull, null_mut};

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum NodeKind {
    /// A task: see the flags of its remote word.
    Task = 0,
    /// A resource whose handle was dropped.
    Resource = 1,
    /// A timer whose sleep was dropped.
    Timer = 2,
    /// A boxed piece of work for the owner.
    Boxed = 3,
    /// A buffer of the driver's whose lease was dropped.
    Lease = 4,
    /// The runtime asks the worker to end.
    Stop = 5,
    /// Another worker asks for a resource.
    Move = 6,
    /// A question about tasks.
    Question = 7,
}

const KIND_MASK: usize = 7;

impl NodeKind {
    fn of(tagged: *mut Node) -> NodeKind {
        match tagged.addr() & KIND_MASK {
            0 => NodeKind::Task,
            1 => NodeKind::Resource,
            2 => NodeKind::Timer,
            3 => NodeKind::Boxed,
            4 => NodeKind::Lease,
            5 => NodeKind::Stop,
            6 => NodeKind::Move,
            _ => NodeKind::Question,
        }
    }
}

fn parked() -> *mut Node {
    core::ptr::without_provenance_mut(8)
}
fn closed() -> *mut Node {
    core::ptr::without_provenance_mut(16)
}

/// How a push ended.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It lies there, and the worker will look.
    Queued,
    /// It lies there, and the worker sleeps: unpark it, then give back the reference of the home that the push took.
    MustUnpark,
    /// It does not lie there: the runtime is closed.
    Closed,
}

/// The inbox of one worker.
#[derive(Debug)]
pub(crate) struct Inbox {
    head: AtomicPtr<Node>,
}

impl Inbox {
    pub(crate) fn new() -> Self {
        Inbox { head: AtomicPtr::new(null_mut()) }
    }

    /// A relaxed look: might there be something? Never wrong for long: the next look sees it.
    #[inline(always)]
    pub(crate) fn looks_filled(&self) -> bool {
        !self.head.load(Ordering::Relaxed).is_null()
    }

    /// Is the runtime closed?
    pub(crate) fn is_closed(&self) -> bool {
        self.head.load(Ordering::Acquire) == closed()
    }

    /// Pushes `node`. `home_refs` is the reference count of the home (invariant 2).
    ///
    /// # Safety
    /// The caller won the node's pin, and with it the node's memory and the home's, until the push.
    pub(crate) unsafe fn push(&self, node: NonNull<Node>, kind: NodeKind, home_refs: &AtomicUsize) -> Pushed {
        let tagged = node.as_ptr().map_addr(|addr| addr | kind as usize);
        let order = if planted(Plant::RelaxedPush) { Ordering::Relaxed } else { Ordering::AcqRel };
        let mut head = self.head.load(Ordering::Acquire);
        loop {
            if head == closed() {
                return Pushed::Closed;
            }
            let wakes = head == parked();
            // SAFETY: the node is ours until the exchange (contract).
            let link = unsafe { &node.as_ref().link };
            // SAFETY: as above; nobody else reads the link before the exchange.
            link.with_mut(|link| unsafe { *link = if wakes { null_mut() } else { head } });
            let holds = wakes && !planted(Plant::UnparkWithoutReference);
            if holds {
                // Made while the node's pin still holds the home.
                home_refs.fetch_add(1, Ordering::Relaxed);
            }
            // Release: publishes the link and what the pusher wrote. Acquire: the next pusher's view goes to the taker.
            match self.head.compare_exchange(head, tagged, order, Ordering::Acquire) {
                Ok(_) if wakes => return Pushed::MustUnpark,
                Ok(_) => return Pushed::Queued,
                Err(other) => {
                    if holds {
                        // Not the last: the pin still holds the home.
                        home_refs.fetch_sub(1, Ordering::Relaxed);
                    }
                    head = other;
                }
            }
        }
    }

    /// Owner: takes all there is, oldest first; the worker is awake afterwards.
    pub(crate) fn take(&self) -> Taken {
        Taken::from(self.head.swap(null_mut(), Ordering::AcqRel))
    }

    /// Owner: closes the inbox and takes what was in it.
    pub(crate) fn close(&self) -> Taken {
        let end = if planted(Plant::InboxStaysOpen) { null_mut() } else { closed() };
        Taken::from(self.head.swap(end, Ordering::AcqRel))
    }

    /// Owner: says that it is about to sleep. `false`: there is work, do not.
    #[must_use]
    pub(crate) fn park(&self) -> bool {
        if planted(Plant::ParkInTwoSteps) {
            if self.head.load(Ordering::Acquire).is_null() {
                self.head.store(parked(), Ordering::Release);
                return true;
            }
            return false;
        }
        self.head.compare_exchange(null_mut(), parked(), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

/// What was taken out of an inbox, oldest first.
#[derive(Debug)]
pub(crate) struct Taken {
    next: *mut Node,
}

impl Taken {
    fn from(mut newest: *mut Node) -> Self {
        if newest == parked() || newest == closed() {
            newest = null_mut();
        }
        // The pushes made a stack; turn it round.
        let mut oldest: *mut Node = null_mut();
        while !newest.is_null() {
            let node = newest.map_addr(|addr| addr & !KIND_MASK);
            // SAFETY: the swap gave the nodes to us, and acquired their links.
            let link = unsafe { &(*node).link };
            // SAFETY: only the taker touches the link now.
            let next = link.with(|link| unsafe { *link });
            // SAFETY: as above.
            link.with_mut(|link| unsafe { *link = oldest });
            oldest = newest;
            newest = next;
        }
        Taken { next: oldest }
    }
}

impl Iterator for Taken {
    type Item = (NonNull<Node>, NodeKind);

    fn next(&mut self) -> Option<Self::Item> {
        let tagged = self.next;
        let node = NonNull::new(tagged.map_addr(|addr| addr & !KIND_MASK))?;
        // The link is read before the node is handed out: the visit clears the pin, and the node may be pushed again.
        // SAFETY: the node is ours until its visit.
        let link = unsafe { &node.as_ref().link };
        // SAFETY: only the taker touches the link now.
        self.next = link.with(|link| unsafe { *link });
        Some((node, NodeKind::of(tagged)))
    }
}
