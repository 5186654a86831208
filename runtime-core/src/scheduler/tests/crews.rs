//! Workers that take tasks from each other: each task runs once, on whom it may, and none waits for ever.

use super::{Counted, Late, Modelled, Once, count, ends, start};
use crate::config::Config;
use crate::error::Error;
use crate::loom::Plant;
use crate::roles::{Cpu, Latency, Throughput, Topology, Uniform};
use crate::runtime::Ambient;
use crate::scheduler::{Classes, Ring, WorkStealing};
use crate::sync::Notify;
use crate::testing::schedules::{STUCK, model};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::Barrier;
use shuttle::thread;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::vec::Vec;

/// Two nodes of two processors. Nothing is pinned: the threads are the model's.
#[derive(Debug)]
struct TwoNodes;

impl Topology for TwoNodes {
    const NAME: &'static str = "two-nodes";
    const PINS: bool = true;
    fn for_each_cpu(mut each: impl FnMut(Cpu)) {
        for id in 0..4 {
            each(Cpu { id, core: id, cache: id / 2, node: id / 2 });
        }
    }
    fn pin(_: &[Cpu]) -> Result<(), Error> {
        Ok(())
    }
}

configs! {
    Three: WorkStealing<3, Once>, Modelled, Uniform, false;
    Four: WorkStealing<4, Once>, Modelled, Uniform, false;
    FourLate: WorkStealing<4, Late>, Modelled, Uniform, false;
    FourOnNodes: WorkStealing<4, Once>, Modelled, TwoNodes, true;
    ThreeClassed: WorkStealing<3, Once, Classes<Ring, 2>>, Modelled, Uniform, false;
}

/// Tasks that spawn, yield and wait for each other.
macro_rules! trees {
    ($config:ident, $workers:literal) => {
        || {
            let runtime = start::<$config>();
            let ran = count();
            let root = |ran: Arc<AtomicUsize>| {
                runtime.spawn(async move {
                    let children: Vec<_> = (0..3)
                        .map(|turns| {
                            let ran = ran.clone();
                            $config::spawn(async move {
                                for _ in 0..turns {
                                    $config::yield_now().await;
                                }
                                ran.fetch_add(1, SeqCst);
                                1
                            })
                        })
                        .collect();
                    let mut sum = 0;
                    for child in children {
                        sum += child.await.unwrap();
                    }
                    sum
                })
            };
            let (one, other) = (root(ran.clone()), root(ran.clone()));
            let sum = runtime.block_on(async { one.await.unwrap() + other.await.unwrap() });
            assert_eq!((sum, ran.load(SeqCst)), (6, 6), "a task did not run once");
            ends(runtime, $workers + 1);
        }
    };
}

#[test]
fn trees_of_tasks_on_three() {
    let twins: &[(Plant, &[&str])] =
        &[(Plant::RingTakeInTwoSteps, &["panicked"]), (Plant::RingPopInTwoSteps, &["panicked"])];
    model(test!("crews::trees_of_tasks_on_three"), trees!(Three, 3), twins);
}

#[test]
fn trees_of_tasks_on_four() {
    model(test!("crews::trees_of_tasks_on_four"), trees!(Four, 4), &[(Plant::SleepsWithoutLook, &[STUCK])]);
}

#[test]
fn trees_of_tasks_on_demand() {
    model(
        test!("crews::trees_of_tasks_on_demand"),
        trees!(FourLate, 4),
        &[(Plant::ThreadAskedForTwice, &["panicked"])],
    );
}

#[test]
fn trees_of_tasks_on_two_nodes() {
    model(test!("crews::trees_of_tasks_on_two_nodes"), trees!(FourOnNodes, 4), &[(Plant::PushWakesNobody, &[STUCK])]);
}

