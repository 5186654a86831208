//! Two threads without tasks: what a start, work that is not spread evenly, and waiting for nothing take at least.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

use harness::clock::{now, ns_per_op};
use harness::rows::{OnWorkers, Skew, idle_cpu};
use harness::{Refusal, Row, Runner, Sampled, WORKERS, Work, planted};

/// Nothing is kept between samples.
struct Threads;

pub(crate) fn start() -> Result<Box<dyn Runner>, String> {
    Ok(Box::new(Threads))
}

impl Runner for Threads {
    fn sample(&mut self, row: &Row, amount: u64) -> Sampled {
        match row.work {
            Work::Workers(OnWorkers::Start) => starts(amount),
            Work::Workers(OnWorkers::Skew) => skew(amount),
            Work::Workers(OnWorkers::Idle) => idle(amount),
            _ => Err(Refusal::Absent),
        }
    }
}

/// Starts threads that do nothing and joins them.
fn starts(ops: u64) -> Sampled {
    let begin = now();
    for _ in 0..ops {
        planted();
        let threads: Vec<_> = (0..WORKERS).map(|_| thread::Builder::new().spawn(|| ())).collect::<io::Result<_>>()?;
        for thread in threads {
            thread.join().map_err(|_| Refusal::Failed("a thread panicked".into()))?;
        }
    }
    Ok(vec![ns_per_op(begin.elapsed(), ops)])
}

/// Each thread takes the next part from a counter.
fn skew(parts: u64) -> Sampled {
    let skew = Skew::new(parts);
    let alone = skew.alone();
    let (next, sum) = (AtomicU64::new(0), AtomicU64::new(0));
    let begin = now();
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let mut own = 0u64;
                loop {
                    // Whoever gets a number has it alone; the scope's end orders the sums.
                    let part = next.fetch_add(1, Ordering::Relaxed);
                    if part >= skew.parts() {
                        break;
                    }
                    own = own.wrapping_add(skew.part(part));
                }
                sum.fetch_add(own, Ordering::Relaxed);
            });
        }
    });
    let elapsed = begin.elapsed();
    skew.figures(alone, (sum.into_inner(), elapsed))
}

/// Threads that wait for a word that comes at the end.
fn idle(ms: u64) -> Sampled {
    let (over, rings) = (Mutex::new(false), Condvar::new());
    let used = thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let over = over.lock().unwrap_or_else(PoisonError::into_inner);
                drop(rings.wait_while(over, |over| !*over));
            });
        }
        let used = idle_cpu(Duration::from_millis(ms));
        *over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        rings.notify_all();
        used
    });
    Ok(vec![used])
}
