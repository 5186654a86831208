//! Buffers that a driver lends: what [`Lease`](super::Lease) is made of where the driver copies into memory of its own.
//!
//! A [`Buffer`] is the node by which it comes home, and the bytes. One [`Buffers`] per driver keeps those that are at home; it
//! grows to the most that were out at once, and gives nothing back before the driver goes.
//!
//! # Life
//! made → at home ⇄ lent → freed: by the pool, if it is at home when the driver goes, else by whoever drops its lease.
//!
//! 1. A `Buffer` is the only name of its block. Lent, the block is named by the [`Leased`], and the `Buffer` is gone; at home and
//!    in a row it is named by those.
//! 2. A pointer to the node is a pointer to the block, and has the provenance of the whole.

use super::Leased;
use crate::util::link::Node;
use alloc::boxed::Box;
use core::alloc::Layout;
use core::cell::Cell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

/// A node and the bytes behind it.
#[repr(C)]
pub(super) struct Block<const BYTES: usize> {
    /// First: a pointer to it is a pointer to the block.
    node: Node,
    /// The next one at home, or in a [row](super::Filled).
    pub(super) next: Option<NonNull<Block<BYTES>>>,
    /// In a row: where the bytes begin that are meant, and how many they are.
    pub(super) start: u32,
    pub(super) len: u32,
    bytes: [MaybeUninit<u8>; BYTES],
}

impl<const BYTES: usize> Block<BYTES> {
    /// Where the bytes begin that are meant.
    #[inline(always)]
    pub(super) fn filled(&self) -> *const u8 {
        self.bytes.as_ptr().cast::<u8>().wrapping_add(self.start as usize)
    }
}

/// A buffer of so many bytes, at home. Dropped, it is freed.
#[derive(Debug)]
pub struct Buffer<const BYTES: usize>(NonNull<Block<BYTES>>);

// SAFETY: a block is plain memory, and this is its only name (invariant 1).
unsafe impl<const BYTES: usize> Send for Buffer<BYTES> {}

impl<const BYTES: usize> Buffer<BYTES> {
    /// A new one; `None` without memory.
    #[must_use]
    pub fn new() -> Option<Self> {
        // `allow`: without `std` the lint does not know the function.
        // SAFETY: a block has a size.
        #[allow(clippy::disallowed_methods, reason = "a driver does not know the memory of the config")]
        let memory = unsafe { alloc::alloc::alloc(Layout::new::<Block<BYTES>>()) };
        let block = NonNull::new(memory)?.cast::<Block<BYTES>>();
        // The bytes stay as they came.
        // SAFETY: a place inside the block, which is ours.
        let node = unsafe { &raw mut (*block.as_ptr()).node };
        // SAFETY: as above.
        let next = unsafe { &raw mut (*block.as_ptr()).next };
        // SAFETY: as above.
        let start = unsafe { &raw mut (*block.as_ptr()).start };
        // SAFETY: as above.
        let len = unsafe { &raw mut (*block.as_ptr()).len };
        // SAFETY: inside the block.
        unsafe { node.write(Node::new()) };
        // SAFETY: inside the block.
        unsafe { next.write(None) };
        // SAFETY: inside the block.
        unsafe { start.write(0) };
        // SAFETY: inside the block.
        unsafe { len.write(0) };
        Some(Buffer(block))
    }

    /// The block, which the caller names from now on.
    #[inline(always)]
    pub(super) fn into_block(self) -> NonNull<Block<BYTES>> {
        let block = self.0;
        core::mem::forget(self);
        block
    }

    /// # Safety
    /// Nothing else names the block.
    #[inline(always)]
    pub(super) unsafe fn from_block(block: NonNull<Block<BYTES>>) -> Self {
        Buffer(block)
    }

    /// Where its bytes are: writable, `BYTES` of them, and not initialised.
    #[must_use]
    pub fn room(&mut self) -> *mut u8 {
        // SAFETY: a place inside the block.
        unsafe { (&raw mut (*self.0.as_ptr()).bytes).cast() }
    }

    /// Lends the first `len` bytes.
    ///
    /// # Safety
    /// They are initialised, and `len` is at most `BYTES` and not 0.
    pub unsafe fn lend(self, len: usize) -> Leased {
        // SAFETY: as the caller.
        unsafe { self.lend_from(0, len) }
    }

    /// Lends `len` bytes, from byte `start` on.
    ///
    /// # Safety
    /// They are initialised, `start + len` is at most `BYTES`, and `len` is not 0.
    pub unsafe fn lend_from(mut self, start: usize, len: usize) -> Leased {
        // SAFETY: inside the block (contract).
        let bytes = unsafe { self.room().add(start) };
        let Some(bytes) = NonNull::new(bytes) else { unreachable!("a block has an address") };
        let node = self.into_block().cast();
        // SAFETY: the block is named by the node alone from now on; the bytes are initialised (contract).
        unsafe { Leased::new(node, bytes, len) }
    }

