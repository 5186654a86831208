//~ UNDER App: BLOCKING_THREADS_MAX is 512, but `Threads` = none may start none; set it to 0
use bespoke::Config;
use bespoke::clock::NoThreads;

struct App;

#[bespoke::config]
impl Config for App {
    type Threads = NoThreads;
}

fn main() {}
