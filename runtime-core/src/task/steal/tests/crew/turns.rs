//! Whose turn it is, poll by poll: two classes beside tasks from outside, under any interval, and the queues of other nodes.

use super::{Balanced, Classed, Cpu, InOrder, Lanes, Near, Policy, Ring, Script, Two};
use std::vec::Vec;

/// One from outside after so many, and so many of the slot in a row.
struct Outside<const INTERVAL: u32, const LIFO: u32 = 3>;
impl<const INTERVAL: u32, const LIFO: u32> Policy for Outside<INTERVAL, LIFO> {
    const INJECTOR_INTERVAL: u32 = INTERVAL;
    const LIFO_RUNS_MAX: u32 = LIFO;
}

/// Workers on nodes, of which this says how many has each.
fn on_nodes<Q: Lanes>(nodes: &[u32], capacity: usize) -> Script<Q> {
    let places = nodes.iter().enumerate().flat_map(|(node, workers)| (0..*workers).map(move |_| node as u32));
    let cpus: Vec<_> = (0..).zip(places).map(|(id, node)| Cpu { id, core: id, cache: node, node }).collect();
    Script::near::<InOrder>(Near::all(&cpus, |_, _| 20), capacity)
}

/// The worker has always a task of `Throughput` to run; the workers of the other node do not come back from their polls.
#[test]
fn latency_that_waits_on_another_node_is_taken_in_turn() {
    let mut script = on_nodes::<Two<Ring, 16>>(&[2, 2], 16);
    script.pushes(0, 1);
    let far = script.inject_of(2, true);
    let ran = script.runs(0, 4 * 61, |n| n == 0);
    assert_eq!(ran.iter().position(|n| *n == far), Some(4 * 61 - 1));
}

/// As above, after so many turns in vain: whichever of the classes had the last turn.
#[test]
fn either_class_is_taken_from_another_node_whatever_turns_the_other_had() {
    for before in [0, 31, 62, 93] {
        for latency in [false, true] {
            let mut script = on_nodes::<Two<Ring, 16>>(&[2, 2], 16);
            (0..before).for_each(|_| assert_eq!(script.next(0), None));
            script.pushes(0, 1);
            let far = script.inject_of(2, latency);
            let ran = script.runs(0, 4 * 61, |n| n == 0);
            assert!(ran.contains(&far), "not after {before} turns, of `Latency`: {latency}");
        }
    }
}

/// Both classes are always ready.
#[test]
fn either_class_is_taken_from_another_node_beside_the_other() {
    fn taken_at<const MAX: u32>() {
        for latency in [false, true] {
            let mut script = on_nodes::<Two<Ring, MAX>>(&[2, 2], 16);
            script.push(0, true);
            script.push(0, false);
            let far = script.inject_of(2, latency);
            let most = 4 * 61 * (MAX as usize + 1);
            let ran = script.runs(0, most, |n| n < 2);
            assert!(ran.contains(&far), "not in {most} polls, `Latency` {latency}, {MAX} of it in a row");
        }
    }
    taken_at::<1>();
    taken_at::<3>();
    taken_at::<7>();
    taken_at::<16>();
}

#[test]
fn of_another_node_a_worker_takes_the_share_of_one_of_all() {
    // Of thirty one of four takes eight; one of the three of that node would take eleven, the only one of its own all.
    let mut script = on_nodes::<Ring>(&[1, 3], 64);
    (0..30).for_each(|_| _ = script.inject_of(1, false));
    assert!(script.search(0).is_ok());
    assert_eq!(script.seat(0).tally().taken.get(), 8);
    // The same where it is the turn of that node.
    let mut script = on_nodes::<Ring>(&[1, 3], 64);
    script.pushes(0, 1);
    (0..30).for_each(|_| _ = script.inject_of(1, false));
    script.runs(0, 4 * 61, |n| n == 0);
    assert_eq!(script.seat(0).tally().taken.get(), 8);
    // And of its own node's that of one of the node.
    assert!(script.next(2).is_some());
    assert_eq!(script.seat(2).tally().taken.get(), 22 / 3 + 1);
}

#[test]
fn the_queues_of_two_nodes_have_no_line_in_common() {
    let script = on_nodes::<Two<Ring, 4>>(&[1, 1, 1], 4);
    let mut at: Vec<_> =
        script.crew.injectors.all().map(|injector| core::ptr::from_ref(injector).addr() / 128).collect();
    at.dedup();
    assert_eq!(at.len(), 6);
}

