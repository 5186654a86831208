//! Waiting for an asynchronous function in code that is not.
//!
//! | on | the future runs | this thread |
//! |---|---|---|
//! | a blocking thread of the runtime | as a task of the runtime | sleeps until it has the outcome |
//! | a thread without a runtime | here | polls it, and sleeps between two polls |
//! | a worker | nowhere: all tasks of the worker would wait, its own among them | panics |

use super::admit::Pinned;
use super::place;
use super::traced::At;
use crate::config::Config;
use crate::task::current::current;
use crate::worker::ambient;
use crate::worker::spawn::Kept;
use core::future::poll_fn;
use core::panic::{AssertUnwindSafe, Location};
use core::pin::pin;
use core::ptr::NonNull;
use core::task::{Context, Poll, Waker};
use std::panic::{catch_unwind, resume_unwind};
use std::sync::{Arc, mpsc};
use std::task::Wake;
use std::thread::{self, Thread};

/// See [`Ambient::await_fn`](super::Ambient::await_fn).
#[track_caller]
pub(super) fn await_fn<C: Config, T: Send + 'static>(function: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let (at, caller) = (At::caller(), Location::caller());
    if let Some(home) = NonNull::new(current().cast_mut()) {
        would_block(ambient::tag_of(home.cast()).name, caller);
    }
    let Some(worker) = ambient::try_served::<C>() else { return here(async move { function().await }) };
    let (answers, answer) = mpsc::channel();
    let task = Pinned::new(async move || {
        let mut future = pin!(async move { function().await });
        let outcome = poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(panic) => Poll::Ready(Err(panic)),
        });
        // Whoever asked waits for it.
        drop(answers.send(outcome.await));
    });
    // SAFETY: the thread holds the home that it works for; what crosses is `Send`.
    let Ok(task) = (unsafe { place::try_spawn_foreign(worker, task, Kept, at) }) else { place::no_memory::<C>() };
    drop(task);
    match answer.recv() {
        Ok(Ok(output)) => output,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(mpsc::RecvError) => {
            panic!("the runtime `{}` closed while {}:{} waited in `await_fn`", C::NAME, caller.file(), caller.line())
        }
    }
}

#[cold]
#[inline(never)]
fn would_block(config: &str, at: &Location<'_>) -> ! {
    panic!(
        "{}:{} waits in `await_fn` on a thread that runs tasks of `{config}`, and all of them would wait with it; write `.await` \
         there, or call it on a blocking thread, by `spawn_blocking`",
        at.file(),
        at.line()
    )
}

/// Polls on this thread, which sleeps until a waker is called.
fn here<F: Future>(future: F) -> F::Output {
    /// `unpark` and `park` order what was written before the one before what is read after the other.
    struct Unparks(Thread);
    impl Wake for Unparks {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
        fn wake_by_ref(self: &Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unparks(thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        thread::park();
    }
}
