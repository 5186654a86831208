//! Ownership while a state runs: native locals for the places that hold values.
//!
//! Whatever ends the state early (`return`, `?`, `break`, a panic) drops these guards as rustc drops locals: in reverse
//! order of their declaration, which is the source's. What lived when the state began comes before all that is declared in
//! it, so one guard may be that of many places.

use core::fmt;
use core::mem::{ManuallyDrop, needs_drop};

use super::Number;
use super::frame::Flags;
use super::trace::ask::Answers;

/// The promise to keep the invariants of guards. There is none without it, so safe code has none.
///
/// The expansion writes guards as values, and not by calls: a call would be one more way to unwind, at every place and every
/// end of a state. So their fields are open, and what an unsafe function would ask for is asked for here, once for all guards
/// of a function.
#[derive(Clone, Copy, Debug)]
pub struct Kept(());

impl Kept {
    /// # Safety
    /// Whoever has this value, or a copy of it, keeps the invariants of each [`Guard`] that is made with it, and gives neither
    /// away.
    #[inline(always)]
    pub const unsafe fn promise() -> Self {
        Kept(())
    }
}

/// Drops the values of up to three places, the last place's first, but for those that were taken or stay for another state.
///
/// What lives when a state begins has one of these for every three places, and what is written in a state has one of its own:
/// rustc checks a guard at each place and each end of a state, so there are few; of larger ones the optimiser makes calls.
///
/// Whoever has one may clear bits of `holds`, which leaves their places to the next state.
///
/// # Invariants
/// 1. While its bit of `holds` is set, a place holds a value, and it is this guard's to drop. The first place has bit 0.
/// 2. The places outlive the guard.
/// 3. Who made it promised both ([`Kept`]).
#[allow(missing_docs, reason = "the fields are those of the invariants")]
pub struct Guard<P: Places> {
    pub places: P,
    pub holds: u8,
    pub kept: Kept,
}

impl<P: Places> fmt::Debug for Guard<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("holds", &self.holds).finish_non_exhaustive()
    }
}

impl<P: Places> Drop for Guard<P> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: inv. 1, and the guard is gone after this.
        unsafe { self.places.end(self.holds) };
    }
}

/// Pointers to up to three places: a tuple of them.
///
/// # Safety
/// `end` drops what its caller says and nothing else.
pub unsafe trait Places: Copy {
    /// Drops the values of the places whose bits are set, in the reverse order, also if one of these drops unwinds.
    ///
    /// # Safety
    /// They hold values, and nobody uses those again.
    unsafe fn end(self, holds: u8);
}

/// A place in the hand of [`Places::end`]: rustc drops locals as the source's would be dropped.
struct Ending<T> {
    place: *mut T,
    holds: bool,
}

impl<T> Drop for Ending<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if needs_drop::<T>() && self.holds {
            // SAFETY: the promise to `end`, which makes one of these for each place.
            unsafe { drop_apart(self.place) };
        }
    }
}

/// A function of its own: what drops a guard is inlined where the state ends only while it is small, and then the optimiser knows
/// which places still hold values.
///
/// # Safety
/// The place holds a value, and nobody uses it again.
#[inline(never)]
unsafe fn drop_apart<T>(place: *mut T) {
    // SAFETY: the caller's promise.
    unsafe { core::ptr::drop_in_place(place) };
}

macro_rules! places {
    ($($type:ident $place:ident $bit:literal)*) => {
        // SAFETY: it drops the places by their bits.
        unsafe impl<$($type),*> Places for ($(*mut $type,)*) {
            #[inline(always)]
            unsafe fn end(self, holds: u8) {
                let ($($place,)*) = self;
                $(let _ending = Ending { place: $place, holds: holds & (1 << $bit) != 0 };)*
            }
        }
    };
}
places!(A a 0);
places!(A a 0 B b 1);
places!(A a 0 B b 1 C c 2);

