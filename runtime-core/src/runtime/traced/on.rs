//! Spans and events.
//!
//! | target | level | what |
//! |---|---|---|
//! | `bespoke::task` | debug | a span `task` for each, with `name`, `id`, `file` and `line` of the spawn. It has no parent, since a task may outlive whoever spawned it; it *follows from* the span in which it was spawned |
//! | `bespoke::task` | debug | the event `spawned`, where it was spawned |
//! | `bespoke::task` | trace | the event `polled` at the end of each poll, inside the span: `result` is `pending`, `ready` or `panicked` |
//! | `bespoke::runtime` | debug | the event `started`: which driver runs, what of the system it uses, and why |
//!
//! What the future says in a poll, or when it is dropped, lies inside its span. The span closes when the future is dropped.

#[cfg(feature = "std")]
use crate::roles::DriverReport;
use crate::task::JoinHandle;
use core::panic::Location;
use core::pin::Pin;
use core::task::{Context, Poll};
use tracing::Span;
use tracing::field::{Empty, display};

/// Where a task was spawned.
#[derive(Clone, Copy)]
pub(crate) struct At(&'static Location<'static>);

impl At {
    #[track_caller]
    pub(crate) const fn caller() -> Self {
        At(Location::caller())
    }
}

/// A future as it is spawned.
///
/// 1. `future` is pinned as this is, from the first poll to the drop; before that it may be taken out.
pub(crate) struct Traced<F> {
    future: Option<F>,
    span: Span,
}

/// What is left to tell when the task has its identity.
pub(crate) struct Birth(Span, Option<&'static str>);

impl Birth {
    pub(crate) fn of<T>(self, handle: &JoinHandle<T>) {
        let id = handle.id();
        self.0.record("id", display(id));
        tracing::debug!(target: "bespoke::task", %id, name = self.1, "spawned");
    }
}

pub(crate) fn wrap<F>(future: F, name: Option<&'static str>, at: At) -> (Traced<F>, Birth) {
    let span = tracing::debug_span!(
        target: "bespoke::task", parent: None, "task", name, id = Empty, file = at.0.file(), line = at.0.line()
    );
    span.follows_from(Span::current());
    (Traced { future: Some(future), span: span.clone() }, Birth(span, name))
}

/// The future, which was not spawned.
pub(crate) fn unwrap<F>(mut traced: Traced<F>) -> F {
    traced.future.take().expect("taken only here")
}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: nothing is moved out of it (invariant 1).
        let this = unsafe { self.get_unchecked_mut() };
        let _inside = this.span.enter();
        let mut end = End("panicked");
        // SAFETY: pinned as this is (invariant 1).
        let future = unsafe { Pin::new_unchecked(&mut this.future) };
        let polled = future.as_pin_mut().expect("it is there until the drop").poll(cx);
        end.0 = if polled.is_ready() { "ready" } else { "pending" };
        polled
    }
}

impl<F> Drop for Traced<F> {
    fn drop(&mut self) {
        let _inside = self.span.enter();
        // SAFETY: pinned as this is, which goes away here (invariant 1).
        unsafe { Pin::new_unchecked(&mut self.future) }.set(None);
    }
}

/// Tells how a poll ended, also if it panicked.
struct End(&'static str);

impl Drop for End {
    fn drop(&mut self) {
        tracing::trace!(target: "bespoke::task", result = self.0, "polled");
    }
}

/// A runtime has started.
#[cfg(feature = "std")]
pub(crate) fn started(config: &'static str, report: &DriverReport) {
    let DriverReport { driver, by, why } = *report;
    tracing::debug!(target: "bespoke::runtime", config, driver, by, why, "started");
}
