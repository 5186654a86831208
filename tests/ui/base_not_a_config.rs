//~ UNDER Nothing: `Nothing` is not a runtime configuration
use bespoke::Config;

struct Nothing;
struct App;

#[bespoke::config(base = Nothing)]
impl Config for App {}

fn main() {}
