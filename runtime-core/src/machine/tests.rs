//! The pieces by hand. What the macro makes of them is tested in `tests/async_fn.rs` of the facade.

use core::cell::Cell;

use super::frame::{Beside, Flags, Head, Share, beside_2, share_2};
use super::guard::{Guard, Kept, Poison, assign, assign_noted, gone, gone_noted, note, noted_1, noted_2, noted_3};
use super::parts::{Awaited, BeginWhole, HeadOf, InParts, StorageOf, into_future, poll};
use super::trace::ask::Answers;
use super::trace::{Walk, drops_unbegun};
use super::{Number, Step, machine, resumed};
use core::mem::MaybeUninit;
use core::panic::AssertUnwindSafe;
use core::task::{Context, Poll, Waker};
use std::boxed::Box;
use std::panic::catch_unwind;
use std::string::String;

// SAFETY: each place of these tests holds a value while its guard says so, and outlives it.
const KEPT: Kept = unsafe { Kept::promise() };

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
    // The place holds a value, and only this guard drops it.
    drop(Guard { places: (&raw mut *place,), holds: 1, kept: KEPT });
    assert_eq!(drops.get(), 1);
}

#[test]
fn a_guard_that_leaves_drops_nothing() {
    let drops = Cell::new(0);
    let mut place = core::mem::ManuallyDrop::new(Counted(&drops));
    let place = &raw mut *place;
    // The place holds a value, and only these guards drop it.
    let mut guard = Guard { places: (place,), holds: 1, kept: KEPT };
    guard.holds = 0;
    drop(guard);
    assert_eq!(drops.get(), 0);
    // The first guard left the value.
    let mut guard = Guard { places: (place,), holds: 1, kept: KEPT };
    // SAFETY: the guard holds a value.
    drop(unsafe { gone(place, &mut guard.holds, 1).read() });
    drop(guard);
    assert_eq!(drops.get(), 1, "taken, and dropped by whoever took it");
}

/// Tells of its drop, and panics then if it is to.
struct Told<'a>(u8, &'a Cell<std::vec::Vec<u8>>, bool);

impl Drop for Told<'_> {
    fn drop(&mut self) {
        let mut told = self.1.take();
        told.push(self.0);
        self.1.set(told);
        assert!(!self.2, "told");
    }
}

/// A guard of many places drops those that it holds, last place first, whichever of the drops unwinds.
#[test]
fn a_guard_of_many_places_drops_as_locals_do() {
    for holds in 0..8 {
        for panics in 0..3 {
            let told = Cell::default();
            let mut places: [_; 3] = core::array::from_fn(|n| {
                let n = n as u8;
                core::mem::ManuallyDrop::new(Told(n, &told, n == panics))
            });
            let [a, b, c] = places.each_mut().map(|place| &raw mut **place);
            let dropped = catch_unwind(AssertUnwindSafe(|| {
                // The places hold values, and only this guard drops them.
                drop(Guard { places: (a, b, c), holds, kept: KEPT });
            }));
            let held = |n: &u8| holds & (1 << n) != 0;
            assert_eq!(dropped.is_err(), held(&panics));
            let expected: std::vec::Vec<u8> = (0..3).rev().filter(held).collect();
            assert_eq!(told.take(), expected, "{holds:03b}");
        }
    }
}

#[test]
fn a_bit_tells_the_next_guard_what_was_moved() {
    let drops = Cell::new(0);
    let mut bits = u8::NONE;
    let mut place = core::mem::ManuallyDrop::new(Counted(&drops));
    let place = &raw mut *place;
    note(place, &mut bits, 3);
    assert_eq!(bits, 8);
    // The bit was noted, and the place is as it was, here and below.
    let mut guard = Guard { places: (place,), holds: noted_1(1, bits, 1, 3), kept: KEPT };
    // SAFETY: the guard holds a value.
    drop(unsafe { gone_noted(place, &mut guard.holds, 1, &mut bits, 3).read() });
    guard.holds = 0;
    assert_eq!((bits, drops.get()), (0, 1));
    assert_eq!(noted_1(7, bits, 2, 3), 5, "of the other places it says nothing");
    let mut guard = Guard { places: (place,), holds: noted_1(1, bits, 1, 3), kept: KEPT };
    assert_eq!(guard.holds, 0);
    // SAFETY: guard and bits are ours.
    unsafe { assign_noted(place, &raw mut guard.holds, 1, Counted(&drops), &raw mut bits, 3) };
    assert_eq!((bits, drops.get()), (8, 1), "there was nothing to drop");
    drop(guard);
    assert_eq!(drops.get(), 2);
}

