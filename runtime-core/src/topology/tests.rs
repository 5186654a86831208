//! Machines of every shape, without one.

use super::*;
use crate::roles::Cpu;
use alloc::vec::Vec;
use core::cell::RefCell;

/// `nodes` × `caches` × `cores` × `threads`, numbered as Linux on x86 does: the second threads come after all the first.
fn machine(nodes: u32, caches: u32, cores: u32, threads: u32) -> Vec<Cpu> {
    let all = nodes * caches * cores;
    (0..all * threads)
        .map(|id| {
            let core = id % all;
            let cache = core / cores * cores;
            Cpu { id, core, cache, node: core / (caches * cores) }
        })
        .collect()
}

fn ids(cpus: &[Cpu]) -> Vec<u32> {
    cpus.iter().map(|cpu| cpu.id).collect()
}

fn around(near: &Near, start: usize) -> Vec<(Level, usize)> {
    near.from(|length| start % length).collect()
}

#[test]
fn cores_come_before_their_second_threads_and_neighbours_together() {
    // Numbered the other way: the threads of a core follow each other, and nodes take turns.
    let cpus = [(0, 0, 0), (1, 0, 0), (2, 2, 1), (3, 2, 1), (4, 4, 0), (5, 4, 0), (6, 6, 1), (7, 6, 1)];
    let cpus = cpus.map(|(id, core, node)| Cpu { id, core, cache: core, node });
    assert_eq!(ids(&seating(cpus.into())), [0, 4, 2, 6, 1, 5, 3, 7]);
    let cpus = machine(2, 2, 2, 2);
    assert_eq!(ids(&seating(cpus.clone())), ids(&cpus), "as Linux numbers them");
}

#[test]
fn a_core_is_of_its_node() {
    // A topology that counts the cores of each node from 0.
    let cpus = [(0, 0, 0), (1, 1, 0), (2, 0, 1), (3, 1, 1)].map(|(id, core, node)| Cpu { id, core, cache: 0, node });
    assert_eq!(ids(&seating(cpus.into())), [0, 1, 2, 3]);
    assert_eq!(around(&Near::all(&cpus, |_, _| 20)[0], 0)[1].0, Level::Machine);
}

#[test]
fn a_worker_meets_its_core_then_its_cache_its_node_and_the_rest() {
    let at = seating(machine(2, 2, 2, 2));
    let met = around(&Near::all(&at, |_, _| 20)[0], 0);
    assert_eq!(met.len(), 15);
    assert_eq!(met[..1], [(Level::Core, 8)]);
    assert_eq!(met[1..3], [(Level::Cache, 1), (Level::Cache, 9)]);
    assert_eq!(met[3..7].iter().map(|(_, other)| *other).collect::<Vec<_>>(), [2, 3, 10, 11]);
    assert!(met[3..7].iter().all(|(level, _)| *level == Level::Node));
    assert!(met[7..].iter().all(|(level, other)| *level == Level::Machine && at[*other].node == 1));
}

#[test]
fn nearer_nodes_come_first() {
    // A ring of four nodes.
    let at = machine(4, 1, 2, 1);
    let near = &Near::all(&at, |from, to| if from.abs_diff(to) == 2 { 30 } else { 20 })[2];
    // Workers 2 and 3 are on node 1: its neighbours are 0 and 2.
    let nodes: Vec<u32> = around(near, 0).iter().map(|(_, other)| at[*other].node).collect();
    assert_eq!(nodes, [1, 0, 0, 2, 2, 3, 3]);
}

#[test]
fn nodes_are_counted_that_have_workers() {
    let cpus = [7, 3, 3, 9].map(|node| Cpu { id: node, core: node, cache: node, node });
    let near = Near::all(&cpus, |_, _| 20);
    let of = |near: &[Near]| near.iter().map(|near| (near.node(), near.peers())).collect::<Vec<_>>();
    assert_eq!(of(&near), [(1, 1), (0, 2), (0, 2), (2, 1)]);
    assert_eq!(of(&near.into_iter().map(Near::in_one_group).collect::<Vec<_>>()), [(0, 4); 4]);
    assert_eq!(of(&[Near::anywhere(2, 3)]), [(0, 3)]);
}

#[test]
fn a_round_begins_anywhere_in_each_group_and_meets_each_once() {
    let at = seating(machine(2, 2, 2, 2));
    for (me, near) in Near::all(&at, |_, _| 20).iter().enumerate() {
        for start in 0..16 {
            let met = around(near, start);
            let levels: Vec<Level> = met.iter().map(|(level, _)| *level).collect();
            assert!(levels.is_sorted());
            let mut others: Vec<usize> = met.iter().map(|(_, other)| *other).collect();
            others.sort_unstable();
            assert_eq!(others, (0..at.len()).filter(|other| *other != me).collect::<Vec<_>>());
        }
    }
    let firsts = |near: &Near| (0..7).map(|start| around(near, start)[0].1).collect::<Vec<_>>();
    assert_eq!(firsts(&Near::anywhere(3, 8)), [0, 1, 2, 4, 5, 6, 7]);
}

#[test]
fn in_one_group_a_round_begins_with_each_and_nobody_gets_nearer() {
    let at = seating(machine(2, 2, 2, 2));
    let apart = Near::all(&at, |_, _| 20);
    for (near, apart) in Near::all(&at, |_, _| 20).into_iter().zip(&apart) {
        let (near, mut levels) = (near.in_one_group(), around(apart, 0));
        let mut firsts: Vec<_> = (0..15).map(|start| around(&near, start)[0]).collect();
        let mut round = around(&near, 7);
        for all in [&mut levels, &mut firsts, &mut round] {
            all.sort_unstable();
        }
        assert_eq!((&firsts, &round), (&levels, &levels));
    }
    assert_eq!(around(&Near::anywhere(0, 1).in_one_group(), 0), []);
}

#[test]
fn the_distance_of_two_nodes_is_asked_once() {
    let asked = RefCell::new(Vec::new());
    let at = machine(3, 1, 4, 2);
    Near::all(&at, |from, to| {
        asked.borrow_mut().push((from, to));
        20
    });
    assert_eq!(asked.into_inner(), [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)]);
}

#[test]
fn who_is_alone_meets_nobody() {
    assert_eq!(around(&Near::anywhere(0, 1), 0), []);
    assert_eq!(around(&Near::all(&machine(1, 1, 1, 1), |_, _| 20)[0], 0), []);
}

#[test]
fn two_on_one_processor_are_as_near_as_it_gets() {
    let one = machine(1, 1, 1, 1)[0];
    assert_eq!(around(&Near::all(&[one, one], |_, _| 20)[0], 0), [(Level::Core, 1)]);
}
