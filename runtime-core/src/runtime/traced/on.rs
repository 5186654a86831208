//! Spans and events.
//!
//! | target | level | what |
//! |---|---|---|
//! | `bespoke::task` | debug | a span `task` for each, with `name`, `id`, `file` and `line` of the spawn. It has no parent, since a task may outlive whoever spawned it; it *follows from* the span in which it was spawned |
//! | `bespoke::task` | debug | the event `spawned`, where it was spawned |
//! | `bespoke::task` | trace | the event `polled` at the end of each poll, inside the span: `result` is `pending`, `ready` or `panicked` |
//! | `bespoke::task` | debug | a span `block_on` for its future, with `file` and `line` of the call; in the span of the caller, who waits for it |
//! | `bespoke::blocking` | debug | a span `job` for each blocking job, as that of a task; the event `spawned` |
//! | `bespoke::blocking` | trace | the event `ran` at the end of a job, inside the span: `result` is `done` or `panicked` |
//! | `bespoke::runtime` | debug | the event `started`: which driver runs, what of the system it uses, and why |
//!
//! What the future or the job says while it runs, or when it is dropped, lies inside its span. The span closes when it is
//! dropped.

use crate::machine::trace::ask::{self, Asked};
use crate::roles::DriverReport;
use crate::task::JoinHandle;
use core::mem::{ManuallyDrop, MaybeUninit};
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

    #[cfg(feature = "std")]
    pub(crate) const fn of(at: &'static Location<'static>) -> Self {
        At(at)
    }
}

/// A future as it is spawned.
///
/// 1. `future` is pinned as this is, from the first poll to the drop; before that it may be taken out.
/// 2. `future` and `span` are there until the drop, or until [`unwrap`] takes the one and drops the other. (They are
///    `MaybeUninit` for those who look through this at a machine: see [`Asked`].)
pub(crate) struct Traced<F> {
    future: MaybeUninit<F>,
    span: MaybeUninit<Span>,
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
    let traced = Traced { future: MaybeUninit::new(future), span: MaybeUninit::new(span.clone()) };
    (traced, Birth(span, name))
}

/// The future of a `block_on` that was called at `at`.
pub(crate) fn root<F>(future: F, at: At) -> Traced<F> {
    let span = tracing::debug_span!(target: "bespoke::task", "block_on", file = at.0.file(), line = at.0.line());
    Traced { future: MaybeUninit::new(future), span: MaybeUninit::new(span) }
}

/// The future, which was not spawned.
pub(crate) fn unwrap<F>(traced: Traced<F>) -> F {
    let mut traced = ManuallyDrop::new(traced);
    // SAFETY: it is there (invariant 2), and not used again.
    unsafe { traced.span.assume_init_drop() };
    // SAFETY: it is there, was never polled, and is not used again.
    unsafe { traced.future.assume_init_read() }
}

// SAFETY: every byte of both fields may be anything. A poll that is a question polls the future, and reads nothing.
unsafe impl<F: Asked> Asked for Traced<F> {}

impl<F: Future> Future for Traced<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        // SAFETY: nothing is moved out of it (invariant 1).
        let this = unsafe { self.get_unchecked_mut() };
        // SAFETY: it is there (invariant 2), or this stands in for another, and every byte of `F` may be anything.
        let future = unsafe { this.future.assume_init_mut() };
        // SAFETY: pinned as this is (invariant 1).
        let future = unsafe { Pin::new_unchecked(future) };
        if ask::is_question() {
            return future.poll(cx);
        }
        // SAFETY: it is there (invariant 2).
        let _inside = unsafe { this.span.assume_init_ref() }.enter();
        let mut end = End("panicked");
        let polled = future.poll(cx);
        end.0 = if polled.is_ready() { "ready" } else { "pending" };
        polled
    }
}

impl<F> Drop for Traced<F> {
    fn drop(&mut self) {
        // SAFETY: it is there (invariant 2), and goes here alone: behind the future, also if the drop of that panics.
        let span = unsafe { self.span.assume_init_read() };
        let _inside = span.enter();
        // SAFETY: it is there (invariant 2), and goes here alone; in place, as it is pinned (invariant 1).
        unsafe { self.future.assume_init_drop() };
    }
}

/// Tells how a poll ended, also if it panicked.
struct End(&'static str);

impl Drop for End {
    fn drop(&mut self) {
        tracing::trace!(target: "bespoke::task", result = self.0, "polled");
    }
}

/// A job as it is given to the pool: what runs it, and what is left to tell when it has its identity.
#[cfg(feature = "std")]
pub(crate) fn job<T: 'static, F: FnOnce() -> T + Send + 'static>(
    closure: F,
    at: At,
) -> (impl FnOnce() -> T + Send + 'static, BirthOfJob) {
    let span = tracing::debug_span!(
        target: "bespoke::blocking", parent: None, "job", id = Empty, file = at.0.file(), line = at.0.line()
    );
    span.follows_from(Span::current());
    let job = Job { closure: Some(closure), span: span.clone() };
    (move || job.run(), BirthOfJob(span))
}

/// A blocking job, which may be dropped without having run.
#[cfg(feature = "std")]
struct Job<F> {
    closure: Option<F>,
    span: Span,
}

#[cfg(feature = "std")]
impl<F> Job<F> {
    fn run<T>(mut self) -> T
    where
        F: FnOnce() -> T,
    {
        let span = self.span.clone();
        let _inside = span.enter();
        let closure = self.closure.take().expect("taken only here and by the drop");
        let mut end = EndOfJob("panicked");
        let output = closure();
        end.0 = "done";
        output
    }
}

#[cfg(feature = "std")]
impl<F> Drop for Job<F> {
    fn drop(&mut self) {
        if self.closure.is_some() {
            let _inside = self.span.enter();
            self.closure = None;
        }
    }
}

/// As [`End`], of a job.
#[cfg(feature = "std")]
struct EndOfJob(&'static str);

#[cfg(feature = "std")]
impl Drop for EndOfJob {
    fn drop(&mut self) {
        tracing::trace!(target: "bespoke::blocking", result = self.0, "ran");
    }
}

/// As [`Birth`], of a job.
#[cfg(feature = "std")]
pub(crate) struct BirthOfJob(Span);

#[cfg(feature = "std")]
impl BirthOfJob {
    pub(crate) fn of<T>(self, handle: &JoinHandle<T>) {
        let id = handle.id();
        self.0.record("id", display(id));
        tracing::debug!(target: "bespoke::blocking", %id, "spawned");
    }
}

/// A runtime has started.
pub(crate) fn started(config: &'static str, report: &DriverReport) {
    let DriverReport { driver, by, why, fell_back } = *report;
    tracing::debug!(target: "bespoke::runtime", config, driver, by, why, fell_back, "started");
}
