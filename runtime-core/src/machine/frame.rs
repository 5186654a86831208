//! The storage of a machine, as types that rustc infers.
//!
//! `S` of a [`Frame`] is a tree. A place that is opened while another one holds a value is beneath it, *beside* it:
//! [`Beside<Place, Children>`](Beside). Places that never hold values together *share* their bytes:
//! [`Overlay<A, B>`](Overlay).
//!
//! # Invariants
//! 1. No function here makes a reference; all but `write` and `read` compute addresses only.

use core::fmt;
use core::mem::{ManuallyDrop, MaybeUninit};

/// A header, and the storage after it.
pub struct Frame<S, B = ()> {
    /// The number of the state that the next poll continues with.
    pub state: u8,
    /// Which of the places that may have been moved out hold a value, a bit each.
    pub flags: B,
    storage: MaybeUninit<S>,
}

impl<S, B: fmt::Debug> fmt::Debug for Frame<S, B> {
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

/// The storage of a frame.
///
/// # Safety
/// `frame` points to allocated memory of that type.
#[inline(always)]
pub unsafe fn storage<S, B>(frame: *mut Frame<S, B>) -> *mut S {
    // SAFETY: in bounds, since the memory of the whole frame is there.
    unsafe { &raw mut (*frame).storage }.cast()
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
