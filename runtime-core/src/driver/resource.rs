//! A resource that its handle owns: what every typed handle (a socket, a listener, a file) is made of.

use super::op::{Op, Submit};
use super::operation::Operation;
use super::owner::Owner;
use crate::config::{Config, LiveOf, SharingOf};
use crate::error::Errno;
use crate::roles::{Driver, Kind, Live, RawResource, Resource, Under};
use crate::task::home::Home;
use crate::task::join::polled_elsewhere;
use crate::worker::guests::roams;
use crate::worker::rehome::{Asks, Binding, Found, moves};
use crate::worker::{Worker, ambient, guests};
#[cfg(feature = "std")]
use alloc::sync::Arc;
use core::fmt;
use core::panic::Location;
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// A resource and the worker that it belongs to; closed through the driver when it is dropped, on whatever thread that is.
///
/// It may outlive its runtime: operations on it are refused then with [`Errno::RUNTIME_CLOSED`].
///
/// Under a scheduler with several workers it moves: an operation that is polled on another one brings it there, with what was
/// read ahead, unless somebody waits for it where it is: [`Errno::NOT_IDLE`]. See [`rehome`](Self::rehome).
pub struct OwnedResource<C: Config> {
    raw: RawResource,
    /// 0 where resources move: their binding has it.
    key: u32,
    /// `None`: the driver is stateless, and the resource was adopted outside of every runtime of `C`.
    owner: Option<Owner<C>>,
}

#[cfg(target_pointer_width = "64")]
const _: () = {
    // The size does not depend on `C`: a pointer to a sized type is one word.
    assert!(size_of::<Option<NonNull<u8>>>() + 8 == 16);
};

// SAFETY: every use goes through the worker check, or is inside the worker's gate, or posts to its inbox, which any thread may
// do.
unsafe impl<C: Config> Send for OwnedResource<C> {}
// SAFETY: as above.
unsafe impl<C: Config> Sync for OwnedResource<C> {}

impl<C: Config> OwnedResource<C> {
    /// Takes charge of `raw`, on the worker of this thread.
    ///
    /// # Errors
    /// What the driver was refused; `raw` is still the caller's then.
    ///
    /// # Panics
    /// Without a runtime of `C` on this thread, unless the driver is stateless.
    #[track_caller]
    pub fn adopt(raw: RawResource, kind: Kind) -> Result<Self, Errno> {
        Self::adopt_for(raw, kind, Location::caller())
    }

    /// As [`adopt`](Self::adopt), for a call that was made at `at`: in a future, which is polled elsewhere.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt).
    ///
    /// # Panics
    /// As [`adopt`](Self::adopt); the message says that `at` asks for the runtime.
    pub fn adopt_for(raw: RawResource, kind: Kind, at: &'static Location<'static>) -> Result<Self, Errno> {
        if <C::Driver as Driver>::STATELESS {
            #[cfg(feature = "std")]
            let owner = Owner::runtime(raw, kind)?;
            // Without threads nobody blocks in an operation while the runtime closes.
            #[cfg(not(feature = "std"))]
            let owner = None;
            return Ok(OwnedResource { raw, key: 0, owner });
        }
        let here = ambient::worker_for::<C>(at);
        let adopt_on = |worker| {
            let register = |live: &LiveOf<C>, resource| live.register(resource, kind);
            // SAFETY: inside.
            let adopt = || unsafe { Self::adopt_on(worker, raw, register) };
            // SAFETY: this thread runs it, or it is of the same team.
            unsafe { guests::inside(worker, adopt) }
        };
        let mut worker = if const { roams::<C>() } { watcher(here)? } else { here };
        let mut adopted = adopt_on(worker);
        if const { roams::<C>() } && adopted.is_none() {
            // That one is closing, and this one not yet: tasks see nothing of an end that has begun.
            worker = here;
            adopted = adopt_on(worker);
        }
        let resource = adopted.unwrap_or(Err(Errno::RUNTIME_CLOSED))?;
        if const { moves::<C>() } {
            return Ok(Self::bound(raw, Binding::at_home(worker, resource, kind)));
        }
        Ok(OwnedResource { raw, key: resource.key, owner: Some(Owner::of(worker)) })
    }