/// As many tasks as there are workers, each of which holds its worker until all of them run.
macro_rules! meeting {
    ($config:ident, $workers:literal) => {
        || {
            let runtime = start::<$config>();
            let meet = Arc::new(Barrier::new($workers));
            let tasks: Vec<_> = (0..$workers)
                .map(|_| {
                    let meet = meet.clone();
                    runtime.spawn(async move { meet.wait().is_leader() })
                })
                .collect();
            let mut leaders = 0;
            runtime.block_on(async {
                for task in tasks {
                    leaders += usize::from(task.await.unwrap());
                }
            });
            assert_eq!(leaders, 1);
            ends(runtime, $workers + 1);
        }
    };
}

/// Work that one worker passes over is another's: else a task waits behind one that waits for it.
#[test]
fn what_is_to_run_at_once_has_a_worker_each_of_three() {
    let twins: &[(Plant, &[&str])] = &[
        (Plant::LastSearcherSilent, &[STUCK]),
        (Plant::WorkSeenSilent, &[STUCK]),
        (Plant::SleepsWithoutLook, &[STUCK]),
        (Plant::PushWakesNobody, &[STUCK]),
    ];
    model(test!("crews::what_is_to_run_at_once_has_a_worker_each_of_three"), meeting!(Three, 3), twins);
}

#[test]
fn what_is_to_run_at_once_has_a_worker_each_of_four() {
    let twins: &[(Plant, &[&str])] = &[(Plant::LastSearcherSilent, &[STUCK])];
    model(test!("crews::what_is_to_run_at_once_has_a_worker_each_of_four"), meeting!(Four, 4), twins);
}

#[test]
fn what_is_to_run_at_once_has_a_thread_each() {
    let twins: &[(Plant, &[&str])] = &[(Plant::LastSearcherSilent, &[STUCK])];
    model(test!("crews::what_is_to_run_at_once_has_a_thread_each"), meeting!(FourLate, 4), twins);
}

#[test]
fn what_is_to_run_at_once_has_a_worker_each_of_two_nodes() {
    let twins: &[(Plant, &[&str])] = &[(Plant::SleepsOverFarNodes, &[STUCK])];
    model(test!("crews::what_is_to_run_at_once_has_a_worker_each_of_two_nodes"), meeting!(FourOnNodes, 4), twins);
}

/// A word goes from task to task, and from and to threads outside: each sleeps until it comes.
#[test]
fn a_word_goes_round() {
    model(
        test!("crews::a_word_goes_round"),
        || {
            let runtime = start::<Three>();
            let bells: Vec<Arc<Notify>> = (0..4).map(|_| Arc::new(Notify::new())).collect();
            let tasks: Vec<_> = bells
                .windows(2)
                .map(|pair| {
                    let (hears, rings) = (pair[0].clone(), pair[1].clone());
                    runtime.spawn(async move {
                        for _ in 0..2 {
                            hears.notified().await;
                            rings.notify_one();
                            Three::yield_now().await;
                        }
                    })
                })
                .collect();
            let (first, last) = (bells[0].clone(), bells[3].clone());
            let outside = thread::spawn(move || first.notify_one());
            runtime.block_on(last.notified());
            bells[0].notify_one();
            runtime.block_on(async {
                last.notified().await;
                for task in tasks {
                    task.await.unwrap();
                }
            });
            outside.join().unwrap();
            ends(runtime, 5);
        },
        &[(Plant::SleepsWithoutLook, &[STUCK]), (Plant::ParkInTwoSteps, &[STUCK])],
    );
}

/// Both classes from everywhere: none waits for ever.
#[test]
fn two_classes_on_three() {
    model(
        test!("crews::two_classes_on_three"),
        || {
            let runtime = start::<ThreeClassed>();
            let ran = count();
            let counts = ran.clone();
            let root = runtime.spawn(async move {
                let some = |n: usize| {
                    let counts = counts.clone();
                    async move {
                        for _ in 0..n {
                            ThreeClassed::yield_now().await;
                        }
                        counts.fetch_add(1, SeqCst);
                    }
                };
                let tasks = [
                    ThreeClassed::spawn_with(Latency, some(1)),
                    ThreeClassed::spawn_with(Throughput, some(0)),
                    ThreeClassed::spawn_with(Latency, some(0)),
                    ThreeClassed::spawn(some(1)),
                ];
                for task in tasks {
                    task.await.unwrap();
                }
            });
            runtime.block_on(root).unwrap();
            // From outside, to workers that are about to sleep.
            let (counts, handle) = (ran.clone(), runtime.handle());
            let last = handle.spawn_with(Latency, async move {
                counts.fetch_add(1, SeqCst);
            });
            drop(handle);
            runtime.block_on(last).unwrap();
            assert_eq!(ran.load(SeqCst), 5, "a task did not run once");
            ends(runtime, 5);
        },
        &[(Plant::SleepsOverLatency, &[STUCK])],
    );
}

