//~ UNDER 0: EVENT_INTERVAL is 0, so the driver would never be asked
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const EVENT_INTERVAL: u32 = 0;
}

fn main() {}
