//! The pool of one worker: its free lists, its chunks, and the stack for what others give back.

use super::chunk::Chunks;
use super::class::{CLASSES, Class};
use super::returned::Returned;
use crate::system;
use bespoke_core::error::Error;
use bespoke_core::roles::{Allocate, Memory};
use bespoke_core::sharing::Sharing;
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::ptr::{self, NonNull};

/// Free lists of each worker, one per size: alloc and dealloc are a few loads and stores, and in the steady state the
/// global allocator is not asked.
///
/// Blocks up to 1 KiB with an alignment up to 16 come from the lists, the rest, and every foreign block, from the global
/// allocator. The memory of the lists is kept until the last waker, handle or resource of the runtime is gone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pooled;

impl Memory for Pooled {
    const NAME: &'static str = "pooled";
    type Live<S: Sharing> = Pool;

    fn start<S: Sharing>() -> Result<Pool, Error> {
        // The first chunk is taken when the first block is: a worker that allocates nothing costs nothing.
        Ok(Pool::new())
    }
}

/// A free block: its first word is the next one of its list, or null.
#[derive(Debug)]
struct Free {
    next: *mut Free,
}

/// What the owner alone touches.
struct Owned {
    free: [*mut Free; CLASSES],
    chunks: Chunks,
}

/// The live [`Pooled`] of one worker.
///
/// # Invariants
/// 1. Only the owner touches `owned`: the verbs that do are `unsafe` and ask for it. At most one thread is the owner at a
///    time, and one that becomes it has seen all that the one before did.
/// 2. Every list in `owned.free` is a chain of blocks that nobody uses; a block of list `i` has at least the size of class
///    `i`, is aligned to 16 bytes, and lies in a chunk of this pool.
/// 3. No reference to `owned` lives across a call that leaves this file.
/// 4. A layout is the lists' if and only if `Class::of` says so; it says the same at alloc and at dealloc.
#[repr(C)]
pub struct Pool {
    owned: UnsafeCell<Owned>,
    /// On a cache line of its own: other threads write it while the owner works with the lists.
    returned: Line<Returned>,
}

/// Alone on its cache line, and on the one that the prefetcher brings with it.
#[repr(align(128))]
struct Line<T>(T);

// SAFETY: `owned` is the only part that is not `Send`: its pointers are to memory of this pool, bound to no thread.
unsafe impl Send for Pool {}
// SAFETY: other threads reach `returned`, which is made for it, and the global allocator; `owned` is the owner's by
// contract (inv. 1).
unsafe impl Sync for Pool {}

impl Pool {
    /// An empty pool. It takes nothing from the system before its first block.
    #[must_use]
    pub fn new() -> Self {
        let owned = Owned { free: [ptr::null_mut(); CLASSES], chunks: Chunks::new() };
        Pool { owned: UnsafeCell::new(owned), returned: Line(Returned::new()) }
    }

    /// The head of the list of `class`, for the owner.
    #[inline(always)]
    fn list(&self, class: Class) -> *mut *mut Free {
        let owned = self.owned.get();
        // SAFETY: the field of a live value; no reference is made (inv. 3).
        let free = unsafe { &raw mut (*owned).free };
        // SAFETY: a class is below `CLASSES`.
        unsafe { free.cast::<*mut Free>().add(class.index()) }
    }

    /// Puts a block onto its list.
    ///
    /// # Safety
    /// The caller is the owner; `block` fits inv. 2 for `class`.
    #[inline(always)]
    unsafe fn put(&self, block: NonNull<u8>, class: Class) {
        let (list, block) = (self.list(class), block.cast::<Free>());
        // SAFETY: the caller is the owner (inv. 1).
        let next = unsafe { list.read() };
        // SAFETY: the block is nobody's, at least 16 bytes, and aligned to 16 (inv. 2).
        unsafe { block.write(Free { next }) };
        // SAFETY: the caller is the owner (inv. 1).
        unsafe { list.write(block.as_ptr()) };
    }

