//~ UNDER WorkStealing<2, Balanced, Mio>: `Mio` is not a queue of tasks
use bespoke::Config;
use bespoke::driver::{Mio, NoIo};
use bespoke::scheduler::{Balanced, WorkStealing};

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2, Balanced, Mio>;
    type Driver = NoIo;
}

fn main() {}
