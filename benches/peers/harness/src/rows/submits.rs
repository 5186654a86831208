//! What does an operation cost that asks a ring for nothing?
//!
//! Measured: 64 tasks at once, each of which makes one no-operation after the other; per operation: the poll that writes the entry, its
//! share of the system calls that submit and reap, the completion, the wake and the poll that takes the result. How many entries go with
//! one call is the runtime's choice. Not measured: work of any kind, the time of one operation alone. The floor is a ring without a
//! runtime, which submits and reaps 64 per call.
//! Sketch: the floor's 30 ns, two polls, a wake and a slot that is taken and given back: 80 to 300 ns.

use crate::clock::{now, ns_per_op};
use crate::{Nops, Refusal, Sampled, Tasks, planted};

/// Tasks at once.
const TASKS: u64 = 64;

/// Makes `ops` no-operations, rounded down to as many for each task.
pub(super) fn batches<P: Tasks, N: Nops>(peer: &mut P, ops: u64) -> Sampled {
    let cx = peer.cx();
    let each = ops / TASKS;
    let main = async move {
        let begin = now();
        let mut handles = Vec::with_capacity(TASKS as usize);
        handles.extend((0..TASKS).map(|_| {
            P::spawn(cx, async move {
                let mut done = 0;
                while done < each {
                    planted();
                    N::nop().await?;
                    done += 1;
                }
                Ok::<u64, std::io::Error>(done)
            })
        }));
        let mut done = 0;
        for handle in handles {
            done += P::join(handle).await?;
        }
        Ok((done, begin.elapsed()))
    };
    match peer.run(main) {
        Ok((done, elapsed)) if done == each * TASKS => Ok(vec![ns_per_op(elapsed, done)]),
        Ok(_) => Err(Refusal::Failed("operations were lost".into())),
        Err::<_, std::io::Error>(error) => Err(Refusal::of("a no-operation failed", error)),
    }
}
