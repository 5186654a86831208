//~ UNDER SingleThread: `SingleThread` cannot be the driver under a scheduler whose tasks are `Local`
use bespoke::Config;
use bespoke::scheduler::SingleThread;

struct App;

#[bespoke::config]
impl Config for App {
    type Driver = SingleThread;
}

fn main() {}
