//! Where a resource is, for runtimes in which it may move: from the worker that opened it to the one that uses it next.
//!
//! | file | holds |
//! |---|---|
//! | here | the binding: where a resource is, and what its handle does with it |
//! | `ask` | the new worker: asks for a resource, takes it in |
//! | `answer` | the old worker: gives it up, or says that it is in use |
//!
//! A driver's state is its worker's, so nobody takes a resource from another worker: it is asked for, by a message, and the old
//! worker gives it up together with what its driver has read ahead. Under a scheduler without several workers all of this is
//! absent ([`moves`] is a constant): there a handle names its worker, and that is all.
//!
//! ```text
//!                        1                  2                      3
//!   ──── 0 ──▶ At(old) ─────▶ Asked(old) ─────▶ Leaving(old) ──────────▶ Afloat ──── 4 ──▶ At(new)
//!                ▲ ▲             │ 5               │ 6                   ▲   │
//!                │ └─────────────┘                 │               0' ───┘   │ 8
//!                └─────────────────────────────────┘                         ▼
//!                     7: the handle goes ─▶ Dropped (from Asked, Leaving) ─▶ Gone
//!
//!   0  adopted on a worker                  0' adopted by whoever uses it first (`adopt_for_anyone`)
//!   1  `ask`: an operation is polled on another worker. It leaves its waker, and posts the request
//!   2  `answer`: the request comes out of the inbox, the resource is open, nobody waits there, nobody borrows the number
//!   3  the driver has given it up: its luggage lies in the binding, and those who wait are woken
//!   4  `ask`: whoever polls next, on whatever worker, registers it there with its luggage
//!   5  `answer`: it is in use, or the worker has closed it. Who asked is told so
//!   6  the driver refuses: the system still uses it. As 5
//!   7  At: the old way, through its worker. Asked, Leaving: the answer closes it. Afloat: closed by whoever drops the handle
//!   8  as 7
//! ```
//!
//! # Invariants
//! 1. `at` is the worker in `At` and `Asked`, and [`nowhere`] in every other state. Only the thread of a worker writes that
//!    worker there, and only that thread overwrites it. So a thread that reads the worker that it runs reads what it wrote
//!    last: the loads and stores are relaxed, and an operation at home pays for a comparison, no fence and no lock.
//! 2. `key` is the slot in the table of the worker in `at`; written by that worker's thread, before `at`. In `At`, `Asked` and
//!    `Leaving` the resource is a guest of the worker, and else of none.
//! 3. `begun - left` operations wait for the resource at the worker in `at`: polled there, neither over nor dropped. While there
//!    is one, the resource stays. `begun` is the worker's; `left` counts those of them that were dropped elsewhere.
//! 4. The node is in the inbox of the worker in `Asked`, and in that of a `Dropped` that came from there; else in none. So it is
//!    posted once (inbox, invariant 4), to a worker that the resource, a guest, keeps alive; and it holds a count of the binding.
//! 5. A resource is closed once: by its worker (`At`, `Dropped`), or by the handle (`Afloat`).
//! 6. `lent` calls use the number off the worker. While there is one, the resource does not arrive at a worker, and leaves one
//!    only if it was about to: the gate that holds off the close is that of the worker which had it when the call began
//!    ([`gate`](super::gate)). What was put off meanwhile is `late`, and the last of them does it.
//! 7. No code of the user's runs under the lock: wakers are cloned before it, and woken and dropped after it.
//!
//! # Nothing is lost when a wait is dropped
//! A wait for a resource holds nothing: it has left a waker. Dropped before the answer, the resource is at its old worker, or
//! afloat in its handle with all that was read ahead, and the next use takes it from there. An error of the new worker's driver
//! leaves it afloat, too.
//!
//! # Nothing is lost when a worker closes
//! The old one visits its inbox before it closes its resources, and gives up what it is asked for until then; a request that
//! comes later finds the inbox, or the resource, closed, and who asked hears that. What is afloat belongs to no worker, and the
//! close of one does not concern it.

mod answer;
mod ask;

pub(crate) use answer::answer;
pub(crate) use ask::{Asks, Found};

use super::{Common, Worker, guests};
use crate::config::{Config, SharingOf};
use crate::error::Errno;
use crate::loom::{AtomicPtr, AtomicU32, Ordering};
use crate::roles::{Driver, Kind, Luggage, Placement, RawResource, Resource, Scheduler};
use crate::sharing::{Lock, Sharing};
use crate::task::home::Home;
use crate::task::inbox::Node;
use crate::task::run::guard;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::task::Waker;

