//! What is left of an operation whose future is gone while the driver knows of it.

use super::super::op::{Op, Submit};
use crate::config::{Config, SharingOf};
use crate::roles::Under;
use crate::util::dangling::MaybeDangling;
use crate::worker::Worker;
use crate::worker::guests::Work;
use crate::worker::rehome::Binding;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::mem::ManuallyDrop;
use core::ptr::NonNull;

/// An operation whose future is gone.
pub(super) struct Orphan<C: Config, O: Op, K: Send + 'static>
where
    C::Driver: Submit<O>,
{
    /// A copy of the future's: the future drops the original.
    pub(super) op: ManuallyDrop<O>,
    pub(super) state: <C::Driver as Submit<O>>::InFlight<SharingOf<C>>,
    pub(super) keep: MaybeDangling<K>,
    /// Where resources move, and it comes from another thread: what it is about.
    pub(super) begun: Option<Arc<Binding<C>>>,
}

impl<C: Config, O: Op, K: Send + 'static> Orphan<C, O, K>
where
    C::Driver: Submit<O>,
{
    /// On the owner: hands what is left to the driver.
    pub(super) fn abandon(mut self, worker: NonNull<Worker<C>>) {
        // SAFETY: the owner, before the driver is dropped.
        let live = || unsafe { Worker::live(worker) };
        // SAFETY: as above.
        unsafe {
            <C::Driver as Under<SharingOf<C>>>::with(live, |live| {
                <C::Driver as Submit<O>>::abandon::<SharingOf<C>, K>(live, &mut self.op, &mut self.state, self.keep);
            });
        }
    }
}

impl<C: Config, O: Op, K: Send + 'static> Work<C> for Orphan<C, O, K>
where
    C::Driver: Submit<O>,
{
    fn run(mut self: Box<Self>, worker: NonNull<Worker<C>>, closed: bool) {
        let begun = self.begun.take();
        if !closed {
            // Also if what the driver drops is the user's, and panics.
            let _ends = begun.map(Ends);
            return self.abandon(worker);
        }
        let Orphan { mut op, mut state, keep, .. } = *self;
        <C::Driver as Submit<O>>::abandon_closed::<SharingOf<C>, K>(&mut op, &mut state, keep);
    }
}

/// The end of an operation that had begun where its resource is.
struct Ends<C: Config>(Arc<Binding<C>>);

impl<C: Config> Drop for Ends<C> {
    fn drop(&mut self) {
        self.0.ends();
    }
}
