//~ UNDER 4: BLOCKING_THREADS_MAX is 4, but `Threads` = none may start none; set it to 0
use bespoke::Config;
use bespoke::clock::NoThreads;

struct App;

#[bespoke::config]
impl Config for App {
    type Threads = NoThreads;
    const BLOCKING_THREADS_MAX: usize = 4;
}

fn main() {}
