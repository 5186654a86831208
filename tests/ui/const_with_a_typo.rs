//~ UNDER LOCAL_QUEU: `Config` has no knob `LOCAL_QUEU`; its knobs are `LOCAL_QUEUE`
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const LOCAL_QUEU: usize = 8;
}

fn main() {}
