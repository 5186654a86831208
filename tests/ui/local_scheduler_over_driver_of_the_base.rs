//~ UNDER preset::Blocking: cannot be the driver under a scheduler whose tasks are `Local`
use bespoke::scheduler::SingleThread;
use bespoke::{Config, preset};

struct App;

#[bespoke::config(base = preset::Blocking)]
impl Config for App {
    type Scheduler = SingleThread;
}

fn main() {}