    /// Where tasks move: a second handle of this resource, on the worker that has `with`.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`]; the driver knows no second one of its kind; as [`adopt`](Self::adopt).
    #[cold]
    pub(super) fn second(&self, with: &Self) -> Result<Self, Errno> {
        let (Some(mine), Some(there)) = (self.worker(), with.worker()) else {
            unreachable!("where tasks move, a resource has a worker")
        };
        let first = self.resource();
        let adopt = || {
            // SAFETY: inside; the driver is there.
            let mine = unsafe { Worker::driver(mine) };
            // SAFETY: inside.
            unsafe { Self::adopt_on(there, self.raw, |live, second| live.second(second, mine, first)) }
        };
        // SAFETY: `with`, a guest, keeps the worker alive.
        let adopt_there = || unsafe { guests::inside(there, adopt) };
        // SAFETY: this resource, a guest, keeps the worker alive.
        let second = unsafe { guests::inside(mine, adopt_there) }.flatten().unwrap_or(Err(Errno::RUNTIME_CLOSED))?;
        Ok(OwnedResource { raw: self.raw, key: second.key, owner: Some(Owner::of(there)) })
    }

    /// Where tasks move: is this a thread of its runtime, which is closing as a whole? What polls here is cancelled before long,
    /// and sees nothing of it.
    #[cold]
    pub(super) fn sees_the_end(&self) -> bool {
        #[cfg(feature = "std")]
        if let Some(worker) = self.worker() {
            // SAFETY: this resource, a guest, keeps the worker alive.
            let common = unsafe { &worker.as_ref().common };
            return common.cores.is_closed() && ambient::worker_in(common).is_some();
        }
        false
    }

    /// Makes `raw` a resource of `worker`, whose guest it is then. `register` tells the driver.
    ///
    /// # Safety
    /// This thread is running the worker, or is [`inside`](guests::inside).
    unsafe fn adopt_on(
        worker: NonNull<Worker<C>>,
        raw: RawResource,
        register: impl FnOnce(&LiveOf<C>, Resource) -> Result<(), Errno>,
    ) -> Result<Resource, Errno> {
        // SAFETY: alive (contract).
        let this = unsafe { worker.as_ref() };
        this.common.assert_no_copy();
        // SAFETY: as the caller; nothing of the user's runs.
        let key = unsafe { this.change_resources(|resources| resources.open(raw)) }?;
        let resource = Resource { raw, key };
        // SAFETY: as the caller; the driver is there.
        if let Err(errno) = register(unsafe { Worker::driver(worker) }, resource) {
            // SAFETY: as the caller; nothing of the user's runs.
            unsafe { this.change_resources(|resources| resources.free(key)) };
            return Err(errno);
        }
        // SAFETY: as the caller; the worker holds its home.
        unsafe { this.home.caller_comes() };
        Ok(resource)
    }

    /// As [`adopt_for`](Self::adopt_for), for whoever uses the resource first: where resources move, no worker has it until
    /// then, so that the one which opened it need not give it up.
    ///
    /// # Errors
    /// As [`adopt`](Self::adopt); where resources move, what the driver was refused is told by the first operation.
    ///
    /// # Panics
    /// As [`adopt_for`](Self::adopt_for).
    pub fn adopt_for_anyone(raw: RawResource, kind: Kind, at: &'static Location<'static>) -> Result<Self, Errno> {
        if const { moves::<C>() } {
            let worker = ambient::worker_for::<C>(at);
            // SAFETY: this thread is running the worker.
            let common = unsafe { &worker.as_ref().common };
            common.assert_no_copy();
            return Ok(Self::bound(raw, Binding::afloat(common, raw, kind)));
        }
        Self::adopt_for(raw, kind, at)
    }

    fn bound(raw: RawResource, binding: NonNull<Binding<C>>) -> Self {
        OwnedResource { raw, key: 0, owner: Some(Owner::bound(binding)) }
    }

    /// Where it is, if resources of `C` move.
    #[inline(always)]
    pub(super) fn binding(&self) -> Option<NonNull<Binding<C>>> {
        if const { moves::<C>() } { self.owner.map(Owner::binding) } else { None }
    }

    /// The worker that it belongs to, unless the driver is stateless; where resources move, only if this thread runs it.
    #[inline(always)]
    pub(super) fn worker(&self) -> Option<NonNull<Worker<C>>> {
        self.owner.and_then(Owner::worker)
    }

    /// Its name in operations.
    #[inline]
    #[must_use]
    pub fn resource(&self) -> Resource {
        let key = match self.binding() {
            // SAFETY: this borrows the resource. Elsewhere than on its worker the key means nothing: an operation takes it when
            // it begins.
            Some(binding) => unsafe { binding.as_ref() }.key(),
            None => self.key,
        };
        Resource { raw: self.raw, key }
    }

