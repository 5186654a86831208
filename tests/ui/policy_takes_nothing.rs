//~ SAYS STEAL_BATCH of the policy is none of 1 to 128; use 1 to take one task at a time
use bespoke::Config;
use bespoke::scheduler::{Policy, WorkStealing};

struct Idlers;

impl Policy for Idlers {
    const STEAL_BATCH: usize = 0;
}

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2, Idlers>;
}

fn main() {}
