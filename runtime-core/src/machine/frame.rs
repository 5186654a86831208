//! What a machine is stored in, as types that rustc infers: a head of a few bytes, and storage beside it.
//!
//! The storage is an expression over places. Places that hold values together lie *beside* each other:
//! [`Beside<A, B, …>`](Beside). Places that never do *share* their bytes: [`Share<A, B, …>`](Share).
//!
//! All parts of a struct have their addresses from one call. Until a state writes to a place its type is a variable, of which
//! rustc asks at nearly every expression whether it is known by now: so there are few expressions before the states, and what
//! ties the types together stands behind them.
//!
//! # Invariants
//! 1. No function here makes a reference; all but `write` and `read` compute addresses, or nothing.
//! 2. What these types describe lies in a `MaybeUninit`, as a whole: no value of them is ever made, read or dropped.

use core::fmt;
use core::mem::{ManuallyDrop, offset_of};

use super::Number;

/// What of a machine has little alignment: its state, and the heads of the machines that it awaits, which share their bytes
/// (one at a time is awaited). So a level of a chain of calls takes the bytes of its state, and not those up to the next address
/// that its storage may begin at.
///
/// `X0` to `X7` are the types of small places that never share their bytes: as fields of the one struct they fill the gap
/// between the states and the storage.
#[allow(missing_docs, reason = "the fields are those of the sentence above")]
pub struct Head<I, B = (), N = u8, X0 = (), X1 = (), X2 = (), X3 = (), X4 = (), X5 = (), X6 = (), X7 = ()> {
    /// The number of the state that the next poll continues with.
    pub state: N,
    /// Which of the places that may have been moved out hold a value, a bit each.
    pub flags: B,
    pub x0: X0,
    pub x1: X1,
    pub x2: X2,
    pub x3: X3,
    pub x4: X4,
    pub x5: X5,
    pub x6: X6,
    pub x7: X7,
    /// The heads of what is awaited.
    pub inner: I,
}

impl<I, B: fmt::Debug, N: fmt::Debug, X0, X1, X2, X3, X4, X5, X6, X7> fmt::Debug
    for Head<I, B, N, X0, X1, X2, X3, X4, X5, X6, X7>
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Head").field("state", &self.state).field("flags", &self.flags).finish_non_exhaustive()
    }
}

/// What has the number of a state.
///
/// # Safety
/// `state` gives the address of a number that lies in the head, and of the same one each time.
pub unsafe trait HasState {
    /// The number's type.
    type Number: Number;
    /// Where it is, in bytes from the head.
    const AT: usize;

    /// Where it is.
    ///
    /// # Safety
    /// `head` points to allocated memory of that type.
    unsafe fn state(head: *mut Self) -> *mut Self::Number;
}

// SAFETY: it is the address of a field.
unsafe impl<I, B, N: Number, X0, X1, X2, X3, X4, X5, X6, X7> HasState
    for Head<I, B, N, X0, X1, X2, X3, X4, X5, X6, X7>
{
    type Number = N;
    const AT: usize = offset_of!(Self, state);

    #[inline(always)]
    unsafe fn state(head: *mut Self) -> *mut N {
        // SAFETY: in bounds, since the memory of the whole head is there.
        unsafe { &raw mut (*head).state }
    }
}

/// Up to eight places, or parts of the storage, each with bytes of its own. In one struct, since it is rustc that orders
/// fields by their alignment, and since types are only so deep that rustc follows them (`recursion_limit`).
#[derive(Debug)]
pub struct Beside<A, B, C = (), D = (), E = (), F = (), G = (), H = ()> {
    pub(super) a: A,
    pub(super) b: B,
    c: C,
    d: D,
    e: E,
    f: F,
    g: G,
    h: H,
}

/// The storage of one of up to eight parts, of one at a time.
pub union Share<A, B, C = (), D = (), E = (), F = (), G = (), H = ()> {
    _a: ManuallyDrop<A>,
    _b: ManuallyDrop<B>,
    _c: ManuallyDrop<C>,
    _d: ManuallyDrop<D>,
    _e: ManuallyDrop<E>,
    _f: ManuallyDrop<F>,
    _g: ManuallyDrop<G>,
    _h: ManuallyDrop<H>,
}

