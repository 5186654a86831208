//~ UNDER preset::Paused: the function runs on one config, and it is given already
use bespoke::preset;

#[bespoke::main(preset::Default, preset::Paused)]
async fn main() {}
