//~ UNDER `impl Config for App`: missing: `PLEASE_ADD_THE_ATTRIBUTE_bespoke_config`, `Scheduler`
use bespoke::Config;

struct App;

impl Config for App {}

fn main() {}
