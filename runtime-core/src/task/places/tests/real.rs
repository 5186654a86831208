//! Without a model.

use super::super::{Align, Aligned, Places, Store};
use std::collections::BTreeSet;
use std::thread;
use std::vec::Vec;

type Small = Places<<Align<16> as Aligned>::Unit, 40, 3>;

#[test]
fn places_are_distinct_aligned_and_as_many_as_said() {
    let places = Small::new();
    let mut taken: Vec<_> = core::iter::from_fn(|| places.take()).collect();
    assert_eq!((taken.len(), Small::COUNT), (3, 3));
    assert_eq!((Small::PLACE.size(), Small::PLACE.align()), (48, 16));
    taken.sort();
    for pair in taken.windows(2) {
        assert!(pair[1].addr().get() - pair[0].addr().get() >= 48, "{taken:?}");
    }
    for place in &taken {
        assert_eq!(place.addr().get() % 16, 0);
        // SAFETY: the place is ours, and has 48 bytes.
        unsafe { place.as_ptr().write_bytes(0xA5, 48) };
    }
    assert_eq!(std::format!("{places:?}"), "Places { bytes: 40, places: 3, taken: 3 }");
    // SAFETY: taken above, and not used again.
    unsafe { places.give(taken[1]) };
    assert_eq!(places.take(), Some(taken[1]));
    assert_eq!(places.take(), None);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "there is no config here, whose threads these could be")]
fn no_two_threads_have_a_place_at_the_same_time() {
    static PLACES: Places<<Align<8> as Aligned>::Unit, 8, 4> = Places::new();
    let rounds = if cfg!(miri) { 50 } else { 2_000 };
    let threads: Vec<_> = (1..=3u64)
        .map(|own| {
            thread::spawn(move || {
                let mut seen = BTreeSet::new();
                for _ in 0..rounds {
                    let Some(place) = PLACES.take() else { continue };
                    seen.insert(place.addr());
                    let word = place.cast::<u64>();
                    // SAFETY: the place is this thread's.
                    unsafe { word.write(own) };
                    thread::yield_now();
                    // SAFETY: as above.
                    assert_eq!(unsafe { word.read() }, own);
                    // SAFETY: taken above.
                    unsafe { PLACES.give(place) };
                }
                seen.len()
            })
        })
        .collect();
    for thread in threads {
        assert!((1..=4).contains(&thread.join().unwrap()));
    }
    assert_eq!(core::iter::from_fn(|| PLACES.take()).count(), 4);
}
