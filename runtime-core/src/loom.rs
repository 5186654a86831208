//! The only switch between the real atomics and those of the model checker.
//!
//! Every file with an ordering takes its atomics and cells from here, so that `--cfg loom` runs the real code under
//! [loom](https://docs.rs/loom). A *planted bug* is a mistake that a model can be told to make: the test that finds it
//! shows that the model would find the like of it. Plants exist under `--cfg loom` only.
//!
//! `--cfg shuttle`, which comes beside `--cfg loom`, puts [shuttle](https://docs.rs/shuttle) in loom's place: the same code,
//! plants and counts, under schedules that are drawn at random (decision 0066). So `loom` means *in a model*, and where the
//! two differ a line says `shuttle`.

#[cfg(not(loom))]
mod imp {
    #[cfg(feature = "std")]
    pub(crate) use core::sync::atomic::fence;
    pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize};
    #[cfg(feature = "std")]
    pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
    #[cfg(feature = "std")]
    pub(crate) use std::thread;

    /// Lets other threads run, where there are any; who has looked often in vain sleeps.
    #[cfg(feature = "alloc")]
    #[cfg_attr(feature = "std", expect(clippy::disallowed_methods, reason = "a worker that closes waits for threads"))]
    pub(crate) fn yield_thread(looks: u32) {
        #[cfg(feature = "std")]
        if looks < 100 {
            std::thread::yield_now();
        } else {
            std::thread::sleep(core::time::Duration::from_micros(100));
        }
        #[cfg(not(feature = "std"))]
        {
            let _ = looks;
            core::hint::spin_loop();
        }
    }
}

#[cfg(all(loom, not(shuttle)))]
mod imp {
    //! Loom's atomics, whose loads take part in its search.
    //!
    //! Loom remembers one last access to each atomic. A thread that loads and then exchanges, as every loop of ours does,
    //! masks with its own load the load that another thread made before: the order "exchange first, then that load" is
    //! never tried (loom 0.7.2, `rt/atomic.rs`, `last_access`). So each load first makes a relaxed step on a second
    //! word, which orders the loads among themselves for the search and synchronises nothing.
    use super::Ordering;
    use core::fmt;
    use loom::sync::atomic as real;

    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::fence;
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use loom::{thread, thread_local};
    pub(crate) fn yield_thread(_looks: u32) {
        loom::thread::yield_now();
    }

    macro_rules! atomics {
        ($($name:ident [$($generic:ident)?] $value:ty;)+) => {$(
            #[allow(unreachable_pub, reason = "the hidden types of `Sharing` name it")]
            pub struct $name $(<$generic>)? {
                value: real::$name $(<$generic>)?,
                search: real::AtomicUsize,
            }

            impl $(<$generic>)? $name $(<$generic>)? {
                #[track_caller]
                pub(crate) fn new(value: $value) -> Self {
                    $name { value: real::$name::new(value), search: real::AtomicUsize::new(0) }
                }
                #[track_caller]
                pub(crate) fn load(&self, order: Ordering) -> $value {
                    self.search.fetch_add(0, Ordering::Relaxed);
                    self.value.load(order)
                }
                #[track_caller]
                pub(crate) fn store(&self, value: $value, order: Ordering) {
                    self.value.store(value, order)
                }
                #[track_caller]
                #[allow(dead_code, reason = "not every width needs every verb")]
                pub(crate) fn swap(&self, value: $value, order: Ordering) -> $value {
                    self.value.swap(value, order)
                }
                #[track_caller]
                #[allow(dead_code, reason = "as above")]
                pub(crate) fn compare_exchange(
                    &self,
                    now: $value,
                    next: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.value.compare_exchange(now, next, success, failure)
                }
                #[track_caller]
                #[allow(dead_code, reason = "as above")]
                pub(crate) fn compare_exchange_weak(
                    &self,
                    now: $value,
                    next: $value,
                    success: Ordering,
                    failure: Ordering,
                ) -> Result<$value, $value> {
                    self.value.compare_exchange_weak(now, next, success, failure)
                }
            }

            impl $(<$generic>)? fmt::Debug for $name $(<$generic>)? {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(stringify!($name))
                }
            }
        )+};
    }

    atomics! {
        AtomicPtr[T] *mut T;
        AtomicU8[] u8;
        AtomicU32[] u32;
        AtomicUsize[] usize;
    }

    impl AtomicU32 {
        #[track_caller]
        pub(crate) fn fetch_add(&self, n: u32, order: Ordering) -> u32 {
            self.value.fetch_add(n, order)
        }
        #[track_caller]
        pub(crate) fn fetch_sub(&self, n: u32, order: Ordering) -> u32 {
            self.value.fetch_sub(n, order)
        }
    }

    impl AtomicUsize {
        #[track_caller]
        pub(crate) fn fetch_add(&self, n: usize, order: Ordering) -> usize {
            self.value.fetch_add(n, order)
        }
        #[track_caller]
        pub(crate) fn fetch_sub(&self, n: usize, order: Ordering) -> usize {
            self.value.fetch_sub(n, order)
        }
        #[track_caller]
        pub(crate) fn fetch_and(&self, mask: usize, order: Ordering) -> usize {
            self.value.fetch_and(mask, order)
        }
    }
}

