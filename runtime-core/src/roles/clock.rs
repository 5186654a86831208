//! What time it is.

use crate::instant::Instant;

/// The name of a clock. All deadlines of a runtime are read from it, never from the wall clock.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a clock",
    label = "expected a clock",
    note = "clocks: `Monotonic`, `Manual`"
)]
pub trait Clock: 'static {
    /// The name in `INFO` and in reports.
    const NAME: &'static str;
    /// Does its time pass by itself, as the machine's does? `false`: somebody moves it, a test for one, and there is no watchdog
    /// beside it. A clock of the program's that is moved has to say so.
    const PASSES: bool = true;
    /// The running clock of a runtime: its workers share it by cloning.
    type Live: Clone + Send + Sync + 'static;

    /// Starts the clock; its time begins at [`Instant::ZERO`] or later.
    fn start() -> Self::Live;

    /// The time now. It never goes back.
    fn now(live: &Self::Live) -> Instant;

    /// The runtime has nothing to do until `deadline`. A clock that owns its time may jump there and say `true`; the
    /// runtime then looks at its timers again instead of sleeping.
    #[inline(always)]
    fn idle_until(_live: &Self::Live, _deadline: Instant) -> bool {
        false
    }
}
