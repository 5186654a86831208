//! What the queues of `WorkStealing` allocate while tasks go through them: a [`Ring`] nothing, nor does the queue of all,
//! which is the same for every `Q`. `--nocapture` prints the figures, with the feature `crossbeam-deque` those of `Deque`, too.
//!
//! One test, as allocations of all threads are counted.
#![allow(clippy::disallowed_methods, reason = "the test stands outside of the runtime while it waits")]
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests, too")]

use bespoke::driver::NoIo;
use bespoke::scheduler::{Balanced, LocalQueue, Ring, WorkStealing};
use bespoke::{Config, Runtime, preset};
use core::alloc::{GlobalAlloc, Layout};
use core::marker::PhantomData;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use core::time::Duration;
use std::alloc::System;
use std::sync::Arc;

/// The system's allocator; counts how often it is asked.
struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;
static ASKED: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.fetch_add(1, Relaxed);
        // SAFETY: as the caller.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ASKED.fetch_add(1, Relaxed);
        // SAFETY: as the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

/// Two workers with queues of the kind `Q`, which hold 256 tasks.
struct Two<Q>(PhantomData<Q>);

#[bespoke::config(base = preset::Default)]
impl<Q: LocalQueue> Config for Two<Q> {
    type Scheduler = WorkStealing<2, Balanced, Q>;
    type Driver = NoIo;
    const WORKERS_EXACT: bool = true;
    const LOCAL_QUEUE: usize = 256;
}

/// What goes through queues while allocations are counted.
const OPERATIONS: u64 = 1_000_000;

/// Tasks that yield, more than both queues hold: they overflow, and are taken from each other.
fn allocations_of_yields<Q: LocalQueue>() -> u64 {
    let runtime = Runtime::<Two<Q>>::new().unwrap();
    let (yields, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let (yields, over) = (yields.clone(), over.clone());
            runtime.spawn(async move {
                while !over.load(Relaxed) {
                    yields.fetch_add(1, Relaxed);
                    Two::<Q>::yield_now().await;
                }
            })
        })
        .collect();
    let until = |wanted| {
        while yields.load(Relaxed) < wanted {
            std::thread::sleep(Duration::from_millis(1));
        }
    };
    // Every task has run, each worker has been asleep and awake.
    until(OPERATIONS / 10);
    let before = (ASKED.load(Relaxed), yields.load(Relaxed));
    until(before.1 + OPERATIONS);
    let asked = ASKED.load(Relaxed) - before.0;
    let given: u64 = runtime.metrics().workers.iter().filter_map(|worker| Some(worker.stealing?.given)).sum();
    assert!(given > 0, "no queue was ever full, so nothing was shown");
    over.store(true, Relaxed);
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    asked
}

/// Tasks that are spawned and joined, 200 at a time, by a task: a queue is now long, now empty.
fn allocations_of_spawns<Q: LocalQueue>() -> u64 {
    const BATCH: u64 = 200;
    let runtime = Runtime::<Two<Q>>::new().unwrap();
    let spawns = runtime.spawn(async {
        let mut before = 0;
        let mut batch = Vec::with_capacity(BATCH as usize);
        for round in 0..11 * OPERATIONS / (10 * BATCH) {
            if round == OPERATIONS / (10 * BATCH) {
                before = ASKED.load(Relaxed);
            }
            batch.extend((0..BATCH).map(|_| Two::<Q>::spawn(async {})));
            for task in batch.drain(..) {
                task.await.unwrap();
            }
        }
        ASKED.load(Relaxed) - before
    });
    runtime.block_on(spawns).unwrap()
}

#[test]
fn what_queues_allocate() {
    let (yields, spawns) = (allocations_of_yields::<Ring>(), allocations_of_spawns::<Ring>());
    println!("Ring: {yields} allocations in {OPERATIONS} yields, {spawns} in {OPERATIONS} spawns");
    assert_eq!(yields, 0, "a ring allocates");
    // The pool of tasks may have taken a block meanwhile.
    assert!(spawns < 100, "a ring allocates");
    #[cfg(feature = "crossbeam-deque")]
    {
        use bespoke::scheduler::Deque;
        let (yields, spawns) = (allocations_of_yields::<Deque>(), allocations_of_spawns::<Deque>());
        println!("Deque: {yields} allocations in {OPERATIONS} yields, {spawns} in {OPERATIONS} spawns");
        assert!(spawns > 0, "it grows and shrinks, so the counter counts");
    }
}