impl<A, B, C, D, E, F, G, H> fmt::Debug for Share<A, B, C, D, E, F, G, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").finish_non_exhaustive()
    }
}

macro_rules! beside {
    ($($(#[$doc:meta])* $name:ident: $($part:ident $field:ident)*;)*) => {$(
        $(#[$doc])*
        ///
        /// # Safety
        /// The memory is there.
        #[inline(always)]
        pub unsafe fn $name<$($part),*>(p: *mut Beside<$($part),*>) -> ($(*mut $part,)*) {
            // SAFETY: in bounds, as the caller says.
            ($(unsafe { &raw mut (*p).$field },)*)
        }
    )*};
}
beside! {
    /// Two parts beside each other.
    beside_2: A a B b;
    /// Three parts beside each other.
    beside_3: A a B b C c;
    /// Four parts beside each other.
    beside_4: A a B b C c D d;
    /// Five parts beside each other.
    beside_5: A a B b C c D d E e;
    /// Six parts beside each other.
    beside_6: A a B b C c D d E e F f;
    /// Seven parts beside each other.
    beside_7: A a B b C c D d E e F f G g;
    /// Eight parts beside each other.
    beside_8: A a B b C c D d E e F f G g H h;
}

macro_rules! share {
    ($($(#[$doc:meta])* $name:ident: $($part:ident)*;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name<$($part),*>(p: *mut Share<$($part),*>) -> ($(*mut $part,)*) {
            // A call of `cast` would be a function for each of the types.
            ($(p as *mut $part,)*)
        }
    )*};
}
share! {
    /// Two parts that share their bytes.
    share_2: A B;
    /// Three parts that share their bytes.
    share_3: A B C;
    /// Four parts that share their bytes.
    share_4: A B C D;
    /// Five parts that share their bytes.
    share_5: A B C D E;
    /// Six parts that share their bytes.
    share_6: A B C D E F;
    /// Seven parts that share their bytes.
    share_7: A B C D E F G;
    /// Eight parts that share their bytes.
    share_8: A B C D E F G H;
}

macro_rules! tie {
    ($($(#[$doc:meta])* $name:ident: $($part:ident)*;)*) => {$(
        $(#[$doc])*
        #[allow(clippy::too_many_arguments, reason = "it is what has the parts")]
        #[inline(always)]
        pub fn $name<$($part),*>($(_: *mut $part,)* _: *mut Share<$($part),*>) {}
    )*};
}
tie! {
    /// Says that two parts share these bytes.
    tie_2: A B;
    /// Says that three parts share these bytes.
    tie_3: A B C;
    /// Says that four parts share these bytes.
    tie_4: A B C D;
    /// Says that five parts share these bytes.
    tie_5: A B C D E;
    /// Says that six parts share these bytes.
    tie_6: A B C D E F;
    /// Says that seven parts share these bytes.
    tie_7: A B C D E F G;
    /// Says that eight parts share these bytes.
    tie_8: A B C D E F G H;
}

/// Begins a value.
///
/// # Safety
/// The place is there, and holds no value that somebody drops.
#[inline(always)]
pub unsafe fn write<T>(place: *mut T, value: T) {
    // SAFETY: as the caller promises.
    unsafe { core::ptr::write(place, value) };
}

/// Moves a value out.
///
/// # Safety
/// The place holds a value, and nobody uses it again.
#[inline(always)]
pub unsafe fn read<T>(place: *mut T) -> T {
    // SAFETY: as the caller promises.
    unsafe { core::ptr::read(place) }
}

/// Bits of a [`Head`].
///
/// # Safety
/// `get` says of a bit what was `set` last.
pub unsafe trait Flags: Copy {
    /// No bit set.
    const NONE: Self;
    /// Whether a bit is set.
    fn get(self, bit: u32) -> bool;
    /// Sets or clears a bit.
    fn set(&mut self, bit: u32, value: bool);
}

/// For machines whose places are never moved out of.
// SAFETY: nobody sets a bit: there are no flags.
unsafe impl Flags for () {
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
        // SAFETY: a bit is a bit of the number; the macro counts as many as it has.
        unsafe impl Flags for $int {
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
