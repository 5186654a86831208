//! The block of a pool, and who has which part of it.

use super::buffer::PoolBuffer;
use super::refused::NoBuffer;
use crate::bitmap::{Bitmap, WORD};
use crate::loom::{AtomicUsize, Ordering};
use crate::system;
use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use bespoke_core::error::{Error, ErrorKind};
use bespoke_core::roles::Region;
use core::alloc::Layout;
use core::fmt;
use core::ptr::NonNull;

/// Buffers for I/O out of one block of memory, which was allocated when the pool was made, and does not grow.
///
/// A buffer is a power of two long, from the smallest class to the largest, and begins at a multiple of its length: so at
/// a page, which is what `O_DIRECT` asks for, as far as a disk's blocks are not longer than the class. [`get`](Self::get)
/// yields one or says why not; dropped on any thread, it is back. Neighbours that are back serve a larger class again.
///
/// It is a [`Region`], which may be registered with a driver. A clone is another name of the same pool. The memory lives
/// until the last name and the last buffer are gone.
///
/// # Platform
/// Everywhere where there is a heap: the block is one of the global allocator, which maps one of that size.
///
/// # Example
/// ```
/// use bespoke_alloc::{BufferPool, NoBuffer};
///
/// let pool = BufferPool::new(1 << 20)?; // classes of 4 KiB to 256 KiB
/// let mut buffer = pool.get(5000)?;
/// assert_eq!((buffer.capacity(), buffer.len()), (8192, 0));
/// assert_eq!(buffer.extend_from_slice(b"hello"), 5);
/// assert_eq!(&*buffer, b"hello");
///
/// let all: Vec<_> = std::iter::from_fn(|| pool.get(256 << 10).ok()).collect();
/// assert_eq!(all.len(), 3); // the fourth quarter has lent 8 KiB
/// let refused = pool.get(256 << 10).unwrap_err();
/// assert_eq!(refused, NoBuffer::Exhausted { class: 262144, out: 794624, capacity: 1048576 });
/// std::thread::spawn(move || drop(buffer)).join().unwrap();
/// assert!(pool.get(256 << 10).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BufferPool {
    shared: Arc<Shared>,
}

/// What names and buffers of a pool share.
///
/// # Invariants
/// 1. `block` is a block of the global allocator of `layout`, from `new` to the drop of this value. It is aligned to the
///    largest class, and as long as `units` units.
/// 2. A unit is used by whoever claimed it in the map, and by nobody else, until they release it.
pub(super) struct Shared {
    block: NonNull<u8>,
    layout: Layout,
    words: Box<[AtomicUsize]>,
    units: usize,
    /// The length of a unit, which is the smallest class, as a power of two.
    unit_bits: u32,
    largest: usize,
    /// Where the next search begins: a hint. No unit below it was free when it was written.
    next: AtomicUsize,
}

// SAFETY: the block is plain memory, of which a part is used by one owner (inv. 2).
unsafe impl Send for Shared {}
// SAFETY: as above; the map is made of atomics.
unsafe impl Sync for Shared {}

impl BufferPool {
    /// A pool of `bytes` bytes, rounded up to a multiple of the largest class, and at least one. Classes from 4 KiB to 256 KiB.
    ///
    /// # Errors
    /// [`OutOfMemory`](ErrorKind::OutOfMemory): the allocator has no such block.
    pub fn new(bytes: usize) -> Result<Self, Error> {
        Self::with_classes::<PAGE, { 64 * PAGE }>(bytes)
    }

    /// The same with classes from `SMALLEST` to `LARGEST` bytes, both powers of two. The smallest is a page of 4096 bytes at
    /// least; other values do not compile.
    ///
    /// A claim of more units than a word of the machine has bits is made in steps: of a `LARGEST` beyond 64 (32) times
    /// `SMALLEST`. If two of those meet, one takes its steps back, and a third that looks just then may be told of less than
    /// there is. Where that matters, ask again.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Example
    /// ```
    /// use bespoke_alloc::BufferPool;
    ///
    /// let pool = BufferPool::with_classes::<65536, 1048576>(16 << 20)?;
    /// assert_eq!(pool.get(1)?.capacity(), 65536);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// ```compile_fail
    /// // The smallest class of a buffer pool is a page of 4096 bytes at least …
    /// let _pool = bespoke_alloc::BufferPool::with_classes::<512, 4096>(1 << 20);
    /// ```
    pub fn with_classes<const SMALLEST: usize, const LARGEST: usize>(bytes: usize) -> Result<Self, Error> {
        const {
            assert!(SMALLEST.is_power_of_two(), "the smallest class of a buffer pool must be a power of two");
            assert!(LARGEST.is_power_of_two(), "the largest class of a buffer pool must be a power of two");
            assert!(
                SMALLEST >= PAGE,
                "the smallest class of a buffer pool is a page of 4096 bytes at least: disks take whole blocks at aligned \
                 addresses; for less, take a `Vec`"
            );
            assert!(SMALLEST <= LARGEST, "the smallest class of a buffer pool is larger than its largest class");
        }
        Shared::new(SMALLEST.trailing_zeros(), LARGEST, bytes).map(|shared| BufferPool { shared: Arc::new(shared) })
    }

