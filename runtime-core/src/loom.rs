//! The only switch between the real atomics and those of the model checker.
//!
//! Every file with an ordering takes its atomics and cells from here, so that `--cfg loom` runs the real code under
//! [loom](https://docs.rs/loom). A *planted bug* is a mistake that a model can be told to make: the test that finds it
//! shows that the model would find the like of it. Plants exist under `--cfg loom` only.

#[cfg(not(loom))]
mod imp {
    pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize};

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

#[cfg(loom)]
mod imp {
    pub(crate) use loom::cell::UnsafeCell;
    pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize};
}

pub(crate) use core::sync::atomic::Ordering;
#[cfg(feature = "alloc")]
pub(crate) use imp::*;

/// The mistakes that a model can be told to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// A foreign drop of a join handle forgets to say that it was the handle.
    DetachForgotten,
    /// A task posted to a closed inbox is not cancelled.
    ClosedPostForgotten,
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
    /// A blocking job looks whether the pool is closed, then is placed: two steps.
    SubmitInTwoSteps,
    /// Running, aborting and giving up a blocking job look who was first, then take it: two steps.
    ClaimInTwoSteps,
    /// The handle of a blocking job looks whether it is complete, then goes: two steps.
    DetachInTwoSteps,
    /// A blocking thread looks whether a job was handed to it, then parks: two steps.
    SeatInTwoSteps,
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
    //! Which mistake the running model makes.
    use super::Plant;
    use std::sync::Mutex;

    static ON: Mutex<Option<Plant>> = Mutex::new(None);

    pub(crate) fn is_on(plant: Plant) -> bool {
        *ON.lock().unwrap_or_else(std::sync::PoisonError::into_inner) == Some(plant)
    }

    pub(crate) fn set(plant: Option<Plant>) {
        *ON.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = plant;
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
    }
}
