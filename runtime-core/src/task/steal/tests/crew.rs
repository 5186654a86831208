//! A crew by hand: what its workers would do is done in a row, on one thread, so every number is exact. Tasks are names, which
//! nobody runs.

mod turns;

use super::super::{Crew, Found, Knobs, Ring, Seat, Two};
use super::Name;
use crate::roles::{Balanced, Cpu, Lanes, Order, Policy, Stealing};
use crate::sharing::Moving;
use crate::task::home::{Home, HomeTable, Tag};
use crate::topology::{Level, Near};
use alloc::sync::Arc;
use core::any::TypeId;
use core::cell::RefCell;
use core::ptr::NonNull;
use core::time::Duration;
use std::boxed::Box;
use std::vec::Vec;

std::thread_local! {
    /// Workers that were woken, in order.
    static WOKEN: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

static HOMES: HomeTable<Moving> = HomeTable {
    // SAFETY: of the crew of the test, which is alive.
    unpark: |home| WOKEN.with_borrow_mut(|woken| woken.push(unsafe { home.as_ref() }.worker)),
    free: |_| unreachable!("the test owns the homes"),
    offload: None,
};
static TAG: Tag = Tag { id: TypeId::of::<Script<Ring>>(), name: "script", locals: None };

/// Two classes, of which four run in a row.
type Classed = Two<Ring, 4>;

/// First in, first out.
struct InOrder;
impl Policy for InOrder {
    const LIFO_RUNS_MAX: u32 = 0;
}

/// Everything else than usual.
struct Odd;
impl Policy for Odd {
    const LIFO_RUNS_MAX: u32 = 0;
    const SEARCH_ROUNDS: u32 = 2;
    const SPIN: u32 = 7;
    const STEAL_BATCH: usize = 3;
    const WATCH: Duration = Duration::from_millis(70);
}

/// Takes from anybody.
struct Anybody;
impl Policy for Anybody {
    const LIFO_RUNS_MAX: u32 = 0;
    const ORDER: Order = Order::AtRandom;
}

/// Workers, and tasks that are numbered.
struct Script<Q> {
    crew: Arc<Crew<Q>>,
    homes: Vec<NonNull<Home<Moving>>>,
    names: Vec<Name>,
}

impl<Q: Lanes> Script<Q> {
    fn new<P: Policy>(workers: usize, capacity: usize) -> Self {
        Self::near::<P>((0..workers).map(|me| Near::anywhere(me, workers)).collect(), capacity)
    }

    fn near<P: Policy>(near: Vec<Near>, capacity: usize) -> Self {
        WOKEN.take();
        let home = |worker| {
            let home = NonNull::from(Box::leak(Box::new(Home::new(&HOMES, &TAG, worker, 4))));
            // SAFETY: nobody else knows it.
            unsafe { Home::follow(home, home) };
            home
        };
        let homes: Vec<_> = (0..near.len()).map(home).collect();
        let knobs = Knobs { capacity, policy: Stealing::of::<P>() };
        // SAFETY: nobody else knows the homes, which go with the script.
        let crew = unsafe { Crew::form(homes.iter().copied().zip(near), knobs) };
        Script { crew, homes, names: Vec::new() }
    }

    fn seat(&self, worker: usize) -> &Seat<Q> {
        &self.crew.seats[worker]
    }

    /// A task of this home.
    fn name(&mut self, home: usize, latency: bool) -> usize {
        self.names.push(Name::of(self.homes[home], latency));
        self.names.len() - 1
    }

    /// A task is woken on a worker.
    fn push(&mut self, worker: usize, latency: bool) -> usize {
        let n = self.name(worker, latency);
        // SAFETY: this thread plays the worker.
        unsafe { self.seat(worker).push(self.names[n].task()) };
        n
    }

    fn pushes(&mut self, worker: usize, tasks: usize) {
        (0..tasks).for_each(|_| _ = self.push(worker, false));
    }

    /// A task was polled, and has woken itself.
    fn yields(&self, worker: usize, n: usize) {
        // SAFETY: as above.
        unsafe { self.seat(worker).push_back(self.names[n].task()) };
    }

    /// A task is woken elsewhere.
    fn inject(&mut self, latency: bool) -> usize {
        self.inject_of(0, latency)
    }

    /// The same, of a task of this home.
    fn inject_of(&mut self, home: usize, latency: bool) -> usize {
        let n = self.name(home, latency);
        self.crew.inject(self.names[n].task());
        n
    }

    fn number(&self, found: Found) -> Option<usize> {
        let Found::Task(task) = found else { return None };
        Some(self.names.iter().position(|name| name.task() == task).expect("a task of this script"))
    }

    /// What a worker runs next of what it need not search for.
    fn next(&self, worker: usize) -> Option<usize> {
        // SAFETY: as above.
        unsafe { self.seat(worker).next(false) }.and_then(|found| self.number(found))
    }

    /// Worker without work: what it finds, or how long it sleeps.
    fn search(&self, worker: usize) -> Result<usize, Option<Duration>> {
        assert_eq!(self.next(worker), None);
        // SAFETY: as above.
        match unsafe { self.seat(worker).search::<true>() } {
            Found::Nothing(most) => Err(most),
            found => Ok(self.number(found).expect("nothing is kept")),
        }
    }

    fn rises(&self, worker: usize) {
        // SAFETY: as above.
        unsafe { self.seat(worker).rises(false) };
    }

    /// Runs a worker so often; whatever it runs wakes itself again if `again` says so. What ran.
    fn runs(&self, worker: usize, polls: usize, again: impl Fn(usize) -> bool) -> Vec<usize> {
        let ran = (0..polls).map_while(|_| {
            let n = self.next(worker)?;
            if again(n) {
                self.yields(worker, n);
            }
            Some(n)
        });
        ran.collect()
    }

    /// Steals, and their tasks, from those at this level; tasks from and to the queue of all; and how often it was woken.
    fn tally(&self, worker: usize, level: Level) -> ((usize, usize), usize, usize, usize) {
        let tally = self.seat(worker).tally();
        (tally.from(level), tally.taken.get(), tally.given.get(), tally.woken.get())
    }
}

impl<Q> Drop for Script<Q> {
    fn drop(&mut self) {
        for home in &self.homes {
            // SAFETY: leaked by `near`; the crew names it, and does nothing with it any more.
            drop(unsafe { Box::from_raw(home.as_ptr()) });
        }
    }
}

#[test]
fn what_passes_between_workers_is_counted_to_the_task() {
    let mut script = Script::<Ring>::new::<InOrder>(2, 16);
    assert_eq!(script.search(1), Err(Some(Duration::from_millis(5))), "the first who sleeps watches");
    script.pushes(0, 8);
    assert_eq!(WOKEN.take(), [1], "the first push wakes the sleeper; the others see that it searches");
    script.rises(1);
    assert_eq!(script.search(1), Ok(0));
    assert_eq!(script.tally(1, Level::Machine), ((1, 4), 0, 0, 1));
    assert_eq!((script.seat(0).queued(), script.seat(1).queued()), (4, 3));
    assert_eq!(script.runs(0, 9, |_| false), [4, 5, 6, 7]);
    (0..5).for_each(|_| _ = script.inject(false));
    // Of five one of two workers takes three: it runs one, and keeps two.
    assert_eq!(script.runs(0, 1, |_| false), [8]);
    assert_eq!(script.tally(0, Level::Machine), ((0, 0), 3, 0, 0));
    assert_eq!((script.seat(0).queued(), script.seat(0).injected()), (2, 2));
    assert_eq!(script.tally(1, Level::Machine), ((1, 4), 0, 0, 1), "nothing of this was the other's");
    assert_eq!((script.seat(0).tally().searches.get(), script.seat(1).tally().searches.get()), (0, 2));
}

#[test]
fn what_a_full_queue_gives_away_is_counted_to_the_task() {
    let mut script = Script::<Ring>::new::<InOrder>(1, 4);
    script.pushes(0, 5);
    // The older half, and behind it the one that did not fit.
    assert_eq!(script.tally(0, Level::Machine), ((0, 0), 0, 3, 0));
    assert_eq!((script.seat(0).queued(), script.seat(0).injected()), (2, 3));
    assert_eq!(script.runs(0, 9, |_| false), [2, 3, 0, 1, 4]);
    assert_eq!(script.tally(0, Level::Machine), ((0, 0), 3, 3, 0));
}

#[test]
fn who_is_chosen_before_it_sleeps_was_woken_too() {
    let mut script = Script::<Ring>::new::<InOrder>(2, 16);
    // Its look on the way to sleep finds what came meanwhile, so it calls one, and is the only one there is.
    assert!(script.search(0).is_err());
    script.rises(0);
    assert_eq!(script.tally(0, Level::Machine).3, 0, "it rose by itself");
    assert!(script.search(0).is_err());
    script.pushes(1, 1);
    script.rises(0);
    assert_eq!((WOKEN.take(), script.tally(0, Level::Machine).3), (std::vec![0], 1));
}

#[test]
fn a_steal_takes_no_more_than_the_policy_says() {
    let mut script = Script::<Ring>::new::<Odd>(2, 64);
    script.pushes(0, 20);
    assert_eq!(script.search(1), Ok(0));
    assert_eq!((script.tally(1, Level::Machine).0, script.seat(1).queued()), ((1, 3), 2));
    script.runs(1, 2, |_| false);
    (0..40).for_each(|_| _ = script.inject(false));
    assert!(script.next(1).is_some());
    assert_eq!((script.tally(1, Level::Machine).1, script.seat(1).queued()), (3, 2));
    let mut usual = Script::<Ring>::new::<InOrder>(2, 64);
    usual.pushes(0, 20);
    assert!(usual.search(1).is_ok());
    assert_eq!(usual.tally(1, Level::Machine).0, (1, 10));
}

#[test]
fn a_search_waits_between_two_looks_as_often_as_the_policy_says() {
    let (usual, odd) = (Script::<Ring>::new::<Balanced>(2, 4), Script::<Ring>::new::<Odd>(2, 4));
    assert!(usual.search(0).is_err() && odd.search(0).is_err());
    assert_eq!((usual.seat(0).tally().hints.get(), odd.seat(0).tally().hints.get()), (3, 14));
}

#[test]
fn the_watcher_sleeps_as_long_as_the_policy_says() {
    let script = Script::<Ring>::new::<Odd>(3, 4);
    assert_eq!(script.search(0), Err(Some(Duration::from_millis(70))));
    assert_eq!(script.search(1), Err(None), "one watches");
}

#[test]
fn the_time_of_a_search_is_counted_if_somebody_asks() {
    let script = Script::<Ring>::new::<Odd>(2, 4);
    assert_eq!(script.next(0), None);
    // SAFETY: this thread plays the worker.
    assert!(matches!(unsafe { script.seat(0).search::<false>() }, Found::Nothing(_)));
    assert_eq!(script.seat(0).tally().searching.get(), 0);
    script.rises(0);
    for _ in 0..1000 {
        assert!(script.search(0).is_err());
        script.rises(0);
    }
    assert!(script.seat(0).tally().searching.get() > 0);
    // Who may not search spends no time with it.
    assert!(script.crew.idle.may_search(2));
    let before = script.seat(0).tally().searching.get();
    assert!(script.search(0).is_err());
    assert_eq!(script.seat(0).tally().searching.get(), before);
}

/// Four workers on two nodes, all but the first with a task; how many it took from its node, and from the other one.
fn taken_by<P: Policy>() -> (usize, usize) {
    let mut script = on_two_nodes::<P>();
    for _ in 0..40 {
        (1..4).for_each(|worker| script.pushes(worker, 1));
        assert!(script.search(0).is_ok());
        for worker in 1..4 {
            script.runs(worker, 1, |_| false);
        }
    }
    let tally = script.seat(0).tally();
    (tally.from(Level::Cache).0, tally.from(Level::Machine).0)
}

#[test]
fn a_worker_takes_from_the_nearest_or_from_anybody_as_the_policy_says() {
    assert_eq!(taken_by::<InOrder>(), (40, 0));
    let (near, far) = taken_by::<Anybody>();
    assert!(near + far == 40 && (5..25).contains(&near), "{near} near, {far} far");
}

/// Four workers on two nodes.
fn on_two_nodes<P: Policy>() -> Script<Ring> {
    let cpus = [0, 1, 2, 3].map(|id| Cpu { id, core: id, cache: id / 2, node: id / 2 });
    Script::near::<P>(Near::all(&cpus, |_, _| 20), 16)
}

#[test]
fn what_comes_from_outside_is_taken_on_the_node_of_its_home() {
    let mut script = on_two_nodes::<InOrder>();
    let (here, there) = (script.inject_of(1, false), script.inject_of(2, false));
    assert_eq!((script.next(3), script.next(3)), (Some(there), None));
    assert_eq!((script.next(0), script.next(0)), (Some(here), None));
    // Of a node that has nothing, a worker takes what another one has, after what its neighbours have.
    let there = script.inject_of(3, false);
    script.pushes(1, 1);
    script.pushes(2, 1);
    let near = script.names.len() - 2;
    assert_eq!((script.search(0), script.search(0), script.search(0)), (Ok(near), Ok(there), Ok(near + 1)));
    assert_eq!((script.seat(0).tally().taken.get(), script.seat(0).tally().from(Level::Machine).0), (2, 1));
    // At random there is no near and far.
    let mut script = on_two_nodes::<Anybody>();
    let there = script.inject_of(3, false);
    assert_eq!(script.next(0), Some(there));
}

#[test]
fn a_worker_takes_the_share_of_one_of_its_node_and_gives_to_its_node() {
    let mut script = on_two_nodes::<InOrder>();
    (0..8).for_each(|_| _ = script.inject_of(2, false));
    // Of eight one of two takes five.
    assert!(script.next(3).is_some());
    assert_eq!((script.seat(3).tally().taken.get(), script.seat(3).queued()), (5, 4));
    let mut script = on_two_nodes::<InOrder>();
    script.pushes(3, 17);
    assert_eq!((script.seat(3).tally().given.get(), script.next(0), script.next(2)), (9, None, Some(0)));
}

/// Both workers of the other node are busy in a poll; this one has always something to run, and so never searches.
#[test]
fn what_waits_on_another_node_is_taken_in_turn() {
    let mut script = on_two_nodes::<InOrder>();
    script.pushes(0, 1);
    let far = script.inject_of(2, false);
    // The fourth time that one is to come from there; more are from the own node.
    let ran = script.runs(0, 4 * 61, |n| n == 0);
    assert_eq!(ran.iter().position(|n| *n == far), Some(4 * 61 - 1));
}

/// All of them are ready all the time: `LATENCY_RUNS_MAX` of the one class, then the front of the other.
#[test]
fn the_front_of_a_queue_waits_for_so_many_tasks_of_latency_and_no_more() {
    for latency in [1, 4, 9] {
        for throughput in [1, 3] {
            let mut script = Script::<Classed>::new::<InOrder>(1, 64);
            (0..latency + throughput).for_each(|n| _ = script.push(0, n < latency));
            let ran = script.runs(0, 100, |_| true);
            let (mut fast, mut slow) = ((0..latency).cycle(), (latency..latency + throughput).cycle());
            let expected: Vec<_> = (1..=100).map(|n| if n % 5 == 0 { slow.next() } else { fast.next() }).collect();
            assert_eq!(ran, expected.into_iter().flatten().collect::<Vec<_>>());
        }
    }
}

#[test]
fn a_task_of_latency_runs_before_those_that_are_ready() {
    let mut script = Script::<Classed>::new::<InOrder>(1, 64);
    script.pushes(0, 3);
    let fast = [script.push(0, true), script.push(0, true)];
    assert_eq!(script.runs(0, 2, |_| false), fast);
    assert_eq!(script.runs(0, 1, |_| false), [0]);
    let outside = script.inject(true);
    assert_eq!(script.runs(0, 3, |_| false), [outside, 1, 2]);
}

/// The front waits for no more, whatever else there is: a slot that fills again, tasks from outside of both classes, and a full
/// lane that overflows.
#[test]
fn the_bound_holds_beside_the_slot_and_the_injectors() {
    let mut script = Script::<Classed>::new::<Balanced>(1, 4);
    for _ in 0..6 {
        script.push(0, true);
    }
    let slow: Vec<_> = (0..5).map(|_| script.push(0, false)).collect();
    let (mut passed, mut polls) = (0, 0);
    let mut ran = Vec::new();
    while polls < 2000 {
        polls += 1;
        let front = front(&script, 0);
        let n = script.next(0).expect("there is always something");
        let latency = script.names[n].is_of_latency();
        if Some(n) == front || front.is_none() {
            passed = 0;
        } else if latency {
            passed += 1;
            assert!(passed <= 4, "the front waited for {passed} after {polls} polls");
        }
        ran.push(n);
        match polls % 7 {
            // Woken by itself, elsewhere, or by another task.
            0 => script.crew.inject(script.names[n].task()),
            // SAFETY: this thread plays the worker.
            1..4 => unsafe { script.seat(0).push(script.names[n].task()) },
            _ => script.yields(0, n),
        }
    }
    for n in slow {
        let times = ran.iter().filter(|other| **other == n).count();
        assert!(times >= 2000 / 5 / 5 / 4, "task {n} ran {times} times");
    }
    assert!(script.seat(0).tally().taken.get() > 0 && script.seat(0).tally().given.get() > 0);
}

/// The oldest in the lane of `Throughput`. It is taken out, and all are put back in order.
fn front(script: &Script<Classed>, worker: usize) -> Option<usize> {
    use crate::roles::LiveQueue;
    let lane = script.seat(worker).queue.lane(false);
    // SAFETY: this thread plays the worker.
    let all: Vec<_> = core::iter::from_fn(|| unsafe { lane.pop() }).collect();
    for entry in &all {
        // SAFETY: as above.
        assert!(unsafe { lane.push(*entry) });
    }
    let first = all.first()?.cast();
    script.names.iter().position(|name| name.task() == first)
}

/// Who steals runs what was the front at once; what it brought along waits there for as many as anywhere.
#[test]
fn the_bound_holds_where_a_task_was_stolen() {
    let mut script = Script::<Classed>::new::<InOrder>(2, 64);
    script.pushes(0, 4);
    // Of four two are taken: one in hand.
    assert_eq!(script.search(1), Ok(0));
    let fast: Vec<_> = (0..6).map(|_| script.push(1, true)).collect();
    assert_eq!(script.runs(1, 6, |n| fast.contains(&n)), [&fast[..4], &[1], &fast[4..5]].concat());
}

#[test]
fn a_thief_takes_tasks_of_latency_first_from_whomever() {
    let mut script = Script::<Classed>::new::<InOrder>(3, 64);
    script.pushes(0, 4);
    script.inject(false);
    let fast = [script.push(1, true), script.push(1, true), script.push(1, true)];
    assert_eq!(script.next(2), Some(4), "its share from outside is no search");
    assert_eq!(script.search(2), Ok(fast[0]));
    assert_eq!(script.runs(2, 9, |_| false), [fast[1]]);
    assert_eq!(script.search(2), Ok(fast[2]));
    let outside = script.inject(true);
    assert_eq!((script.search_only(2), script.search_only(2)), (Some(outside), Some(0)));
}

impl<Q: Lanes> Script<Q> {
    /// What a search finds, without a look at what is the worker's own.
    fn search_only(&self, worker: usize) -> Option<usize> {
        // SAFETY: this thread plays the worker.
        match unsafe { self.seat(worker).search::<false>() } {
            found @ Found::Task(_) => self.number(found),
            _ => None,
        }
    }
}

#[test]
fn what_is_kept_neither_starves_nor_keeps_latency_waiting() {
    let mut script = Script::<Classed>::new::<InOrder>(1, 64);
    let fast = script.push(0, true);
    let run = |script: &Script<Classed>, polls: usize| -> Vec<bool> {
        let mut ran = Vec::new();
        for _ in 0..polls {
            // SAFETY: this thread plays the worker.
            match unsafe { script.seat(0).next(true) } {
                Some(Found::Kept) => ran.push(false),
                Some(found) => {
                    let n = script.number(found).expect("a task");
                    ran.push(n == fast);
                    script.yields(0, n);
                }
                None => unreachable!("there is always something"),
            }
        }
        ran
    };
    // Four, then the one that is kept.
    let ran = run(&script, 50);
    assert_eq!(ran, (1..=50).map(|n| n % 5 != 0).collect::<Vec<_>>());
    // Four, the one that is kept in every second round, and the front.
    script.push(0, false);
    let ran = run(&script, 100);
    assert!(ran.windows(3).all(|three| three.contains(&true)));
    assert!(ran.windows(5).all(|five| five.contains(&false)));
}

#[test]
fn a_task_of_latency_wakes_who_sleeps_and_is_seen_by_who_goes_to_sleep() {
    let mut script = Script::<Classed>::new::<Balanced>(2, 64);
    assert!(script.search(1).is_err());
    let fast = script.push(0, true);
    assert_eq!(WOKEN.take(), [1], "though it runs next where it is");
    script.rises(1);
    assert_eq!(script.search(1), Ok(fast));
    assert!(script.search(1).is_err());
    // One of the other class goes to the slot, where it is to run next.
    script.push(0, false);
    assert_eq!(WOKEN.take(), []);
}
