//! Waiting on a thread that runs no task.

use crate::loom::thread::{self, Thread};
use crate::task::current::current;
use alloc::sync::Arc;
use alloc::task::Wake;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for `future` on this thread; `verb` is what was called, `instead` what a task calls.
///
/// # Panics
/// Inside a runtime: the worker would wait instead of running the task that it waits for.
#[track_caller]
pub(crate) fn on<F: Future>(verb: &str, instead: &str, future: F) -> F::Output {
    assert!(
        current().is_null(),
        "`{verb}` would block the worker that runs this task, and every other task of it; use `{instead}.await`"
    );
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            // An unpark between the poll and here is kept by the thread.
            Poll::Pending => thread::park(),
        }
    }
}
