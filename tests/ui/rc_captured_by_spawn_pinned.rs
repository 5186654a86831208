//~ RUSTC UNDER async move || *rc: `Rc<i32>` cannot be sent between threads safely
use bespoke::Config;
use std::rc::Rc;

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    let rc = Rc::new(1);
    App::spawn_pinned(async move || *rc);
}
