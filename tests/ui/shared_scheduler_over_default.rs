//~ UNDER #[bespoke::config]: `Mio` cannot be the driver under a scheduler whose tasks are `Shared`
//~ CORE
use bespoke::Config;
use bespoke_core::scheduler::ThreadPerTask;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = ThreadPerTask;
}

fn main() {}
