//~ UNDER Drivr: `Config` has no role `Drivr`; its roles are `Scheduler`, `Driver`
use bespoke::Config;
use bespoke::driver::Mio;

struct App;

#[bespoke::config]
impl Config for App {
    type Drivr = Mio;
}

fn main() {}
