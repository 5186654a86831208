//! What a runtime without an operating system is told by the board.

use super::{Driver, Nanos};

/// A machine without an operating system: who runs what, and how it sleeps.
///
/// [`Bare<B>`](crate::driver::Bare) is the driver of a board `B`, and the one with which a runtime starts where there is no
/// `std`. The time is another role: see [`Clock`](super::Clock).
///
/// # Safety
/// Without `std` the runtime has no thread-local storage, and what is the worker's alone is guarded by
/// [`is_elsewhere`](Self::is_elsewhere):
///
/// 1. In the whole program there is one flow of control in which it answers `false`, the same one at all times and for all
///    boards. On a machine with one core that is what the reset starts, and whatever interrupts that, a handler of an interrupt
///    or of a fault, gets `true`. On one with several cores, or under a kernel with tasks of its own, all but one of them get
///    `true`.
/// 2. It may be called anywhere and at any time, and does not unwind.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a board",
    label = "expected a type with `unsafe impl Board for {Self}`",
    note = "a board says where tasks run, and how the processor sleeps: `bespoke_core::roles::Board`"
)]
pub unsafe trait Board: 'static {
    /// The name in reports.
    const NAME: &'static str;

    /// Is this code elsewhere than where tasks run: in the handler of an interrupt, say?
    fn is_elsewhere() -> bool;

    /// Sleeps until [`wake`](Self::wake) is called, or for `at_most` so long. It may end earlier, after any interrupt.
    ///
    /// A `wake` since the end of the last `wait` ends this one at once: what an interrupt does just before the processor sleeps
    /// must not be lost. An event register (`wfe` and `sev`) keeps it; where there is only `wfi`, look at a flag and sleep with
    /// interrupts masked, which `wfi` ends all the same.
    ///
    /// What wakes or spawns something in here, for a device that is asked before the sleep, say, returns without sleeping: it
    /// is where tasks run, so nothing calls `wake` for that.
    fn wait(at_most: Option<Nanos>);

    /// Ends the current [`wait`](Self::wait), or the next one. Anywhere, and at any time.
    fn wake();

    /// Holds back what interrupts this code, for a short time, and says whether it was held back already. All boards of a program
    /// hold back the same.
    ///
    /// A lock of the runtime's (of a `Notify` or a channel that is not local, say) is held under it: a handler that came in
    /// between would wait for the code that it interrupts, for ever. So what this does not hold back (an NMI, a fault, what is
    /// above `BASEPRI`) uses no such lock.
    fn mask() -> bool;

    /// Ends what [`mask`](Self::mask) began, which answered `was`.
    fn unmask(was: bool);
}

/// The driver sleeps as a board does, so that a runtime with it needs no operating system.
#[diagnostic::on_unimplemented(
    message = "the driver `{Self}` is not for programs without `std`",
    label = "this runtime has no operating system: nobody could say whether code runs in an interrupt, or how to sleep",
    note = "name a board in the config: `type Driver = Bare<MyBoard>`"
)]
pub trait OnBoard: Driver {
    /// The board.
    type Board: Board;
}

#[cfg(all(feature = "alloc", not(feature = "std")))]
impl crate::util::flow::Says {
    /// What the board `B` says.
    pub(crate) const fn of<B: Board>() -> Self {
        Self { is_elsewhere: B::is_elsewhere, mask: B::mask, unmask: B::unmask }
    }
}
