//! The second resource of an operation that names two.

use super::resource::{OwnedResource, bring};
use crate::config::Config;
use crate::error::Errno;
use crate::roles::Resource;
use crate::worker::guests::roams;
use crate::worker::rehome::Asks;
use core::fmt;
use core::task::{Context, Poll, ready};

/// Brings a resource to the worker that polls, and holds it there until it is dropped: an
/// [`Operation`](super::Operation) looks after the one that it is [about](super::Op::about), and this after the other.
///
/// Where tasks move, nothing is brought: the resource gets a second name on the worker of the first one.
///
/// 1. `held` is set iff this counts at the resource's binding as an operation that waits for it at its worker. So the resource
///    stays there, and its key is what it was.
///
/// # Cancel safety
/// Dropping it gives the resource free, wherever it is.
pub struct Beside<'a, C: Config> {
    resource: &'a OwnedResource<C>,
    /// What the operation is about.
    with: &'a OwnedResource<C>,
    asks: Asks,
    held: bool,
    /// The name of the resource beside `with`, where tasks move and these are of two workers.
    second: Option<OwnedResource<C>>,
}

impl<'a, C: Config> Beside<'a, C> {
    /// Of this resource, wherever that is, for an operation that is about `with`.
    #[inline]
    #[must_use]
    pub fn new(resource: &'a OwnedResource<C>, with: &'a OwnedResource<C>) -> Self {
        Beside { resource, with, asks: Asks::default(), held: false, second: None }
    }

    /// Its name, once it belongs to the worker of this thread; until this is dropped, or polled on another worker, it does.
    ///
    /// # Errors
    /// As [`OwnedResource::rehome`]; where tasks move, [`Errno::OUT_OF_MEMORY`].
    ///
    /// # Panics
    /// As [`OwnedResource::rehome`]; where resources do not move, on another worker than its own. The message says `what` was
    /// used.
    #[inline]
    pub fn poll_here(&mut self, what: &str, cx: &mut Context<'_>) -> Poll<Result<Resource, Errno>> {
        let Some(binding) = self.resource.binding() else {
            let named = self.resource.worker_here(what).and_then(|worker| {
                if const { roams::<C>() } && worker != self.with.worker() {
                    return self.named_beside();
                }
                Ok(self.resource.resource())
            });
            if const { roams::<C>() } && named == Err(Errno::RUNTIME_CLOSED) && self.resource.sees_the_end() {
                return Poll::Pending;
            }
            return Poll::Ready(named);
        };
        // SAFETY: this borrows the resource.
        let bound = unsafe { binding.as_ref() };
        if !self.held || bound.here().is_none() {
            // Held elsewhere, it would stay there.
            self.give_free();
            let found = ready!(bring(binding, what, &mut self.asks, cx));
            if let Err(errno) = found {
                return Poll::Ready(Err(errno));
            }
            bound.begins();
            self.held = true;
        }
        Poll::Ready(Ok(self.resource.resource()))
    }

    fn named_beside(&mut self) -> Result<Resource, Errno> {
        let second = match self.second.take() {
            Some(second) => second,
            None => self.resource.second(self.with)?,
        };
        Ok(self.second.insert(second).resource())
    }

    fn give_free(&mut self) {
        if core::mem::take(&mut self.held)
            && let Some(binding) = self.resource.binding()
        {
            // SAFETY: this borrows the resource.
            unsafe { binding.as_ref() }.ends();
        }
    }
}

impl<C: Config> Drop for Beside<'_, C> {
    #[inline]
    fn drop(&mut self) {
        self.give_free();
    }
}

impl<C: Config> fmt::Debug for Beside<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Beside").field(self.resource).finish()
    }
}
