//~ RUSTC UNDER Abrot: no variant
use bespoke::{Config, PanicPolicy};

struct App;

#[bespoke::config]
impl Config for App {
    const PANIC: PanicPolicy = PanicPolicy::Abrot;
}

fn main() {}
