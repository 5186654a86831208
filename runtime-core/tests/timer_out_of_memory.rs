//! A wheel that gets no memory says so, gives the waker back, and goes on.
#![cfg(feature = "alloc")]

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::task::{RawWaker, RawWakerVTable, Waker};
use std::alloc::System;

use bespoke_core::util::wheel::{Key, OutOfMemory, Wheel};

/// The system's allocator, but for threads that said how many more allocations they want.
struct Rationed;

std::thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(usize::MAX) };
}

// SAFETY: all memory comes from and goes to `System`.
unsafe impl GlobalAlloc for Rationed {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match LEFT.get() {
            0 => return core::ptr::null_mut(),
            usize::MAX => {}
            left => LEFT.set(left - 1),
        }
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) };
    }
}

#[global_allocator]
static RATIONED: Rationed = Rationed;

/// A waker that does nothing and can be told from others by its data.
fn waker() -> Waker {
    const TABLE: RawWakerVTable = RawWakerVTable::new(|data| RawWaker::new(data, &TABLE), |_| (), |_| (), |_| ());
    // SAFETY: no function of the table looks at the data.
    unsafe { Waker::new(core::ptr::without_provenance(4711), &TABLE) }
}

fn insert(wheel: &mut Wheel, left: usize) -> Result<Key, OutOfMemory> {
    LEFT.set(left);
    let result = wheel.insert(10, waker());
    LEFT.set(usize::MAX);
    result.map_err(|(error, waker)| {
        assert_eq!(waker.data().addr(), 4711);
        error
    })
}

#[test]
fn without_memory_nothing_changes() {
    let mut wheel = Wheel::new();
    // The lists take an allocation, a chunk of timers two. Each of them may fail, and what succeeded is kept.
    for left in [0, 1, 1, 0] {
        assert_eq!(insert(&mut wheel, left), Err(OutOfMemory));
        assert!(wheel.is_empty());
        assert_eq!(wheel.next_deadline(), None);
        assert!(wheel.expire(100).is_none());
        for generation in 0..4 {
            assert!(wheel.cancel(Key { slot: 0, generation }).is_none());
        }
    }
    let first = insert(&mut wheel, 1).expect("the last of three allocations, after the others have succeeded before");
    for _ in 1..32 {
        insert(&mut wheel, 0).expect("the chunk has room");
    }
    assert_eq!(insert(&mut wheel, 0), Err(OutOfMemory));
    assert_eq!(insert(&mut wheel, 1), Err(OutOfMemory));
    assert!(wheel.cancel(first).is_some());
    let again = insert(&mut wheel, 0).expect("a slot was freed");
    assert_eq!(again.slot, first.slot);
    assert_eq!(wheel.len(), 32);
    assert_eq!(core::iter::from_fn(|| wheel.expire(100)).count(), 32);
}

#[test]
fn a_warm_wheel_allocates_nothing() {
    let mut wheel = Wheel::new();
    let keys: Vec<_> = (0..1000).map(|_| insert(&mut wheel, usize::MAX).expect("memory")).collect();
    LEFT.set(0);
    for key in keys {
        drop(wheel.cancel(key));
    }
    for round in 0..3 {
        for i in 0..1000 {
            assert!(wheel.insert(round * 100_000 + i * 97 % 5000, waker()).is_ok());
        }
        let mut fired = 0;
        while let Some(waker) = wheel.expire((round + 1) * 100_000) {
            drop(waker);
            fired += 1;
        }
        assert_eq!(fired, 1000);
        for slot in 0..1000 {
            for generation in 0..10 {
                drop(wheel.cancel(Key { slot, generation }));
            }
        }
        assert!(wheel.is_empty());
    }
    LEFT.set(usize::MAX);
}
