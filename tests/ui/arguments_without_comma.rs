//~ UNDER module: expected `,`
use bespoke::{Config, preset};

struct App;

#[bespoke::config(base = preset::Default module = app)]
impl Config for App {}

fn main() {}
