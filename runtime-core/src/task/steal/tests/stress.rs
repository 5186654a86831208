//! On real threads: what every local queue promises ([`LiveQueue`]), one suite for all, and the injector.
//! `BESPOKE_DEEP=1` pushes 10⁸ entries instead of 4·10⁵.
//!
//! A check says what it found instead of panicking: queues that break a promise must be found, too ([`wrong`](super::wrong)).

use super::super::injector::Injector;
use super::Name;
use crate::roles::{BATCH_MAX, Entry, LiveQueue, Stolen};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst, fence};
use std::collections::VecDeque;
use std::format;
use std::string::String;
use std::vec::Vec;

/// What a check found: nothing, or the promise that is broken.
pub(super) type Verdict = Result<(), String>;

macro_rules! ensure {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return Err(format!($($said)+));
        }
    };
}

/// Entries are never looked into, so a number will do.
fn numbered(n: usize) -> Entry {
    NonNull::new(core::ptr::without_provenance_mut((n + 1) * 64)).unwrap()
}

fn number(entry: Entry) -> usize {
    entry.addr().get() / 64 - 1
}

fn push<Q: LiveQueue>(queue: &Q, n: usize) -> bool {
    // SAFETY: each check says which thread is the owner.
    unsafe { queue.push(numbered(n)) }
}

fn pop<Q: LiveQueue>(queue: &Q) -> Option<usize> {
    // SAFETY: as above.
    unsafe { queue.pop() }.map(number)
}

fn shed<Q: LiveQueue>(queue: &Q) -> Vec<usize> {
    // SAFETY: as above.
    unsafe { queue.shed() }.map(number).collect()
}

fn steal<Q: LiveQueue>(queue: &Q, own: &Q, most: usize) -> Option<(usize, usize)> {
    // SAFETY: as above; they are two.
    let Stolen { first, tasks } = unsafe { queue.steal(own, most) }?;
    Some((number(first), tasks))
}

/// A generator of numbers that is the same in each run.
struct Random(u64);
impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// Two queues of one thread against two lists: first in, first out; half is stolen and shed; never more than the capacity; a
/// length that is exact.
pub(super) fn is_in_order_and_bounded<Q: LiveQueue>() -> Verdict {
    const STEPS: usize = if cfg!(miri) { 500 } else { 20_000 };
    for capacity in [1, 2, 4, 64, 512] {
        let (queue, theirs) = (Q::new(capacity), Q::new(capacity));
        let (mut list, mut their_list) = (VecDeque::new(), VecDeque::new());
        let (mut next, mut random) = (0, Random(capacity as u64));
        for _ in 0..STEPS {
            let half = list.len().div_ceil(2).min(BATCH_MAX);
            match random.below(10) {
                0..5 => {
                    let fits = push(&queue, next);
                    ensure!(fits == (list.len() < capacity), "{} of {capacity}: a push said {fits}", list.len());
                    if fits {
                        list.push_back(next);
                    }
                    next += 1;
                }
                5..7 => {
                    let (got, expected) = (pop(&queue), list.pop_front());
                    ensure!(got == expected, "popped {got:?}, the oldest is {expected:?}");
                }
                7 => {
                    let (got, expected) = (shed(&queue), list.drain(..half).collect::<Vec<_>>());
                    ensure!(got == expected, "shed {got:?}, the older half is {expected:?}");
                }
                8 => {
                    // One in hand, and no more than there is room for, or than it wants.
                    let most = [1, 2, 5, BATCH_MAX][random.below(4) as usize];
                    let tasks = half.min(capacity - their_list.len() + 1).min(most);
                    let got = steal(&queue, &theirs, most);
                    let expected = list.pop_front().map(|first| (first, tasks));
                    ensure!(
                        got == expected,
                        "stole {got:?}, the first and the size of the older half are {expected:?}"
                    );
                    their_list.extend(list.drain(..tasks.saturating_sub(1)));
                }
                _ => {
                    let got: Vec<_> = core::iter::from_fn(|| pop(&theirs)).collect();
                    let expected: Vec<_> = their_list.drain(..).collect();
                    ensure!(got == expected, "the thief had {got:?}, it stole {expected:?}");
                }
            }
            // SAFETY: this thread is the owner.
            let lens = (queue.len(), unsafe { queue.own_len() }, theirs.len());
            let expected = (list.len(), list.len(), their_list.len());
            ensure!(lens == expected, "the lengths are {lens:?}, and not {expected:?}");
        }
    }
    Ok(())
}

