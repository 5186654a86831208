//~ RUSTC UNDER task(): future cannot be sent between threads safely
use bespoke::{Config, scheduler};
use std::rc::Rc;
use std::time::Duration;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = scheduler::PerCore<4>;
}

async fn task() {
    let rc = Rc::new(1);
    App::sleep(Duration::ZERO).await;
    drop(rc);
}

fn main() {
    // It is made where it stays.
    App::spawn_on(App::least_loaded(), async || task().await);
    // It goes to another worker.
    App::spawn_least_loaded(task());
}