    /// What the operating system calls it. Another thread may close the runtime, and the resource with it, at any time:
    /// a call that names it to the system is made by [`while_open`](Self::while_open).
    #[inline]
    #[must_use]
    pub fn raw(&self) -> RawResource {
        self.raw
    }

    /// An operation on this resource that keeps nothing, or nothing that `op` points into.
    ///
    /// # Safety
    /// The memory that `op` points at outlives the operation, which is a poll-time one; so does this value. A type that
    /// holds the operation and borrows both has a [`Borrows`](super::Borrows) in it.
    #[inline]
    pub unsafe fn operation<O: Op, K: Send + 'static>(&self, op: O, keep: K) -> Operation<C, O, K>
    where
        C::Driver: Submit<O>,
    {
        // SAFETY: as the caller.
        unsafe { self.operation_with(keep, |_| op) }
    }

    /// An operation on this resource that keeps `keep`; `op` makes it, from what is kept, where that stays.
    ///
    /// # Safety
    /// As [`Operation::new`]; this value outlives the operation.
    #[inline]
    pub unsafe fn operation_with<O: Op, K: Send + 'static>(
        &self,
        keep: K,
        op: impl FnOnce(&mut K) -> O,
    ) -> Operation<C, O, K>
    where
        C::Driver: Submit<O>,
    {
        // SAFETY: as the caller.
        unsafe { Operation::about(self.owner, keep, op) }
    }

    /// Is the resource still open? `Err`: its runtime is closed, and the system's resource with it.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`].
    pub fn check_open(&self) -> Result<(), Errno> {
        let Some(owner) = self.owner else { return Ok(()) };
        if let Some(binding) = self.binding() {
            // SAFETY: this borrows the resource.
            return if unsafe { binding.as_ref() }.is_closed() { Err(Errno::RUNTIME_CLOSED) } else { Ok(()) };
        }
        let closed = match owner.worker() {
            // SAFETY: this resource, a guest, keeps the worker alive.
            Some(worker) => unsafe { worker.as_ref() }.home.inbox.is_closed(),
            #[cfg(feature = "std")]
            // SAFETY: this resource is borrowed.
            None => unsafe { owner.common() }.is_some_and(|common| common.open.is_closing()),
            #[cfg(not(feature = "std"))]
            None => false,
        };
        if closed { Err(Errno::RUNTIME_CLOSED) } else { Ok(()) }
    }

    /// Runs `f` on what the operating system calls the resource; that stays this resource meanwhile, on whatever thread.
    /// `f` makes a system call that does not wait: off the worker, the close of the runtime waits for it.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`].
    #[inline]
    pub fn while_open<R>(&self, f: impl FnOnce(RawResource) -> R) -> Result<R, Errno> {
        let raw = self.raw;
        if let Some(binding) = self.binding() {
            // SAFETY: this borrows the resource.
            let bound = unsafe { binding.as_ref() };
            return match bound.here() {
                // SAFETY: the owner; the key is that of this handle.
                Some(worker) if unsafe { guests::is_open(worker, bound.key()) } => Ok(f(raw)),
                Some(_) => Err(Errno::RUNTIME_CLOSED),
                None => Binding::lend(binding, || f(raw)).ok_or(Errno::RUNTIME_CLOSED),
            };
        }
        let Some(worker) = self.owner.and_then(Owner::worker) else {
            // The driver is stateless: nothing but the drop of this handle closes the resource.
            return self.check_open().map(|()| f(raw));
        };
        if !Home::is_current(Worker::home_of(worker)) {
            return self.while_open_elsewhere(worker, || f(raw));
        }
        // SAFETY: the owner; the key is that of this handle.
        if unsafe { guests::is_open(worker, self.key) } { Ok(f(raw)) } else { Err(Errno::RUNTIME_CLOSED) }
    }

    #[cold]
    fn while_open_elsewhere<R>(&self, worker: NonNull<Worker<C>>, f: impl FnOnce() -> R) -> Result<R, Errno> {
        // SAFETY: this resource, a guest, keeps the worker alive.
        let gate = unsafe { &worker.as_ref().gate };
        gate.pass(f).ok_or(Errno::RUNTIME_CLOSED)
    }

    /// Is this thread running a worker that may wait for the resource?
    #[must_use]
    pub fn is_here(&self) -> bool {
        let Some(here) = ambient::try_worker::<C>() else { return false };
        if self.binding().is_some() {
            return self.worker().is_some();
        }
        if const { roams::<C>() } {
            // SAFETY: this resource, a guest, keeps the worker alive.
            return self.worker().is_none_or(|worker| unsafe { guests::is_near(worker) });
        }
        self.owner.and_then(Owner::worker).is_none_or(|owner| owner == here)
    }

    /// Brings the resource to the worker of this thread, with what was read ahead; nothing where it is there, or belongs to no
    /// worker.
    ///
    /// # Errors
    /// [`Errno::NOT_IDLE`]: an operation waits for it at its worker, or the system has one that was dropped there still;
    /// [`Errno::RUNTIME_CLOSED`]; what the driver was refused.
    ///
    /// # Panics
    /// When polled on another worker than the resource's where resources do not move, or outside of its runtime.
    ///
    /// # Cancel safety
    /// Cancel safe and lossless: dropped, the resource is where it was, or with its handle, and the next use brings it to itself.
    pub fn rehome(&self) -> impl Future<Output = Result<(), Errno>> + Send + '_ {
        let mut asks = Asks::default();
        core::future::poll_fn(move |cx| match self.binding() {
            Some(binding) => bring(binding, "a resource", &mut asks, cx).map_ok(drop),
            None => Poll::Ready(self.worker_here("a resource").map(drop)),
        })
    }

    /// Tells the driver that other descriptors may name the open file of this resource: it was somebody else's before.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`].
    ///
    /// # Panics
    /// On another worker than the resource's.
    pub fn share(&self) -> Result<(), Errno> {
        let resource = self.resource();
        self.with_live(|live| live.share(resource))?;
        if let Some(binding) = self.binding() {
            // SAFETY: this borrows the resource.
            unsafe { binding.as_ref() }.share();
        }
        Ok(())
    }

    /// Leaves the runtime: the driver forgets the resource, which stays open and is the caller's. Nothing is under way on it,
    /// as each operation borrows it.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`]; what the driver says, see [`Live::release`]. The resource is closed then.
    ///
    /// # Panics
    /// On another worker than the resource's.
    pub fn release(self) -> Result<RawResource, Errno> {
        if let Some(binding) = self.binding() {
            // SAFETY: this borrows the resource.
            if let Some(elsewhere) = unsafe { binding.as_ref() }.elsewhere() {
                self.check_open()?;
                used_elsewhere("a resource", elsewhere.worker());
            }
            // SAFETY: it is here, or at no worker; the handle is forgotten below.
            unsafe { Binding::release(binding) }?;
        } else if let Some(worker) = self.worker_here("a resource")? {
            // SAFETY: inside; the handle is forgotten below.
            let release = || unsafe { guests::release_resource(worker, self.resource()) };
            // SAFETY: this resource, a guest, keeps the worker alive.
            unsafe { guests::inside(worker, release) }.unwrap_or(Err(Errno::RUNTIME_CLOSED))?;
            // SAFETY: the owner; where tasks move, the reference of the handle, which is forgotten below.
            unsafe { Home::caller_goes(Worker::home_of(worker)) };
        } else {
            #[cfg(feature = "std")]
            if let Some(owner) = self.owner {
                // SAFETY: the owner has no worker, so the driver is stateless; the handle is forgotten below.
                unsafe { owner.release(self.raw) }?;
            }
        }
        let raw = self.raw;
        core::mem::forget(self);
        Ok(raw)
    }

    /// The worker, which is that of this thread or, where tasks move, of its runtime; `None`: the driver is stateless.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`], elsewhere.
    ///
    /// # Panics
    /// On another worker than the resource's; the message says `what` was used.
    pub(super) fn worker_here(&self, what: &str) -> Result<Option<NonNull<Worker<C>>>, Errno> {
        let worker = self.worker();
        if let Some(binding) = self.binding()
            && worker.is_none()
        {
            self.check_open()?;
            // SAFETY: this borrows the resource.
            match unsafe { binding.as_ref() }.elsewhere() {
                Some(elsewhere) => used_elsewhere(what, elsewhere.worker()),
                None => return Err(Errno::NOT_IDLE),
            }
        }
        if let Some(worker) = worker
            && !Home::is_current(Worker::home_of(worker))
        {
            self.check_open()?;
            // SAFETY: this resource, a guest, keeps the worker alive.
            if !const { roams::<C>() } || !unsafe { guests::is_near(worker) } {
                used_elsewhere(what, worker);
            }
        }
        Ok(worker)
    }

    /// Runs `f` on the driver, for what is neither an operation nor possible without it.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`].
    ///
    /// # Panics
    /// On another worker than the resource's.
    fn with_live<R>(&self, f: impl FnOnce(&LiveOf<C>) -> R) -> Result<R, Errno> {
        let Some(worker) = self.worker_here("a resource")? else {
            let live = || unreachable!("a driver without state asks for none");
            // SAFETY: `live` is not called.
            return Ok(unsafe { <C::Driver as Under<SharingOf<C>>>::with(live, f) });
        };
        // SAFETY: the owner, whose driver is there while the runtime is not closed; or inside.
        let live = || unsafe { Worker::live(worker) };
        // SAFETY: as above.
        let with = || unsafe { <C::Driver as Under<SharingOf<C>>>::with(live, f) };
        // SAFETY: this resource, a guest, keeps the worker alive.
        unsafe { guests::inside(worker, with) }.ok_or(Errno::RUNTIME_CLOSED)
    }
}

