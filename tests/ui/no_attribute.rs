//~ UNDER impl Config for App: missing: `PLEASE_ADD_THE_ATTRIBUTE_bespoke_config`
use bespoke::clock::{Monotonic, OsEntropy, OsThreads, Sysfs};
use bespoke::driver::Mio;
use bespoke::memory::System;
use bespoke::scheduler::SingleThread;
use bespoke::watchdog::Unwatched;
use bespoke::Config;

struct App;

impl Config for App {
    type Scheduler = SingleThread;
    type Driver = Mio;
    type Memory = System;
    type Clock = Monotonic;
    type Entropy = OsEntropy;
    type Threads = OsThreads;
    type Topology = Sysfs;
    type Watchdog = Unwatched;
    const NAME: &'static str = "App";
}

fn main() {}
