//! What does it cost that a thread wakes a task of a worker on another core, and is woken by it?
//!
//! Measured: a value there and back between the future of `block_on`, on a thread that is pinned to one core, and a task of the workers,
//! which are both pinned to the other; through the slot of `cores`; per round trip, so two wakes that cross. `parked`: who waits leaves
//! its waker, and its thread sleeps. `spin`: who waits yields until the value is there, so nobody is woken. Not measured: wakes
//! from one worker to another, which a runtime may avoid by running both tasks on one (`tasks`).
//! Sketch: that of `cores`: a sleeping thread is woken in 3 to 10 us, twice; a cache line crosses in 50 to 200 ns, twice, and yields
//! come on top.

use std::sync::Arc;

use crate::clock::{now, ns_per_op};
use crate::rows::cores::Slot;
use crate::{Refusal, Sampled, Workers, planted, sys};

/// Sends `ops` values to a task and waits for each to come back.
pub(super) fn round_trips<P: Workers>(ops: u64, spin: bool) -> Sampled {
    let other = sys::other_core().ok_or(Refusal::Failed("needs two cores".into()))?;
    let here = sys::allowed_cores()?.into_iter().find(|core| *core != other);
    let here = here.ok_or(Refusal::Failed("needs two cores".into()))?;
    sys::pin(other)?;
    // Its threads stay where this one was when it started them.
    let mut peer = P::start().map_err(Refusal::Failed)?;
    peer.run(core::future::ready(()));
    sys::pin(here)?;
    let (there, back) = (Arc::new(Slot::new()), Arc::new(Slot::new()));
    let cx = peer.cx();
    let elapsed = peer.block_on(async move {
        let pong = {
            let (there, back) = (there.clone(), back.clone());
            P::spawn(cx, async move {
                for _ in 0..ops {
                    back.put(next::<P>(&there, spin).await);
                }
            })
        };
        let begin = now();
        for value in 0..ops {
            planted();
            there.put(value);
            assert_eq!(next::<P>(&back, spin).await, value, "the slot returned another value");
        }
        let elapsed = begin.elapsed();
        P::join(pong).await;
        elapsed
    });
    Ok(vec![ns_per_op(elapsed, ops)])
}

/// The next value, waited for in sleep or by yielding.
async fn next<P: Workers>(slot: &Slot, spin: bool) -> u64 {
    if !spin {
        return slot.take().await;
    }
    loop {
        if let Some(value) = slot.swap() {
            return value;
        }
        P::yield_now().await;
    }
}
