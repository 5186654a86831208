//! What a machine is stored in, as types that rustc infers: a head of a few bytes, and storage beside it.
//!
//! The storage is an expression over places. Places that hold values together lie *beside* each other:
//! [`Beside<A, B, …>`](Beside). Places that never do *share* their bytes: [`Overlay<A, B>`](Overlay).
//!
//! # Invariants
//! 1. No function here makes a reference; all but `write` and `read` compute addresses only.

use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};

/// What of a machine has little alignment: its state, and the heads of the machines that it awaits, which share their bytes
/// (one at a time is awaited). So a level of a chain of calls takes the bytes of its state, and not those up to the next address
/// that its storage may begin at.
///
/// `X0` to `X7` are the types of small places that never share their bytes: as fields of the one struct they fill the gap
/// between the states and the storage.
pub struct Head<I, B = (), N = u8, X0 = (), X1 = (), X2 = (), X3 = (), X4 = (), X5 = (), X6 = (), X7 = ()> {
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
    inner: MaybeUninit<I>,
}

impl<I, B: fmt::Debug, N: fmt::Debug, X0, X1, X2, X3, X4, X5, X6, X7> fmt::Debug
    for Head<I, B, N, X0, X1, X2, X3, X4, X5, X6, X7>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("state", &self.state).field("flags", &self.flags).finish_non_exhaustive()
    }
}

/// Up to eight places, or parts of the storage, each with bytes of its own. In one struct, since it is rustc that orders
/// fields by their alignment, and since types are only so deep that rustc follows them (`recursion_limit`). Only ever within
/// the one `MaybeUninit` of a machine's storage.
#[derive(Debug)]
pub struct Beside<A, B, C = (), D = (), E = (), F = (), G = (), H = ()> {
    a: A,
    b: B,
    c: C,
    d: D,
    e: E,
    f: F,
    g: G,
    h: H,
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
        /// `head` points to allocated memory of that type.
        #[inline(always)]
        pub unsafe fn $name<I, B, N, X0, X1, X2, X3, X4, X5, X6, X7>(
            head: *mut Head<I, B, N, X0, X1, X2, X3, X4, X5, X6, X7>,
        ) -> *mut $ty {
            // SAFETY: in bounds, since the memory of the whole head is there.
            unsafe { &raw mut (*head).$field }.cast()
        }
    )*};
}
fields! {
    /// The heads of what is awaited.
    inner: inner I
    /// The first small place of a head.
    small_0: x0 X0
    /// The second small place of a head.
    small_1: x1 X1
    /// The third small place of a head.
    small_2: x2 X2
    /// The fourth small place of a head.
    small_3: x3 X3
    /// The fifth small place of a head.
    small_4: x4 X4
    /// The sixth small place of a head.
    small_5: x5 X5
    /// The seventh small place of a head.
    small_6: x6 X6
    /// The eighth small place of a head.
    small_7: x7 X7
}

macro_rules! beside {
    ($($(#[$doc:meta])* $name:ident: $field:ident $ty:ident)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// `p` points to allocated memory of that type.
        #[inline(always)]
        pub unsafe fn $name<A, B, C, D, E, F, G, H>(p: *mut Beside<A, B, C, D, E, F, G, H>) -> *mut $ty {
            // SAFETY: in bounds, as the caller promises.
            unsafe { &raw mut (*p).$field }
        }
    )*};
}
beside! {
    /// The first part.
    beside_0: a A
    /// The second part.
    beside_1: b B
    /// The third part.
    beside_2: c C
    /// The fourth part.
    beside_3: d D
    /// The fifth part.
    beside_4: e E
    /// The sixth part.
    beside_5: f F
    /// The seventh part.
    beside_6: g G
    /// The eighth part.
    beside_7: h H
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

/// Bits of a [`Head`].
pub trait Flags: Copy {
    /// No bit set.
    const NONE: Self;
    /// Whether a bit is set.
    fn get(self, bit: u32) -> bool;
    /// Sets or clears a bit.
    fn set(&mut self, bit: u32, value: bool);
}

/// For machines whose places are never moved out of.
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
