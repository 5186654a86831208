//! What lies outside the tasks and names its worker: open resources, sleeps, operations in flight, leases. See the rules of
//! [`home`](crate::task::home) for how they are counted.
//!
//! Where tasks move, another worker does not leave work for the owner: it goes [`inside`], and closes or polls itself. The table
//! of what is open has a lock then, as has what the driver shares ([`Sharing::DriverLock`]). That worker keeps out of the
//! owner's wheel, queue and park.

use super::{Worker, rehome};
use crate::config::{Config, LiveOf, SharingOf};
use crate::error::Errno;
use crate::loom::{Plant, planted};
use crate::roles::{Driver, Live, RawResource, Resource};
use crate::sharing::Sharing;
use crate::task::home::{Closed, Home};
use crate::task::inbox::{Node, NodeKind};
use crate::task::run::guard;
use crate::util::slab::ChunkSlab;
use crate::util::wheel::Polled;
use alloc::boxed::Box;
use core::cell::Cell;
use core::ptr::NonNull;
use core::sync::atomic::Ordering;
use core::task::Waker;

/// One open resource: how a foreign drop reaches its owner.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct ResourceSlot {
    /// First: a pointer to it is a pointer to the slot.
    node: Node,
    raw: Cell<RawResource>,
    /// Its key, twice, and one more while it is open.
    key_and_open: Cell<u32>,
}

// With the slab's own word 24, of each open resource.
#[cfg(all(not(loom), target_pointer_width = "64", unix))]
const _: () = assert!(size_of::<ResourceSlot>() == 16);

impl ResourceSlot {
    fn key(&self) -> u32 {
        self.key_and_open.get() >> 1
    }

    fn is_open(&self) -> bool {
        self.key_and_open.get() & 1 == 1
    }

    /// Whether it was open; it is not any more.
    fn close(&self) -> bool {
        let open = self.is_open();
        self.key_and_open.set(self.key() << 1);
        open
    }
}

/// The open resources of a worker. Owner only, or under the lock of the table; but for the addresses of nodes.
#[derive(Debug)]
pub(crate) struct Resources {
    slots: ChunkSlab<ResourceSlot>,
    /// Keys below this were handed out once.
    bound: u32,
    /// From step 4 of close on: nothing is opened any more, as nobody would close it.
    shut: bool,
}

impl Resources {
    pub(crate) fn new() -> Self {
        Resources { slots: ChunkSlab::new(), bound: 0, shut: false }
    }

    fn slot(&self, key: u32) -> &ResourceSlot {
        // SAFETY: `key` was handed out, so the slot is initialised, and it never moves.
        unsafe { &*self.slots.get(key) }
    }

    /// A key for `raw`.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`]; [`Errno::OUT_OF_MEMORY`].
    pub(crate) fn open(&mut self, raw: RawResource) -> Result<u32, Errno> {
        if self.shut {
            return Err(Errno::RUNTIME_CLOSED);
        }
        let key = self.slots.alloc().ok_or(Errno::OUT_OF_MEMORY)?;
        if key > u32::MAX >> 1 {
            // SAFETY: it was handed out just now.
            unsafe { self.slots.free(key) };
            return Err(Errno::OUT_OF_MEMORY);
        }
        self.bound = self.bound.max(key + 1);
        let slot = self.slot(key);
        slot.raw.set(raw);
        slot.key_and_open.set(key << 1 | 1);
        Ok(key)
    }

    /// Whether it was open; it is not any more.
    fn close(&mut self, key: u32) -> bool {
        self.slot(key).close()
    }

    /// Gives a key back, of a resource that is closed, or was never the driver's.
    pub(crate) fn free(&mut self, key: u32) {
        self.close(key);
        // SAFETY: the key was open, so it was handed out and not freed since.
        unsafe { self.slots.free(key) };
    }

    /// Any resource that is open, from `from` on.
    fn next_open(&self, from: u32) -> Option<Resource> {
        (from..self.bound)
            .find(|key| self.slot(*key).is_open())
            .map(|key| Resource { raw: self.slot(key).raw.get(), key })
    }

    /// How many are open.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }
}

