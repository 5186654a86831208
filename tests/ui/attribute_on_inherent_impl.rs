//~ UNDER App: `#[bespoke::config]` goes on `impl Config for …`
struct App;

#[bespoke::config]
impl App {}

fn main() {}
