//~ UNDER Latency: the scheduler `WorkStealing<2>` has one class of tasks
use bespoke::Config;
use bespoke::scheduler::{Latency, WorkStealing};

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2>;
}

fn main() {
    drop(App::spawn_with(Latency, async {}));
}
