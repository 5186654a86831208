//~ RUSTC UNDER &name: `name` does not live long enough
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {}

async fn greet(_name: &str) {}

async fn serve() {
    let name = String::from("tea");
    App::spawn(greet(&name));
}

fn main() {
    let _ = serve();
}
