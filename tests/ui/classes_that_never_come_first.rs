//~ BUILD
//~ SAYS LATENCY_RUNS_MAX of `Classes` is 0, so no task would ever come first; use 1 for every second poll
use bespoke::Config;
use bespoke::scheduler::{Balanced, Classes, Ring, WorkStealing};

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2, Balanced, Classes<Ring, 0>>;
}

#[bespoke::main(App)]
async fn main() {}
