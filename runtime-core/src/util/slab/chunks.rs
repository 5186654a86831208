//! [`Chunks`]: memory for numbered places, in chunks that never move.
//!
//! # Invariants
//! 1. Entry `k` of the directory is null or points to the memory of chunk `k`; once set, it never changes.
//! 2. Chunks come in their order: behind an entry that is null all are.
//! 3. Nothing here reads, writes or drops what lies in the places.

use alloc::alloc::{alloc, dealloc};
use core::alloc::Layout;
use core::marker::{PhantomData, PhantomPinned};
use core::ptr::{self, NonNull};
use core::sync::atomic::{AtomicPtr, Ordering};

/// Places for values of `T` that grow in doubling chunks: 32 places, 32, 64, 128, …. Which of them hold a value is the
/// user's knowledge. For the threads that may use it see [`slab`](super).
pub struct Chunks<T> {
    /// Chunk `k` starts at index 0 for `k = 0`, else at `16 << k`.
    directory: [AtomicPtr<T>; CHUNKS],
    _owns: PhantomData<T>,
    _shared: PhantomPinned,
}

impl<T> Chunks<T> {
    /// No places yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            directory: [const { AtomicPtr::new(ptr::null_mut()) }; CHUNKS],
            _owns: PhantomData,
            _shared: PhantomPinned,
        }
    }

    /// Makes sure that place `index` has memory, for the owner, who has reached all places before it. `false`: the allocator
    /// has none.
    #[inline]
    pub fn reach(&mut self, index: u32) -> bool {
        let (chunk, _) = locate(index);
        // Relaxed: only the owner stores to the directory.
        !self.directory[chunk].load(Ordering::Relaxed).is_null() || self.grow(chunk)
    }

    /// The address of place `index`, for the owner. Meaningless if the place was never reached.
    #[inline]
    #[must_use]
    pub fn get(&self, index: u32) -> *mut T {
        let (chunk, offset) = locate(index);
        // Relaxed: only the owner stores to the directory. `wrapping_add`: the chunk may be missing.
        self.directory[chunk].load(Ordering::Relaxed).wrapping_add(offset)
    }

    /// The address of place `index`, for any thread.
    ///
    /// # Safety
    /// - `this` is live and does not move during the call.
    /// - The place was reached before this call.
    #[inline]
    pub unsafe fn get_foreign(this: *const Self, index: u32) -> *mut T {
        let (chunk, offset) = locate(index);
        // SAFETY: `this` is live; the borrow covers one atomic pointer, which all threads may share.
        let entry = unsafe { &(*this).directory[chunk] };
        // Pairs with the Release in `grow`.
        entry.load(Ordering::Acquire).wrapping_add(offset)
    }

    /// The index of the place at `address`, if it is one. It looks at each chunk.
    #[must_use]
    pub fn index_of(&self, address: *const T) -> Option<u32> {
        (0..CHUNKS).find_map(|chunk| {
            let start = self.directory[chunk].load(Ordering::Relaxed);
            let bytes = address.addr().checked_sub(start.addr()).filter(|_| !start.is_null())?;
            let offset = bytes / size_of::<T>();
            let base = if chunk == 0 { 0 } else { FIRST << (chunk - 1) };
            (offset < places(chunk)? && bytes.is_multiple_of(size_of::<T>())).then_some((base + offset) as u32)
        })
    }

    /// The number of places that have memory.
    #[must_use]
    pub fn capacity(&self) -> usize {
        (0..CHUNKS).filter(|&chunk| !self.directory[chunk].load(Ordering::Relaxed).is_null()).filter_map(places).sum()
    }

    #[cold]
    fn grow(&mut self, chunk: usize) -> bool {
        let before = chunk.checked_sub(1).map(|before| self.directory[before].load(Ordering::Relaxed));
        assert!(before.is_none_or(|memory| !memory.is_null()), "slab: the places before it are reached first");
        let Some(memory) = allocate_chunk::<T>(chunk) else {
            return false;
        };
        // Pairs with the Acquire in `get_foreign`.
        self.directory[chunk].store(memory.as_ptr(), Ordering::Release);
        true
    }
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> core::fmt::Debug for Chunks<T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Chunks").field("capacity", &self.capacity()).finish()
    }
}

impl<T> Drop for Chunks<T> {
    fn drop(&mut self) {
        for (chunk, entry) in self.directory.iter_mut().enumerate() {
            // Most have no chunk or one, and a worker drops several of these (inv. 2).
            let Some(memory) = NonNull::new(*entry.get_mut()) else { break };
            // SAFETY: `allocate_chunk(chunk)` returned this memory (inv. 1), and the user's values are gone.
            unsafe { free_chunk(chunk, memory) };
        }
    }
}

/// The chunk of `index` and the place inside it.
#[inline]
pub(super) const fn locate(index: u32) -> (usize, usize) {
    let top = (index | (FIRST as u32 - 1)).ilog2();
    let base = if index < FIRST as u32 { 0 } else { 1 << top };
    ((top - (FIRST.ilog2() - 1)) as usize, (index - base) as usize)
}

/// The number of places in a chunk; `None`: more than an address has bits for.
fn places(chunk: usize) -> Option<usize> {
    FIRST.checked_shl(chunk.saturating_sub(1) as u32)
}

/// Chunks start at a cache line, so that a place of 64 bytes, or of a power of two below, touches one line.
pub(super) fn chunk_layout<T>(chunk: usize) -> Option<Layout> {
    const { assert!(size_of::<T>() != 0, "a place without size needs no memory") };
    Layout::array::<T>(places(chunk)?).ok()?.align_to(CACHE_LINE).ok()
}

pub(super) fn allocate_chunk<T>(chunk: usize) -> Option<NonNull<T>> {
    let layout = chunk_layout::<T>(chunk)?;
    // SAFETY: the layout is not empty: places have a size.
    #[allow(clippy::disallowed_methods, reason = "the slabs of the core object lie beside `C::Memory`, not in it")]
    let memory = unsafe { alloc(layout) };
    NonNull::new(memory.cast())
}

/// # Safety
/// - `allocate_chunk::<T>(chunk)` returned `memory`, and nobody uses it any more.
unsafe fn free_chunk<T>(chunk: usize, memory: NonNull<T>) {
    let layout = chunk_layout::<T>(chunk).expect("slab: the layout of an allocated chunk exists");
    // SAFETY: the memory was allocated with this layout (the caller's promise).
    #[allow(clippy::disallowed_methods, reason = "gives back what `allocate_chunk` took")]
    unsafe {
        dealloc(memory.as_ptr().cast(), layout);
    }
}

/// Places in the first chunk.
pub(super) const FIRST: usize = 32;
/// One chunk for each possible highest bit of an index; the lowest five bits share the first.
pub(super) const CHUNKS: usize = (u32::BITS - FIRST.ilog2() + 1) as usize;
pub(super) const CACHE_LINE: usize = 64;
