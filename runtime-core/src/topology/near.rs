//! Whom a worker meets first that looks for work.

use crate::roles::Cpu;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// The nearest that two workers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// A core, or the one processor that both are pinned to.
    Core,
    /// The last cache.
    Cache,
    /// A memory node.
    Node,
    /// The machine; or nobody knows, as they are not pinned.
    Machine,
}

/// How many levels there are.
pub(crate) const LEVELS: usize = 4;

/// The other workers as one of them sees them, the nearest first.
#[derive(Debug)]
pub(crate) struct Near {
    /// Each with its level.
    others: Box<[(Level, u16)]>,
    /// The number of its memory node, of those that have workers; 0 where nobody knows.
    node: u16,
    /// How many workers are on that, with itself.
    peers: u16,
    /// Where each of the groups ends in `others`; it holds at least one. Of one level there may be several, nearer and farther
    /// nodes.
    groups: Box<[u16]>,
}

impl Near {
    /// What each of the workers sees; `at` says where they are, `distance` how far one node is from another, and is asked
    /// once for each two, both ways.
    pub(crate) fn all(at: &[Cpu], distance: impl Fn(u32, u32) -> u32) -> Vec<Near> {
        let mut nodes: Vec<u32> = at.iter().map(|cpu| cpu.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let far = |from: u32| nodes.iter().map(|to| if *to == from { 0 } else { distance(from, *to) }).collect();
        let between: Vec<Vec<u32>> = nodes.iter().map(|from| far(*from)).collect();
        let index = |cpu: Cpu| nodes.partition_point(|node| *node < cpu.node);
        let how_far = |here: Cpu, there: Cpu| (level(here, there), between[index(here)][index(there)]);
        let see = |me: usize| {
            let peers = at.iter().filter(|cpu| cpu.node == at[me].node).count();
            // A scheduler has 1024 workers at most.
            let (node, peers) = (index(at[me]) as u16, peers as u16);
            Near { node, peers, ..Self::by(me, at.len(), |other| how_far(at[me], at[other])) }
        };
        (0..at.len()).map(see).collect()
    }

    /// What worker `me` sees of `workers` that are not pinned.
    pub(crate) fn anywhere(me: usize, workers: usize) -> Self {
        // What `by` would sort is in order, and of one group.
        let mut others = Vec::with_capacity(workers - 1);
        // A scheduler has 1024 workers at most.
        others.extend((0..workers).filter(|other| *other != me).map(|other| (Level::Machine, other as u16)));
        let (peers, end) = (workers as u16, others.len() as u16);
        let groups: Box<[u16]> = if end == 0 { Box::default() } else { Box::new([end]) };
        Near { node: 0, peers, groups, others: others.into() }
    }

    fn by(me: usize, workers: usize, how_far: impl Fn(usize) -> (Level, u32)) -> Self {
        let mut others: Vec<((Level, u32), u16)> = (0..workers)
            .filter(|other| *other != me)
            // A scheduler has 1024 workers at most.
            .map(|other| (how_far(other), other as u16))
            .collect();
        others.sort();
        let mut groups = Vec::new();
        for (after, (far, _)) in others.iter().enumerate().map(|(index, other)| (index + 1, other)) {
            if others.get(after).is_none_or(|(next, _)| next != far) {
                groups.push(after as u16);
            }
        }
        let peers = workers as u16;
        Near {
            node: 0,
            peers,
            others: others.into_iter().map(|((level, _), other)| (level, other)).collect(),
            groups: groups.into(),
        }
    }

    /// The same workers, as near as they are, in one group and of one node: how far away something is does not matter.
    pub(crate) fn in_one_group(mut self) -> Self {
        self.peers = self.others.len() as u16 + 1;
        self.node = 0;
        if let Some(last) = self.groups.last().copied() {
            self.groups = Box::new([last]);
        }
        self
    }

    /// The number of its memory node.
    pub(crate) fn node(&self) -> usize {
        usize::from(self.node)
    }

    /// How many workers are on its node, with itself.
    pub(crate) fn peers(&self) -> usize {
        usize::from(self.peers)
    }

    /// All other workers, group by group; within a group, from the one on that `start` picks of so many.
    pub(crate) fn from(&self, start: impl Fn(usize) -> usize) -> impl Iterator<Item = (Level, usize)> {
        let mut begin = 0;
        self.groups.iter().flat_map(move |&end| {
            let group = &self.others[begin..usize::from(end)];
            begin = usize::from(end);
            let (before, after) = group.split_at(start(group.len()));
            after.iter().chain(before).map(|&(level, other)| (level, usize::from(other)))
        })
    }
}

fn level(here: Cpu, there: Cpu) -> Level {
    if here.node != there.node {
        Level::Machine
    } else if here.core == there.core {
        Level::Core
    } else if here.cache == there.cache {
        Level::Cache
    } else {
        Level::Node
    }
}
