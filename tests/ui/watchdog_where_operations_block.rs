//~ UNDER BlockedAfter<100>: reports polls that hold a worker, but every operation of the driver blocking does; use `Unwatched`
use bespoke::watchdog::BlockedAfter;
use bespoke::{Config, preset};

struct App;

#[bespoke::config(base = preset::Blocking)]
impl Config for App {
    type Watchdog = BlockedAfter<100>;
}

fn main() {}
