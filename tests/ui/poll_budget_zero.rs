//~ UNDER 0: POLL_BUDGET is 0, so no task could make progress
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const POLL_BUDGET: u32 = 0;
}

fn main() {}