/// Do the resources of `C` move between workers? Where there are several, and drivers with a state.
#[inline(always)]
pub(crate) const fn moves<C: Config>() -> bool {
    matches!(<C::Scheduler as Scheduler>::PLACEMENT, Placement::InTurn) && !<C::Driver as Driver>::STATELESS
}

/// Where one resource is.
#[repr(C)]
pub(crate) struct Binding<C: Config> {
    /// First: a pointer to it is a pointer to the binding. The request.
    node: Node,
    raw: RawResource,
    key: AtomicU32,
    at: AtomicPtr<Worker<C>>,
    /// Owner of the worker only.
    begun: AtomicU32,
    left: AtomicU32,
    /// The runtime: what has no worker is asked whether it is closed.
    common: Arc<Common<C>>,
    state: <SharingOf<C> as Sharing>::Lock<State<C>>,
}

// SAFETY: the node is used by the rules of the inbox (invariant 4), the words are atomics, the rest is behind a lock.
unsafe impl<C: Config> Send for Binding<C> {}
// SAFETY: as above. Where the lock is none, resources do not move, and there is no binding.
unsafe impl<C: Config> Sync for Binding<C> {}

struct State<C: Config> {
    place: Place<C>,
    kind: Kind,
    /// Other descriptors may name the open file.
    shared: bool,
    lent: u32,
    late: bool,
    /// Who waits for the resource to come.
    waiting: Vec<Waker>,
}

// SAFETY: a worker is named here, and used by its thread, or as any thread may that holds a guest of it.
unsafe impl<C: Config> Send for State<C> {}

enum Place<C: Config> {
    At(NonNull<Worker<C>>),
    Asked(NonNull<Worker<C>>),
    Leaving(NonNull<Worker<C>>),
    Afloat(Luggage),
    Dropped,
    Gone,
}

/// A worker, for a message that names it: it is not freed before this is dropped.
pub(crate) struct Named<C: Config>(NonNull<Worker<C>>);

impl<C: Config> Named<C> {
    /// # Safety
    /// The worker is alive, by a guest of it.
    unsafe fn new(worker: NonNull<Worker<C>>) -> Self {
        // SAFETY: as the caller.
        unsafe { worker.as_ref() }.home.acquire();
        Named(worker)
    }

    /// Which.
    pub(crate) fn worker(&self) -> NonNull<Worker<C>> {
        self.0
    }
}

impl<C: Config> Drop for Named<C> {
    fn drop(&mut self) {
        // SAFETY: the reference that `new` took.
        unsafe { Home::release(Worker::home_of(self.0)) };
    }
}

/// What `at` says where there is no worker: an address that no worker has.
fn nowhere<C: Config>() -> *mut Worker<C> {
    core::ptr::without_provenance_mut(1)
}

impl<C: Config> State<C> {
    /// Leaves a waker, unless it is there.
    fn leave(&mut self, waker: Waker) -> Option<Waker> {
        if self.waiting.iter().any(|other| other.will_wake(&waker)) {
            return Some(waker);
        }
        self.waiting.push(waker);
        None
    }
}

fn wake_all(waiting: Vec<Waker>) {
    for waker in waiting {
        guard(|| waker.wake());
    }
}

impl<C: Config> Binding<C> {
    fn new(
        common: &Arc<Common<C>>,
        Resource { raw, key }: Resource,
        kind: Kind,
        at: *mut Worker<C>,
        place: Place<C>,
    ) -> NonNull<Self> {
        let state = State { place, kind, shared: false, lent: 0, late: false, waiting: Vec::new() };
        let binding = Arc::new(Binding {
            node: Node::new(),
            raw,
            key: AtomicU32::new(key),
            at: AtomicPtr::new(at),
            begun: AtomicU32::new(0),
            left: AtomicU32::new(0),
            common: common.clone(),
            state: Lock::new(state),
        });
        let Some(binding) = NonNull::new(Arc::into_raw(binding).cast_mut()) else {
            unreachable!("an `Arc` has an address")
        };
        binding
    }

    /// Of a resource that `worker` has (0). The count is the handle's.
    pub(crate) fn at_home(worker: NonNull<Worker<C>>, resource: Resource, kind: Kind) -> NonNull<Self> {
        // SAFETY: the caller runs the worker.
        let common = unsafe { &worker.as_ref().common };
        Self::new(common, resource, kind, worker.as_ptr(), Place::At(worker))
    }

