//! Memory for tasks that is part of the program: the pools of `#[task(pool = N)]`.
//!
//! A [`Places`] is a `static` with room for a fixed number of tasks of one function. A spawn takes a place, and whoever frees
//! the task gives it back, on whatever thread that is.
//!
//! # Invariants
//! 1. A place belongs to the store while its flag says `FREE`, and from the [`take`](Store::take) that has set the flag until the
//!    [`give`](Store::give) that clears it, to whoever took it. Nobody else touches its bytes.
//! 2. `give` publishes what was done with the bytes, and the next `take` of the place sees it: `Release` on the store of the
//!    flag, `Acquire` on its exchange.
//!
//! `next` is where the search begins, and no more than a hint.

#[cfg(test)]
mod tests;

use crate::loom::{AtomicU8, AtomicUsize, Ordering, Plant, UnsafeCell, planted};
use core::alloc::Layout;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;

const FREE: u8 = 0;
const TAKEN: u8 = 1;

/// The pool of one function's tasks: a name for a `static`, so that a task knows its pool without a byte for it.
///
/// Made by `#[task(pool = N)]`; code that is generic over tasks has it as a bound.
pub trait Pool: 'static {
    /// What the places are.
    #[doc(hidden)]
    type Store: Store;
    /// The name of the function.
    const NAME: &'static str;

    /// The `static`. Always the same one.
    #[doc(hidden)]
    fn store() -> &'static Self::Store;
}

mod sealed {
    pub trait Sealed {}
}

/// Places for tasks: [`Places`], whatever their number and size.
pub trait Store: sealed::Sealed + Sync + 'static {
    /// The size and alignment of one place.
    const PLACE: Layout;
    /// How many there are.
    const COUNT: usize;

    /// A place that is the caller's alone from now on, or `None` if none was found free. Any thread.
    fn take(&self) -> Option<NonNull<u8>>;

    /// Gives a place back. Any thread.
    ///
    /// A place of another store of this type ends the process: a [`Pool`] has named two.
    ///
    /// # Safety
    /// `place` came from [`take`](Self::take) of a store of this type, was not given back since, and is not used again.
    unsafe fn give(&self, place: NonNull<u8>);
}

/// Room for `N` tasks of `BYTES` bytes, aligned as `A` is.
pub struct Places<A, const BYTES: usize, const N: usize> {
    flags: [AtomicU8; N],
    next: AtomicUsize,
    places: [UnsafeCell<Place<A, BYTES>>; N],
}

/// Bytes of which nothing is known.
#[repr(C)]
struct Place<A, const BYTES: usize> {
    aligned: [A; 0],
    bytes: [MaybeUninit<u8>; BYTES],
}

impl<A, const BYTES: usize> Place<A, BYTES> {
    const EMPTY: Self = Place { aligned: [], bytes: [MaybeUninit::uninit(); BYTES] };
}

// SAFETY: flags and hint are atomic, and the bytes of a place are touched by its one owner (invariant 1), who sees what the one
// before it did (invariant 2).
unsafe impl<A, const BYTES: usize, const N: usize> Sync for Places<A, BYTES, N> {}

impl<A, const BYTES: usize, const N: usize> Places<A, BYTES, N> {
    /// All places are free.
    #[cfg(any(not(loom), shuttle))]
    #[expect(clippy::new_without_default, reason = "a static is made by a constant function, and a default is none")]
    #[must_use]
    pub const fn new() -> Self {
        const { assert!(N > 0, "a pool has at least one place") };
        Places {
            flags: [const { AtomicU8::new(FREE) }; N],
            next: AtomicUsize::new(0),
            places: [const { UnsafeCell::new(Place::EMPTY) }; N],
        }
    }

    /// As above: loom's atomics are no constants.
    #[cfg(all(loom, not(shuttle)))]
    pub(crate) fn new() -> Self {
        Places {
            flags: core::array::from_fn(|_| AtomicU8::new(FREE)),
            next: AtomicUsize::new(0),
            places: core::array::from_fn(|_| UnsafeCell::new(Place::EMPTY)),
        }
    }

    fn address(&self, index: usize) -> NonNull<u8> {
        let place = self.places[index].with_mut(|place| place);
        // SAFETY: the address of a field of `self`.
        unsafe { NonNull::new_unchecked(place) }.cast()
    }

    /// Which place is at `address`, if one is.
    fn index(&self, address: NonNull<u8>) -> Option<usize> {
        let offset = address.addr().get().checked_sub((&raw const self.places).addr())?;
        let index = offset / size_of::<UnsafeCell<Place<A, BYTES>>>();
        (index < N).then_some(index)
    }
}

impl<A, const BYTES: usize, const N: usize> sealed::Sealed for Places<A, BYTES, N> {}

impl<A: 'static, const BYTES: usize, const N: usize> Store for Places<A, BYTES, N> {
    const PLACE: Layout = Layout::new::<Place<A, BYTES>>();
    const COUNT: usize = N;

    fn take(&self) -> Option<NonNull<u8>> {
        let first = self.next.load(Ordering::Relaxed);
        for step in 0..N {
            let index = (first + step) % N;
            let flag = &self.flags[index];
            // The look saves the locked instruction at places that are taken.
            if flag.load(Ordering::Relaxed) != FREE {
                continue;
            }
            let order = if planted(Plant::PlaceRelaxedTake) { Ordering::Relaxed } else { Ordering::Acquire };
            if flag.compare_exchange(FREE, TAKEN, order, Ordering::Relaxed).is_ok() {
                self.next.store((index + 1) % N, Ordering::Relaxed);
                return Some(self.address(index));
            }
        }
        None
    }

    unsafe fn give(&self, place: NonNull<u8>) {
        let Some(index) = self.index(place) else { crate::util::abort("a task was given back to another pool") };
        let order = if planted(Plant::PlaceRelaxedGive) { Ordering::Relaxed } else { Ordering::Release };
        self.flags[index].store(FREE, order);
        self.next.store(index, Ordering::Relaxed);
    }
}

impl<A, const BYTES: usize, const N: usize> fmt::Debug for Places<A, BYTES, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let taken = self.flags.iter().filter(|flag| flag.load(Ordering::Relaxed) == TAKEN).count();
        f.debug_struct("Places").field("bytes", &BYTES).field("places", &N).field("taken", &taken).finish()
    }
}

/// A type of the alignment `N`, for [`Places`].
#[derive(Debug)]
pub struct Align<const N: usize>;

/// What [`Align`] stands for.
#[diagnostic::on_unimplemented(
    message = "a task in a pool is aligned to at most 128 bytes, and the future of this one to more",
    label = "this future has no place in a pool",
    note = "box what asks for such an alignment, or spawn the future without a pool"
)]
pub trait Aligned {
    /// A type that is aligned so.
    type Unit: 'static;
}

macro_rules! aligned {
    ($($name:ident $align:literal;)+) => {$(
        #[doc(hidden)]
        #[derive(Debug)]
        #[repr(align($align))]
        pub struct $name;
        impl Aligned for Align<$align> {
            type Unit = $name;
        }
    )+};
}
aligned! {
    Align1 1; Align2 2; Align4 4; Align8 8; Align16 16; Align32 32; Align64 64; Align128 128;
}
