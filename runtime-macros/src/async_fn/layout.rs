//! Where places lie: beside each other if they ever hold values together, over each other if not.
//!
//! [`places`](super::places) notes which of them *meet*, while states are made. Most sets of places are nested, as scopes
//! are, and then no layout is smaller; where a value left its place before its scope ended, one may be.
//!
//! # Invariants
//! 1. Places that meet lie beside each other.

use std::collections::BTreeSet;

/// A set of places, a bit each: it is asked of every two places on every level of the storage.
#[derive(Clone, Default)]
struct Set(Vec<u64>);

impl Set {
    fn of(places: &[usize]) -> Set {
        let mut set = Set::default();
        places.iter().for_each(|place| set.insert(*place));
        set
    }

    fn insert(&mut self, place: usize) {
        let word = place / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (place % 64);
    }

    fn both(&self, other: &Set) -> Set {
        Set(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    fn remove(&mut self, other: &Set) {
        self.0.iter_mut().zip(&other.0).for_each(|(a, b)| *a &= !b);
    }

    fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// They, in order.
    fn places(&self) -> Vec<usize> {
        let mut places = Vec::new();
        for (n, word) in self.0.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                places.push(n * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
        places
    }
}

/// Which places hold values at the same time.
#[derive(Default)]
pub(super) struct Meetings(Vec<Set>);

impl Meetings {
    pub(super) fn add(&mut self, a: usize, b: usize) {
        if a == b {
            return;
        }
        if self.0.len() <= a.max(b) {
            self.0.resize_with(a.max(b) + 1, Set::default);
        }
        self.0[a].insert(b);
        self.0[b].insert(a);
    }

    /// Those of `among` that `place` meets.
    fn of(&self, place: usize, among: &Set) -> Set {
        self.0.get(place).map_or_else(Set::default, |all| all.both(among))
    }

    /// The sets of places, each sorted, of which none meets a place of another set.
    fn groups(&self, places: &[usize]) -> Vec<Vec<usize>> {
        let mut left = Set::of(places);
        let mut groups = Vec::new();
        while let Some(first) = left.places().first().copied() {
            let (mut group, mut next) = (vec![first], 0);
            left.remove(&Set::of(&group));
            while let Some(place) = group.get(next).copied() {
                let found = self.of(place, &left);
                left.remove(&found);
                group.extend(found.places());
                next += 1;
            }
            group.sort_unstable();
            groups.push(group);
        }
        groups
    }
}

/// The storage as an expression over places.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Place(usize),
    /// Each has bytes of its own.
    Beside(Vec<Layout>),
    /// All have the same bytes.
    Share(Vec<Layout>),
}

impl Layout {
    /// Lays out `places`, which are sorted.
    pub(super) fn of(places: &[usize], meetings: &Meetings) -> Layout {
        let mut groups = meetings.groups(places);
        let place = match (groups.pop(), &*groups) {
            (Some(only), []) => only,
            (last, _) => {
                return Layout::Share(groups.iter().chain(&last).map(|group| Layout::of(group, meetings)).collect());
            }
        };
        Layout::together(&place, meetings)
    }

    /// Lays out places each of which meets another one of them: outermost those that meet all, in their order. If there
    /// is none, the one that meets the most takes bytes of its own.
    fn together(places: &[usize], meetings: &Meetings) -> Layout {
        let among = Set::of(places);
        let met: Vec<usize> = places.iter().map(|place| meetings.of(*place, &among).count()).collect();
        let most = met.iter().copied().max().unwrap_or_default();
        let all = most + 1 == places.len();
        let (mut beside, mut rest) = (Vec::new(), Vec::new());
        for (place, met) in places.iter().zip(met) {
            if met == most && (all || beside.is_empty()) {
                beside.push(Layout::Place(*place));
            } else {
                rest.push(*place);
            }
        }
        if !rest.is_empty() {
            beside.push(Layout::of(&rest, meetings));
        }
        match beside.pop() {
            Some(only) if beside.is_empty() => only,
            last => Layout::Beside(beside.into_iter().chain(last).collect()),
        }
    }

    /// Whether it holds one of some places.
    pub(super) fn holds(&self, wanted: &BTreeSet<usize>) -> bool {
        match self {
            Layout::Place(place) => wanted.contains(place),
            Layout::Beside(parts) | Layout::Share(parts) => parts.iter().any(|part| part.holds(wanted)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(places: usize, pairs: &[(usize, usize)]) -> Layout {
        let mut meetings = Meetings::default();
        pairs.iter().for_each(|(a, b)| meetings.add(*a, *b));
        let all: Vec<usize> = (0..places).collect();
        let layout = Layout::of(&all, &meetings);
        let mut found = Vec::new();
        each(&layout, &mut found);
        found.sort_unstable();
        assert_eq!(found, all, "each place once");
        for (a, b) in pairs {
            assert!(!shares(&layout, *a, *b), "{a} and {b} meet: {layout:?}");
        }
        layout
    }

    fn each(layout: &Layout, found: &mut Vec<usize>) {
        match layout {
            Layout::Place(place) => found.push(*place),
            Layout::Beside(parts) | Layout::Share(parts) => parts.iter().for_each(|part| each(part, found)),
        }
    }

    fn shares(layout: &Layout, a: usize, b: usize) -> bool {
        let holds = |part: &Layout, place: usize| part.holds(&BTreeSet::from([place]));
        match layout {
            Layout::Place(_) => false,
            Layout::Beside(parts) => parts.iter().any(|part| shares(part, a, b)),
            Layout::Share(parts) => {
                let apart = parts.iter().any(|part| holds(part, a) != holds(part, b));
                (apart && holds(layout, a) && holds(layout, b)) || parts.iter().any(|part| shares(part, a, b))
            }
        }
    }

    use Layout::{Beside, Place, Share};

    #[test]
    fn nested_scopes_lie_within_each_other() {
        assert_eq!(layout(0, &[]), Share(vec![]));
        assert_eq!(layout(1, &[]), Place(0));
        assert_eq!(layout(2, &[]), Share(vec![Place(0), Place(1)]));
        assert_eq!(layout(3, &[(0, 1), (0, 2), (1, 2)]), Beside(vec![Place(0), Place(1), Place(2)]));
        // 0 lives, and within its life 1, and 2 with 3.
        let inner = Share(vec![Place(1), Beside(vec![Place(2), Place(3)])]);
        assert_eq!(layout(4, &[(0, 1), (0, 2), (0, 3), (2, 3)]), Beside(vec![Place(0), inner]));
    }

    #[test]
    fn a_place_that_ended_is_used_again() {
        // 0 ends while 1 lives; 2 is awaited before, and 3 after.
        let parts = vec![Beside(vec![Place(0), Place(2)]), Place(3)];
        assert_eq!(layout(4, &[(0, 1), (0, 2), (1, 2), (1, 3)]), Beside(vec![Place(1), Share(parts)]));
    }

    #[test]
    fn places_that_meet_have_bytes_of_their_own() {
        // A path, a ring, and a ring with a chord: nobody meets all.
        layout(4, &[(0, 1), (1, 2), (2, 3)]);
        layout(5, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]);
        layout(6, &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (1, 4)]);
    }

    #[test]
    fn random_meetings_keep_the_invariant() {
        let mut seed = 1u64;
        for round in 0..300 {
            let places = 2 + round % 9;
            let pairs: Vec<(usize, usize)> = (0..places)
                .flat_map(|a| (0..a).map(move |b| (a, b)))
                .filter(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    !(seed >> 33).is_multiple_of(3)
                })
                .collect();
            layout(places, &pairs);
        }
    }
}
