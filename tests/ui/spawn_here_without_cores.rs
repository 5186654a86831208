//~ UNDER async {}: the scheduler `SingleThread` has no workers to choose from
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    drop(App::spawn_here(async {}));
    drop(App::spawn_on(1, async || 2));
}
