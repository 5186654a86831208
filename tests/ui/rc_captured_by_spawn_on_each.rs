//~ RUSTC UNDER async move |core| *rc + core: `Rc<usize>` cannot be sent between threads safely
use bespoke::{Config, scheduler};
use std::rc::Rc;

struct App;

#[bespoke::config]
impl Config for App {
    type Scheduler = scheduler::PerCore<4>;
}

fn main() {
    let rc = Rc::new(1);
    drop(App::spawn_on_each(async move |core| *rc + core));
}
