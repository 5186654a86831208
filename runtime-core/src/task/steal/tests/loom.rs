//! Models of the queues and of who sleeps. Each is told to make a mistake, and must find it.

mod classes;
mod helms;
mod overflow;

use super::super::idle::{Idle, Risen};
use super::super::injector::Injector;
use super::super::ring::Ring;
use super::{Name, pop, push};
use crate::loom::{AtomicUsize as Word, Ordering::Relaxed, Plant};
use crate::roles::LiveQueue;
use crate::testing::models::{STUCK, model, model_apart};
use ::loom::cell::UnsafeCell;
use ::loom::sync::{Arc, Notify};
use ::loom::thread;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::vec::Vec;

const RACE: &str = "Causality violation";

/// Entries, and for each what its pusher wrote before: whoever gets the entry reads it.
struct Court {
    ring: Ring,
    names: Vec<Name>,
    written: Vec<UnsafeCell<u32>>,
    got: std::sync::Arc<AtomicUsize>,
}

// SAFETY: loom checks who touches the cells.
unsafe impl Send for Court {}
// SAFETY: as above.
unsafe impl Sync for Court {}

impl Court {
    fn new(capacity: usize, tasks: usize) -> Arc<Court> {
        Arc::new(Court {
            ring: Ring::new(capacity),
            names: (0..tasks).map(|_| Name::new()).collect(),
            written: (0..tasks).map(|_| UnsafeCell::new(0)).collect(),
            got: std::sync::Arc::default(),
        })
    }
    /// Whoever gets a task writes to it: loom sees a second one, or one that is not ordered after the push.
    fn got(&self, task: super::Task<super::Moving>) {
        let at = self.names.iter().position(|name| name.task() == task).expect("a task of this court");
        self.written[at].with_mut(|written| {
            // SAFETY: loom checks that nobody else touches it now.
            assert_eq!(unsafe { written.replace(2) }, 1, "got twice");
        });
        self.got.fetch_add(1, SeqCst);
    }
    fn pushes(&self, at: usize) {
        self.written[at].with_mut(|written| {
            // SAFETY: as above.
            unsafe { *written = 1 }
        });
        assert!(push(&self.ring, self.names[at].task()), "there is room");
    }
}

/// The owner pops while a thief takes half, and pushes into the places that became free.
#[test]
fn steal_vs_pop() {
    model(
        "steal::steal_vs_pop",
        || {
            let court = Court::new(2, 3);
            let there = court.clone();
            court.pushes(0);
            court.pushes(1);
            let thief = thread::spawn(move || {
                if let Some(batch) = there.ring.take_half() {
                    batch.into_entries().for_each(|entry| there.got(entry.cast()));
                }
            });
            pop(&court.ring).into_iter().for_each(|task| court.got(task));
            // Into the place of the first.
            let third = court.ring.len() < 2;
            if third {
                court.pushes(2);
            }
            thief.join().unwrap();
            while let Some(task) = pop(&court.ring) {
                court.got(task);
            }
            assert_eq!(court.got.load(SeqCst), 2 + usize::from(third), "lost");
        },
        &[(Plant::RingPopInTwoSteps, &["got twice", RACE]), (Plant::RingTakeInTwoSteps, &["got twice", RACE])],
    );
}

/// The push publishes the task to the thief that takes it.
#[test]
fn steal_vs_push() {
    model(
        "steal::steal_vs_push",
        || {
            let court = Court::new(2, 2);
            let there = court.clone();
            let thief = thread::spawn(move || {
                if let Some(batch) = there.ring.take_half() {
                    batch.into_entries().for_each(|entry| there.got(entry.cast()));
                }
            });
            court.pushes(0);
            court.pushes(1);
            thief.join().unwrap();
            while let Some(task) = pop(&court.ring) {
                court.got(task);
            }
            assert_eq!(court.got.load(SeqCst), 2, "lost");
        },
        &[(Plant::RingRelaxedPush, &[RACE, "got twice", "lost"])],
    );
}

/// Two thieves and the owner: every task is got once.
#[test]
fn two_thieves() {
    model(
        "steal::two_thieves",
        || {
            let court = Court::new(4, 2);
            court.pushes(0);
            court.pushes(1);
            let thieves: Vec<_> = (0..2)
                .map(|_| {
                    let there = court.clone();
                    thread::spawn(move || {
                        if let Some(batch) = there.ring.take_half() {
                            batch.into_entries().for_each(|entry| there.got(entry.cast()));
                        }
                    })
                })
                .collect();
            pop(&court.ring).into_iter().for_each(|task| court.got(task));
            for thief in thieves {
                thief.join().unwrap();
            }
            while let Some(task) = pop(&court.ring) {
                court.got(task);
            }
            assert_eq!(court.got.load(SeqCst), 2, "lost");
        },
        &[(Plant::RingTakeInTwoSteps, &["got twice", RACE, "lost"])],
    );
}

