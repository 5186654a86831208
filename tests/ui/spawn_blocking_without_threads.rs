//~ UNDER App::spawn_blocking(|| 1): the source of threads `NoThreads` starts none
use bespoke::{Config, clock::NoThreads};

struct App;

#[bespoke::config(module = app)]
impl Config for App {
    type Threads = NoThreads;
    const BLOCKING_THREADS_MAX: usize = 0;
}

fn main() {
    drop(App::spawn_blocking(|| 1));
    drop(app::spawn_blocking(|| 2));
    drop(bespoke::Runtime::<App>::new().unwrap().spawn_blocking(|| 3));
}
