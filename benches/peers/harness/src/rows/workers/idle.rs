//! How much of the processor does a runtime take while there is nothing to do?
//!
//! Measured: user and system time of the process over ten seconds, or as many milliseconds as the command says, scaled to ten seconds,
//! in which a runtime with two workers has no task; it begins 200 ms after both were busy, so that who searches before it sleeps has
//! slept. A tick of the kernel is 10,000 us on most machines; a worker that looks around every 10 ms takes a thousand wake-ups, some
//! 5,000 us. Not measured: what timers and sockets add that are armed.
//! Sketch: 0 for who sleeps until it is woken, and some tens of us for the clock that reads this.

use core::time::Duration;

use crate::rows::workers::start::Pair;
use crate::{Peer, Refusal, Sampled, Workers, planted, sys};

/// From the last task to the first reading.
const SETTLE: Duration = Duration::from_millis(200);
/// What the figure is about, however long the sample was.
const SPAN: Duration = Duration::from_secs(10);
/// Tasks that keep all workers busy before.
const TASKS: u64 = 1000;

/// Of a runtime with several workers: microseconds.
pub(super) fn cpu<P: Workers>(peer: &mut P, ms: u64) -> Sampled {
    let cx = peer.cx();
    let done = peer.run(async move {
        let mut handles = Vec::with_capacity(TASKS as usize);
        for _ in 0..TASKS {
            handles.push(P::spawn(cx, async {
                P::yield_now().await;
                1
            }));
        }
        let mut done = 0;
        for handle in handles {
            done += P::join(handle).await;
        }
        done
    });
    if done != TASKS {
        return Err(Refusal::Failed("a task was lost".into()));
    }
    Ok(vec![idle_cpu(Duration::from_millis(ms))])
}

/// Of two runtimes with a thread each: microseconds.
pub(super) fn cpu_of_pair<P: Peer>(ms: u64) -> Sampled {
    let pair = Pair::start::<P>().map_err(Refusal::Failed)?;
    let used = idle_cpu(Duration::from_millis(ms));
    drop(pair);
    Ok(vec![used])
}

/// Waits for `span`, after all have come to rest; the microseconds of processor time that the process took for that, scaled to ten
/// seconds.
pub fn idle_cpu(span: Duration) -> f64 {
    sleep(SETTLE);
    let before = sys::process_cpu();
    planted();
    sleep(span);
    let used = sys::process_cpu().saturating_sub(before);
    used.as_nanos() as f64 / 1e3 * SPAN.as_secs_f64() / span.as_secs_f64()
}

#[allow(clippy::disallowed_methods, reason = "this thread has no runtime, and must not take part")]
fn sleep(span: Duration) {
    std::thread::sleep(span);
}
