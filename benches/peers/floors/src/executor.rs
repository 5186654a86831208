//! Futures on one thread, with the least that runs them: a reference count, a queue, a flag against queueing twice.
//!
//! No atomic instruction, no timers, no I/O, no cancellation; a task is one `Rc`.
//!
//! # Invariants
//! 1. Wakers stay on the thread of the executor: nothing in the rows that are run on it sends one away.
//! 2. A task's future is polled by `run` alone, and `run` is not entered for a task that is being polled, because a task in the
//!    queue is only run by the loop of `Tasks::run`, one at a time.

use core::cell::{Cell, RefCell};
use core::future::Future;
use core::mem::ManuallyDrop;
use core::pin::Pin;
use core::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::collections::VecDeque;
use std::rc::Rc;

use harness::{Refusal, Row, Runner, Sampled, Tasks, rows};

thread_local! {
    /// Tasks to be polled, in turn.
    static QUEUE: RefCell<VecDeque<Rc<dyn Run>>> = const { RefCell::new(VecDeque::new()) };
}

/// The executor: all of it is the queue.
pub(crate) struct Executor;

/// A task, whatever its future.
trait Run {
    /// Polls it once.
    fn run(self: Rc<Self>);
}

/// A task, whatever its future, as its joiner sees it.
pub(crate) trait Finish<T> {
    /// Takes the output, or leaves a waker.
    fn finish(&self, cx: &mut Context<'_>) -> Poll<T>;
}

struct Task<F: Future> {
    /// `None` once it is over.
    future: RefCell<Option<F>>,
    output: Cell<Option<F::Output>>,
    joiner: Cell<Option<Waker>>,
    queued: Cell<bool>,
}

/// Waits for a task.
pub(crate) struct Join<T>(Rc<dyn Finish<T>>);

impl<F: Future + 'static> Task<F> {
    const VTABLE: RawWakerVTable = RawWakerVTable::new(Self::clone, Self::wake, Self::wake_by_ref, Self::drop);

    fn queue(self: Rc<Self>) {
        if !self.queued.replace(true) {
            QUEUE.with_borrow_mut(|queue| queue.push_back(self));
        }
    }

    fn waker(self: &Rc<Self>) -> Waker {
        // SAFETY: the functions of the table do what a waker's must, on the thread that they stay on (inv. 1).
        unsafe { Waker::new(Rc::into_raw(self.clone()).cast(), &Self::VTABLE) }
    }

    unsafe fn clone(this: *const ()) -> RawWaker {
        // SAFETY: `this` came out of `Rc::into_raw` of this type, and the waker that is cloned holds a count.
        unsafe { Rc::increment_strong_count(this.cast::<Self>()) };
        RawWaker::new(this, &Self::VTABLE)
    }

    unsafe fn wake(this: *const ()) {
        // SAFETY: as in `clone`; the waker's count goes into this `Rc`.
        unsafe { Rc::from_raw(this.cast::<Self>()) }.queue();
    }

    unsafe fn wake_by_ref(this: *const ()) {
        // SAFETY: as in `clone`; the count stays the waker's, so this `Rc` is not dropped.
        let this = ManuallyDrop::new(unsafe { Rc::from_raw(this.cast::<Self>()) });
        if !this.queued.get() {
            Rc::clone(&this).queue();
        }
    }

    unsafe fn drop(this: *const ()) {
        // SAFETY: as in `clone`; the waker's count goes.
        drop(unsafe { Rc::from_raw(this.cast::<Self>()) });
    }
}

impl<F: Future + 'static> Run for Task<F> {
    fn run(self: Rc<Self>) {
        self.queued.set(false);
        let waker = self.waker();
        let mut slot = self.future.borrow_mut();
        let Some(future) = slot.as_mut() else { return };
        // SAFETY: the future lies in an `Rc`, is never moved out, and is dropped in place below or with the task.
        let future = unsafe { Pin::new_unchecked(future) };
        if let Poll::Ready(output) = future.poll(&mut Context::from_waker(&waker)) {
            *slot = None;
            self.output.set(Some(output));
            if let Some(joiner) = self.joiner.take() {
                joiner.wake();
            }
        }
    }
}

impl<F: Future + 'static> Finish<F::Output> for Task<F> {
    fn finish(&self, cx: &mut Context<'_>) -> Poll<F::Output> {
        match self.output.take() {
            Some(output) => Poll::Ready(output),
            None => {
                self.joiner.set(Some(cx.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl<T> Future for Join<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.finish(cx)
    }
}

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Executor))
}

impl Runner for Executor {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        rows::tasks(self, row, amount).unwrap_or(Err(Refusal::Absent))
    }
}

impl Tasks for Executor {
    type Cx = ();
    type Handle<T: 'static> = Join<T>;

    fn start() -> Result<Self, String> {
        Ok(Self)
    }

    fn cx(&self) {}

    fn run<F: Future<Output: 'static> + 'static>(&mut self, main: F) -> F::Output {
        let Join(main) = Self::spawn((), main);
        let mut cx = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = main.finish(&mut cx) {
                return output;
            }
            while let Some(task) = QUEUE.with_borrow_mut(VecDeque::pop_front) {
                task.run();
            }
        }
    }

    fn spawn<F: Future<Output: 'static> + 'static>((): (), future: F) -> Join<F::Output> {
        let task = Rc::new(Task {
            future: RefCell::new(Some(future)),
            output: Cell::new(None),
            joiner: Cell::new(None),
            queued: Cell::new(false),
        });
        task.clone().queue();
        Join(task)
    }

    fn join<T: 'static>(handle: Join<T>) -> impl Future<Output = T> {
        handle
    }

    fn detach<T: 'static>(handle: Join<T>) {
        drop(handle);
    }

    async fn yield_now() {
        let mut yielded = false;
        core::future::poll_fn(|cx| {
            if core::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
