//~ UNDER #[bespoke::config]: `#[bespoke::config]` goes on `impl Config for …`
#[bespoke::config]
struct App;

fn main() {
    let _ = App;
}