#[test]
fn each_place_of_a_guard_has_its_bit_of_the_flags() {
    for flags in 0..8u8 {
        // Places 0, 1 and 2 are noted in bits 2, 0 and 1.
        let told = [2, 0, 1].map(|bit| flags >> bit & 1);
        assert_eq!(noted_2(7, flags, 1, 2, 2, 0), 4 | told[0] | told[1] << 1, "{flags:03b}");
        assert_eq!(noted_3(7, flags, 1, 2, 2, 0, 4, 1), told[0] | told[1] << 1 | told[2] << 2, "{flags:03b}");
        assert_eq!(noted_3(0, flags, 1, 2, 2, 0, 4, 1), 0, "what holds nothing in this state, holds nothing");
    }
}

#[test]
fn of_what_has_no_destructor_nothing_is_noted() {
    let (mut place, mut bits) = (3u8, u8::NONE);
    note(&raw mut place, &mut bits, 3);
    assert_eq!(bits, 0);
    bits = 8;
    gone_noted(&raw mut place, &mut 1, 1, &mut bits, 3);
    assert_eq!(bits, 8);
}

#[test]
fn assignment_drops_the_old_value_and_keeps_the_new_one() {
    let drops = Cell::new(0);
    let mut place = core::mem::ManuallyDrop::new(Counted(&drops));
    let place = &raw mut *place;
    // The place holds a value, and only this guard drops it.
    let mut guard = Guard { places: (place,), holds: 1, kept: KEPT };
    // SAFETY: the guard is ours, here and below.
    unsafe { assign(place, &raw mut guard.holds, 1, Counted(&drops)) };
    assert_eq!(drops.get(), 1);
    // SAFETY: the guard holds a value.
    drop(unsafe { gone(place, &mut guard.holds, 1).read() });
    // SAFETY: as above.
    unsafe { assign(place, &raw mut guard.holds, 1, Counted(&drops)) };
    assert_eq!(drops.get(), 2, "there was no old value to drop");
    drop(guard);
    assert_eq!(drops.get(), 3);
}

#[test]
fn assignment_writes_although_the_old_value_panics_when_dropped() {
    let mut place = core::mem::ManuallyDrop::new(Bomb(true));
    let place = &raw mut *place;
    // The place holds a value, and only this guard drops it.
    let mut guard = Guard { places: (place,), holds: 1, kept: KEPT };
    let set = AssertUnwindSafe(|| {
        // SAFETY: the guard is ours.
        unsafe { assign(place, &raw mut guard.holds, 1, Bomb(false)) }
    });
    assert!(catch_unwind(set).is_err());
    assert_eq!(guard.holds, 1);
    // SAFETY: the new value is there, in spite of the panic.
    assert!(!unsafe { gone(place, &mut guard.holds, 1).read() }.0);
}

/// What is asked in each state that it is polled in.
struct Answering;

std::thread_local! {
    static UNWOUND: Cell<Option<u8>> = const { Cell::new(None) };
}

impl Answers for Answering {
    type Number = u8;
    fn answer(state: u8) {
        UNWOUND.set(Some(state));
    }
}

#[test]
fn only_an_unwinding_poll_poisons() {
    let mut state = 3u8;
    // SAFETY: the state outlives the guard.
    let mut poison = unsafe { Poison::<Answering>::new(&raw mut state) };
    poison.leave(4);
    drop(poison);
    assert_eq!((state, UNWOUND.take()), (4, None));
    // SAFETY: as above.
    drop(unsafe { Poison::<Answering>::new(&raw mut state) });
    assert_eq!((state, UNWOUND.take()), (u8::POISONED, Some(4)));
    state = u8::DONE;
    // SAFETY: as above.
    drop(unsafe { Poison::<Answering>::new(&raw mut state) });
    assert_eq!(state, u8::DONE, "a poll too many unwinds, and the machine stays done");
}

