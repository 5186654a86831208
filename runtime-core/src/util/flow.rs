//! Where code runs, in a program without `std`: what the board says of it, for those who know no board.
//!
//! With `std` a thread asks its own storage. Without it the program has one flow of control that runs tasks, and what interrupts
//! that; a board tells them apart ([`Board`](crate::roles::Board)), and a runtime leaves what its board says here when it starts.
//!
//! Before the first runtime starts nobody is known to run tasks, and nothing is held back under a lock: an interrupt that uses
//! what is locked begins after that.

use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

/// What a board says.
#[derive(Debug)]
pub(crate) struct Says {
    pub(crate) is_elsewhere: fn() -> bool,
    pub(crate) mask: fn() -> bool,
    pub(crate) unmask: fn(bool),
}

/// Null, or a [`Says`] that is a constant. Boards of one program say the same, so it does not matter whose it is.
static SAYS: AtomicPtr<Says> = AtomicPtr::new(null_mut());

/// From now on this is asked.
pub(crate) fn ask(says: &'static Says) {
    // Relaxed: a constant, which nobody has written.
    SAYS.store(core::ptr::from_ref(says).cast_mut(), Ordering::Relaxed);
}

fn says() -> Option<&'static Says> {
    // SAFETY: null, or from a reference that is good for ever.
    unsafe { SAYS.load(Ordering::Relaxed).as_ref() }
}

/// Is this code elsewhere than where tasks run?
#[inline]
pub(crate) fn is_elsewhere() -> bool {
    says().is_none_or(|says| (says.is_elsewhere)())
}

/// Runs `f` while nothing interrupts this code.
#[inline]
pub(crate) fn masked<R>(f: impl FnOnce() -> R) -> R {
    let _masked = says().map(|says| Masked { unmask: says.unmask, was: (says.mask)() });
    f()
}

struct Masked {
    unmask: fn(bool),
    was: bool,
}

impl Drop for Masked {
    fn drop(&mut self) {
        (self.unmask)(self.was);
    }
}