#[cfg(shuttle)]
mod imp {
    //! Shuttle's. Each use of an atomic or a lock is a point at which any other thread of the schedule may go on. Every
    //! ordering is the strongest one, a fence is nothing, and nobody sees a race on a cell: for these there is loom.
    pub(crate) use shuttle::sync::atomic::{AtomicPtr, AtomicU8, AtomicU32, AtomicUsize, fence};
    pub(crate) use shuttle::sync::{Condvar, Mutex, MutexGuard};
    pub(crate) use shuttle::{thread, thread_local};

    pub(crate) fn yield_thread(_looks: u32) {
        shuttle::thread::yield_now();
    }
}

#[cfg(any(not(loom), shuttle))]
mod cell {
    /// `core`'s cell with loom's interface.
    #[derive(Debug, Default)]
    pub(crate) struct UnsafeCell<T: ?Sized>(core::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        #[inline(always)]
        pub(crate) const fn new(value: T) -> Self {
            UnsafeCell(core::cell::UnsafeCell::new(value))
        }
        #[inline(always)]
        pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }
        #[inline(always)]
        pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }
    }
}

#[cfg(any(not(loom), shuttle))]
pub(crate) use cell::UnsafeCell;
pub(crate) use core::sync::atomic::Ordering;
#[cfg(feature = "alloc")]
pub(crate) use imp::*;

