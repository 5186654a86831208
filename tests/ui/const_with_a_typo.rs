//~ RUSTC UNDER `const LOCAL_QUEU: usize = 8;`: const `LOCAL_QUEU` is not a member of trait `Config`
use bespoke::Config;

struct App;

#[bespoke::config]
impl Config for App {
    const LOCAL_QUEU: usize = 8;
}

fn main() {}
