//~ UNDER parts!();: `#[bespoke::config]` must see every item, and cannot look into a macro call; write the items out
use bespoke::Config;

macro_rules! parts {
    () => {};
}

struct App;

#[bespoke::config]
impl Config for App {
    parts!();
}

fn main() {}
