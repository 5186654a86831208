//! How late do sleeps end, and what does each cost, when 100k of them end within one second?
//!
//! Measured: per task one sleep to a deadline drawn uniformly from a second that begins 300 ms after the first spawn;
//! the time from the deadline to the moment the task runs again (p50 and p99), and user plus system time of the whole
//! process per sleep, spawn, registration and join included; a child per sample. Not measured: a busy machine, sleeps
//! of mixed length. Lateness below the peer's tick is chance; a peer that rounds up to 1 ms has a p50 of half a tick.
//! Sketch: 1 ms ticks: p50 0.5 to 1 ms, p99 about 1 to 2 ms; tickless: tens of microseconds. CPU 0.3 to 2 us per sleep.

use core::cell::RefCell;
use core::time::Duration;
use std::rc::Rc;
use std::time::Instant;

use crate::clock::{Uniform, now};
use crate::{Peer, planted};
use crate::{stats, sys};

/// From the first spawn to the first possible deadline: all sleeps are registered by then.
const LEAD: Duration = Duration::from_millis(300);
/// The span of the deadlines.
const SPAN: Duration = Duration::from_secs(1);

/// Runs `sleeps` sleeps; returns p50 and p99 lateness in microseconds and CPU nanoseconds per sleep.
///
/// # Panics
/// When a sleep ends before its deadline, or when the set-up outlasts the lead.
pub(super) async fn curve<P: Peer>(cx: P::Cx, sleeps: u64) -> Vec<f64> {
    let late = Rc::new(RefCell::new(Vec::with_capacity(sleeps as usize)));
    let mut handles = Vec::with_capacity(sleeps as usize);
    let mut spread = Uniform::new(0);
    let cpu = sys::process_cpu();
    let base = now() + LEAD;
    for number in 0..sleeps {
        let (deadline, late) = (base + spread.below(SPAN), late.clone());
        planted();
        handles.push(P::spawn(cx, async move {
            P::sleep(deadline.saturating_duration_since(now())).await;
            let lateness = now().checked_duration_since(deadline).expect("a sleep ended before its deadline");
            late.borrow_mut().push(lateness.as_nanos() as u64);
        }));
        if number % 64 == 0 {
            P::turn(cx).await;
        }
    }
    assert!(now() < base, "registering the sleeps took longer than the lead of {LEAD:?}");
    for handle in handles {
        P::join(handle).await;
    }
    measures(late.take(), sys::process_cpu() - cpu, sleeps)
}

/// The same deadlines without tasks and timers: sorted, and a thread that sleeps until `slack` after the next one.
pub(super) fn floor(sleeps: u64, slack: Duration, mut nap: impl FnMut(Duration)) -> Vec<f64> {
    let mut spread = Uniform::new(0);
    let cpu = sys::process_cpu();
    let base = now() + LEAD;
    let mut deadlines: Vec<Instant> = (0..sleeps).map(|_| base + spread.below(SPAN)).collect();
    deadlines.sort_unstable();
    let mut late = Vec::with_capacity(deadlines.len());
    for deadline in deadlines {
        loop {
            let now = now();
            if let Some(lateness) = now.checked_duration_since(deadline) {
                late.push(lateness.as_nanos() as u64);
                break;
            }
            nap(deadline + slack - now);
        }
    }
    measures(late, sys::process_cpu() - cpu, sleeps)
}

fn measures(mut late: Vec<u64>, cpu: Duration, sleeps: u64) -> Vec<f64> {
    assert_eq!(late.len() as u64, sleeps, "a sleep did not end");
    late.sort_unstable();
    let us = |p| stats::quantile(&late, p) as f64 / 1e3;
    vec![us(0.5), us(0.99), cpu.as_nanos() as f64 / sleeps as f64]
}
