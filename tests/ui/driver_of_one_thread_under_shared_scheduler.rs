//~ UNDER Mio: `Mio` cannot be the driver under a scheduler whose tasks are `Shared`
//~ CORE
use bespoke::Config;
use bespoke::driver::Mio;
use bespoke_core::scheduler::ThreadPerTask;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = ThreadPerTask;
    type Driver = Mio;
}

fn main() {}
