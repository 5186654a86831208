//! A future at a time, in a place that is allocated once.
//!
//! Functions that poll cannot keep a future of ours: its type has no name, and a box for each would allocate for each. Here the
//! future owns what it works on (a reader, say, and a buffer), gives it back at its end, and the next one is put where it was.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::boxed::Box;

/// Runs futures that are made of an `I` and end in an `O`, one at a time.
pub(super) struct Reused<I, O>(Box<dyn Run<I, O> + Send>);

impl<I: 'static, O: 'static> Reused<I, O> {
    /// Two allocations: for `make`, and for the future that it makes.
    pub(super) fn new<F>(make: impl FnMut(I) -> F + Send + 'static) -> Self
    where
        F: Future<Output = O> + Send + 'static,
    {
        Reused(Box::new(Runs { make, future: Box::pin(None) }))
    }

    /// Begins one. The one before has ended, or else is dropped.
    pub(super) fn start(&mut self, with: I) {
        self.0.start(with);
    }

    /// # Panics
    /// If none is under way.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<O> {
        self.0.poll(cx)
    }
}

trait Run<I, O> {
    fn start(&mut self, with: I);
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<O>;
}

struct Runs<M, F> {
    make: M,
    future: Pin<Box<Option<F>>>,
}

impl<I, O, M: FnMut(I) -> F, F: Future<Output = O>> Run<I, O> for Runs<M, F> {
    fn start(&mut self, with: I) {
        let future = (self.make)(with);
        self.future.as_mut().set(Some(future));
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<O> {
        let future = self.future.as_mut().as_pin_mut().expect("one is under way");
        let ended = future.poll(cx);
        if ended.is_ready() {
            self.future.as_mut().set(None);
        }
        ended
    }
}
