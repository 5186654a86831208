//~ UNDER Blocking: cannot be the driver under a scheduler whose tasks are `Local`
use bespoke::Config;
use bespoke::driver::Blocking;

struct App;

#[bespoke::config]
impl Config for App {
    type Driver = Blocking;
}

fn main() {}
