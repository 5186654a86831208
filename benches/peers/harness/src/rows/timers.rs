//! What does a timeout cost that does not fire, when others are armed?
//!
//! Measured: make a sleep of 10 to 60 s, poll it once (which registers it), drop it (which cancels it), with 100, ten
//! thousand or one million live timers due in 1 to 2 h; one turn of the scheduler per 64 operations so that peers which defer timer work, or
//! ration polls, do that work inside the sample. Not measured: firing (`lateness`), resets, the set-up of the million.
//! Sketch: a wheel links and unlinks in 20 to 60 ns plus a cache miss or two; a heap or tree of a million entries takes
//! about 20 levels, 100 to 500 ns.

use core::future::poll_fn;
use core::pin::{Pin, pin};
use core::task::Poll;
use core::time::Duration;

use crate::clock::{Uniform, now};
use crate::{Peer, planted};

/// Timers that stay armed during the sample.
///
/// One task could not arm a million, because some peers count a task's wakers in 15 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    tasks: u64,
    each: u64,
}

impl Live {
    /// So many tasks with so many timers each.
    pub const fn new(tasks: u64, each: u64) -> Self {
        Self { tasks, each }
    }
}

/// Operations between turns of the scheduler; below tokio's budget of 128 polls.
const TURN: u64 = 64;
const HOUR: Duration = Duration::from_secs(3600);

/// Inserts and cancels `ops` timers.
pub(super) async fn insert_and_cancel<P: Peer>(cx: P::Cx, live: Live, ops: u64) -> Duration {
    let Live { tasks, each } = live;
    let mut live = Vec::with_capacity(tasks as usize);
    for seed in 0..tasks {
        let armed = P::spawn(cx, async move {
            let mut spread = Uniform::new(seed);
            let mut armed = Vec::with_capacity(each as usize);
            for number in 0..each {
                let mut sleep = Box::pin(P::sleep(HOUR + spread.below(HOUR)));
                arm(sleep.as_mut()).await;
                armed.push(sleep);
                if number % TURN == 0 {
                    P::turn(cx).await;
                }
            }
            armed
        });
        live.push(P::join(armed).await);
    }
    let mut spread = Uniform::new(tasks);
    let begin = now();
    for number in 0..ops {
        planted();
        let timeout = Duration::from_secs(10) + spread.below(Duration::from_secs(50));
        arm(pin!(P::sleep(timeout))).await;
        if number % TURN == 0 {
            P::turn(cx).await;
        }
    }
    let elapsed = begin.elapsed();
    assert_eq!(live.iter().map(Vec::len).sum::<usize>() as u64, tasks * each, "a live timer is missing");
    drop(live);
    elapsed
}

/// Polls a sleep once with this task's waker.
async fn arm(mut sleep: Pin<&mut impl Future<Output = ()>>) {
    poll_fn(|cx| {
        assert!(sleep.as_mut().poll(cx).is_pending(), "a sleep of seconds was over at once");
        Poll::Ready(())
    })
    .await;
}
