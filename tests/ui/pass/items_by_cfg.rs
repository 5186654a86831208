//~ FLAGS --check-cfg cfg(sim)
//~ FLAGS --check-cfg cfg(sim) --cfg sim
#![deny(warnings)]

use bespoke::Config;
use bespoke::clock::Manual;

struct App;

#[bespoke::config(module = app)]
impl Config for App {
    #[cfg(sim)]
    type Clock = Manual;
    #[cfg(not(sim))]
    const LOCAL_QUEUE: usize = 1024;
}

fn is_manual<const AUTO: bool>(_: impl Config<Clock = Manual<AUTO>>) {}

fn main() {
    #[cfg(sim)]
    is_manual(App);
    #[cfg(not(sim))]
    is_manual(bespoke::preset::Paused);
    let _runtime: Option<app::Runtime> = None;
    let _config = App;
}
