//~ UNDER Mio: `Mio` is not a scheduler
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = Mio;
}

fn main() {}