    /// Takes a block off its list; `None` if the list is dry.
    ///
    /// # Safety
    /// The caller is the owner.
    #[inline(always)]
    unsafe fn pop(&self, class: Class) -> Option<NonNull<u8>> {
        let list = self.list(class);
        // SAFETY: the caller is the owner (inv. 1).
        let block = NonNull::new(unsafe { list.read() })?;
        // SAFETY: a block on a list holds its successor (inv. 2).
        let free = unsafe { block.read() };
        // SAFETY: the caller is the owner (inv. 1).
        unsafe { list.write(free.next) };
        Some(block.cast())
    }

    /// A block of a list that is dry: first what others gave back, then a new one.
    ///
    /// The name is what the walk over the binary knows a slow path by.
    ///
    /// # Safety
    /// The caller is the owner.
    #[cold]
    #[inline(never)]
    unsafe fn __bespoke_cold_refill(&self, class: Class) -> Option<NonNull<u8>> {
        if !self.returned.0.is_empty() {
            // SAFETY: the caller is the owner.
            unsafe { self.sort_returned() };
            // SAFETY: the caller is the owner.
            if let Some(block) = unsafe { self.pop(class) } {
                return Some(block);
            }
        }
        let owned = self.owned.get();
        // SAFETY: the field of a live value.
        let chunks = unsafe { &raw mut (*owned).chunks };
        // SAFETY: the caller is the owner (inv. 1); `put` below touches `free` and not `chunks` (inv. 3).
        let chunks = unsafe { &mut *chunks };
        chunks.carve(class, |block, class| {
            // SAFETY: the caller is the owner; the block is new and was carved for this class (inv. 2).
            unsafe { self.put(block, class) }
        })
    }

    /// Takes what other threads gave back and puts each block onto its list.
    ///
    /// # Safety
    /// The caller is the owner.
    unsafe fn sort_returned(&self) {
        for (block, class) in self.returned.0.take() {
            // SAFETY: the caller is the owner; only blocks of this pool are pushed, each with its class (inv. 2).
            unsafe { self.put(block, class) };
        }
    }
}

// SAFETY: 1: a block of a list is large and aligned enough (inv. 2) and is off the list while it is out; the others come
// from the global allocator. 2: foreign verbs touch `returned` and the global allocator only, and need nobody to take.
unsafe impl Allocate for Pool {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        let Some(class) = Class::of(layout) else { return system::allocate(layout) };
        // SAFETY: the caller is the owner (contract).
        match unsafe { self.pop(class) } {
            Some(block) => Some(block),
            // SAFETY: the caller is the owner (contract).
            None => unsafe { self.__bespoke_cold_refill(class) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: NonNull<u8>, layout: Layout) {
        match Class::of(layout) {
            // SAFETY: the caller is the owner, and the block came from `alloc` with this layout, so from this class
            // (inv. 4), and is nobody's now (contract).
            Some(class) => unsafe { self.put(block, class) },
            // SAFETY: the block came from `alloc` with this layout, so from the global allocator (inv. 4).
            None => unsafe { system::release(block, layout) },
        }
    }

    #[inline]
    unsafe fn dealloc_foreign(&self, block: NonNull<u8>, layout: Layout) {
        match Class::of(layout) {
            // SAFETY: the block came from `alloc` with this layout, so from this class (inv. 4), is nobody's now
            // (contract), and lies in a chunk that lives as long as the pool.
            Some(class) => unsafe { self.returned.0.push(block, class) },
            // SAFETY: the block came from `alloc` with this layout, so from the global allocator (inv. 4).
            None => unsafe { system::release(block, layout) },
        }
    }

    #[inline]
    fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>> {
        system::allocate(layout)
    }

    #[inline]
    unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: the block came from `alloc_foreign` with this layout, and is not used again (contract).
        unsafe { system::release(block, layout) }
    }
}

impl Default for Pool {
    fn default() -> Self {
        Pool::new()
    }
}

impl fmt::Debug for Pool {
    /// Says nothing about the lists: who prints a pool need not be its owner.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("returned_is_empty", &self.returned.0.is_empty()).finish_non_exhaustive()
    }
}
