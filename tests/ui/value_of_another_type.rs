//~ RUSTC UNDER "many": mismatched types
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const LOCAL_QUEUE: usize = "many";
}

fn main() {}
