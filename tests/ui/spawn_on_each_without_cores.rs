//~ UNDER `App::spawn_on_each(async |core| core)`: the scheduler `SingleThread` has no workers to choose from
//~ UNDER async {}: the scheduler `SingleThread` has no workers to choose from
//~ UNDER `App::least_loaded()`: the scheduler `SingleThread` has no workers to choose from
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    drop(App::spawn_on_each(async |core| core));
    drop(App::spawn_least_loaded(async {}));
    App::least_loaded();
}
