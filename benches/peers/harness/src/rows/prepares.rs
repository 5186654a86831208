//! What does it cost to write an entry into the queue of a ring?
//!
//! Measured: no-operations, 64 of them made and polled once, one after the other, in one task: each takes its slot and writes
//! its entry, and nobody asks the kernel. What makes the futures is not in it, nor the system call that submits all 64
//! afterwards, nor their completions. Not measured: what an entry of another kind says besides, a few stores. The floor writes
//! entries without slots.
//! Sketch: 64 bytes of an entry, a slot, a waker that is cloned: 10 to 50 ns.

use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;
use core::time::Duration;

use crate::clock::{now, ns_per_op};
use crate::{Nops, Refusal, Sampled, Tasks, planted};

/// Entries at once: fewer than the queue of any runtime has room for.
const BATCH: u64 = 64;

/// Writes `ops` entries, rounded down to whole batches.
pub(super) fn batches<P: Tasks, N: Nops>(peer: &mut P, ops: u64) -> Sampled {
    let written = peer.run(async move {
        let (mut spent, mut written) = (Duration::ZERO, 0);
        for _ in 0..ops / BATCH {
            let mut nops: Vec<Pin<Box<_>>> = (0..BATCH).map(|_| Box::pin(N::nop())).collect();
            let batch = poll_fn(|cx| {
                let (mut pending, begin) = (0, now());
                for nop in &mut nops {
                    planted();
                    pending += u64::from(nop.as_mut().poll(cx).is_pending());
                }
                spent += begin.elapsed();
                Poll::Ready(pending)
            });
            written += batch.await;
            for nop in nops {
                nop.await?;
            }
        }
        Ok((written, spent))
    });
    match written {
        Ok((written, spent)) if written == ops / BATCH * BATCH => Ok(vec![ns_per_op(spent, written)]),
        Ok(_) => Err(Refusal::Failed("operations were over before the kernel had seen them".into())),
        Err::<_, std::io::Error>(error) => Err(Refusal::of("a no-operation failed", error)),
    }
}
