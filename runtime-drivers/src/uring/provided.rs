//! The ring of provided buffers: from it the kernel takes one only when bytes have come, so that a stream that waits holds none.
//!
//! The buffers are blocks of their own, those that leases are made of. One that the kernel has filled leaves the ring, and
//! another takes its number: one that was read just now, one that has come home or, when few lie ready, a new one. So what
//! streams have not read, and programs have leased, never empties the ring.
//!
//! # Invariants
//! 1. `table[id]` is the buffer that the kernel knows by that number, from `give` to the completion that names it. While it
//!    is there, the kernel may write to it, and nobody else touches it.
//! 2. `entries` has `table.len()` entries, a power of two; its memory outlives the ring of the kernel, or is leaked with it.
//! 3. `tail` counts what was ever given, and `published` what the kernel was shown of it; it takes entries in that order.

use super::ring::Ring;
use crate::op::LEASE_BYTES;
use bespoke_core::driver::{Buffer, Buffers};
use core::alloc::Layout;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, Ordering};
use io_uring::types::BufRingEntry;
use std::boxed::Box;
use std::vec::Vec;

/// The number of the one group of buffers.
pub(super) const GROUP: u16 = 0;

/// The buffers that lie ready.
pub(super) struct Provided {
    entries: NonNull<BufRingEntry>,
    tail: u16,
    published: u16,
    table: Box<[Option<Buffer<LEASE_BYTES>>]>,
    /// Numbers without a buffer.
    holes: Vec<u16>,
}

impl Provided {
    /// Tells the kernel of a ring of `count` buffers, all of them missing. `None`: the kernel has no such rings, or there is
    /// no memory.
    pub(super) fn new(ring: &Ring, count: u16) -> Option<Self> {
        let (mut table, mut holes) = (Vec::new(), Vec::new());
        table.try_reserve_exact(usize::from(count)).ok()?;
        holes.try_reserve_exact(usize::from(count)).ok()?;
        table.resize_with(usize::from(count), || None);
        holes.extend((0..count).rev());
        // SAFETY: the layout has a size.
        let memory = unsafe { std::alloc::alloc_zeroed(layout(count)) };
        let entries = NonNull::new(memory)?.cast::<BufRingEntry>();
        let this = Provided { entries, tail: 0, published: 0, table: table.into_boxed_slice(), holes };
        let address = entries.as_ptr().expose_provenance() as u64;
        // SAFETY: the memory has `count` entries, and stays until the ring is gone (invariant 2).
        unsafe { ring.queues().submitter().register_buf_ring_with_flags(address, count, GROUP, 0) }.ok()?;
        Some(this)
    }

    /// How many the kernel can take.
    pub(super) fn ready(&self) -> usize {
        self.table.len() - self.holes.len()
    }

    /// The buffer that a completion names. `None`: the kernel does not have it.
    #[inline]
    pub(super) fn take(&mut self, id: u16) -> Option<Buffer<LEASE_BYTES>> {
        let buffer = self.table.get_mut(usize::from(id))?.take()?;
        self.holes.push(id);
        Some(buffer)
    }

    /// Gives the kernel a buffer in the place of one that it has filled, from the next [`publish`](Self::publish) on.
    ///
    /// # Errors
    /// Gives it back: none is missing.
    #[inline]
    pub(super) fn give(&mut self, mut buffer: Buffer<LEASE_BYTES>) -> Result<(), Buffer<LEASE_BYTES>> {
        let Some(id) = self.holes.pop() else { return Err(buffer) };
        let mask = self.table.len() as u16 - 1;
        // SAFETY: the index is below the number of entries (invariant 2).
        let entry = unsafe { self.entries.add(usize::from(self.tail & mask)) };
        // SAFETY: the kernel reads entries below the published tail only, and has taken the one that was here (invariant 3:
        // as many entries are given as there are buffers in the table).
        let entry = unsafe { &mut *entry.as_ptr() };
        entry.set_addr(buffer.room().expose_provenance() as u64);
        entry.set_len(LEASE_BYTES as u32);
        entry.set_bid(id);
        let none = self.table[usize::from(id)].replace(buffer);
        debug_assert!(none.is_none(), "a hole has no buffer");
        core::mem::forget(none);
        self.tail = self.tail.wrapping_add(1);
        Ok(())
    }

    /// Shows the kernel what it was given. Before each turn.
    #[inline]
    pub(super) fn publish(&mut self) {
        if self.tail != self.published {
            self.published = self.tail;
            // SAFETY: the address of the first entry of the ring.
            let tail = unsafe { BufRingEntry::tail(self.entries.as_ptr()) }.cast_mut();
            // SAFETY: aligned, inside the ring, and written with atomic stores alone.
            let tail = unsafe { AtomicU16::from_ptr(tail) };
            // Publishes the entries to the kernel.
            tail.store(self.tail, Ordering::Release);
        }
    }

    /// Fills the holes with what has come home, and with new ones as long as less than `most` lie ready.
    #[inline]
    pub(super) fn refill(&mut self, pool: &Buffers<LEASE_BYTES>, most: usize) {
        if !self.holes.is_empty() && (!pool.is_empty() || self.ready() < most) {
            self.fill(pool, most);
        }
    }

    #[inline(never)]
    fn fill(&mut self, pool: &Buffers<LEASE_BYTES>, most: usize) {
        while !self.holes.is_empty() {
            let kept = pool.take_kept();
            let made = || if self.ready() < most { Buffer::new() } else { None };
            let Some(buffer) = kept.or_else(made) else { return };
            if let Err(buffer) = self.give(buffer) {
                return pool.put(buffer);
            }
        }
    }

    /// With fewer ready than this, new ones are made for those that streams and leases hold.
    pub(super) fn few(&self) -> usize {
        self.table.len().div_ceil(8)
    }
}

fn layout(count: u16) -> Layout {
    let bytes = usize::from(count) * size_of::<BufRingEntry>();
    // The kernel wants whole pages; 64 KiB is the largest page that Linux has on our architectures.
    match Layout::from_size_align(bytes.max(1), 1 << 16) {
        Ok(layout) => layout,
        Err(_) => unreachable!("at most half a mebibyte"),
    }
}

impl Drop for Provided {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout; the kernel has no request left that could read it, and pins the pages on its own
        // account (invariant 2).
        #[expect(clippy::disallowed_methods, reason = "a driver does not know the memory of the config")]
        unsafe {
            std::alloc::dealloc(self.entries.as_ptr().cast(), layout(self.table.len() as u16));
        }
    }
}
