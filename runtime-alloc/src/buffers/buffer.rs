//! A buffer that is out of its pool.

use super::pool::Shared;
use alloc::sync::Arc;
use bespoke_core::io::{IoBuf, IoBufMut};
use core::fmt;
use core::mem::MaybeUninit;
use core::ops::{Deref, DerefMut};
use core::ptr::NonNull;

/// A buffer out of a [`BufferPool`](super::BufferPool), and one that an operation may own. Dropped, on any thread, it is back.
///
/// It is like a vector that does not grow: it has room for [`capacity`](Self::capacity) bytes, and is the
/// [`len`](Self::len) bytes that were written. A read fills it from its beginning, up to its capacity, and a write writes what
/// there is.
///
/// # Invariants
/// 1. The `capacity` bytes at `at` are claimed in `pool`, for this value alone.
/// 2. The first `len` of them are initialised, and `len` is at most `capacity`.
pub struct PoolBuffer {
    pool: Arc<Shared>,
    at: NonNull<u8>,
    len: usize,
    capacity: usize,
}

// SAFETY: the bytes are this value's alone (inv. 1), and plain; any thread may release them.
unsafe impl Send for PoolBuffer {}
// SAFETY: a shared reference reads bytes that nobody writes meanwhile.
unsafe impl Sync for PoolBuffer {}

impl PoolBuffer {
    /// # Safety
    /// The `capacity` bytes at `at` were claimed in `pool`, for this value.
    #[inline]
    pub(super) unsafe fn new(pool: Arc<Shared>, at: NonNull<u8>, capacity: usize) -> Self {
        PoolBuffer { pool, at, len: 0, capacity }
    }

    /// How many bytes there is room for: the length of its class.
    #[inline]
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Appends as many of `bytes` as there is room for, and says how many those were.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.capacity - self.len);
        for (to, byte) in self.spare_capacity_mut().iter_mut().zip(bytes) {
            to.write(*byte);
        }
        self.len += count;
        count
    }

    /// Makes it `len` bytes long: what is behind is forgotten, or bytes of this value are appended.
    ///
    /// # Panics
    /// If it has no room for them.
    pub fn resize(&mut self, len: usize, value: u8) {
        assert!(len <= self.capacity, "a buffer of {} bytes was to be {len} long", self.capacity);
        let more = len.saturating_sub(self.len);
        self.spare_capacity_mut()[..more].fill(MaybeUninit::new(value));
        self.len = len;
    }

    /// Forgets what was written.
    #[inline]
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Forgets all but the first `len` bytes; nothing, if it is shorter.
    #[inline]
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The room behind what was written. Whoever has written there says so by [`IoBufMut::set_len`].
    #[inline]
    pub fn spare_capacity_mut(&mut self) -> &mut [MaybeUninit<u8>] {
        // SAFETY: inside (inv. 2).
        let at = unsafe { self.at.add(self.len) };
        // SAFETY: the rest of the bytes, which are this value's alone (inv. 1); they need not be initialised.
        unsafe { core::slice::from_raw_parts_mut(at.as_ptr().cast(), self.capacity - self.len) }
    }
}

impl Drop for PoolBuffer {
    #[inline]
    fn drop(&mut self) {
        // Nobody uses the bytes any more (inv. 1).
        self.pool.release(self.at, self.capacity);
    }
}

impl Deref for PoolBuffer {
    type Target = [u8];
    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: initialised (inv. 2), and written by nobody while this is borrowed (inv. 1).
        unsafe { core::slice::from_raw_parts(self.at.as_ptr(), self.len) }
    }
}

impl DerefMut for PoolBuffer {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: initialised (inv. 2), and used by nobody else (inv. 1).
        unsafe { core::slice::from_raw_parts_mut(self.at.as_ptr(), self.len) }
    }
}

// SAFETY: the bytes are the pool's, which this value keeps, so they stay when it moves; and nobody else's (inv. 1).
unsafe impl IoBuf for PoolBuffer {
    #[inline]
    fn as_ptr(&self) -> *const u8 {
        self.at.as_ptr()
    }
    #[inline]
    fn len(&self) -> usize {
        self.len
    }
}

// SAFETY: as above; the whole capacity is writable.
unsafe impl IoBufMut for PoolBuffer {
    #[inline]
    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.at.as_ptr()
    }
    #[inline]
    fn capacity(&self) -> usize {
        self.capacity
    }
    #[inline]
    unsafe fn set_len(&mut self, len: usize) {
        debug_assert!(len <= self.capacity, "the caller's promise");
        self.len = len;
    }
}

impl fmt::Debug for PoolBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuffer").field("len", &self.len).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
