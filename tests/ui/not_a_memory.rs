//~ UNDER Mio: `Mio` is not a memory strategy
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Memory = Mio;
}

fn main() {}