/// Tasks that panic in their polls, at once or later, and what waits for them elsewhere.
#[test]
fn panics_are_told_to_who_waits() {
    model(
        test!("crews::panics_are_told_to_who_waits"),
        || {
            let runtime = start::<Three>();
            let dropped = count();
            let tasks: Vec<_> = (0..3)
                .map(|turns| {
                    let value = Counted(dropped.clone());
                    runtime.spawn(async move {
                        let _value = value;
                        let inner = Three::spawn(async move {
                            for _ in 0..turns {
                                Three::yield_now().await;
                            }
                            // No hook is called: a panic that is told is one of the model's.
                            resume_unwind(std::boxed::Box::new("as the test wants it"));
                        });
                        let failed = inner.await.map(|()| ()).unwrap_err();
                        assert!(failed.is_panic());
                    })
                })
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    task.await.unwrap();
                }
            });
            assert_eq!(dropped.load(SeqCst), 3);
            ends(runtime, 4);
        },
        &[(Plant::SleepsWithoutLook, &[STUCK])],
    );
}

/// A task is aborted by another thread while it is woken, taken and run: it ends once, as it says.
#[test]
fn aborts_meet_polls() {
    model(
        test!("crews::aborts_meet_polls"),
        || {
            let runtime = start::<Three>();
            let (dropped, bell) = (count(), Arc::<Notify>::default());
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    let (value, hears) = (Counted(dropped.clone()), bell.clone());
                    runtime.spawn(async move {
                        let _value = value;
                        Three::yield_now().await;
                        hears.notified().await;
                    })
                })
                .collect();
            let aborts: Vec<_> = tasks.iter().map(|task| task.abort_handle()).collect();
            let outside = thread::spawn(move || {
                for abort in aborts {
                    abort.abort();
                }
            });
            bell.notify_one();
            let mut ended = 0;
            runtime.block_on(async {
                for task in tasks {
                    ended += usize::from(task.await.is_ok_and(|()| true));
                }
            });
            assert!(ended <= 1, "one was notified at most");
            assert_eq!(dropped.load(SeqCst), 3);
            outside.join().unwrap();
            ends(runtime, 4);
        },
        &[(Plant::SleepsWithoutLook, &[STUCK])],
    );
}

/// Tasks block in place until others of their worker have run, which stand-ins do.
#[test]
fn threads_go_away_and_come_back() {
    model(
        test!("crews::threads_go_away_and_come_back"),
        || {
            let runtime = start::<Three>();
            let tasks: Vec<_> = (0..3)
                .map(|_| {
                    runtime.spawn(async move {
                        let (sender, receiver) = crate::channel::oneshot::channel();
                        drop(Three::spawn(async move { sender.send(7).unwrap() }));
                        Three::yield_now().await;
                        Three::block_in_place(|| receiver.blocking_recv()).unwrap()
                    })
                })
                .collect();
            runtime.block_on(async {
                for task in tasks {
                    assert_eq!(task.await.unwrap(), 7);
                }
            });
            ends(runtime, 4);
        },
        &[(Plant::HelmGivenUnheard, &[STUCK]), (Plant::HelmTakenInTwoSteps, &["panicked"])],
    );
}

/// The configs are what they are called.
const _: () = assert!(<Three as Config>::LOCAL_QUEUE == 2, "queues run over");
