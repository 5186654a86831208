//! Threads that start when there is something for them, and that the system may refuse.

use super::{Late, Modelled, Thread, count, ends, start};
use crate::error::{Error, ErrorKind};
use crate::loom::Plant;
use crate::roles::{StartsThreads, Threads, Uniform};
use crate::scheduler::WorkStealing;
use crate::testing::schedules::{STUCK, model};
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use shuttle::sync::Barrier;
use shuttle::thread;
use std::sync::Arc;
use std::vec::Vec;

/// The model's threads, but for each second one.
#[derive(Debug)]
struct Scarce;

/// How many were asked for. Models run one at a time.
static ASKED: AtomicUsize = AtomicUsize::new(0);

impl StartsThreads for Scarce {}

impl Threads for Scarce {
    const NAME: &'static str = "scarce";
    const MAY_START: bool = true;
    type Thread = Thread;
    fn start(name: &str, main: impl FnOnce() + Send + 'static) -> Result<Thread, Error> {
        // The refusal takes its time, too.
        thread::yield_now();
        if ASKED.fetch_add(1, SeqCst) % 2 == 0 {
            return Err(Error::new(ErrorKind::OutOfMemory).because("the model grants each second one"));
        }
        Modelled::start(name, main)
    }
}

configs! {
    Four: WorkStealing<4, Late>, Modelled, Uniform, false;
    FourOfScarce: WorkStealing<4, Late>, Scarce, Uniform, false;
}

/// Three threads bring the first tasks of a runtime that has no thread yet.
#[test]
fn first_spawns_meet() {
    model(
        test!("demand::first_spawns_meet"),
        || {
            let runtime = start::<Four>();
            let ran = count();
            let others: Vec<_> = (0..2)
                .map(|_| {
                    let (handle, ran) = (runtime.handle(), ran.clone());
                    thread::spawn(move || {
                        let task = handle.spawn(async move { ran.fetch_add(1, SeqCst) });
                        drop(handle);
                        task
                    })
                })
                .collect();
            let counts = ran.clone();
            let mine = runtime.spawn(async move { counts.fetch_add(1, SeqCst) });
            runtime.block_on(async {
                mine.await.unwrap();
                for other in others {
                    other.join().unwrap().await.unwrap();
                }
            });
            assert_eq!(ran.load(SeqCst), 3, "a task did not run once");
            ends(runtime, 5);
        },
        &[(Plant::ThreadAskedForTwice, &["panicked"])],
    );
}

/// The first thread is refused, and so is each second one after it; those that there are do everything.
#[test]
fn refused_threads_leave_nothing_undone() {
    model(
        test!("demand::refused_threads_leave_nothing_undone"),
        || {
            ASKED.store(0, SeqCst);
            let runtime = start::<FourOfScarce>();
            let refused = runtime.spawn(async {});
            assert!(runtime.block_on(refused).is_err(), "there is no thread");
            let meet = Arc::new(Barrier::new(2));
            let tasks: Vec<_> = (0..2)
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
            ends(runtime, 6);
        },
        &[(Plant::RefusalForgotten, &[STUCK])],
    );
}
