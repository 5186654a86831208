//~ RUSTC UNDER type Drivr = Mio;: type `Drivr` is not a member of trait `Config`
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Drivr = Mio;
}

fn main() {}
