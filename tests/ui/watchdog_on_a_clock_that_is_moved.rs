//~ UNDER BlockedAfter<100>: goes by the time of the machine, but the time of `Clock` = manual is moved by hand
use bespoke::watchdog::BlockedAfter;
use bespoke::{Config, preset};

struct App;

#[bespoke::config(base = preset::Paused)]
impl Config for App {
    type Watchdog = BlockedAfter<100>;
}

fn main() {}
