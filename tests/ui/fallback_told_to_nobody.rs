//~ UNDER Fallback<IoUring, Mio, String>: `String` cannot be told that a `Fallback` runs its second driver
use bespoke::Config;
use bespoke::driver::{Fallback, IoUring, Mio};

struct App;

#[bespoke::config(base = bespoke::preset::Default)]
impl Config for App {
    type Driver = Fallback<IoUring, Mio, String>;
}

fn main() {}
