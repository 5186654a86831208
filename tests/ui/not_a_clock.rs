//~ UNDER Mio: `Mio` is not a clock
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Clock = Mio;
}

fn main() {}
