//! On which drivers a case is run; shared by the suites.

use bespoke::Config;
use bespoke::driver::Driver;
use bespoke::rt::SharingOf;
use bespoke::scheduler::Sharing;
use std::io::Write as _;

#[cfg(target_os = "linux")]
#[path = "ring.rs"]
mod ring;

/// On which drivers a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(dead_code, reason = "not every suite has a case of each kind")]
pub(crate) enum When {
    /// On all.
    Always,
    /// Where a pending operation gives the thread back, so that its future can be dropped, or polled beside another.
    Suspending,
    /// Where what a `block_on` has opened is there when it has returned. Not under `PerCore`: there it is that of a worker which
    /// goes with the `block_on`, unless a task uses it meanwhile. `tests/rehome.rs` has what moves to tasks.
    Outliving,
}

impl When {
    /// Is a case left out under `C`, because of its scheduler or its driver, or because the machine denies that driver? Says so
    /// where the harness shows it, also for a test that passes.
    pub(crate) fn leaves_out<C: Config>(self, suite: &str, case: &str) -> bool {
        let suspends = <C::Driver as Driver>::CAPS.suspends;
        let stays_with_tasks = <SharingOf<C> as Sharing>::SHARED && !<SharingOf<C> as Sharing>::MOVING;
        let driver = <C::Driver as Driver>::NAME;
        let why = match self {
            When::Suspending if !suspends => format!("operations of the driver `{driver}` do not suspend"),
            When::Outliving if suspends && stays_with_tasks => String::from("what a `block_on` opens goes with it"),
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
