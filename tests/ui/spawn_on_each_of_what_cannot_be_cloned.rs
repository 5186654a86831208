//~ RUSTC UNDER async move |_| drop(&only): the trait bound `Only: Clone` is not satisfied
use bespoke::{Config, scheduler};

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = scheduler::PerCore<4>;
}

struct Only(u32);

fn main() {
    let only = Only(1);
    drop(App::spawn_on_each(async move |_| drop(&only)));
}