    /// A buffer with room for `len` bytes, of which none is written yet: of the smallest class that has it. Of 0 bytes: of the
    /// smallest class.
    ///
    /// Never waits, and allocates nothing.
    ///
    /// # Errors
    /// [`NoBuffer::Exhausted`] until one comes back, [`NoBuffer::TooLong`] always.
    #[inline]
    pub fn get(&self, len: usize) -> Result<PoolBuffer, NoBuffer> {
        let shared = &self.shared;
        if len > shared.largest {
            return Err(NoBuffer::TooLong { len, largest: shared.largest });
        }
        let class = len.max(1 << shared.unit_bits).next_power_of_two();
        let Some(at) = shared.claim(class) else { return Err(shared.exhausted(class)) };
        // SAFETY: `class` bytes at `at` were claimed just now, for this buffer.
        Ok(unsafe { PoolBuffer::new(shared.clone(), at, class) })
    }

    /// How many bytes the pool has.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.shared.layout.size()
    }

    /// How many of its bytes are out, by a look at one part after the other: while others take and give back, an estimate.
    #[must_use]
    pub fn out(&self) -> usize {
        self.shared.out()
    }
}

impl Shared {
    fn new(unit_bits: u32, largest: usize, bytes: usize) -> Result<Self, Error> {
        let out_of_memory = Error::new(ErrorKind::OutOfMemory);
        let bytes = bytes.max(1).checked_next_multiple_of(largest).ok_or(out_of_memory)?;
        let layout = Layout::from_size_align(bytes, largest).map_err(|_| out_of_memory)?;
        let units = bytes >> unit_bits;
        // The block first: the map of one that is too large for the system is large itself. From here on the value frees it.
        let block = system::allocate(layout).ok_or(out_of_memory)?;
        let words = Box::default();
        let mut this = Shared { block, layout, words, units, unit_bits, largest, next: AtomicUsize::new(0) };
        let (count, mut words) = (units.div_ceil(WORD), Vec::new());
        words.try_reserve_exact(count).map_err(|_| out_of_memory)?;
        words.extend((0..count).map(|_| AtomicUsize::new(0)));
        this.words = words.into_boxed_slice();
        Ok(this)
    }

    fn map(&self) -> Bitmap<'_> {
        Bitmap::new(&self.words, self.units)
    }

    /// Claims the first free run of `class` bytes, a multiple of a unit, that begins at a multiple of `class`.
    #[inline]
    fn claim(&self, class: usize) -> Option<NonNull<u8>> {
        let count = class >> self.unit_bits;
        let (at, next) = self.map().claim(count, count, 0, self.next.load(Ordering::Relaxed))?;
        self.next.store(next, Ordering::Relaxed);
        // SAFETY: the unit lies in the block (inv. 1; the map has no others).
        Some(unsafe { self.block.add(at << self.unit_bits) })
    }

    /// A buffer is back, from any thread.
    ///
    /// The `class` bytes at `at` were claimed, and nobody uses them any more (inv. 2).
    #[inline]
    pub(super) fn release(&self, at: NonNull<u8>, class: usize) {
        let unit = (at.addr().get() - self.block.addr().get()) >> self.unit_bits;
        self.map().release(unit, class >> self.unit_bits);
        // Two threads may lose one of their hints; a search that finds nothing behind it begins again at 0.
        if unit < self.next.load(Ordering::Relaxed) {
            self.next.store(unit, Ordering::Relaxed);
        }
    }

    #[cold]
    fn exhausted(&self, class: usize) -> NoBuffer {
        NoBuffer::Exhausted { class, out: self.out(), capacity: self.layout.size() }
    }

    fn out(&self) -> usize {
        let ones = |word: &AtomicUsize| word.load(Ordering::Relaxed).count_ones() as usize;
        self.words.iter().map(ones).sum::<usize>() << self.unit_bits
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: a block of the allocator, of this layout (inv. 1). Every buffer has held this value, so none is out.
        unsafe { system::release(self.block, self.layout) };
    }
}

// SAFETY: the block is one stretch of plain memory, which stays where it is as long as there is a name of the pool (`Shared`,
// inv. 1).
unsafe impl Region for BufferPool {
    fn start(&self) -> NonNull<u8> {
        self.shared.block
    }

    fn len(&self) -> usize {
        self.capacity()
    }
}

impl fmt::Debug for BufferPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BufferPool")
            .field("capacity", &self.capacity())
            .field("out", &self.out())
            .finish_non_exhaustive()
    }
}

/// What a disk's blocks are at most, and the pages of nearly every machine.
const PAGE: usize = 4096;
