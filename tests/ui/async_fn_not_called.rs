//~ RUSTC UNDER serve: is not a future
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {}

async fn serve() {}

fn main() {
    App::spawn(serve);
}