/// The mistakes that a model can be told to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(loom), allow(dead_code, reason = "plants are made under loom only, and not all exist without `std`"))]
pub(crate) enum Plant {
    /// The push into the inbox publishes nothing.
    RelaxedPush,
    /// The unparker does not hold the core while it unparks.
    UnparkWithoutReference,
    /// The inbox is not closed at close.
    InboxStaysOpen,
    /// Parking looks, then stores: two steps.
    ParkInTwoSteps,
    /// A foreign drop that makes the delta negative does not pin.
    NegativeDeltaUnpinned,
    /// A wake of a woken task does not publish what was written before it.
    WakeWithoutPublication,
    /// The owner's visit forgets the remote delta.
    VisitForgetsDelta,
    /// The owner does not pull the delta of a queued task.
    PullSkipsQueued,
    /// A drop after the merge publishes nothing.
    RelaxedMergedDrop,
    /// A drop of a reference of a shared task publishes nothing.
    RelaxedSharedDrop,
    /// A drop of a reference of a home publishes nothing.
    RelaxedHomeDrop,
    /// A foreign drop of a join handle forgets to say that it was the handle.
    DetachForgotten,
    /// A task posted to a closed inbox is not cancelled.
    ClosedPostForgotten,
    /// A shared task that was listed after the walk of close is not cancelled by its visit.
    LateTaskForgotten,
    /// A worker polls a task that it popped, although a close holds `RUNNING`.
    PoppedWhileSeized,
    /// A close that cancels a task in a queue gives up the pin, which is the queue's.
    QueuedPinGivenUp,
    /// A poll that ends does not look whether its task is to be cancelled.
    CancelUnseen,
    /// An abort looks whether the task is queued, then asks: two steps.
    AbortInTwoSteps,
    /// A join handle that leaves its waker looks whether the task is complete, then says so: two steps.
    JoinInTwoSteps,
    /// A join handle that goes looks whether the task is complete, then says so: two steps.
    HandleGoesInTwoSteps,
    /// A place of a pool is given back, and nothing is published.
    PlaceRelaxedGive,
    /// A place of a pool is taken without seeing what was done in it.
    PlaceRelaxedTake,
    /// The push into the ring of a worker publishes nothing.
    RingRelaxedPush,
    /// A worker takes from its ring, and then says so: two steps.
    RingPopInTwoSteps,
    /// A thief takes from a ring, and then says so: two steps.
    RingTakeInTwoSteps,
    /// The last worker that leaves does not close the queue of all.
    InjectorStaysOpen,
    /// Between a push and the look at who sleeps there is no fence.
    PushWithoutFence,
    /// Between saying that it sleeps and its look at the queues a worker makes no fence.
    SleepWithoutFence,
    /// A worker that says that it sleeps does not look at the queues again.
    SleepsWithoutLook,
    /// Nobody does what a worker was woken for whose thread is refused.
    RefusalForgotten,
    /// Two ask for the thread of one worker.
    ThreadAskedForTwice,
    /// A runtime that closes takes the seats of those workers, too, whose threads are being started.
    StartsTaken,
    /// A push that finds its queue full, and then nothing to give away, as a thief was faster, drops its task.
    OverflowForgotten,
    /// A worker that goes to sleep does not look at the queues of the class `Latency`.
    SleepsOverLatency,
    /// A worker that goes to sleep looks at the queue of all of its own node only.
    SleepsOverFarNodes,
    /// A worker looks how many search, then counts as one more: two steps.
    SearchInTwoSteps,
    /// The last searcher that finds work wakes nobody for the rest.
    LastSearcherSilent,
    /// A searcher whose last look finds work wakes nobody for it.
    WorkSeenSilent,
    /// A push wakes nobody.
    PushWakesNobody,
    /// The close of a worker finds a task in its table, and looks at it when the table is free again.
    SeizedOutsideTheTable,
    /// The workers of a runtime are freed one by one.
    TeamNotFormed,
    /// A thread of a worker leaves, and tells nobody.
    LeavesUnheard,
    /// A worker that is asked to end is not woken.
    StopUnheard,
    /// A worker that takes in the request to end on its way to sleep sleeps all the same.
    StopSleptOver,
    /// A shared task that is listed after close has counted brings no reference of its home.
    ListedWithoutReference,
    /// A lease that meets a closed inbox does not free its buffer.
    LeaseForgotten,
    /// A lease that another worker gives back keeps its home.
    LeaseKeepsHome,
    /// A sleep whose deadline is moved keeps its timer.
    ResetKeepsTimer,
    /// A timer that fired before its sleep went elsewhere is left in the wheel.
    FiredTimerKept,
    /// The completion of an operation publishes nothing.
    SlotRelaxedCompletion,
    /// The abandonment of an operation publishes nothing.
    SlotRelaxedOrphan,
    /// The push of a slot on its owner's stack publishes nothing.
    SlotRelaxedPush,
    /// A poll abroad writes the waker of an operation without taking the cell first.
    SlotWakerUnlocked,
    /// A poll abroad does not look whether the operation completed while it changed the waker.
    SlotSecondLookSkipped,
    /// The completion of an orphan frees its slot before the request to cancel was seen.
    SlotFreedAtCompletion,
    /// A freed slot keeps its generation.
    SlotGenerationStays,
    /// The owner of slots looks at its stack, then says that it sleeps: two steps.
    SlotParkInTwoSteps,
    /// A thread that abandons an operation of a sleeping owner does not nudge it.
    SlotNudgeForgotten,
    /// A thread that gives a slot up touches its home after the push.
    SlotTouchedAfterPush,
    /// A table that goes counts one slot in use too few.
    SlotShareMissing,
    /// A ticket that ends when its table is gone publishes nothing.
    SlotRelaxedShare,
    /// A call off the worker looks whether the resources are open, then uses one: two steps.
    NumberUsedAfterLook,
    /// The close of a worker closes its resources without regard to who uses them.
    NumbersClosedUnasked,
    /// A worker is given to a thread that waits for it, which is not told.
    HelmGivenUnheard,
    /// A thread that wants its worker back does not wake whoever runs it.
    HelmAskedSilently,
    /// Who is to run a worker looks whether its helm is free, then takes it: two steps.
    HelmTakenInTwoSteps,
    /// A worker that is asked to end ends while threads are away.
    ClosedWhileAway,
    /// A blocking job looks whether the pool is closed, then is placed: two steps.
    SubmitInTwoSteps,
    /// Running, aborting and giving up a blocking job look who was first, then take it: two steps.
    ClaimInTwoSteps,
    /// The handle of a blocking job looks whether it is complete, then goes: two steps.
    DetachInTwoSteps,
    /// A blocking thread looks whether a job was handed to it, then parks: two steps.
    SeatInTwoSteps,
    /// A waiter that was notified and is then dropped keeps the notification to itself.
    NotificationDropped,
    /// A waiter looks, then joins the queue without a second look.
    WaitInTwoSteps,
    /// A call that tells one takes a waiter that a call to all is about to wake.
    AllTakesOne,
    /// The number of a call to all publishes nothing.
    CallsRelaxed,
    /// The sender of a oneshot gives its share of the memory up, then takes the waker out.
    OneshotWakesAfterGone,
    /// The receiver of a oneshot does not look whether the sender has spoken while it left its waker.
    OneshotSecondLookSkipped,
    /// A dropped receiver of a oneshot does not look for a value.
    OneshotValueForgotten,
    /// The receiver of a oneshot looks whether the sender is gone, then goes: two steps.
    OneshotGoesInTwoSteps,
    /// A dropped `reserve` that was given its permit keeps it to itself.
    PermitDropped,
    /// The receiver of a bounded queue looks for a message, then leaves its waker without a second look.
    ReceiveInTwoSteps,
    /// The last sender of a bounded queue does not wake the receiver.
    LastSenderSilent,
    /// The close of a bounded queue does not wake who waits for a permit.
    CloseSilent,
    /// A task's thread is entered in two steps: first a look whether the runtime is closed.
    EnterInTwoSteps,
    /// A task's thread leaves in two steps: first a look whether anybody waits for it.
    LeaveInTwoSteps,
    /// The handle of a thread that ended before its start had returned is forgotten.
    FasterThreadForgotten,
    /// Who runs a worker looks whether it is claimed, then claims it: two steps.
    WorkerClaimInTwoSteps,
    /// A set of a local runtime that is dropped on another thread lets its tasks go there.
    SetDroppedInPlace,
    /// A worker gives a resource up, and does not wake who asked for it.
    LeftUnheard,
    /// A worker that has given a resource up does not look whether its handle went meanwhile.
    LeftForNobody,
    /// A set looks for a task that is over, then leaves its waker without a second look.
    SetInTwoSteps,
    /// A handle looks at its task on the thread that asks.
    TraceAbroad,
    /// A question that comes too late is freed, and its asker is not told.
    QuestionForgotten,
    /// A worker shows that it polls, and then what.
    ShownBeforeItsName,
    /// Whoever looks at what a worker shows does not look again whether it has gone on.
    LooksOnce,
    /// A worker shows what it runs, and orders that behind nothing.
    RootOutOfTurn,
}

