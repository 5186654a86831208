//! [`ChunkSlab`]: numbered slots whose addresses never move.
//!
//! Slots live in chunks of 32, 32, 64, 128, … slots, so that index `i ≥ 32` lies in the chunk of its highest bit and
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
//! 1. Every index below `fresh` was handed out; its chunk is published and its slot is initialised.
//! 2. A published chunk stays at its address until the slab is dropped.
//! 3. The free list holds exactly the indexes below `fresh` that are free, each once; it ends with [`NONE`].
//! 4. No reference to a whole slot or chunk exists after `alloc`: the slab goes through raw pointers.

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::fmt;
use core::marker::{PhantomData, PhantomPinned};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

/// The index of no slot; `alloc` never returns it.
pub const NONE: u32 = u32::MAX;

/// Numbered slots whose addresses never move; see the [module](self).
pub struct ChunkSlab<T> {
    /// Chunk `k` starts at index 0 for `k = 0`, else at `16 << k`.
    directory: [AtomicPtr<Slot<T>>; CHUNKS],
    /// Head of the free list, last freed first: its cache line is the warmest.
    free: u32,
    /// The lowest index that was never handed out.
    fresh: u32,
    /// Indexes handed out and not freed.
    len: u32,
    _owns: PhantomData<T>,
    _shared: PhantomPinned,
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
        Self {
            directory: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            free: NONE,
            fresh: 0,
            len: 0,
            _owns: PhantomData,
            _shared: PhantomPinned,
        }
    }

    /// Hands out a slot: the one freed last, else a new one. `None`: the allocator is out of memory, or all
    /// `u32::MAX` indexes are in use; the slab is as before.
    #[inline]
    pub fn alloc(&mut self) -> Option<u32> {
        let index = self.free;
        if index == NONE {
            return self.alloc_fresh();
        }
        // SAFETY: the list holds handed-out indexes only (inv. 3), so the slot is initialised (inv. 1).
        self.free = unsafe { (*self.slot(index)).next_free };
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
        unsafe { (*self.slot(index)).next_free = self.free };
        self.free = index;
        self.len -= 1;
    }

    #[cold]
    fn alloc_fresh(&mut self) -> Option<u32> {
        let index = self.fresh;
        if index == NONE {
            return None;
        }
        let (chunk, _) = locate(index);
        // Relaxed: only the owner stores to the directory.
        if self.directory[chunk].load(Ordering::Relaxed).is_null() {
            let memory = allocate_chunk::<T>(chunk)?;
            // Pairs with the Acquire in `get_foreign`.
            self.directory[chunk].store(memory.as_ptr(), Ordering::Release);
        }
        let slot = self.slot(index);
        let value = Slot { value: T::default(), next_free: NONE };
        // SAFETY: the chunk is allocated (just above), `locate` stays inside it, and nobody was given this index.
        unsafe { slot.write(value) };
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
        self.slot(index).cast()
    }

    /// The address of slot `index`, for any thread.
    ///
    /// # Safety
    /// - `this` points to a live slab, which does not move during the call.
    /// - `index` was handed out by `alloc`, and that happened before this call.
    #[inline]
    pub unsafe fn get_foreign(this: *const Self, index: u32) -> *const T {
        let (chunk, offset) = locate(index);
        // SAFETY: `this` is live; the borrow covers one atomic pointer, which all threads may share.
        let entry = unsafe { &(*this).directory[chunk] };
        // Pairs with the Release in `alloc_fresh`.
        entry.load(Ordering::Acquire).wrapping_add(offset).cast()
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
        let last = self.directory.iter().rposition(|chunk| !chunk.load(Ordering::Relaxed).is_null());
        last.map_or(0, |chunk| FIRST << chunk)
    }

    #[inline]
    fn slot(&self, index: u32) -> *mut Slot<T> {
        let (chunk, offset) = locate(index);
        // Relaxed: only the owner stores to the directory. `wrapping_add`: this is called with forged indexes, too.
        self.directory[chunk].load(Ordering::Relaxed).wrapping_add(offset)
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
                unsafe { ptr::drop_in_place(self.slot(index)) };
            }
        }
        for (chunk, entry) in self.directory.iter_mut().enumerate() {
            if let Some(memory) = NonNull::new(*entry.get_mut()) {
                // SAFETY: `allocate_chunk(chunk)` returned this memory, and its slots are dropped.
                unsafe { free_chunk(chunk, memory) };
            }
        }
    }
}

/// The chunk of `index` and the slot inside it.
#[inline]
const fn locate(index: u32) -> (usize, usize) {
    let top = (index | (FIRST as u32 - 1)).ilog2();
    let base = if index < FIRST as u32 { 0 } else { 1 << top };
    ((top - (FIRST.ilog2() - 1)) as usize, (index - base) as usize)
}

/// Chunks start at a cache line, so that a slot of 64 bytes touches one line.
fn chunk_layout<T>(chunk: usize) -> Option<Layout> {
    let slots = if chunk == 0 { FIRST } else { FIRST.checked_shl(chunk as u32 - 1)? };
    let layout = Layout::array::<Slot<T>>(slots).ok()?;
    layout.align_to(CACHE_LINE).ok()
}

fn allocate_chunk<T>(chunk: usize) -> Option<NonNull<Slot<T>>> {
    let layout = chunk_layout::<T>(chunk)?;
    // SAFETY: the layout is not empty: a slot has at least `next_free`.
    #[allow(clippy::disallowed_methods, reason = "the slab of the core object lives beside `C::Memory`, not in it")]
    let memory = unsafe { alloc(layout) };
    NonNull::new(memory.cast())
}

/// # Safety
/// - `allocate_chunk::<T>(chunk)` returned `memory`, and nobody uses it any more.
unsafe fn free_chunk<T>(chunk: usize, memory: NonNull<Slot<T>>) {
    let layout = chunk_layout::<T>(chunk).expect("slab: the layout of an allocated chunk exists");
    // SAFETY: the memory was allocated with this layout (the caller's promise).
    #[allow(clippy::disallowed_methods, reason = "gives back what `allocate_chunk` took")]
    unsafe {
        dealloc(memory.as_ptr().cast(), layout);
    }
}

/// Slots in the first chunk.
const FIRST: usize = 32;
/// One chunk for each possible highest bit of an index; the lowest five bits share the first.
const CHUNKS: usize = (u32::BITS - FIRST.ilog2() + 1) as usize;
const CACHE_LINE: usize = 64;

#[cfg(test)]
mod tests;
