//! How many tasks go from one worker to another in a second?
//!
//! Measured: one task spawns 256 at a time and joins them, each of some 100 ns of work, and each says on which thread it was polled: a
//! task that ran on another thread than the one that spawned it has moved. Moves per second of the whole, and their share among all
//! tasks. Every runtime is counted by the same rule, from outside: who keeps a count of steals of its own counts other things, a batch or
//! an attempt. Checked: what the tasks return, and that some have moved. Not measured: the cost of one steal, which is the time that a
//! thief is busy with it; steals of tasks that were woken.
//! Sketch: a thief that never sleeps takes half of what is there: up to half of all tasks move, so as many per second as the spawner can
//! spawn in the time of two: 1 to 5 million. A thief that sleeps between batches is woken in 5 to 50 us, in which the spawner has done
//! most of the batch itself.

use core::hint::black_box;
use core::time::Duration;

use crate::clock::now;
use crate::{Refusal, Sampled, Workers, planted};

/// Tasks of a batch.
const BATCH: u64 = 256;
/// Steps of a task.
const STEPS: u64 = 64;

/// Moved tasks per second, and their share of all in per cent.
pub(super) fn per_second<P: Workers>(peer: &mut P, tasks: u64) -> Sampled {
    let cx = peer.cx();
    let batches = tasks / BATCH;
    let (elapsed, moved) = peer.run(async move { run::<P>(cx, batches).await });
    if moved == 0 {
        return Err(Refusal::Failed("no task ran on another thread than the one that spawned it".into()));
    }
    Ok(vec![moved as f64 / elapsed.as_secs_f64(), 100.0 * moved as f64 / (batches * BATCH) as f64])
}

/// Spawns and joins the batches; how long it took, and how many tasks moved.
async fn run<P: Workers>(cx: P::Cx, batches: u64) -> (Duration, u64) {
    let mut moved = 0;
    let mut handles = Vec::with_capacity(BATCH as usize);
    let begin = now();
    for _ in 0..batches {
        for number in 0..BATCH {
            planted();
            let spawner = this_thread();
            handles.push(P::spawn(cx, async move {
                for step in 0..STEPS {
                    black_box(step);
                }
                (number, u64::from(this_thread() != spawner))
            }));
        }
        for (number, handle) in (0..).zip(handles.drain(..)) {
            let (output, other) = P::join(handle).await;
            assert_eq!(output, number, "a task returned another task's output");
            moved += other;
        }
    }
    (begin.elapsed(), moved)
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    thread_local! {
        static MARK: u8 = const { 0 };
    }
    MARK.with(|mark| core::ptr::from_ref(mark).addr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_have_two_numbers() {
        let here = this_thread();
        assert_eq!(here, this_thread());
        assert_ne!(here, std::thread::Builder::new().spawn(this_thread).unwrap().join().unwrap());
    }
}