/// The worker that watches what is opened on this one, where tasks move: each in its turn. So what one task accepts does not all
/// come to one driver; and what is opened by a `block_on` is watched also when that has returned.
///
/// # Errors
/// None of them has a thread, and the system starts none.
fn watcher<C: Config>(here: NonNull<Worker<C>>) -> Result<NonNull<Worker<C>>, Errno> {
    #[cfg(feature = "std")]
    {
        // SAFETY: this thread is running the worker.
        let common = unsafe { &here.as_ref().common };
        if common.cores.members().is_empty() {
            return Ok(here);
        }
        crate::worker::demand::watches_in_turn(common).map_err(|unserved| unserved.errno())
    }
    #[cfg(not(feature = "std"))]
    Ok(here)
}

/// Brings the resource of `binding` to the worker of this thread.
///
/// # Panics
/// If there is none, or it is another runtime's; the message says `what` was polled.
pub(super) fn bring<C: Config>(
    binding: NonNull<Binding<C>>,
    what: &str,
    asks: &mut Asks,
    cx: &mut Context<'_>,
) -> Poll<Result<NonNull<Worker<C>>, Errno>> {
    match Binding::fetch(binding, asks, cx) {
        Found::Here(worker) => Poll::Ready(Ok(worker)),
        Found::Wait => Poll::Pending,
        Found::Refused(errno) => Poll::Ready(Err(errno)),
        Found::Stranger(named) => used_elsewhere(what, named.worker()),
        // Says that there is no runtime here.
        Found::Nowhere => Poll::Ready(Ok(ambient::worker::<C>())),
    }
}

