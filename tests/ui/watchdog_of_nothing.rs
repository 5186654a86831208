//~ UNDER BlockedAfter<0>: `Watchdog` = blocked-after allows a poll 0 ms, so it would report every one; give it more, or use
use bespoke::Config;
use bespoke::watchdog::BlockedAfter;

struct App;

#[bespoke::config]
impl Config for App {
    type Watchdog = BlockedAfter<0>;
}

fn main() {}
