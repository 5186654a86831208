//~ RUSTC UNDER Defualt: cannot find
use bespoke::{Config, preset};

struct App;

#[bespoke::config(base = preset::Defualt)]
impl Config for App {}

fn main() {}
