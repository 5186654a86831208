//! What the worker of a `block_on` takes of its memory strategy.

use crate::config::{Config, Sealed};
use crate::error::Error;
use crate::roles::{Allocate, Memory, OsEntropy, OsThreads, Uniform};
use crate::runtime::Runtime;
use crate::scheduler::PerCore;
use crate::sharing::Sharing;
use crate::testing::{Census, Heap, LiveHeap, SleepOnly};
use crate::time::Monotonic;
use core::alloc::Layout;
use core::ptr::NonNull;

/// Blocks for any thread, and none for an owner.
#[derive(Debug)]
struct NoneOwned;

struct LiveNoneOwned(LiveHeap);

impl Memory for NoneOwned {
    const NAME: &'static str = "none-owned";
    type Live<S: Sharing> = LiveNoneOwned;
    fn start<S: Sharing>() -> Result<LiveNoneOwned, Error> {
        Heap::start::<S>().map(LiveNoneOwned)
    }
}

// SAFETY: as `LiveHeap`, but for what it does not give.
unsafe impl Allocate for LiveNoneOwned {
    unsafe fn alloc(&self, _: Layout) -> Option<NonNull<u8>> {
        None
    }
    unsafe fn dealloc(&self, _: NonNull<u8>, _: Layout) {
        unreachable!("no block is an owner's");
    }
    unsafe fn dealloc_foreign(&self, _: NonNull<u8>, _: Layout) {
        unreachable!("no block is an owner's");
    }
    fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.0.alloc_foreign(layout)
    }
    unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: as the caller.
        unsafe { self.0.release_foreign(block, layout) }
    }
}

#[derive(Debug)]
struct Frugal;

impl Config for Frugal {
    type Scheduler = PerCore<1>;
    type Driver = SleepOnly;
    type Memory = NoneOwned;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = OsThreads;
    type Topology = Uniform;
    type Watchdog = crate::roles::Unwatched;
    const NAME: &'static str = "Frugal";
    const WORKERS_EXACT: bool = true;
    const PLEASE_ADD_THE_ATTRIBUTE_bespoke_config: Sealed = Sealed::BY_MACRO;
}

/// A strategy that takes memory for many tasks with the first one of an owner takes none for the one task of a `block_on`.
#[test]
fn the_task_of_a_block_on_is_no_first_of_many() {
    let census = Census::start();
    let runtime = Runtime::<Frugal>::new().unwrap();
    assert_eq!(runtime.block_on(async { 7 }), 7);
    assert_eq!(runtime.block_on(runtime.spawn(async { 8 })).unwrap(), 8);
    drop(runtime);
    census.assert_all_freed();
}
