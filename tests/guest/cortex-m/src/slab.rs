//! Slots that never move, on a machine with 32-bit addresses.

use alloc::vec::Vec;
use bespoke_core::util::slab::ChunkSlab;

pub(crate) fn check() {
    let mut slab = ChunkSlab::<u64>::new();
    let mut slots: Vec<(u32, *mut u64)> = Vec::new();
    for round in 0..3u64 {
        while slots.len() < 1000 {
            let Some(index) = slab.alloc() else { panic!("no memory for a slot") };
            let address = slab.get(index).cast_mut();
            // SAFETY: the slot was handed out just now.
            unsafe { address.write(u64::from(index) << 32 | round) };
            slots.push((index, address));
        }
        for (index, address) in &slots {
            assert_eq!(slab.get(*index).cast_mut(), *address, "a slot has moved");
            // SAFETY: the slot is handed out, and nobody else's.
            assert_eq!(unsafe { address.read() } >> 32, u64::from(*index));
        }
        // Every second one goes back, and is handed out again in the next round.
        for at in (0..slots.len()).rev().step_by(2) {
            let (index, _) = slots.swap_remove(at);
            // SAFETY: handed out, and freed once.
            unsafe { slab.free(index) };
        }
    }
    assert_eq!(slab.len(), 500);
    assert!(slab.capacity() <= 1024, "the slab grew although slots were free");
}
