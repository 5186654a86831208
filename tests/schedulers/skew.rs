//! A skewed load: parts of different length, all spawned by one task. Each part is run once; where, is what the scheduler
//! promises by its placement. Nothing here asks how long anything takes: what is queued behind a worker that does not come
//! back is run by another one or by none, and [`LONG`] is when it is none.

use super::{runtime, soon};
use crate::each_scheduler::LONG;
use bespoke::prelude::*;
use bespoke::scheduler::Scheduler;
use bespoke_core::roles::Placement;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, ThreadId};

/// Parts for each worker.
const EACH: usize = 8;

/// What the parts of a load, by their number, have done so far.
struct Load {
    runs: Vec<AtomicUsize>,
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    /// The parts that are over, in this order, and their threads.
    over: Vec<(usize, ThreadId)>,
    /// Threads that are held, or were.
    held: HashSet<ThreadId>,
}

impl Load {
    fn new(parts: usize) -> Arc<Self> {
        let runs = (0..parts).map(|_| AtomicUsize::new(0)).collect();
        Arc::new(Load { runs, seen: Mutex::default(), changed: Condvar::new() })
    }

    fn parts(&self) -> usize {
        self.runs.len()
    }

    /// This thread is held from now on.
    fn holds(&self) {
        self.seen.lock().unwrap().held.insert(thread::current().id());
        self.changed.notify_all();
    }

    /// Holds this thread until the others have done something.
    #[track_caller]
    fn until(&self, done: impl Fn(&Seen) -> bool) {
        let seen = self.seen.lock().unwrap();
        let (seen, waited) = self.changed.wait_timeout_while(seen, LONG, |seen| !done(seen)).unwrap();
        let (over, held) = (seen.over.len(), seen.held.len());
        drop(seen);
        assert!(!waited.timed_out(), "{over} of {} parts were run, with {held} threads held", self.parts());
    }

    /// The part `n` is over.
    fn ends(&self, n: usize) {
        self.runs[n].fetch_add(1, SeqCst);
        self.seen.lock().unwrap().over.push((n, thread::current().id()));
        self.changed.notify_all();
    }

    /// Each part has run once: in which order, and on which threads, by their numbers.
    #[track_caller]
    fn told(&self) -> (Vec<usize>, Vec<ThreadId>) {
        let runs: Vec<_> = self.runs.iter().map(|runs| runs.load(SeqCst)).collect();
        assert!(runs.iter().all(|&runs| runs == 1), "{runs:?}");
        let mut over = self.seen.lock().unwrap().over.clone();
        let order = over.iter().map(|&(n, _)| n).collect();
        over.sort_unstable_by_key(|&(n, _)| n);
        (order, over.into_iter().map(|(_, thread)| thread).collect())
    }
}

pub(crate) fn a_skewed_load_goes_where_the_scheduler_promises<C: Config>() {
    match <C::Scheduler as Scheduler>::PLACEMENT {
        Placement::ThisWorker => short_parts_do_not_wait_for_long_ones::<C>(),
        Placement::InTurn => parts_stay_where_their_turn_was::<C>(),
        Placement::AnyWorker => {
            let workers = runtime::<C>().metrics().workers.len();
            let threads = what_is_queued_on_a_held_thread_is_run_by_others::<C>(workers);
            assert_eq!(threads, workers, "with that of the spawner");
        }
        Placement::OwnThread => {
            let threads = what_is_queued_on_a_held_thread_is_run_by_others::<C>(3);
            assert_eq!(threads, 3 * EACH + 1, "each part, and the spawner");
        }
        other => panic!("nothing is asked of {other:?} yet"),
    }
}

/// On how many threads they ran. So many are held at once:
/// - that of the spawner, until all parts are over: who runs them took them from its queue, and the last one from its slot;
/// - that of the first part, the oldest in the queue, until all others are over: what was taken together with it was taken on;
/// - those of some other parts, until so many are held. The last of these is the spawner's last, too.
fn what_is_queued_on_a_held_thread_is_run_by_others<C: Config>(held: usize) -> usize {
    let load = Load::new(EACH * held);
    let spawner = {
        let load = load.clone();
        async move {
            let parts = load.parts();
            load.holds();
            for n in 0..parts {
                let load = load.clone();
                drop(C::spawn(async move {
                    // Of these there are as many as threads that are to be held, less the spawner's.
                    if n == 0 || n >= parts - (held - 2) {
                        load.holds();
                        load.until(|seen| seen.held.len() == held);
                    }
                    if n == 0 {
                        load.until(|seen| seen.over.len() == parts - 1);
                    }
                    load.ends(n);
                }));
            }
            load.until(|seen| seen.over.len() == parts);
            thread::current().id()
        }
    };
    let spawner = runtime::<C>().block_on(async { C::spawn(spawner).await }).unwrap();
    let (order, threads) = load.told();
    assert_eq!(order.last(), Some(&0), "the first was to wait for the others");
    assert!(!threads.contains(&spawner), "a part ran inside of the poll of its spawner");
    threads.into_iter().chain([spawner]).collect::<HashSet<_>>().len()
}

/// The first part holds its worker until all parts of the others are over. These do nothing then, and take nothing of what waits
/// behind it.
fn parts_stay_where_their_turn_was<C: Config>() {
    let rt = runtime::<C>();
    let workers = rt.metrics().workers.len();
    assert!(workers > 1, "nobody could take anything");
    let load = Load::new(EACH * workers);
    let elsewhere = EACH * (workers - 1);
    let spawner = {
        let load = load.clone();
        async move {
            let part = |n: usize| {
                let load = load.clone();
                C::spawn(async move {
                    if n == 0 {
                        load.until(|seen| seen.over.len() == elsewhere);
                    }
                    load.ends(n);
                })
            };
            let parts: Vec<_> = (0..load.parts()).map(part).collect();
            for part in parts {
                part.await.unwrap();
            }
        }
    };
    rt.block_on(async { C::spawn(spawner).await }).unwrap();
    let (order, threads) = load.told();
    let behind: Vec<_> = (0..EACH).map(|turn| turn * workers).collect();
    assert_eq!(order[elsewhere..], behind, "of one worker, in the order in which they were spawned");
    assert_eq!(threads[..workers].iter().collect::<HashSet<_>>().len(), workers);
    for (n, thread) in threads.iter().enumerate() {
        assert_eq!(*thread, threads[n % workers], "part {n} of {workers} workers");
    }
}

/// The length of a part is how often it yields. They end by their lengths, in whatever order they were spawned.
fn short_parts_do_not_wait_for_long_ones<C: Config>() {
    const LENGTHS: [usize; 8] = [5, 2, 8, 3, 6, 1, 7, 4];
    let load = Load::new(LENGTHS.len());
    let spawner = {
        let load = load.clone();
        async move {
            let part = |n: usize| {
                let load = load.clone();
                C::spawn(async move {
                    for _ in 0..LENGTHS[n] {
                        C::yield_now().await;
                    }
                    load.ends(n);
                })
            };
            let parts: Vec<_> = (0..LENGTHS.len()).map(part).collect();
            for part in parts {
                part.await.unwrap();
            }
        }
    };
    runtime::<C>().block_on(async { soon::<C, _>(C::spawn(spawner)).await }).unwrap();
    let (order, threads) = load.told();
    assert_eq!(order.iter().map(|&n| LENGTHS[n]).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert!(threads.iter().all(|thread| *thread == thread::current().id()), "{threads:?}");
}
