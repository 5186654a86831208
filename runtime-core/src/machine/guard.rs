//! Ownership while a state runs: a native local for each place that holds a value.
//!
//! Whatever ends the state early (`return`, `?`, `break`, a panic) drops these guards as rustc drops locals: in reverse
//! order of their declaration, which is the source's.

use core::fmt;
use core::mem::{ManuallyDrop, needs_drop};

use super::Number;
use super::frame::Flags;
use super::parts::Awaited;
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
    /// Whoever has this value, or a copy of it, keeps the invariants of each [`Guard`] and each [`Awaiting`] that is made with
    /// it, and gives none of the three away.
    #[inline(always)]
    pub const unsafe fn promise() -> Self {
        Kept(())
    }
}

/// Drops the value of a place, unless it was taken or stays for another state.
///
/// Whoever has one may clear `holds`, which leaves the place to the next state.
///
/// # Invariants
/// 1. While `holds`, the place holds a value, and it is this guard's to drop.
/// 2. The place outlives the guard.
/// 3. Who made it promised both ([`Kept`]).
#[allow(missing_docs, reason = "the fields are those of the invariants")]
pub struct Guard<T> {
    pub place: *mut T,
    pub holds: bool,
    pub kept: Kept,
}

impl<T> fmt::Debug for Guard<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("holds", &self.holds).finish_non_exhaustive()
    }
}

impl<T> Guard<T> {
    /// The guard of a place that holds a value if the bit is set. Without a destructor the bit is not looked at.
    ///
    /// # Safety
    /// The bit says whether the place holds a value: [`note`](Self::note) followed each change. The place outlives the guard
    /// (inv. 2).
    #[inline(always)]
    pub unsafe fn load<B: Flags>(place: *mut T, flags: B, bit: u32) -> Self {
        // Kept by the caller's promise: what the bit says is inv. 1, and the rest is inv. 2.
        Guard { place, holds: !needs_drop::<T>() || flags.get(bit), kept: Kept(()) }
    }

    /// Notes for the next state whether the place holds a value.
    #[inline(always)]
    pub fn note<B: Flags>(&mut self, flags: &mut B, bit: u32) {
        if needs_drop::<T>() {
            flags.set(bit, self.holds);
        }
    }

    /// Moves the value out. (Of a `Copy` value it is a copy: what stays needs no drop, and may be read again.)
    ///
    /// # Safety
    /// The place holds a value.
    #[inline(always)]
    pub unsafe fn take(&mut self) -> T {
        self.holds = false;
        // SAFETY: the caller says that there is a value, and `holds` says from now on that there is none.
        unsafe { self.place.read() }
    }

    /// Moves the value out, and notes it.
    ///
    /// # Safety
    /// As [`take`](Self::take).
    #[inline(always)]
    pub unsafe fn take_noted<B: Flags>(&mut self, flags: &mut B, bit: u32) -> T {
        // SAFETY: the caller's promise.
        let value = unsafe { self.take() };
        self.note(flags, bit);
        value
    }
}

/// `place = value`: drops the old value, if there is one, and writes the new one, also if that drop unwinds.
///
/// A raw pointer, since `value` may use the guard: `x = f(x)`.
///
/// # Safety
/// `guard` points to a guard that is in no other use.
#[inline(always)]
pub unsafe fn assign<T>(guard: *mut Guard<T>, value: T) {
    // SAFETY: the value is made by now, and the caller says that nobody else uses the guard.
    let guard = unsafe { &mut *guard };
    let old = core::mem::replace(&mut guard.holds, false);
    let put = Put { guard, value: ManuallyDrop::new(value) };
    if old {
        // SAFETY: `holds` said that there is a value (inv. 1) and says no more that there is one.
        unsafe { put.guard.place.drop_in_place() };
    }
}

/// [`assign`], and notes it. Should the old value's drop unwind, nobody looks at the bit again.
///
/// # Safety
/// `guard` and `flags` point to what is in no other use.
#[inline(always)]
pub unsafe fn assign_noted<T, B: Flags>(guard: *mut Guard<T>, value: T, flags: *mut B, bit: u32) {
    // SAFETY: the caller's promise.
    unsafe { assign(guard, value) };
    // SAFETY: as above; the value is made by now.
    let guard = unsafe { &mut *guard };
    // SAFETY: as above.
    guard.note(unsafe { &mut *flags }, bit);
}

impl<T> Drop for Guard<T> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.holds {
            // SAFETY: inv. 1, and the guard is gone after this.
            unsafe { self.place.drop_in_place() };
        }
    }
}

/// Drops the awaited future of a state, unless it stays for another poll.
///
/// Written by the expansion, as [`Guard`] is.
///
/// # Invariants
/// 1. While `holds`, the places hold a future, and it is this guard's to drop.
/// 2. The places outlive the guard.
/// 3. Who made it promised both ([`Kept`]).
#[allow(missing_docs, reason = "the fields are those of the invariants")]
pub struct Awaiting<K: Awaited> {
    pub place: *mut K,
    /// Where its head lies: room for a `K::Head`.
    pub head: *mut (),
    pub holds: bool,
    pub kept: Kept,
}

impl<K: Awaited> fmt::Debug for Awaiting<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Awaiting").field("holds", &self.holds).finish_non_exhaustive()
    }
}

impl<K: Awaited> Drop for Awaiting<K> {
    #[inline(always)]
    fn drop(&mut self) {
        if self.holds {
            // SAFETY: inv. 1, and the guard is gone after this.
            unsafe { K::end(self.place, self.head.cast()) };
        }
    }
}

/// Writes the new value of an assignment when it is dropped.
struct Put<'a, T> {
    guard: &'a mut Guard<T>,
    value: ManuallyDrop<T>,
}

impl<T> Drop for Put<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the value is taken here alone, and this runs once.
        let value = unsafe { ManuallyDrop::take(&mut self.value) };
        // SAFETY: the place outlives its guard, and its old value is gone.
        unsafe { self.guard.place.write(value) };
        self.guard.holds = true;
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
