//! What a policy says reaches the workers of a runtime; what each number does is shown on a crew by hand, in `task/steal/tests`.

use super::{LONG, Two, ends, hog, start};
use crate::config::{Config, Sealed};
use crate::roles::{OsEntropy, OsThreads, Policy, Uniform};
use crate::runtime::{Ambient, Metrics};
use crate::scheduler::{Ring, WorkStealing};
use crate::testing::{Heap, SleepOnly};
use crate::time::Monotonic;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;
use std::sync::Arc;
use std::thread;

/// Times its searches, and looks after workers that do not come back once in an hour.
#[derive(Debug)]
struct Patient;

impl Policy for Patient {
    const TIMES_SEARCHES: bool = true;
    const WATCH: Duration = Duration::from_secs(3600);
}

#[derive(Debug)]
struct TwoPatient;

impl Config for TwoPatient {
    type Scheduler = WorkStealing<2, Patient>;
    type Driver = SleepOnly;
    type Memory = Heap;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = OsThreads;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = "TwoPatient";
    const WORKERS_EXACT: bool = true;
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

/// Searches, wakes, and the time that all workers spent searching.
fn searched(metrics: &Metrics) -> (u64, u64, Option<Duration>) {
    let all = || metrics.workers.iter().filter_map(|worker| worker.stealing);
    let time = all().map(|worker| worker.searching).sum::<Option<Duration>>();
    (all().map(|worker| worker.searches).sum(), all().map(|worker| worker.woken).sum(), time)
}

#[test]
fn the_time_of_searches_is_told_if_the_policy_asks() {
    let (census, runtime) = start::<TwoPatient>();
    let (other_census, usual) = start::<Two<Ring>>();
    let rounds = |rounds| {
        for _ in 0..rounds {
            runtime.block_on(runtime.spawn(async {})).unwrap();
            usual.block_on(usual.spawn(async {})).unwrap();
        }
    };
    rounds(10);
    // At first nobody may have searched, or slept.
    let timed = (0..1000).any(|_| {
        rounds(1);
        let (searches, woken, time) = searched(&runtime.metrics());
        woken > 0 && searches > 0 && time.is_some_and(|time| !time.is_zero())
    });
    assert!(timed, "who has no task searches, and every task wakes one who sleeps: {:?}", searched(&runtime.metrics()));
    let (searches, _, time) = searched(&usual.metrics());
    assert!(searches > 0 && time.is_none(), "{searches} searches in {time:?}");
    ends(&census, runtime);
    ends(&other_census, usual);
}

/// The newest task of a worker that does not come back waits for the watcher.
#[test]
#[cfg_attr(miri, ignore = "time passes as the interpreter likes")]
fn a_task_behind_a_poll_that_does_not_end_waits_as_long_as_the_policy_says() {
    let (census, runtime) = start::<TwoPatient>();
    let (go, ran) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (hogs, counts) = (go.clone(), ran.clone());
    let task = runtime.spawn(async move {
        drop(TwoPatient::spawn(async move { counts.fetch_add(1, SeqCst) }));
        hog(hogs).await;
    });
    // Forty times as long as it usually takes.
    thread::sleep(Duration::from_millis(200));
    assert_eq!(ran.load(SeqCst), 0);
    go.store(true, SeqCst);
    runtime.block_on(async { TwoPatient::timeout(LONG, task).await.expect("it goes on").unwrap() });
    while ran.load(SeqCst) == 0 {
        thread::yield_now();
    }
    ends(&census, runtime);
}
