//~ UNDER `Fallback<IoUring, Mio>`: cannot be the driver under a scheduler whose tasks are `Moving`
use bespoke::Config;
use bespoke::driver::{Fallback, IoUring, Mio};
use bespoke::scheduler::WorkStealing;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2>;
    type Driver = Fallback<IoUring, Mio>;
}

fn main() {}
