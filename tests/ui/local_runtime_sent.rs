//~ UNDER move || runtime.block_on(async {}): a `Runtime` stays on the thread that made it if its scheduler is local
//~ SAYS StaysOnItsThread
use bespoke::{Config, Runtime};

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    let runtime = Runtime::<App>::new().unwrap();
    std::thread::spawn(move || runtime.block_on(async {}));
}
