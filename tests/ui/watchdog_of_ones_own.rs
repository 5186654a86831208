//~ RUSTC UNDER impl Watchdog for Mine: missing: `WATCHDOGS_ARE_THE_PROJECTS_OWN_until_1_0`
use bespoke::watchdog::Watchdog;
use core::time::Duration;

struct Mine;
impl Watchdog for Mine {
    const NAME: &'static str = "mine";
    const BOUND: Option<Duration> = None;
}

fn main() {}
