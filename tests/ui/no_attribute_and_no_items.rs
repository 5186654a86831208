//~ SAYS PLEASE_ADD_THE_ATTRIBUTE_bespoke_config
use bespoke::Config;

struct App;

impl Config for App {}

fn main() {}
