//~ UNDER true: PIN_WORKERS is true, but the scheduler single-thread starts no worker threads that could be pinned
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const PIN_WORKERS: bool = true;
}

fn main() {}
