//~ UNDER Mio: `Mio` is not a watchdog
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Watchdog = Mio;
}

fn main() {}
