//! How a worker is made to panic outside of any task.

use crate::{LONG, deny};
use bespoke::clock::Clock;
use bespoke::prelude::*;
use bespoke::scheduler::Cores;
use bespoke::{Config, Instant, JoinHandle, Runtime};
use core::cell::Cell;
use core::future::{pending, poll_fn};
use core::pin::pin;
use core::task::Poll;
use core::time::Duration;
use std::sync::mpsc;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The clock panics when the worker looks at it between two polls. Its driver is whole, and ends in order.
    Clock,
    /// The system refuses the call by which its driver waits: that ends as it can without this call.
    Wait,
}

thread_local! {
    /// The next look at the clock outside of a poll panics.
    static LIT: Cell<bool> = const { Cell::new(false) };
    /// Does this thread poll an operation, which looks at the clock as well?
    static POLLS: Cell<bool> = const { Cell::new(false) };
}

/// Runs a poll of a task, in which the clock holds.
pub(crate) fn polls<R>(poll: impl FnOnce() -> R) -> R {
    POLLS.set(true);
    let polled = poll();
    POLLS.set(false);
    polled
}

/// The system's clock, until it is lit.
pub(crate) struct Fuse;

impl Clock for Fuse {
    const NAME: &'static str = "fuse";
    type Live = std::time::Instant;

    fn start() -> Self::Live {
        std::time::Instant::now()
    }

    fn now(start: &Self::Live) -> Instant {
        assert!(POLLS.get() || !LIT.replace(false), "the fuse has burnt down");
        Instant::from_nanos(u64::try_from(start.elapsed().as_nanos()).unwrap())
    }
}

/// Has the worker that runs this panic after the poll.
pub(crate) async fn ends_its_worker<C: Config>(way: Way) {
    match way {
        Way::Clock => {
            // So that the worker has a deadline to compare with the clock.
            let mut sleep = pin!(C::sleep(Duration::from_millis(1)));
            poll_fn(|cx| {
                assert!(sleep.as_mut().poll(cx).is_pending());
                LIT.set(true);
                Poll::Ready(())
            })
            .await;
            pending().await
        }
        Way::Wait => {
            let calls = [libc::SYS_epoll_wait, libc::SYS_epoll_pwait, libc::SYS_epoll_pwait2, libc::SYS_io_uring_enter];
            let denied = calls.map(|call| (call, libc::EPERM));
            deny::deny(&denied).expect("the system lets a thread filter its own calls");
            pending().await
        }
    }
}

/// Waits until the worker is gone: what was spawned there is cancelled.
pub(crate) fn until_gone(sentinel: &JoinHandle<()>) {
    let begin = std::time::Instant::now();
    while !sentinel.is_finished() {
        assert!(begin.elapsed() < LONG, "no worker has ended");
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Ends the worker that happens to run this.
pub(crate) fn end_one<C: Config>(runtime: &Runtime<C>, way: Way) {
    let (tell, told) = mpsc::channel();
    drop(runtime.handle().spawn(async move {
        // Spawned by a worker, and so on it.
        tell.send(C::spawn(pending::<()>())).unwrap();
        ends_its_worker::<C>(way).await;
    }));
    until_gone(&told.recv_timeout(LONG).expect("a worker runs it"));
}

/// Ends this worker.
pub(crate) fn end<C: Config<Scheduler: Cores>>(runtime: &Runtime<C>, core: usize, way: Way) {
    let sentinel = runtime.handle().spawn_on(core, async move || ends_its_worker::<C>(way).await);
    until_gone(&sentinel);
}
