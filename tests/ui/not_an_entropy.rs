//~ UNDER Mio: `Mio` is not a source of randomness
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Entropy = Mio;
}

fn main() {}
