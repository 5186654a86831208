//! [`ChunkSlab`]: numbered slots whose addresses never move.
//!
//! Slots live in [`Chunks`] of 32, 32, 64, 128, … slots, so that index `i ≥ 32` lies in the chunk of its highest bit and
//! finding it takes one bit scan and one load. A chunk is never moved, never shrunk and freed only with the slab. The
//! slab therefore grows to its high-water mark and then allocates nothing.
//!
//! A slot's value is built with `T::default()` when its index is handed out for the first time. Freeing an index does
//! **not** drop the value: the next `alloc` hands out the slot as it was left. Values are dropped with the slab.
//!
//! # Threads
//! One thread, the *owner*, calls [`ChunkSlab::alloc`] and [`ChunkSlab::free`]. Any thread may turn an index that was
//! ever handed out into an address with [`ChunkSlab::get_foreign`], also while the owner grows the slab: the directory
//! is a fixed array of atomic pointers inside the slab, and each pointer is stored once, with Release. What may be done
//! with the address is for the user of the slab to define.
//!
//! A foreign thread reads the directory while the owner may hold `&mut ChunkSlab`. That is why the slab is `!Unpin`:
//! `&mut` to such a type claims no exclusive access to its bytes. Nothing of the slab asks for `Pin`.
//!
//! # Invariants
//! 1. Every index below `fresh` was handed out; its place is reached and its slot is initialised.
//! 2. The free list holds exactly the indexes below `fresh` that are free, each once; it ends with [`NONE`].
//! 3. The slab makes no reference to a slot that was handed out: it goes through raw pointers.

use core::fmt;
use core::ptr;

mod chunks;
pub use self::chunks::Chunks;

/// The index of no slot; `alloc` never returns it.
pub const NONE: u32 = u32::MAX;

/// Numbered slots whose addresses never move; see the [module](self).
pub struct ChunkSlab<T> {
    slots: Chunks<Slot<T>>,
    /// Head of the free list, last freed first: its cache line is the warmest.
    free: u32,
    /// The lowest index that was never handed out.
    fresh: u32,
    /// Indexes handed out and not freed.
    len: u32,
}

/// `value` comes first, so that a pointer to the slot is a pointer to the value.
#[repr(C)]
struct Slot<T> {
    value: T,
    /// Meaningful while the slot is free.
    next_free: u32,
}

impl<T: Default> ChunkSlab<T> {
    /// A slab without memory.
    #[must_use]
    pub const fn new() -> Self {
        Self { slots: Chunks::new(), free: NONE, fresh: 0, len: 0 }
    }

    /// Hands out a slot: the one freed last, else a new one. `None`: the allocator is out of memory, or all
    /// `u32::MAX` indexes are in use; the slab is as before.
    #[inline]
    pub fn alloc(&mut self) -> Option<u32> {
        let index = self.free;
        if index == NONE {
            return self.alloc_fresh();
        }
        // SAFETY: the list holds handed-out indexes only (inv. 2), so the slot is initialised (inv. 1).
        self.free = unsafe { (*self.slots.get(index)).next_free };
        self.len += 1;
        Some(index)
    }

    /// Makes `index` available again and leaves its value as it is.
    ///
    /// # Safety
    /// - `index` was returned by `alloc` of this slab and was not freed since.
    #[inline]
    pub unsafe fn free(&mut self, index: u32) {
        debug_assert!(self.was_handed_out(index), "slab: index {index} was never handed out");
        // SAFETY: the caller got `index` from `alloc`, so the slot is initialised (inv. 1).
        unsafe { (*self.slots.get(index)).next_free = self.free };
        self.free = index;
        self.len -= 1;
    }

    #[cold]
    fn alloc_fresh(&mut self) -> Option<u32> {
        let index = self.fresh;
        if index == NONE || !self.slots.reach(index) {
            return None;
        }
        let value = Slot { value: T::default(), next_free: NONE };
        // SAFETY: the place is reached, and nobody was given this index.
        unsafe { self.slots.get(index).write(value) };
        self.fresh += 1;
        self.len += 1;
        Some(index)
    }
}

impl<T> ChunkSlab<T> {
    /// The address of slot `index`, for the owner. It may be read and written, under the rules that the user of the
    /// slab made. For an index that was never handed out the address is meaningless.
    #[inline]
    #[must_use]
    pub fn get(&self, index: u32) -> *const T {
        self.slots.get(index).cast()
    }

    /// The address of slot `index`, for any thread.
    ///
    /// # Safety
    /// - `this` points to a live slab, which does not move during the call.
    /// - `index` was handed out by `alloc`, and that happened before this call.
    #[inline]
    pub unsafe fn get_foreign(this: *const Self, index: u32) -> *const T {
        // SAFETY: `this` is live; this only computes an address.
        let slots = unsafe { &raw const (*this).slots };
        // SAFETY: the places are part of the slab, and those of handed-out indexes are reached (inv. 1).
        unsafe { Chunks::get_foreign(slots, index) }.cast()
    }

    /// The index of the slot at `address`, for the owner; `None` if there is none. Meant for rare use.
    #[must_use]
    pub fn index_of(&self, address: *const T) -> Option<u32> {
        self.slots.index_of(address.cast()).filter(|&index| self.was_handed_out(index))
    }

    /// Whether `index` was ever handed out, that is, whether `get(index)` points to a value.
    #[inline]
    #[must_use]
    pub fn was_handed_out(&self, index: u32) -> bool {
        index < self.fresh
    }

    /// The number of indexes handed out and not freed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether no index is handed out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The number of slots that the slab has memory for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slots.capacity()
    }
}

impl<T: Default> Default for ChunkSlab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for ChunkSlab<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkSlab").field("len", &self.len).field("capacity", &self.capacity()).finish()
    }
}

impl<T> Drop for ChunkSlab<T> {
    fn drop(&mut self) {
        if core::mem::needs_drop::<T>() {
            for index in 0..self.fresh {
                // SAFETY: every slot below `fresh` is initialised (inv. 1), and this is its only drop.
                unsafe { ptr::drop_in_place(self.slots.get(index)) };
            }
        }
    }
}

#[cfg(test)]
mod tests;
