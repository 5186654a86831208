//~ UNDER BlockedAfter<100, App>: `App` cannot be told of a poll that holds a worker
use bespoke::Config;
use bespoke::watchdog::BlockedAfter;

struct App;

#[bespoke::config]
impl Config for App {
    type Watchdog = BlockedAfter<100, App>;
}

fn main() {}
