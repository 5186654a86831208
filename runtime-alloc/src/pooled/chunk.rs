//! The memory that blocks are carved from: chunks of the global allocator, 16 KiB first, each twice the last up to
//! 1 MiB, kept until the pool is dropped.
//!
//! A chunk costs 16 bytes beside its blocks. What a carve must skip, to the alignment of a block or to the end of a
//! chunk, is not lost: it is handed to the pool as blocks of the smaller classes.

use super::class::{Class, LARGEST, UNIT};
use crate::system;
use core::alloc::Layout;
use core::ptr::{self, NonNull};

/// The size of the first chunk.
const FIRST: usize = 16 * 1024;
/// The size at which chunks stop growing.
const LAST: usize = 1024 * 1024;
/// Chunks begin at a cache line, so that carving can align to one.
const ALIGN: usize = 64;

/// The first bytes of a chunk.
#[derive(Debug)]
struct Head {
    /// The chunk before this one, or null.
    next: *mut Head,
    /// The size of the whole chunk.
    size: usize,
}

/// Where the carving of a chunk begins.
const HEAD: usize = size_of::<Head>().next_multiple_of(UNIT);

const _: () = assert!(align_of::<Head>() <= ALIGN && HEAD + LARGEST + ALIGN <= FIRST);

/// The chunks of a pool.
///
/// # Invariants
/// 1. `chunks` is null or the newest chunk; each was allocated with [`layout`] of the `size` in its head, and is freed by
///    `drop` only.
/// 2. The `left` bytes from `free` on are in the newest chunk and in no block. `free` is a multiple of [`UNIT`], and so is
///    `left`; `left` is 0 while there is no chunk.
#[derive(Debug)]
pub(super) struct Chunks {
    chunks: *mut Head,
    free: *mut u8,
    left: usize,
    /// The size of the next chunk.
    next_size: usize,
}

impl Chunks {
    pub(super) const fn new() -> Self {
        Chunks { chunks: ptr::null_mut(), free: ptr::null_mut(), left: 0, next_size: FIRST }
    }

    /// A new block of `class`, or `None` when the global allocator has no memory. `spare` receives the blocks that come
    /// out of what was skipped.
    pub(super) fn carve(&mut self, class: Class, mut spare: impl FnMut(NonNull<u8>, Class)) -> Option<NonNull<u8>> {
        let skip = self.free.align_offset(class.align());
        // (`align_offset` may answer `usize::MAX`.)
        if skip.saturating_add(class.size()) <= self.left {
            self.split_off(skip, &mut spare);
            return self.cut(class.size());
        }
        let rest = self.left;
        self.split_off(rest, &mut spare);
        self.grow()?;
        let skip = self.free.align_offset(class.align());
        self.split_off(skip, &mut spare);
        self.cut(class.size())
    }

    /// Hands `size` bytes, a multiple of [`UNIT`] and at most `left`, to `spare`.
    fn split_off(&mut self, mut size: usize, spare: &mut impl FnMut(NonNull<u8>, Class)) {
        while size > 0 {
            // The rest of a chunk may be larger than the largest class by less than the alignment.
            let part = size.min(LARGEST);
            let Some(block) = self.cut(part) else { return };
            spare(block, Class::of_size(part));
            size -= part;
        }
    }

    /// The next `size` bytes, a multiple of [`UNIT`]; `None` if they are not there.
    fn cut(&mut self, size: usize) -> Option<NonNull<u8>> {
        let left = self.left.checked_sub(size)?;
        let block = NonNull::new(self.free)?;
        // SAFETY: `size` is at most `left`, so the end is in the newest chunk or one past it (inv. 2).
        self.free = unsafe { self.free.add(size) };
        self.left = left;
        Some(block)
    }

