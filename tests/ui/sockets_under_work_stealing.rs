//~ UNDER WorkStealing<2>: the scheduler work-stealing moves tasks between workers, but what the driver mio opens is used on
use bespoke::Config;
use bespoke::scheduler::WorkStealing;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2>;
}

fn main() {}
