//! The pieces by hand. What the macro makes of them is tested in `tests/async_fn.rs` of the facade.

use core::cell::Cell;

use super::Number;
use super::frame::{self, Beside, Flags, Frame, Overlay};
use super::guard::{Guard, Poison, assign};
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::string::String;

/// Counts its drops.
struct Counted<'a>(&'a Cell<u32>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

/// Panics when it is dropped.
struct Bomb(bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(!self.0, "bomb");
    }
}

#[test]
fn a_guard_drops_its_place_once() {
    let drops = Cell::new(0);
    let mut place = core::mem::ManuallyDrop::new(Counted(&drops));
    // SAFETY: the place holds a value, and only this guard drops it.
    drop(unsafe { Guard::new(&raw mut *place) });
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_guard_that_leaves_drops_nothing() {
    let drops = Cell::new(0);
    let mut place = core::mem::ManuallyDrop::new(Counted(&drops));
    // SAFETY: the place holds a value, and only these guards drop it.
    let mut guard = unsafe { Guard::new(&raw mut *place) };
    guard.leave();
    drop(guard);
    assert_eq!(drops.get(), 0);
    // SAFETY: as above; the first guard left the value.
    let mut guard = unsafe { Guard::new(&raw mut *place) };
    // SAFETY: the guard holds a value.
    drop(unsafe { guard.take() });
    drop(guard);
    assert_eq!(drops.get(), 1, "taken, and dropped by whoever took it");
}

#[test]
fn a_bit_tells_the_next_guard_what_was_moved() {
    let drops = Cell::new(0);
    let mut bits = u8::NONE;
    let mut place = core::mem::ManuallyDrop::new(Counted(&drops));
    // SAFETY: the place holds a value.
    let mut guard = unsafe { Guard::new(&raw mut *place) };
    guard.save(&mut bits, 3);
    assert_eq!(bits, 8);
    // SAFETY: the bit was written by `save`.
    let mut guard = unsafe { Guard::load(&raw mut *place, bits, 3) };
    // SAFETY: the guard holds a value.
    drop(unsafe { guard.take() });
    guard.save(&mut bits, 3);
    assert_eq!((bits, drops.get()), (0, 1));
    // SAFETY: the bit was written by `save`.
    drop(unsafe { Guard::load(&raw mut *place, bits, 3) });
    assert_eq!(drops.get(), 1);
}

#[test]
fn assignment_drops_the_old_value_and_keeps_the_new_one() {
    let drops = Cell::new(0);
    let mut place = core::mem::ManuallyDrop::new(Counted(&drops));
    // SAFETY: the place holds a value, and only this guard drops it.
    let mut guard = unsafe { Guard::new(&raw mut *place) };
    // SAFETY: the guard is ours, here and below.
    unsafe { assign(&raw mut guard, Counted(&drops)) };
    assert_eq!(drops.get(), 1);
    // SAFETY: the guard holds a value.
    drop(unsafe { guard.take() });
    // SAFETY: as above.
    unsafe { assign(&raw mut guard, Counted(&drops)) };
    assert_eq!(drops.get(), 2, "there was no old value to drop");
    drop(guard);
    assert_eq!(drops.get(), 3);
}

#[test]
fn assignment_writes_although_the_old_value_panics_when_dropped() {
    let mut place = core::mem::ManuallyDrop::new(Bomb(true));
    // SAFETY: the place holds a value, and only this guard drops it.
    let mut guard = unsafe { Guard::new(&raw mut *place) };
    let set = AssertUnwindSafe(|| {
        // SAFETY: the guard is ours.
        unsafe { assign(&raw mut guard, Bomb(false)) }
    });
    assert!(catch_unwind(set).is_err());
    // SAFETY: the new value is there, in spite of the panic.
    assert!(!unsafe { guard.take() }.0);
}

#[test]
fn only_an_unwinding_poll_poisons() {
    let mut state = 3u8;
    // SAFETY: the state outlives the guard.
    let mut poison = unsafe { Poison::new(&raw mut state) };
    poison.done();
    drop(poison);
    assert_eq!(state, u8::DONE);
    // SAFETY: as above.
    drop(unsafe { Poison::new(&raw mut state) });
    assert_eq!(state, u8::POISONED);
}

#[test]
fn places_lie_beside_each_other_or_share_their_bytes() {
    type Storage = Beside<String, Overlay<u64, [u16; 3]>>;
    let mut memory = core::mem::MaybeUninit::<Frame<Storage, u16>>::uninit();
    let frame = memory.as_mut_ptr();
    // SAFETY: the memory of the frame is there, here and below.
    let storage = unsafe { frame::storage(frame) };
    // SAFETY: as above.
    let text = unsafe { frame::first(storage) };
    // SAFETY: as above.
    let rest = unsafe { frame::second(storage) };
    let (number, array) = (frame::left(rest), frame::right(rest));
    assert_eq!(number.cast::<u8>(), array.cast::<u8>());
    assert!(text.addr().abs_diff(rest.addr()) >= size_of::<u64>());
    assert!(size_of::<Frame<Storage, u16>>() <= size_of::<(u8, u16, String, u64)>());
}
