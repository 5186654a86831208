//~ RUSTC UNDER move || drop(task): `Rc<i32>` cannot be sent between threads safely
use bespoke::Config;
use std::rc::Rc;

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    let task = App::spawn(async { Rc::new(1) });
    std::thread::spawn(move || drop(task));
}