/// Closes a resource whose handle is dropped, on any thread.
///
/// # Safety
/// The caller is the one handle of `resource`, which [`adopt`] made for `worker`; it is not used again.
pub(crate) unsafe fn drop_resource<C: Config>(worker: NonNull<Worker<C>>, resource: Resource) {
    let home = Worker::home_of(worker);
    // SAFETY: the handle is a guest.
    if const { roams::<C>() } && unsafe { worker.as_ref() }.common.is_copy() {
        // A thread that is missing here may hold a lock. The descriptor stays open.
        // SAFETY: the guest's reference.
        return unsafe { Home::caller_goes(home) };
    }
    if Home::is_current(home) {
        // SAFETY: the owner.
        return unsafe { close_resource(worker, resource) };
    }
    if const { roams::<C>() } {
        // SAFETY: inside; the handle is gone.
        let close = || unsafe { close_open(worker, resource) };
        // One that has closed has closed this, too.
        // SAFETY: the handle is a guest.
        let _ = unsafe { inside(worker, close) };
        // SAFETY: the guest's reference.
        return unsafe { Home::caller_goes(home) };
    }
    // SAFETY: a guest keeps the worker alive.
    let resources = unsafe { worker.as_ref() }.resources.get();
    // SAFETY: computes an address inside the worker.
    let slots = unsafe { &raw const (*resources).slots };
    // SAFETY: the slab is alive, and the key was handed out before the handle could come here.
    let slot = unsafe { ChunkSlab::get_foreign(slots, resource.key) };
    let node = NonNull::new(slot.cast_mut()).map(NonNull::cast::<Node>);
    let Some(node) = node else { unreachable!("a slot has an address") };
    // SAFETY: the handle is the node's pin.
    if let Err(Closed) = unsafe { Home::post(home, node, NodeKind::Resource) } {
        // The runtime closed it; what is left is the guest's reference.
        // SAFETY: that reference.
        unsafe { Home::release(home) };
    }
}

/// Runs what a driver does, which may drop what is the user's, and that may panic. A driver of a model panics where the model
/// fails: that is heard.
fn of_the_driver(f: impl FnOnce()) {
    if cfg!(loom) { f() } else { guard(f) }
}

/// Owner: closes a resource and forgets it, and its handle is a guest no more.
///
/// # Safety
/// The caller is the owner, before its inbox is closed, and the handle is gone.
pub(super) unsafe fn close_resource<C: Config>(worker: NonNull<Worker<C>>, resource: Resource) {
    // SAFETY: the owner, as the caller.
    unsafe { close_open(worker, resource) };
    // SAFETY: the owner; where tasks move, the guest's reference.
    unsafe { Home::caller_goes(Worker::home_of(worker)) };
}

/// Closes a resource and forgets it; its handle stays a guest.
///
/// # Safety
/// The caller is the owner, before its inbox is closed, or [`inside`]; and the handle is gone.
unsafe fn close_open<C: Config>(worker: NonNull<Worker<C>>, resource: Resource) {
    // SAFETY: alive, before close is over.
    let this = unsafe { worker.as_ref() };
    // Before the driver is asked: what it drops may be the user's and may panic, and nobody closes a number twice.
    // SAFETY: the owner; nothing of the user's runs.
    if unsafe { this.with_resources(|r| r.close(resource.key)) } {
        // SAFETY: the owner; the driver is there while a resource is open.
        of_the_driver(|| unsafe { Worker::driver(worker) }.close(resource));
        // SAFETY: the owner; nothing of the user's runs.
        unsafe { this.change_resources(|r| r.free(resource.key)) };
    }
}

/// May each worker of the runtime poll what was opened on another one? Where tasks move, under drivers with a state.
#[inline(always)]
pub(crate) const fn roams<C: Config>() -> bool {
    <SharingOf<C> as Sharing>::MOVING && !<C::Driver as Driver>::STATELESS
}

/// Runs `f` while `worker` does not close what is open there, nor drops its driver: then this thread may do with these what the
/// owner may, but park, if this is [`roams`]' case. `None`: it does so, or has.
///
/// # Safety
/// `worker` is alive.
#[inline(always)]
pub(crate) unsafe fn inside<C: Config, R>(worker: NonNull<Worker<C>>, f: impl FnOnce() -> R) -> Option<R> {
    if Home::is_current(Worker::home_of(worker)) {
        return Some(f());
    }
    // SAFETY: alive (contract).
    let this = unsafe { worker.as_ref() };
    // In a forked child the worker's thread is missing, and who was inside stays there.
    if roams::<C>() && this.common.is_copy() {
        return None;
    }
    this.gate.pass(f)
}

/// Does this thread run a worker of the same runtime?
///
/// # Safety
/// `worker` is alive.
pub(crate) unsafe fn is_near<C: Config>(worker: NonNull<Worker<C>>) -> bool {
    let Some(here) = super::ambient::try_worker::<C>() else { return false };
    // SAFETY: this thread is running it.
    let here = unsafe { &here.as_ref().common };
    // SAFETY: alive (contract).
    let there = unsafe { &worker.as_ref().common };
    alloc::sync::Arc::ptr_eq(here, there)
}

