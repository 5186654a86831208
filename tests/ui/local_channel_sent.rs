//~ RUSTC UNDER `move || sender.send(1)`: `*const ()` cannot be sent between threads safely
//~ SAYS StaysOnItsThread
use bespoke::Config;

struct App;

#[bespoke::config(module = app)]
impl Config for App {}

fn main() {
    let (sender, _receiver) = app::channel::oneshot::channel();
    std::thread::spawn(move || sender.send(1));
}
