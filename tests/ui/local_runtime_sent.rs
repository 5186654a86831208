//~ RUSTC UNDER move || runtime.block_on(async {}): cannot be sent between threads safely
use bespoke::{Config, Runtime};

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    let runtime = Runtime::<App>::new().unwrap();
    std::thread::spawn(move || runtime.block_on(async {}));
}