/// How many entries a check of several threads pushes.
pub(super) fn entries() -> usize {
    match (cfg!(miri), std::env::var_os("BESPOKE_DEEP").is_some()) {
        (true, _) => 300,
        (false, false) => 400_000,
        (false, true) => 100_000_000,
    }
}

/// An owner, a thief, and a thief of both: every entry comes out once, of a pop, a shed or a steal.
pub(super) fn gives_each_entry_once<Q: LiveQueue>(entries: usize) -> Verdict {
    let times: Vec<AtomicU8> = (0..entries).map(|_| AtomicU8::new(0)).collect();
    let got = |n: usize| times[n].fetch_add(1, SeqCst);
    let (queue, theirs) = (Q::new(64), [Q::new(64), Q::new(8)]);
    let (over, stolen) = (AtomicBool::new(false), AtomicUsize::new(0));
    let thief = |own: &Q, victims: &[&Q]| {
        let mut random = Random(victims.len() as u64);
        loop {
            let last = over.load(SeqCst);
            let mut any = false;
            for victim in victims {
                if let Some((first, tasks)) = steal(*victim, own, BATCH_MAX) {
                    any = true;
                    got(first);
                    stolen.fetch_add(tasks, SeqCst);
                }
            }
            // Mostly it keeps some, so that there is something to take from it, and less room.
            let most = if last { usize::MAX } else { random.below(8) as usize };
            for n in core::iter::from_fn(|| pop(own)).take(most) {
                got(n);
            }
            if last && !any {
                return;
            }
            if !any {
                std::thread::yield_now();
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| thief(&theirs[0], &[&queue]));
        scope.spawn(|| thief(&theirs[1], &[&queue, &theirs[0]]));
        let mut random = Random(7);
        for n in 0..entries {
            while !push(&queue, n) {
                let out = if random.below(2) == 0 { shed(&queue) } else { pop(&queue).into_iter().collect() };
                out.into_iter().for_each(|n| _ = got(n));
            }
            if random.below(3) == 0 {
                pop(&queue).into_iter().for_each(|n| _ = got(n));
            }
            if random.below(64) == 0 {
                shed(&queue).into_iter().for_each(|n| _ = got(n));
            }
            if random.below(256) == 0 {
                std::thread::yield_now();
            }
        }
        while let Some(n) = pop(&queue) {
            got(n);
        }
        over.store(true, SeqCst);
    });
    for (n, times) in times.iter().map(|times| times.load(SeqCst)).enumerate() {
        ensure!(times > 0, "entry {n} never came out");
        ensure!(times == 1, "entry {n} came out {times} times");
    }
    let stolen = stolen.load(SeqCst);
    ensure!(stolen > 0, "no thief got anything, so nothing was shown");
    std::println!("{entries} entries, {stolen} of them stolen");
    Ok(())
}

