//! The bytes of a pool without a heap, and the five verbs.

use crate::bitmap::{Bitmap, WORD};
use bespoke_core::error::Error;
use bespoke_core::roles::{Allocate, Memory};
use bespoke_core::sharing::Sharing;
use core::alloc::Layout;
use core::cell::UnsafeCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Every block is inside the live value, `BYTES` of it: no heap, and no block more than fits. For a microcontroller, or
/// for a program that must not grow.
///
/// A block takes its size rounded up to 16 bytes; the map of what is taken uses 16 bytes, and a further one of 129. When
/// nothing is left, the answer is `None` and becomes `Some` again as blocks come back.
///
/// Foreign blocks come from the same bytes. While another thread is inside a verb, `None` may come early: see
/// [`FixedPool`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Fixed<const BYTES: usize>;

impl<const BYTES: usize> Memory for Fixed<BYTES> {
    const NAME: &'static str = "fixed";
    const BUDGET: Option<usize> = Some(BYTES);
    type Live<S: Sharing> = FixedPool<BYTES>;

    fn start<S: Sharing>() -> Result<FixedPool<BYTES>, Error> {
        Ok(FixedPool::new())
    }
}

/// The live [`Fixed`] of one worker: `BYTES` bytes, and a word.
///
/// It is where its blocks are, so **it must stay in its place from its first block to the return of its last**: put it
/// where it is going to live, then allocate. The verbs work the same from any thread, so [`alloc`](Allocate::alloc) asks
/// for the owner because the trait does; an interrupt may call the foreign ones.
///
/// A block longer than the 1 KiB of one word of the map is claimed in steps. If two claims meet, one takes its steps back;
/// a third that looks for memory just then may miss what becomes free again, and say `None`. Where that matters, ask
/// again.
///
/// # Invariants
/// 1. The first `WORDS` words of `bytes` are the map: atomics, initialised, and used as nothing else.
/// 2. The units follow at `UNITS_AT`, 16 bytes each. Whoever claimed a unit in the map, and only they, use its bytes.
/// 3. A block is the `units(layout)` units from its address on.
#[repr(C, align(16))]
pub struct FixedPool<const BYTES: usize> {
    bytes: UnsafeCell<[MaybeUninit<u8>; BYTES]>,
    /// Where the next search begins: a hint. No unit below it was free when it was written.
    next: AtomicUsize,
}

// SAFETY: 2: bytes are used by whoever claimed their unit, from one thread at a time.
unsafe impl<const BYTES: usize> Send for FixedPool<BYTES> {}
// SAFETY: the map is made of atomics (inv. 1), and a unit has one user (inv. 2).
unsafe impl<const BYTES: usize> Sync for FixedPool<BYTES> {}

impl<const BYTES: usize> FixedPool<BYTES> {
    /// How many units fit beside their map.
    const UNITS: usize = units_in(BYTES);
    /// The words of the map.
    const WORDS: usize = Self::UNITS.div_ceil(WORD);
    /// Where the units begin.
    const UNITS_AT: usize = map_size(Self::UNITS);

    /// An empty pool; as a `const`, so that it can be a static.
    #[must_use]
    pub const fn new() -> Self {
        // Zero is a map without a taken unit.
        FixedPool { bytes: UnsafeCell::new([MaybeUninit::zeroed(); BYTES]), next: AtomicUsize::new(0) }
    }

    /// The bytes that blocks can have together: `BYTES` less the map, rounded down to 16.
    #[must_use]
    pub const fn capacity() -> usize {
        Self::UNITS * UNIT
    }

    fn map(&self) -> Bitmap<'_> {
        let words = self.bytes.get().cast::<AtomicUsize>();
        // SAFETY: the value is aligned to 16 and starts with the map, which was zeroed and is used as atomics only
        // (inv. 1).
        let words = unsafe { core::slice::from_raw_parts(words, Self::WORDS) };
        Bitmap::new(words, Self::UNITS)
    }

    /// The first byte of unit 0. (Of no unit, if there is none.)
    fn base(&self) -> *mut u8 {
        self.bytes.get().cast::<u8>().wrapping_add(Self::UNITS_AT)
    }

    fn claim(&self, layout: Layout) -> Option<NonNull<u8>> {
        let count = units(layout);
        if count == 0 {
            // Outside the contract of every caller; an empty block would be nobody's.
            return None;
        }
        // A larger alignment than that of a unit: some units begin there, as the value happens to lie.
        let step = layout.align().div_ceil(UNIT);
        let phase = self.base().align_offset(layout.align()) / UNIT;
        let (at, next) = self.map().claim(count, step, phase, self.next.load(Ordering::Relaxed))?;
        self.next.store(next, Ordering::Relaxed);
        NonNull::new(self.base().wrapping_add(at * UNIT))
    }

    /// Gives a block back, from any thread.
    ///
    /// # Safety
    /// `block` came from `claim` of this value, in the place where it is now, with `layout`, and is not used again.
    unsafe fn release(&self, block: NonNull<u8>, layout: Layout) {
        let at = (block.as_ptr().addr() - self.base().addr()) / UNIT;
        self.map().release(at, units(layout));
        // Two threads may lose one of their hints; a search that finds nothing behind it begins again at 0.
        if at < self.next.load(Ordering::Relaxed) {
            self.next.store(at, Ordering::Relaxed);
        }
    }
}

