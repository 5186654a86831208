//! On which drivers a case is run; shared by the suites.

use bespoke::Config;
use bespoke::driver::Driver;
use std::io::Write as _;

#[cfg(target_os = "linux")]
#[path = "ring.rs"]
mod ring;

/// On which drivers a case is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// On all.
    Always,
    /// Where a pending operation gives the thread back, so that its future can be dropped, or polled beside another.
    Suspending,
}

impl When {
    /// Is a case left out under `C`, because of its driver, or because the machine denies that driver? Says so where the harness shows it, also for a test that passes.
    pub(crate) fn leaves_out<C: Config>(self, suite: &str, case: &str) -> bool {
        let leaves_out = self == When::Suspending && !<C::Driver as Driver>::CAPS.suspends;
        if leaves_out {
            let driver = <C::Driver as Driver>::NAME;
            // Not `println!`, which the harness keeps to itself.
            let mut terminal = std::io::stderr();
            writeln!(terminal, "skipped {suite}::{case}: operations of the driver `{driver}` do not suspend")
                .expect("the terminal takes a line");
        }
        leaves_out || lacks_its_driver(<C::Driver as Driver>::NAME, suite, case)
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
