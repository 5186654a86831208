//! On real threads: every entry comes out once. `BESPOKE_DEEP=1` pushes 10⁸ of them instead of 4·10⁵.

use super::super::injector::Injector;
use super::super::ring::{BATCH_MAX, Ring};
use super::{Name, pop, push};
use crate::sharing::Shared;
use crate::task::header::{Header, Task};
use core::ptr::NonNull;
use core::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::SeqCst};
use std::collections::VecDeque;
use std::vec::Vec;

/// Entries of a ring are never looked into, so a number will do.
fn numbered(n: usize) -> Task<Shared> {
    NonNull::new(core::ptr::without_provenance_mut::<Header<Shared>>((n + 1) * 64)).unwrap()
}

fn number(task: Task<Shared>) -> usize {
    task.addr().get() / 64 - 1
}

/// A generator of numbers that is the same in each run.
struct Random(u64);
impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

#[test]
fn a_ring_is_first_in_first_out_and_gives_its_older_half() {
    const STEPS: usize = if cfg!(miri) { 500 } else { 20_000 };
    for capacity in [1, 2, 4, 64, 512] {
        let ring = Ring::new(capacity);
        let (mut model, mut next, mut random) = (VecDeque::new(), 0, Random(capacity as u64));
        for _ in 0..STEPS {
            match random.below(8) {
                0..4 => {
                    let fits = push(&ring, numbered(next));
                    assert_eq!(fits, model.len() < capacity);
                    if fits {
                        model.push_back(next);
                    }
                    next += 1;
                }
                4..7 => assert_eq!(pop(&ring).map(number), model.pop_front()),
                _ => {
                    let half = model.len().div_ceil(2).min(BATCH_MAX);
                    let taken: Vec<_> = ring.take_half().map_or(Vec::new(), |batch| batch.iter().map(number).collect());
                    assert_eq!(taken, model.drain(..half).collect::<Vec<_>>());
                }
            }
            assert_eq!(ring.len(), model.len());
        }
    }
}

#[test]
fn each_entry_of_a_ring_is_got_once_by_its_owner_or_a_thief() {
    let entries = match (cfg!(miri), std::env::var_os("BESPOKE_DEEP").is_some()) {
        (true, _) => 300,
        (false, false) => 400_000,
        (false, true) => 100_000_000,
    };
    let (ring, over) = (Ring::new(64), AtomicBool::new(false));
    let got: Vec<AtomicU8> = (0..entries).map(|_| AtomicU8::new(0)).collect();
    let stolen = AtomicUsize::new(0);
    let note = |task: Task<Shared>| {
        assert_eq!(got[number(task)].fetch_add(1, SeqCst), 0, "got twice");
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    let Some(batch) = ring.take_half() else {
                        std::thread::yield_now();
                        continue;
                    };
                    batch.iter().for_each(note);
                    stolen.fetch_add(batch.iter().count(), SeqCst);
                }
            });
        }
        let mut random = Random(7);
        for n in 0..entries {
            while !push(&ring, numbered(n)) {
                pop(&ring).into_iter().for_each(note);
            }
            if random.below(3) == 0 {
                pop(&ring).into_iter().for_each(note);
            }
            if random.below(256) == 0 {
                std::thread::yield_now();
            }
        }
        while let Some(task) = pop(&ring) {
            note(task);
        }
        over.store(true, SeqCst);
    });
    // A thief may have got the last ones after the owner found nothing.
    assert!(got.iter().all(|times| times.load(SeqCst) == 1), "lost");
    let stolen = stolen.load(SeqCst);
    assert!(stolen > 0, "no thief got anything, so nothing was shown");
    std::println!("{entries} entries, {stolen} of them stolen");
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
