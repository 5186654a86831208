//~ UNDER Default: `Default` alone is the trait of the standard library; name the preset by its path, `bespoke::preset::Default`
use bespoke::Config;

struct App;

#[bespoke::config(base = Default)]
impl Config for App {}

fn main() {}
