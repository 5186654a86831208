//! The ambient word: the home that this thread is running now, or null.
//!
//! One thread-local word without a destructor, so it may be read while a thread ends. It is the owner token as well:
//! "am I on the owner of this task?" is one comparison.
//!
//! Without `std` there is no thread-local storage, and one flow of control runs tasks ([`Board`](crate::roles::Board)). The
//! word is a static: what that flow is running now. Whatever interrupts it reads null, and takes the foreign path. A runtime
//! stays with that flow as its sharing is `Local`, which [`check::bare`](crate::check::bare) asks for.
//!
//! A second word names the home that a blocking thread works *for*. It owns nothing there: its tasks run elsewhere. So it is
//! asked only when the first word does not answer.

#[cfg(all(feature = "std", not(loom)))]
mod imp {
    use core::cell::Cell;
    std::thread_local!(static CURRENT: Cell<*const ()> = const { Cell::new(core::ptr::null()) });
    std::thread_local!(static SERVED: Cell<*const ()> = const { Cell::new(core::ptr::null()) });

    #[inline(always)]
    pub(crate) fn current() -> *const () {
        CURRENT.with(Cell::get)
    }
    #[inline(always)]
    pub(crate) fn replace(home: *const ()) -> *const () {
        CURRENT.with(|word| word.replace(home))
    }
    pub(crate) fn served() -> *const () {
        SERVED.with(Cell::get)
    }
    pub(crate) fn replace_served(home: *const ()) -> *const () {
        SERVED.with(|word| word.replace(home))
    }
}

#[cfg(all(feature = "std", loom))]
mod imp {
    use core::cell::Cell;
    crate::loom::thread_local!(static CURRENT: Cell<*const ()> = Cell::new(core::ptr::null()));
    crate::loom::thread_local!(static SERVED: Cell<*const ()> = Cell::new(core::ptr::null()));

    pub(crate) fn current() -> *const () {
        CURRENT.with(Cell::get)
    }
    pub(crate) fn replace(home: *const ()) -> *const () {
        CURRENT.with(|word| word.replace(home))
    }
    pub(crate) fn served() -> *const () {
        SERVED.with(Cell::get)
    }
    pub(crate) fn replace_served(home: *const ()) -> *const () {
        SERVED.with(|word| word.replace(home))
    }
}

#[cfg(not(feature = "std"))]
mod imp {
    //! 1. `CURRENT` is written by the flow that runs tasks, and by no other: by an [`Entered`](super::Entered), which a
    //!    worker makes on its owner, and a runtime starts, and stays, where tasks run.
    use crate::util::flow;
    use core::ptr::null_mut;
    use core::sync::atomic::{AtomicPtr, Ordering};

    // Relaxed throughout: one flow writes, and what interrupts it asks the board before it uses the word.
    static CURRENT: AtomicPtr<()> = AtomicPtr::new(null_mut());

    #[inline]
    pub(crate) fn current() -> *const () {
        let current = CURRENT.load(Ordering::Relaxed);
        if current.is_null() || flow::is_elsewhere() { core::ptr::null() } else { current }
    }

    /// Is `home` what this flow is running now? As [`current`], but the board is asked only if it is what the other one runs.
    #[inline]
    pub(crate) fn is_current(home: *const ()) -> bool {
        CURRENT.load(Ordering::Relaxed).cast_const() == home && !flow::is_elsewhere()
    }

    pub(crate) fn replace(home: *const ()) -> *const () {
        let before = CURRENT.load(Ordering::Relaxed);
        CURRENT.store(home.cast_mut(), Ordering::Relaxed);
        before
    }
}

pub(crate) use imp::current;
#[cfg(not(feature = "std"))]
pub(crate) use imp::is_current;
#[cfg(feature = "std")]
pub(crate) use imp::served;

/// Is `home` what this thread is running now?
#[cfg(feature = "std")]
#[inline(always)]
pub(crate) fn is_current(home: *const ()) -> bool {
    core::ptr::eq(current(), home)
}

/// Makes `home` current until it is dropped; then what was before is current again.
#[derive(Debug)]
pub(crate) struct Entered {
    previous: *const (),
}

impl Entered {
    pub(crate) fn new(home: *const ()) -> Self {
        Entered { previous: imp::replace(home) }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        imp::replace(self.previous);
    }
}

/// Makes `home` the one that this blocking thread works for, until it is dropped.
#[cfg(feature = "std")]
#[derive(Debug)]
pub(crate) struct Serving {
    previous: *const (),
}

#[cfg(feature = "std")]
impl Serving {
    pub(crate) fn new(home: *const ()) -> Self {
        Serving { previous: imp::replace_served(home) }
    }
}

#[cfg(feature = "std")]
impl Drop for Serving {
    fn drop(&mut self) {
        // A model that loom gives up unwinds through here, and may touch nothing of loom's any more.
        if crate::loom::given_up() {
            return;
        }
        imp::replace_served(self.previous);
    }
}
