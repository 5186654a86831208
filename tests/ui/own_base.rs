//~ UNDER App: a config cannot be its own base
use bespoke::Config;

struct App;

#[bespoke::config(base = App)]
impl Config for App {}

fn main() {}
