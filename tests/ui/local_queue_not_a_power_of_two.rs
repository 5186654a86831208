//~ UNDER 100: LOCAL_QUEUE is 100, but must be a power of two: the local queue masks its index. Next one up: 128
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const LOCAL_QUEUE: usize = 100;
}

fn main() {}
