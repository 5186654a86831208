//! Models of two classes: the real seats of a crew, whose workers' drivers are bells. A task of `Latency` that is queued where
//! only others take it meets one of them on its way to sleep.

use super::super::super::{Crew, Found, Knobs, Ring, Two};
use super::Name;
use crate::loom::Plant;
use crate::roles::{Policy, Stealing};
use crate::sharing::Moving;
use crate::task::header::Task;
use crate::task::home::{Home, HomeTable, Tag};
use crate::testing::models::{STUCK, model_apart};
use crate::topology::Near;
use ::loom::sync::Notify;
use ::loom::thread;
use core::any::TypeId;
use core::ptr::NonNull;
use std::boxed::Box;
use std::sync::Arc;
use std::vec::Vec;

/// One look each: more of them show nothing new.
struct Once;
impl Policy for Once {
    const SEARCH_ROUNDS: u32 = 1;
}

/// A home, and what ends the sleep of its worker.
#[repr(C)]
struct Bed {
    home: Home<Moving>,
    bell: Notify,
}

static BEDS: HomeTable<Moving> = HomeTable {
    // SAFETY: every home of these models is the first field of a bed, which lives as long as the model.
    unpark: |home| unsafe { home.cast::<Bed>().as_ref() }.bell.notify(),
    free: |_| unreachable!("the model owns the homes"),
    offload: None,
};
static TAG: Tag = Tag { id: TypeId::of::<Bed>(), name: "ward" };

struct Ward {
    crew: Arc<Crew<Two<Ring, 1>>>,
    beds: Vec<NonNull<Bed>>,
    task: Name,
}

// SAFETY: of a seat each model says which thread plays its worker.
unsafe impl Send for Ward {}
// SAFETY: as above.
unsafe impl Sync for Ward {}

impl Ward {
    fn new(workers: usize) -> Arc<Ward> {
        let bed = |worker| {
            let bed = Bed { home: Home::new(&BEDS, &TAG, worker, 4), bell: Notify::new() };
            let bed = NonNull::from(Box::leak(Box::new(bed)));
            // SAFETY: nobody else knows it.
            unsafe { Home::follow(bed.cast(), bed.cast()) };
            bed
        };
        let beds: Vec<NonNull<Bed>> = (0..workers).map(bed).collect();
        let knobs = Knobs { capacity: 2, policy: Stealing::of::<Once>() };
        let near = (0..workers).map(|me| Near::anywhere(me, workers));
        let homes: Vec<_> = beds.iter().map(|bed| bed.cast()).zip(near).collect();
        // SAFETY: nobody else knows the homes, which live as long as the ward.
        let crew = unsafe { Crew::form(homes.into_iter(), knobs) };
        Arc::new(Ward { crew, beds, task: Name::of_latency() })
    }

    /// As a worker does until it has found a task.
    fn find(&self, worker: usize) -> Task<Moving> {
        let seat = &self.crew.seats[worker];
        loop {
            // SAFETY: this thread plays the worker.
            if let Some(Found::Task(task)) = unsafe { seat.next(false) } {
                return task;
            }
            // SAFETY: as above.
            match unsafe { seat.search::<false>() } {
                Found::Task(task) => return task,
                // SAFETY: as above.
                Found::Nothing(None) => unsafe { self.beds[worker].as_ref() }.bell.wait(),
                _ => {}
            }
            // SAFETY: as above.
            unsafe { seat.rises(false) };
            thread::yield_now();
        }
    }
}

impl Drop for Ward {
    fn drop(&mut self) {
        if crate::loom::given_up() {
            return;
        }
        for bed in &self.beds {
            // SAFETY: leaked by `new`; nobody uses it any more.
            drop(unsafe { Box::from_raw(bed.as_ptr()) });
        }
    }
}

/// It is queued on a worker that is busy, and so the other's.
#[test]
fn latency_push_vs_sleep() {
    model_apart(
        "task::steal::tests::loom::classes::latency_push_vs_sleep",
        || {
            let ward = Ward::new(2);
            let there = ward.clone();
            let other = thread::spawn(move || assert_eq!(there.find(1), there.task.task()));
            // SAFETY: this thread plays the worker.
            unsafe { ward.crew.seats[0].push(ward.task.task()) };
            other.join().unwrap();
            assert_eq!(ward.crew.seats[0].queued(), 0);
        },
        &[
            (Plant::SleepsOverLatency, &[STUCK]),
            (Plant::PushWithoutFence, &[STUCK]),
            (Plant::SleepWithoutFence, &[STUCK]),
            (Plant::PushWakesNobody, &[STUCK]),
        ],
    );
}

/// It comes from a thread that runs no worker.
#[test]
fn latency_inject_vs_sleep() {
    model_apart(
        "task::steal::tests::loom::classes::latency_inject_vs_sleep",
        || {
            let ward = Ward::new(1);
            let there = ward.clone();
            let other = thread::spawn(move || there.crew.inject(there.task.task()));
            assert_eq!(ward.find(0), ward.task.task());
            other.join().unwrap();
            assert_eq!(ward.crew.seats[0].injected(), 0);
        },
        &[(Plant::SleepsOverLatency, &[STUCK]), (Plant::PushWakesNobody, &[STUCK])],
    );
}