/// A thief brings what it got to its own ring, from which another one takes at once.
#[test]
fn steal_from_a_thief() {
    model(
        "steal::steal_from_a_thief",
        || {
            let court = Court::new(4, 3);
            (0..3).for_each(|at| court.pushes(at));
            let own = Arc::new(Ring::new(4));
            let (there, its) = (court.clone(), own.clone());
            let first = thread::spawn(move || {
                // SAFETY: this thread is the owner of the second ring.
                if let Some(stolen) = unsafe { there.ring.steal(&its, 4) } {
                    there.got(stolen.first.cast());
                }
            });
            let (there, its) = (court.clone(), own.clone());
            let second = thread::spawn(move || {
                if let Some(batch) = its.take_half() {
                    batch.into_entries().for_each(|entry| there.got(entry.cast()));
                }
            });
            pop(&court.ring).into_iter().for_each(|task| court.got(task));
            first.join().unwrap();
            second.join().unwrap();
            for ring in [&court.ring, &*own] {
                while let Some(task) = pop(ring) {
                    court.got(task);
                }
            }
            assert_eq!(court.got.load(SeqCst), 3, "lost");
        },
        &[(Plant::RingTakeInTwoSteps, &["got twice", RACE, "lost"])],
    );
}

/// Workers without work, reduced to what they do to sleep: each waits for one task.
struct Dorm {
    idle: Idle,
    injector: Injector,
    ring: Ring,
    /// For the publication of what was pushed; relaxed, as only the queue orders it.
    word: Word,
    bells: Vec<Notify>,
    /// Who has no thread, and gets none.
    refuses: Option<usize>,
}

impl Dorm {
    fn new(workers: usize) -> Arc<Dorm> {
        Arc::new(Dorm {
            idle: Idle::new(workers, false),
            injector: Injector::new(workers),
            ring: Ring::new(4),
            word: Word::new(0),
            bells: (0..workers).map(|_| Notify::new()).collect(),
            refuses: None,
        })
    }
    /// Threads start on demand, and that of the last worker is refused.
    fn scarce(workers: usize) -> Arc<Dorm> {
        let dorm = Dorm {
            idle: Idle::new(workers, true),
            injector: Injector::new(workers),
            ring: Ring::new(4),
            word: Word::new(0),
            bells: (0..workers).map(|_| Notify::new()).collect(),
            refuses: Some(workers - 1),
        };
        Arc::new(dorm)
    }
    /// As [`Seat::refused`](super::super::Seat).
    fn refused(&self, worker: usize) {
        if self.idle.refused(worker) == Risen::Searching && !crate::loom::planted(Plant::RefusalForgotten) {
            if self.idle.ends_search() {
                self.calls_one();
            }
        }
    }
    fn calls_one(&self) {
        if self.idle.wants_one() && !crate::loom::planted(Plant::PushWakesNobody) {
            let has_work = || !self.injector.is_empty() || self.ring.len() > 0;
            if let Some(worker) = self.idle.choose(has_work) {
                match self.refuses == Some(worker) {
                    true => self.refused(worker),
                    false => self.bells[worker].notify(),
                }
            }
        }
    }
    /// As a worker does until it has found a task: take what is everybody's, search, say that it sleeps, look again, sleep.
    fn find(&self, worker: usize, workers: usize, mut take: impl FnMut(&Dorm) -> bool) {
        let mut searches = false;
        let begins_work = |searches: bool| {
            if searches && self.idle.ends_search() {
                self.calls_one();
            }
        };
        loop {
            // Its share of the injector is a worker's without a search.
            if !self.injector.is_empty() && take(self) {
                return begins_work(searches);
            }
            if searches || self.idle.may_search(workers) {
                searches = true;
                if take(self) {
                    return begins_work(true);
                }
            }
            self.idle.sleeps(worker, core::mem::take(&mut searches));
            let stays = self.injector.is_empty() && self.ring.len() == 0;
            if stays || crate::loom::planted(Plant::SleepsWithoutLook) {
                self.bells[worker].wait();
            } else if !crate::loom::planted(Plant::WorkSeenSilent) {
                self.calls_one();
            }
            searches = self.idle.rises(worker) == Risen::Searching;
            ::loom::thread::yield_now();
        }
    }
}