// SAFETY: 1: a block is a run of units that were claimed at once and are one's own until they are released (inv. 2, 3),
// as long as the value stays in its place, which its documentation asks for. 2: every verb is the same, and works on
// atomics.
unsafe impl<const BYTES: usize> Allocate for FixedPool<BYTES> {
    unsafe fn alloc(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.claim(layout)
    }

    unsafe fn dealloc(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: `alloc` is `claim`; the rest is the contract.
        unsafe { self.release(block, layout) }
    }

    unsafe fn dealloc_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: `alloc` is `claim`; the rest is the contract.
        unsafe { self.release(block, layout) }
    }

    fn alloc_foreign(&self, layout: Layout) -> Option<NonNull<u8>> {
        self.claim(layout)
    }

    unsafe fn release_foreign(&self, block: NonNull<u8>, layout: Layout) {
        // SAFETY: `alloc_foreign` is `claim`; the rest is the contract.
        unsafe { self.release(block, layout) }
    }
}

impl<const BYTES: usize> Default for FixedPool<BYTES> {
    fn default() -> Self {
        FixedPool::new()
    }
}

impl<const BYTES: usize> fmt::Debug for FixedPool<BYTES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FixedPool").field("capacity", &Self::capacity()).finish_non_exhaustive()
    }
}

/// The units of a block.
#[inline]
const fn units(layout: Layout) -> usize {
    layout.size().div_ceil(UNIT)
}

/// The bytes of the map of `units` units, rounded up so that the units are aligned.
const fn map_size(units: usize) -> usize {
    (units.div_ceil(WORD) * size_of::<usize>()).next_multiple_of(UNIT)
}

/// The most units that fit into `bytes` bytes together with their map.
const fn units_in(bytes: usize) -> usize {
    // The map takes at least a bit for every 128 of the units', so 1 of 129 bytes, and one step of rounding up.
    let mut units = bytes / 129 * 8 + bytes % 129 / UNIT;
    while units > 0 && map_size(units) + units * UNIT > bytes {
        units -= 1;
    }
    units
}

/// The grain: a block is a multiple of it.
const UNIT: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).expect("a layout")
    }

    #[test]
    fn units_and_their_map_fit_and_one_more_does_not() {
        for bytes in (0..20_000).chain([1 << 20, 1 << 26]) {
            let units = units_in(bytes);
            assert!(units == 0 || map_size(units) + units * UNIT <= bytes, "{bytes}");
            assert!(map_size(units + 1) + (units + 1) * UNIT > bytes, "{bytes}: room for more than {units}");
            if cfg!(miri) && bytes > 300 {
                break;
            }
        }
    }

    #[test]
    fn the_budget_is_the_value_but_for_a_word_and_its_alignment() {
        assert_eq!(size_of::<FixedPool<4096>>(), 4096 + 16);
        assert_eq!(<Fixed<4096> as Memory>::BUDGET, Some(4096));
        assert_eq!(FixedPool::<4096>::capacity(), 4064);
    }

    #[test]
    fn a_pool_too_small_for_a_block_says_so() {
        assert_eq!(FixedPool::<0>::new().alloc_foreign(layout(1, 1)), None);
        assert_eq!(FixedPool::<31>::new().alloc_foreign(layout(1, 1)), None);
        assert!(FixedPool::<32>::new().alloc_foreign(layout(16, 16)).is_some());
    }

    #[test]
    fn neighbours_that_came_back_are_one_block() {
        let pool = FixedPool::<1040>::new();
        let small = layout(64, 8);
        let blocks: [_; 16] = core::array::from_fn(|_| pool.alloc_foreign(small).expect("room for 16 of 64"));
        assert_eq!(pool.alloc_foreign(layout(1, 1)), None);
        for block in blocks {
            // SAFETY: a block of this pool, given back once.
            unsafe { pool.release_foreign(block, small) };
        }
        assert!(pool.alloc_foreign(layout(1024, 8)).is_some());
    }

    #[test]
    fn a_static_pool_is_possible() {
        static POOL: FixedPool<256> = FixedPool::new();
        let block = POOL.alloc_foreign(layout(8, 128)).expect("room for a block at a multiple of 128");
        assert_eq!(block.addr().get() % 128, 0);
    }
}
