//~ UNDER Mio: `Mio` does not describe a machine
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Topology = Mio;
}

fn main() {}