/// One thread pushes, makes a fence, and looks whether the other sleeps; the other says so, makes a fence, and looks at the
/// queue: one of them sees the other.
pub(super) fn hides_nothing_from_who_goes_to_sleep<Q: LiveQueue>() -> Verdict {
    const ROUNDS: usize = if cfg!(miri) { 50 } else { 50_000 };
    let (queue, sleeps, meets) = (Q::new(4), AtomicBool::new(false), AtomicUsize::new(0));
    // Waits for the other one, the so-many-th time.
    let meet = |times: usize| {
        meets.fetch_add(1, SeqCst);
        while meets.load(SeqCst) < 2 * times {
            std::thread::yield_now();
        }
    };
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| {
            let (mut seen, mut hidden) = (Vec::with_capacity(ROUNDS), 0);
            for round in 0..ROUNDS {
                meet(3 * round + 1);
                sleeps.store(true, Relaxed);
                fence(SeqCst);
                seen.push(!queue.is_empty());
                meet(3 * round + 2);
                // The push came before this.
                hidden += usize::from(queue.is_empty());
                meet(3 * round + 3);
            }
            (seen, hidden)
        });
        let mut seen = Vec::with_capacity(ROUNDS);
        let mut empty = 0;
        for round in 0..ROUNDS {
            meet(3 * round + 1);
            empty += usize::from(!push(&queue, round));
            fence(SeqCst);
            seen.push(sleeps.load(Relaxed));
            meet(3 * round + 2);
            meet(3 * round + 3);
            empty += usize::from(pop(&queue) != Some(round));
            sleeps.store(false, Relaxed);
        }
        let (saw, hidden) = sleeper.join().expect("it only looks");
        ensure!(empty == 0, "{empty} entries were not pushed, or not popped");
        ensure!(hidden == 0, "{hidden} entries were hidden after their push");
        let missed = saw.iter().zip(&seen).filter(|(saw, seen)| !**saw && !**seen).count();
        ensure!(missed == 0, "{missed} times the pusher saw no sleeper, and the sleeper no entry");
        Ok(())
    })
}

/// A line for each queue.
macro_rules! suite {
    ($($(#[$cfg:meta])? $name:ident: $queue:ty;)+) => { $(
        $(#[$cfg])?
        mod $name {
            #[test]
            fn is_in_order_and_bounded() {
                super::is_in_order_and_bounded::<$queue>().unwrap();
            }
            #[test]
            fn gives_each_entry_once() {
                super::gives_each_entry_once::<$queue>(super::entries()).unwrap();
            }
            #[test]
            fn hides_nothing_from_who_goes_to_sleep() {
                super::hides_nothing_from_who_goes_to_sleep::<$queue>().unwrap();
            }
        }
    )+ };
}
suite! {
    ring: crate::task::steal::Ring;
    #[cfg(feature = "crossbeam-deque")]
    deque: crate::task::steal::Deque;
}

#[test]
fn each_task_comes_out_of_the_injector_once_and_in_the_order_of_who_pushed_it() {
    const THREADS: usize = 3;
    const EACH: usize = if cfg!(miri) { 50 } else { 20_000 };
    let injector = Injector::new(2);
    let names: Vec<Vec<Name>> = (0..THREADS).map(|_| (0..EACH).map(|_| Name::new()).collect()).collect();
    let pushing = AtomicUsize::new(THREADS);
    let mut taken = Vec::new();
    std::thread::scope(|scope| {
        for names in &names {
            let (injector, pushing) = (&injector, &pushing);
            scope.spawn(move || {
                for some in names.chunks(7) {
                    injector.push(some.iter().map(Name::task)).unwrap();
                }
                pushing.fetch_sub(1, SeqCst);
            });
        }
        loop {
            let last = pushing.load(SeqCst) == 0;
            let share: Vec<_> = injector.take_share(2, 100).collect();
            assert!(share.len() <= 100);
            if last && share.is_empty() {
                break;
            }
            taken.extend(share);
        }
    });
    assert!(injector.is_empty());
    assert_eq!(taken.len(), THREADS * EACH);
    // A pushed list stays in order among the others.
    let mut next = [0; THREADS];
    for task in taken {
        let of = (0..THREADS).find(|of| names[*of].get(next[*of]).is_some_and(|name| name.task() == task));
        next[of.expect("out of order, or twice")] += 1;
    }
}

#[test]
fn the_last_worker_that_leaves_closes_the_injector_and_gets_what_is_in_it() {
    let injector = Injector::new(2);
    let names = [Name::new(), Name::new()];
    injector.push(names[..1].iter().map(Name::task)).unwrap();
    assert_eq!(injector.leave().count(), 0);
    injector.push(names[1..].iter().map(Name::task)).unwrap();
    assert_eq!(injector.leave().collect::<Vec<_>>(), [names[0].task(), names[1].task()]);
    assert!(injector.push(names.iter().map(Name::task)).is_err());
    assert!(injector.is_empty());
    assert_eq!(injector.take_share(2, 10).count(), 0);
}