/// Owner, or [`inside`]: forgets a resource, which stays open and is the caller's from now on.
///
/// # Errors
/// [`Errno::RUNTIME_CLOSED`]; what the driver says. The handle is what it was.
///
/// # Safety
/// The caller is the owner, or [`inside`]; and has the one handle of `resource`, which is forgotten after `Ok`. It gives the
/// guest back then: [`Home::caller_goes`].
pub(crate) unsafe fn release_resource<C: Config>(worker: NonNull<Worker<C>>, resource: Resource) -> Result<(), Errno> {
    // SAFETY: the owner, of the resource of a handle.
    if !unsafe { is_open(worker, resource.key) } {
        return Err(Errno::RUNTIME_CLOSED);
    }
    // SAFETY: the owner; the driver is there while a resource is open.
    unsafe { Worker::driver(worker) }.release(resource)?;
    // SAFETY: the owner's worker is alive.
    let this = unsafe { worker.as_ref() };
    // SAFETY: the owner; nothing of the user's runs.
    unsafe { this.change_resources(|r| r.free(resource.key)) };
    Ok(())
}

/// Owner, or [`inside`]: is the resource open, which is so until step 4 of close?
///
/// # Safety
/// The caller is the owner, or [`inside`], and `key` is that of a handle.
pub(crate) unsafe fn is_open<C: Config>(worker: NonNull<Worker<C>>, key: u32) -> bool {
    // SAFETY: the owner's worker is alive.
    let this = unsafe { worker.as_ref() };
    // SAFETY: the owner; nothing of the user's runs.
    unsafe { this.with_resources(|resources| resources.slot(key).is_open()) }
}

/// Owner, at close: closes every resource that is still open, and lets none be opened. Their handles stay guests.
pub(super) unsafe fn close_resources<C: Config>(worker: NonNull<Worker<C>>) {
    // SAFETY: the owner's worker is alive.
    let this = unsafe { worker.as_ref() };
    if roams::<C>() && this.common.is_copy() {
        return; // who was inside at the fork stays there
    }
    // Without a guest there is no handle that another thread could use.
    if this.home.guests.get() > 0 || roams::<C>() {
        this.gate.close();
    }
    // SAFETY: the owner; nothing of the user's runs.
    unsafe { this.with_resources(|r| r.shut = true) };
    let mut from = 0;
    loop {
        // SAFETY: the owner.
        let this = unsafe { worker.as_ref() };
        // SAFETY: the owner; nothing of the user's runs.
        let Some(resource) = (unsafe { this.with_resources(|r| r.next_open(from)) }) else {
            return this.open_resources.store(0, Ordering::Relaxed);
        };
        // The key is not given back: its handle may still post the node.
        // SAFETY: the owner; nothing of the user's runs.
        unsafe { this.with_resources(|r| r.close(resource.key)) };
        // SAFETY: the owner; the driver is still there.
        of_the_driver(|| unsafe { Worker::driver(worker) }.close(resource));
        from = resource.key + 1;
    }
}

/// Work that a foreign thread left for the owner: what an operation in flight needs when it is dropped elsewhere.
#[repr(C)]
pub(crate) struct Boxed<C: Config> {
    /// First: a pointer to it is a pointer to the whole.
    node: Node,
    run: Option<Box<dyn Work<C>>>,
    /// Its sender came by [`Home::caller_comes`].
    caller: bool,
}

/// A piece of work for the owner.
pub(crate) trait Work<C: Config>: Send {
    /// On the owner. `closed`: the driver is gone; only values are left to drop.
    fn run(self: Box<Self>, worker: NonNull<Worker<C>>, closed: bool);
}

/// Hands work to the owner of `worker`; on a closed runtime it runs here, told so. The sender is a guest, and stops being
/// one.
///
/// # Safety
/// The caller is a guest of `worker`.
#[cfg(feature = "alloc")]
pub(crate) unsafe fn post_work<C: Config>(worker: NonNull<Worker<C>>, work: Box<dyn Work<C>>) {
    // SAFETY: as the caller.
    unsafe { post(worker, work, false) }
}

/// As [`post_work`], of a guest that came by [`Home::caller_comes`].
///
/// # Safety
/// As [`post_work`].
#[cfg(feature = "alloc")]
pub(crate) unsafe fn post_work_of_caller<C: Config>(worker: NonNull<Worker<C>>, work: Box<dyn Work<C>>) {
    // SAFETY: as the caller.
    unsafe { post(worker, work, true) }
}

