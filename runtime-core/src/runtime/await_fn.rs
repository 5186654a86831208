//! Waiting for an asynchronous function in code that is not.
//!
//! | on | the future runs | this thread |
//! |---|---|---|
//! | a blocking thread of the runtime | as a task of the runtime | sleeps until it has the outcome |
//! | a thread that is inside of `block_in_place` | here, on a worker of its own, as in a `block_on` | runs it |
//! | a thread without a runtime | here | polls it, and sleeps between two polls |
//! | a worker | nowhere: all tasks of the worker would wait, its own among them | panics |

use super::admit::Pinned;
use super::place;
use super::traced::At;
use crate::config::Config;
use crate::roles::steals;
use crate::scheduler::caller;
use crate::scheduler::stealing::in_place;
use crate::sync::block;
use crate::task::current::current;
use crate::worker::ambient;
use crate::worker::spawn::Kept;
use core::future::poll_fn;
use core::panic::{AssertUnwindSafe, Location};
use core::pin::pin;
use core::task::Poll;
use std::panic::{catch_unwind, resume_unwind};
use std::sync::mpsc;

/// See [`Ambient::await_fn`](super::Ambient::await_fn).
#[track_caller]
pub(super) fn await_fn<C: Config, T: Send + 'static>(function: impl AsyncFnOnce() -> T + Send + 'static) -> T {
    let (at, caller) = (At::caller(), Location::caller());
    let served = if current().is_null() { ambient::try_served::<C>() } else { None };
    let Some(worker) = served else { return block::on("await_fn", "function()", async move { function().await }) };
    if const { steals::<C::Scheduler>() } && in_place::is_away() {
        // The task would be pinned, and the worker that gets it may be the one that waits for this thread.
        // SAFETY: the thread works for it: it is alive.
        return caller::block_on(unsafe { &worker.as_ref().common }, async move { function().await });
    }
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