/// Panics: what belongs to a worker, which is alive, was used off it, or off its runtime where tasks move. Names both places.
#[cold]
#[inline(never)]
pub(super) fn used_elsewhere<C: Config>(what: &str, owner: NonNull<Worker<C>>) -> ! {
    // SAFETY: the caller's guest keeps the worker alive.
    let owner = unsafe { owner.as_ref() };
    let (config, worker) = (C::NAME, owner.home.worker);
    #[cfg(feature = "std")]
    if let Some(here) = ambient::try_worker::<C>() {
        // SAFETY: this thread is running it.
        let here = unsafe { here.as_ref() };
        if Arc::ptr_eq(&here.common, &owner.common) {
            panic!(
                "{what} of worker {worker} of `{config}` was polled by its worker {}: what has begun on a worker ends there, and \
                 a socket leaves the runtime where it is used; bring it here by `rehome` first",
                here.home.worker
            );
        }
    }
    let why = "what is opened on a worker is used there; use it in a task over there, which a `Handle` spawns from any thread, \
               and send the result through a channel";
    polled_elsewhere(what, config, worker, why)
}

impl<C: Config> Drop for OwnedResource<C> {
    fn drop(&mut self) {
        if let Some(binding) = self.binding() {
            // SAFETY: this is the one handle of the resource.
            return unsafe { Binding::let_go(binding) };
        }
        let resource = self.resource();
        match self.owner.and_then(Owner::worker) {
            // SAFETY: this is the one handle of the resource.
            Some(worker) => unsafe { guests::drop_resource(worker, resource) },
            None => {
                #[cfg(feature = "std")]
                if let Some(owner) = self.owner {
                    // SAFETY: the owner has no worker, so the driver is stateless; this is the drop.
                    unsafe { owner.leave(self.raw) };
                }
                let live = || -> NonNull<_> { unreachable!("a driver without state asks for none") };
                // SAFETY: `live` is not called.
                unsafe { <C::Driver as Under<SharingOf<C>>>::with(live, |live| live.close(resource)) };
            }
        }
    }
}

impl<C: Config> fmt::Debug for OwnedResource<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedResource").field("raw", &self.raw).field("key", &self.key).finish_non_exhaustive()
    }
}
