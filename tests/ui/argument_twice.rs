//~ UNDER base: the argument `base` is given twice
use bespoke::{Config, preset};

struct App;

#[bespoke::config(base = preset::Default, base = preset::Paused)]
impl Config for App {}

fn main() {}