#[cfg(feature = "alloc")]
unsafe fn post<C: Config>(worker: NonNull<Worker<C>>, work: Box<dyn Work<C>>, caller: bool) {
    let boxed = Box::new(Boxed { node: Node::new(), run: Some(work), caller });
    let boxed = NonNull::from(Box::leak(boxed));
    let home = Worker::home_of(worker);
    // SAFETY: a new node is pinned by its maker; the guest holds the home.
    if let Err(Closed) = unsafe { Home::post(home, boxed.cast(), NodeKind::Boxed) } {
        // SAFETY: the node was not taken, so the box is still ours.
        let mut boxed = unsafe { Box::from_raw(boxed.as_ptr()) };
        if let Some(work) = boxed.run.take() {
            // It drops what is the user's; the reference goes back all the same.
            guard(|| work.run(worker, true));
        }
        // SAFETY: the guest's reference, which close took for it, or with which it came.
        unsafe { Home::release(home) };
    }
}

/// Owner: one node out of the inbox that is not a task.
///
/// # Safety
/// The caller is the owner and took the node from the inbox of `worker`.
pub(super) unsafe fn visit<C: Config>(worker: NonNull<Worker<C>>, node: NonNull<Node>, kind: NodeKind, closed: bool) {
    // SAFETY: the owner.
    let this = unsafe { worker.as_ref() };
    match kind {
        NodeKind::Task => unreachable!("tasks are visited by their own rules"),
        // No guest: the runtime posts it, once.
        NodeKind::Stop => return this.home.stops(),
        // No guest: the request holds its binding, and the resource is one.
        NodeKind::Move if const { rehome::moves::<C>() } => {
            // SAFETY: the owner took it from its inbox.
            return unsafe { rehome::answer(worker, node, closed) };
        }
        NodeKind::Move => unreachable!("a resource that cannot move is asked for"),
        NodeKind::Resource => {
            // SAFETY: the node is the first field of its slot.
            let slot = unsafe { node.cast::<ResourceSlot>().as_ref() };
            let resource = Resource { raw: slot.raw.get(), key: slot.key() };
            if !closed {
                // SAFETY: the owner; the handle is gone.
                unsafe { close_resource(worker, resource) };
            }
        }
        NodeKind::Timer => {
            // SAFETY: the owner; the sleep is gone, so its key is live and nobody else's.
            let waker = unsafe {
                this.with_wheel(|wheel| {
                    let key = wheel.key_of(node.as_ptr())?;
                    if planted(Plant::FiredTimerKept) && wheel.poll(key, Waker::noop()) == Polled::Fired {
                        return None;
                    }
                    wheel.cancel(key)
                })
            };
            guard(|| drop(waker));
            if !closed {
                // SAFETY: the owner.
                unsafe { this.home.guest_goes() };
            }
        }
        NodeKind::Boxed => {
            // SAFETY: `post_work` leaked it, and the node is its first field.
            let mut boxed = unsafe { Box::from_raw(node.cast::<Boxed<C>>().as_ptr()) };
            if let Some(work) = boxed.run.take() {
                // It drops what is the user's; the rest of the inbox is visited all the same.
                guard(|| work.run(worker, closed));
            }
            if !closed {
                if boxed.caller {
                    // SAFETY: the owner; where tasks move, the guest's reference.
                    unsafe { Home::caller_goes(Worker::home_of(worker)) };
                } else {
                    // SAFETY: the owner.
                    unsafe { this.home.guest_goes() };
                }
            }
        }
        NodeKind::Lease if closed => {
            // SAFETY: the driver is gone, and so is the lease.
            unsafe { LiveOf::<C>::free_buffer(node) };
        }
        NodeKind::Lease => {
            // SAFETY: the owner; the driver is there until the inbox is closed.
            let driver = unsafe { Worker::driver(worker) };
            // SAFETY: it lent the buffer, and the lease is gone.
            unsafe { driver.take_back(node) };
            // SAFETY: the owner; where tasks move, the guest's reference.
            unsafe { Home::caller_goes(Worker::home_of(worker)) };
        }
        NodeKind::Question => {
            // SAFETY: the owner took it.
            #[cfg(feature = "std")]
            unsafe {
                crate::task::question::visit(&this.home, this.root(), node, closed);
            }
            return; // it is no guest
        }
    }
    if closed {
        // SAFETY: the guest's reference, as in `post`; the runtime's own still holds the home.
        unsafe { Home::release(Worker::home_of(worker)) };
    }
}
