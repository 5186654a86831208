//! Which free list a layout belongs to: one list per multiple of 16 bytes, up to 1 KiB.
//!
//! The step is that small because a task is a header and a future, and both have any size: with steps of a power of two a
//! third of the memory would be lost. 64 lists are eight cache lines of heads, of which a program uses a few.

use core::alloc::Layout;

/// The step from one class to the next, and the alignment that every block has at least.
pub(super) const UNIT: usize = 16;
/// The largest block that a list holds.
pub(super) const LARGEST: usize = 1024;
/// How many lists there are.
pub(super) const CLASSES: usize = LARGEST / UNIT;
/// Blocks are aligned to the power of two in their size, up to this: a block of 64 bytes is one cache line, not two halves.
const ALIGN_MAX: usize = 64;

/// The number of a free list. Invariant: below [`CLASSES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class(usize);

impl Class {
    /// The class of a layout, or `None`: the layout is the global allocator's (or empty).
    #[inline(always)]
    pub(super) const fn of(layout: Layout) -> Option<Class> {
        // An empty layout wraps around and is turned away with the large ones.
        let last = layout.size().wrapping_sub(1);
        if last < LARGEST && layout.align() <= UNIT { Some(Class(last / UNIT)) } else { None }
    }

    /// The class whose blocks have exactly this size: a multiple of [`UNIT`] from [`UNIT`] to [`LARGEST`].
    pub(super) const fn of_size(size: usize) -> Class {
        assert!(size.is_multiple_of(UNIT) && size >= UNIT && size <= LARGEST, "no class has blocks of this size");
        Class(size / UNIT - 1)
    }

    #[inline(always)]
    pub(super) const fn index(self) -> usize {
        self.0
    }

    /// The size of its blocks.
    #[inline(always)]
    pub(super) const fn size(self) -> usize {
        (self.0 + 1) * UNIT
    }

    /// The alignment at which its blocks are carved, so that they cross as few cache lines as they can.
    pub(super) const fn align(self) -> usize {
        let natural = 1 << self.size().trailing_zeros();
        if natural < ALIGN_MAX { natural } else { ALIGN_MAX }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(size: usize, align: usize) -> Option<usize> {
        Class::of(Layout::from_size_align(size, align).expect("a layout")).map(Class::size)
    }

    #[test]
    fn every_small_layout_has_the_next_multiple_of_sixteen() {
        for size in 1..=LARGEST {
            assert_eq!(class(size, 1), Some(size.next_multiple_of(16)));
            assert_eq!(class(size, 16), Some(size.next_multiple_of(16)));
        }
    }

    #[test]
    fn a_task_with_an_eight_byte_future_is_one_cache_line() {
        let task = Class::of(Layout::from_size_align(56 + 8, 8).expect("a layout")).expect("a class");
        assert_eq!((task.size(), task.align()), (64, 64));
    }

    #[test]
    fn the_rest_is_the_system_s() {
        assert_eq!(class(0, 1), None);
        assert_eq!(class(LARGEST + 1, 1), None);
        assert_eq!(class(32, 32), None);
        assert_eq!(class(isize::MAX as usize, 1), None);
    }

    #[test]
    fn a_size_and_its_class_are_inverse() {
        for index in 0..CLASSES {
            assert_eq!(Class::of_size(Class(index).size()), Class(index));
            assert_eq!(Class(index).size() % Class(index).align(), 0);
        }
    }
}
