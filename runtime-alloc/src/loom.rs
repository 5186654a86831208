//! The only switch between the real atomics and those of the model checker.
//!
//! Every file with an ordering takes its atomics from here, so that `--cfg loom` runs the real code under
//! [loom](https://docs.rs/loom). A *planted bug* is a mistake that a model can be told to make: the test that finds it
//! shows that the model would find the like of it. Plants exist under `--cfg loom` only.

#[cfg(all(not(loom), feature = "alloc"))]
pub(crate) use core::sync::atomic::AtomicPtr;
#[cfg(not(loom))]
pub(crate) use core::sync::atomic::AtomicUsize;
pub(crate) use core::sync::atomic::Ordering;
#[cfg(all(loom, feature = "alloc"))]
pub(crate) use loom::sync::atomic::AtomicPtr;
#[cfg(loom)]
pub(crate) use loom::sync::atomic::AtomicUsize;

/// The mistakes that a model can be told to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// The push onto the stack of returned blocks publishes nothing.
    #[cfg(feature = "alloc")]
    RelaxedPush,
    /// The owner takes the stack in two steps: it reads, then it clears.
    #[cfg(feature = "alloc")]
    TakeInTwoSteps,
    /// The release of a run of units publishes nothing.
    RelaxedRelease,
    /// A run that spans two words and meets a used unit in the second keeps the first.
    ClaimKeepsHalf,
}

/// The ordering, unless this mistake is switched on: then `Relaxed`.
#[inline(always)]
pub(crate) fn unless_planted(plant: Plant, ordering: Ordering) -> Ordering {
    if planted(plant) { Ordering::Relaxed } else { ordering }
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
    //! Which mistake the models of this thread make. A model runs on the thread of its test.
    use super::Plant;
    use core::cell::Cell;

    std::thread_local! {
        static ON: Cell<Option<Plant>> = const { Cell::new(None) };
    }

    pub(crate) fn is_on(plant: Plant) -> bool {
        ON.get() == Some(plant)
    }

    /// Runs `model` under loom; true when it finds a mistake.
    pub(crate) fn finds(plant: Option<Plant>, model: impl Fn() + Send + Sync + 'static) -> bool {
        ON.set(plant);
        let found = std::panic::catch_unwind(core::panic::AssertUnwindSafe(|| loom::model(model))).is_err();
        ON.set(None);
        found
    }
}
