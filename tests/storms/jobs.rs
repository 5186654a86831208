//! A pool of one thread, ten thousand jobs, and a runtime that closes: each job runs or resolves as cancelled, and each
//! closure is dropped once. RELIABILITY A25.

use crate::support::{Random, count, deep, eventually, poll_once};
use bespoke::prelude::*;
use bespoke::{Config, JoinHandle, Runtime};
use core::pin::Pin;
use core::sync::atomic::{AtomicUsize, Ordering};
use core::task::Poll;
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

const JOBS: usize = 10_000;

/// As the config, with one blocking thread.
struct OneOf<C>(core::marker::PhantomData<C>);

#[bespoke::config(base = C)]
impl<C: Config> Config for OneOf<C> {
    const BLOCKING_THREADS_MAX: usize = 1;
}

/// What the jobs share: how many ran, and one count for each closure that lives.
#[derive(Clone, Default)]
struct Tally {
    ran: Arc<AtomicUsize>,
    alive: Arc<()>,
}

impl Tally {
    fn job(&self, n: usize) -> impl FnOnce() -> usize + Send + 'static {
        let tally = self.clone();
        move || {
            if n.is_multiple_of(100) {
                std::thread::sleep(Duration::from_micros(100));
            }
            tally.ran.fetch_add(1, Ordering::AcqRel);
            n
        }
    }

    /// Every job ran or is cancelled; how many ran.
    fn settle(self, jobs: Vec<(usize, JoinHandle<usize>)>) -> usize {
        assert!(eventually(|| jobs.iter().all(|(_, job)| job.is_finished())), "a job of a closed runtime never ends");
        let (mut returned, mut cancelled) = (0, 0);
        let all = jobs.len();
        for (n, mut job) in jobs {
            match poll_once(Pin::new(&mut job)) {
                Poll::Ready(Ok(output)) => {
                    assert_eq!(output, n, "the output of another job");
                    returned += 1;
                }
                Poll::Ready(Err(error)) => {
                    assert!(error.is_cancelled(), "{error}");
                    cancelled += 1;
                }
                Poll::Pending => panic!("job {n} waits for a closed runtime"),
            }
        }
        assert_eq!(returned + cancelled, all);
        assert_eq!(self.ran.load(Ordering::Acquire), returned, "a job ran and was told as cancelled, or the reverse");
        assert!(eventually(|| Arc::strong_count(&self.alive) == 1), "a closure was not dropped");
        returned
    }
}

pub(crate) fn ten_thousand_at_shutdown<C: Config<Threads: StartsThreads>>() {
    let mut random = Random::new(25);
    let (mut ran, mut slowest) = (Vec::new(), Duration::ZERO);
    for round in 0..count(3, 100) {
        let runtime = Runtime::<OneOf<C>>::new().unwrap();
        let tally = Tally::default();
        let jobs = (0..JOBS).map(|n| (n, runtime.spawn_blocking(tally.job(n)))).collect();
        std::thread::sleep(Duration::from_micros(random.below(5_000)));
        let start = Instant::now();
        match round % 3 {
            0 => drop(runtime),
            1 => drop(runtime.shutdown_timeout(Duration::from_secs(10))),
            _ => drop(runtime.shutdown_background()),
        }
        slowest = slowest.max(start.elapsed());
        ran.push(tally.settle(jobs));
    }
    println!("of {JOBS} jobs ran {ran:?}; the slowest close took {slowest:?}");
    assert!(slowest < Duration::from_secs(if deep() { 1 } else { 20 }), "closing took {slowest:?}");
    assert!(ran.iter().any(|ran| *ran < JOBS), "no close met a job that waited: this shows nothing");
}

/// Other threads go on asking while the runtime closes.
pub(crate) fn asked_for_while_the_runtime_closes<C: Config<Threads: StartsThreads>>() {
    let mut random = Random::new(26);
    let (mut all, mut ran) = (0, 0);
    for _ in 0..count(20, 1_000) {
        let runtime = Runtime::<OneOf<C>>::new().unwrap();
        let tally = Tally::default();
        let askers: Vec<_> = (0..2)
            .map(|asker| {
                let (handle, tally) = (runtime.handle(), tally.clone());
                std::thread::spawn(move || {
                    let mut jobs = Vec::new();
                    // Some after the close: those are cancelled from the start.
                    let mut after = 10;
                    while after > 0 {
                        let closed = handle.is_closed();
                        after -= usize::from(closed);
                        // On a busy machine the drop comes late, and a queue that is full refuses.
                        if !closed && jobs.len() > 20_000 {
                            std::thread::yield_now();
                            continue;
                        }
                        let n = 1 + asker + 2 * jobs.len() / 100 * 100;
                        jobs.push((n, handle.spawn_blocking(tally.job(n))));
                        std::thread::yield_now();
                    }
                    jobs
                })
            })
            .collect();
        std::thread::sleep(Duration::from_micros(random.below(2_000)));
        drop(runtime);
        let jobs: Vec<_> = askers.into_iter().flat_map(|asker| asker.join().unwrap()).collect();
        all += jobs.len();
        ran += tally.settle(jobs);
    }
    println!("{all} jobs, {ran} ran");
    assert!(ran < all, "no job came too late: this shows nothing");
}
