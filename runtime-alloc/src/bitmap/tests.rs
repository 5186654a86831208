//! The map against a plain vector of flags.

use super::*;
use std::vec;
use std::vec::Vec;

const UNITS: usize = 3 * WORD - 5;

fn words() -> [AtomicUsize; 3] {
    [const { AtomicUsize::new(0) }; 3]
}

fn taken(map: Bitmap<'_>) -> Vec<bool> {
    (0..UNITS).map(|unit| map.first_taken(unit, 1).is_some()).collect()
}

#[test]
fn parts_cover_a_run_once() {
    for at in 0..2 * WORD {
        for count in 0..2 * WORD + 3 {
            let bits: Vec<usize> = parts(at, count)
                .flat_map(|(word, mask)| {
                    (0..WORD).filter(move |bit| mask >> bit & 1 == 1).map(move |bit| word * WORD + bit)
                })
                .collect();
            assert_eq!(bits, (at..at + count).collect::<Vec<_>>());
        }
        if cfg!(miri) {
            break;
        }
    }
}

#[test]
fn claims_are_the_first_free_run_of_a_model() {
    let words = words();
    let map = Bitmap::new(&words, UNITS);
    let mut model = vec![false; UNITS];
    let mut held: Vec<(usize, usize)> = Vec::new();
    let mut seed = 7u64;
    let mut refused = 0;
    for _ in 0..if cfg!(miri) { 40 } else { 50_000 } {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let draw = (seed >> 33) as usize;
        if draw.is_multiple_of(2) && !held.is_empty() {
            let (at, count) = held.swap_remove(draw / 2 % held.len());
            map.release(at, count);
            model[at..at + count].fill(false);
        } else {
            let count = 1 + draw / 2 % (WORD + 9);
            let step = 1 << (draw / 7 % 5);
            let phase = draw / 11 % step;
            let expected = (0..UNITS)
                .filter(|at| at % step == phase && at + count <= UNITS)
                .find(|at| model[*at..at + count].iter().all(|taken| !taken));
            let found = map.claim(count, step, phase, 0).map(|(at, _)| at);
            assert_eq!(found, expected, "{count} units, {phase} after a multiple of {step}");
            match found {
                Some(at) => {
                    model[at..at + count].fill(true);
                    held.push((at, count));
                }
                None => refused += 1,
            }
        }
        assert_eq!(taken(map), model);
    }
    assert!(refused > 0 || cfg!(miri), "the map was never full");
}

#[test]
fn a_search_that_begins_late_still_finds_what_is_early() {
    let words = words();
    let map = Bitmap::new(&words, UNITS);
    assert_eq!(map.claim(UNITS, 1, 0, 0), Some((0, UNITS)));
    map.release(3, 2);
    assert_eq!(map.claim(2, 1, 0, UNITS - 1), Some((3, 5)));
    assert_eq!(map.claim(1, 1, 0, UNITS + 9), None);
}

#[test]
fn a_claim_that_fails_leaves_nothing_behind() {
    let words = words();
    let map = Bitmap::new(&words, UNITS);
    assert_eq!(map.set(WORD, 1), Ok(()));
    assert_eq!(map.set(WORD - 3, 9), Err(WORD));
    assert_eq!(taken(map).iter().filter(|taken| **taken).count(), 1);
}

#[test]
fn runs_past_the_end_are_refused_at_any_size() {
    let words = words();
    let map = Bitmap::new(&words, UNITS);
    assert_eq!(map.claim(UNITS + 1, 1, 0, 0), None);
    assert_eq!(map.claim(usize::MAX, 1, 0, 5), None);
    assert_eq!(map.claim(1, 1 << (WORD - 1), usize::MAX >> 1, 1), None);
}
