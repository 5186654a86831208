//! The storage of a machine, as types that rustc infers.
//!
//! `S` of a [`Frame`] is a tree. A place that is opened while another one holds a value is beneath it, *beside* it:
//! [`Beside<Place, Children>`](Beside), or [`Four`] of them at once. Places that never hold values together *share* their bytes:
//! [`Overlay<A, B>`](Overlay).
//!
//! # Invariants
//! 1. No function here makes a reference; all but `write` and `read` compute addresses only.

use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};

/// A header, and the storage after it. `X0` to `X7` are the types of small places that never share their bytes: as fields
/// of the one struct they fill the gap between the header and the storage, which nested structs would not.
pub struct Frame<S, B = (), N = u8, X0 = (), X1 = (), X2 = (), X3 = (), X4 = (), X5 = (), X6 = (), X7 = ()> {
    /// The number of the state that the next poll continues with.
    pub state: N,
    /// Which of the places that may have been moved out hold a value, a bit each.
    pub flags: B,
    x0: MaybeUninit<X0>,
    x1: MaybeUninit<X1>,
    x2: MaybeUninit<X2>,
    x3: MaybeUninit<X3>,
    x4: MaybeUninit<X4>,
    x5: MaybeUninit<X5>,
    x6: MaybeUninit<X6>,
    x7: MaybeUninit<X7>,
    storage: MaybeUninit<S>,
}
impl<S, B: fmt::Debug, N: fmt::Debug, X0, X1, X2, X3, X4, X5, X6, X7> fmt::Debug
    for Frame<S, B, N, X0, X1, X2, X3, X4, X5, X6, X7>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("state", &self.state).field("flags", &self.flags).finish_non_exhaustive()
    }
}

/// The storage of `A` and that of `B`. Only ever within the one `MaybeUninit` of a frame.
#[derive(Debug)]
pub struct Beside<A, B> {
    a: A,
    b: B,
}

/// Four places that live within each other, and the storage of what lives within them: as deep as one, for types are
/// only so deep that rustc follows them (`recursion_limit`).
#[derive(Debug)]
pub struct Four<A, B, C, D, E> {
    a: A,
    b: B,
    c: C,
    d: D,
    rest: E,
}

/// The storage of `A` or of `B`, of one at a time.
pub union Overlay<A, B> {
    _a: ManuallyDrop<A>,
    _b: ManuallyDrop<B>,
}

impl<A, B> fmt::Debug for Overlay<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay").finish_non_exhaustive()
    }
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident: $field:ident $ty:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `frame` points to allocated memory of that type.
        #[inline(always)]
        pub unsafe fn $name<S, B, N, X0, X1, X2, X3, X4, X5, X6, X7>(
            frame: *mut Frame<S, B, N, X0, X1, X2, X3, X4, X5, X6, X7>,
        ) -> *mut $ty {
            // SAFETY: in bounds, since the memory of the whole frame is there.
            unsafe { &raw mut (*frame).$field }.cast()
        }
    )*};
}
fields! {
    /// The storage of a frame.
    storage: storage S
    /// The first small place of a frame.
    small_0: x0 X0
    /// The second small place of a frame.
    small_1: x1 X1
    /// The third small place of a frame.
    small_2: x2 X2
    /// The fourth small place of a frame.
    small_3: x3 X3
    /// The fifth small place of a frame.
    small_4: x4 X4
    /// The sixth small place of a frame.
    small_5: x5 X5
    /// The seventh small place of a frame.
    small_6: x6 X6
    /// The eighth small place of a frame.
    small_7: x7 X7
}

/// The first of two.
///
/// # Safety
/// `p` points to allocated memory of that type.
#[inline(always)]
pub unsafe fn first<A, B>(p: *mut Beside<A, B>) -> *mut A {
    // SAFETY: in bounds, as the caller promises.
    unsafe { &raw mut (*p).a }
}

/// The second of two.
///
/// # Safety
/// `p` points to allocated memory of that type.
#[inline(always)]
pub unsafe fn second<A, B>(p: *mut Beside<A, B>) -> *mut B {
    // SAFETY: in bounds, as the caller promises.
    unsafe { &raw mut (*p).b }
}

macro_rules! of_four {
    ($($(#[$doc:meta])* $name:ident: $field:ident $ty:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `p` points to allocated memory of that type.
        #[inline(always)]
        pub unsafe fn $name<A, B, C, D, E>(p: *mut Four<A, B, C, D, E>) -> *mut $ty {
            // SAFETY: in bounds, as the caller promises.
            unsafe { &raw mut (*p).$field }
        }
    )*};
}
of_four! {
    /// The first of four.
    four_0: a A
    /// The second of four.
    four_1: b B
    /// The third of four.
    four_2: c C
    /// The fourth of four.
    four_3: d D
    /// What lives within the four.
    four_rest: rest E
}

/// One of two that share their bytes.
#[inline(always)]
pub fn left<A, B>(p: *mut Overlay<A, B>) -> *mut A {
    p.cast()
}

/// The other one of two that share their bytes.
#[inline(always)]
pub fn right<A, B>(p: *mut Overlay<A, B>) -> *mut B {
    p.cast()
}

/// Begins a value.
///
/// # Safety
/// The place is there, and holds no value that somebody drops.
#[inline(always)]
pub unsafe fn write<T>(place: *mut T, value: T) {
    // SAFETY: as the caller promises.
    unsafe { place.write(value) };
}

/// Moves a value out.
///
/// # Safety
/// The place holds a value, and nobody uses it again.
#[inline(always)]
pub unsafe fn read<T>(place: *mut T) -> T {
    // SAFETY: as the caller promises.
    unsafe { place.read() }
}

/// Says that nothing lies here.
#[inline(always)]
pub fn nothing(_p: *mut ()) {}

/// Bits of a [`Frame`].
pub trait Flags: Copy {
    /// No bit set.
    const NONE: Self;
    /// Whether a bit is set.
    fn get(self, bit: u32) -> bool;
    /// Sets or clears a bit.
    fn set(&mut self, bit: u32, value: bool);
}

/// For frames whose places are never moved out of.
impl Flags for () {
    const NONE: Self = ();
    #[inline(always)]
    fn get(self, _: u32) -> bool {
        true
    }
    #[inline(always)]
    fn set(&mut self, _: u32, _: bool) {}
}

macro_rules! flags {
    ($($int:ty)*) => {$(
        impl Flags for $int {
            const NONE: Self = 0;
            #[inline(always)]
            fn get(self, bit: u32) -> bool {
                (self >> bit) & 1 != 0
            }
            #[inline(always)]
            fn set(&mut self, bit: u32, value: bool) {
                *self = (*self & !(1 << bit)) | (<$int>::from(value) << bit);
            }
        }
    )*};
}
flags!(u8 u16 u32 u64);
