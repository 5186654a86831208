//~ UNDER Fixed<65536>: the budget is 65536 B; largest part: run queue, 131072 B for 1 worker(s)
use bespoke::Config;
use bespoke::memory::Fixed;

struct App;

#[bespoke::config]
impl Config for App {
    type Memory = Fixed<65536>;
    const LOCAL_QUEUE: usize = 16384;
}

fn main() {}