macro_rules! noted {
    ($($(#[$doc:meta])* $name:ident: $($place:ident $bit:ident)*;)*) => {$(
        $(#[$doc])*
        ///
        /// (Of a place without a destructor nothing is ever noted, and nobody asks.)
        #[allow(clippy::too_many_arguments, reason = "two for each place")]
        #[inline(always)]
        pub fn $name<B: Flags>(mut holds: u8, flags: B, $($place: u8, $bit: u32),*) -> u8 {
            $(if !flags.get($bit) {
                holds &= !$place;
            })*
            holds
        }
    )*};
}
noted! {
    /// `holds` as a state begins with it, whose bit `a` is that of a place that may have been moved out of: cleared, unless the
    /// bit `in_a` of the flags says that it holds a value.
    noted_1: a in_a;
    /// The same of two places.
    noted_2: a in_a b in_b;
    /// The same of three places.
    noted_3: a in_a b in_b c in_c;
}

/// Notes for the next state that a place holds a value.
#[inline(always)]
pub fn note<T, B: Flags>(_: *mut T, flags: &mut B, bit: u32) {
    if needs_drop::<T>() {
        flags.set(bit, true);
    }
}

/// A place whose value is moved out now: clears its bit in the guard's `holds`. (Of a `Copy` value it is a copy: what stays
/// needs no drop, and may be read again.)
#[inline(always)]
pub fn gone<T>(place: *mut T, holds: &mut u8, bit: u8) -> *mut T {
    *holds &= !bit;
    place
}

/// [`gone`], and notes it.
#[inline(always)]
pub fn gone_noted<T, B: Flags>(place: *mut T, holds: &mut u8, bit: u8, flags: &mut B, noted: u32) -> *mut T {
    if needs_drop::<T>() {
        flags.set(noted, false);
    }
    gone(place, holds, bit)
}

/// `place = value`: drops the old value, if there is one, and writes the new one, also if that drop unwinds.
///
/// A raw pointer to the guard's `holds`, since `value` may use it: `x = f(x)`.
///
/// # Safety
/// `holds` points to that of a guard that is in no other use, and `bit` is that of the place.
#[inline(always)]
pub unsafe fn assign<T>(place: *mut T, holds: *mut u8, bit: u8, value: T) {
    // SAFETY: the value is made by now, and the caller says that nobody else uses the guard.
    let holds = unsafe { &mut *holds };
    let old = *holds & bit != 0;
    *holds &= !bit;
    let put = Put { place, holds, bit, value: ManuallyDrop::new(value) };
    if old {
        // SAFETY: the bit said that there is a value (inv. 1) and says no more that there is one.
        unsafe { put.place.drop_in_place() };
    }
}

/// [`assign`], and notes it. Should the old value's drop unwind, nobody looks at the bit of the flags again.
///
/// # Safety
/// As [`assign`]; `flags` points to what is in no other use.
#[inline(always)]
pub unsafe fn assign_noted<T, B: Flags>(place: *mut T, holds: *mut u8, bit: u8, value: T, flags: *mut B, noted: u32) {
    // SAFETY: the caller's promise.
    unsafe { assign(place, holds, bit, value) };
    // SAFETY: as above; the value is made by now.
    note(place, unsafe { &mut *flags }, noted);
}

/// Writes the new value of an assignment when it is dropped.
struct Put<'a, T> {
    place: *mut T,
    holds: &'a mut u8,
    bit: u8,
    value: ManuallyDrop<T>,
}

impl<T> Drop for Put<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the value is taken here alone, and this runs once.
        let value = unsafe { ManuallyDrop::take(&mut self.value) };
        // SAFETY: the place outlives its guard, and its old value is gone.
        unsafe { self.place.write(value) };
        *self.holds |= self.bit;
    }
}

/// Writes [`POISONED`](Number::POISONED) as the machine's state when a poll unwinds: nothing else ends one without
/// [`leave`](Self::leave). A poll of a machine that is done unwinds, too, and the machine stays done.
///
/// A question unwinds as well, and is [answered](Answers::answer) here.
#[derive(Debug)]
pub struct Poison<M: Answers> {
    state: *mut M::Number,
    left: bool,
}

impl<M: Answers> Poison<M> {
    /// # Safety
    /// `state` is that of the machine that is polled, an `M`, which outlives this.
    #[inline(always)]
    pub unsafe fn new(state: *mut M::Number) -> Self {
        Poison { state, left: false }
    }

    /// Ends the poll in good order.
    #[inline(always)]
    pub fn leave(&mut self, state: M::Number) {
        self.left = true;
        // SAFETY: the state outlives this, as promised to `new`.
        unsafe { self.state.write(state) };
    }
}

impl<M: Answers> Drop for Poison<M> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.left {
            return;
        }
        // SAFETY: the state outlives this, as promised to `new`.
        let state = unsafe { self.state.read() };
        if state != M::Number::DONE {
            // SAFETY: as above.
            unsafe { self.state.write(M::Number::POISONED) };
        }
        M::answer(state);
    }
}
