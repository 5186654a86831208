//! Schedulers without other workers. Under `SingleThread` the panic goes to who called `block_on`; the next one goes on with what was
//! under way, unless the driver is the reason. Under `ThreadPerTask` a worker has one task, which is cancelled.

use crate::operations::{self, Kind, Peer};
use crate::ways::{self, Fuse, Way, ends_its_worker};
use crate::{Drives, Ends, LONG, can_be_told, trials, when};
use bespoke::prelude::*;
use bespoke::scheduler::{Local, Scheduler};
use bespoke::{Config, Runtime, driver, preset, scheduler};
use core::panic::AssertUnwindSafe;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Instant;

macro_rules! configs {
    ($($config:ident: $scheduler:ty, $driver:ty;)+) => { $(
        struct $config;

        #[bespoke::config(base = preset::Default)]
        impl Config for $config {
            type Scheduler = $scheduler;
            type Driver = $driver;
            type Clock = Fuse;
        }
    )+ };
}
configs! {
    Alone: scheduler::SingleThread, driver::Mio;
    AloneOnPoll: scheduler::SingleThread, driver::Mio<driver::PosixPoll>;
    AloneOnRing: scheduler::SingleThread, driver::IoUring<8>;
    AloneOnEither: scheduler::SingleThread, driver::Fallback<driver::IoUring<8>, driver::Mio>;
    OwnThreads: scheduler::ThreadPerTask, driver::Blocking;
}

/// On a thread of its own, whose calls may be denied.
fn single<C: Config<Driver: Drives, Scheduler: Scheduler<Sharing = Local>>>(way: Way) -> Ends {
    std::thread::scope(|scope| scope.spawn(|| on_this_thread::<C>(way)).join().unwrap())
}

fn on_this_thread<C: Config<Driver: Drives, Scheduler: Scheduler<Sharing = Local>>>(way: Way) -> Ends {
    let runtime = Runtime::<C>::new().unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let (mut tasks, mut peers) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        if can_be_told(&runtime, kind, way) {
            let (peer, ours) = Peer::of(kind);
            tasks.push((kind, runtime.spawn(operations::run::<C>(ours, begun.clone()))));
            peers.push(peer);
        }
    }
    let many = tasks.len();
    runtime.block_on(async {
        while begun.load(SeqCst) < many {
            C::yield_now().await;
        }
    });
    let panicked = catch_unwind(AssertUnwindSafe(|| runtime.block_on(ends_its_worker::<C>(way))));
    assert!(panicked.is_err(), "nobody heard of it");
    let mut ends = Ends::default();
    if way == Way::Wait {
        // It cannot wait any more, and says so each time.
        let panicked = catch_unwind(AssertUnwindSafe(|| runtime.block_on(core::future::pending::<()>())));
        assert!(panicked.is_err(), "it waits for what never comes");
        let begin = Instant::now();
        drop(runtime);
        assert!(begin.elapsed() < LONG);
        for (kind, task) in tasks {
            assert!(task.is_finished(), "{kind:?} is left");
            ends.cancelled += 1;
        }
        return ends;
    }
    let waits: Vec<_> = peers.into_iter().map(Peer::act).collect();
    runtime.block_on(async {
        for (kind, task) in tasks {
            let end = C::timeout(LONG, task).await.unwrap_or_else(|_| panic!("{kind:?} hangs"));
            end.expect("no task panics, or is cancelled").unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            ends.done += 1;
        }
    });
    drop(waits);
    ends
}

/// Operations block their threads; one of the others has a thread that panics.
fn thread_per_task(way: Way) -> Ends {
    let runtime = Runtime::<OwnThreads>::new().unwrap();
    let begun = Arc::new(AtomicUsize::new(0));
    let (mut tasks, mut peers) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let (peer, ours) = Peer::of(kind);
        tasks.push((kind, runtime.spawn(operations::run::<OwnThreads>(ours, begun.clone()))));
        peers.push(peer);
    }
    let gone = runtime.spawn(ends_its_worker::<OwnThreads>(way));
    ways::until_gone(&gone);
    let error = runtime.block_on(gone).unwrap_err();
    assert!(error.is_cancelled() && !error.is_panic(), "{error}");
    let waits: Vec<_> = peers.into_iter().map(Peer::act).collect();
    let mut ends = Ends::default();
    ends.take(&runtime, tasks);
    let shutdown = runtime.shutdown_timeout(LONG);
    assert!(shutdown.is_clean(), "{shutdown}");
    drop(waits);
    ends
}

macro_rules! alone {
    ($($test:ident: $how:path, $config:ident, $way:ident;)+) => { $(
        #[test]
        fn $test() {
            if when::When::Always.leaves_out::<$config>("orphans", stringify!($test)) {
                return;
            }
            let mut most = 0;
            let all = trials(stringify!($test), Way::$way, |_| {
                let ends = $how(Way::$way);
                most += if Way::$way == Way::Clock { ends.done } else { ends.cancelled };
                ends
            });
            assert!(most > 0 && all.done + all.told + all.cancelled == most, "{all}");
        }
    )+ };
}
alone! {
    one_thread_that_panics_on_mio: single::<Alone>, Alone, Clock;
    one_thread_that_panics_on_poll: single::<AloneOnPoll>, AloneOnPoll, Clock;
    one_thread_that_panics_on_a_ring: single::<AloneOnRing>, AloneOnRing, Clock;
    one_thread_that_panics_on_either_driver: single::<AloneOnEither>, AloneOnEither, Clock;
    one_thread_whose_poll_breaks: single::<Alone>, Alone, Wait;
    one_thread_whose_ring_breaks: single::<AloneOnRing>, AloneOnRing, Wait;
    one_thread_whose_driver_of_two_breaks: single::<AloneOnEither>, AloneOnEither, Wait;
    a_thread_of_a_task_that_panics: thread_per_task, OwnThreads, Clock;
}
