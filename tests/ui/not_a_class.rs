//~ UNDER 7: `{integer}` is not a class of tasks
use bespoke::Config;
use bespoke::scheduler::{Balanced, Classes, WorkStealing};

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = WorkStealing<2, Balanced, Classes>;
}

fn main() {
    drop(App::spawn_with(7, async {}));
}
