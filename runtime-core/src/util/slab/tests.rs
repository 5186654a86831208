extern crate std;

use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;
use std::sync::mpsc;
use std::vec::Vec;

use super::chunks::{CACHE_LINE, CHUNKS, FIRST, allocate_chunk, chunk_layout, locate};
use super::*;

#[test]
fn locate_covers_all_indexes_once() {
    let mut expected = (0, 0);
    for index in 0..5000 {
        let slots = if expected.0 == 0 { FIRST } else { FIRST << (expected.0 - 1) };
        if expected.1 == slots {
            expected = (expected.0 + 1, 0);
        }
        assert_eq!(locate(index), expected, "index {index}");
        expected.1 += 1;
    }
    assert_eq!(locate(u32::MAX), (CHUNKS - 1, (1 << 31) - 1));
}

#[test]
fn addresses_never_move_and_never_overlap() {
    let mut slab = ChunkSlab::<u64>::new();
    assert_eq!(slab.capacity(), 0);
    let addresses: Vec<_> = (0..300)
        .map(|i| {
            let index = slab.alloc().unwrap();
            assert_eq!(index, i, "fresh indexes are handed out in order");
            let address = slab.get(index).cast_mut();
            // SAFETY: the slot is ours and initialised.
            unsafe { address.write(u64::from(i)) };
            address
        })
        .collect();
    assert_eq!((slab.len(), slab.capacity()), (300, 512));
    assert_eq!(addresses[0].addr() % CACHE_LINE, 0);
    for (i, &address) in (0..).zip(&addresses) {
        assert_eq!(slab.get(i), address.cast_const());
        // SAFETY: the slab lives, and so do its slots.
        assert_eq!(unsafe { address.read() }, u64::from(i));
    }
}

#[test]
fn the_slot_freed_last_comes_first_and_keeps_its_value() {
    let mut slab = ChunkSlab::<u64>::new();
    let taken: Vec<_> = (0..40).map(|_| slab.alloc().unwrap()).collect();
    // SAFETY: the slot is ours and initialised.
    unsafe { slab.get(taken[7]).cast_mut().write(77) };
    // SAFETY: handed out above, freed once.
    unsafe { slab.free(taken[39]) };
    // SAFETY: handed out above, freed once.
    unsafe { slab.free(taken[7]) };
    assert_eq!(slab.len(), 38);
    assert_eq!(slab.alloc(), Some(7));
    // SAFETY: the slot is ours and initialised.
    assert_eq!(unsafe { slab.get(7).read() }, 77);
    assert_eq!(slab.alloc(), Some(39));
    assert_eq!(slab.alloc(), Some(40));
    assert_eq!(slab.capacity(), 64);
    assert!(slab.was_handed_out(40) && !slab.was_handed_out(41));
}

#[test]
fn values_are_built_when_first_handed_out_and_dropped_with_the_slab() {
    static BUILT: AtomicU32 = AtomicU32::new(0);
    static DROPPED: AtomicU32 = AtomicU32::new(0);
    struct Counted;
    impl Default for Counted {
        fn default() -> Self {
            BUILT.fetch_add(1, Ordering::Relaxed);
            Self
        }
    }
    impl Drop for Counted {
        fn drop(&mut self) {
            DROPPED.fetch_add(1, Ordering::Relaxed);
        }
    }
    let mut slab = ChunkSlab::<Counted>::new();
    for _ in 0..33 {
        slab.alloc().unwrap();
    }
    // SAFETY: handed out above, freed once.
    unsafe { slab.free(3) };
    slab.alloc().unwrap();
    assert_eq!((BUILT.load(Ordering::Relaxed), DROPPED.load(Ordering::Relaxed)), (33, 0));
    drop(slab);
    assert_eq!(DROPPED.load(Ordering::Relaxed), 33);
}

#[test]
fn too_large_a_chunk_is_an_answer() {
    // A chunk of 32 slots has no layout.
    struct Huge(#[expect(dead_code, reason = "only its size matters")] [u8; isize::MAX as usize >> 4]);
    assert!(chunk_layout::<Huge>(0).is_none());
    assert!(allocate_chunk::<Huge>(0).is_none());
}

/// Miri checks the borrows and the ordering; on hardware the test checks the values.
#[test]
fn foreign_threads_find_slots_while_the_owner_grows() {
    struct Shared(*mut ChunkSlab<AtomicU32>);
    // SAFETY: foreign threads use the pointer for `get_foreign` only.
    unsafe impl Send for Shared {}
    // SAFETY: as above.
    unsafe impl Sync for Shared {}

    let slab = alloc::boxed::Box::into_raw(alloc::boxed::Box::new(ChunkSlab::<AtomicU32>::new()));
    let shared = Arc::new(Shared(slab));
    let (sender, receiver) = mpsc::channel::<u32>();
    let reader = std::thread::Builder::new()
        .spawn({
            let shared = shared.clone();
            move || {
                let mut seen = 0;
                for index in receiver {
                    // SAFETY: the slab outlives the thread, and the index came from `alloc`.
                    let slot = unsafe { ChunkSlab::get_foreign(shared.0, index) };
                    // SAFETY: handed-out slots are initialised, and atomics may be shared.
                    assert_eq!(unsafe { &*slot }.fetch_add(1, Ordering::Relaxed), index);
                    seen += 1;
                }
                seen
            }
        })
        .unwrap();
    let count = if cfg!(miri) { 200 } else { 20_000 };
    // SAFETY: the owner's only borrow; the slab is `!Unpin`, so it does not claim the directory.
    let owner = unsafe { &mut *slab };
    for _ in 0..count {
        let index = owner.alloc().unwrap();
        // SAFETY: the slot is initialised, and nobody else knows it yet.
        unsafe { &*owner.get(index) }.store(index, Ordering::Relaxed);
        sender.send(index).unwrap();
    }
    drop(sender);
    assert_eq!(reader.join().unwrap(), count);
    for index in 0..count {
        // SAFETY: the slot is initialised.
        assert_eq!(unsafe { &*owner.get(index) }.load(Ordering::Relaxed), index + 1);
    }
    // SAFETY: made by `into_raw` above; the thread has ended.
    drop(unsafe { alloc::boxed::Box::from_raw(slab) });
}