#[test]
fn places_lie_beside_each_other_or_share_their_bytes() {
    type Storage = Beside<String, Share<u64, [u16; 3]>>;
    let mut memory = core::mem::MaybeUninit::<Storage>::uninit();
    let storage = memory.as_mut_ptr();
    // SAFETY: the memory of the storage is there.
    let (text, rest) = unsafe { beside_2(storage) };
    let (number, array) = share_2(rest);
    assert_eq!(number.cast::<u8>(), array.cast::<u8>());
    assert!(text.addr().abs_diff(rest.addr()) >= size_of::<u64>());
    assert!(size_of::<Storage>() <= size_of::<(String, u64)>());
}

type Storage<'a> = Beside<u64, Counted<'a>>;

/// A machine that waits once: its state is 0 before, and 1 while it waits.
fn once<'a>(drops: &'a Cell<u32>, value: u64) -> impl InParts<Output = u64> {
    let write = move |head: *mut Head<()>, storage: *mut Storage<'a>| {
        // SAFETY: the memory of the frame is there, here and below.
        let state = unsafe { &raw mut (*head).state };
        // SAFETY: as above.
        unsafe { state.write(0) };
        // SAFETY: as above.
        let number = unsafe { &raw mut (*storage).a };
        // SAFETY: as above.
        unsafe { number.write(value) };
        // SAFETY: as above.
        let counted = unsafe { &raw mut (*storage).b };
        // SAFETY: as above.
        unsafe { counted.write(Counted(drops)) };
    };
    let drop = |head: *mut Head<()>, storage: *mut Storage<'a>, walk: Option<&mut Walk<'_>>| {
        // SAFETY: the frame is that of a machine, and so it was written.
        if unsafe { (*head).state } < u8::DONE && drops_unbegun(walk) {
            // SAFETY: as above.
            let counted = unsafe { &raw mut (*storage).b };
            // SAFETY: every state but the last one holds it.
            unsafe { counted.drop_in_place() };
        }
    };
    let poll = |head: *mut Head<()>, storage: *mut Storage<'a>, _: &mut Context<'_>| {
        // SAFETY: the frame is that of a machine, here and below.
        let state = unsafe { (*head).state };
        if state == 0 {
            return Step::Pending(1);
        }
        if state > 1 {
            return resumed(state);
        }
        // SAFETY: as above.
        let counted = unsafe { &raw mut (*storage).b };
        // SAFETY: state 1 holds it, and the one after does not.
        unsafe { counted.drop_in_place() };
        // SAFETY: as above.
        let number = unsafe { &raw mut (*storage).a };
        // SAFETY: it was written, and nobody drops a number.
        Step::Ready(unsafe { number.read() })
    };
    // SAFETY: `write` writes the state and both places, and the others do as the state says.
    unsafe { machine(write, poll, drop) }
}

/// Memory for one value.
type Memory<T> = Box<MaybeUninit<T>>;

/// Memory for what a machine is awaited in.
fn memory<M: InParts>(_: &M) -> (Memory<StorageOf<M>>, Memory<HeadOf<M>>) {
    (Box::new(MaybeUninit::uninit()), Box::new(MaybeUninit::uninit()))
}

/// The places of a machine, for the method `begin` alone does not say that it is one.
fn places_of<M: InParts>(_: &M) -> (usize, usize) {
    (size_of::<StorageOf<M>>(), size_of::<HeadOf<M>>())
}

