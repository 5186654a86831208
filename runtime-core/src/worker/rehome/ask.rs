//! The new worker: asks for a resource, waits, takes it in. The numbers are those of the [module](super).

use super::{Binding, Named, Place, State, wake_all};
use crate::config::{Config, SharingOf};
use crate::error::Errno;
use crate::loom::Ordering;
use crate::roles::{Live, Resource};
use crate::task::home::{Closed, Home};
use crate::task::inbox::NodeKind;
use crate::worker::{Worker, ambient};
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ptr::NonNull;
use core::task::{Context, Waker};

/// What one who asks remembers between two polls.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asks(pub(crate) bool);

/// What became of a question.
pub(crate) enum Found<C: Config> {
    /// It is at the worker that this thread runs.
    Here(NonNull<Worker<C>>),
    /// It is on its way; the waker is called.
    Wait,
    /// It cannot come.
    Refused(Errno),
    /// It is at this worker, and this thread runs none of its runtime.
    Stranger(Named<C>),
    /// It has no worker, and this thread runs none.
    Nowhere,
}

impl<C: Config> Binding<C> {
    /// Brings the resource to the worker that this thread runs.
    pub(crate) fn fetch(this: NonNull<Self>, asks: &mut Asks, cx: &mut Context<'_>) -> Found<C> {
        let here = ambient::try_worker::<C>();
        // The user's, so before the lock (invariant 7).
        let waker = cx.waker().clone();
        // SAFETY: whoever asks borrows the handle.
        let binding = unsafe { this.as_ref() };
        let (found, unused, arrived) = binding.with(|state| {
            let Some(here) = here else { return (binding.outside(state), Some(waker), Vec::new()) };
            match state.place {
                Place::At(at) | Place::Asked(at) if at == here => (Found::Here(here), Some(waker), Vec::new()),
                // SAFETY: this thread runs the worker.
                _ if unsafe { here.as_ref() }.home.closing.get() => (Found::Wait, Some(waker), Vec::new()),
                Place::At(at) => {
                    // SAFETY: as the handle is borrowed, the worker of the resource is alive.
                    let (found, unused) = unsafe { from(this, state, here, at, asks, waker) };
                    (found, unused, Vec::new())
                }
                Place::Asked(_) | Place::Leaving(_) => {
                    asks.0 = true;
                    (Found::Wait, state.leave(waker), Vec::new())
                }
                Place::Afloat(_) if state.lent > 0 => {
                    state.late = true;
                    (Found::Wait, state.leave(waker), Vec::new())
                }
                Place::Afloat(_) => {
                    asks.0 = false;
                    // SAFETY: this thread runs `here`.
                    match unsafe { binding.arrive(state, here) } {
                        Ok(()) => (Found::Here(here), Some(waker), core::mem::take(&mut state.waiting)),
                        Err(errno) => (Found::Refused(errno), Some(waker), Vec::new()),
                    }
                }
                Place::Dropped | Place::Gone => unreachable!("a resource whose handle is gone is asked for"),
            }
        });
        drop(unused);
        wake_all(arrived);
        found
    }

    /// What is found by a thread that runs no worker.
    fn outside(&self, state: &State<C>) -> Found<C> {
        match state.place {
            // SAFETY: the resource, a guest, keeps the worker alive.
            Place::At(at) | Place::Asked(at) if unsafe { at.as_ref() }.home.inbox.is_closed() => {
                Found::Refused(Errno::RUNTIME_CLOSED)
            }
            // SAFETY: as above.
            Place::At(at) | Place::Asked(at) => Found::Stranger(unsafe { Named::new(at) }),
            _ if self.is_runtime_closed() => Found::Refused(Errno::RUNTIME_CLOSED),
            _ => Found::Nowhere,
        }
    }

    /// 4.
    ///
    /// # Safety
    /// This thread runs `here`, and the state is afloat.
    unsafe fn arrive(&self, state: &mut State<C>, here: NonNull<Worker<C>>) -> Result<(), Errno> {
        let Place::Afloat(luggage) = &mut state.place else { unreachable!("it is afloat") };
        // SAFETY: this thread runs it.
        let worker = unsafe { here.as_ref() };
        worker.common.assert_no_copy();
        // SAFETY: the owner; nothing of the user's runs.
        let key = unsafe { worker.change_resources(|resources| resources.open(self.raw)) }?;
        let resource = Resource { raw: self.raw, key };
        // SAFETY: the owner; the driver is there while resources can be opened.
        let driver = unsafe { Worker::driver(here) };
        if let Err(errno) = driver.take_in(resource, luggage) {
            // SAFETY: the owner; nothing of the user's runs.
            unsafe { worker.change_resources(|resources| resources.free(key)) };
            return Err(errno);
        }
        state.kind = luggage.kind;
        if state.shared {
            driver.share(resource);
        }
        // SAFETY: the owner.
        unsafe { worker.home.caller_comes() };
        self.begun.store(0, Ordering::Relaxed);
        self.left.store(0, Ordering::Relaxed);
        self.key.store(key, Ordering::Relaxed);
        self.at.store(here.as_ptr(), Ordering::Relaxed);
        state.place = Place::At(here);
        Ok(())
    }
}

/// It is at another worker: asks for it (1), or tells that it was asked for in vain (5, 6).
///
/// # Safety
/// `at` is alive, and this thread runs `here`; under the lock.
unsafe fn from<C: Config>(
    this: NonNull<Binding<C>>,
    state: &mut State<C>,
    here: NonNull<Worker<C>>,
    at: NonNull<Worker<C>>,
    asks: &mut Asks,
    waker: Waker,
) -> (Found<C>, Option<Waker>) {
    // SAFETY: this thread runs it (contract).
    let here = unsafe { here.as_ref() };
    // SAFETY: alive (contract).
    let there = unsafe { at.as_ref() };
    if there.home.inbox.is_closed() {
        return (Found::Refused(Errno::RUNTIME_CLOSED), Some(waker));
    }
    if !Arc::ptr_eq(&here.common, &there.common) {
        // SAFETY: alive (contract).
        return (Found::Stranger(unsafe { Named::new(at) }), Some(waker));
    }
    if core::mem::take(&mut asks.0) {
        return (Found::Refused(Errno::NOT_IDLE), Some(waker));
    }
    // SAFETY: the resource is at `at`, so the node is in no inbox (invariant 4).
    if unsafe { post(this, at) }.is_err() {
        return (Found::Refused(Errno::RUNTIME_CLOSED), Some(waker));
    }
    state.place = Place::Asked(at);
    asks.0 = true;
    (Found::Wait, state.leave(waker))
}

/// Posts the request to `worker`, with a count of the binding.
///
/// # Safety
/// The resource is a guest of `worker`, and remains one until the answer; the node is in no inbox. Under the lock, so that the
/// answer comes after it.
pub(super) unsafe fn post<C: Config>(this: NonNull<Binding<C>>, worker: NonNull<Worker<C>>) -> Result<(), Closed> {
    // SAFETY: it came from an `Arc`, and the caller has it.
    unsafe { Arc::increment_strong_count(this.as_ptr()) };
    // SAFETY: the first field of the binding, and ours to post (contract); the guest keeps the home.
    let posted = unsafe { Home::<SharingOf<C>>::post(Worker::home_of(worker), this.cast(), NodeKind::Move) };
    if posted.is_err() {
        // SAFETY: the count that the node did not take.
        unsafe { Arc::decrement_strong_count(this.as_ptr()) };
    }
    posted
}
