//~ UNDER Fallback<IoUring, Blocking>: `bespoke::driver::Blocking` cannot be the driver under a scheduler whose tasks are `Moving`
use bespoke::Config;
use bespoke::driver::{Blocking, Fallback, IoUring};
use bespoke::scheduler::WorkStealing;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2>;
    type Driver = Fallback<IoUring, Blocking>;
}

fn main() {}