    /// The buffer whose lease is gone.
    ///
    /// # Safety
    /// `node` is that of a buffer of this type which was [lent](Self::lend), and nobody uses it any more; once per lease.
    #[must_use]
    pub unsafe fn of(node: NonNull<Node>) -> Self {
        Buffer(node.cast())
    }
}

impl<const BYTES: usize> Drop for Buffer<BYTES> {
    fn drop(&mut self) {
        // SAFETY: the block came from the allocator with the layout of its type, and this was its only name. The bytes, which
        // may not be initialised, are allowed to be so.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// The buffers of one driver that are at home.
pub struct Buffers<const BYTES: usize> {
    /// The one that came last. The list is the only name of its blocks.
    first: Cell<Option<NonNull<Block<BYTES>>>>,
}

// SAFETY: as a buffer's.
unsafe impl<const BYTES: usize> Send for Buffers<BYTES> {}

impl<const BYTES: usize> Buffers<BYTES> {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Buffers { first: Cell::new(None) }
    }

    /// The one that came home last, or a new one; `None` without memory.
    #[inline]
    pub fn take(&self) -> Option<Buffer<BYTES>> {
        self.take_kept().or_else(Buffer::new)
    }

    /// Is none at home?
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.first.get().is_none()
    }

    /// The one that came home last; `None`: none is at home.
    #[inline]
    pub fn take_kept(&self) -> Option<Buffer<BYTES>> {
        let first = self.first.get()?;
        // SAFETY: at home, so the list is its only name (invariant 1).
        let next = unsafe { first.as_ref() }.next;
        self.first.set(next);
        // SAFETY: it left the list.
        Some(unsafe { Buffer::from_block(first) })
    }

    /// One comes home.
    #[inline]
    pub fn put(&self, buffer: Buffer<BYTES>) {
        let mut block = buffer.into_block();
        // SAFETY: the buffer was its only name (invariant 1).
        unsafe { block.as_mut() }.next = self.first.get();
        self.first.set(Some(block));
    }
}

impl<const BYTES: usize> Default for Buffers<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Drop for Buffers<BYTES> {
    fn drop(&mut self) {
        while let Some(buffer) = self.take_kept() {
            drop(buffer);
        }
    }
}

impl<const BYTES: usize> fmt::Debug for Buffers<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffers").field("bytes", &BYTES).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    const BYTES: usize = 64;

    fn filled(pool: &Buffers<BYTES>, byte: u8) -> Leased {
        let mut buffer = pool.take().unwrap();
        // SAFETY: room for so many.
        unsafe { buffer.room().write_bytes(byte, BYTES) };
        // SAFETY: just written.
        unsafe { buffer.lend(BYTES) }
    }

    fn home(leased: Leased) -> Buffer<BYTES> {
        // SAFETY: lent by `filled`, and given up.
        unsafe { Buffer::of(leased.node()) }
    }

    #[test]
    fn what_comes_home_is_lent_again_last_first() {
        let pool = Buffers::new();
        let (one, two) = (filled(&pool, 1), filled(&pool, 2));
        let (at_one, at_two) = (one.node(), two.node());
        assert_ne!(at_one, at_two);
        assert!(one.as_bytes() == [1; BYTES] && two.as_bytes() == [2; BYTES]);
        assert!(pool.is_empty());
        pool.put(home(one));
        pool.put(home(two));
        assert!(!pool.is_empty());
        assert_eq!((filled(&pool, 3).node(), filled(&pool, 4).node()), (at_two, at_one));
        // Those two are lent still, and their leases forgotten.
        for node in [at_one, at_two] {
            // SAFETY: nobody uses them.
            drop(unsafe { Buffer::<BYTES>::of(node) });
        }
    }

    #[test]
    fn a_part_is_lent_and_the_whole_comes_home() {
        let pool = Buffers::<BYTES>::new();
        let mut buffer = pool.take().unwrap();
        // SAFETY: room for so many.
        unsafe { buffer.room().copy_from_nonoverlapping([1, 2, 3, 4].as_ptr(), 4) };
        // SAFETY: just written.
        let leased = unsafe { buffer.lend_from(1, 3) };
        assert_eq!(leased.as_bytes(), [2, 3, 4]);
        pool.put(home(leased));
        let again = filled(&pool, 9);
        assert_eq!(again.as_bytes(), [9; BYTES]);
        drop(home(again));
    }

    #[test]
    fn a_buffer_may_outlive_its_pool_and_go_on_another_thread() {
        let pool = Buffers::new();
        let (away, back) = (filled(&pool, 7), filled(&pool, 8));
        pool.put(home(back));
        drop(pool);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                assert_eq!(away.as_bytes(), [7; BYTES]);
                drop(home(away));
            });
        });
    }

    #[test]
    fn many_go_at_once() {
        let pool = Buffers::<BYTES>::new();
        let many: Vec<_> = (0..if cfg!(miri) { 100 } else { 100_000 }).map(|n| filled(&pool, n as u8)).collect();
        many.into_iter().for_each(|leased| pool.put(home(leased)));
    }
}
