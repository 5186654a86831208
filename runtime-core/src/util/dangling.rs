//! A value that others may write through a pointer into it while it moves.

use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};

/// A value about which the compiler assumes nothing while it moves.
///
/// Moving a `Box` says that nobody else uses its memory: a pointer that was taken before is dead then, and writing through
/// it undefined, though the address stays. What is in here may move, and a pointer that [`get_mut`](Self::get_mut) gave stays
/// good until the value is looked at again, taken out or dropped. (RFC 3336 describes the type of the same name that the
/// standard library is to have.)
///
/// # Invariants
/// 1. `value` is initialised from `new` to the drop or `into_inner`.
pub struct MaybeDangling<T> {
    value: MaybeUninit<T>,
}

impl<T> MaybeDangling<T> {
    /// Holds `value`.
    #[inline(always)]
    #[must_use]
    pub fn new(value: T) -> Self {
        MaybeDangling { value: MaybeUninit::new(value) }
    }

    /// The value. Pointers into it that were taken before are dead, if it is a `Box` or holds one.
    #[inline(always)]
    #[must_use]
    pub fn get_mut(&mut self) -> &mut T {
        // SAFETY: invariant 1.
        unsafe { self.value.assume_init_mut() }
    }

    /// The value; no pointer into it is used any more.
    #[inline(always)]
    #[must_use]
    pub fn into_inner(self) -> T {
        let this = ManuallyDrop::new(self);
        // SAFETY: invariant 1, and it is read once: the drop does not run.
        unsafe { this.value.assume_init_read() }
    }
}

impl<T> Drop for MaybeDangling<T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: invariant 1; this is the last use.
        unsafe { self.value.assume_init_drop() }
    }
}

impl<T> fmt::Debug for MaybeDangling<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MaybeDangling")
    }
}
