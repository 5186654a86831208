//! The one future under all I/O: an operation on its way.
//!
//! 1. `keep` is initialised until the output is there, or until it was handed to the driver. From then on `guest` is
//!    [`over`], so that no word of its own says so.
//! 2. `guest` is set iff the driver may know of `state` ([`Submit::in_flight`]) after a poll by that worker; the operation
//!    is a guest of it then.
//! 3. Nothing in an operation is ever pointed at: it may move at any time.
//! 4. What `keep` owns may be pointed at by `op`, from before the operation moves first. So it is held, and handed on, in a
//!    [`MaybeDangling`]: moving a bare `Box` would say that nobody else uses its memory.
//! 5. An operation that is a guest, or about a resource, is polled by that worker alone, whatever the sharing of the tasks: a
//!    driver with state is its worker's. Elsewhere a poll panics, and a drop goes home through the inbox. Where resources
//!    move, one that is about a resource and no guest brings that to where it is polled ([`rehome`](crate::worker::rehome)).
//!    Where tasks move, any worker of the runtime polls it, inside the gate of its own ([`guests::inside`]).
//! 6. The driver sees `op` only while `keep` is there: without it, `op` may point at memory that is somebody else's.

mod orphan;

use self::orphan::Orphan;
use super::op::{Late, Op, Submit, Timeout};
use super::owner::Owner;
use super::resource::{bring, used_elsewhere};
use crate::config::{Config, SharingOf};
use crate::error::Errno;
use crate::roles::{Driver, Nanos, Under};
use crate::task::home::Home;
use crate::util::dangling::MaybeDangling;
use crate::worker::guests::{self, post_work_of_caller, roams};
use crate::worker::rehome::{Asks, Binding, moves};
use crate::worker::{Worker, ambient};
use alloc::boxed::Box;
use core::fmt;
use core::marker::PhantomData;
use core::mem::ManuallyDrop;
use core::num::NonZero;
use core::pin::Pin;
use core::ptr::NonNull;
use core::task::{Context, Poll};

/// An operation on its way: yields its output and what was kept for it.
///
/// # Cancel safety
/// As the operation's [`Late`](super::Late) class says; the typed layer repeats it per call.
#[must_use = "an operation does nothing unless it is awaited"]
pub struct Operation<C: Config, O: Op, K: Send + 'static = ()>
where
    C::Driver: Submit<O>,
{
    op: O,
    state: <C::Driver as Submit<O>>::InFlight<SharingOf<C>>,
    keep: ManuallyDrop<MaybeDangling<K>>,
    /// Whose resource this is about, if it is about one.
    owner: Option<Owner<C>>,
    guest: Option<NonNull<Worker<C>>>,
    _config: PhantomData<fn() -> C>,
}

/// The worker that polls no operation: no value lies at this address.
#[inline(always)]
const fn over<C: Config>() -> NonNull<Worker<C>> {
    const { assert!(align_of::<Worker<C>>() > 1) };
    NonNull::without_provenance(NonZero::<usize>::MIN)
}

/// The worker that polls an operation, or what its poll comes to without that.
type Located<C, T> = Result<NonNull<Worker<C>>, Poll<T>>;

// SAFETY: the pointers are compared with the ambient word, or used by the owner, or to post to the owner's inbox, which any
// thread may do; `O: Op` is `Send` by its contract, `K: Send`, and the state is `Send + Sync`.
unsafe impl<C: Config, O: Op, K: Send + 'static> Send for Operation<C, O, K> where C::Driver: Submit<O> {}
// SAFETY: a shared reference gives access to nothing.
unsafe impl<C: Config, O: Op, K: Send + 'static> Sync for Operation<C, O, K> where C::Driver: Submit<O> {}

impl<C: Config, O: Op, K: Send + 'static> Unpin for Operation<C, O, K> where C::Driver: Submit<O> {}