/// What ran in so many polls of a worker that has always: one of `Latency`, one in the lane, one that is woken last again and
/// again, and, if so, one from outside that comes again, and one that is kept.
fn ran<P: Policy>(polls: usize, from_outside: bool, kept: bool) -> Vec<Ran> {
    let mut script = Script::<Classed>::new::<P>(1, 64);
    let latency = script.push(0, true);
    let front = script.name(0, false);
    script.yields(0, front);
    let slot = script.push(0, false);
    if from_outside {
        script.inject(false);
    }
    let poll = |_| {
        // SAFETY: this thread plays the worker.
        let found = unsafe { script.seat(0).next(kept) }.expect("there is always something");
        let Some(n) = script.number(found) else { return Ran::Kept };
        if n == latency || n == front {
            script.yields(0, n);
            return if n == latency { Ran::Latency } else { Ran::Front };
        }
        if n == slot {
            // SAFETY: as above.
            unsafe { script.seat(0).push(script.names[n].task()) };
            return Ran::Slot;
        }
        script.crew.inject(script.names[n].task());
        Ran::Outside
    };
    (0..polls).map(poll).collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Ran {
    Latency,
    Front,
    Slot,
    Outside,
    Kept,
}

/// The most polls for which `counts`, between two of `who`, before the first, or after the last.
fn longest(ran: &[Ran], who: Ran, counts: impl Fn(Ran) -> bool) -> usize {
    ran.split(|one| *one == who).map(|wait| wait.iter().filter(|one| counts(**one)).count()).max().unwrap_or(0)
}

/// Of one policy: some hundred of the longest rounds; under Miri, which takes a thousand times as long, some.
const POLLS: usize = if cfg!(miri) { 150 } else { 5000 };

/// What the head of `lanes` promises of both, whatever the policy says.
#[test]
fn neither_class_starves_whatever_comes_from_outside() {
    fn check<const INTERVAL: u32, const LIFO: u32>() {
        for (outside, kept) in [(false, false), (false, true), (true, false), (true, true)] {
            let ran = ran::<Outside<INTERVAL, LIFO>>(POLLS, outside, kept);
            let others = longest(&ran, Ran::Latency, |_| true);
            assert!(
                others <= 2 * LIFO as usize + 5,
                "{INTERVAL}, {LIFO}, {outside}, {kept}: `Latency` waited for {others}"
            );
            let latency = longest(&ran, Ran::Front, |one| one == Ran::Latency);
            // Without a slot there is another one in the lane, and with one from outside a third.
            let before = if LIFO == 0 { 2 } else { 0 };
            assert!(
                latency <= 4 * (1 + before),
                "{INTERVAL}, {LIFO}, {outside}, {kept}: the front waited for {latency}"
            );
        }
    }
    check::<1, 3>();
    check::<2, 3>();
    check::<3, 3>();
    check::<4, 3>();
    check::<5, 3>();
    check::<8, 3>();
    check::<9, 3>();
    check::<61, 3>();
    check::<1, 0>();
    check::<2, 0>();
    check::<1, 1>();
    check::<2, 1>();
    check::<3, 1>();
}

/// Where every task from outside comes first, the round is what ends their turns.
#[test]
fn a_round_is_as_long_as_said() {
    let ran = ran::<Outside<1>>(16 * 9, true, true);
    let round = [&[Ran::Latency; 4][..], &[Ran::Outside; 10], &[Ran::Front]].concat();
    assert_eq!(ran[..15 * 9], round.repeat(9));
}

/// At the usual interval the front comes after the slot, and no round ends.
#[test]
fn a_front_has_its_turn_before_the_round_ends() {
    let usual = ran::<Balanced>(16, false, true);
    let bound = [Ran::Kept, Ran::Slot, Ran::Kept, Ran::Slot, Ran::Kept, Ran::Slot, Ran::Kept, Ran::Front];
    assert_eq!(usual[..4], [Ran::Latency; 4]);
    assert!(usual[4..12] == bound || usual[4..11] == bound[1..], "{usual:?}");
}

#[test]
fn a_task_in_the_slot_waits_for_twice_as_many_of_latency_and_no_more() {
    // The slot has had its turns, so the front is taken first, and passing begins again.
    let mut script = Script::<Classed>::new::<Balanced>(1, 64);
    let slot = script.push(0, false);
    for _ in 0..3 {
        assert_eq!(script.next(0), Some(slot));
        // SAFETY: this thread plays the worker.
        unsafe { script.seat(0).push(script.names[slot].task()) };
    }
    let front = script.name(0, false);
    script.yields(0, front);
    let fast = script.push(0, true);
    let expected = [&[fast; 4][..], &[front], &[fast; 4], &[slot]].concat();
    assert_eq!(script.runs(0, 10, |n| n != slot), expected);

    fn check<const INTERVAL: u32>() {
        for (outside, kept) in [(false, false), (false, true), (true, false), (true, true)] {
            let ran = ran::<Outside<INTERVAL>>(POLLS, outside, kept);
            let waited = longest(&ran, Ran::Slot, |one| one == Ran::Latency);
            assert!(waited <= 8, "{INTERVAL}, {outside}, {kept}: the slot waited for {waited}");
        }
    }
    check::<2>();
    check::<3>();
    check::<4>();
    check::<8>();
    check::<61>();
}

/// One comes from outside, and the lane is empty: that begins no new count while there is one in the slot.
#[test]
fn a_task_in_the_slot_is_counted_for_though_the_lane_is_empty() {
    let mut script = Script::<Classed>::new::<Outside<2>>(1, 64);
    let fast = script.push(0, true);
    let slot = script.push(0, false);
    script.inject(false);
    let mut waited = 0;
    loop {
        // SAFETY: this thread plays the worker.
        let found = unsafe { script.seat(0).next(true) }.expect("there is always something");
        match script.number(found) {
            Some(n) if n == slot => break,
            Some(n) if n == fast => {
                waited += 1;
                script.yields(0, n);
            }
            _ => {}
        }
    }
    assert_eq!(waited, 4);
}
