//~ UNDER Mio: `Mio` cannot start threads for a runtime
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Threads = Mio;
}

fn main() {}
