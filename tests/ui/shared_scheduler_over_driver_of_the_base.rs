//~ UNDER preset::Default: `Mio` cannot be the driver under a scheduler whose tasks are `Shared`
//~ CORE
use bespoke::{Config, preset};
use bespoke_core::scheduler::ThreadPerTask;

struct App;

#[bespoke::config(base = preset::Default)]
impl Config for App {
    type Scheduler = ThreadPerTask;
}

fn main() {}
