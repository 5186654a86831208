//! Workers that keep their tasks: what goes from one to another, and what a shutdown meets.

use super::{Counted, Modelled, count, ends, start};
use crate::loom::Plant;
use crate::roles::Uniform;
use crate::runtime::Ambient;
use crate::scheduler::PerCore;
use crate::sync::Notify;
use crate::task::JoinHandle;
use crate::testing::schedules::{STUCK, model};
use crate::worker::counts;
use core::sync::atomic::Ordering::SeqCst;
use shuttle::thread;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::vec::Vec;

configs! {
    Three: PerCore<3>, Modelled, Uniform, false;
    Four: PerCore<4>, Modelled, Uniform, false;
}

/// Every worker spawns on every other one, and waits for what it spawned.
macro_rules! each_on_each {
    ($config:ident, $workers:literal) => {
        || {
            let runtime = start::<$config>();
            let ran = count();
            let counts = ran.clone();
            runtime.block_on(async move {
                let roots = $config::spawn_on_each(async move |from| {
                    let tasks: Vec<_> = (0..$workers)
                        .map(|core| {
                            let ran = counts.clone();
                            $config::spawn_on(core, async move || {
                                $config::yield_now().await;
                                ran.fetch_add(1, SeqCst);
                                core
                            })
                        })
                        .collect();
                    for (core, task) in tasks.into_iter().enumerate() {
                        assert_eq!(task.await.unwrap(), core);
                    }
                    from
                });
                for (from, root) in roots.into_iter().enumerate() {
                    assert_eq!(root.await.unwrap(), from);
                }
            });
            assert_eq!(ran.load(SeqCst), $workers * $workers, "a task did not run once");
            ends(runtime, $workers + 1);
        }
    };
}

#[test]
fn each_of_three_spawns_on_each() {
    let twins: &[(Plant, &[&str])] = &[(Plant::ParkInTwoSteps, &[STUCK])];
    model(test!("cores::each_of_three_spawns_on_each"), each_on_each!(Three, 3), twins);
}

#[test]
fn each_of_four_spawns_on_each() {
    let twins: &[(Plant, &[&str])] = &[(Plant::ParkInTwoSteps, &[STUCK])];
    model(test!("cores::each_of_four_spawns_on_each"), each_on_each!(Four, 4), twins);
}

/// A word goes from worker to worker; one on the way panics, another is aborted from outside.
#[test]
fn a_word_goes_round() {
    model(
        test!("cores::a_word_goes_round"),
        || {
            let runtime = start::<Three>();
            let bells: Vec<Arc<Notify>> = (0..4).map(|_| Arc::default()).collect();
            let tasks: Vec<_> = bells
                .windows(2)
                .map(|pair| {
                    let (hears, rings) = (pair[0].clone(), pair[1].clone());
                    runtime.spawn(async move {
                        hears.notified().await;
                        rings.notify_one();
                    })
                })
                .collect();
            // No hook is called: a panic that is told is one of the model's.
            let fails = runtime.spawn(async { resume_unwind(std::boxed::Box::new("as the test wants it")) });
            let waits = runtime.spawn(core::future::pending::<()>());
            let abort = waits.abort_handle();
            let outside = thread::spawn(move || abort.abort());
            bells[0].notify_one();
            runtime.block_on(async {
                bells[3].notified().await;
                for task in tasks {
                    task.await.unwrap();
                }
                assert!(fails.await.map(|()| ()).unwrap_err().is_panic());
                assert!(waits.await.unwrap_err().is_cancelled());
            });
            outside.join().unwrap();
            ends(runtime, 4);
        },
        &[(Plant::ParkInTwoSteps, &[STUCK])],
    );
}

/// Tasks that wait on each worker, one that is always ready, and a thread that spawns meanwhile.
#[test]
fn a_shutdown_meets_everything() {
    model(
        test!("cores::a_shutdown_meets_everything"),
        || {
            let runtime = start::<Three>();
            let dropped = count();
            let waits = |turns: usize| {
                let value = Counted(dropped.clone());
                async move {
                    let _value = value;
                    for _ in 0..turns {
                        // A schedule that prefers this thread lets others go on.
                        thread::yield_now();
                        Three::yield_now().await;
                    }
                    core::future::pending::<()>().await;
                }
            };
            let mut tasks: Vec<_> = [0, 1, usize::MAX].into_iter().map(|turns| runtime.spawn(waits(turns))).collect();
            let (handle, later) = (runtime.handle(), [waits(0), waits(1)]);
            let outside = thread::spawn(move || later.map(|future| handle.spawn(future)));
            drop(runtime);
            assert!(dropped.load(SeqCst) >= 3, "a future outlives its runtime");
            tasks.extend(outside.join().unwrap());
            assert!(tasks.iter().all(JoinHandle::is_finished));
            assert_eq!(dropped.load(SeqCst), 5, "each future is dropped once");
            drop(tasks);
            counts::assert_all_freed(3);
        },
        &[
            (Plant::StopUnheard, &[STUCK]),
            (Plant::StopSleptOver, &[STUCK]),
            (Plant::LeavesUnheard, &[STUCK]),
            (Plant::ClosedPostForgotten, &["panicked"]),
            (Plant::LateTaskForgotten, &["panicked"]),
        ],
    );
}
