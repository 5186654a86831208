//~ UNDER bespoke::Runtime::<App>::INFO.fits(64 * 1024): the budget is 65536 B; largest part: run queue, 131072 B for 1 worker(s)
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const LOCAL_QUEUE: usize = 16384;
}

const _: () = bespoke::Runtime::<App>::INFO.fits(64 * 1024);

fn main() {}