/// Is this mistake switched on? Constant `false` outside loom.
#[inline(always)]
pub(crate) fn planted(_plant: Plant) -> bool {
    #[cfg(loom)]
    {
        plants::is_on(_plant)
    }
    #[cfg(not(loom))]
    {
        false
    }
}

#[cfg(loom)]
pub(crate) mod plants {
    //! Which mistake the running model makes. Loom and shuttle run all threads of a model on the one that started it, so the
    //! word is that thread's own, and tests that run beside each other do not plant in each other's models.
    use super::Plant;
    use core::cell::Cell;

    std::thread_local!(static ON: Cell<Option<Plant>> = const { Cell::new(None) });

    pub(crate) fn is_on(plant: Plant) -> bool {
        ON.get() == Some(plant)
    }

    #[cfg(test)]
    pub(crate) fn set(plant: Option<Plant>) {
        ON.set(plant);
    }
}

/// Is a model being given up? What unwinds then may touch nothing of loom's any more. Constant `false` outside loom; and under
/// shuttle, which unwinds no other thread of a schedule that fails, so that what unwinds may be a task that panics.
#[inline(always)]
#[cfg(feature = "alloc")]
pub(crate) fn given_up() -> bool {
    #[cfg(all(loom, not(shuttle)))]
    {
        std::thread::panicking()
    }
    #[cfg(any(not(loom), shuttle))]
    {
        false
    }
}

/// A word that a loom model writes when memory is freed and reads at each use: loom has no allocator of its own for raw
/// memory, so this is how it sees a use after free. Empty outside loom.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub(crate) struct Life {
    #[cfg(loom)]
    alive: UnsafeCell<bool>,
}

#[cfg(feature = "alloc")]
impl Life {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        #[cfg(loom)]
        LIVES.set(LIVES.get() + 1);
        Life {
            #[cfg(loom)]
            alive: UnsafeCell::new(true),
        }
    }

    /// A use of the memory.
    #[inline(always)]
    pub(crate) fn touch(&self) {
        #[cfg(loom)]
        self.alive.with(|alive| {
            // SAFETY: loom checks that no `end` runs at the same time.
            assert!(unsafe { *alive }, "used after it was freed")
        });
    }

    /// The end of the memory.
    #[cfg(loom)]
    pub(crate) fn end(&self) {
        self.alive.with_mut(|alive| {
            // SAFETY: loom checks that nothing else touches the cell at the same time.
            let was = core::mem::replace(unsafe { &mut *alive }, false);
            assert!(was, "freed twice")
        });
        LIVES.set(LIVES.get() - 1);
    }
}

/// How many things with a [`Life`] this thread's models made and did not end.
#[cfg(all(loom, not(shuttle)))]
pub(crate) fn lives() -> isize {
    LIVES.get()
}

#[cfg(loom)]
std::thread_local!(static LIVES: core::cell::Cell<isize> = const { core::cell::Cell::new(0) });
