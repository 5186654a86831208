//! Which units are taken: one bit each, claimed and released in runs by any thread.
//!
//! # The claim of a run
//! ```text
//!   find a free run ──▶ set its bits, word by word ──▶ claimed
//!         ▲                         │ a bit is set already: somebody was faster
//!         └── clear what was set ◀──┘
//! ```
//! A claim of one word is one compare-exchange. Between two words of a longer claim others may see the first half as
//! taken: a search at that time passes by, and may answer `None` though the run becomes free again an instant later.

use crate::loom::{AtomicUsize, Ordering, Plant, planted, unless_planted};
use core::cmp::min;

/// Units per word.
pub(crate) const WORD: usize = usize::BITS as usize;

/// A view of the words that say which of `units` units are taken.
///
/// # Invariants
/// 1. Whoever turned a bit from 0 to 1 owns that unit until they turn it back; nobody else does either.
/// 2. There is a word for each unit. Bits past the last unit mean nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bitmap<'a> {
    words: &'a [AtomicUsize],
    units: usize,
}

impl<'a> Bitmap<'a> {
    pub(crate) fn new(words: &'a [AtomicUsize], units: usize) -> Self {
        assert!(units.div_ceil(WORD) <= words.len(), "a word for each unit");
        Bitmap { words, units }
    }

    /// Claims the first free run of `count` units, at least one, whose first unit is `phase` more than a multiple of
    /// `step`, a power of two. `from` is where the search begins; it goes over everything before it says `None`. Also the
    /// place where the next search had better begin.
    pub(crate) fn claim(&self, count: usize, step: usize, phase: usize, from: usize) -> Option<(usize, usize)> {
        self.claim_from(count, step, phase, from).or_else(|| self.claim_from(count, step, phase, 0))
    }

    fn claim_from(&self, count: usize, step: usize, phase: usize, from: usize) -> Option<(usize, usize)> {
        let first_free = self.skip_taken(from);
        let mut at = first_free;
        loop {
            at = at.checked_add(phase.wrapping_sub(at) & (step - 1))?;
            if at.checked_add(count)? > self.units {
                return None;
            }
            let taken = match self.first_taken(at, count) {
                Some(taken) => taken,
                None => match self.set(at, count) {
                    Ok(()) => return Some((at, if at == first_free { at + count } else { first_free })),
                    Err(taken) => taken,
                },
            };
            at = self.skip_taken(taken);
        }
    }

    /// Gives a run back.
    ///
    /// The caller owns the units `at..at + count` (inv. 1) and uses them no more.
    pub(crate) fn release(&self, at: usize, count: usize) {
        for (word, mask) in parts(at, count) {
            // Release: pairs with the acquire in `set`: the next owner of a unit comes after every use of this one.
            self.words[word].fetch_and(!mask, unless_planted(Plant::RelaxedRelease, Ordering::Release));
        }
    }

    /// Sets the bits of a run, or none of them and tells a unit that was taken.
    #[inline]
    fn set(&self, at: usize, count: usize) -> Result<(), usize> {
        let mut done = 0;
        for (word, mask) in parts(at, count) {
            // Acquire: pairs with the release in `release`.
            let result = self.words[word].fetch_update(Ordering::Acquire, Ordering::Relaxed, |now| {
                if now & mask == 0 { Some(now | mask) } else { None }
            });
            if let Err(now) = result {
                if !planted(Plant::ClaimKeepsHalf) {
                    self.release(at, done);
                }
                return Err(word * WORD + (now & mask).trailing_zeros() as usize);
            }
            done += mask.count_ones() as usize;
        }
        Ok(())
    }

    /// The first free unit from `at` on, or the number of units or more. A relaxed look: `set` decides.
    #[inline]
    fn skip_taken(&self, mut at: usize) -> usize {
        while at < self.units {
            let run = (self.words[at / WORD].load(Ordering::Relaxed) >> (at % WORD)).trailing_ones() as usize;
            if run < WORD - at % WORD {
                return at + run;
            }
            at += run;
        }
        at
    }

    /// The first taken unit of a run, if any. A relaxed look: `set` decides.
    #[inline]
    fn first_taken(&self, at: usize, count: usize) -> Option<usize> {
        parts(at, count).find_map(|(word, mask)| {
            let taken = self.words[word].load(Ordering::Relaxed) & mask;
            (taken != 0).then(|| word * WORD + taken.trailing_zeros() as usize)
        })
    }
}

/// The words that a run touches, each with the bits of the run in it.
#[inline(always)]
fn parts(mut at: usize, mut count: usize) -> impl Iterator<Item = (usize, usize)> {
    core::iter::from_fn(move || {
        let bits = min(WORD - at % WORD, count);
        if bits == 0 {
            return None;
        }
        let part = (at / WORD, (usize::MAX >> (WORD - bits)) << (at % WORD));
        at += bits;
        count -= bits;
        Some(part)
    })
}

#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(all(test, loom))]
#[path = "bitmap/tests/loom.rs"]
mod loom_tests;
