//~ RUSTC UNDER spawn: future cannot be sent between threads safely
use bespoke::Config;
use std::rc::Rc;
use std::time::Duration;

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    let future = async {
        let rc = Rc::new(1);
        App::sleep(Duration::ZERO).await;
        drop(rc);
    };
    App::handle().spawn(future);
}