    /// Of a resource that no worker has yet (0'). The count is the handle's.
    pub(crate) fn afloat(common: &Arc<Common<C>>, raw: RawResource, kind: Kind) -> NonNull<Self> {
        let place = Place::Afloat(Luggage { kind, held: None });
        Self::new(common, Resource { raw, key: 0 }, kind, nowhere(), place)
    }

    /// A count of it.
    ///
    /// # Safety
    /// The caller has one, or borrows the handle.
    pub(crate) unsafe fn hold(this: NonNull<Self>) -> Arc<Self> {
        // SAFETY: it came from an `Arc`, of which there is a count (contract).
        unsafe { Arc::increment_strong_count(this.as_ptr()) };
        // SAFETY: that count.
        unsafe { Arc::from_raw(this.as_ptr()) }
    }

    fn with<R>(&self, f: impl FnOnce(&mut State<C>) -> R) -> R {
        // SAFETY: a real lock where resources move; nothing of the user's runs in it (invariant 7), so nothing re-enters.
        unsafe { self.state.with(f) }
    }

    /// The worker that has it, if this thread runs that: then it stays so as long as this thread does nothing else.
    #[inline(always)]
    pub(crate) fn here(&self) -> Option<NonNull<Worker<C>>> {
        let at = NonNull::new(self.at.load(Ordering::Relaxed))?;
        // Invariant 1. The address that is nowhere is never current.
        Home::is_current(Worker::home_of(at)).then_some(at)
    }

    /// The worker that has it, if this thread does not run that.
    #[cold]
    pub(crate) fn elsewhere(&self) -> Option<Named<C>> {
        if self.here().is_some() {
            return None;
        }
        self.with(|state| match state.place {
            // SAFETY: the resource is a guest of it (invariant 2).
            Place::At(worker) | Place::Asked(worker) | Place::Leaving(worker) => Some(unsafe { Named::new(worker) }),
            _ => None,
        })
    }

    /// Its slot. Right on the thread of the worker that has it (invariant 2).
    #[inline(always)]
    pub(crate) fn key(&self) -> u32 {
        self.key.load(Ordering::Relaxed)
    }

