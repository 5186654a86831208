//! The orderings of flags, and each one's absence.

use super::super::{Align, Aligned, Places, Store};
use crate::loom::Plant;
use crate::testing::models::model;
use loom::sync::Arc;
use loom::thread;

type One = Places<<Align<8> as Aligned>::Unit, 8, 1>;

/// Two threads use one place after each other, if they come by it.
fn one_place() {
    let places = Arc::new(One::new());
    let other = {
        let places = places.clone();
        thread::spawn(move || use_one(&places))
    };
    let here = use_one(&places);
    let there = other.join().unwrap();
    assert!(here || there, "the place was free for the first");
    assert!(places.take().is_some(), "it came back");
}

fn use_one(places: &One) -> bool {
    let Some(place) = places.take() else { return false };
    let index = places.index(place).unwrap();
    places.places[index].with_mut(|place| {
        // SAFETY: the place is ours: the model looks on.
        unsafe { (*place).bytes[0].write(1) };
    });
    // SAFETY: taken above.
    unsafe { places.give(place) };
    true
}

#[test]
fn a_place_goes_from_thread_to_thread() {
    const RACE: &[&str] = &["Causality violation"];
    model("one_place", one_place, &[(Plant::PlaceRelaxedTake, RACE), (Plant::PlaceRelaxedGive, RACE)]);
}
