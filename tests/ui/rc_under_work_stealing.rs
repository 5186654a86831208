//~ RUSTC UNDER task(): future cannot be sent between threads safely
use bespoke::{Config, driver, scheduler};
use std::rc::Rc;
use std::time::Duration;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = scheduler::WorkStealing<4>;
    type Driver = driver::NoIo;
}

async fn task() {
    let rc = Rc::new(1);
    App::sleep(Duration::ZERO).await;
    drop(rc);
}

fn main() {
    // It stays where it is made.
    App::spawn_pinned(async || task().await);
    // It may go to another worker at each await.
    App::spawn(task());
}
