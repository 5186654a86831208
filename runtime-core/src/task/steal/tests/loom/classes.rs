//! Models of two classes, and of two nodes: the real seats of a crew, whose workers' drivers are bells. A task that is queued
//! where only others take it meets one of them on its way to sleep.

use super::super::super::{Crew, Found, Knobs, Ring, Two};
use super::Name;
use crate::loom::Plant;
use crate::roles::{Cpu, Policy, Stealing};
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
static TAG: Tag = Tag { id: TypeId::of::<Bed>(), name: "ward", locals: None };

pub(super) struct Ward {
    pub(super) crew: Arc<Crew<Two<Ring, 1>>>,
    beds: Vec<NonNull<Bed>>,
    task: Name,
}

// SAFETY: of a seat each model says which thread plays its worker.
unsafe impl Send for Ward {}
// SAFETY: as above.
unsafe impl Sync for Ward {}

impl Ward {
    /// Workers, each on a node of its own if `apart`, and a task of the first.
    pub(super) fn new(workers: usize, apart: bool, latency: bool) -> Arc<Ward> {
        let bed = |worker| {
            let bed = Bed { home: Home::new(&BEDS, &TAG, worker, 4), bell: Notify::new() };
            let bed = NonNull::from(Box::leak(Box::new(bed)));
            // SAFETY: nobody else knows it.
            unsafe { Home::<Moving>::follow(bed.cast(), bed.cast()) };
            bed
        };
        let beds: Vec<NonNull<Bed>> = (0..workers).map(bed).collect();
        let knobs = Knobs { capacity: 2, policy: Stealing::of::<Once>() };
        let cpus: Vec<_> = (0..workers as u32).map(|n| Cpu { id: n, core: n, cache: n, node: n }).collect();
        let near = if apart {
            Near::all(&cpus, |_, _| 20)
        } else {
            (0..workers).map(|me| Near::anywhere(me, workers)).collect()
        };
        let homes: Vec<_> = beds.iter().map(|bed| bed.cast()).zip(near).collect();
        // SAFETY: nobody else knows the homes, which live as long as the ward.
        let crew = unsafe { Crew::form(homes.into_iter(), knobs) };
        let task = Name::of(beds[0].cast(), latency);
        Arc::new(Ward { crew, beds, task })
    }

    /// One more task of the first worker.
    pub(super) fn another(&self, latency: bool) -> Name {
        Name::of(self.beds[0].cast(), latency)
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
            let ward = Ward::new(2, false, true);
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
            let ward = Ward::new(1, false, true);
            let there = ward.clone();
            let other = thread::spawn(move || there.crew.inject(there.task.task()));
            assert_eq!(ward.find(0), ward.task.task());
            other.join().unwrap();
            assert_eq!(ward.crew.seats[0].injected(), 0);
        },
        &[(Plant::SleepsOverLatency, &[STUCK]), (Plant::PushWakesNobody, &[STUCK])],
    );
}

/// It comes from outside, for a node whose worker is busy, while that of another node is on its way to sleep.
#[test]
fn far_inject_vs_sleep() {
    model_apart(
        "task::steal::tests::loom::classes::far_inject_vs_sleep",
        || {
            let ward = Ward::new(2, true, false);
            let there = ward.clone();
            let other = thread::spawn(move || there.crew.inject(there.task.task()));
            assert_eq!(ward.find(1), ward.task.task());
            other.join().unwrap();
            assert_eq!(ward.crew.seats[0].injected(), 0);
        },
        &[(Plant::SleepsOverFarNodes, &[STUCK]), (Plant::PushWakesNobody, &[STUCK])],
    );
}
