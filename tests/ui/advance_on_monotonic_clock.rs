//~ RUSTC UNDER App::advance(Duration::from_secs(1)): type mismatch resolving `<App as Config>::Clock == Manual<_>`
use bespoke::Config;
use std::time::Duration;

struct App;

#[bespoke::config]
impl Config for App {}

fn main() {
    App::advance(Duration::from_secs(1));
}
