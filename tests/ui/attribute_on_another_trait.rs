//~ UNDER Clone: `#[bespoke::config]` goes on `impl Config for …`
struct App;

#[bespoke::config]
impl Clone for App {
    fn clone(&self) -> Self {
        App
    }
}

fn main() {}
