//~ UNDER 0: BLOCKING_QUEUE_MAX is 0, so every job would be refused
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const BLOCKING_QUEUE_MAX: usize = 0;
}

fn main() {}
