//~ BUILD
//~ SAYS `spawn_blocking` needs threads, and `App` has none: set BLOCKING_THREADS_MAX above 0
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const BLOCKING_THREADS_MAX: usize = 0;
}

fn job() {}

fn main() {
    drop(App::spawn_blocking(job));
}
