//! The queues alone: what every local queue promises, and queues that break it; the injector; and under loom.
#![allow(clippy::unwrap_used, reason = "a test says what it expects")]

#[cfg(not(loom))]
mod crew;
#[cfg(all(loom, not(shuttle)))]
mod loom;
#[cfg(not(loom))]
mod stress;
#[cfg(not(loom))]
mod watcher;
#[cfg(not(loom))]
mod wrong;

#[cfg(loom)]
use crate::roles::LiveQueue;
use crate::sharing::Moving;
use crate::task::header::{Header, Polled, Task, Untyped, VTable, Verbs};
use crate::task::home::Home;
use core::ptr::NonNull;
use core::task::{Context, Poll};
use std::boxed::Box;

/// A task that is a name: rings and injectors do not look into it, but for the link.
pub(super) struct Name(NonNull<Header<Moving>>);

impl Name {
    pub(super) fn new() -> Self {
        // Nobody asks for the home of one that goes through no crew.
        Name::of(NonNull::dangling(), false)
    }
    pub(super) fn of(home: NonNull<Home<Moving>>, latency: bool) -> Self {
        let header = Header::new(if latency { &OF_LATENCY } else { &TABLE }, home, 0);
        Name(NonNull::from(Box::leak(Box::new(header))))
    }
    #[cfg(not(loom))]
    pub(super) fn is_of_latency(&self) -> bool {
        // SAFETY: leaked by `of`, until it is dropped.
        unsafe { self.0.as_ref() }.table.latency
    }
    pub(super) fn task(&self) -> Task<Moving> {
        self.0
    }
}

// SAFETY: a name; the queues order who touches the link.
unsafe impl Send for Name {}
// SAFETY: as above.
unsafe impl Sync for Name {}

impl Drop for Name {
    fn drop(&mut self) {
        // A model that loom gives up may touch nothing of loom's.
        if !crate::loom::given_up() {
            // SAFETY: leaked by `of`, and in no queue any more.
            drop(unsafe { Box::from_raw(self.0.as_ptr()) });
        }
    }
}

/// The next task of the queue, which this thread owns.
#[cfg(loom)]
pub(super) fn pop<Q: LiveQueue>(queue: &Q) -> Option<Task<Moving>> {
    // SAFETY: each test says which thread is the owner.
    unsafe { queue.pop() }.map(NonNull::cast)
}

/// Queues a task in the queue, which this thread owns.
#[cfg(loom)]
#[must_use]
pub(super) fn push<Q: LiveQueue>(queue: &Q, task: Task<Moving>) -> bool {
    // SAFETY: as in `pop`.
    unsafe { queue.push(task.cast()) }
}

static TABLE: VTable = NAMED;
static OF_LATENCY: VTable = VTable { latency: true, ..NAMED };

const NAMED: VTable = VTable {
    verbs: &Verbs {
        poll_join: |_: Untyped, _: &mut Context<'_>| -> Poll<bool> { unreachable!("a name is not a task") },
        detach: |_| unreachable!("a name is not a task"),
        abort: |_| unreachable!("a name is not a task"),
        is_finished: |_| unreachable!("a name is not a task"),
        acquire: |_| unreachable!("a name is not a task"),
        release: |_| unreachable!("a name is not a task"),
        trace: |_, _| unreachable!("a name is not a task"),
    },
    poll: |_, _| -> Polled { unreachable!("a name is not a task") },
    cancel: |_| unreachable!("a name is not a task"),
    drop_output: |_, _| unreachable!("a name is not a task"),
    dealloc: |_, _| unreachable!("a name is not a task"),
    name: |_| None,
    spawned_at: |_| None,
    type_name: || "a name",
    passes: || false,
    layout: core::alloc::Layout::new::<()>(),
    stage: 0,
    moves: true,
    latency: false,
};
