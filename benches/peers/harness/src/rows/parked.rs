//! How much memory does a parked task take beyond its future?
//!
//! Measured: growth of the resident set over many detached tasks, each an 8-byte future that was polled once and waits
//! for ever, minus these 8 bytes; a child per sample. Each task leaves one clone of its waker behind, as a task that
//! waits for something does: without it some peers rightly free a detached task that nobody can wake.
//! The tasks are spawned in groups of 100 with turns in between, so the run queue stays short, as it would with tasks
//! that arrive over time. Not measured: timers or sockets that real parked tasks hold, address space, allocator caches
//! of other sizes.
//! Sketch: a header of 32 to 64 bytes, a vtable pointer, a list link or slab slot, rounding by malloc: 50 to 250 B.

use core::cell::Cell;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;

use crate::Tasks;
use crate::sys;

/// Tasks spawned between turns.
const GROUP: u64 = 100;

thread_local! {
    /// How many `Forever`s were polled; outside them so that they stay at 8 bytes.
    static POLLED: Cell<u64> = const { Cell::new(0) };
    /// How many were dropped; none may be.
    static DROPPED: Cell<u64> = const { Cell::new(0) };
}

/// Eight bytes, pending for ever.
struct Forever(u64);

const _: () = assert!(size_of::<Forever>() == 8, "the row is about an 8-byte future");

impl Future for Forever {
    type Output = u64;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u64> {
        core::mem::forget(cx.waker().clone());
        POLLED.set(POLLED.get() + u64::from(self.0 != u64::MAX));
        Poll::Pending
    }
}

impl Drop for Forever {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

/// Parks `tasks` tasks and returns the resident bytes per task beyond the future.
pub(super) async fn bytes_per_task<P: Tasks>(cx: P::Cx, tasks: u64) -> io::Result<Vec<f64>> {
    park::<P>(cx, GROUP).await; // first uses of the allocator and of the run queue
    let before = sys::resident_bytes()?;
    park::<P>(cx, tasks).await;
    let grown = sys::resident_bytes()?.saturating_sub(before);
    assert_eq!(DROPPED.get(), 0, "a parked task was freed");
    Ok(vec![grown as f64 / tasks as f64 - size_of::<Forever>() as f64])
}

async fn park<P: Tasks>(cx: P::Cx, tasks: u64) {
    for first in (0..tasks).step_by(GROUP as usize) {
        let until = POLLED.get() + GROUP.min(tasks - first);
        for number in first..tasks.min(first + GROUP) {
            P::detach(P::spawn(cx, Forever(number)));
        }
        while POLLED.get() < until {
            P::turn(cx).await;
        }
    }
}
