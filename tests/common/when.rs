//! On which drivers, and under which schedulers, a case is run; shared by the suites.

use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::rt::SharingOf;
use bespoke::scheduler::Sharing;
use std::io::Write as _;

#[cfg(target_os = "linux")]
#[path = "ring.rs"]
mod ring;

/// On which drivers, and under which schedulers, a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "shared by suites, each of which needs some")]
pub(crate) enum When {
    /// On all.
    Always,
    /// Where a pending operation gives the thread back, so that its future can be dropped, or polled beside another.
    Suspending,
    /// Where what a `block_on` opens is the runtime's: counted by it, and there when the `block_on` has returned. Not under
    /// `PerCore`: there it is that of a worker which goes with the `block_on`. `tests/rehome.rs` has what moves to tasks.
    Outliving,
    /// Both.
    SuspendingOutliving,
    /// Where several tasks may wait for one resource at once. Not under `PerCore`, where they are of several workers, and it
    /// is in use at one of them.
    Shared,
    /// The same, and as `Suspending`.
    SuspendingShared,
}

impl When {
    /// Is a case left out under `C`, because of its scheduler or its driver, or because the machine denies that driver? Says so
    /// where the harness shows it, also for a test that passes.
    pub(crate) fn leaves_out<C: Config>(self, suite: &str, case: &str) -> bool {
        let suspends = <C::Driver as Driver>::CAPS.suspends;
        let stays_with_tasks = <SharingOf<C> as Sharing>::SHARED && !<SharingOf<C> as Sharing>::MOVING;
        let driver = <C::Driver as Driver>::NAME;
        let why = match self {
            When::Suspending | When::SuspendingOutliving | When::SuspendingShared if !suspends => {
                format!("operations of the driver `{driver}` do not suspend")
            }
            When::Outliving | When::SuspendingOutliving if suspends && stays_with_tasks => {
                String::from("what a `block_on` opens is of a worker of its own")
            }
            When::Shared | When::SuspendingShared if suspends && stays_with_tasks => {
                String::from("what one worker waits for is in use for the others")
            }
            _ => return lacks_its_driver(driver, suite, case),
        };
        // Not `println!`, which the harness keeps to itself.
        writeln!(std::io::stderr(), "skipped {suite}::{case}: {why}").expect("the terminal takes a line");
        true
    }
}

/// Is it a driver that may be denied, and is it?
#[cfg(target_os = "linux")]
fn lacks_its_driver(driver: &str, suite: &str, case: &str) -> bool {
    driver == <bespoke::driver::IoUring as Driver>::NAME && ring::is_denied(&format!("{suite}::{case}"))
}

/// No driver of this system is denied.
#[cfg(not(target_os = "linux"))]
fn lacks_its_driver(_driver: &str, _suite: &str, _case: &str) -> bool {
    false
}