impl<C: Config, O: Op, K: Send + 'static> Operation<C, O, K>
where
    C::Driver: Submit<O>,
{
    /// An operation that is about no resource. `op` makes it, from what is kept for it.
    ///
    /// # Safety
    /// The memory that the operation points at is owned by what is kept, and stays at its address when that moves; or it
    /// outlives the operation, which is a poll-time one.
    #[inline]
    pub unsafe fn new(keep: K, op: impl FnOnce(&mut K) -> O) -> Self {
        // SAFETY: as the caller.
        unsafe { Self::about(None, keep, op) }
    }

    /// An operation about a resource of `owner`; `None` for a resource that belongs to nobody.
    ///
    /// # Safety
    /// As [`new`](Self::new); the resource in the operation is open, and stays so while the operation lives.
    #[inline]
    pub(super) unsafe fn about(owner: Option<Owner<C>>, keep: K, op: impl FnOnce(&mut K) -> O) -> Self {
        // Rule 4: the operation takes its pointers where nothing that moves kills them.
        let mut keep = MaybeDangling::new(keep);
        let op = op(keep.get_mut());
        Operation {
            op,
            state: Default::default(),
            keep: ManuallyDrop::new(keep),
            owner,
            guest: None,
            _config: PhantomData,
        }
    }

    /// Does the driver know of it? Such an operation may have an effect although its future is dropped.
    #[inline]
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.guest.is_some() && !self.is_over()
    }

    /// Rule 1.
    #[inline(always)]
    fn is_over(&self) -> bool {
        self.guest == Some(over())
    }

    /// Polls the driver of `worker`, and notes what the operation is then.
    ///
    /// # Safety
    /// This thread is running the worker, before step 5 of close; or is [`inside`](guests::inside).
    #[inline(always)]
    unsafe fn submit(&mut self, worker: NonNull<Worker<C>>, cx: &mut Context<'_>) -> Poll<O::Output> {
        // SAFETY: as the caller; the reference ends with the call.
        let live = || unsafe { Worker::live(worker) };
        let noted = Noted { operation: self, worker };
        // SAFETY: as above.
        unsafe {
            <C::Driver as Under<SharingOf<C>>>::with(live, |live| {
                let Operation { op, state, .. } = &mut *noted.operation;
                <C::Driver as Submit<O>>::poll_op::<SharingOf<C>>(live, op, state, cx)
            })
        }
    }

    /// Where tasks move: polls the driver of another worker of this runtime, by the budget of this one.
    #[inline(never)]
    fn abroad(&mut self, owner: NonNull<Worker<C>>, cx: &mut Context<'_>) -> Poll<(O::Output, K)> {
        // SAFETY: the resource, or the operation itself, is a guest, which keeps the worker alive.
        if !unsafe { guests::is_near(owner) } {
            return self.elsewhere(owner, cx);
        }
        let here = ambient::worker::<C>();
        // SAFETY: this thread is running it.
        let here = unsafe { &here.as_ref().home };
        let budget = here.budget.get();
        if budget == 0 {
            if !here.closing.get() {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        // SAFETY: inside.
        let submit = || unsafe { self.submit(owner, cx) };
        // SAFETY: as above.
        match unsafe { guests::inside(owner, submit) } {
            Some(Poll::Ready(output)) => {
                if C::POLL_BUDGET != u32::MAX {
                    here.budget.set(budget - 1);
                }
                Poll::Ready((output, self.kept_once()))
            }
            Some(Poll::Pending) => Poll::Pending,
            None => self.while_it_closes(owner, cx),
        }
    }

    /// The worker whose driver this needs is closing.
    #[cold]
    fn while_it_closes(&mut self, owner: NonNull<Worker<C>>, cx: &mut Context<'_>) -> Poll<(O::Output, K)> {
        // SAFETY: as in `abroad`.
        let owner_is = unsafe { owner.as_ref() };
        // The whole runtime ends: what polls is cancelled before long, and sees nothing of it.
        #[cfg(feature = "std")]
        if owner_is.common.cores.is_closed() {
            return Poll::Pending;
        }
        if owner_is.home.inbox.is_closed() {
            return self.elsewhere(owner, cx);
        }
        // What becomes of the operation is known when the driver is drained, and that tells nobody.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The operation, to change what was not known when it was made, or is another's by now.
    ///
    /// # Safety
    /// It is not [under way](Self::is_under_way), and points at the same memory afterwards.
    #[inline]
    pub unsafe fn op_mut(&mut self) -> &mut O {
        &mut self.op
    }

    #[cold]
    #[inline(never)]
    fn elsewhere(&mut self, owner: NonNull<Worker<C>>, cx: &mut Context<'_>) -> Poll<(O::Output, K)> {
        // SAFETY: the resource, a guest, keeps the worker alive.
        let home = unsafe { &owner.as_ref().home };
        if home.inbox.is_closed() {
            // Until this is ready, what is kept may be in use: the future is its owner, as before.
            let Poll::Ready(output) = <C::Driver as Submit<O>>::poll_closed::<SharingOf<C>>(&mut self.state, cx) else {
                return Poll::Pending;
            };
            let guest = self.guest.take();
            let keep = self.kept_once();
            if let Some(worker) = guest {
                // SAFETY: the reference that close took for this guest, or that it came with; `home` is not used afterwards.
                unsafe { Home::release(Worker::home_of(worker)) };
            }
            return Poll::Ready((output.unwrap_or_else(|| O::refused(Errno::RUNTIME_CLOSED)), keep));
        }
        used_elsewhere(O::NAME, owner)
    }

    /// The operation of a driver without state failed, or found the end of its resource. If the runtime is closing, that is
    /// the doing of the shutdown: the task that waits was asked to end, or is about to be, so it sees what it would see
    /// under a driver that suspends: nothing. Outside of the runtime's tasks there is nothing to wait for.
    #[cold]
    fn ended(&mut self, output: O::Output) -> Poll<(O::Output, K)> {
        #[cfg(feature = "std")]
        if let Some(owner) = self.owner
            // SAFETY: whoever made the operation keeps the resource until it is over.
            && let Some(common) = unsafe { owner.common() }
            && common.open.is_closing()
        {
            let inside = ambient::try_worker::<C>()
                // SAFETY: the ambient worker is alive.
                .is_some_and(|worker| core::ptr::eq(&raw const *unsafe { worker.as_ref() }.common, common));
            return if inside {
                Poll::Pending
            } else {
                Poll::Ready((O::refused(Errno::RUNTIME_CLOSED), self.kept_once()))
            };
        }
        Poll::Ready((output, self.kept_once()))
    }

    /// The worker that polls it, which this thread runs. Where resources move, and the one that it is about is elsewhere, brings
    /// that here first.
    #[inline(always)]
    fn whereabouts(&mut self, cx: &mut Context<'_>) -> Located<C, (O::Output, K)> {
        if let Some(worker) = self.guest {
            return if Home::is_current(Worker::home_of(worker)) {
                Ok(worker)
            } else {
                Err(self.elsewhere(worker, cx))
            };
        }
        let Some(owner) = self.owner else { return Ok(ambient::worker::<C>()) };
        // SAFETY: the resource outlives the operation (contract of `about`), and with it its binding.
        let binding = unsafe { owner.binding().as_ref() };
        let Some(worker) = binding.here() else { return self.bring(owner, cx) };
        if !owner.has_begun() {
            self.take_key(binding.key());
        }
        Ok(worker)
    }

    /// The resource has this key where it is.
    #[inline(always)]
    fn take_key(&mut self, key: u32) {
        if let Some(resource) = self.op.about() {
            resource.key = key;
        }
    }

    /// The resource is elsewhere.
    #[cold]
    #[inline(never)]
    fn bring(&mut self, owner: Owner<C>, cx: &mut Context<'_>) -> Located<C, (O::Output, K)> {
        if owner.has_begun() {
            // SAFETY: as in `whereabouts`.
            let binding = unsafe { owner.binding().as_ref() };
            // The system would say that it was asked before: a connection ends where it began.
            if matches!(O::LATE, Late::CloseResource)
                && !binding.is_closed()
                && let Some(there) = binding.elsewhere()
            {
                used_elsewhere(O::NAME, there.worker());
            }
            // Given up there, it begins here anew. It is no guest, so nothing of it is on its way.
            self.end_begun();
            self.state = Default::default();
        }
        let mut asks = Asks(owner.has_asked());
        let found = bring(owner.binding(), O::NAME, &mut asks, cx);
        self.owner = Some(owner.begun(false).asked(asks.0));
        match found {
            Poll::Ready(Ok(worker)) => {
                // SAFETY: as in `whereabouts`.
                self.take_key(unsafe { owner.binding().as_ref() }.key());
                Ok(worker)
            }
            Poll::Ready(Err(errno)) => Err(Poll::Ready((O::refused(errno), self.kept_once()))),
            Poll::Pending => Err(Poll::Pending),
        }
    }

    /// After a poll at its worker: does the operation wait there for its resource?
    #[inline(always)]
    fn note_begun(&mut self, waits: bool) {
        let Some(owner) = self.owner else { return };
        if waits == owner.has_begun() {
            return;
        }
        // SAFETY: as in `whereabouts`.
        let binding = unsafe { owner.binding().as_ref() };
        if waits {
            binding.begins();
        } else {
            binding.ends();
        }
        self.owner = Some(owner.begun(waits));
    }

    /// The operation waits no more, where it did.
    fn end_begun(&mut self) {
        if let Some(owner) = self.owner
            && owner.has_begun()
        {
            // SAFETY: as in `whereabouts`.
            unsafe { owner.binding().as_ref() }.ends();
            self.owner = Some(owner.begun(false));
        }
    }

    /// After a poll by `worker`: is the operation a guest of it?
    #[inline(always)]
    fn note_guest(&mut self, worker: NonNull<Worker<C>>) {
        let in_flight = <C::Driver as Submit<O>>::in_flight::<SharingOf<C>>(&self.state);
        // SAFETY: this thread is running the worker, or is inside.
        let home = unsafe { &worker.as_ref().home };
        match (in_flight, self.guest) {
            (true, None) => {
                // SAFETY: the owner or, where tasks move, inside, where the worker holds its home.
                unsafe { home.caller_comes() };
                self.guest = Some(worker);
            }
            (false, Some(_)) => {
                self.guest = None;
                // SAFETY: the owner: a guest is polled by its worker only; or inside, with the guest's reference.
                unsafe { Home::caller_goes(Worker::home_of(worker)) };
            }
            _ => {}
        }
    }
}

/// Notes what an operation is after its poll, also when the poll panics (the user's waker may): the driver may have begun.
struct Noted<'a, C: Config, O: Op, K: Send + 'static>
where
    C::Driver: Submit<O>,
{
    operation: &'a mut Operation<C, O, K>,
    worker: NonNull<Worker<C>>,
}

impl<C: Config, O: Op, K: Send + 'static> Drop for Noted<'_, C, O, K>
where
    C::Driver: Submit<O>,
{
    #[inline(always)]
    fn drop(&mut self) {
        self.operation.note_guest(self.worker);
    }
}

impl<C: Config> Operation<C, Timeout>
where
    C::Driver: Submit<Timeout>,
{
    /// The driver's own timer; see [`Timeout`].
    ///
    /// # Cancel safety
    /// Dropping it leaves nothing behind.
    #[inline]
    pub fn timeout(after: Nanos) -> Self {
        // SAFETY: the operation points at no memory.
        unsafe { Operation::new((), |()| Timeout { after }) }
    }
}

impl<C: Config, O: Op, K: Send + 'static> Future for Operation<C, O, K>
where
    C::Driver: Submit<O>,
{
    type Output = (O::Output, K);

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if this.is_over() {
            // Rule 6: what the operation points at went with the output.
            polled_again(O::NAME);
        }
        if <C::Driver as Driver>::STATELESS {
            let ambient = || -> NonNull<_> { unreachable!("a driver without state asks for none") };
            // SAFETY: `ambient` is not called.
            let polled = unsafe {
                <C::Driver as Under<SharingOf<C>>>::with(ambient, |live| {
                    <C::Driver as Submit<O>>::poll_op::<SharingOf<C>>(live, &mut this.op, &mut this.state, cx)
                })
            };
            return match polled {
                Poll::Ready(output) if O::ended(&output) => this.ended(output),
                polled => polled.map(|output| (output, this.kept_once())),
            };
        }
        let worker = if const { moves::<C>() } {
            match this.whereabouts(cx) {
                Ok(worker) => worker,
                Err(polled) => return polled,
            }
        } else {
            match this.guest.or(this.owner.and_then(Owner::worker)) {
                Some(owner) if !Home::is_current(Worker::home_of(owner)) => {
                    return if const { roams::<C>() } { this.abroad(owner, cx) } else { this.elsewhere(owner, cx) };
                }
                Some(owner) => owner,
                None => ambient::worker::<C>(),
            }
        };
        // SAFETY: this thread is running the worker.
        let home = unsafe { &worker.as_ref().home };
        let budget = home.budget.get();
        if budget == 0 {
            // The task has had its share of this poll: others first. In a close there is no other poll to wake for.
            if !home.closing.get() {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        }
        // SAFETY: this thread is running the worker, whose driver is there until close.
        let polled = unsafe { this.submit(worker, cx) };
        if const { moves::<C>() } {
            this.note_begun(polled.is_pending());
        }
        match polled {
            Poll::Ready(output) => {
                if C::POLL_BUDGET != u32::MAX {
                    home.budget.set(budget - 1);
                }
                Poll::Ready((output, this.kept_once()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<C: Config, O: Op, K: Send + 'static> Operation<C, O, K>
where
    C::Driver: Submit<O>,
{
    #[inline(always)]
    fn kept_once(&mut self) -> K {
        self.take_keep().into_inner()
    }

    /// What is kept, of an operation that is not over: it is from now on.
    #[inline(always)]
    fn take_keep(&mut self) -> MaybeDangling<K> {
        debug_assert!(!self.is_over(), "looked at when the poll began");
        self.guest = Some(over());
        // SAFETY: rule 1: initialised, and nobody reads it any more.
        unsafe { ManuallyDrop::take(&mut self.keep) }
    }

    /// The future dies while the driver knows of it.
    #[cold]
    fn abandon(&mut self, worker: NonNull<Worker<C>>) {
        let keep = self.take_keep();
        let state = core::mem::take(&mut self.state);
        // SAFETY: the operation is read once: the drop is its last use, and `O: Op` has no drop glue that matters twice.
        let op = unsafe { core::ptr::read(&raw const self.op) };
        let mut orphan = Orphan::<C, O, K> { op: ManuallyDrop::new(op), state, keep, begun: None };
        // SAFETY: the operation is a guest of the worker.
        if const { roams::<C>() } && unsafe { worker.as_ref() }.common.is_copy() {
            // A thread that is missing here may hold the driver's lock. What is kept stays as the parent has it.
            core::mem::forget(orphan);
            // SAFETY: the guest's reference.
            return unsafe { Home::caller_goes(Worker::home_of(worker)) };
        }
        if Home::is_current(Worker::home_of(worker)) {
            // First: what the driver drops may be the user's and may panic.
            // SAFETY: the owner, which is alive while it is current; the operation was a guest.
            unsafe { Home::caller_goes(Worker::home_of(worker)) };
            if const { moves::<C>() } {
                self.end_begun();
            }
            orphan.abandon(worker);
        } else {
            if const { moves::<C>() }
                && let Some(owner) = self.owner
                && owner.has_begun()
            {
                // Until it comes there, its resource stays: what becomes of the operation is told there.
                // SAFETY: as in `whereabouts`.
                orphan.begun = Some(unsafe { Binding::hold(owner.binding()) });
                self.owner = Some(owner.begun(false));
            }
            if const { roams::<C>() } {
                // At once: who asks next what became of it may be on this thread.
                let mut here = Some(orphan);
                let abandon = || {
                    let Some(orphan) = here.take() else { return };
                    // Also if what the driver drops is the user's, and panics. The gate keeps the worker until then.
                    let _goes = Goes(worker);
                    orphan.abandon(worker);
                };
                // SAFETY: the operation is a guest of the worker.
                let _refused: Option<()> = unsafe { guests::inside(worker, abandon) };
                match here {
                    Some(left) => orphan = left,
                    None => return,
                }
            }
            // SAFETY: the operation is a guest of the worker.
            unsafe { post_work_of_caller(worker, Box::new(orphan)) };
        }
    }
}

impl<C: Config, O: Op, K: Send + 'static> Drop for Operation<C, O, K>
where
    C::Driver: Submit<O>,
{
    #[inline]
    fn drop(&mut self) {
        if !self.is_over()
            && let Some(worker) = self.guest.take()
        {
            self.abandon(worker);
        }
        if const { moves::<C>() } {
            self.end_begun();
        }
        if !self.is_over() {
            // SAFETY: rule 1; this is the last use.
            unsafe { ManuallyDrop::drop(&mut self.keep) }
        }
    }
}

/// Gives the reference of an operation in flight back when it is dropped.
struct Goes<C: Config>(NonNull<Worker<C>>);

impl<C: Config> Drop for Goes<C> {
    fn drop(&mut self) {
        // SAFETY: the operation's own, which its future gave to this; not the last one, while the gate is held.
        unsafe { Home::caller_goes(Worker::home_of(self.0)) }
    }
}

/// Panics: an operation has given its output away.
#[cold]
#[inline(never)]
fn polled_again(operation: &str) -> ! {
    panic!("{operation} was polled after it yielded")
}

impl<C: Config, O: Op, K: Send + 'static> fmt::Debug for Operation<C, O, K>
where
    C::Driver: Submit<O>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("op", &O::NAME).field("in_flight", &self.is_under_way()).finish()
    }
}

#[cfg(all(test, feature = "std", not(loom)))]
mod tests;
