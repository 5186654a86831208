//! The seat of this thread: one thread-local word.
//!
//! 1. A thread has a seat only while it runs the worker of the seat: a wake on that thread goes there, and it owns the queue.

use super::Crew;
use super::seat::Seat;
use crate::roles::Lanes;
use core::cell::Cell;
use core::marker::PhantomData;
use core::ptr::null;

/// Another seat, or none, is that of this thread until it is dropped. The seat is left as it is.
#[derive(Debug)]
pub(crate) struct Reseated(*const ());

impl Reseated {
    /// # Safety
    /// `seat` is null; or this thread runs the worker of the seat until this is dropped, but while it is unseated.
    pub(crate) unsafe fn new(seat: *const ()) -> Self {
        let before = current::get();
        current::set(seat);
        Reseated(before)
    }
}

impl Drop for Reseated {
    fn drop(&mut self) {
        if !crate::loom::given_up() {
            current::set(self.0);
        }
    }
}

/// Makes `seat` the one of this thread until it is dropped.
#[derive(Debug)]
pub(crate) struct Seated<Q: Lanes>(PhantomData<Q>);

impl<Q: Lanes> Seated<Q> {
    /// # Safety
    /// This thread runs the worker of the seat, in a crew whose queues are `Q`, until this is dropped.
    pub(crate) unsafe fn new(seat: *const ()) -> Self {
        current::set(seat);
        Seated(PhantomData)
    }
}

impl<Q: Lanes> Drop for Seated<Q> {
    fn drop(&mut self) {
        // A model that loom gives up unwinds through here, and may touch nothing of loom's any more.
        if crate::loom::given_up() {
            return;
        }
        // It takes nothing any more, which others may rely on, however long its close takes.
        // SAFETY: this thread ran the worker of the seat until now.
        if let Some(seat) = unsafe { current::get().cast::<Seat<Q>>().as_ref() } {
            seat.begins_work();
        }
        current::set(null());
    }
}

/// The seat of this thread, or null.
pub(super) fn word() -> *const () {
    current::get()
}

/// The seat of this thread, if it is one of `crew`.
#[inline(always)]
pub(super) fn current<Q: Lanes>(crew: &Crew<Q>) -> Option<&Seat<Q>> {
    let seat = current::get();
    // SAFETY: a thread is seated only while it runs the worker, which holds the crew. This is the first field of a seat, of
    // whichever crew (invariant 4), and written before other threads knew it.
    let of = unsafe { seat.cast::<Cell<*const ()>>().as_ref() }?.get();
    if !core::ptr::addr_eq(of, crew) {
        return None;
    }
    // SAFETY: both crews are alive, so they are one, and the seat is of its type.
    Some(unsafe { &*seat.cast::<Seat<Q>>() })
}

mod current {
    use core::cell::Cell;
    use core::ptr::null;

    #[cfg(not(loom))]
    std::thread_local!(static SEAT: Cell<*const ()> = const { Cell::new(null()) });
    #[cfg(loom)]
    crate::loom::thread_local!(static SEAT: Cell<*const ()> = Cell::new(null()));

    #[inline(always)]
    pub(super) fn get() -> *const () {
        SEAT.with(Cell::get)
    }
    #[inline(always)]
    pub(super) fn set(seat: *const ()) {
        SEAT.with(|word| word.set(seat));
    }
}