#[test]
fn a_machine_lies_as_a_whole_or_in_parts() {
    let mut context = Context::from_waker(Waker::noop());
    let drops = Cell::new(0);
    let mut whole = Box::pin(once(&drops, 7));
    assert_eq!(whole.as_mut().poll(&mut context), Poll::Pending);
    assert_eq!(whole.as_mut().poll(&mut context), Poll::Ready(7));
    drop(whole);
    assert_eq!(drops.replace(0), 1);

    let machine = once(&drops, 7);
    assert_eq!((places_of(&machine), size_of_val(&machine)), ((16, 1), 24), "a state is a byte, and seven lie idle");
    let (mut storage, mut head) = memory(&machine);
    let (storage, head) = (storage.as_mut_ptr(), head.as_mut_ptr().cast());
    // SAFETY: the memory is there, until the end of this test.
    let _ = unsafe { into_future(machine).__bespoke_begin(storage, head) };
    for expected in [Poll::Pending, Poll::Ready(7)] {
        // SAFETY: `begin` wrote both places, which do not move.
        assert_eq!(unsafe { poll(storage, head, &mut context) }, expected);
    }
    assert_eq!(drops.get(), 1, "it is dropped by the poll that was ready");
}

#[test]
fn parts_are_dropped_as_the_whole_is() {
    let mut context = Context::from_waker(Waker::noop());
    for polls in 0..2 {
        let drops = Cell::new(0);
        let machine = once(&drops, 7);
        let (mut storage, mut head) = memory(&machine);
        let (storage, head) = (storage.as_mut_ptr(), head.as_mut_ptr().cast());
        // SAFETY: the memory is there, until the end of this turn.
        let _ = unsafe { into_future(machine).__bespoke_begin(storage, head) };
        for _ in 0..polls {
            // SAFETY: `begin` wrote both places, which do not move.
            assert_eq!(unsafe { poll(storage, head, &mut context) }, Poll::Pending);
        }
        assert_eq!(drops.get(), 0, "left to another poll");
        // SAFETY: the parts are those of that machine, which nobody uses again.
        unsafe { Awaited::end(storage, head.cast()) };
        assert_eq!(drops.get(), 1);
    }
}

#[test]
fn another_future_lies_as_a_whole() {
    let mut context = Context::from_waker(Waker::noop());
    let mut place = MaybeUninit::<core::future::Ready<u8>>::uninit();
    let (place, head) = (place.as_mut_ptr(), core::ptr::null_mut());
    // SAFETY: the memory is there, until the end of this test; such a future has no head.
    let _ = unsafe { into_future(core::future::ready(3)).__bespoke_begin(place, head) };
    // SAFETY: `begin` wrote the place, which does not move.
    assert_eq!(unsafe { poll(place, head, &mut context) }, Poll::Ready(3));
}

/// Ready with a value, or panics; its drop tells, and may panic as well.
#[allow(dead_code, reason = "the bomb is dropped")]
struct Ends<'a> {
    value: Option<&'a Cell<u32>>,
    drops: &'a Cell<u32>,
    bomb: Bomb,
}

impl<'a> Future for Ends<'a> {
    type Output = Counted<'a>;
    fn poll(self: core::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Counted<'a>> {
        Poll::Ready(Counted(self.value.expect("no value")))
    }
}

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.drops.set(self.drops.get() + 1);
    }
}

#[test]
fn a_poll_drops_what_is_ready_or_panics() {
    for (has_value, explodes) in [(true, false), (false, false), (true, true)] {
        let (values, drops) = (Cell::new(0), Cell::new(0));
        let future = Ends { value: has_value.then_some(&values), drops: &drops, bomb: Bomb(explodes) };
        let mut place = MaybeUninit::new(future);
        let place = place.as_mut_ptr();
        let mut context = Context::from_waker(Waker::noop());
        let polled = AssertUnwindSafe(|| {
            // SAFETY: the place holds a future, which does not move, and nobody else drops it.
            unsafe { poll(place, core::ptr::null_mut(), &mut context) }.is_ready()
        });
        assert_eq!(catch_unwind(polled).ok(), (has_value && !explodes).then_some(true));
        assert_eq!(drops.get(), 1, "at once");
        assert_eq!(values.get(), u32::from(has_value && !explodes), "it is leaked if the future's drop panics");
    }
}

/// What `impl Future` tells of a machine holds for its parts, which nobody sees: this compiles.
#[allow(dead_code, reason = "its types are the test")]
fn parts_are_send_and_sync_if_the_whole_is<M: InParts + Send + Sync>() {
    fn holds<T: Send + Sync>() {}
    holds::<StorageOf<M>>();
    holds::<HeadOf<M>>();
}