/// A push of the injector meets a worker on its way to sleep.
#[test]
fn inject_vs_sleep() {
    model_apart(
        "task::steal::tests::loom::inject_vs_sleep",
        || {
            let dorm = Dorm::new(1);
            let name = Arc::new(Name::new());
            let (there, task) = (dorm.clone(), name.clone());
            let other = thread::spawn(move || {
                there.word.store(1, Relaxed);
                there.injector.push(core::iter::once(task.task())).unwrap();
                there.calls_one();
            });
            dorm.find(0, 1, |dorm| dorm.injector.take_share(1, 1).next().is_some());
            assert_eq!(dorm.word.load(Relaxed), 1, "the queue publishes what was written before");
            other.join().unwrap();
        },
        &[(Plant::PushWakesNobody, &[STUCK]), (Plant::SleepsWithoutLook, &[STUCK])],
    );
}

/// The same through the ring of a worker that is busy: only the fences order the push and the look.
#[test]
fn push_vs_sleep() {
    model_apart(
        "task::steal::tests::loom::push_vs_sleep",
        || {
            let dorm = Dorm::new(2);
            let name = Arc::new(Name::new());
            let there = dorm.clone();
            let thief = thread::spawn(move || there.find(1, 2, |dorm| dorm.ring.take_half().is_some()));
            assert!(push(&dorm.ring, name.task()));
            dorm.calls_one();
            // This worker is busy for ever: the task is the other's.
            thief.join().unwrap();
            assert_eq!(dorm.ring.len(), 0);
        },
        &[
            (Plant::PushWithoutFence, &[STUCK]),
            (Plant::SleepWithoutFence, &[STUCK]),
            (Plant::PushWakesNobody, &[STUCK]),
        ],
    );
}

/// Two pushes, of which the second sees the searcher that the first woke: the searcher, the last, wakes another for it.
#[test]
fn last_searcher_hands_over() {
    model_apart(
        "task::steal::tests::loom::last_searcher_hands_over",
        || {
            let dorm = Dorm::new(2);
            let names = Arc::new([Name::new(), Name::new()]);
            let finders: Vec<_> = (0..2)
                .map(|worker| {
                    let there = dorm.clone();
                    thread::spawn(move || there.find(worker, 2, |dorm| dorm.injector.take_share(2, 1).next().is_some()))
                })
                .collect();
            for name in names.iter() {
                dorm.injector.push(core::iter::once(name.task())).unwrap();
                dorm.calls_one();
            }
            for finder in finders {
                finder.join().unwrap();
            }
            assert!(dorm.injector.is_empty());
        },
        &[(Plant::LastSearcherSilent, &[STUCK]), (Plant::WorkSeenSilent, &[STUCK])],
    );
}

/// Pushes while the one worker with a thread goes to sleep: for the first the other is chosen, and has none. Who counted as a
/// searcher is none, so the second push wakes the first worker.
#[test]
fn refused_vs_sleep() {
    model_apart(
        "task::steal::tests::loom::refused_vs_sleep",
        || {
            let dorm = Dorm::scarce(2);
            let names = Arc::new([Name::new(), Name::new()]);
            // As if a spawn had started its thread.
            let _ = dorm.idle.rises(0);
            let there = dorm.clone();
            let thief = thread::spawn(move || {
                for _ in 0..2 {
                    there.find(0, 2, |dorm| dorm.injector.take_share(2, 1).next().is_some());
                }
            });
            for name in names.iter() {
                dorm.injector.push(core::iter::once(name.task())).unwrap();
                dorm.calls_one();
            }
            thief.join().unwrap();
            assert!(dorm.injector.is_empty());
        },
        &[(Plant::RefusalForgotten, &[STUCK]), (Plant::SleepsWithoutLook, &[STUCK])],
    );
}

/// Of four workers two may search: of two that ask one, beside one that is woken, or both, if it is not.
#[test]
fn at_most_half_search() {
    model(
        "steal::at_most_half_search",
        || {
            let idle = Arc::new(Idle::new(4, false));
            idle.sleeps(3, false);
            let asks: Vec<_> = (0..2)
                .map(|_| {
                    let idle = idle.clone();
                    thread::spawn(move || idle.may_search(4))
                })
                .collect();
            let chosen = idle.may_search(4) && idle.ends_search() && idle.choose(|| true).is_some();
            let may = asks.into_iter().map(|ask| usize::from(ask.join().unwrap())).sum::<usize>();
            assert!(may + usize::from(chosen) <= 2, "{may} of two may search, and one is woken: {chosen}");
        },
        &[(Plant::SearchInTwoSteps, &["may search"])],
    );
}
