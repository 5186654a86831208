//~ UNDER BlockedAfter<100>: `Watchdog` = blocked-after watches from a thread, but `Threads` = none may start none; use `OsThreads`
use bespoke::Config;
use bespoke::clock::NoThreads;
use bespoke::watchdog::BlockedAfter;

struct App;

#[bespoke::config]
impl Config for App {
    type Threads = NoThreads;
    type Watchdog = BlockedAfter<100>;
    const BLOCKING_THREADS_MAX: usize = 0;
}

fn main() {}
