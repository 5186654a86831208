//~ UNDER PerCore<2>: per-core gives every worker a thread, but `Threads` = none may start none; use `OsThreads`, or `SingleThread`
use bespoke::Config;
use bespoke::clock::NoThreads;
use bespoke::scheduler::PerCore;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = PerCore<2>;
    type Threads = NoThreads;
    const BLOCKING_THREADS_MAX: usize = 0;
}

fn main() {}
