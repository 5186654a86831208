//! A model of a queue that is full: its worker sheds half of it to the injector, while another one steals from it.

use super::super::super::Found;
use super::Name;
use super::classes::Ward;
use crate::loom::Plant;
use crate::testing::models::model_apart;
use ::loom::cell::UnsafeCell;
use ::loom::thread;
use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::vec::Vec;

/// One more than a queue holds.
const TASKS: usize = 3;

/// A crew of two, tasks of the class that has no slot, and for each what its pusher wrote before: whoever gets it reads it.
struct Flood {
    names: Vec<Name>,
    written: Vec<UnsafeCell<u32>>,
    got: AtomicUsize,
    ward: Arc<Ward>,
}

// SAFETY: loom checks who touches the cells; of a seat the model says which thread plays its worker.
unsafe impl Send for Flood {}
// SAFETY: as above.
unsafe impl Sync for Flood {}

impl Flood {
    fn new() -> Arc<Flood> {
        let ward = Ward::new(2, false, true);
        Arc::new(Flood {
            names: (0..TASKS).map(|_| ward.another(true)).collect(),
            written: (0..TASKS).map(|_| UnsafeCell::new(0)).collect(),
            got: AtomicUsize::new(0),
            ward,
        })
    }

    /// The first worker queues a task.
    fn pushes(&self, at: usize) {
        self.written[at].with_mut(|written| {
            // SAFETY: loom checks that nobody else touches it now.
            unsafe { *written = 1 }
        });
        // SAFETY: this thread plays the worker.
        unsafe { self.ward.crew.seats[0].push(self.names[at].task()) };
    }

    /// As a worker does that looks once for a task. Says whether it got one.
    fn takes(&self, worker: usize) -> bool {
        let seat = &self.ward.crew.seats[worker];
        // SAFETY: this thread plays the worker.
        let found = unsafe { seat.next(false) }.unwrap_or_else(|| unsafe { seat.search::<false>() });
        // SAFETY: as above.
        unsafe { seat.rises(false) };
        let Found::Task(task) = found else { return false };
        seat.begins_work();
        let at = self.names.iter().position(|name| name.task() == task).expect("a task of this model");
        self.written[at].with_mut(|written| {
            // SAFETY: loom checks that nobody else touches it now.
            assert_eq!(unsafe { written.replace(2) }, 1, "got twice");
        });
        self.got.fetch_add(1, SeqCst);
        true
    }
}

/// The queue is full when the last task comes; a thief takes from it, and from where half of it goes.
#[test]
fn overflow_vs_steal() {
    model_apart(
        "task::steal::tests::loom::overflow::overflow_vs_steal",
        || {
            let flood = Flood::new();
            flood.pushes(0);
            flood.pushes(1);
            let there = flood.clone();
            let thief = thread::spawn(move || {
                // Perhaps from the queue, then from the injector.
                there.takes(1);
                there.takes(1);
            });
            flood.pushes(2);
            flood.takes(0);
            thief.join().unwrap();
            while flood.takes(0) || flood.takes(1) {}
            assert_eq!(flood.got.load(SeqCst), TASKS, "lost");
        },
        &[
            (Plant::OverflowForgotten, &["lost"]),
            (Plant::RingTakeInTwoSteps, &["got twice", "Causality violation", "lost"]),
            (Plant::RingRelaxedPush, &["Causality violation", "got twice", "lost"]),
        ],
    );
}
