//~ UNDER PerCore<0>: the scheduler per-core may have 0 workers here; a runtime has 1 to 1024
use bespoke::Config;
use bespoke::scheduler::PerCore;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = PerCore<0>;
}

fn main() {}
