//! Where places lie: beside each other if they ever hold values together, over each other if not.
//!
//! [`places`](super::places) notes which of them *meet*, while states are made. Most sets of places are nested, as scopes
//! are, and then no layout is smaller; where a value left its place before its scope ended, one may be.
//!
//! # Invariants
//! 1. Places that meet lie beside each other.

use std::collections::BTreeSet;

/// Which places hold values at the same time.
#[derive(Default)]
pub(super) struct Meetings(Vec<BTreeSet<usize>>);

impl Meetings {
    pub(super) fn add(&mut self, a: usize, b: usize) {
        if a == b {
            return;
        }
        for (one, other) in [(a, b), (b, a)] {
            if self.0.len() <= one {
                self.0.resize_with(one + 1, BTreeSet::new);
            }
            self.0[one].insert(other);
        }
    }

    /// Those of `among`, which is sorted, that `place` meets.
    fn of<'a>(&'a self, place: usize, among: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
        let all = self.0.get(place).into_iter().flatten().copied();
        all.filter(|other| among.binary_search(other).is_ok())
    }

    /// The sets of places, each sorted, of which none meets a place of another set.
    fn groups(&self, places: &[usize]) -> Vec<Vec<usize>> {
        let mut left: BTreeSet<usize> = places.iter().copied().collect();
        let mut groups = Vec::new();
        while let Some(first) = left.pop_first() {
            let (mut group, mut next) = (vec![first], 0);
            while let Some(place) = group.get(next).copied() {
                group.extend(self.of(place, places).filter(|other| left.remove(other)));
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
        let met: Vec<usize> = places.iter().map(|place| meetings.of(*place, places).count()).collect();
        let most = met.iter().copied().max().unwrap_or_default();
        let all = most + 1 == places.len();
        let outermost = places.iter().zip(&met).filter(|(_, met)| **met == most).map(|(place, _)| *place);
        let outer: Vec<usize> = outermost.take(if all { usize::MAX } else { 1 }).collect();
        let rest: Vec<usize> = places.iter().copied().filter(|place| !outer.contains(place)).collect();
        let mut beside: Vec<Layout> = outer.into_iter().map(Layout::Place).collect();
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
