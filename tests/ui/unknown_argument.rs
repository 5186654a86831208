//~ UNDER workers: unknown argument; `#[bespoke::config]` knows `base = …`, `module = …` and `crate = …`
use bespoke::Config;

struct App;

#[bespoke::config(workers = 4)]
impl Config for App {}

fn main() {}