    /// Takes a new chunk from the global allocator and carves that one from now on.
    fn grow(&mut self) -> Option<()> {
        let (chunk, size) = match system::allocate(layout(self.next_size)) {
            Some(chunk) => (chunk, self.next_size),
            // A system that refuses a large chunk may still have a small one.
            None => (system::allocate(layout(FIRST))?, FIRST),
        };
        let head = chunk.cast::<Head>();
        // SAFETY: the chunk is new, at least `FIRST` bytes, and aligned for a head (asserted above).
        unsafe { head.write(Head { next: self.chunks, size }) };
        self.chunks = head.as_ptr();
        // SAFETY: a chunk is larger than its head (asserted above).
        self.free = unsafe { chunk.as_ptr().add(HEAD) };
        self.left = size - HEAD;
        self.next_size = (size * 2).min(LAST);
        Some(())
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        let mut next = self.chunks;
        while let Some(chunk) = NonNull::new(next) {
            // SAFETY: `chunk` is one of the chunks, and not yet freed (inv. 1).
            let head = unsafe { chunk.read() };
            next = head.next;
            // SAFETY: it was allocated with this layout (inv. 1); the list is left behind, so it is not used again.
            unsafe { system::release(chunk.cast(), layout(head.size)) };
        }
    }
}

/// The layout of a chunk of `size` bytes, from [`FIRST`] to [`LAST`].
const fn layout(size: usize) -> Layout {
    match Layout::from_size_align(size, ALIGN) {
        Ok(layout) => layout,
        Err(_) => panic!("the size of a chunk is a valid layout"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Carves `classes` in turn until `bytes` are out; every byte of the blocks and spares, by address.
    fn carve(sizes: &[usize], bytes: usize) -> (Chunks, BTreeMap<usize, usize>, usize) {
        let mut chunks = Chunks::new();
        let (mut blocks, mut asked) = (BTreeMap::new(), 0);
        for size in sizes.iter().cycle() {
            if asked >= bytes {
                break;
            }
            let class = Class::of_size(*size);
            let mut put = |block: NonNull<u8>, size| assert_eq!(blocks.insert(block.addr().get(), size), None);
            let block = chunks.carve(class, |block, class| put(block, class.size())).expect("memory");
            assert_eq!(block.addr().get() % class.align(), 0);
            put(block, class.size());
            asked += size;
        }
        (chunks, blocks, asked)
    }

    #[test]
    fn blocks_and_spares_do_not_overlap() {
        let (_chunks, blocks, _) = carve(&[64, 48, 1024, 16, 992, 80], if cfg!(miri) { 40_000 } else { 4_000_000 });
        let mut end = 0;
        for (at, size) in blocks {
            assert!(at >= end, "a block begins inside the one before it");
            end = at + size;
        }
    }

    #[test]
    fn nothing_of_a_chunk_is_lost() {
        let (chunks, blocks, _) = carve(&[64, 48, 1008], 100_000);
        let mut taken = 0;
        let mut next = chunks.chunks;
        let mut count = 0;
        while let Some(chunk) = NonNull::new(next) {
            // SAFETY: a chunk of the list (inv. 1).
            let head = unsafe { chunk.as_ref() };
            taken += head.size - HEAD;
            next = head.next;
            count += 1;
        }
        assert!(count > 1);
        assert_eq!(blocks.values().sum::<usize>() + chunks.left, taken);
    }

    #[test]
    fn a_full_chunk_of_cache_lines_costs_less_than_a_thousandth_beside_them() {
        // Up to the end of the seventh chunk, the first of 1 MiB.
        let whole = (0..7).map(|step| FIRST << step).sum::<usize>();
        let (chunks, _, asked) = carve(&[64], if cfg!(miri) { FIRST - 64 } else { whole - 7 * 64 });
        let taken = if cfg!(miri) { FIRST } else { whole };
        assert_eq!(chunks.left, 0);
        let beside = taken - asked;
        assert!(cfg!(miri) || beside * 1000 < asked, "{beside} bytes beside {asked}");
    }
}