    /// On its worker: an operation begins to wait.
    #[inline(always)]
    pub(crate) fn begins(&self) {
        self.begun.store(self.begun.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// An operation that had begun is over, or dropped, on this thread.
    #[inline]
    pub(crate) fn ends(&self) {
        if self.here().is_some() {
            self.begun.store(self.begun.load(Ordering::Relaxed).wrapping_sub(1), Ordering::Relaxed);
        } else {
            self.left.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// On its worker: does somebody wait (invariant 3)?
    fn is_busy(&self) -> bool {
        self.begun.load(Ordering::Relaxed) != self.left.load(Ordering::Relaxed)
    }

    /// Other descriptors may name the open file.
    pub(crate) fn share(&self) {
        self.with(|state| state.shared = true);
    }

    /// Is the worker that has it closed, or, if none has it, the runtime?
    pub(crate) fn is_closed(&self) -> bool {
        let at_worker = self.with(|state| match state.place {
            Place::At(worker) | Place::Asked(worker) | Place::Leaving(worker) => {
                // SAFETY: the resource, a guest, keeps the worker alive.
                Some(unsafe { worker.as_ref() }.home.inbox.is_closed())
            }
            _ => None,
        });
        at_worker.unwrap_or_else(|| self.is_runtime_closed())
    }

    fn is_runtime_closed(&self) -> bool {
        #[cfg(feature = "std")]
        {
            self.common.cores.is_closed()
        }
        #[cfg(not(feature = "std"))]
        {
            false
        }
    }

    /// Runs `f` while the number is the resource's, off its worker; `None`: it is closed.
    #[cold]
    pub(crate) fn lend<R>(this: NonNull<Self>, f: impl FnOnce() -> R) -> Option<R> {
        // SAFETY: the handle is borrowed.
        let binding = unsafe { this.as_ref() };
        let worker = binding.with(|state| {
            state.lent += 1;
            match state.place {
                // It may leave meanwhile, if it was about to, and the worker may go then.
                Place::At(worker) | Place::Asked(worker) | Place::Leaving(worker) => {
                    // SAFETY: the resource is a guest of it (invariant 2).
                    Some(unsafe { Named::new(worker) })
                }
                // It has no worker that could close it.
                _ => None,
            }
        });
        /// At the end, also by a panic of `f`.
        struct Back<C: Config>(NonNull<Binding<C>>);
        impl<C: Config> Drop for Back<C> {
            fn drop(&mut self) {
                // SAFETY: the handle is borrowed.
                unsafe { Binding::give_back(self.0) };
            }
        }
        let _back = Back(this);
        match &worker {
            // SAFETY: a reference of it is held.
            Some(named) => unsafe { named.worker().as_ref() }.gate.pass(f),
            None if binding.is_runtime_closed() => None,
            None => Some(f()),
        }
    }

    /// The end of a [`lend`](Self::lend): does what was put off (invariant 6).
    ///
    /// # Safety
    /// The handle is borrowed.
    unsafe fn give_back(this: NonNull<Self>) {
        // SAFETY: as the caller.
        let binding = unsafe { this.as_ref() };
        let waiting = binding.with(|state| {
            state.lent -= 1;
            if state.lent > 0 || !core::mem::take(&mut state.late) {
                return Vec::new();
            }
            if let Place::Asked(worker) = state.place
                // SAFETY: the request was taken out of the inbox when it was put off, and its count went with it.
                && unsafe { ask::post(this, worker) }.is_ok()
            {
                return Vec::new();
            }
            if let Place::Asked(worker) = state.place {
                state.place = Place::At(worker);
            }
            core::mem::take(&mut state.waiting)
        });
        wake_all(waiting);
    }

    /// The handle goes (7, 8).
    ///
    /// # Safety
    /// The caller has the handle's count, and gives it up.
    pub(crate) unsafe fn let_go(this: NonNull<Self>) {
        // SAFETY: the handle's count.
        let binding = unsafe { Arc::from_raw(this.as_ptr()) };
        enum Last<C: Config> {
            Worker(NonNull<Worker<C>>),
            Discard(Luggage),
            Nothing,
        }
        let (last, waiting) = binding.with(|state| {
            let last = match core::mem::replace(&mut state.place, Place::Gone) {
                Place::At(worker) => Last::Worker(worker),
                Place::Asked(_) | Place::Leaving(_) => {
                    state.place = Place::Dropped;
                    Last::Nothing
                }
                Place::Afloat(luggage) => Last::Discard(luggage),
                Place::Dropped | Place::Gone => unreachable!("a resource has one handle"),
            };
            (last, core::mem::take(&mut state.waiting))
        });
        waiting.into_iter().for_each(|waker| guard(|| drop(waker)));
        match last {
            // SAFETY: the one handle of the resource, which is at this worker.
            Last::Worker(worker) => unsafe {
                guests::drop_resource(worker, Resource { raw: binding.raw, key: binding.key() });
            },
            Last::Discard(luggage) => {
                guard(|| drop(luggage));
                <C::Driver as Driver>::close_afloat(binding.raw);
            }
            Last::Nothing => {}
        }
    }

    /// The handle gives the resource to the caller, who has it open and outside of every runtime.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`]; what the driver says; [`Errno::NOT_IDLE`]: what was read ahead would be lost. The handle is
    /// what it was then.
    ///
    /// # Safety
    /// This thread runs the worker that has the resource, or none has. After `Ok` the handle is forgotten: the caller has its
    /// count, which this has given up.
    pub(crate) unsafe fn release(this: NonNull<Self>) -> Result<(), Errno> {
        // SAFETY: the handle's count.
        let binding = unsafe { this.as_ref() };
        if let Some(worker) = binding.here() {
            let resource = Resource { raw: binding.raw, key: binding.key() };
            // SAFETY: this thread runs the worker; the handle is forgotten after `Ok`.
            unsafe { guests::release_resource(worker, resource) }?;
            // SAFETY: the owner; the resource was a guest.
            unsafe { Home::caller_goes(Worker::home_of(worker)) };
        } else {
            binding.with(|state| match &state.place {
                Place::Afloat(Luggage { held: None, .. }) => Ok(()),
                _ => Err(Errno::NOT_IDLE),
            })?;
        }
        // A request that is still under way finds nothing.
        binding.with(|state| state.place = Place::Gone);
        binding.at.store(nowhere(), Ordering::Relaxed);
        // SAFETY: the handle's count.
        drop(unsafe { Arc::from_raw(this.as_ptr()) });
        Ok(())
    }
}
