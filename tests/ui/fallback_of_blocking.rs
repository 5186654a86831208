//~ UNDER Fallback<IoUring, Blocking>: both drivers of a `Fallback` suspend their tasks, which `Blocking` does not
use bespoke::Config;
use bespoke::driver::{Blocking, Fallback, IoUring};
use bespoke::scheduler::PerCore;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = PerCore<2>;
    type Driver = Fallback<IoUring, Blocking>;
}

fn main() {}
