//! Whom a resource belongs to, in a word.

use crate::config::Config;
#[cfg(feature = "std")]
use crate::error::Errno;
use crate::roles::Driver;
#[cfg(feature = "std")]
use crate::roles::{Kind, RawResource};
use crate::worker::Worker;
use crate::worker::rehome::{Binding, moves};
#[cfg(feature = "std")]
use crate::worker::{Common, ambient};
#[cfg(feature = "std")]
use alloc::sync::Arc;
use core::marker::PhantomData;
use core::num::NonZero;
use core::ptr::NonNull;

/// Whom a resource belongs to: its worker or, under a driver without state, its runtime as a whole.
///
/// 1. The pointer is that of the worker, which counts the resource as a guest. If the driver is stateless, it came from
///    `Arc::<Common<C>>::into_raw`, and the resource owns that count. Where resources move, it is that of the
///    [`Binding`], and the resource owns a count of it.
pub(super) struct Owner<C: Config>(NonNull<()>, PhantomData<fn() -> C>);

/// Bits of an operation's copy of the pointer to a binding.
const BEGUN: usize = 1;
const ASKED: usize = 2;

impl<C: Config> Clone for Owner<C> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<C: Config> Copy for Owner<C> {}

impl<C: Config> Owner<C> {
    /// A worker, which counts the resource as a guest.
    #[inline(always)]
    pub(super) fn of(worker: NonNull<Worker<C>>) -> Self {
        Owner(worker.cast(), PhantomData)
    }

    /// Where resources move: a binding, of which the resource has a count.
    #[inline(always)]
    pub(super) fn bound(binding: NonNull<Binding<C>>) -> Self {
        Owner(binding.cast(), PhantomData)
    }

    /// The worker, unless the driver is stateless; where resources move, only if this thread runs it.
    #[inline(always)]
    pub(super) fn worker(self) -> Option<NonNull<Worker<C>>> {
        if <C::Driver as Driver>::STATELESS {
            None
        } else if const { moves::<C>() } {
            // SAFETY: whoever asks borrows the resource.
            unsafe { self.binding().as_ref() }.here()
        } else {
            Some(self.0.cast())
        }
    }

    /// Where it is; resources move.
    #[inline(always)]
    pub(super) fn binding(self) -> NonNull<Binding<C>> {
        const { assert!(align_of::<Binding<C>>() > BEGUN | ASKED) };
        // SAFETY: without the two bits it is the address of the binding, which is not null.
        unsafe { NonNull::new_unchecked(self.0.as_ptr().map_addr(|at| at & !(BEGUN | ASKED))) }.cast()
    }

    /// Of an operation, where resources move: it waits at the worker of the resource.
    #[inline(always)]
    pub(super) fn has_begun(self) -> bool {
        self.0.addr().get() & BEGUN != 0
    }

    /// Of an operation, where resources move: it has asked for the resource, and has no answer.
    #[inline(always)]
    pub(super) fn has_asked(self) -> bool {
        self.0.addr().get() & ASKED != 0
    }

    #[inline(always)]
    pub(super) fn begun(self, yes: bool) -> Self {
        self.marked(BEGUN, yes)
    }

    #[inline(always)]
    pub(super) fn asked(self, yes: bool) -> Self {
        self.marked(ASKED, yes)
    }

    #[inline(always)]
    fn marked(self, bit: usize, yes: bool) -> Self {
        Owner(
            self.0.map_addr(|at| if yes { at | bit } else { NonZero::new(at.get() & !bit).unwrap_or(at) }),
            PhantomData,
        )
    }

    /// What the runtime's workers share, if the driver is stateless.
    ///
    /// # Safety
    /// The resource is not dropped while the reference is used.
    #[cfg(feature = "std")]
    pub(super) unsafe fn common<'a>(self) -> Option<&'a Common<C>> {
        // SAFETY: invariant 1, and the resource holds its count.
        <C::Driver as Driver>::STATELESS.then(|| unsafe { self.0.cast().as_ref() })
    }

    /// Adopts `raw` for the runtime that this thread runs or works for, if there is one.
    #[cfg(feature = "std")]
    pub(super) fn runtime(raw: RawResource, kind: Kind) -> Result<Option<Self>, Errno> {
        let Some(worker) = ambient::try_worker::<C>().or_else(ambient::try_served) else { return Ok(None) };
        // SAFETY: this thread runs the worker, or works for it: it is alive.
        let common = unsafe { &worker.as_ref().common };
        common.assert_no_copy();
        common.open.add(raw, kind)?;
        Ok(NonNull::new(Arc::into_raw(common.clone()).cast_mut()).map(|common| Owner(common.cast(), PhantomData)))
    }

    /// The resource leaves its runtime, and stays open.
    ///
    /// # Errors
    /// [`Errno::RUNTIME_CLOSED`]; the count is still the resource's then.
    ///
    /// # Safety
    /// The driver is stateless; after `Ok` the resource is forgotten.
    #[cfg(feature = "std")]
    pub(super) unsafe fn release(self, raw: RawResource) -> Result<(), Errno> {
        let common = self.0.cast::<Common<C>>();
        // SAFETY: invariant 1: the resource's count keeps it alive.
        unsafe { common.as_ref() }.open.release(raw)?;
        // SAFETY: invariant 1: the resource's count, which nobody gives back any more.
        drop(unsafe { Arc::from_raw(common.as_ptr()) });
        Ok(())
    }

    /// The resource is about to be closed: gives its count back.
    ///
    /// # Safety
    /// The driver is stateless; once per resource, by its drop.
    #[cfg(feature = "std")]
    pub(super) unsafe fn leave(self, raw: RawResource) {
        // SAFETY: invariant 1: the resource's count.
        let common = unsafe { Arc::from_raw(self.0.cast::<Common<C>>().as_ptr()) };
        common.open.remove(raw);
    }
}
